"""The colours are readable: contrast by WCAG 2.2, computed from the stylesheet's own tokens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

CSS = (Path(settings.BASE_DIR) / "templates" / "static" / "fixci.css").read_text()
# Success criterion 1.4.3, level AA, for text of normal size.
LEAST = 4.5
GROUNDS = ["canvas", "surface", "raised"]
PAIRS = [
    *((text, ground) for text in ("ink", "muted", "accent", "good", "bad", "busy") for ground in GROUNDS),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-hover"),
    ("surface", "bad"),
    ("ink", "good-surface"),
    ("ink", "bad-surface"),
    ("ink", "busy-surface"),
    ("accent", "bad-surface"),
    ("ink", "evidence"),
    ("evidence-mark", "evidence"),
    ("ink", "target"),
]


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", block))


LIGHT = tokens(CSS.split("@media")[0])
DARK = LIGHT | tokens(CSS.split("@media (prefers-color-scheme: dark)")[1].split("@media")[0].split("\n}")[0])


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, by the formula of WCAG 2.2."""
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [pytest.param(LIGHT, id="light"), pytest.param(DARK, id="dark")])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(text: str, ground: str, scheme: dict[str, str]) -> None:
    assert contrast(scheme[text], scheme[ground]) >= LEAST


def test_dark_gives_every_colour_again() -> None:
    light_only = {name for name in LIGHT if DARK[name] == LIGHT[name]}
    assert light_only == set()


def test_black_on_white_is_21_to_1() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_everything_comes_from_here() -> None:
    assert "url(" not in CSS
    assert "@import" not in CSS


def test_every_token_is_used_and_every_used_one_is_there() -> None:
    defined = set(re.findall(r"^\s*--([\w-]+):", CSS, re.MULTILINE))
    assert set(re.findall(r"var\(--([\w-]+)", CSS)) == defined


def test_who_wants_no_motion_gets_none() -> None:
    assert "animation: none !important" in CSS.split("prefers-reduced-motion: reduce")[1]
