"""webpack, Vite, Rollup, Rolldown and esbuild."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

WEBPACK = re.compile(r"^(?:.{0,60}\s)?ERROR in (?P<where>\S.*)$")
WEBPACK_PLACE = re.compile(
    r"^(?:\./)?(?P<file>[^\s:!]+\.\w+)(?: (?P<line>\d{1,7}):(?P<column>\d{1,7})(?:-\d+(?::\d+)?)?)?$"
)
WEBPACK_ORIGIN = re.compile(r"^\s*@ (?:\./)?(?P<file>\S+) (?P<line>\d{1,7}):(?P<column>\d{1,7})")
WEBPACK_TOTAL = re.compile(r"^webpack .*compiled with \d+ errors?|^Failed to compile\.$")
NOT_FOUND = re.compile(r"Can't resolve '(?P<module>[^']+)'")
# Create React App and Next.js put the file in the line above
ABOVE = re.compile(
    r"^(?:Module not found: (?:Error: )?(?P<missing>Can't resolve .+)|Type error: (?P<types>.+)"
    r"|Attempted import error: (?P<imported>.+))$"
)
ABOVE_PLACE = re.compile(r"^(?:\./)?(?P<file>[^\s:]+\.\w+)(?::(?P<line>\d{1,7}):(?P<column>\d{1,7}))?$")
ROLLUP = re.compile(r"^(?:\[!\] |error during build:\s*)(?:\(.+?\) )?(?:\w*Error: )?(?P<message>.+)$")
ROLLUP_PLACE = re.compile(
    r"^(?:file: )?(?P<file>[^\s:()]+\.\w+)(?::(?P<line>\d{1,7}):(?P<column>\d{1,7})| \((?P<line2>\d{1,7}):"
    r"(?P<column2>\d{1,7})\))?(?: \(.+\))?$"
)
VITE = re.compile(r"^error during build:$")
VITE_RESOLVE = re.compile(
    r"^(?:\[vite\]: )?(?P<message>Rollup failed to resolve import \"(?P<module>[^\"]+)\" from \"(?P<file>[^\"]+)\"\.)"
)
ROLLDOWN = re.compile(
    r"^(?:Error: )?\[(?!(?:ERROR|FATAL|WARN|WARNING|INFO|DEBUG|TRACE)\])(?P<code>[A-Z_]{4,})\] (?:Error: )?"
    r"(?P<message>.+)$"
)
ROLLDOWN_PLACE = re.compile(r"^\s*(?:╭─|╭)\[ (?P<file>\S+):(?P<line>\d{1,7}):(?P<column>\d{1,7}) \]")
ESBUILD = re.compile(r"^(?:✘ |X |> )\[ERROR\] (?P<message>.+)$")
ESBUILD_PLACE = re.compile(r"^\s+(?P<file>[^\s:]+):(?P<line>\d{1,7}):(?P<column>\d{1,7}):$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if found := WEBPACK.match(text):
            yield webpack(log, number, found["where"])
        elif found := ESBUILD.match(text):
            place, at = nearest(log, ESBUILD_PLACE, number, 4)
            if not place and not text.startswith("✘"):
                continue
            yield build_error(found["message"], [(number, at or number)], place)
        elif found := ROLLDOWN.match(text):
            place, at = nearest(log, ROLLDOWN_PLACE, number, 4)
            yield build_error(found["message"], [(number, at or number)], place)
        elif found := VITE_RESOLVE.match(text):
            yield build_error(found["message"], [(number, number)], found)
        elif found := ROLLUP.match(text):
            yield rollup(log, number, found["message"])
        elif (found := ABOVE.match(text)) and (place := ABOVE_PLACE.match(log.text(number - 1))):
            kind: Category = "types" if found["types"] else "compile"
            yield build_error(text, [(number - 1, number)], place, kind)
        elif VITE.match(text):
            yield from vite(log, number)
        elif WEBPACK_TOTAL.match(text):
            yield Diagnostic("The bundle could not be built", "compile", ((number, number),), text, confidence=SYMPTOM)


def nearest(log: Log, pattern: re.Pattern[str], number: int, reach: int) -> tuple[re.Match[str] | None, int | None]:
    at = log.find(pattern, number + 1, number + reach)
    return (pattern.match(log.text(at)) if at else None), at


def webpack(log: Log, number: int, where: str) -> Diagnostic:
    """`ERROR in ./src/a.js 1:0-26` and the message below; webpack 4 puts the place below the message."""
    place: re.Match[str] | None = WEBPACK_PLACE.match(where)
    said = number + 1 if place and log.text(number + 1).strip() else number
    message = log.text(said).strip() if said > number else where
    if message.startswith("Module build failed") and log.text(said + 1).strip():
        said += 1
        message = f"{message} {log.text(said).strip()}"
    lines = [(number, said)]
    if not place or not place["line"]:
        origin, at = nearest(log, WEBPACK_ORIGIN, said, 60)
        place = origin or place
        lines += [(at, at)] if at else []
    return build_error(message, lines, place)


def rollup(log: Log, number: int, message: str) -> Diagnostic:
    inline = re.search(r"(?P<file>[^\s:()]+\.\w+) \((?P<line2>\d{1,7}):(?P<column2>\d{1,7})\)", message)
    place, at = nearest(log, ROLLUP_PLACE, number, 2)
    return build_error(message, [(number, at or number)], place if (place and place["line2"]) or not inline else inline)


def vite(log: Log, number: int) -> Iterator[Diagnostic]:
    """What follows `error during build:` on the next line, unless it has a form of its own."""
    following = log.text(number + 1).strip()
    known = (
        ROLLDOWN.match(following)
        or VITE_RESOLVE.match(following)
        or re.match(r"^Build failed with \d+ errors?:$", following)
    )
    if following and not known:
        place, at = nearest(log, ROLLUP_PLACE, number + 1, 3)
        yield build_error(re.sub(r"^\w*Error: ", "", following), [(number, at or number + 1)], place)


def build_error(
    message: str, lines: list[tuple[int, int]], place: re.Match[str] | None, kind: Category | None = None
) -> Diagnostic:
    fields = place.groupdict() if place else {}
    line = fields.get("line") or fields.get("line2")
    column = fields.get("column") or fields.get("column2")
    return Diagnostic(
        title=message[:120],
        category=kind or category(message),
        lines=tuple(lines),
        message=message,
        file=in_repository(fields["file"]) if fields.get("file") else None,
        line=int(line) if line else None,
        column=int(column) if column else None,
        suggestion=suggestion(message),
        confidence=CERTAIN,
    )


def category(message: str) -> Category:
    return "types" if re.search(r"\bTS\d{4,5}\b", message) else "compile"


def suggestion(message: str) -> str:
    module = re.search(
        r"(?:[Cc]an(?:'t|not) resolve|[Cc]ould not resolve|failed to resolve import) ['\"]([^'\"]+)['\"]", message
    )
    if module and module[1].startswith((".", "/", "@/", "~")):
        return (
            f"Correct the path {module[1]} (case matters on Linux), commit the file if it is missing, or set the alias"
        )
    if module:
        return f"Install {module[1]} (npm install {module[1]}) and commit the lock file, or mark it as external"
    if "appropriate loader" in message or "Module parse failed" in message:
        return "Correct the syntax, or add the loader for this kind of file to webpack's module.rules"
    return "Correct the place; the build runs here with the same command as in the job"


DETECTOR = Detector(
    "webpack/vite",
    (
        r"ERROR.{0,12} in ",
        r"compiled with .{0,12}[0-9]{1,6} errors?|Failed to compile\.",
        r"Module not found: |Type error: |Attempted import error: ",
        r"\[!\] ",
        r"error during build:",
        r"Rollup failed to resolve import",
        r"(?:\xe2\x9c\x98|X|>) (?:\x1b.{1,12})?\[ERROR\] ",
        r"\[[A-Z]{3,12}_[A-Z_]{2,30}\] ",
    ),
    find,
)
