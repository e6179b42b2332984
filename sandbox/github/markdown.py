"""Comments as GitHub shows them: Markdown with tables, a short list of HTML tags, mentions and bare links."""

import re
from html import escape
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markupsafe import Markup

VOID = {"br", "hr"}
ALLOWED = VOID | {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "blockquote", "pre", "div", "details", "summary"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "tr", "th", "td"),
    *("a", "b", "i", "em", "strong", "s", "del", "ins", "q", "sub", "sup", "span", "code", "kbd", "samp", "tt", "var"),
}
ATTRIBUTES = {"a": ("href", "title"), "details": ("open",), "code": ("class",), "ol": ("start",)}
SAFE_LINK = re.compile(r"(https?:|mailto:|#|/)", re.IGNORECASE)
# A mention takes effect only where no letter, digit or one of _`/ stands before it.
WORDS_WITH_EFFECT = re.compile(
    r"(?P<mention>(?<![\w`/.@])@[a-z0-9](?:-?[a-z0-9]){0,38}(?:/[a-z0-9][a-z0-9-]*)?(?![\w-]))"
    r"|(?P<link>\bhttps?://[^\s<>\"]*[^\s<>\".,;:!?')\]*_~])",
    re.IGNORECASE,
)

_markdown = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])


def render(text: str) -> Markup:
    """Safe HTML, with every tag closed."""
    return Markup(_cleaned(text).html())


def mentions(text: str) -> list[str]:
    """The accounts and teams that GitHub would notify, e.g. ["@marit"]."""
    return _cleaned(text).mentions


def links(text: str) -> list[str]:
    """Where the links lead that a reader of the rendered text can click."""
    return _cleaned(text).links


def _cleaned(text: str) -> "_Cleaner":
    cleaner = _Cleaner()
    cleaner.feed(_markdown.render(text))
    cleaner.close()
    return cleaner


class _Cleaner(HTMLParser):
    """Passes allowed tags on, drops others and their attributes, and gives words their effect."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._open: list[str] = []
        self.mentions: list[str] = []
        self.links: list[str] = []

    def html(self) -> str:
        return "".join(self._parts) + "".join(f"</{tag}>" for tag in reversed(self._open))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img":  # no address of a stranger is ever fetched
            self._parts.append(escape(f"[image: {given.get('alt') or ''}]"))
        if tag not in ALLOWED:
            return
        kept = "".join(self._attribute(tag, name, given[name] or "") for name in given)
        self._parts.append(f"<{tag}{kept}>")
        if tag not in VOID:
            self._open.append(tag)

    def _attribute(self, tag: str, name: str, value: str) -> str:
        if name not in ATTRIBUTES.get(tag, ()):
            return ""
        if name == "href":
            if not SAFE_LINK.match(value):
                return ""
            self.links.append(value)
        return f' {name}="{escape(value)}"'

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._open:
            return
        while self._open:
            closed = self._open.pop()
            self._parts.append(f"</{closed}>")
            if closed == tag:
                return

    def handle_data(self, data: str) -> None:
        if {"code", "pre", "a"} & set(self._open):
            self._parts.append(escape(data))
            return
        position = 0
        for found in WORDS_WITH_EFFECT.finditer(data):
            self._parts.append(escape(data[position : found.start()]))
            self._word(found)
            position = found.end()
        self._parts.append(escape(data[position:]))

    def _word(self, found: re.Match[str]) -> None:
        word = escape(found.group())
        if found["mention"]:
            self.mentions.append(found.group())
            self._parts.append(f'<a class="mention" href="/{word[1:]}">{word}</a>')
        else:
            self.links.append(found.group())
            self._parts.append(f'<a href="{word}">{word}</a>')
