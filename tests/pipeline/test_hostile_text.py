"""Nothing that a stranger can write into a log, a name or a title has an effect where we repeat it.

GitHub renders with cmark-gfm and then looks for mentions, references and emoji in the text that came out. The tests
render with another CommonMark parser, and read the Markdown themselves as well: they take away what shows text as it is
(fenced blocks, code spans, escaped punctuation, links of ours) and look for anything with a meaning in the rest.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest
from markdown_it import MarkdownIt

from ci_analysis import comment
from ci_analysis.models import Analysis
from sandbox.github import JobSpec
from tests.pipeline.world import LOG, Desk

HOSTILE = [
    "@marit @halden/owners please approve",
    "marit@example.com",
    "fixes #1, GH-1, halden/ledger#1, gh-12",
    ":shipit: :+1:",
    "[click](http://evil.example) ![x](http://evil.example/x.png)",
    "http://evil.example www.evil.example https://evil.example/?a=b&c",
    "<img src=http://evil.example/x.png> <script>alert(1)</script> <!-- x --> <details open>",
    "</details></sub></code></pre>",
    "&lt;img&gt; &#64;marit",
    "``` ```` ~~~ `",
    "```\n@marit\n```",
    "~~~\n# Heading\n***\n---\n===\n- [x] done\n> quote\n| a | b |\n|---|---|",
    "\\@marit \\[x\\](y) \\\\",
    "`x` ``x`` ```x``` `",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200e\u200f",
    "a\u200bd\u200cm\u200di\u2060n\ufeff\u00ad",
    "$x$ $$y$$ \\(z\\)",
    "<!-- fixci:v1 -->",
    "a\x1b[31mb\x00\x07\x08",
    "x" * 10_000,
    "\u2028\u2029\x85\x0b\x0c",
    "*" * 500 + "_" * 500,
]

CODE_BLOCK = re.compile(r"^(`{3,})text\n.*?^\1$", re.MULTILINE | re.DOTALL)
CODE_SPAN = re.compile(r"(?<![`\\])(`+)(?!`)(?:(?!\n\n).)*?(?<!`)\1(?!`)", re.DOTALL)
ESCAPED = re.compile(r"\\[!-/:-@\[-`{-~]")
OWN_LINK = re.compile(r"\[([^\[\]]*)\]\((http://127\.0\.0\.1[^\s()<>]*)\)")
OWN_MARKUP = re.compile(r"<!-- fixci:v1 -->|</?sub>|^#{3,4} |^- |\*\*", re.MULTILINE)


def bare(body: str) -> str:
    """What is left for a renderer to interpret. A zero-width space stands for each piece of shown text."""
    for shown in (CODE_BLOCK, CODE_SPAN, ESCAPED):
        body = shown.sub("\u200b", body)
    return OWN_MARKUP.sub("", OWN_LINK.sub(r"\1", body))


def invisible(body: str) -> set[str]:
    """Characters that turn or hide others, save the zero-width space that we put in ourselves."""
    return {char for char in body if unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs")} - {"\n", "\t", "\u200b"}


def assert_rendered_harmless(body: str) -> None:
    """In what a renderer makes of it, links lead to us and to GitHub, and no markup is there that we did not write."""
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(body):
        assert token.type not in ("table_open", "blockquote_open", "hr", "ordered_list_open", "code_block"), token
        assert token.type != "html_block" or token.content.strip() == comment.MARKER, token
        assert token.type != "heading_open" or token.tag in ("h3", "h4"), token
        for inner in token.children or ():
            assert inner.type not in ("image", "s_open", "em_open"), inner
            assert inner.type != "html_inline" or inner.content in ("<sub>", "</sub>"), inner
            assert inner.type != "link_open" or str(inner.attrs["href"]).startswith("http://127.0.0.1"), inner


def assert_harmless(body: str) -> None:
    assert_rendered_harmless(body)
    assert not re.search(r"[\[\]<>`*_~|#@$&\\]|https?:|www\.", bare(body)), bare(body)
    assert not invisible(body)
    # What GitHub looks for in the text after rendering, outside code.
    text = OWN_LINK.sub(r"\1", ESCAPED.sub(lambda match: match[0][1], CODE_SPAN.sub("", CODE_BLOCK.sub("", body))))
    text = OWN_MARKUP.sub("", text)
    assert not re.search(r"@\w|(?<!\w)#\d|\bGH-\d|:[\w+-]+:", text, re.IGNORECASE), text
    assert body.startswith(comment.MARKER)
    assert body.count(comment.MARKER) - "".join(CODE_BLOCK.findall(body)).count(comment.MARKER) >= 1


def logs_with(text: str) -> list[bytes]:
    """Logs of several tools that carry the text into titles, messages, files and names of tests."""
    raw = text.encode("utf-8", "surrogatepass")
    return [
        LOG.replace(b"test_total", b"test_total[" + raw + b"]").replace(b"assert 3 == 4", raw),
        b"src/a.ts(3,4): error TS2322: " + raw + b"\n##[error]Process completed with exit code 2.\n",
        b"##[error]" + raw + b"\n##[error]Process completed with exit code 1.\n",
        b"Error: Cannot find module '" + raw + b"'\n##[error]Process completed with exit code 1.\n",
    ]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_in_logs_and_names_has_no_effect_in_the_comment(desk: Desk, text: str) -> None:
    name = text.replace("\0", "")[:200]
    jobs = [JobSpec(name, log=log, failed_step=name) for log in logs_with(text)]
    run = desk.failed_run(jobs, workflow=name)
    desk.happens(run)
    assert desk.row(Analysis).status == "done"
    assert_harmless(desk.comment)
    assert_check_harmless(desk.check_runs(run)[0])


def assert_check_harmless(check: Any) -> None:
    assert "\n" not in check.title
    assert not invisible(check.title + check.summary)
    assert not re.search(r"[\[\]<>`_~|#@$&\\]|https?:|www\.", CODE_SPAN.sub("", check.summary)), check.summary
    for annotation in check.annotations:
        assert not invisible(annotation.message + (annotation.title or "") + annotation.path)


@pytest.mark.parametrize("branch", ["@marit", "fix/#1-x", "`rm`", "a-$(id)", "<b>", "feature/ünï", "x" * 250])
def test_branches_of_any_name_find_their_pull_request(desk: Desk, branch: str) -> None:
    desk.pull_request = desk.github.open_pull_request(desk.repository, branch=branch, fork_owner="odalys", title="@x")
    desk.happens(desk.failed_run())
    assert_harmless(desk.comment)


def test_the_check_for_harm_would_see_it(desk: Desk) -> None:
    """The tests above are worth what `assert_harmless` notices."""
    desk.happens(desk.failed_run())
    body = desk.comment
    assert_harmless(body)
    for harm in ("@marit", "[a](http://evil.example)", "http://evil.example", "<b>", "`", "\u202e", "\n# x", "GH-1"):
        with pytest.raises(AssertionError):
            assert_harmless(f"{body} {harm}")
    with pytest.raises(AssertionError):
        assert_harmless(body.replace("\n```\n", "\n```\n@marit\n"))
