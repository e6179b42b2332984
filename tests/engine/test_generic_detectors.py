"""Forms that many tools share: placed diagnostics, exceptions, annotations."""

from __future__ import annotations

import pytest

from ci_analysis.engine.detectors import Detector, Diagnostic, diagnostics, exceptions, github_annotations
from ci_analysis.engine.lines import Log

Place = tuple[str | None, int | None, int | None]


def found(detector: Detector, text: str) -> list[Diagnostic]:
    log = Log(text.encode())
    for _ in log.chunks():
        pass
    return list(detector.find(log, range(1, log.last + 1)))


@pytest.mark.parametrize(
    ("line", "place", "message"),
    [
        ("src/a.zig:4:7: error: no such field", ("src/a.zig", 4, 7), "error: no such field"),
        ("src/a.zig:4: error: no such field", ("src/a.zig", 4, None), "error: no such field"),
        ("  nested/a.f90:4:7: error: no such field", ("nested/a.f90", 4, 7), "error: no such field"),
        ("a.vb(4,7): error BC30451: 'x' is not declared", ("a.vb", 4, 7), "error BC30451: 'x' is not declared"),
        (r"C:\src\a.cs(4): error CS1002: ; expected", (r"C:\src\a.cs", 4, None), "error CS1002: ; expected"),
        ("[ERROR] src/A.java:[4,7] cannot find symbol", ("src/A.java", 4, 7), "cannot find symbol"),
        ("ERROR docs/a.rst:4: Unknown target name", ("docs/a.rst", 4, None), "Unknown target name"),
        ("app.py:1:1: F401 'os' imported but unused", ("app.py", 1, 1), "F401 'os' imported but unused"),
        ("Dockerfile:3 DL3008 pin versions", ("Dockerfile", 3, None), "DL3008 pin versions"),
        ("unknown name `x`\n  --> src/a.rs:4:7", ("src/a.rs", 4, 7), "unknown name `x`"),
    ],
)
def test_a_placed_diagnostic_tells_file_line_and_message(line: str, place: Place, message: str) -> None:
    (only,) = found(diagnostics.DETECTOR, line)
    assert (only.file, only.line, only.column) == place
    assert only.message == message


@pytest.mark.parametrize(
    "line",
    [
        "src/a.c:4:7: warning: unused",
        "src/a.c:4:7: note: declared here",
        "In file included from src/a.c:4:",
        "  src/a.js:4:7",
        "12:30:41 started",
        "http://localhost:8080: ready",
        "version 1.2.3: released",
    ],
)
def test_other_lines_with_numbers_are_none(line: str) -> None:
    assert found(diagnostics.DETECTOR, line) == []


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (
            'Traceback (most recent call last):\n  File "/home/runner/work/a/a/run.py", line 3, in <module>\n'
            '    f()\n  File "/usr/lib/python3.11/json/decoder.py", line 40, in f\n    raise X\nlib.X: no\n',
            ("/home/runner/work/a/a/run.py", 3, None),
            "lib.X: no",
        ),
        (
            "java.lang.IllegalStateException: no shelf\n\tat com.acme.Shop.open(Shop.java:12)\n",
            ("Shop.java", 12, None),
            "java.lang.IllegalStateException: no shelf",
        ),
        (
            "TypeError: x is not a function\n    at Object.<anonymous> (/srv/app/b.js:3:9)\n",
            ("/srv/app/b.js", 3, 9),
            "TypeError: x is not a function",
        ),
        (
            "a.rb:3:in `<main>': undefined method `fetch' for nil (NoMethodError)\n",
            ("a.rb", 3, None),
            "undefined method `fetch' for nil (NoMethodError)",
        ),
        ("PHP Fatal error:  Uncaught Error: no in /app/a.php:7\n", ("/app/a.php", 7, None), "Uncaught Error: no"),
        ("Can't locate Shop.pm in @INC at run.pl line 4.\n", ("run.pl", 4, None), "Can't locate Shop.pm in @INC"),
        ("thread 'main' panicked at src/main.rs:2:5:\nno shelf\n", ("src/main.rs", 2, 5), "no shelf"),
        ("panic: assignment to entry in nil map\n", (None, None, None), "assignment to entry in nil map"),
        ("ci/build.sh: line 12: cd: out: No such file\n", ("ci/build.sh", 12, None), "cd: out: No such file"),
    ],
)
def test_an_exception_tells_its_message_and_the_repositorys_frame(text: str, place: Place, message: str) -> None:
    only = found(exceptions.DETECTOR, text)[0]
    assert (only.file, only.line, only.column) == place
    assert only.message == message


@pytest.mark.parametrize(
    "text",
    ["handled ValueError: fine\n", "class ShelfError: raised when empty\n", "Error: text without frames\nnext\n"],
)
def test_a_name_of_an_exception_alone_is_none(text: str) -> None:
    assert found(exceptions.DETECTOR, text) == []


@pytest.mark.parametrize(
    ("line", "place", "message"),
    [
        ("##[error]No token was given", (None, None, None), "No token was given"),
        ("##[error]src/a.go:4:7: undefined: x", ("src/a.go", 4, 7), "undefined: x"),
        ("::error file=src/a.y,line=4,col=7::tabs%0Aeverywhere", ("src/a.y", 4, 7), "tabs everywhere"),
    ],
)
def test_an_annotation_is_a_diagnostic(line: str, place: Place, message: str) -> None:
    (only,) = found(github_annotations.DETECTOR, line)
    assert (only.file, only.line, only.column) == place
    assert only.message == message


@pytest.mark.parametrize("line", ["##[error]Process completed with exit code 1.", "##[warning]old", "##[error]", "x"])
def test_the_runners_last_word_is_no_annotation(line: str) -> None:
    assert found(github_annotations.DETECTOR, line) == []
