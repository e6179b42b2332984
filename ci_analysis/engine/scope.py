"""The part of a log in which the cause is looked for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from ci_analysis.engine.anchors import WRAPPER, grades
from ci_analysis.engine.lines import TIMESTAMP
from ci_analysis.engine.scan import Scan
from ci_analysis.engine.steps import Step

Range = tuple[int, int]

FEW_LINES = 100  # a step of fewer may well be new altogether
NEARLY_ALL = 0.95
CLUSTER_GAP = 80  # lines without a word of failure that separate two places of failure


class Scope:
    """The failing steps, or the whole log where none shows; and the words of failure in there.

    strengths: lines with words of failure and how strong they are (see anchors.grades); only lines that no green log
    has, where green logs are given.
    """

    def __init__(self, scan: Scan, failing: Sequence[Step]) -> None:
        self.scan = scan
        self.log = scan.log
        self.failing = failing
        self.ranges: list[Range] = [(step.first, step.end) for step in failing] or [(1, scan.log.last)]
        self.strengths = self._strengths()

    @property
    def step_name(self) -> str:
        return self.failing[0].name if self.failing else ""

    def bounds(self, number: int) -> Range:
        """First and last line of the failing step that the line is in."""
        return next(((first, last) for first, last in self.ranges if first <= number <= last), (number, number))

    def within(self, numbers: Sequence[int]) -> list[int]:
        """Those of the sorted numbers that are in scope."""
        return [
            n for first, last in self.ranges for n in numbers[bisect_left(numbers, first) : bisect_right(numbers, last)]
        ]

    def green_logs_help(self) -> bool:
        """False when nearly every line in scope is new, or none save the runner's word that the step failed.

        Then the green logs are of another job or time, or the failure says nothing that it does not say elsewhere.
        """
        if self.scan.novel is None:
            return True
        lines = [self.scan.novel[first - 1 : last] for first, last in self.ranges]
        total, new = sum(map(len, lines)), sum(map(sum, lines))
        return len(lines) < new and (total < FEW_LINES or new < NEARLY_ALL * total)

    def is_cut_out(self) -> bool:
        """A part of a job's log: written by a runner, but without the runner's word on how the job ended."""
        stamp = TIMESTAMP.match(self.log.raw(1)[:200].decode("utf-8", "replace"))
        return not self.failing and stamp is not None and stamp.end() > 0

    def _strengths(self) -> dict[int, int]:
        numbers = [n for n in self.within(self.scan.hits.get("word", [])) if self.scan.is_novel(n)]
        texts = [self.log.text(n) for n in numbers]
        found = {}
        for number, text, strength in zip(numbers, texts, grades(texts), strict=True):
            annotated = self.log.marker(number) == "error" and not WRAPPER.match(text)
            if strength or annotated:
                found[number] = 3 if annotated else strength
        return found


def clusters(numbers: Iterable[int]) -> list[list[int]]:
    """Sorted numbers in groups that lie near each other: the places of failure of a log."""
    groups: list[list[int]] = []
    for number in sorted(numbers):
        if groups and number - groups[-1][-1] <= CLUSTER_GAP:
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups
