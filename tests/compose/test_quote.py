"""What a reply quotes, and how deep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mail.raw_messages import raw_messages
from tests.mail.test_flowed import texts
from tuimail.compose.mime import text_part
from tuimail.compose.quote import HTML_LIMIT, REST, forwarded_text, quote, quoted, signed
from tuimail.mail import flowed
from tuimail.mail.content import whole
from tuimail.mail.message_text import message_text, quote_depth
from tuimail.mail.mime_tree import read_tree

FLOWED = b"Content-Type: text/plain; format=flowed\n\n"
HTML = b"Content-Type: text/html\n\n"


@pytest.mark.parametrize(
    ("raw", "quotation"),
    [
        (b"\nHello\n", "> Hello"),
        (b"\nHello\n\n  indented\n", "> Hello\n>\n>   indented"),
        (b"\n\n\nHello\n\n\n", "> Hello"),
        (b"\n", ""),
        # Deeper, however the marks are written
        (b"\n> a\n>> b\n> > c\n>>>d\n>\n", ">> a\n>>> b\n>>> c\n>>>> d\n>>"),
        # Flowed paragraphs stay in one line, each at its depth
        (FLOWED + b"one \ntwo\n>three \n>four\n>>five \n>six\n", "> one two\n>> three four\n>>> five\n>> six"),
        (FLOWED + b" >no quote\n", ">> no quote"),
        # The signature of the other
        (b"\nHello\n-- \nKim\n555 1234\n", "> Hello"),
        (b"\nHello\n--\nKim\n", "> Hello"),
        (b"\n-- \n not the last\n-- \nKim\n", "> --\n>  not the last"),
        (FLOWED + b"Hello\n-- \nKim\n", "> Hello"),
        (b"\n> Hello\n> -- \n> Kim\nI agree\n", ">> Hello\n>> --\n>> Kim\n> I agree"),
        # HTML alone as its text
        (HTML + b"<p>Hello <b>Ada</b></p><blockquote>old</blockquote>", "> Hello Ada\n>\n>> old"),
        (HTML + b"<a href=http://x.example/>here</a>", "> here [1]\n>\n> [1] http://x.example/"),
        # Nothing of what only a reader needs
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Type: a/b; name=c\n\n--b--\n",
         "> Hello"),
        (b"Content-Type: image/png; name=a.png\n\nx", ""),
        # Nothing that acts on the terminal
        (b"\n\x1b[2Jbell\x07\n", "> ^[[2Jbell^G"),
    ],
)  # fmt: skip
def test_the_text_one_level_deeper(raw: bytes, quotation: str) -> None:
    assert quote(read_tree(raw)) == quotation


def test_only_what_is_selected_is_quoted() -> None:
    root = read_tree(b"\none\ntwo\nthree\n")
    assert quote(root, "two\n> old\n\n") == "> two\n>> old"
    assert quote(root, " \n") == "> one\n> two\n> three"
    assert quote(root, "-- \nKim") == "> --\n> Kim", "who selects a signature wants it"


def test_a_forwarded_text_says_what_is_missing_and_keeps_the_signature() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n-- \nKim\n--b\nContent-Type: multipart/encrypted;"
    )
    shown = message_text(read_tree(raw + b" boundary=c\n\n--c\n\nx\n--c--\n--b--\n"))
    assert forwarded_text(shown) == "Hello\n-- \nKim\n[not shown: encrypted]"


def test_a_signature_stands_where_the_composer_looks_for_it() -> None:
    assert signed("text\n", "Ada") == "text\n\n\n-- \nAda"
    assert signed("text\n", "") == "text\n"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60), max_size=20))
def test_every_line_is_one_level_deeper_and_says_the_same(lines: list[str]) -> None:
    deeper = quoted(lines).split("\n") if any(line.strip() for line in lines) else []
    kept = [line for line in lines if line.strip()]
    assert [quote_depth(line) for line in deeper if line.strip("> ")] == [
        quote_depth(line) + 1 for line in kept if line.strip("> \t")
    ]
    for line in deeper:
        assert line.startswith(">")


@given(texts())
def test_a_flowed_quotation_comes_back_as_the_paragraphs_it_was(text: str) -> None:
    quotation = quoted(text.expandtabs().split("\n"))
    assert flowed.decode(flowed.encode(quotation)) == quotation


@given(raw_messages())
def test_any_message_can_be_quoted_and_sent(raw: bytes) -> None:
    root = read_tree(raw)
    for text in (quote(root), forwarded_text(message_text(root))):
        assert whole(text_part(text).body)


def test_of_a_page_that_is_too_long_the_beginning_is_quoted_and_the_rest_named() -> None:
    head = b"Content-Type: text/html\n\n"
    short = quote(read_tree(head + b"a line<br>\n" * 1000))
    assert REST not in short
    assert len(short.split("\n")) == 1000
    lines = quote(read_tree(head + b"a line<br>\n" * 50_000)).split("\n")
    assert lines[0] == "> a line"
    assert lines[-1] == f"> {REST}"
    assert len(lines) <= HTML_LIMIT // 11 + 2
