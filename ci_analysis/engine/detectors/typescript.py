"""The TypeScript compiler, in its plain and its pretty form; also vue-tsc, ng build and fork-ts-checker."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

FILE = r"(?P<file>[^\s:()'\"]+\.(?:[cm]?[jt]sx?|vue|svelte|json|astro))"
PLAIN = re.compile(
    rf"^(?P<prefix>.{{0,60}}?){FILE}\((?P<line>\d{{1,7}}),(?P<column>\d{{1,7}})\): error (?P<code>TS\d+): "
    r"(?P<message>.+)$"
)
PRETTY = re.compile(
    rf"^(?P<prefix>.{{0,60}}?(?:ERROR in |Error: )?)(?:\./)?{FILE}:(?P<line>\d{{1,7}}):(?P<column>\d{{1,7}}) - error "
    r"(?P<code>TS-?\d+): (?P<message>.+)$"
)
BARE = re.compile(r"^(?:.{0,60}: )?error (?P<code>TS\d+): (?P<message>.+)$")
BELOW = re.compile(r"^\s{2,}\S")
CODE_FRAME = re.compile(r"^\s*\d*\s*[~\d]")
TOTAL = re.compile(r"^Found \d+ errors?(?: in .+)?\.?$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if found := PLAIN.match(text) or PRETTY.match(text):
            yield compile_error(log, number, found)
        elif found := BARE.match(text):
            yield Diagnostic(
                title=f"{found['code']}: {found['message']}"[:120],
                category="configuration",
                lines=((number, number),),
                message=f"{found['code']}: {found['message']}",
                file="tsconfig.json" if "tsconfig" in found["message"] or "option" in found["message"] else None,
                suggestion="Correct tsconfig.json; see what it comes to with: npx tsc --showConfig",
                confidence=CERTAIN,
            )
        elif TOTAL.match(text):
            yield Diagnostic("Type errors", "types", ((number, number),), text, confidence=SYMPTOM)


def compile_error(log: Log, number: int, found: re.Match[str]) -> Diagnostic:
    code, message, file = found["code"], found["message"], in_repository(found["file"])
    last = number
    while last < number + 8 and BELOW.match(log.text(last + 1)) and not CODE_FRAME.match(log.text(last + 1)):
        last += 1
    return Diagnostic(
        title=f"{code}: {message}"[:120],
        category=category(code, file),
        lines=((number, last),),
        message=f"{code}: {message}",
        file=file,
        line=int(found["line"]),
        column=int(found["column"]),
        suggestion=suggestion(code, message, file),
        confidence=CERTAIN,
    )


def category(code: str, file: str) -> Category:
    """TS1xxx are errors of syntax, TS5xxx and TS6xxx of options; the others are the checker's."""
    number = int(code.removeprefix("TS").lstrip("-"))
    if file.endswith(".json") or 5000 <= number < 7000:
        return "configuration"
    return "compile" if 1000 <= number < 1300 else "types"


def suggestion(code: str, message: str, file: str) -> str:
    module = re.search(r"[Cc]annot find module '([^']+)'|declaration file for module '([^']+)'", message)
    if module:
        name = module[1] or module[2]
        if name.startswith("."):
            return f"Correct the path {name}; case matters on Linux"
        return (
            f"Install {name} and its types (npm install {name}, npm install -D "
            f"@types/{name.lstrip('@').replace('/', '__')}) and commit the lock file"
        )
    if code in ("TS6133", "TS6192", "TS6196"):
        return f"Remove what is not used in {file}"
    if "Did you mean" in message:
        return "Take the name that the compiler proposes, if that is what was meant; check with: npx tsc --noEmit"
    return "Check it here: npx tsc --noEmit"


DETECTOR = Detector("typescript", (r"error.{0,12} TS-?[0-9]{3,6}", r"Found [0-9]{1,6} errors?"), find)
