"""The excerpt: most important lines first, within the budget, in the log's order."""

from __future__ import annotations

import pytest

from ci_analysis.engine.excerpt import GAP, choose, clip, render

TEXTS = {n: f"line {n}" for n in range(1, 30)}


def test_lines_are_taken_by_importance_and_shown_in_order() -> None:
    assert render(choose([7, 3, 4], TEXTS.__getitem__, 1000)) == f"line 3\nline 4\n{GAP}\nline 7"


@pytest.mark.parametrize("budget", [0, 1, 6, 7, 20, 33, 50, 400])
def test_the_budget_holds(budget: int) -> None:
    assert len(render(choose([5, 9, 1, 20, 21, 2], TEXTS.__getitem__, budget))) <= budget


def test_a_line_that_does_not_fit_leaves_room_for_the_next() -> None:
    texts = {1: "x" * 100, 2: "short"}
    assert list(choose([1, 2], texts.__getitem__, 40)) == [2]


def test_a_line_counts_once() -> None:
    assert list(choose([2, 2, 2], TEXTS.__getitem__, 100)) == [2]


@pytest.mark.parametrize(("length", "limit"), [(10, 10), (11, 10), (600, 600), (700, 600), (5000, 120)])
def test_clipping_keeps_beginning_and_end(length: int, limit: int) -> None:
    text = "b" + "x" * (length - 2) + "e"
    short = clip(text, limit)
    assert len(short) <= limit
    assert short[0] == "b"
    assert length > limit or short == text
