"""Checkers that say all in one line, with the place in that line, in one above or in one below."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, LIKELY, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

PLACE = re.compile(
    r"^\s*(?:-->|at)?\s*(?:file://)?(?P<file>[^\s:]+\.\w{1,8}):(?P<line>\d{1,7})(?::(?P<column>\d{1,7}))?\b"
)
HEADING = re.compile(r"^(?P<file>(?:/|\.{0,2}/|[A-Za-z]:\\)?[^\s:]+\.\w{1,8})$")
DOCSTRING_PLACE = re.compile(r"^(?P<file>\S+\.py):(?P<line>\d{1,7}) (?:at|in) ")


@dataclass(frozen=True)
class Verdict:
    """One tool's line. `near` finds the place within `reach` lines (negative: above) where the line itself has none."""

    pattern: re.Pattern[str]
    category: Category
    suggestion: str
    near: re.Pattern[str] | None = None
    reach: int = 0
    needs_near: bool = False
    more: re.Pattern[str] | None = None  # lines right below that belong to it
    confidence: float = CERTAIN


def verdict(
    pattern: str,
    category: Category,
    suggestion: str,
    near: re.Pattern[str] | None = None,
    reach: int = 0,
    needs_near: bool = False,
    more: str = "",
    confidence: float = CERTAIN,
) -> Verdict:
    return Verdict(
        re.compile(pattern),
        category,
        suggestion,
        near,
        reach,
        needs_near,
        re.compile(more) if more else None,
        confidence,
    )


