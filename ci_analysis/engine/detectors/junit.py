"""Failed tests of the JVM: Maven Surefire and Failsafe, Gradle, JUnit's console, Ant, TestNG, ScalaTest, MUnit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

# Surefire 3 `pkg.Class.method -- Time elapsed: 0.1 s <<< FAILURE!`, 2.x `method(pkg.Class)  Time elapsed: ...`
SUREFIRE = re.compile(
    r"^(?!(?:\[\w+\] +)?Tests run: )(?:\[(?:ERROR|INFO)\] +)?"
    r"(?P<test>\S.*?)(?: --)? +Time elapsed: [\d.,]+ (?:s|sec|ms|min)\s+<<< (?:FAILURE|ERROR)!"
)
SUREFIRE_OLD = re.compile(
    r"^(?P<method>[\w$\[\]]+)(?: on instance \S+?)?\((?P<class>[\w.$]+)\)(?:\([\w.$]+\))?(?:: (?P<message>.+))?$"
)
LISTED = re.compile(r"^(?:\[ERROR\] +)?(?P<test>[A-Z][\w$]*(?:>[\w$]+)?\.[\w$\[\]]+):(?:[\w$>.]+:)?\d+")
HEADING = re.compile(r"^(?:\[ERROR\] )?(?:Failed tests|Tests in error|Failures|Errors): *")
# sbt's junit-interface
SBT = re.compile(r"^(?:\[\w+\] )*Test (?P<test>[\w.$]+\.[\w$]+(?:\(.*?\))?) failed: (?P<message>.+), took [\d.]+ ?s")
# Gradle `pkg.Class > method() FAILED`, with display names, parameters and nested classes in between
GRADLE = re.compile(r"^(?:Gradle [^>]{1,60}? > )*(?P<test>[\w.$]+(?:\[.*?\])? > \S.*?) FAILED(?: \([\d.]+ ?m?s\))?$")
GRADLE_SETUP = re.compile(r"^(?P<test>(?:[A-Za-z_]\w*\.)+[A-Z][\w$]*\.[a-z_]\w*(?:\[[\w, ]+\])?) FAILED$")
LOGGER = re.compile(r"^ {1,8}(?:Test )?(?P<test>\S.*?) FAILED(?: \([\d.]+ ?m?s\))?$")
LOGGER_CLASS = re.compile(r"^(?P<class>(?:[a-z_]\w*\.)+[A-Z]\w*)$")
CONSOLE = re.compile(
    r"^\s*(?:\[\w+\] )?\s+MethodSource \[className = '(?P<class>[^']+)', methodName = '(?P<method>[^']+)'"
)
CONSOLE_MESSAGE = re.compile(r"^\s*(?:\[\w+\] )?\s+=> (?P<message>.+)")
TEXT_RUNNER = re.compile(
    r"^\d+\) (?P<test>[\w$\[\]:. ]+\([\w.$]+\))(?P<message>[\w.$]+(?:Exception|Error|Failure).*)?$"
)
ANT_CASE = re.compile(r"^\s*\[junit(?:launcher)?\] Testcase: (?P<test>\S+?)(?:\((?P<class>[\w.$]+)\))?(?::| took)")
ANT_FAILED = re.compile(
    r"^\s*\[junit(?:launcher)?\]\s+(?:FAILED|Caused an ERROR)\s*$|Testcase: .*:\s+(?:FAILED|Caused an ERROR)"
)
ANT_SUITE = re.compile(r"^\s*\[junit(?:launcher)?\] (?:Testsuite: (?P<class>\S+)|Test (?P<failed>[\w.$]+) FAILED)")
TESTNG = re.compile(r"^FAILED(?: CONFIGURATION)?: (?:@\w+ )?(?P<test>[\w.$]+(?:\(.*\))?)$")
SCALATEST = re.compile(r"^(?:\[info\] )?(?:\s*)- (?P<test>.+?) \*\*\* FAILED \*\*\*")
SCALATEST_SAID = re.compile(r"^(?:\[info\] )?\s+(?P<message>\S.*) \((?P<file>\w+\.scala):(?P<line>\d{1,7})\)$")
MUNIT = re.compile(r"^==> X (?P<test>[\w.]+\.\S.*?) +[\d.]+s(?P<message> .+)?$")
EXCEPTION = re.compile(
    r"^\s*(?:\[junit(?:launcher)?\]\s*)?(?:(?:[a-z_][\w]*\.)*[A-Z][\w$.]*(?:Error|Exception"
    r"|Failure|Failed|Violation|Timeout\w*|Condition\w*)\b)"
    r"(?:(?P<message>: .*)| at (?P<file>[\w$]+\.\w+):(?P<line>\d{1,7}))?$|^\s*"
    r"(?:Condition not satisfied:)$"
)
FRAME = re.compile(
    r"^\s*(?:\[junit(?:launcher)?\]\s*)?(?:at )?(?:[\w.$]+/+)?(?P<class>[\w.$]+)\.[\w$<>]+\("
    r"(?P<file>[\w$]+\.(?:java|kt|scala|groovy)):(?P<line>\d{1,7})\)"
)
BELOW = 6  # lines below a failed test's own line in which its exception begins
FRAMES = 60


@dataclass(frozen=True, slots=True)
class Reason:
    """What stands below a failed test's line: the exception, and the frame in the test's class."""

    number: int | None
    message: str
    file: str | None
    line: int | None


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    summaries = not any(SUREFIRE.match(log.text(n)) for n in hits)
    for number in hits:
        for test in names(log, number, summaries):
            if test not in seen:
                seen.add(test)
                yield failure(log, number, test)


def names(log: Log, number: int, summaries: bool) -> Iterator[str]:
    """The tests that failed as this line says; Surefire's closing list counts when it said nothing before."""
    text = log.text(number)
    if surefire := SUREFIRE.match(text):
        yield surefire["test"]
    elif gradle := GRADLE.match(text):
        yield gradle["test"]
    elif (setup := GRADLE_SETUP.match(text)) and EXCEPTION.match(log.text(number + 1)):
        yield setup["test"]
    elif sbt := SBT.match(text):
        yield sbt["test"]
    elif console := CONSOLE.match(text):
        yield f"{console['class']}.{console['method']}"
    elif scala := SCALATEST.match(text):
        yield scala["test"]
    elif munit := MUNIT.match(text):
        yield munit["test"]
    elif testng := TESTNG.match(text):
        yield testng["test"]
    elif runner := TEXT_RUNNER.match(text):
        yield runner["test"]
    elif ANT_FAILED.search(text):
        yield from ant(log, number)
    elif logger := LOGGER.match(text):
        yield from test_logger(log, number, logger["test"])
    elif HEADING.match(text) and summaries:
        yield from summary(log, number)


