"""ESLint, Stylelint, Biome, oxlint, standard and their stylish reports: a file, and its problems below."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

FILE = re.compile(r"^(?P<file>(?:/|\.{0,2}/|[A-Za-z]:\\)?[^\s:]+\.\w{1,10})$")
# Create React App and Next.js: `  Line 12:3:  message  rule` and `12:3  Error: message  rule`
REACT = re.compile(
    r"^(?:\s+Line (?P<line>\d{1,7}):(?P<column>\d{1,7}):\s+|(?P<line2>\d{1,7}):(?P<column2>\d{1,7})\s+Error: )"
    r"(?P<message>\S.*?)\s{2,}(?P<rule>[@\w][\w@/.-]*)$"
)
# 12:3  error  message  rule-name
STYLISH = re.compile(
    r"^\s+(?P<line>\d{1,7}):(?P<column>\d{1,7})\s+(?P<level>error|warning|✖|✘|×)\s+(?P<message>\S.*?)(?:\s{2,}"
    r"(?P<rule>[@\w][\w@/.-]*))?$"
)
UNIX = re.compile(
    r"^\s*(?P<file>[^\s:]+\.(?:[cm]?[jt]sx?|vue|svelte|css|scss|less)):(?P<line>\d{1,7}):(?P<column>\d{1,7}): "
    r"(?P<message>.+?)(?: [\[(](?P<rule>(?:Error/|error/)?[\w@/-]+)[\])])?$"
)
TOTAL = re.compile(r"^✖ (?:\d+ problems? \((?P<errors>\d+) errors?, (?P<warnings>\d+) warnings?\)|\d+ problems?)")
TOO_MANY = re.compile(r"^ESLint found too many warnings|^✖ .*too many warnings")
OOPS = re.compile(r"^Oops! Something went wrong!")
NO_CONFIG = re.compile(
    r"^(?:\w*Error: )?(?:ESLint couldn't (?:find|determine)|No (?:ESLint )?configuration (?:found|for)"
    r"|Cannot find module 'eslint|Failed to load (?:config|plugin|parser) |Could not find config).*"
)
BIOME = re.compile(
    r"^(?P<file>\S+\.\w+):(?P<line>\d{1,7}):(?P<column>\d{1,7}) (?P<rule>(?:lint|assist|parse|suppressions|syntax)"
    r"(?:/[\w/]+)?|parse)(?:\s.*)?$"
)
BIOME_FILE = re.compile(r"^(?P<file>\S+\.\w+) (?P<rule>format|organizeImports|assist|lint)(?: ━+.*|\s*)$")
BIOME_SAID = re.compile(r"^\s+[✖×] (?P<message>.+)$")
OXLINT = re.compile(r"^\s+[×⚠x!] (?P<message>(?:(?P<rule>[\w-]+\([\w/-]+\)): )?.+)$")
OXLINT_PLACE = re.compile(r"^\s+(?:╭─|,-)\[(?P<file>[^\]:]+):(?P<line>\d{1,7}):(?P<column>\d{1,7})\]$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    failing_warnings = any(TOO_MANY.match(log.text(n)) for n in hits)
    for number in hits:
        text = log.text(number)
        if found := STYLISH.match(text):
            if found["level"] != "warning" or failing_warnings:
                yield from stylish(log, number, found)
        elif found := REACT.match(text):
            yield from react(log, number, found)
        elif found := BIOME.match(text) or BIOME_FILE.match(text):
            yield from biome(log, number, found)
        elif found := OXLINT_PLACE.match(text):
            yield from oxlint(log, number, found)
        elif (found := UNIX.match(text)) and found["rule"] and not text.endswith("(warning)"):
            yield problem(
                number, number, found, found["file"], f"Check it here: npx eslint {in_repository(found['file'])}"
            )
        elif TOO_MANY.match(text):
            yield Diagnostic(
                "ESLint found more warnings than are allowed",
                "lint",
                ((number, number),),
                text,
                suggestion="Correct the warnings above, or those that are fixable with: npx eslint . --fix",
                confidence=CERTAIN,
            )
        elif OOPS.match(text) or NO_CONFIG.match(text):
            yield from broken(log, number, text)
        elif (total := TOTAL.match(text)) and total["errors"] != "0":
            yield Diagnostic("Lint errors", "lint", ((number, number),), text, confidence=SYMPTOM)


def problem(first: int, last: int, found: re.Match[str], file: str, suggestion: str, message: str = "") -> Diagnostic:
    fields = found.groupdict()
    rule = (fields.get("rule") or "").removeprefix("Error/").removeprefix("error/")
    said = message or found["message"]
    return Diagnostic(
        title=f"{said} ({rule})"[:120] if rule and rule not in said else said[:120],
        category="compile" if said.startswith(("Parsing error", "Parse error")) else "lint",
        lines=((first, last),),
        message=f"{said} ({rule})" if rule and rule not in said else said,
        file=in_repository(file),
        line=int(fields["line"]) if fields.get("line") else None,
        column=int(fields["column"]) if fields.get("column") else None,
        suggestion=suggestion,
        confidence=CERTAIN,
    )


def stylish(log: Log, number: int, found: re.Match[str]) -> Iterator[Diagnostic]:
    heading = log.find(re.compile(r"^(?!\s)\S"), number - 1, max(1, number - 300))
    file = FILE.match(log.text(heading)) if heading else None
    rule = found["rule"] or ""
    if not file or re.search(r"\.ya?ml$", file["file"]):
        return
    name = in_repository(file["file"])
    if found["level"] not in ("error", "warning"):
        yield problem(number, number, found, name, f"Many rules correct themselves: npx stylelint --fix {name}")
    elif found["message"].startswith("Parsing error"):
        yield problem(
            number,
            number,
            found,
            name,
            "Correct the syntax, or set the parser and its language version for this file in ESLint's configuration",
        )
    else:
        yield problem(
            number,
            number,
            found,
            name,
            f"Correct it, or let the rule do it where it can: npx eslint --fix {name}"
            + (f"; about the rule: {rule}" if rule else ""),
        )


def react(log: Log, number: int, found: re.Match[str]) -> Iterator[Diagnostic]:
    heading = log.find(FILE, number - 1, max(1, number - 100))
    file = FILE.match(log.text(heading)) if heading else None
    if file:
        name = in_repository(file["file"])
        yield Diagnostic(
            title=f"{found['message']} ({found['rule']})"[:120],
            category="lint",
            lines=((number, number),),
            message=f"{found['message']} ({found['rule']})",
            file=name,
            line=int(found["line"] or found["line2"]),
            column=int(found["column"] or found["column2"]),
            suggestion=f"Correct it; in CI warnings fail a build of Create React App: npx eslint {name}",
            confidence=CERTAIN,
        )


def biome(log: Log, number: int, found: re.Match[str]) -> Iterator[Diagnostic]:
    said = log.find(BIOME_SAID, number + 1, number + 4)
    message = BIOME_SAID.match(log.text(said)) if said else None
    if said and message:
        name = in_repository(found["file"])
        yield problem(
            number,
            said,
            found,
            name,
            f"Let Biome correct what it can: npx biome check --write {name}",
            f"{message['message']} ({found['rule']})",
        )


def oxlint(log: Log, number: int, found: re.Match[str]) -> Iterator[Diagnostic]:
    said = OXLINT.match(log.text(number - 1))
    if said:
        yield problem(
            number - 1,
            number,
            found,
            found["file"],
            f"Let oxlint correct what it can: npx oxlint --fix {found['file']}",
            said["message"],
        )


def broken(log: Log, number: int, text: str) -> Iterator[Diagnostic]:
    """ESLint could not run at all: the reason stands a few lines below its `Oops!`."""
    said = (
        number
        if NO_CONFIG.match(text)
        else log.find(re.compile(r"^(?!ESLint: \d|Oops)\S.{9,}"), number + 1, number + 8)
    )
    if said is None or (said == number and any(OOPS.match(log.text(n)) for n in range(number - 6, number))):
        return
    yield Diagnostic(
        title=f"ESLint could not run: {log.text(said)}"[:120],
        category="configuration",
        lines=((number, said),) if said > number else ((number, number),),
        message=log.text(said),
        suggestion=(
            "Give ESLint the configuration that its version reads (eslint.config.js since version 9), with all "
            "plugins installed; see: npx eslint --print-config <file>"
        ),
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "javascript lint",
    (
        (
            r"[0-9]:[0-9]{1,5}(?:\x1b[^ ]{1,8})? {1,12}(?:\x1b\[[0-9;]{1,10}m){0,3}(?:error|warning|\xe2\x9c\x96"
            r"|\xe2\x9c\x98|\xc3\x97)(?:\x1b[^ ]{1,8})? "
        ),
        r"\.(?:[cm]?[jt]sx?|vue|svelte|css|scss|less):[0-9]{1,6}:[0-9]{1,5}: .{3,300}[\])](?:\x1b|\r|\n)",
        r"(?:lint|assist|suppressions|syntax)/[a-z]{4,24}/[a-zA-Z]",
        r"(?:format|organizeImports|assist|lint) .{0,20}\xe2\x94\x81\xe2\x94\x81\xe2\x94\x81",
        r"(?:\xe2\x95\xad\xe2\x94\x80|,-)\[.{3,300}:[0-9]{1,6}:[0-9]{1,5}\]",
        r"problems? \(|too many warnings",
        r"Line [0-9]{1,6}:[0-9]{1,5}:|[0-9]:[0-9]{1,5} {1,4}Error: ",
        (
            r"Failed to load (?:config|plugin|parser) |Oops! Something went wrong|No ESLint configuration"
            r"|ESLint couldn't (?:find|determine)|Could not find config"
        ),
    ),
    find,
)
