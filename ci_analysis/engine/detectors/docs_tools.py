"""Sphinx, MkDocs, markdownlint, yamllint, hadolint, actionlint, commitlint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, LIKELY, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

SPHINX = re.compile(
    r"^(?P<file>(?:/|[A-Za-z]:\\)?\S+?\.(?:rst|md|py|txt|ipynb)|\S+ of [\w.]+)(?::docstring of [\w.]+)?:(?:"
    r"(?P<line>\d{1,7}):)? (?P<level>WARNING|ERROR|CRITICAL|SEVERE): (?P<message>.+)$"
)
SPHINX_LINK = re.compile(r"^\(\s*(?P<file>\S+): line\s+(?P<line>\d{1,7})\) broken\s+(?P<message>\S.*)$")
SPHINX_STRICT = re.compile(r"^build finished with problems|^Warning, treated as error:")
SPHINX_TREATED = re.compile(r"^Warning, treated as error:$")
SPHINX_ERROR = re.compile(
    r"^\s*(?:sphinx\.errors\.)?(?P<message>(?:ExtensionError|ConfigError|ThemeError|ApplicationError"
    r"|VersionRequirementError): .+)$"
)
SPHINX_BANNER = re.compile(r"^(?:Extension|Configuration|Theme|Application) error(?:!|:)$")
MKDOCS = re.compile(r"^(?P<level>WARNING|ERROR) +-  (?P<message>.+)$")
MKDOCS_STRICT = re.compile(r"^Aborted with \d+ warnings? in strict mode!|^Aborted with a (?:configuration|build) error")
MKDOCS_FILE = re.compile(r"Doc file '(?P<file>[^']+)'")
MARKDOWN = re.compile(
    r"^(?P<file>\S+\.(?:md|markdown|mdx)):(?P<line>\d{1,7})(?::(?P<column>\d{1,7}))? (?:error )?(?P<message>"
    r"(?P<code>MD\d{3})(?:/[\w-]+)* .+)$"
)
YAML_FILE = re.compile(r"^(?P<file>\S+\.(?:ya?ml|yamllint)|\S*/\S+)$")
YAML = re.compile(
    r"^\s+(?P<line>\d{1,7}):(?P<column>\d{1,7})\s+(?P<level>error|warning)\s+(?P<message>\S.*?)(?:  \("
    r"(?P<rule>[\w-]+)\)| \((?P<syntax>syntax)\))$"
)
YAML_PARSABLE = re.compile(
    r"^(?P<file>\S+):(?P<line>\d{1,7}):(?P<column>\d{1,7}): \[(?P<level>error|warning)\] (?P<message>.+?) \("
    r"(?P<rule>[\w-]+)\)$"
)
YAML_GITHUB = re.compile(r"^(?P<line>\d{1,7}):(?P<column>\d{1,7}) \[(?P<rule>[\w-]+)\] (?P<message>.+)$")
HADOLINT = re.compile(
    r"^(?P<file>[^\s:]*(?:Dockerfile|Containerfile|\.dockerfile)[^\s:]*|-):(?P<line>\d{1,7})(?::(?P<column>\d{1,7}))? "
    r"(?:(?P<code>(?:DL|SC)\d{4}) (?:\w+: )?)?(?P<message>.+)$"
)
ACTIONLINT = re.compile(
    r"^(?P<file>\.github/workflows/\S+\.ya?ml):(?P<line>\d{1,7}):(?P<column>\d{1,7}): (?P<message>.+ \["
    r"(?P<rule>[\w-]+)\])$"
)
COMMIT_INPUT = re.compile(r"^⧗\s+input: (?P<subject>.*)$")
COMMIT_ERROR = re.compile(r"^✖\s+(?P<message>.+ \[(?P<rule>[a-z-]+)\])$")


def find_sphinx(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    strict = any(SPHINX_STRICT.match(log.text(n)) for n in hits)
    for number in hits:
        text = log.text(number)
        found = SPHINX.match(text)
        if found and (strict or found["level"] != "WARNING" or found["message"].startswith("broken link")):
            file = in_repository(found["file"])
            yield Diagnostic(
                title=found["message"][:120],
                category="lint",
                lines=((number, number),),
                message=found["message"],
                file=file,
                line=int(found["line"]) if found["line"] else None,
                suggestion=(
                    "Correct the place; warnings fail this build (-W): python -m sphinx -W --keep-going -b html "
                    "docs docs/_build"
                ),
                confidence=CERTAIN if strict else LIKELY,
            )
        elif link := SPHINX_LINK.match(text):
            yield Diagnostic(
                title=f"Broken link: {link['message']}"[:120],
                category="lint",
                lines=((number, number),),
                message=link["message"],
                file=link["file"],
                line=int(link["line"]),
                suggestion="Correct the link, or name it in linkcheck_ignore if the server refuses robots",
                confidence=CERTAIN,
            )
        elif error := SPHINX_ERROR.match(text):
            yield Diagnostic(
                error["message"].split(": ", 1)[1][:120],
                "dependency" if "Could not import extension" in text else "configuration",
                ((number, number),),
                error["message"],
                suggestion="Install what the extension needs where the documentation is built, or correct conf.py",
                confidence=CERTAIN,
            )


def find_mkdocs(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    aborted = any(MKDOCS_STRICT.match(log.text(n)) for n in hits)
    for number in hits:
        found = MKDOCS.match(log.text(number))
        if not found or (found["level"] == "WARNING" and not aborted):
            continue
        file = MKDOCS_FILE.search(found["message"])
        config = found["message"].startswith(("Config value", "Config file", "Configuration"))
        yield Diagnostic(
            title=found["message"][:120],
            category="configuration" if config else "lint",
            lines=((number, number),),
            message=found["message"],
            file="mkdocs.yml" if config else f"docs/{file['file']}" if file else None,
            suggestion="Correct mkdocs.yml, or install the theme or plugin that it names"
            if config
            else "Correct the link or the navigation; check with: mkdocs build --strict",
            confidence=CERTAIN if aborted else LIKELY,
        )


def find_lint(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if found := MARKDOWN.match(text):
            yield issue(
                number, found, f"Check it here: npx markdownlint-cli2 {found['file']} (--fix corrects most rules)"
            )
        elif found := ACTIONLINT.match(text):
            yield issue(number, found, "Correct the workflow; check with: actionlint")
        elif found := YAML_PARSABLE.match(text):
            if found["level"] == "error":
                yield issue(number, found, f"Check it here: yamllint {in_repository(found['file'])}")
        elif found := HADOLINT.match(text):
            if found["code"] or found["message"].startswith(("unexpected ", "invalid ", "expecting ")):
                yield issue(
                    number,
                    found,
                    f"Check it here: hadolint {found['file']}"
                    + (
                        f"; a line above the instruction may say # hadolint ignore={found['code']}"
                        if found["code"]
                        else ""
                    ),
                )
        elif found := YAML.match(text):
            yield from yaml_issue(log, number, found)
        elif found := COMMIT_ERROR.match(text):
            yield commit_message(log, number, found["message"])


def issue(number: int, found: re.Match[str], suggestion: str, file: str | None = None) -> Diagnostic:
    fields = found.groupdict()
    code = fields.get("code") or ""
    message = found["message"] if not code or code in found["message"] else f"{code} {found['message']}"
    return Diagnostic(
        title=message[:120],
        category="lint",
        lines=((number, number),),
        message=message,
        file=in_repository(file or found["file"]),
        line=int(found["line"]),
        column=int(fields["column"]) if fields.get("column") else None,
        suggestion=suggestion,
        confidence=CERTAIN,
    )


def yaml_issue(log: Log, number: int, found: re.Match[str]) -> Iterator[Diagnostic]:
    """yamllint prints the file above its problems. ESLint's form is alike, but names no rule in brackets."""
    heading = log.find(YAML_FILE, number - 1, max(1, number - 200)) if found["level"] == "error" else None
    file = YAML_FILE.match(log.text(heading)) if heading else None
    if file:
        yield issue(number, found, f"Check it here: yamllint {in_repository(file['file'])}", file["file"])


