"""What a detector is. Every module of this package that has a DETECTOR (or DETECTORS) is found by itself.

A detector names cheap anchors, patterns that one Hyperscan pass over the log's bytes looks for, and a function that is
given the numbers of the anchored lines and reads the cleaned lines around them. It reports Diagnostics: what the tool
itself said, with the lines where it said it. What belongs to these lines (stack traces, continuation lines), which
diagnostic is the cause and which one its consequence, redaction, fingerprints and excerpts are the engine's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ci_analysis.engine.categories import Category
from ci_analysis.engine.lines import Log

CERTAIN = 0.95  # the tool says itself that this is what failed
LIKELY = 0.8  # an error of the tool; that it failed the run is not said
GENERIC = 0.6  # a form that many tools share; a tool's own detector knows better
WEAK = 0.5  # words that often, not always, mean a failure
SYMPTOM = (
    0.2  # a consequence: "make: *** Error 1", "BUILD FAILED", an exit code; shown only when nothing better is there
)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One failure as a tool reported it.

    lines: 1-based inclusive ranges, the lines that a person would mark: the message and the summary line that repeats
    it. Keep them few; indented continuation lines and stack traces right below are added by the engine.
    """

    title: str  # one line of plain words, without ids: "2 tests failed in tests/test_core.py"
    category: Category
    lines: tuple[tuple[int, int], ...]
    message: str = ""  # the tool's own words, one line
    file: str | None = None
    line: int | None = None
    column: int | None = None
    failed_tests: tuple[str, ...] = ()  # in the tool's own notation
    suggestion: str = ""  # what a senior engineer would do next, with the command to run
    confidence: float = LIKELY


Find = Callable[[Log, Sequence[int]], Iterable[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Detector:
    """A family of tools.

    anchors: Hyperscan patterns (PCRE without look-around and back-references), searched anywhere in the raw line, case
    kept unless it begins with (?i). A line still has its time stamp and colours there: anchor on words, and check the
    place in the line with `re` on the cleaned text.
    find: gets the Log and the sorted numbers of the anchored lines of the failing step (each once, at least one).
    """

    tool: str
    anchors: tuple[str, ...]
    find: Find
