"""go test, also through gotestsum, with -race and -v; panics of Go programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

FAIL = re.compile(r"^\s*(?:--- FAIL: |=== FAIL: \S+ )(?P<test>\S.*?) \((?:re-run \d+\) \()?[\d.]+s\)")
NEXT = re.compile(r"^\s*(?:--- |=== )|^(?:FAIL|ok|PASS|panic:)\b")
LOGGED = re.compile(r"^\s+(?P<file>[\w./-]+_test\.go|[\w./-]+\.go):(?P<line>\d{1,7}): ?(?P<message>.*)")
TESTIFY = re.compile(r"^\s+Error:\s+(?P<message>\S.*)|^\s+Error Trace:\s+(?P<file>\S+\.go):(?P<line>\d{1,7})")
RUNNING = re.compile(r"^=== (?:RUN|CONT|NAME)\s+(?P<test>\S+)")
# Ginkgo's closing list: containers, then the node in brackets, then its text
GINKGO = re.compile(
    r"^\s*\[(?:FAIL|Fail|PANICKED!|TIMEDOUT)\] (?P<test>\S.*? \[(?:It|BeforeEach|AfterEach"
    r"|BeforeSuite|AfterSuite|JustBeforeEach|DeferCleanup)[^\]]*\].*)$"
)
GINKGO_PLACE = re.compile(r"^\s*(?P<file>\S+\.go):(?P<line>\d{1,7})$")
PANIC = re.compile(r"^(?P<kind>panic|fatal error): (?P<message>.+?)(?: \[recovered\])?$")
TIMED_OUT = re.compile(r"^panic: (?P<message>test timed out after \S+)")
STACK = re.compile(r"^\t(?P<file>\S+\.go):(?P<line>\d{1,7})(?: \+0x[0-9a-f]+)?$")
FOREIGN = re.compile(
    r"/src/(?:testing|runtime|net|sync|os|reflect|time)/|/go/pkg/mod/|_testmain\.go|/libexec/src/"
    r"|hostedtoolcache|/usr/(?:local/|lib/)go"
)
TEST_FUNCTION = re.compile(r"^\S+\.(?P<test>(?:Test|Fuzz|Example|Benchmark)(?![a-z])\w*)(?:\.func\d+(?:\.\d+)*)?\(")
STUCK = re.compile(r"^\t(?P<test>(?:Test|Fuzz|Example|Benchmark)\S*) \([\d.hms]+\)$")


def find_tests(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    failed: set[str] = set()
    for number in hits:
        text = log.text(number)
        if fail := FAIL.match(text):
            if fail["test"] not in failed:
                failed.add(fail["test"])
                yield test_failure(log, number, fail["test"])
        elif (ginkgo := GINKGO.match(text)) and ginkgo["test"] not in failed:
            failed.add(ginkgo["test"])
            yield ginkgo_failure(log, number, ginkgo["test"])
        elif timed_out := TIMED_OUT.match(text):
            yield timeout(log, number, timed_out["message"])
        elif panic := PANIC.match(text):
            yield panicked(log, number, panic)
        elif text.startswith("WARNING: DATA RACE"):
            place = stack_place(log, number, 40)
            yield Diagnostic(
                "Data race",
                "test",
                ((number, number + 1),),
                log.text(number + 1),
                *place,
                suggestion=(
                    "Guard what both goroutines touch with a mutex, a channel or sync/atomic; show it here: go "
                    "test -race ./..."
                ),
                confidence=CERTAIN,
            )


def ginkgo_failure(log: Log, number: int, test: str) -> Diagnostic:
    place = GINKGO_PLACE.match(log.text(number + 1))
    return Diagnostic(
        title=f"{test} failed"[:120],
        category="test",
        lines=((number, number + 1 if place else number),),
        message=log.text(number).strip(),
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        failed_tests=(test,),
        suggestion=f"Run it alone: ginkgo --focus '{test.split('] ')[-1]}' ./...",
        confidence=CERTAIN,
    )


def test_failure(log: Log, number: int, test: str) -> Diagnostic:
    """What a test logged stands below its line, or above it with -v."""
    found = logged_below(log, number) or logged_above(log, number, test)
    lines = [(number, number)]
    message, file, line = "", None, None
    if found:
        at, place = found
        message, file, line = place["message"], place["file"], int(place["line"])
        if not message or message.startswith("Error Trace"):
            message = testify(log, at) or message
        lines.append((at, at))
    return Diagnostic(
        title=f"{test} failed",
        category="test",
        lines=tuple(sorted(lines)),
        message=message or log.text(number).strip(),
        file=file,
        line=line,
        failed_tests=(test,),
        suggestion=f"Run it alone: go test -run '{'/'.join(f'^{part}$' for part in test.split('/'))}' ./...",
        confidence=CERTAIN,
    )


def logged_below(log: Log, number: int) -> tuple[int, re.Match[str]] | None:
    for at in range(number + 1, min(log.last, number + 100) + 1):
        text = log.text(at)
        if NEXT.match(text):
            return None
        if place := LOGGED.match(text):
            return at, place
    return None


def logged_above(log: Log, number: int, test: str) -> tuple[int, re.Match[str]] | None:
    last = None
    for at in range(number - 1, max(0, number - 400), -1):
        text = log.text(at)
        if place := LOGGED.match(text):
            last = (at, place)
        running = RUNNING.match(text)
        if running and (running["test"] == test or last):
            return last if running["test"] == test else None
    return None


def testify(log: Log, at: int) -> str:
    for number in range(at, min(log.last, at + 12) + 1):
        error = TESTIFY.match(log.text(number))
        if error and error["message"]:
            return error["message"]
    return ""


def timeout(log: Log, number: int, message: str) -> Diagnostic:
    test, place = stuck_test(log, number)
    return Diagnostic(
        title=f"{test} did not end in time" if test else "The tests did not end in time",
        category="test",
        lines=((number, number),),
        message=message,
        file=place[0],
        line=place[1],
        failed_tests=(test,) if test else (),
        suggestion=f"Find what it waits for: go test -run '^{test}$' -timeout 30s -v ./..."
        if test
        else "Look for the goroutine that waits in a test function.",
        confidence=CERTAIN,
    )


def stuck_test(log: Log, number: int) -> tuple[str | None, tuple[str | None, int | None]]:
    for at in range(number + 1, min(log.last, number + 400) + 1):
        if stuck := STUCK.match(log.text(at)):
            return stuck["test"], (None, None)
        function = TEST_FUNCTION.match(log.text(at))
        frame = STACK.match(log.text(at + 1)) if function else None
        if function and frame:
            return function["test"], (frame["file"], int(frame["line"]))
    return None, (None, None)


def panicked(log: Log, number: int, panic: re.Match[str]) -> Diagnostic:
    file, line = stack_place(log, number, 80)
    return Diagnostic(
        title=f"{panic['kind']}: {panic['message']}"[:120],
        category="runtime",
        lines=((number, number),),
        message=panic["message"],
        file=file,
        line=line,
        suggestion=f"Start at {file} line {line}, the first frame of the project." if file else "",
        confidence=CERTAIN,
    )


def stack_place(log: Log, number: int, limit: int) -> tuple[str | None, int | None]:
    for at in range(number + 1, min(log.last, number + limit) + 1):
        frame = STACK.match(log.text(at)) or re.match(r"^      (?P<file>\S+\.go):(?P<line>\d{1,7}) \+0x", log.text(at))
        if frame and not FOREIGN.search(frame["file"]):
            return frame["file"], int(frame["line"])
    return None, None


DETECTOR = Detector(
    "go test",
    (
        r"--- FAIL: ",
        r"=== FAIL: ",
        r"\[(?:FAIL|Fail|PANICKED!|TIMEDOUT)\] .{1,300}\[",
        r"panic: ",
        r"fatal error: ",
        r"WARNING: DATA RACE",
    ),
    find_tests,
)
