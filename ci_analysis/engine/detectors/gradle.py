"""Gradle: what it says below `* What went wrong:`; and Ant's `BUILD FAILED`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, LIKELY, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

WRONG = re.compile(r"^\* What went wrong:$")
END = re.compile(r"^\* (?:Try|Exception is|Get more help)|^={5,}|^BUILD FAILED|^-{10,}$")
WHERE = re.compile(
    r"^(?:Build file|Script|Settings file|Initialization script) '(?P<file>[^']+)' line: (?P<line>\d{1,7})"
)
SUMMARY_ONLY = re.compile(
    r"There were failing tests|Compilation (?:failed|error)"
    r"|Process '.*' finished with non-zero exit|violations were found"
    r"|Execution failed for task '\S+(?:compile|test)\w*'\.$",
    re.IGNORECASE,
)
NETWORK = re.compile(
    r"Connect(?:ion)? (?:to \S+ )?(?:refused|reset|timed out)|Read timed out|UnknownHost"
    r"|Could not (?:GET|HEAD) |status code (?:5\d\d|429)|No such host|PKIX path"
    r"|Remote host (?:terminated|closed)",
    re.IGNORECASE,
)
FORBIDDEN = re.compile(r"status code 40[13]|Unauthorized|Forbidden", re.IGNORECASE)
DEPENDENCY = re.compile(
    r"Could not (?:resolve|find) (?P<what>\S+:\S+?)\.?$|Could not resolve all |Plugin \[id: '"
    r"(?P<plugin>[^']+)'.*was not found|No matching (?:variant|toolchain)"
    r"|Dependency verification failed|locked dependenc|Dependency lock state"
)
MEMORY = re.compile(r"Java heap space|Metaspace|OutOfMemory|Gradle build daemon disappeared|GC overhead", re.IGNORECASE)
SCRIPT = re.compile(
    r"Could not (?:find method|get unknown property|set unknown property|compile (?:build|settings"
    r"|initialization) (?:file|script))|A problem occurred (?:evaluating|configuring)"
    r"|Unsupported class file|Task '.*' not found|Project '.*' not found"
    r"|Unknown command-line option|requires (?:at least )?(?:JVM|Java|Gradle)"
    r"|does not provide the required capabilities|Minimum supported Gradle",
    re.IGNORECASE,
)
ANT = re.compile(r"^(?P<file>\S+\.xml):(?P<line>\d{1,7}): (?P<message>.+)")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if WRONG.match(text):
            yield from went_wrong(log, number)
        elif text == "BUILD FAILED":
            yield from ant(log, number)
        elif re.match(r"^BUILD FAILED|^FAILURE: Build |^> Task :\S+ FAILED$|^:\S+ FAILED$", text):
            yield Diagnostic("The Gradle build failed", "unknown", ((number, number),), text, confidence=SYMPTOM)


def went_wrong(log: Log, number: int) -> Iterator[Diagnostic]:
    end = number
    while end < min(log.last, number + 40) and not END.match(log.text(end + 1)):
        end += 1
    body = [log.text(n).strip() for n in range(number + 1, end + 1)]
    told = " ".join(line for line in body if line)
    kind, confidence = category(told)
    reasons = [line for line in body if line.startswith("> ")]
    message = (reasons[-1][2:] if reasons else body[0] if body else "").strip()
    what = next((found for found in map(DEPENDENCY.search, body) if found and (found["what"] or found["plugin"])), None)
    if what:
        message = what.string.removeprefix("> ")
    file, line = where(log, number)
    told_to = max((n for n, line in enumerate(body, number + 1) if line.startswith("> ")), default=number + 1)
    yield Diagnostic(
        title=f"Gradle: {message}"[:120],
        category=kind,
        lines=((number + 1, min(told_to, number + 8)),),
        message=message,
        file=file,
        line=line,
        suggestion=advice(kind, what),
        confidence=confidence,
    )


def category(told: str) -> tuple[Category, float]:
    if FORBIDDEN.search(told) and "resolve" in told:
        return "permission", CERTAIN
    if NETWORK.search(told):
        return "network", CERTAIN
    if MEMORY.search(told):
        return "resource", CERTAIN
    if DEPENDENCY.search(told):
        return "dependency", CERTAIN
    if SCRIPT.search(told):
        return "configuration", CERTAIN
    return "unknown", SYMPTOM if SUMMARY_ONLY.search(told) else LIKELY


def where(log: Log, number: int) -> tuple[str | None, int | None]:
    at = log.find(WHERE, number, number - 5)
    place = WHERE.match(log.text(at)) if at else None
    return (place["file"], int(place["line"])) if place else (None, None)


def advice(kind: Category, what: re.Match[str] | None) -> str:
    if kind == "dependency":
        name = (what["what"] or what["plugin"]) if what else ""
        return (
            (f"Check the version of {name} and the repositories block: ./gradlew dependencyInsight --dependency {name}")
            if name
            else "See ./gradlew dependencies"
        )
    return {
        "network": "Run it again; if it comes back, cache ~/.gradle/caches (gradle/actions/setup-gradle).",
        "resource": "Raise the memory: org.gradle.jvmargs=-Xmx2g in gradle.properties, or fewer workers.",
        "permission": "Check the credentials of the repository that the build reads from its environment.",
        "configuration": "Check the build script: ./gradlew help --stacktrace",
    }.get(kind, "Run it here with ./gradlew <task> --stacktrace")


def ant(log: Log, number: int) -> Iterator[Diagnostic]:
    place = ANT.match(log.text(number + 1))
    if place:
        yield Diagnostic(
            "The Ant build failed",
            "unknown",
            ((number + 1, number + 1),),
            place["message"],
            place["file"],
            int(place["line"]),
            confidence=SYMPTOM,
        )


DETECTOR = Detector("gradle", (r"\* What went wrong:", r"BUILD FAILED", r"FAILURE: Build ", r":\S{1,100} FAILED"), find)
