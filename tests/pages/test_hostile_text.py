from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_analysis.templatetags.hostile_text import duration, visible, with_code


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \ttext\n", "plain \ttext\n"),
        ("user\u202enigol", "user⟨U+202E⟩nigol"),
        ("\x1b[31mred", "⟨U+001B⟩[31mred"),
        ("zero\u200bwidth\ufeff", "zero⟨U+200B⟩width⟨U+FEFF⟩"),
        ("👩\u200d💻 日本語 ✓", "👩\u200d💻 日本語 ✓"),
    ],
)
def test_what_can_not_be_seen_is_shown_by_its_number(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("run `ruff check --fix`.", "run <code>ruff check --fix</code>."),
        ("`<b>` & <i>", "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"),
        ("one ` only <b>", "one ` only &lt;b&gt;"),
    ],
)
def test_code_between_backticks(text: str, html: str) -> None:
    assert with_code(text) == html


@given(st.text())
def test_no_text_makes_markup_but_code(text: str) -> None:
    html = with_code(text).replace("<code>", "").replace("</code>", "")
    assert "<" not in html
    assert ">" not in html


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0.0 s"), (0.42, "0.4 s"), (12, "12 s"), (59.7, "1 min 0 s"), (185, "3 min 5 s"), (7800, "2 h 10 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(timedelta(seconds=seconds)) == words