def ant(log: Log, number: int) -> Iterator[str]:
    """`Testcase: name took ...`, then FAILED below; the class stands in the suite's first line."""
    at = log.find(ANT_CASE, number, number - 3)
    case = ANT_CASE.match(log.text(at)) if at else None
    if not at or not case:
        return
    suite_at = None if case["class"] else log.find(ANT_SUITE, at, at - 1000)
    suite = ANT_SUITE.match(log.text(suite_at)) if suite_at else None
    name = case["class"] or (suite["class"] or suite["failed"] if suite else None)
    yield f"{name}.{case['test']}" if name else case["test"]


def test_logger(log: Log, number: int, test: str) -> Iterator[str]:
    """A Gradle plugin prints the class once, its tests indented below."""
    for at in range(number - 1, max(0, number - 500), -1):
        text = log.text(at)
        if heading := LOGGER_CLASS.match(text):
            yield f"{heading['class']} > {test}"
            return
        if text and not text.startswith(" "):
            return


def summary(log: Log, number: int) -> Iterator[str]:
    """Surefire's closing list: `method(pkg.Class): message`, since 2.13 `Class.method:line message`."""
    for at in range(number, min(log.last, number + 500) + 1):
        text = HEADING.sub("", log.text(at)).strip() if at == number else log.text(at).removeprefix("[ERROR]").strip()
        if old := SUREFIRE_OLD.match(text):
            yield f"{old['method']}({old['class']})"
        elif new := LISTED.match(text):
            yield new["test"]
        elif at > number and not text:
            return


