"""What may have failed the job: the detectors' diagnostics, else lines in the words of failure, else the last lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from ci_analysis.engine import registry
from ci_analysis.engine.anchors import SUCCESS, WRAPPER
from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import GENERIC, SYMPTOM, WEAK, Diagnostic
from ci_analysis.engine.excerpt import clip
from ci_analysis.engine.lines import Log
from ci_analysis.engine.scan import Scan
from ci_analysis.engine.scope import Range, Scope, clusters

REACH = 0.25  # diagnostics that are this much less certain than the best one are left out
KNOWN = 0.25  # what is left of a diagnostic's confidence when a green log has the same lines
EFFORT = 60_000_000  # squared characters of anchored lines a detector; 6,000 lines of 100 characters
MAX_SEEDS = 50  # lines that only their words mark as failures
LAST_PLACES = 2  # places of failure at the end of a log without steps that count
CLOSING = 30  # lines at the end of a log in which a tool says how its run went
LAST_LINES = 5  # lines that stand for a step that says nothing of a failure
SKELETON = re.compile(r"^(?:\[Pipeline\]|section_(?:start|end):|travis_(?:fold|time):)")
DIFFERENCE = re.compile(r"^(?:diff --git |\+\+\+ \S|@@ -\d)")
STRONG = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A diagnostic with the tool that made it and its order of importance (higher first, then earlier)."""

    tool: str
    diagnostic: Diagnostic
    score: float

    @property
    def first(self) -> int:
        return self.diagnostic.lines[0][0]


def find_candidates(scope: Scope) -> list[Candidate]:
    """The most telling ones, best first; empty when the log shows no failure."""
    tools = diagnose(scope)
    told = [c for c in tools if c.score > SYMPTOM]
    best = max((c.score for c in told), default=0.0)
    if best >= GENERIC or (told and scope.failing):
        found = last_places(scope, [c for c in told if c.score >= best - REACH])
    else:
        found = last_places(scope, by_words(scope, tools)) or last_lines(scope, tools) or tools
    return [] if best <= GENERIC and was_survived(scope, found) else found


def was_survived(scope: Scope, candidates: Sequence[Candidate]) -> bool:
    """In a log without a runner's word: whether the tool's own closing words, after all of this, tell of success."""
    if scope.failing or scope.is_cut_out() or scope.scan.hits.get("exited"):
        return False
    last = max((c.diagnostic.lines[-1][1] for c in candidates), default=0)
    closing = range(max(last, scope.log.last - CLOSING) + 1, scope.log.last + 1)
    return any(SUCCESS.search(scope.log.text(n)) for n in closing)


def diagnose(scope: Scope) -> list[Candidate]:
    """What all detectors report about the lines in scope, best first."""
    log, found = scope.log, []
    for index, detector in enumerate(registry.detectors()):
        hits = affordable(log, scope.within(scope.scan.hits.get(f"detector:{index}", [])))
        if hits:
            diagnostics = (d for d in detector.find(log, hits) if is_valid(d, log))
            found += [Candidate(detector.tool, d, score(scope.scan, d)) for d in diagnostics]
    return sorted(found, key=lambda c: (-c.score, c.first))


def affordable(log: Log, numbers: Sequence[int]) -> list[int]:
    """The first lines on which patterns of quadratic time can spend no more than EFFORT: a log may be hostile."""
    spent = accumulate(len(log.text(n)) ** 2 for n in numbers)
    return [number for number, effort in zip(numbers, spent, strict=True) if effort <= EFFORT]


def is_valid(diagnostic: Diagnostic, log: Log) -> bool:
    return bool(diagnostic.lines) and all(1 <= first <= last <= log.last for first, last in diagnostic.lines)


def score(scan: Scan, diagnostic: Diagnostic) -> float:
    """A detector's confidence; what a green log says too is hardly the cause."""
    if any(scan.is_novel(n) for first, last in diagnostic.lines for n in range(first, min(last, first + 50) + 1)):
        return diagnostic.confidence
    return diagnostic.confidence * KNOWN


def last_places(scope: Scope, candidates: list[Candidate]) -> list[Candidate]:
    """In a log without steps what failed early was survived, save tests: only the last places of failure count."""
    if scope.failing or not candidates:
        return candidates
    first = clusters(c.first for c in candidates)[-LAST_PLACES:][0][0]
    return [c for c in candidates if c.diagnostic.failed_tests or c.first >= first]


def by_words(scope: Scope, symptoms: Sequence[Candidate]) -> list[Candidate]:
    """Lines with the strongest words of failure that no detector knows, one diagnostic each."""
    known = {c.first for c in symptoms}
    strengths = {n: strength for n, strength in scope.strengths.items() if n not in known}
    best = max(strengths.values(), default=0)
    if not best or (best < STRONG and not scope.failing and not scope.is_cut_out()):
        return []
    seeds = [n for n, strength in strengths.items() if strength == best]
    return [plain(scope, n, n) for n in seeds[:MAX_SEEDS]]


def last_lines(scope: Scope, symptoms: Sequence[Candidate]) -> list[Candidate]:
    """The last lines before the command's end: before the symptoms of it, before the runner's word that it failed."""
    output, end = command_lines(scope)
    if not end:
        return []
    before = min([end, *(c.first - 1 for c in symptoms if c.first > output)])
    lines = [n for n in range(max(output, before - 30), before + 1) if tells(scope, n)][-LAST_LINES:]
    if not lines:
        return [] if symptoms else [plain(scope, end, end)]
    if any(DIFFERENCE.match(scope.log.text(n)) for n in lines):
        return [difference(scope, lines[0], lines[-1])]
    return [plain(scope, lines[0], lines[-1])]


def command_lines(scope: Scope) -> Range:
    """Where the failed command's output begins and ends; (1, 0) when nothing says that one failed."""
    if scope.failing:
        return scope.failing[0].output, scope.failing[0].end
    words = (n for n in scope.scan.hits.get("exited", []) if WRAPPER.match(scope.log.text(n)))
    return 1, next(words, 0)


def tells(scope: Scope, number: int) -> bool:
    text = scope.log.text(number)
    return bool(text.strip()) and not (WRAPPER.match(text) or SKELETON.match(text)) and scope.scan.is_novel(number)


def plain(scope: Scope, first: int, last: int, category: Category = "unknown") -> Candidate:
    """Lines as they are, titled by the last of them."""
    text = scope.log.text(last).strip()
    return Candidate("log", Diagnostic(clip(text, 120), category, ((first, last),), text, confidence=WEAK), WEAK)


def difference(scope: Scope, first: int, last: int) -> Candidate:
    """A step that ends with a diff and nothing else compares files with what the tools make of them."""
    diagnostic = Diagnostic(
        title="Files differ from what was expected",
        category="lint",
        lines=((first, last),),
        message=scope.log.text(last).strip(),
        suggestion="Run the step's command here and commit the files that it changes.",
        confidence=WEAK,
    )
    return Candidate("log", diagnostic, WEAK)