ITEM = r"^(?:\s{2,}|\* |\d+\) |\S+\.\w+$|\S+\s{2,}\S)"
VERDICTS = (
    # Python
    verdict(
        r"^(?P<file>\S+\.pyi?): (?P<message>Unused imports/variables detected)$",
        "lint",
        "Let autoflake remove them: autoflake --in-place --remove-all-unused-imports {file}",
    ),
    verdict(
        r"^(?P<file>\S+\.py):(?P<line>\d{1,7}): (?P<message>(?:unused|unreachable) .+ \(\d+% confidence.*\))$",
        "lint",
        "Remove what nothing uses, or name it in vulture's whitelist",
    ),
    verdict(r"^\s+(?P<message>D\d{3}: .+)$", "lint", "Check it here: pydocstyle {file}", DOCSTRING_PLACE, -1, True),
    verdict(
        r"^(?P<message>RESULT: FAILED \(minimum: .+\))$", "lint", "See which docstrings are missing: interrogate -vv"
    ),
    verdict(
        r"^(?P<message>No new newsfragments found on this branch\.)$",
        "lint",
        "Add a news fragment for this change: towncrier create <issue>.<kind>.md",
    ),
    verdict(
        r"^(?P<message>lists of files in version control and sdist do not match!)$",
        "configuration",
        "Name the files in MANIFEST.in: check-manifest -u",
        more=r"^(?:missing from sdist:|missing from VCS:|\s+\S)",
    ),
    verdict(
        r"^(?P<message>(?:Failure\. )?Coverage is below \d[\d.]*%\.?)$",
        "test",
        "Test the changed lines that are named here; see them with: diff-cover coverage.xml",
    ),
    verdict(
        r"^(?P<message>configuration error: .+)$",
        "configuration",
        "Correct pyproject.toml; check with: validate-pyproject pyproject.toml",
    ),
    verdict(
        r"^(?:WARNING|ERROR): (?P<message>Lockfile (?:doesn't satisfy|is not).+)$",
        "dependency",
        "Renew the lock file and commit it: pdm lock",
        confidence=LIKELY,
    ),
    verdict(
        r"^Checking .+: (?P<message>ERROR .+)$",
        "configuration",
        "Build the distributions anew and check them: python -m build && twine check dist/*",
    ),
    verdict(
        r"^(?P<message>Found \d+ known vulnerabilit(?:y|ies) in \d+ packages?.*)$",
        "dependency",
        "Upgrade to the fixed versions in the table: pip-audit --fix",
    ),
    verdict(r"^--- (?P<file>\S+)\t\((?P<message>original)\)$", "lint", "Format it and commit: yapf --in-place {file}"),
    verdict(
        r"^(?P<message>(?P<code>[HTDJ]\d{3}) (?P<line>\d{1,7}):(?P<column>\d{1,7}) .+)$",
        "lint",
        "Check it here: djlint {file} --lint",
        HEADING,
        -40,
        True,
    ),
    verdict(r"^(?P<message>\d+ files? would be updated\.)$", "lint", "Format them and commit: djlint . --reformat"),
    # commits, secrets, licences
    verdict(r"^(?P<message>commit validation: failed!)$", "lint", "Reword the commit: git commit --amend"),
    verdict(
        r"^(?P<line>\d{1,7}): (?P<message>[TBM]\d [A-Z].+)$",
        "lint",
        "Reword the commit: git commit --amend, or git rebase -i for an older one",
    ),
    verdict(
        r"^(?P<message>Secret Type: .+)$",
        "lint",
        "Take the secret out, revoke it if it was ever pushed; a false alarm is marked with `pragma: allowlist secret`",
        re.compile(r"^Location:\s+(?P<file>[^\s:]+):(?P<line>\d{1,7})"),
        2,
        True,
    ),
    verdict(
        r"^(?:.{0,60} )?(?P<message>leaks found: [1-9]\d*)$",
        "lint",
        "Take the secret out of the history and revoke it; see where: gitleaks detect --verbose",
    ),
    verdict(
        r"^Unfortunately, your project is (?P<message>not compliant with version .+)$",
        "lint",
        "Give the files named above a licence: reuse annotate --license ... --copyright ...",
    ),
    # JavaScript
    verdict(
        (
            r"^(?P<file>\S+?):(?P<line>\d{1,7}):(?P<column>\d{1,7}) - (?P<message>(?:Unknown|Forbidden"
            r"|Misspelled) word \(.+\).*)$"
        ),
        "lint",
        "Correct the word, or add it to the words of cspell.json",
    ),
    verdict(
        r"^(?P<message>(?:Unused|Missing) (?:dev)?[dD]ependencies)$",
        "dependency",
        "Remove what is not used and add what is missing: npx depcheck",
        more=r"^\* ",
    ),
    verdict(
        (
            r"^(?P<message>(?:Unused (?:files|dependencies|devDependencies|exports|exported \w+|binaries)"
            r"|Unlisted \w+|Unresolved imports|Duplicate exports) \(\d+\))$"
        ),
        "lint",
        "Remove what nothing uses, or name it in knip's configuration: npx knip --fix",
        more=r"^\S+(?:\s{2,}|$)",
    ),
    verdict(
        r"^✖ (?P<message>Found \d+ circular dependenc(?:y|ies)!?)$",
        "lint",
        "Break the circle: move what both need into a third module",
        more=r"^$|^\d+\) ",
    ),
    verdict(
        r"^\s+error (?P<message>(?P<rule>[\w-]+): (?P<file>\S+) →.*)$",
        "lint",
        "Change the import so that the rule holds; check with: npx depcruise src",
        more=r"^\s{4,}\S",
    ),
    verdict(
        r"^Error: (?P<message>.+ \((?:ts|js|svelte|css)\))$",
        "types",
        "Check it here: npx svelte-check",
        re.compile(r"^(?P<file>\S+\.(?:svelte|[jt]s)):(?P<line>\d{1,7}):(?P<column>\d{1,7})$"),
        -1,
        True,
    ),
    verdict(
        r"^\s+[✖×] +(?P<line>\d{1,7}):(?P<column>\d{1,7}) +(?P<message>\S.+)$",
        "lint",
        "Let the rules correct what they can: npx xo --fix {file}",
        re.compile(r"^\s{1,4}(?P<file>[^\s:]+\.\w+)(?::\d+:\d+)?$"),
        -60,
        True,
    ),
    verdict(
        (
            r"^\s+(?P<line>\d{1,7}):(?P<column>\d{1,7})\s+error\s+(?P<rule>[a-z][\w-]+)\s{2,}(?P<message>\S.+?)"
            r"(?:\s{2,}\S+)?$"
        ),
        "lint",
        "Correct the description; check with: npx spectral lint {file}",
        re.compile(r"^(?P<file>\S+\.(?:ya?ml|json))$"),
        -100,
        True,
    ),
    verdict(
        r"^(?P<message>Error was generated by the \S+ rule\.)$",
        "lint",
        "Correct the description; check with: npx redocly lint",
        re.compile(r"^\[\d+\] (?P<file>\S+):(?P<line>\d{1,7}):(?P<column>\d{1,7}) at "),
        -30,
        True,
    ),
    verdict(
        r"^(?:@parcel/\S+: (?P<message>\S.*)|(?P<failed>Failed to resolve '.+' from '.+'))$",
        "compile",
        "Correct the place; check with: npx parcel build",
        PLACE,
        3,
    ),
    verdict(r"^(?P<message>Warning: .+) Use --force to continue\.$", "unknown", "Run the task here: npx grunt --stack"),
    verdict(
        r"^Error -+ (?P<file>[^\s:]+):(?P<line>\d{1,7}):(?P<column>\d{1,7})$",
        "types",
        "Check it here: npx flow check",
        re.compile(r"^(?P<message>\S.+)$"),
        3,
    ),
    verdict(r"^(?P<message># npm audit report)$", "dependency", "Upgrade what is named: npm audit fix"),
    verdict(
        r"^\d+\. (?P<message>(?:pkg\.|The file ).*(?:does not exist|is not|should be).*)$",
        "configuration",
        "Correct package.json or build the file first; check with: npx publint",
    ),
    # infrastructure and data files
    verdict(
        r"^(?P<message>E\d{4} .+)$",
        "lint",
        "Check it here: cfn-lint {file}",
        re.compile(r"^(?P<file>\S+\.(?:ya?ml|json|template)):(?P<line>\d{1,7}):(?P<column>\d{1,7})$"),
        1,
        True,
    ),
    verdict(
        r"^\s+(?P<file>[^\s:]+)::(?P<message>\$.*: .+)$",
        "lint",
        "Correct the value that the schema refuses; check with: check-jsonschema {file}",
    ),
    # the form of rustc with a rule in words: deno lint, zizmor, typos
    verdict(
        r"^(?:error|warning)\[(?P<message>(?P<rule>[a-z][\w-]+(?:/[\w-]+)*)\]: .+)$",
        "lint",
        "Correct the place as the note below says",
        re.compile(r"^\s*--> (?P<file>[^\s:]+\.(?!rs:)\w+):(?P<line>\d{1,7}):(?P<column>\d{1,7})$"),
        1,
        True,
    ),
    verdict(
        r"^error: (?P<message>`.+` should be `.+`.*)$",
        "lint",
        "Correct it: typos --write-changes, or if the word is right, name it in typos.toml",
        re.compile(r"^\s*(?:-->|╭▸|╭─\[) ?(?P<file>[^\s:]+):(?P<line>\d{1,7}):(?P<column>\d{1,7})"),
        1,
        True,
    ),
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        for known in VERDICTS:
            found = known.pattern.match(text)
            near = nearest(log, number, known) if found and known.near else None
            if found and (near or not known.needs_near):
                yield diagnostic(log, number, known, found, near)
                break


def nearest(log: Log, number: int, known: Verdict) -> tuple[int, re.Match[str]] | None:
    step = 1 if known.reach > 0 else -1
    at = log.find(known.near, number + step, number + known.reach) if known.near else None
    found = known.near.match(log.text(at)) if at and known.near else None
    return (at, found) if at and found else None


def diagnostic(
    log: Log, number: int, known: Verdict, found: re.Match[str], near: tuple[int, re.Match[str]] | None
) -> Diagnostic:
    fields = {**(near[1].groupdict() if near else {}), **{k: v for k, v in found.groupdict().items() if v}}
    file = in_repository(fields["file"]) if fields.get("file") else None
    rule, message = fields.get("rule") or "", fields.get("message") or fields.get("failed") or log.text(number).strip()
    message = message.replace("]: ", ": ", 1) if rule and message.startswith(rule) else message
    message = message if not rule or rule in message else f"{rule}: {message}"
    last = log.run(number, known.more, 15) if known.more else number
    lines = [(number, last)]
    if near and abs(near[0] - number) <= 3:
        lines = [(min(number, near[0]), max(last, near[0]))]
    return Diagnostic(
        title=message[:120] if message != "original" else f"{file} is not formatted",
        category=known.category,
        lines=tuple(lines),
        message=message if message != "original" else f"{file} would be reformatted",
        file=file,
        line=int(fields["line"]) if fields.get("line") and file else None,
        column=int(fields["column"]) if fields.get("column") and file else None,
        suggestion=known.suggestion.format(file=file or "."),
        confidence=known.confidence,
    )


DETECTOR = Detector(
    "checker",
    (
        r"Unused imports/variables detected|unused .{1,200}% confidence|unreachable .{1,200}% confidence",
        r" D[0-9]{3}: |RESULT: FAILED|No new newsfragments",
        r"lists of files in version control|Coverage is below |configuration error: |Lockfile (?:doesn't|is not)",
        r"known vulnerabilit|\t\(original\)|\b[HTDJ][0-9]{3} [0-9]+:[0-9]+ |files? would be updated\.",
        r"Checking .{1,300}: (?:\x1b.{1,8})?ERROR|[0-9]\. (?:pkg\.|The file )",
        r"commit validation: failed|[0-9]: [TBM][0-9] [A-Z]|Secret Type: |leaks found: |not compliant with version",
        r" - .{0,12}(?:Unknown|Forbidden|Misspelled) word",
        (
            r"(?:Unused|Missing) (?:dev)?[dD]ependencies|(?:Unused|Unlisted|Unresolved"
            r"|Duplicate) [a-z]{3,20}.{0,20} \([0-9]+\)"
        ),
        r"circular dependenc|error.{0,12} [a-z-]{3,40}: .{1,300} \xe2\x86\x92",
        r"Error.{0,12}: .{1,500} \((?:ts|js|svelte|css)\)|(?:\xe2\x9c\x96|\xc3\x97).{1,12}[0-9]+:[0-9]+",
        r"[0-9]:[0-9]{1,5} {1,8}(?:\x1b.{1,6})?error(?:\x1b.{1,6})? {1,12}[a-z][a-z0-9-]{3,60} {2,}",
        r"Error was generated by|@parcel/|Use --force to continue|Error -{5,}|# npm audit report",
        r"\bE[0-9]{4} [A-Z]",
        r"::\$.{0,200}: |(?:error|warning)\[[a-z]|` should be `",
    ),
    find,
)
