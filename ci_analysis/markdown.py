"""Hostile text in GitHub's Markdown: shown as it is, with no effect. No markup, mention, reference, link or image."""

from __future__ import annotations

import re
import unicodedata

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# What GitHub turns into a mention, an address, an issue or an emoji once it stands in running text, escaped or not: a
# zero-width space keeps it apart.
_REFERENCE = re.compile(r"@|#(?=\d)|\bGH-(?=\d)|:(?=[\w+-]+:)", re.IGNORECASE)
_LONGEST_RUN = re.compile(r"`+")


def clean(text: str) -> str:
    """One line: without line ends, control, bidirectional and invisible characters."""
    flat = " ".join(text.split())
    return "".join(char for char in flat if unicodedata.category(char) not in ("Cc", "Cf", "Co", "Cs"))


def prose(text: str, limit: int = 1000) -> str:
    """Running text. Every punctuation character is escaped, so that none of it is markup."""
    apart = _REFERENCE.sub(lambda match: match[0] + "\u200b", clip(clean(text), limit))
    return _PUNCTUATION.sub(r"\\\1", apart)


def code(text: str, limit: int = 300) -> str:
    """A code span. Its fence is longer than any run of backticks in it."""
    content = clip(clean(text), limit)
    if not content:
        return ""
    fence = "`" * (_longest_run(content) + 1)
    pad = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{fence}{pad}{content}{pad}{fence}"


def block(lines: list[str], limit: int = 300) -> str:
    """A fenced block of text, a line of it at most `limit` characters long."""
    shown = [clip(visible(line), limit) for line in lines]
    fence = "`" * max(3, max((_longest_run(line) for line in shown), default=0) + 1)
    return "\n".join([f"{fence}text", *shown, fence])


def link(label: str, url: str) -> str:
    """`label` is ours or already escaped; `url` is GitHub's or ours, and is dropped if it could break out."""
    if not url or re.search(r"[\s()<>\"'`\\]", url):
        return label
    return f"[{label}]({url})"


def clip(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def visible(text: str) -> str:
    """Without control, bidirectional and invisible characters; a tab stays."""
    return "".join(char for char in text if char == "\t" or unicodedata.category(char) not in ("Cc", "Cf", "Co", "Cs"))


def _longest_run(text: str) -> int:
    return max((len(run) for run in _LONGEST_RUN.findall(text)), default=0)
