"""TAP, the protocol of node:test, node-tap, tape, Bats, prove -v and many more; and node:test's own report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.detectors.javascript_frames import own_frame
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository, is_library

NOT_OK = re.compile(
    r"^(?P<indent>\s*)not ok(?: (?P<index>\d{1,7}))?(?: -)?(?: (?P<name>.*?))?(?: +# (?:time=|duration_ms).*)?(?: \{)?$"
)
DIRECTIVE = re.compile(r"# (?:TODO|SKIP)\b", re.IGNORECASE)
SUBTEST = re.compile(r"^(?P<indent>\s*)# Subtest: (?P<name>.+)$")
BATS_PLACE = re.compile(
    r"^# \((?:in test file |from function .* in (?:test )?file |in file )(?P<file>\S+?), line (?P<line>\d{1,7})"
)
BATS_SAID = re.compile(r"^#\s+`(?P<said>.+)' failed")
YAML_AT = re.compile(
    r"^\s+(?:at|location): '?(?:.{0,200}\()?(?:file://)?(?P<file>[^\s():']+):(?P<line>\d{1,7})(?::"
    r"(?P<column>\d{1,7}))?\)?'?$"
)
YAML_SAID = re.compile(r"^\s+(?:error|message): (?P<said>.+)$")
OF_CHILDREN = re.compile(r"^\s+(?:failureType: 'subtestsFailed'|error: '\d+ subtests? failed')")
STACK = re.compile(
    r"^\s+(?:.{0,200}\()?(?:file://)?(?P<file>/[^\s():]+\.[cm]?[jt]sx?):(?P<line>\d{1,7}):(?P<column>\d{1,7})\)?$"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    deeper = 0
    for number in hits:
        failed = NOT_OK.match(log.text(number))
        if not failed or DIRECTIVE.search(log.text(number)):
            continue
        depth = len(failed["indent"])
        summary = deeper > depth or any(OF_CHILDREN.match(log.text(n)) for n in range(number + 1, number + 9))
        deeper = depth
        if not summary:
            yield failed_test(log, number, failed)


def failed_test(log: Log, number: int, failed: re.Match[str]) -> Diagnostic:
    name = failed["name"] or f"test {failed['index'] or ''}".strip()
    parents = subtests(log, number, len(failed["indent"]))
    full = " > ".join([*parents, name])
    end = next((n for n in range(number + 1, number + 60) if not belongs(log.text(n))), number + 60) - 1
    said, message = explanation(log, number, end)
    place = place_of(log, number, end)
    return Diagnostic(
        title=f"{name} failed",
        category="test",
        lines=((number, number), *(((said, said),) if said else ())),
        message=message or name,
        file=in_repository(place["file"]) if place else None,
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place and place.groupdict().get("column") else None,
        failed_tests=(full,),
        suggestion=suggestion(name, place["file"] if place else ""),
        confidence=CERTAIN,
    )


def belongs(text: str) -> bool:
    return text.startswith((" ", "#")) and not re.match(r"\s*(?:not )?ok\b|# Subtest|# tests? ", text)


def subtests(log: Log, number: int, depth: int) -> list[str]:
    """Names of the tests around an indented one, outermost first."""
    names: list[str] = []
    while depth >= 4:
        depth -= 4
        parent = log.find(re.compile(rf"^\s{{{depth}}}# Subtest: "), number, max(1, number - 400))
        subtest = SUBTEST.match(log.text(parent)) if parent else None
        if not parent or not subtest:
            break
        names.insert(0, subtest["name"])
        number = parent
    return names


def explanation(log: Log, number: int, end: int) -> tuple[int | None, str]:
    for line in range(number + 1, end + 1):
        text = log.text(line)
        if bats := BATS_SAID.match(text):
            return line, bats["said"]
        if yaml := YAML_SAID.match(text):
            if yaml["said"] in ("|-", "|", ">-", ">"):
                return line + 1, log.text(line + 1).strip()
            return line, yaml["said"].strip("'\"")
    return None, ""


def place_of(log: Log, number: int, end: int) -> re.Match[str] | None:
    found = None
    for line in range(number + 1, end + 1):
        text = log.text(line)
        stack = STACK.match(text)
        if stack and not is_library(stack["file"]):
            return stack
        found = found or BATS_PLACE.match(text) or YAML_AT.match(text)
    return found


def suggestion(name: str, file: str) -> str:
    if file.endswith(".bats"):
        return (
            f"Run it alone and see its output: bats --print-output-on-failure -f {quote(name)} "
            f"{quote(in_repository(file))}"
        )
    if re.search(r"\.[cm]?[jt]sx?$", file):
        return f"Run it alone: node --test --test-name-pattern={quote(name)} {quote(in_repository(file))}"
    return ""


TAP = Detector("tap", (r"not ok\b",), find)

FAILING = re.compile(r"^✖ failing tests:$")
TEST_AT = re.compile(r"^test at (?:file://)?(?P<file>\S+?):(?P<line>\d{1,7}):(?P<column>\d{1,7})$")
MARKED = re.compile(r"^(?P<indent>\s*)✖ (?P<name>.+?)(?: \([\d.]+ms\))?$")
OPENED = re.compile(r"^(?P<indent>\s*)▶ (?P<name>.+?)(?: \([\d.]+ms\))?$")


def find_spec(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    """node:test's spec reporter lists the failed tests once more at its end."""
    for number in hits:
        place, marked = TEST_AT.match(log.text(number)), MARKED.match(log.text(number + 1))
        if place and marked and not re.match(r"^\s+'?\d+ subtests? failed", log.text(number + 2)):
            yield spec_failure(log, number, place, marked["name"])


def spec_failure(log: Log, number: int, place: re.Match[str], name: str) -> Diagnostic:
    end = (log.find(TEST_AT, number + 1, number + 80) or number + 80) - 1
    frame = own_frame(log, number + 2, end) or place
    return Diagnostic(
        title=f"{name} failed",
        category="test",
        lines=((number, number + 2),),
        message=log.text(number + 2).strip(),
        file=in_repository(frame["file"]) if frame is not place else place["file"],
        line=int(place["line"]),
        column=int(place["column"]),
        failed_tests=(" > ".join([*suites(log, number, name), name]),),
        suggestion=f"Run it alone: node --test --test-name-pattern={quote(name)} {quote(place['file'])}",
        confidence=CERTAIN,
    )


def suites(log: Log, number: int, name: str) -> list[str]:
    """Where the tree above shows the test, the suites around it, outermost first."""
    shown = log.find(re.compile(rf"^\s+✖ {re.escape(name)}(?: \(|$)"), number, max(1, number - 2000))
    marked = MARKED.match(log.text(shown)) if shown else None
    names: list[str] = []
    depth = len(marked["indent"]) if marked else 0
    for line in range(shown or 0, max(0, (shown or 0) - 500), -1):
        opened = OPENED.match(log.text(line))
        if opened and len(opened["indent"]) < depth:
            names.insert(0, opened["name"])
            depth = len(opened["indent"])
        if not depth:
            break
    return names


SPEC = Detector("node:test", (r"test at .{1,300}:[0-9]{1,6}:[0-9]{1,5}",), find_spec)
DETECTORS = (TAP, SPEC)
