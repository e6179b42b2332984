"""Ruff, Flake8 and its relatives, Pylint, Bandit, doc8 and import-linter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, LIKELY, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

FILE = r"(?P<file>(?:[A-Za-z]:)?[^\s:]+\.(?:pyi?|ipynb|rst|toml))"
# Flake8, pycodestyle, pydocstyle's plug-ins and Ruff's concise form; notebooks have cells
CODED = re.compile(
    rf"^{FILE}(?::cell \d+)?:(?P<line>\d{{1,7}}):(?P<column>\d{{1,7}}): (?P<code>[A-Z]{{1,4}}\d{{2,4}}|invalid-syntax"
    r"|SyntaxError):? (?P<message>.+)$"
)
PYLINT = re.compile(rf"^{FILE}:(?P<line>\d{{1,7}}):(?P<column>\d{{1,7}}): (?P<code>[CRWEF]\d{{4}}): (?P<message>.+)$")
PYFLAKES = re.compile(
    rf"^{FILE}:(?P<line>\d{{1,7}}):(?P<column>\d{{1,7}}):? (?P<message>(?:undefined name|invalid syntax"
    r"|'.+' imported but unused|redefinition of unused).*)$"
)
DOC8 = re.compile(r"^(?P<file>\S+\.(?:rst|txt)):(?P<line>\d{1,7}): (?P<code>D\d{3}) (?P<message>.+)$")
# Ruff's full form names the rule above and the place below
RUFF_RULE = re.compile(
    r"^(?:error: )?(?:(?P<code>[A-Z]{1,4}\d{3,4})(?: \[\*\])?|(?P<name>invalid-syntax|unformatted):?) (?P<message>.+)$"
)
RUFF_PLACE = re.compile(r"^\s*--> (?P<file>\S+?)(?::cell \d+)?:(?P<line>\d{1,7}):(?P<column>\d{1,7})$")
BANDIT = re.compile(r"^>> Issue: \[(?P<code>B\d{3}):(?P<name>[\w-]+)\] (?P<message>.+)$")
BANDIT_SEVERITY = re.compile(r"^\s+Severity: (?P<severity>\w+)")
BANDIT_PLACE = re.compile(r"^\s+Location: (?P<file>[^:]+):(?P<line>\d{1,7})(?::(?P<column>\d{1,7}))?")
CONTRACT = re.compile(r"^(?P<message>(?P<importer>[\w.]+) is not allowed to import (?P<imported>[\w.]+)):$")
RUFF_FAILED = re.compile(r"^(?:error: )?ruff failed$|^(?:error: )?Failed to (?:parse|load configuration) .+")
CAUSE = re.compile(r"^\s+Cause: (?P<message>.+)$")
BROKEN_CODE = re.compile(
    r"^(?:F[4-9]\d\d|E9\d\d|E0\d{3}|E1\d{3}|F\d{4}|PLE\d+|B\d{3}|S\d{3}|[a-zS].*)$"
)  # more than a matter of style
STYLE = 0.9  # a little less certain, so that real errors come first among many findings
TOTAL = re.compile(r"^Found \d+ errors?(?: \(.*\))?\.$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if found := CODED.match(text) or PYLINT.match(text) or PYFLAKES.match(text) or DOC8.match(text):
            yield coded(number, found, "pylint" if PYLINT.match(text) else "")
        elif place := RUFF_PLACE.match(text):
            yield from ruff_full(log, number, place)
        elif issue := BANDIT.match(text):
            yield bandit(log, number, issue)
        elif contract := CONTRACT.match(text):
            yield broken_contract(log, number, contract)
        elif RUFF_FAILED.match(text):
            yield from ruff_broken(log, number)
        elif TOTAL.match(text):
            yield Diagnostic("Lint errors", "lint", ((number, number),), text, confidence=SYMPTOM)


def coded(number: int, found: re.Match[str], tool: str) -> Diagnostic:
    fields = found.groupdict()
    code, message, file = fields.get("code") or "", found["message"], in_repository(found["file"])
    return Diagnostic(
        title=f"{code} {message}".strip()[:120],
        category=category(code),
        lines=((number, number),),
        message=f"{code}: {message}" if code and not code[-1].isdigit() else f"{code} {message}".strip(),
        file=file,
        line=int(found["line"]),
        column=int(fields["column"]) if fields.get("column") else None,
        suggestion=suggestion(tool, code, message, file),
        confidence=CERTAIN if BROKEN_CODE.match(code) or not code else STYLE,
    )


def category(code: str) -> Category:
    return "compile" if code in ("E999", "E902", "invalid-syntax", "SyntaxError", "E0001") else "lint"


def suggestion(tool: str, code: str, message: str, file: str) -> str:
    if category(code) == "compile":
        return f"Python cannot read the file; see the line with: python -m py_compile {file}"
    if tool == "pylint":
        return f"Check it here: pylint {file}"
    if code.startswith("D") and file.endswith((".rst", ".txt")):
        return f"Check it here: doc8 {file}"
    if "[*]" in message or code in ("I001", "F401", "UP006", "UP035"):
        return f"Fixed by itself: ruff check --fix {file} (a Flake8 project: edit the line)"
    return (
        f"Correct the line, or if it is meant so, silence it there with `# noqa: {code}`; check with: ruff check "
        f"{file} or flake8 {file}"
    )


def ruff_full(log: Log, number: int, place: re.Match[str]) -> Iterator[Diagnostic]:
    rule = RUFF_RULE.match(log.text(number - 1))
    if not rule:
        return
    code = rule["code"] or rule["name"]
    file = in_repository(place["file"])
    fixable = "[*]" in log.text(number - 1)
    unformatted = rule["name"] == "unformatted"
    yield Diagnostic(
        title=f"{file} is not formatted" if unformatted else f"{code} {rule['message']}"[:120],
        category=category(code),
        lines=((number - 1, number),),
        message=rule["message"] if unformatted else f"{code} {rule['message']}",
        file=file,
        line=int(place["line"]),
        column=int(place["column"]),
        suggestion=f"Format it and commit: ruff format {file}"
        if unformatted
        else f"Fixed by itself: ruff check --fix {file}"
        if fixable
        else suggestion("", code, "", file),
        confidence=CERTAIN,
    )


def ruff_broken(log: Log, number: int) -> Iterator[Diagnostic]:
    """Ruff cannot read its configuration; the last cause is the reason."""
    last = log.run(number, re.compile(r"\S"), 12)
    causes = [c["message"] for c in (CAUSE.match(log.text(n)) for n in range(number, last + 1)) if c]
    if causes:
        causes += [] if log.text(last).startswith(" ") else [log.text(last)]
        yield Diagnostic(
            title=f"Ruff could not run: {causes[-1]}"[:120],
            category="configuration",
            lines=((number, last),),
            message=": ".join(causes),
            suggestion=(
                "Correct ruff.toml or [tool.ruff] of pyproject.toml; see what it comes to: ruff check --show-settings"
            ),
            confidence=CERTAIN,
        )


def bandit(log: Log, number: int, issue: re.Match[str]) -> Diagnostic:
    at = log.find(BANDIT_PLACE, number + 1, number + 8)
    place = BANDIT_PLACE.match(log.text(at)) if at else None
    severity = BANDIT_SEVERITY.match(log.text(number + 1))
    return Diagnostic(
        title=f"{issue['code']} {issue['message']}"[:120],
        category="lint",
        lines=((number, number), *(((at, at),) if at else ())),
        message=f"{issue['code']} {issue['name']}: {issue['message']}",
        file=in_repository(place["file"]) if place else None,
        line=int(place["line"]) if place else None,
        column=int(place["column"]) + 1 if place and place["column"] else None,
        suggestion=f"Remove the risk; where it was judged harmless, note it in the code: # nosec {issue['code']}",
        confidence=LIKELY if severity and severity["severity"] == "Low" else CERTAIN,
    )


def broken_contract(log: Log, number: int, contract: re.Match[str]) -> Diagnostic:
    chain = number + 2 if log.text(number + 2).lstrip().startswith("-") else number
    return Diagnostic(
        title=contract["message"],
        category="lint",
        lines=((number, chain),),
        message=contract["message"],
        suggestion=(
            f"Move what {contract['importer']} needs below it, or turn the dependency round; check with: lint-imports"
        ),
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "python lint",
    (
        (
            r"\.(?:pyi?|ipynb|rst|toml)(?::cell [0-9]+)?:[0-9]{1,6}:[0-9]{1,5}:? (?:[A-Z]{1,4}[0-9]{2,4}"
            r"|invalid-syntax|SyntaxError|undefined name|'.{1,100}' imported)"
        ),
        r"\.(?:rst|txt):[0-9]{1,6}: D[0-9]{3} ",
        r"--> .{0,12}[^ ]{1,300}:[0-9]{1,6}:[0-9]{1,5}",
        r"ruff failed|Failed to (?:parse|load configuration) ",
        r">> Issue: \[B[0-9]",
        r"is not allowed to import ",
        r"Found [0-9]{1,6} errors?",
    ),
    find,
)
