"""Comments rendered as GitHub renders them, with nothing in them that acts on its own."""

import pytest

from sandbox.github.markdown import links, mentions, render


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("## One", "<h2>One</h2>"),
        ("**bold** `code`", "<strong>bold</strong> <code>code</code>"),
        ("one\ntwo", "one<br>\ntwo"),
        ("- a\n- b", "<li>a</li>"),
        ("| a |\n|---|\n| b |", "<td>b</td>"),
        ("```text\n<b> & @marit\n```", '<code class="language-text">&lt;b&gt; &amp; @marit\n</code>'),
        ("<details><summary>More</summary>\n\n*x*\n\n</details>", "<details><summary>More</summary>"),
        ("[a](https://a.example/b)", '<a href="https://a.example/b">a</a>'),
        ("see https://a.example/b.", '<a href="https://a.example/b">https://a.example/b</a>.'),
        ("~~gone~~", "<s>gone</s>"),
        ("<!-- fixci:v1:x -->\n**shown**", "<strong>shown</strong>"),
        ("<!-- on the same line it is raw HTML --> **stars**", "**stars**"),
    ],
)
def test_markdown_is_rendered(text: str, html: str) -> None:
    assert html in render(text)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![pixel](https://tracker.example/p.png)",
        "[x](javascript:alert(1))",
        '<a href="javascript:alert(1)">x</a>',
        '<details ontoggle="alert(1)" open>x</details>',
        "<iframe src='//x.example'></iframe><style>*{}</style>",
        "<form action=/x><input name=a></form>",
    ],
)
def test_nothing_acts_on_its_own(text: str) -> None:
    html = render(text)

    for harmful in (
        "<script",
        "<img",
        '="javascript:',
        "onerror=",
        "ontoggle=",
        "<iframe",
        "<style",
        "<form",
        "<input",
    ):
        assert harmful not in html


def test_tags_left_open_are_closed_and_stray_ends_dropped() -> None:
    html = render("</div></main><details><b>never closed")

    assert "</main>" not in html
    assert html.count("<details>") == html.count("</details>") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("thanks @marit and @halden/team", ["@marit", "@halden/team"]),
        ("mail me@example.org, `@joris`, pkg@1.2", []),
        ("```\n@everyone\n```", []),
        ("@\u200bmarit", []),
    ],
)
def test_mentions_that_would_notify_somebody(text: str, expected: list[str]) -> None:
    assert mentions(text) == expected


def test_links_that_can_be_followed() -> None:
    assert links("[a](https://a.example) https://b.example `https://c.example`") == [
        "https://a.example",
        "https://b.example",
    ]
