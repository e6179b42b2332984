"""What the engine answers with. All text in here is cleaned, redacted and bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ci_analysis.engine.categories import Category


@dataclass(frozen=True, slots=True)
class ExcerptLine:
    """One line of the log as it may be shown; `number` is 1-based."""

    number: int
    text: str
    evidence: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause. `confidence` is 0 to 1; `lines` are 1-based inclusive ranges; `line` and `column` count from 1."""

    title: str
    category: Category
    confidence: float
    lines: tuple[tuple[int, int], ...]
    file: str | None
    line: int | None
    column: int | None
    message: str
    suggestion: str
    tool: str
    failed_tests: tuple[str, ...]
    fingerprint: str
    excerpt: tuple[ExcerptLine, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The whole answer. No findings and category None: the log shows no failure.

    `failed_step_line` is the line of the log in which the failed step begins, where the log shows its steps.
    """

    category: Category | None
    failed_step: str | None
    failed_tests: tuple[str, ...]
    evidence: tuple[tuple[int, int], ...]
    excerpt: str
    findings: tuple[Finding, ...]
    lines: int
    redactions: Mapping[str, int] = field(default_factory=dict)
    failed_step_line: int | None = None
