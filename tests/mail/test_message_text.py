"""Which parts of a message are shown, and what each line is."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.mail.raw_messages import corpus_messages, raw_messages
from tuimail.mail import message_text as module
from tuimail.mail.message_text import HTML, PLAIN, Mark, MessageText, message_text, quote_depth
from tuimail.mail.mime_tree import read_tree
from tuimail.mail.text import safe_line


def shown(raw: bytes, prefer: str = "") -> MessageText:
    return message_text(read_tree(raw), prefer=prefer)


def marked(raw: bytes, prefer: str = "") -> list[tuple[str, str]]:
    return [(line.mark.value, line.text) for line in shown(raw, prefer).lines]


def multipart(kind: str, *parts: bytes) -> bytes:
    return (
        b"Content-Type: multipart/%s; boundary=%s\n\n" % (kind.encode(), kind.encode())
        + b"".join(b"--%s\n%s\n" % (kind.encode(), part) for part in parts)
        + b"--%s--\n" % kind.encode()
    )


PLAIN_PART = b"Content-Type: text/plain\n\nThe words"
HTML_PART = b"Content-Type: text/html\n\n<p>The <b>other</b> words"
FILE = b"Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment\n\nxyz"
PICTURE = b"Content-Type: image/png\nContent-ID: <p>\n\nxyz"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", [("text", "")]),
        (b"\na\nb\n\n", [("text", "a"), ("text", "b")]),
        (multipart("alternative", PLAIN_PART, HTML_PART), [("text", "The words")]),
        (multipart("alternative", b"\n", HTML_PART), [("text", "The other words")]),
        (
            multipart("alternative", b"\nYour mail client does not support HTML.", HTML_PART),
            [("text", "The other words")],
        ),
        (
            multipart("alternative", b"\nshort", b"Content-Type: text/html\n\n<p>" + b"long " * 20),
            [("text", ("long " * 20).strip())],
        ),
        (
            multipart("mixed", PLAIN_PART, FILE, b"\nmore"),
            [("text", "The words"), ("attachment", "[attachment 2: a.pdf, application/pdf, 3 B]"), ("text", ""),
             ("text", "more")],
        ),
        (
            multipart("related", HTML_PART, PICTURE),
            [("text", "The other words"), ("attachment", "[attachment 2: image/png, 3 B]")],
        ),
        (
            multipart("related", PICTURE, HTML_PART).replace(b";", b"; start=\"<p>\";", 1),
            [("attachment", "[attachment 1: image/png, 3 B]"), ("attachment", "[attachment 2: text/html, 25 B]")],
        ),
        (
            multipart("encrypted", FILE),
            [("notice", "not shown: encrypted"), ("attachment", "[attachment 1: a.pdf, application/pdf, 3 B]")],
        ),
        (b"Content-Type: multipart/mixed; boundary=b\n\nno parts", [("text", "no parts")]),
        (
            b"Content-Type: message/rfc822\n\nSubject: =?utf-8?q?=C3=A4?=\n\nx",
            [("attachment", "[letter 1: ä, message/rfc822, 30 B]")],
        ),
        (b"Content-Disposition: attachment; filename=x\n\na", [("attachment", "[attachment 1: x, text/plain, 1 B]")]),
        (b"\na\n-- \nme", [("text", "a"), ("signature", "-- "), ("signature", "me")]),
        (b"\na\n--\nme", [("text", "a"), ("signature", "--"), ("signature", "me")]),
        (b"\n--\n" + b"a\n" * 30, [("text", "--")] + [("text", "a")] * 30),
        (
            b"Content-Type: text/html\n\n<a href='http://evil.example'>bank.example</a>",
            [("text", "bank.example [1]"), ("text", ""),
             ("link", "[1] http://evil.example (the text names another host)")],
        ),
        (b"Content-Type: text/html\n\n<img alt='' src=x>", [("notice", "not shown: HTML without text, with 1 image")]),
        (b"Content-Type: text/html\n\n", [("notice", "not shown: HTML without text")]),
        (
            b"Content-Type: text/plain; charset=klingon\n\na",
            [("text", "a"), ("notice", "the charset 'klingon' is not known: some characters may be wrong")],
        ),
        (
            b"Content-Type: text/plain; format=flowed; delsp=yes\n\n> a \n> b\nc \nd",
            [("text", "> ab"), ("text", "cd")],
        ),
    ],
)  # fmt: skip
def test_lines(raw: bytes, expected: list[tuple[str, str]]) -> None:
    assert marked(raw) == expected


def test_an_invitation_stands_beside_the_text_and_once() -> None:
    event = b"BEGIN:VEVENT\nSUMMARY:Lunch\nEND:VEVENT\n"
    calendar = b"Content-Type: text/calendar\n\n" + event
    file = b"Content-Type: text/calendar; name=i.ics\nContent-Disposition: attachment\n\n" + event
    inner = multipart("alternative", PLAIN_PART, HTML_PART, calendar)
    assert marked(multipart("mixed", inner, file)) == [
        ("text", "The words"),
        ("text", ""),
        ("invitation", "Event: Lunch"),
        ("attachment", "[attachment 1.3: text/calendar, 38 B]"),
        ("attachment", "[attachment 2: i.ics, text/calendar, 38 B]"),
    ]


def test_the_alternative_can_be_asked_for() -> None:
    raw = multipart("alternative", PLAIN_PART, HTML_PART)
    assert shown(raw).other == HTML
    other = shown(raw, HTML)
    assert [line.text for line in other.lines] == ["The other words"]
    assert other.other == PLAIN
    assert shown(PLAIN_PART).other == ""


def test_files_within_the_other_form_are_listed() -> None:
    raw = multipart("alternative", PLAIN_PART, multipart("mixed", HTML_PART, FILE))
    assert [file.name for file in shown(raw).files] == ["a.pdf"]
    assert [file.name for file in shown(raw, HTML).files] == ["a.pdf"]


def test_quotes_of_plain_and_html_look_alike() -> None:
    plain = shown(b"\n> > a\n>b\nc")
    assert [(line.depth, line.text) for line in plain.lines] == [(2, "> > a"), (1, ">b"), (0, "c")]
    page = shown(b"Content-Type: text/html\n\n<blockquote>a</blockquote>b")
    assert [(line.depth, line.text) for line in page.lines if line.text] == [(1, "> a"), (0, "b")]
    assert quote_depth("a > b") == 0


def test_what_lies_beyond_the_limits_is_said() -> None:
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(100))
    assert marked(deep)[0] == ("notice", "not shown: too deep")
    many = marked(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 1000)
    assert ("notice", "not shown: too many parts") in many
    long = marked(b"\n" + b"a\n" * (module.MOST_LINES + 1))
    assert long[-1][0] == "notice"
    assert len(long) == module.MOST_LINES + 1
    big = shown(b"\n" + (b"a" * 1000 + b"\n") * 2000)
    assert big.lines[-1].text == "not shown: the rest of this text"
    assert sum(len(line.text) for line in big.lines) <= module.TEXT_LIMIT + 100


def test_only_so_much_html_is_read() -> None:
    page = b"--b\nContent-Type: text/html\n\n" + b"words " * (module.HTML_LIMIT // 15) + b"\n"
    found = shown(b"Content-Type: multipart/mixed; boundary=b\n\n" + page * 4)
    notices = [line.text for line in found.lines if line.mark is Mark.NOTICE]
    assert notices == ["not shown: the rest of this text", "not shown: too much text"]
    assert [file.part.number for file in found.files] == ["4"]


def test_names_are_safe_to_show() -> None:
    raw = b"Content-Type: image/png; name*=utf-8''%1b%e2%80%ae" + b"x" * 5000 + b"\n\n"
    line = shown(raw).lines[0]
    assert line.text.startswith("[attachment 1: ^[<U+202E>xxx")
    assert len(line.text) < 400


@given(raw_messages())
def test_nothing_raises_and_all_is_sanitised(raw: bytes) -> None:
    for prefer in ("", PLAIN, HTML):
        for line in shown(raw, prefer).lines:
            assert safe_line(line.text) == line.text


def test_every_letter_of_the_corpora_is_shown() -> None:
    empty = 0
    for name, raw in corpus_messages():
        found = shown(raw)
        assert found.lines, name
        empty += not any(line.text for line in found.lines)
        for line in found.lines:
            assert safe_line(line.text) == line.text
            assert isinstance(line.mark, Mark)
    assert empty < 90
