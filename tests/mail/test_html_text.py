"""HTML as lines with numbered links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.mail import html_text as html
from tuimail.mail.html_text import html_text
from tuimail.mail.html_tokens import attributes, decoded, tokens
from tuimail.mail.text import safe_line


def lines(markup: str) -> list[str]:
    return [line.text for line in html_text(markup).lines]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("", []),
        ("a", ["a"]),
        ("a<br>b", ["a", "b"]),
        ("a<br><br><br>b", ["a", "", "b"]),
        ("<p>a<p>b</p>", ["a", "", "b"]),
        ("a\n  b <b>c</b><i>d</i>", ["a b cd"]),
        ("a<b> b</b>", ["a b"]),
        ("<div>a<div>b</div>c</div>", ["a", "b", "c"]),
        ("<h1>a</h1>b", ["a", "", "b"]),
        ("a &lt;b&gt; &amp; &auml;", ["a <b> & ä"]),
        ("1 < 2 > 0", ["1 < 2 > 0"]),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>d", ["* a", "* b", "  * c", "", "d"]),
        ("<ol><li>a</li><li>b<br>c</li></ol>", ["1. a", "2. b", "   c"]),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c<td>d</table>e", ["a  b", "c  d", "", "e"]),
        ("<table><tr><td>a<table><tr><td>b</table><td>c</table>", ["a", "", "b", "", "c"]),
        ("<pre>  a\n   b\n\nc</pre>", ["  a", "   b", "", "c"]),
        ("a<hr>b", ["a", "", "─" * 20, "", "b"]),
        ("a<!-- b -->c", ["ac"]),
        ("a<!-->b", ["ab"]),
        ("a<!--[if mso]>b<![endif]-->c", ["ac"]),
        ("<!DOCTYPE html>a<?xml?>b</>c", ["abc"]),
        ("a<!-- b", ["a"]),
        ("<style>a</style><script>'</p>'</script><title>t</title>b", ["b"]),
        ("<script>a", []),
        ("<p title='a>b'>c", ["c"]),
        ("<p title=it's>c <b id='x'>d", ["c d"]),
        ("a <b", ["a"]),
        ("a <b <i>c</i>", ["a c"]),
        ('a <b x=">" y="', ['a " y="']),
        ("<img src=x alt='A  picture'>", ["[image: A picture]"]),
        ("<img src=x>", ["[image]"]),
        ("<img src=x alt=''><img width=1 height=1>", []),
        ("a&#27;[31m&#x9b;b", ["a[31m›b"]),
        ("a\x1b[31m", ["a^[[31m"]),
        ("a&#" + "9" * 5000 + ";b", ["a\ufffdb"]),
        ("a&#xfffffffffffff;&#xd800;b", ["a\ufffd\ufffdb"]),
        ("a\u202eb", ["a<U+202E>b"]),
        ("</p>a</div></table></td>", ["a"]),
    ],
)
def test_lines(markup: str, expected: list[str]) -> None:
    assert lines(markup) == expected


@pytest.mark.parametrize(
    ("markup", "expected", "hidden"),
    [
        ("<div style='display:none'>abc</div>d", ["d"], 3),
        ("<div style='DISPLAY : None !important'>abc<p>e</p></div>d", ["d"], 4),
        ("<p hidden>abc</p>d", ["d"], 3),
        ("<span style='font-size:0px'>abc</span>d", ["d"], 3),
        ("<td style='font-size:0'>x<p style='font-size:13px'>d</p></td>", ["d"], 1),
        ("<span style='font-size:0.9em'>d</span>", ["d"], 0),
        ("<div style='display:none'><table><tr><td>a</div></td></tr></table>b</div>c", ["c"], 2),
        ("<p><span style='display:none'>a<p>b", ["b"], 1),
        ("<table><tr style='display:none'><td>a</td></tr><tr><td>b</td></tr></table>", ["b"], 1),
        ("<div hidden>a<ul><li>b</ul></div><ul><li>c</ul>", ["* c"], 2),
        ("<style>abc</style>d", ["d"], 0),
    ],
)
def test_what_a_browser_hides_is_counted(markup: str, expected: list[str], hidden: int) -> None:
    found = html_text(markup)
    assert [line.text for line in found.lines] == expected
    assert found.hidden == hidden


def test_links_are_numbered() -> None:
    found = html_text(
        "<a href='http://a.example/'>one</a>, <a href=http://b.example/>two</a>, <a href='http://a.example/'>again</a>"
        "<div><a href='http://c.example'><div>block</div></a></div><a href=http://d.example><img alt=''></a>"
        "<a href='#top'>top</a><a name=x>named</a>",
        first_link=5,
    )
    assert [line.text for line in found.lines] == [
        "one [5], two [6], again [5]",
        "block [7]",
        "[8]topnamed",
    ]
    assert [(link.number, link.target) for link in found.links] == [
        (5, "http://a.example/"),
        (6, "http://b.example/"),
        (7, "http://c.example"),
        (8, "http://d.example"),
    ]


@pytest.mark.parametrize(
    ("text", "target", "misleading"),
    [
        ("https://bank.example/", "http://evil.example/", True),
        ("bank.example", "http://evil.example/bank.example", True),
        ("bank.example", "http://bank.example@evil.example/", True),
        ("www.bank.example/x", "https://bank.example/", False),
        ("bank.example", "https://login.bank.example/", False),
        ("click here", "https://evil.example/", False),
        ("https://bank.example/", "javascript:alert(1)", True),
        ("a@bank.example", "mailto:a@bank.example", False),
        ("Read more.", "https://evil.example/", False),
        ("<b>bank.example</b>", "http://evil.example/", True),
    ],
)
def test_a_text_that_names_another_host(text: str, target: str, *, misleading: bool) -> None:
    assert html_text(f'<a href="{target}">{text}</a>').links[0].misleading is misleading


def test_quotes_have_a_depth() -> None:
    found = html_text("a<blockquote>b<blockquote>c</blockquote></blockquote>d")
    assert [(line.text, line.depth) for line in found.lines if line.text] == [("a", 0), ("b", 1), ("c", 2), ("d", 0)]


def test_targets_are_sanitised_and_cut() -> None:
    target = html_text(f"<a href='http://x/\u202e&#x202e;{'a' * 5000}'>b</a>").links[0].target
    assert target.startswith("http://x/<U+202E><U+202E>aaa")
    assert len(target) < 3000


def test_limits() -> None:
    many = html_text("<p>a<a href='http://b'>" * html.MOST_LINES + "<a href=c>c</a>")
    assert many.cut
    assert len(many.lines) <= html.MOST_LINES + 1
    assert len(html_text("".join(f"<a href=x{n}>y</a>" for n in range(2000))).links) == html.MOST_LINKS


def test_attributes() -> None:
    assert attributes("a=1 B='2 x' c=\"&lt;\" d / e= f") == {"a": "1", "b": "2 x", "c": "<", "d": "", "e": "f"}


PIECES = ["<", ">", "</", "<p", "<td>", "</td>", "<table>", "</table>", "<a href='x'>", "</a>", "<li>", "<ul>", "</ul>"]
PIECES += [
    "<!--",
    "-->",
    "<script>",
    "</script>",
    '"',
    "'",
    "=",
    " ",
    "&#27;",
    "&#",
    "a",
    "<div hidden>",
    "</div>",
    "\n",
]
MARKUP = st.one_of(st.text(max_size=100), st.lists(st.sampled_from(PIECES), max_size=50).map("".join))


@given(MARKUP)
def test_nothing_raises_and_all_is_sanitised(markup: str) -> None:
    list(tokens(markup))
    decoded(markup)
    found = html_text(markup)
    for line in found.lines:
        assert safe_line(line.text) == line.text
    for link in found.links:
        assert safe_line(link.target) == link.target
