"""Swift and Xcode: compiler, XCTest, Swift Testing, SwiftPM, SwiftLint.

There are no samples of these: the tools can't be had where the others were made.
The forms are those of the tools' own sources and manuals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

CASE = re.compile(r"^Test Case '(?:-\[(?P<class>[\w.]+) (?P<method>\w+)\]|(?P<dotted>[\w.]+))' failed \(")
ASSERTION = re.compile(
    r"^(?P<file>/?[^\s:]+\.(?:swift|mm?)):(?P<line>\d{1,7}): error: (?:-\[(?P<class>[\w.]+) "
    r"(?P<method>\w+)\]|(?P<dotted>[\w.]+)) : (?P<message>.+)$"
)
TESTING = re.compile(
    r"^[✘􀢄] Test (?P<test>\"[^\"]+\"|[\w().:]+) recorded an issue(?: with \d+ arguments? .+?)? at "
    r"(?P<file>[^\s:]+):(?P<line>\d{1,7}):(?P<column>\d{1,7}): (?P<message>.+)$"
)
COMPILER = re.compile(
    r"^(?P<file>/?[^\s:][^:]*\.swift):(?P<line>\d{1,7}):(?P<column>\d{1,7}): (?:fatal )?error: (?P<message>.+)$"
)
LINT = re.compile(
    r"^(?P<file>/?[^\s:][^:]*\.swift):(?P<line>\d{1,7}):(?:(?P<column>\d{1,7}):)? error: "
    r"(?P<message>.+ Violation: .+ \((?P<rule>\w+)\))$"
)
PACKAGE = re.compile(
    r"^error: (?P<message>(?:Dependencies could not be resolved|root manifest not found"
    r"|Could not find Package\.swift|failed to clone|package '.+' (?:is required|is using)"
    r"|product '.+' (?:required|not found)|'.+': the package manifest).*)"
)
XCODE = re.compile(
    r"^xcodebuild: error: (?P<message>.+)|^(?P<signing>error: (?:No profiles? for"
    r"|No signing certificate|Signing for|Provisioning profile).*)"
)
ENDED = re.compile(r"^\*\* (?:TEST|BUILD|ARCHIVE|CLEAN) FAILED \*\*|^Testing failed:|^error: fatalError$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    asserted: set[str] = set()
    for number in hits:
        text = log.text(number)
        if issue := ASSERTION.match(text) or TESTING.match(text):
            test = name(issue)
            asserted.add(test)
            yield failed(number, test, issue["message"], issue["file"], int(issue["line"]))
        elif case := CASE.match(text):
            if name(case) not in asserted:
                yield failed(number, name(case), text, None, None)
        elif lint := LINT.match(text):
            yield placed(number, "lint", lint, f"Correct it: swiftlint --fix --only-rule {lint['rule']} {lint['file']}")
        elif error := COMPILER.match(text):
            yield placed(number, "compile", error, "Build it here: swift build")
        else:
            yield from around(number, text)


def name(found: re.Match[str]) -> str:
    fields = found.groupdict()
    if fields.get("test"):
        return fields["test"].strip('"')
    return f"{fields['class']}.{fields['method']}" if fields.get("class") else fields["dotted"]


def failed(number: int, test: str, message: str, file: str | None, line: int | None) -> Diagnostic:
    target = test.replace(".", "/")
    return Diagnostic(
        f"{test} failed"[:120],
        "test",
        ((number, number),),
        message,
        file,
        line,
        failed_tests=(test,),
        suggestion=f"Run it alone: swift test --filter '{target}'",
        confidence=CERTAIN,
    )


def placed(number: int, kind: str, error: re.Match[str], advice: str) -> Diagnostic:
    return Diagnostic(
        title=error["message"][:120],
        category="lint" if kind == "lint" else "compile",
        lines=((number, number),),
        message=error["message"],
        file=error["file"],
        line=int(error["line"]),
        column=int(error["column"]) if error["column"] else None,
        suggestion=advice,
        confidence=CERTAIN,
    )


def around(number: int, text: str) -> Iterator[Diagnostic]:
    if package := PACKAGE.match(text):
        yield Diagnostic(
            f"SwiftPM: {package['message']}"[:120],
            "dependency",
            ((number, number),),
            package["message"],
            suggestion="See the graph: swift package show-dependencies",
            confidence=CERTAIN,
        )
    elif xcode := XCODE.match(text):
        message = xcode["message"] or xcode["signing"]
        yield Diagnostic(
            f"Xcode: {message}"[:120],
            "configuration",
            ((number, number),),
            message,
            suggestion="See what there is: xcodebuild -list && xcodebuild -showdestinations -scheme <scheme>",
            confidence=CERTAIN,
        )
    elif ENDED.match(text):
        yield Diagnostic("Xcode's build failed", "unknown", ((number, number),), text, confidence=SYMPTOM)


DETECTOR = Detector(
    "swift",
    (
        r"Test Case '.{1,200}' failed",
        r"\.swift:[0-9]+:",
        r"\.mm?:[0-9]+: error: -\[",
        r"recorded an issue",
        (
            r"error: (?:Dependencies could|root manifest|Could not find Package|failed to clone|package '"
            r"|product '|No profile|No signing|Signing for|Provisioning)"
        ),
        r"xcodebuild: error: ",
        r"\*\* (?:TEST|BUILD|ARCHIVE|CLEAN) FAILED \*\*",
        r"Testing failed:",
    ),
    find,
)