def failure(log: Log, number: int, test: str) -> Diagnostic:
    reason = reason_of(log, number, test)
    lines = [(number, number)]
    if reason.number:
        lines = (
            [(number, reason.number)]
            if reason.number - number < 3
            else [(number, number), (reason.number, reason.number)]
        )
    return Diagnostic(
        title=f"{short(test)} failed",
        category="test",
        lines=tuple(lines),
        message=reason.message or log.text(number).strip(),
        file=reason.file,
        line=reason.line,
        failed_tests=(test,),
        suggestion=advice(log.text(number), test),
        confidence=CERTAIN,
    )


def reason_of(log: Log, number: int, test: str) -> Reason:
    for at in range(number + 1, min(log.last, number + BELOW) + 1):
        text = log.text(at)
        if told := CONSOLE_MESSAGE.match(text):
            return placed(log, at, told["message"], test)
        if scala := SCALATEST_SAID.match(text):
            return Reason(at, scala["message"], scala["file"], int(scala["line"]))
        exception = EXCEPTION.match(text)
        if exception and exception["file"]:
            return Reason(at, text.strip(), in_package(test, exception["file"]), int(exception["line"]))
        if exception:
            message = exception["message"]
            return placed(log, at, message[2:] if message and len(message) > 2 else text.strip(), test)
    return Reason(None, "", None, None)


def in_package(test: str, file: str) -> str:
    """Gradle's short form names the file only; the folder is that of the package in the test's name."""
    package = re.match(r"(?:[a-z_]\w*\.)+", test)
    return f"{package[0].replace('.', '/')}{file}" if package else file


def placed(log: Log, number: int, message: str, test: str) -> Reason:
    """The first frame whose class the test's name holds; its file is the class's below the source folder."""
    for at in range(number + 1, min(log.last, number + FRAMES) + 1):
        frame = FRAME.match(log.text(at))
        if frame and frame["class"].split("$")[0].rsplit(".", 1)[-1] in test:
            package = frame["class"].rsplit(".", 1)[0].replace(".", "/") if "." in frame["class"] else ""
            return Reason(number, message, f"{package}/{frame['file']}".lstrip("/"), int(frame["line"]))
        if not log.text(at):
            break
    return Reason(number, message, None, None)


def short(test: str) -> str:
    return re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Z])", "", test)[:110]


def advice(text: str, test: str) -> str:
    plain = re.match(r"(?P<method>[\w$]+)\S*\((?P<class>[\w.$]+)\)$", test) or re.match(
        r"(?P<class>[\w.$]+)\.(?P<method>[\w$]+)", test
    )
    if GRADLE.match(text) and " > " in test:
        parts = test.split(" > ")
        return f"Run it alone: ./gradlew test --tests '*{parts[0].rsplit('.', 1)[-1]}.{parts[-1].split('(')[0]}*'"
    if plain and "Time elapsed" in text:
        return f"Run it alone: mvn test -Dtest='{plain['class'].rsplit('.', 1)[-1]}#{plain['method']}'"
    return "Run that test alone with the build's own filter and read its stack trace."


DETECTOR = Detector(
    "junit",
    (
        r"Time elapsed: [0-9.,]+ .{1,4} +<<< (?:FAILURE|ERROR)!",
        r" FAILED(?: \([0-9.]+ ?m?s\))?\s*$",
        r"MethodSource \[className",
        r"\[junit(?:launcher)?\].{1,300}(?:FAILED|Caused an ERROR)",
        r"FAILED(?: CONFIGURATION)?: ",
        r" \*\*\* FAILED \*\*\*",
        r"==> X ",
        r"[0-9]\) [\w$\[\]:. ]+\([\w.$]+\)",
        r"(?:Failed tests|Tests in error): *",
        r"ERROR\S{0,12} (?:Failures|Errors): ",
        r" failed: .{1,600}, took [0-9]",
        r"(?:[a-z]\w*\.)+[A-Z][\w$]*\.[a-z]\w*(?:\[[\w, ]+\])? FAILED",
    ),
    find,
)
