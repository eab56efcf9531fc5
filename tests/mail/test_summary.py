"""Rows of a list, made from headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from tests.mail.raw_messages import corpus_messages, raw_messages
from tuimail.mail import summary as module
from tuimail.mail.received_header import read_header
from tuimail.mail.row_recipients import split_recipients
from tuimail.mail.summary import base_subject, summary_of

if TYPE_CHECKING:
    from tuimail.mail.summary import Summary

HEADER = b"""\
Return-Path: <x@y>
Date: Tue, 10 Nov 2009 23:00:00 +0100
From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>
To: A <a@b>,
\tc@d
Cc: "E, F" <e@f>
Subject: Re: [list] =?utf-8?q?=C3=A4?=
 b
Message-ID: <1@example.org>
References: <2@x>
  <3@x>
In-Reply-To: <4@x>
List-Id: The list <List.Example.org>
Content-Type: multipart/mixed; boundary=b

Subject: not this one
"""


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_a_row(line_end: bytes) -> None:
    row = summary_of(HEADER.replace(b"\n", line_end), flags=5, keywords="Work", size=7, arrived=1257890401)
    assert tuple(row) == (
        5,
        "Work",
        7,
        1257890401,
        1257890400,
        "Jürgen",
        "j@example.org",
        "A <a@b>\tc@d\nE, F <e@f>",
        "Re: [list] ä b",
        "ä b",
        "<1@example.org>",
        "<2@x> <3@x> <4@x>",
        "list.example.org",
        True,
        False,
    )
    assert split_recipients(row.recipients) == (["A <a@b>", "c@d"], ["E, F <e@f>"])


def of(header: bytes, arrived: int = 0) -> Summary:
    return summary_of(header, arrived=arrived)


def test_an_empty_header() -> None:
    assert of(b"") == (0, "", 0, 0, 0, "", "", "", "", "", "", "", "", False, False)
    assert of(b"\nSubject: body") == of(b"")
    assert split_recipients("") == ([], [])
    assert split_recipients(of(b"Cc: a@b").recipients) == ([], ["a@b"])


@pytest.mark.parametrize(
    ("date", "arrived", "shown"),
    [
        (b"Tue, 10 Nov 2009 22:00:00 +0000", 0, 1257890400),
        (b"Tue, 10 Nov 2009 22:00:00 +0000", 2_000_000_000, 1257890400),
        (b"Tue, 10 Nov 2009 22:00:00 +0000", 1257890400 - 3600, 1257890400),
        (b"Tue, 10 Nov 2009 22:00:00 +0000", 1257890400 - 100_000, 1257890400 - 100_000),
        (b"Tue, 10 Nov 2209 22:00:00 +0000", 5, 5),
        (b"rubbish", 5, 5),
        (b"", 5, 5),
    ],
)
def test_dates_that_are_absurd_or_to_come(date: bytes, arrived: int, shown: int) -> None:
    assert of(b"Date: " + date + b"\n\n", arrived).date == shown


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Hello", "hello"),
        ("Re: Hello", "hello"),
        ("RE: AW: Fwd: Hello", "hello"),
        ("Re[2]: Hello", "hello"),
        ("Re : Hello", "hello"),
        ("[list] Re: [list] Hello", "hello"),
        ("Hello (fwd)", "hello"),
        ("回复：Hello", "hello"),
        ("[list]", "[list]"),
        ("Re:", "re:"),
        ("Real: Hello", "real: hello"),
        ("Straße", "strasse"),
        ("", ""),
    ],
)
def test_base_subjects(subject: str, base: str) -> None:
    assert base_subject(subject) == base


@pytest.mark.parametrize(
    ("kind", "attached"),
    [
        (b"", False),
        (b"text/plain; charset=x", False),
        (b"multipart/alternative; boundary=x", False),
        (b"multipart/mixed; boundary=x", True),
        (b"multipart/signed; boundary=x", None),
        (b"multipart/related", None),
        (b"application/pdf", True),
        (b"rubbish", False),
    ],
)
def test_files_are_guessed(kind: bytes, *, attached: bool | None) -> None:
    assert of(b"Content-Type: " + kind + b"\n\n").attached is attached


def test_the_sender_stands_in_for_an_empty_from() -> None:
    assert of(b"From: \nSender: a@b\n\n").from_addr == "a@b"


def test_what_is_answered_stands_last_and_once() -> None:
    ids = " ".join(f"<{n}@x>" for n in range(50))
    refs = of(f"References: {ids}\nIn-Reply-To: <r@x> (your letter <s@x>)\n\n".encode()).refs.split()
    assert len(refs) == module.MOST_REFERENCES
    assert refs[-2:] == ["<49@x>", "<r@x>"]
    assert of(b"References: <a@b>\nIn-Reply-To: <a@b>\n\n").refs == "<a@b>"


def test_a_row_is_bounded() -> None:
    header = b"To: " + b"Some Body <some.body@example.org>, " * 10_000 + b"\nSubject: " + b"x" * 100_000
    header += b"\nFrom: " + b"y" * 100_000 + b"\n\n"
    row = of(header)
    assert set(split_recipients(row.recipients)[0]) == {"Some Body <some.body@example.org>"}
    assert len(repr(row)) < 10_000


@given(raw_messages())
def test_nothing_raises_and_all_can_be_stored(raw: bytes) -> None:
    row = of(raw, 1_000_000_000)
    for text in row:
        if isinstance(text, str):
            text.encode()
            assert "\0" not in text
    assert "\n" not in row.subject + row.from_name + row.from_addr
    assert len(split_recipients(row.recipients)) == 2


def test_the_rows_of_the_corpora_say_what_their_headers_say() -> None:
    """The quick reader finds the same fields as the careful one."""
    for name, raw in corpus_messages():
        header = read_header(raw)
        if header.cut or not raw[: header.body].endswith((b"\n\n", b"\n\r\n")):
            continue  # a line that is no field ends it there
        wanted = ("date", "from", "sender", "subject", "to", "cc", "message-id", "in-reply-to", "references")
        lines = [f"{field}: ".encode() + header.value(field) + b"\n" for field in wanted if field in header]
        careful = summary_of(b"".join(lines))
        quick = summary_of(raw)
        others = {"list_id": "", "attached": None, "report": False}
        assert quick._replace(**others) == careful._replace(**others), name  # type: ignore[arg-type]
