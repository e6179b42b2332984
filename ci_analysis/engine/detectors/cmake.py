"""Configuring a native build: CMake and Meson."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

CMAKE = re.compile(
    r"^CMake Error(?: \(dev\))?(?: at (?P<file>[^\s:]+):(?P<line>\d{1,7}) \((?P<command>\w+)\))?(?: in "
    r"(?:[^:]+))?:(?P<message>.*)$"
)
CALLER = re.compile(r"^\s+(?P<file>(?!/usr/|.*/cmake-\d|.*/Modules/)[^\s:]+):(?P<line>\d{1,7}) \(\w+\)")
PROVIDED = re.compile(r'provided by\s+"(?P<package>[^"]+)"|Could NOT find (?P<found>\w+)')
NOT_FOUND = re.compile(r"^--   (?:No package|Package) '(?P<package>[^']+)'.* (?:not )?found")
MESON = re.compile(
    r"^(?:(?P<file>[^\s:]*meson\.build|[^\s:]*meson\.options|[^\s:]*meson_options\.txt):"
    r"(?P<line>\d{1,7}):(?P<column>\d{1,7}): )?ERROR: (?P<message>.+)"
)
MESON_MARK = re.compile(r"^(?:The Meson build system|A full log can be found at .*meson-log\.txt)")
MISSING = re.compile(r"package|not found|find_|could not find|no such library", re.IGNORECASE)


def find_cmake(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        error = CMAKE.match(log.text(number))
        if error:
            yield cmake_error(log, number, error)


def cmake_error(log: Log, number: int, error: re.Match[str]) -> Diagnostic:
    end = body_end(log, number)
    body = " ".join(" ".join(log.text(n) for n in range(number + 1, end + 1)).split("Call Stack")[0].split())
    message = (error["message"].strip() or body).strip()
    file, line = own_place(log, number, error)
    package = missing_package(log, number, body)
    lines = [(number, min(end, number + 6))]
    if package and "pkg" in (error["command"] or "") + body and NOT_FOUND.match(log.text(number - 1)):
        lines.insert(0, (number - 1, number - 1))
    return Diagnostic(
        title=f"CMake: {package} was not found" if package else f"CMake: {message[:100]}",
        category=category(error["command"] or "", package),
        lines=tuple(lines),
        message=f"{package}: {message}" if package and package not in message else message,
        file=file,
        line=line,
        suggestion=suggestion(package, file, line),
        confidence=CERTAIN,
    )


def body_end(log: Log, number: int) -> int:
    """The message is indented and may hold empty lines; two of these end it."""
    end = number
    for line in range(number + 1, min(log.last, number + 40) + 1):
        text = log.text(line)
        if (
            (text and not text.startswith(" "))
            or (not text and not log.text(line + 1))
            or text.startswith("Call Stack")
        ):
            return end
        end = line if text else end
    return end


def own_place(log: Log, number: int, error: re.Match[str]) -> tuple[str | None, int | None]:
    """The place in the project, also when a module of CMake raised the error for it."""
    if error["file"] and not re.search(r"/Modules/|/cmake-\d", error["file"]):
        return error["file"], int(error["line"])
    for line in range(number + 1, min(log.last, number + 40) + 1):
        if caller := CALLER.match(log.text(line)):
            return caller["file"], int(caller["line"])
    return (error["file"], int(error["line"])) if error["file"] else (None, None)


def missing_package(log: Log, number: int, body: str) -> str | None:
    if provided := PROVIDED.search(body):
        return provided["package"] or provided["found"]
    if "required package" in body and (missing := NOT_FOUND.match(log.text(number - 1))):
        return missing["package"]
    return None


def category(command: str, package: str | None) -> Category:
    return (
        "dependency"
        if package or command in ("find_package", "find_library", "pkg_check_modules", "find_dependency")
        else "configuration"
    )


def suggestion(package: str | None, file: str | None, line: int | None) -> str:
    if package:
        return f"Install the development package of {package} in an earlier step, or point CMAKE_PREFIX_PATH at it."
    return f"Correct {file} line {line}, then: cmake -S . -B build" if file else ""


def find_meson(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        error = MESON.match(log.text(number))
        if error and (error["file"] or log.find(MESON_MARK, number, number + 4)):
            missing = MISSING.search(error["message"]) and not error["message"].startswith("Unknown")
            yield Diagnostic(
                title=f"Meson: {error['message'][:100]}",
                category="dependency" if missing else "configuration",
                lines=((number, number),),
                message=error["message"],
                file=error["file"],
                line=int(error["line"]) if error["line"] else None,
                column=int(error["column"]) if error["column"] else None,
                suggestion="Install its development package in an earlier step, or add a wrap file."
                if missing
                else "See meson-logs/meson-log.txt in the build folder.",
                confidence=CERTAIN,
            )


def find_symptom(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if re.match(
            (
                r"^-- Configuring incomplete, errors occurred!|^CMake Generate step failed"
                r"|^ninja: build stopped: |^FAILED: "
            ),
            text,
        ):
            yield Diagnostic("The build stopped", "compile", ((number, number),), text, confidence=SYMPTOM)


DETECTORS = (
    Detector("cmake", (r"CMake Error",), find_cmake),
    Detector("meson", (r"ERROR: ",), find_meson),
    Detector(
        "ninja",
        (r"Configuring incomplete, errors", r"CMake Generate step failed", r"ninja: build stopped", r"FAILED: "),
        find_symptom,
    ),
)
