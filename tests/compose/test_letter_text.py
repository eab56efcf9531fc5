"""A letter as its receiver reads it."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.compose.letter_text import HTML_ONLY, LONGEST, FilePart, LetterText, letter_text
from tuimail.mail.content import InMemory


def read(*lines: str | bytes) -> LetterText:
    return letter_text(InMemory(b"\r\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)))


def test_head_and_text_are_decoded() -> None:
    letter = read(
        "Received: from x",
        "To: =?utf-8?q?J=C3=BCrgen?= <j@x.example>,",
        " b@x.example",
        "From: a@x.example",
        "Subject: =?iso-8859-1?q?=FCber?=",
        "Content-Type: text/plain; charset=windows-1252",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "5 =80 =93so=94 =",
        "long",
    )
    assert letter.fields == (
        ("From", "a@x.example"),
        ("To", "Jürgen <j@x.example>, b@x.example"),
        ("Subject", "über"),
    )
    assert letter.text == "5 € “so” long"
    assert not letter.files


def test_flowed_paragraphs_are_joined_and_delsp_is_kept_to() -> None:
    assert read("Content-Type: text/plain; format=flowed", "", "one ", "two", "> three ", "> four").text == (
        "one two\n> three four"
    )
    assert read('Content-Type: text/plain; Format="Flowed"; delsp=YES', "", "one ", "two").text == "onetwo"
    assert read("Content-Type: text/plain", "", "one ", "two").text == "one \ntwo"


def test_files_have_name_type_and_decoded_size() -> None:
    letter = read(
        'Content-Type: multipart/mixed; boundary="b"',
        "",
        "--b",
        "",
        "hello",
        "--b",
        "Content-Type: application/pdf",
        "Content-Disposition: attachment; filename*0*=utf-8''a%CC%88; filename*1=rger.pdf",
        "Content-Transfer-Encoding: base64",
        "",
        base64.b64encode(b"x" * 100),
        "--b",
        "Content-Type: text/plain; name=notes.txt",
        "",
        "not the text",
        "--b",
        "Content-Type: message/rfc822",
        "",
        "Subject: inner",
        "",
        "inner",
        "--b--",
    )
    assert letter.text == "hello"
    assert letter.files == (
        FilePart("a\u0308rger.pdf", "application/pdf", 100),
        FilePart("notes.txt", "text/plain", 12),
        FilePart("", "message/rfc822", len("Subject: inner\r\n\r\ninner")),
    )


def test_the_size_of_a_large_file_is_exact() -> None:
    data = base64.encodebytes(b"y" * 1_000_003).replace(b"\n", b"\r\n")
    letter = read(
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "Content-Type: image/png",
        "Content-Transfer-Encoding: base64",
        "",
        data,
        "--b",
        "",
        "behind it",
        "--b--",
    )
    assert letter.files == (FilePart("", "image/png", 1_000_003),)
    assert letter.text == "behind it"


def test_of_text_and_html_the_text_is_read() -> None:
    parts = ("--b", "Content-Type: text/html", "", "<p>hello</p>", "--b--")
    head = ("Content-Type: multipart/alternative; boundary=b", "")
    both = read(*head, "--b", "Content-Type: text/plain", "", "hello", *parts)
    assert both.text == "hello"
    assert both.files == (FilePart("", "text/html", 12),)
    assert read(*head, *parts).text == HTML_ONLY


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("utf-8", b"\xc3\xa4\xff", "ä\ufffd"),
        ("", b"caf\xe9\r\n", "café"),
        ("", b"\xe4bcd", "äbcd"),
        ("us-ascii", b"\xc3\xa4", "ä"),
        ("no-such-charset", b"\xc3\xa4", "ä"),
        ("utf-7", b"+AAo-", "+AAo-"),
        ("rot13", b"uryyb", "uryyb"),
        ("unicode_escape", b"\\x1b", "\\x1b"),
        ("koi8-r", b"\xd4\xc5\xd3\xd4", "тест"),
    ],
)
def test_charsets(charset: str, raw: bytes, text: str) -> None:
    assert read(f"Content-Type: text/plain; charset={charset}", "", raw).text == text


def test_a_long_text_is_cut_and_says_so() -> None:
    letter = read("Subject: x", "", ("ä" * 40 + "\r\n") * (LONGEST // 80))
    assert letter.cut
    assert LONGEST * 0.4 < len(letter.text) < LONGEST
    assert "Ã" not in letter.text


def test_a_name_brings_no_folders() -> None:
    name = 'Content-Disposition: attachment; filename="..\\\\..\\\\evil/../a b.exe"'
    assert read("Content-Type: application/x-y", name, "", "x").files[0].name == "a b.exe"


def test_a_multipart_without_a_delimiter_is_a_text() -> None:
    for head in ("Content-Type: multipart/mixed; boundary=b", "Content-Type: multipart/mixed"):
        assert read(head, "", "hello", "").text == "hello"
        assert read(head, "").files == ()


def test_boundaries_that_begin_each_other() -> None:
    letter = read(
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "Content-Type: multipart/alternative; boundary=bb",
        "",
        "--bb",
        "",
        "first",
        "--bb--",
        "--b",
        "",
        "second",
        "--b--",
    )
    assert letter.text == "first\nsecond"


@given(st.binary(max_size=400))
def test_nothing_raises(raw: bytes) -> None:
    for head in (b"", b"Content-Type: multipart/mixed; boundary=b\n\n--b\n", b"Content-Transfer-Encoding: base64\n"):
        letter_text(InMemory(head + raw))
