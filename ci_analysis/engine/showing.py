"""What of a log is shown, in which order of importance, without its secrets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ci_analysis.engine import excerpt
from ci_analysis.engine.candidates import STRONG, Candidate
from ci_analysis.engine.detectors import Diagnostic
from ci_analysis.engine.evidence import grow
from ci_analysis.engine.redaction import KEY_BEGIN, KEY_BODY, KEY_REST, hide_parts, redact, secrets_in
from ci_analysis.engine.report import ExcerptLine
from ci_analysis.engine.scope import Scope, clusters

LEADS = 4  # diagnostics, places and summaries that an excerpt shows before anything else
LEAD_LINES = 30  # of one diagnostic
ENDING = 8  # lines at the end of a failed step
EXCERPT_LINES = 20  # of one finding
KEY_LINES = 250  # of a private key; one of 16,384 bits has 200
TEXT_CHARS = 1000  # of a title, a message, a name
COUNTED = re.compile(
    r"\b[1-9]\d*(?: of \d+)? (?:\w+ )?(?:failed|failing|failures?|errors?|problems?|violations?|offenses)\b"
    r"|\b(?:failed|failures|errors): ?[1-9]",
    re.IGNORECASE,
)


class Showing:
    """Redacted lines and excerpts of one log; `redactions` counts what was replaced, by kind."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.log = scope.log
        self.redactions: Counter[str] = Counter()
        self.secrets: set[str] = set()

    def learn(self, diagnostic: Diagnostic) -> None:
        """Note the secrets of its lines: a detector may have cut its title in the middle of one."""
        lines = (n for first, last in diagnostic.lines for n in range(first, min(last, first + LEAD_LINES) + 1))
        for text in (diagnostic.message, *map(self.log.text, lines)):
            self.secrets.update(secrets_in(text))

    def text(self, text: str) -> str:
        """A detector's words: redacted, clipped. They stand in a line of the log too, so they are not counted."""
        return excerpt.clip(hide_parts(redact(text, Counter()), self.secrets), TEXT_CHARS)

    def line(self, number: int) -> str:
        text = self.log.text(number)
        if text and KEY_BODY.match(text) and self.in_private_key(number):
            return redact(KEY_REST, self.redactions)
        return excerpt.clip(redact(text, self.redactions))

    def in_private_key(self, number: int) -> bool:
        """Whether the lines above lead through the body of a key to its BEGIN."""
        for above in range(number - 1, max(0, number - KEY_LINES), -1):
            text = self.log.text(above)
            if KEY_BEGIN.search(text):
                return True
            if not KEY_BODY.match(text):
                return False
        return False

    def excerpt(self, candidates: Sequence[Candidate], lines: set[int], chars: int) -> str:
        """Of the whole log, at most `chars` characters."""
        chosen = excerpt.choose(self.by_importance(candidates, lines), self.line, chars)
        return excerpt.render(chosen)[:chars]

    def finding_excerpt(self, diagnostic: Diagnostic) -> tuple[ExcerptLine, ...]:
        """Of one finding: its lines, what belongs to them, two lines above and below the first of them."""
        scope = self.scope
        own = [n for first, last in diagnostic.lines for n in range(first, min(last, first + EXCERPT_LINES) + 1)]
        order = [*own, *(n for m in own for n in grow(scope.scan, m, scope.bounds(m)))]
        (first, last), (top, bottom) = diagnostic.lines[0], scope.bounds(diagnostic.lines[0][0])
        order += [n for n in (first - 1, last + 1, first - 2, last + 2) if top <= n <= bottom]
        chosen = sorted(list(dict.fromkeys(order))[:EXCERPT_LINES])
        return tuple(ExcerptLine(n, self.line(n), n in own) for n in chosen)

    def by_importance(self, candidates: Sequence[Candidate], lines: set[int]) -> Iterator[int]:
        """Lead diagnostics, how the step ended, then the rest of the evidence and what stands around it."""
        yield from self.marked(candidates[:LEADS])
        yield from self.step_ends()
        yield from self.summaries()
        yield from self.around(candidates[:LEADS])
        yield from self.place_heads()
        yield from self.marked(candidates)
        yield from sorted(lines)
        for step in self.scope.failing:
            yield from range(step.end, max(step.first, step.end - 300), -1)
        for number in sorted(lines):
            first, last = self.scope.bounds(number)
            yield from range(max(first, number - 10), min(last, number + 10) + 1)

    def summaries(self) -> Iterator[int]:
        """The last lines that count failures, with what stands right below."""
        counted = [n for n in self.scope.strengths if COUNTED.search(self.log.text(n))]
        for number in counted[-LEADS:]:
            yield from range(number, min(number + 2, self.scope.bounds(number)[1]) + 1)

    def place_heads(self) -> Iterator[int]:
        """The first lines of each place of failure."""
        strong = [n for n, strength in self.scope.strengths.items() if strength == STRONG]
        for place in clusters(strong)[:LEADS]:
            yield from place[:2]

    def marked(self, candidates: Iterable[Candidate]) -> Iterator[int]:
        for candidate in candidates:
            for first, last in candidate.diagnostic.lines:
                yield from range(first, min(last, first + LEAD_LINES) + 1)

    def step_ends(self) -> Iterator[int]:
        """The last lines that a failed step wrote: most tools close with a summary."""
        for step in self.scope.failing:
            told = [n for n in range(step.end - 1, max(step.first, step.end - 40), -1) if self.scope.strengths.get(n)]
            yield from (step.end, *told[:ENDING], *range(step.end - 1, max(step.first, step.end - ENDING) - 1, -1))

    def around(self, candidates: Iterable[Candidate]) -> Iterator[int]:
        for number in self.marked(candidates):
            first, last = self.scope.bounds(number)
            yield from range(number, min(last, number + 8) + 1)
            yield from range(number - 1, max(first, number - 3) - 1, -1)