def commit_message(log: Log, number: int, message: str) -> Diagnostic:
    head = log.find(COMMIT_INPUT, number - 1, max(1, number - 30))
    subject = COMMIT_INPUT.match(log.text(head)) if head else None
    return Diagnostic(
        title=f"Commit message: {message}"[:120],
        category="lint",
        lines=((number, number),),
        message=message,
        suggestion=(
            f"Reword the commit{f' “{subject[1]}”' if subject else ''} (git commit --amend, or git rebase -i for "
            "an older one) and push again"
        ),
        confidence=CERTAIN,
    )


SPHINX_DETECTOR = Detector(
    "sphinx",
    (
        r": (?:WARNING|ERROR|CRITICAL|SEVERE): ",
        r": line +[0-9]{1,6}\) .{0,12}broken",
        r"build finished with problems|Warning, treated as error",
        r"(?:Extension|Config|Theme|Application|VersionRequirement)Error: ",
    ),
    find_sphinx,
)
MKDOCS_DETECTOR = Detector("mkdocs", (r"(?:WARNING|ERROR) {1,4}-  ", r"Aborted with "), find_mkdocs)
LINT_DETECTOR = Detector(
    "docs lint",
    (
        r"\bMD[0-9]{3}/",
        r"\.github/workflows/.{1,120}:[0-9]{1,6}:[0-9]{1,5}: ",
        r"[0-9]: \[error\] ",
        r"[0-9] {2,}(?:\x1b.{1,6})?error.{2,300} \([a-z-]{4,30}\)",
        r"(?:Dockerfile|Containerfile|\.dockerfile).{0,40}:[0-9]{1,5}(?::[0-9]{1,5})? ",
        r"\[(?:subject|type|scope|body|footer|header|signed-off|trailer)-[a-z-]{3,40}\]",
    ),
    find_lint,
)
DETECTORS = (SPHINX_DETECTOR, MKDOCS_DETECTOR, LINT_DETECTOR)
