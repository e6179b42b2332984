"""Text from outside, shown so that what is read is what is there. Escaping HTML is the template engine's own work."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

# The last is the zero-width joiner: part of emoji and of several scripts, and harmless.
_ALLOWED = "\t\n\u200d"


@register.filter
def visible(text: object) -> str:
    """Control, direction and invisible characters as their code points: none may hide or reorder text."""
    return "".join(_shown(char) for char in str(text))


@register.filter
def with_code(text: object) -> SafeString:
    """The same, with what stands between backticks set as code. Escaped here, since it adds markup."""
    parts = visible(text).split("`")
    if len(parts) % 2 == 0:
        return conditional_escape("`".join(parts))
    shapes = (format_html("<code>{}</code>", part) if index % 2 else part for index, part in enumerate(parts))
    return format_html_join("", "{}", ((shape,) for shape in shapes))


@register.filter
def duration(value: timedelta) -> str:
    """ "0.4 s", "12 s", "3 min 5 s", "2 h 10 min"."""
    seconds = max(0.0, value.total_seconds())
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _shown(char: str) -> str:
    if char not in _ALLOWED and unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs"):
        return f"⟨U+{ord(char):04X}⟩"
    return char
