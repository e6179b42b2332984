"""mypy, and Pyright with basedpyright."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

MYPY = re.compile(
    r"^(?P<file>[^\s:][^:]*\.pyi?)(?::(?P<line>\d{1,7}))?(?::(?P<column>\d{1,7}))?(?::\d+:\d+)?: error: "
    r"(?P<message>.+?)"
    r"(?:  \[(?P<code>[\w-]+)\])?$"
)
CODE = re.compile(r"\[(?P<code>[a-z]+(?:-[a-z]+)*)\]$")
MYPY_TOTAL = re.compile(r"^Found \d+ errors? in \d+ files?")
MYPY_CRASH = re.compile(r"^(?P<file>\S+\.pyi?):(?:(?P<line>\d{1,7}):)? error: INTERNAL ERROR")
MYPY_USAGE = re.compile(r"^mypy: (?:error: )?(?P<message>.+)$")
PYRIGHT = re.compile(
    r"^\s+(?P<file>(?:/|[A-Za-z]:\\)?\S.*?\.pyi?):(?P<line>\d{1,7}):(?P<column>\d{1,7}) - error: (?P<message>.+)$"
)
RULE = re.compile(r"\((?P<code>report\w+)\)$")
DEEPER = re.compile(r"^\s{4,}\S")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if pyright := PYRIGHT.match(text):
            yield pyright_error(log, number, pyright)
        elif mypy := MYPY.match(text):
            yield mypy_error(log, number, mypy)
        elif usage := MYPY_USAGE.match(text):
            yield Diagnostic(
                "mypy could not run",
                "configuration",
                ((number, number),),
                usage["message"],
                suggestion="Correct mypy's options or configuration file: mypy --help",
                confidence=CERTAIN,
            )
        elif MYPY_TOTAL.match(text):
            yield Diagnostic("Type errors", "types", ((number, number),), text, confidence=SYMPTOM)


def mypy_error(log: Log, number: int, found: re.Match[str]) -> Diagnostic:
    message, last, code = found["message"], number, found["code"]
    while not code and last < number + 5 and log.text(last + 1) and not MYPY.match(log.text(last + 1)):
        # --pretty wraps a long message; its end is the code in brackets, after which the source line follows
        wrapped = log.text(last + 1)
        if wrapped.startswith(" ") or MYPY_TOTAL.match(wrapped):
            break
        last += 1
        message = f"{message.rstrip()} {wrapped}"
        found_code = CODE.search(wrapped)
        code = found_code["code"] if found_code else None
    message = message.removesuffix(f"[{code}]").rstrip()
    return Diagnostic(
        title=message[:120],
        category="compile" if code == "syntax" else "types",
        lines=((number, last),),
        message=f"{message}  [{code}]" if code else message,
        file=in_repository(found["file"]),
        line=int(found["line"]) if found["line"] else None,
        column=int(found["column"]) if found["column"] else None,
        suggestion=mypy_suggestion(message, code or "", found["file"]),
        confidence=CERTAIN,
    )


def mypy_suggestion(message: str, code: str, file: str) -> str:
    module = re.search(r'(?:module named|stubs not installed for|stub for module named) "(?P<module>[\w.]+)"', message)
    if module and code in ("import-untyped", "import"):
        return (
            f"Install the stubs of {module['module']} where mypy runs: mypy --install-types, or add "
            f"types-{module['module'].split('.')[0]} to its requirements"
        )
    if module:
        return f"Install {module['module'].split('.')[0]} in the environment in which mypy runs, or correct the import"
    if code == "unused-ignore":
        return "Remove the `# type: ignore` that is no longer needed"
    return f"Check it here: mypy {in_repository(file)}"


def pyright_error(log: Log, number: int, found: re.Match[str]) -> Diagnostic:
    last = log.run(number, DEEPER, 20)
    rule = RULE.search(log.text(last))
    file = in_repository(found["file"])
    category: Category = "dependency" if rule and rule["code"] == "reportMissingImports" else "types"
    return Diagnostic(
        title=found["message"][:120],
        category=category,
        lines=((number, last),),
        message=found["message"]
        if not rule or rule["code"] in found["message"]
        else f"{found['message']} ({rule['code']})",
        file=file,
        line=int(found["line"]),
        column=int(found["column"]),
        suggestion=(
            "Install the imported package in the environment that Pyright uses (venvPath and venv in pyproject.toml)"
        )
        if category == "dependency"
        else f"Check it here: pyright {file}",
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "python types",
    (
        r"\.pyi?(?::[0-9]{1,6}){0,4}: error: ",
        r"\.pyi?:[0-9]{1,6}:[0-9]{1,5} - error",
        r"mypy: ",
        r"Found [0-9]{1,6} errors? in [0-9]",
    ),
    find,
)
