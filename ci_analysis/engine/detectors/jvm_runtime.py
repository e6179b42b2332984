"""The Java launcher's own complaints and uncaught errors of the virtual machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

UNCAUGHT = re.compile(r'^Exception in thread "(?:[^"]{0,200})" (?P<name>[\w.$]+)(?:: (?P<message>.*))?$')
FRAME = re.compile(
    r"^\s+at (?:[\w.$]+/)?(?P<function>[\w.$<>]+)\((?P<file>[\w$]+\.(?:java|kt|scala|groovy)):(?P<line>\d{1,7})\)"
)
FOREIGN = re.compile(
    r"^(?:java|javax|jdk|sun|com\.sun|kotlin|scala|groovy|org\.(?:junit|apache|gradle"
    r"|springframework|hibernate|codehaus))\."
)
LAUNCHER = re.compile(
    r"^Error: (?P<message>(?:Could not find or load main class|Unable to (?:access jarfile"
    r"|initialize main class)|Main method not found|LinkageError|A JNI error"
    r"|Could not create the Java Virtual Machine).*)"
)
OUT_OF_MEMORY = re.compile(r"java\.lang\.OutOfMemoryError: (?P<what>.+)")
CRASHED = re.compile(
    r"^# A fatal error has been detected by the Java Runtime Environment"
    r"|^# There is insufficient memory for the Java Runtime"
)
JAVA_VERSION = re.compile(
    r"UnsupportedClassVersionError|has been compiled by a more recent version of the Java Runtime"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    memory = False
    for number in hits:
        text = log.text(number)
        if uncaught := UNCAUGHT.match(text):
            yield exception(log, number, uncaught)
        elif launcher := LAUNCHER.match(text):
            yield problem(
                number,
                "configuration",
                launcher["message"],
                launcher["message"],
                "Check the class path and the class's name, package included: java -cp <path> <class>",
            )
        elif CRASHED.match(text):
            kind: Category = "resource" if "insufficient memory" in text else "runtime"
            reason = log.text(number + 2).lstrip("# ").strip()
            yield problem(
                number,
                kind,
                f"The Java virtual machine crashed: {reason}",
                reason or text,
                "Read the hs_err_pid*.log that it wrote; upload it as an artifact.",
            )
        elif (out := OUT_OF_MEMORY.search(text)) and not memory:
            memory = True
            yield problem(
                number,
                "resource",
                f"Java ran out of memory: {out['what']}",
                out[0],
                (
                    "Raise -Xmx for this process (MAVEN_OPTS, org.gradle.jvmargs or argLine), or find what keeps "
                    "the objects."
                ),
            )


def exception(log: Log, number: int, uncaught: re.Match[str]) -> Diagnostic:
    message = uncaught["message"] or uncaught["name"]
    frames = [frame for frame in map(FRAME.match, map(log.text, range(number + 1, number + 60))) if frame]
    own = next((f for f in frames if not FOREIGN.match(f["function"])), None)
    memory = uncaught["name"].endswith("OutOfMemoryError")
    version = JAVA_VERSION.search(uncaught.string)
    return Diagnostic(
        title=f"{uncaught['name'].rsplit('.', 1)[-1]}: {message}"[:120],
        category="resource" if memory else "configuration" if version else "runtime",
        lines=((number, number),),
        message=f"{uncaught['name']}: {message}",
        file=own["file"] if own else None,
        line=int(own["line"]) if own else None,
        suggestion="Raise -Xmx, or find what keeps the objects (-XX:+HeapDumpOnOutOfMemoryError)."
        if memory
        else "Set up the Java version that the class was built for."
        if version
        else f"Start at {own['function']} ({own['file']}:{own['line']})."
        if own
        else "",
        confidence=CERTAIN,
    )


def problem(number: int, category: Category, title: str, message: str, advice: str) -> Diagnostic:
    return Diagnostic(title[:120], category, ((number, number),), message, suggestion=advice, confidence=CERTAIN)


DETECTOR = Detector(
    "java",
    (
        r"Exception in thread \"",
        (r"Error: (?:Could not find or load|Unable to|Main method|LinkageError|A JNI|Could not create the Java)"),
        r"OutOfMemoryError: ",
        r"# A fatal error has been detected by the Java",
        r"# There is insufficient memory for the Java",
    ),
    find,
)
