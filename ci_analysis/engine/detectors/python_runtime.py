"""What the Python interpreter itself says: missing modules, syntax errors, crashes, files that it cannot open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, LIKELY, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository, is_library

PREFIX = r"^(?P<prefix>[\s|]*)"
NO_MODULE = re.compile(
    PREFIX + r"(?:ModuleNotFoundError|ImportError): (?P<message>No module named '?(?P<module>[\w.]+)'?.*)$"
)
NO_COMMAND = re.compile(r"^\S*python[\d.]*(?:\.exe)?: (?P<message>No module named (?P<module>[\w.-]+).*)$")
NO_FILE = re.compile(r"^\S*python[\d.]*(?:\.exe)?: (?P<message>can't open file '?(?P<file>[^']+?)'?: \[Errno 2\].*)$")
SYNTAX = re.compile(PREFIX + r"(?P<message>(?:SyntaxError|IndentationError|TabError): .+)$")
FRAME = re.compile(r'^[\s|]*File "(?P<file>[^"]+)", line (?P<line>\d{1,7})')
CRASH = re.compile(r"(?:^|\s)(?P<message>Fatal Python error: .+)$")
ENVIRON = re.compile(r"^[\s|]*KeyError: '(?P<name>[A-Z][A-Z0-9_]{2,})'$")
READS_ENVIRON = re.compile(r"os\.environ|<frozen os>|/os\.py|environ\[|getenv|decouple|environ\.py")
NO_DISTRIBUTION = re.compile(
    PREFIX
    + (
        r"(?P<message>(?:[\w.]*\.)?(?:DistributionNotFound|VersionConflict|ContextualVersionConflict"
        r"|PackageNotFoundError): .+)$"
    )
)
CONFIGURED = re.compile(
    PREFIX
    + (
        r"(?P<message>(?:[\w.]*\.)?(?:ImproperlyConfigured|UndefinedValueError"
        r"|ValidationError: \d+ validation errors? for Settings): ?.*)$"
    )
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if found := NO_MODULE.match(text):
            yield missing_module(log, number, found)
        elif found := NO_COMMAND.match(text):
            yield missing_command(number, found)
        elif found := NO_FILE.match(text):
            yield at(
                number,
                f"{in_repository(found['file'])} does not exist",
                "configuration",
                found["message"],
                None,
                "Correct the path of the script, or the folder in which the step runs (working-directory)",
                CERTAIN,
            )
        elif found := SYNTAX.match(text):
            frame = frame_above(log, number, 6)
            if frame:
                yield at(number, found["message"], "compile", found["message"], frame, syntax_suggestion(frame), LIKELY)
        elif found := CRASH.search(text):
            yield crash(log, number, found)
        elif (variable := ENVIRON.match(text)) and any(
            READS_ENVIRON.search(log.text(n)) for n in range(number - 8, number)
        ):
            yield at(
                number,
                f"The environment variable {variable['name']} is not set",
                "configuration",
                text.strip(),
                frame_above(log, number, 60),
                (
                    f"Set {variable['name']} for this step (env: in the workflow, from a secret or variable); "
                    "secrets are not given to runs of forks"
                ),
                CERTAIN,
            )
        elif found := NO_DISTRIBUTION.match(text):
            advice = "Install the package that is named, in the version that is wanted; see what there is: pip check"
            yield at(
                number, found["message"], "dependency", found["message"], frame_above(log, number, 60), advice, LIKELY
            )
        elif found := CONFIGURED.match(text):
            yield at(
                number,
                found["message"],
                "configuration",
                found["message"],
                frame_above(log, number, 60),
                "Set what the settings need in the job's environment (env: in the workflow, .env for tests)",
                LIKELY,
            )


def frame_above(log: Log, number: int, reach: int) -> re.Match[str] | None:
    """The deepest frame of the repository in the traceback that ends here; else the deepest of all."""
    frames = [f for f in (FRAME.match(log.text(n)) for n in range(number - 1, max(0, number - reach), -1)) if f]
    return next((f for f in frames if not is_library(f["file"])), frames[0] if frames else None)


def at(
    number: int,
    title: str,
    category: Category,
    message: str,
    frame: re.Match[str] | None,
    suggestion: str,
    confidence: float,
) -> Diagnostic:
    return Diagnostic(
        title=title[:120],
        category=category,
        lines=((number, number),),
        message=message,
        file=in_repository(frame["file"]) if frame else None,
        line=int(frame["line"]) if frame else None,
        suggestion=suggestion,
        confidence=confidence,
    )


def missing_module(log: Log, number: int, found: re.Match[str]) -> Diagnostic:
    module = found["module"]
    return at(
        number,
        f"No module named {module}",
        "dependency",
        log.text(number).strip(" |"),
        frame_above(log, number, 60),
        (
            f"Add the package that has the module {module} to the requirements that this job installs, or correct "
            f"the import or PYTHONPATH; check with: python -c 'import {module}'"
        ),
        LIKELY,
    )


def missing_command(number: int, found: re.Match[str]) -> Diagnostic:
    return at(
        number,
        f"{found['module']} is not installed",
        "dependency",
        found["message"],
        None,
        (
            f"Install {found['module']} in the environment of this step (its requirements, or the virtual "
            "environment is not active), or correct the name after `python -m`"
        ),
        CERTAIN,
    )


def syntax_suggestion(frame: re.Match[str]) -> str:
    return (
        "Correct the line, or run the Python version that the code is written for; check with: python -m "
        f"py_compile {in_repository(frame['file'])}"
    )


def crash(log: Log, number: int, found: re.Match[str]) -> Diagnostic:
    frames = [f for f in (FRAME.match(log.text(n)) for n in range(number + 1, number + 60)) if f]
    frame = next((f for f in frames if not is_library(f["file"])), None)
    before = log.text(number)[: found.start("message")].split()  # pytest -v has printed the test's name when it dies
    memory = "memory" in found["message"].lower() or "MemoryError" in found["message"]
    return Diagnostic(
        title=found["message"][:120],
        category="resource" if memory else "runtime",
        lines=((number, number),),
        message=found["message"],
        file=in_repository(frame["file"]) if frame else None,
        line=int(frame["line"]) if frame else None,
        failed_tests=tuple(word for word in before[:1] if ".py::" in word),
        suggestion=(
            "The interpreter died in native code: the innermost frame below names the call; look at the versions "
            "of the extension modules that changed"
        ),
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "python",
    (
        r"No module named ",
        r"can't open file ",
        r"(?:Syntax|Indentation|Tab)Error: ",
        r"Fatal Python error: ",
        r"(?:DistributionNotFound|VersionConflict|PackageNotFoundError): ",
        r"KeyError: '[A-Z]",
        r"ImproperlyConfigured|UndefinedValueError|for Settings",
    ),
    find,
)
