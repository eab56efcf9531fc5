"""A message sent on as it is: four fields before it, not a byte changed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from tests.compose.answering import ADA, NOW
from tests.mail.raw_messages import corpus_messages, raw_messages
from tuimail.compose.resend import resend
from tuimail.errors import AddressError, MessageError
from tuimail.mail.content import whole
from tuimail.mail.received_header import read_header

if TYPE_CHECKING:
    from tuimail.mail.outgoing import OutgoingMessage

LETTER = (
    b"Received: by x\r\nFrom: Kim <kim@x.example>\r\nTo: ada@work.example\r\n"
    b"Subject: =?utf-8?q?M=C3=BChle?=\r\n\r\nHi\r\n"
)
BCC_LINE = b"Bcc: in the text\r\n"
LAST = b"Resent-Message-ID: <new@work.example>\r\n"


def resent(raw: bytes, to: str = "Bob <bob@x.example>, eve@x.example") -> OutgoingMessage:
    return resend(raw, to, ADA, "work", now=NOW, message_id="<new@work.example>")


def added(raw: bytes) -> bytes:
    """What stands before the message."""
    content = whole(resent(raw).content)
    return content[: content.index(LAST) + len(LAST)]


def test_four_fields_before_the_old_header_and_nothing_else() -> None:
    message = resent(LETTER)
    content = whole(message.content)
    assert content.endswith(LETTER)
    assert content.removesuffix(LETTER).decode().splitlines()[1:] == [
        "Resent-From: Ada Lovelace <ada@work.example>",
        "Resent-To: Bob <bob@x.example>, eve@x.example",
        "Resent-Message-ID: <new@work.example>",
    ]
    assert content.startswith(b"Resent-Date: Fri, 15 Jan 2027 ")
    assert [each.name for each in read_header(content).fields][4:] == ["received", "from", "to", "subject"]
    assert (message.envelope.sender, message.envelope.addresses) == (ADA.address, ("bob@x.example", "eve@x.example"))
    assert (message.message_id, message.subject, message.account) == ("<new@work.example>", "Mühle", "work")
    assert (message.envelope.eight_bit, message.envelope.smtputf8) == (False, False)


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        (LETTER.replace(b"\r\n", b"\n"), LETTER),
        (b"From kim Mon Nov 23\n" + LETTER, LETTER),
        (LETTER.removesuffix(b"\r\n"), LETTER),
        (b"Bcc: secret@x.example,\r\n other@x.example\r\n" + LETTER, LETTER),
        (b"A: 1\r\nBCC: s@x.example\r\n" + LETTER + BCC_LINE, b"A: 1\r\n" + LETTER + BCC_LINE),
        (b"only text\n", b"\r\nonly text\r\n"),
        (b"\nonly text\n", b"\r\nonly text\r\n"),
    ],
)  # fmt: skip
def test_what_a_submission_needs_is_changed_and_no_more(raw: bytes, sent: bytes) -> None:
    assert whole(resent(raw).content) == added(raw) + sent


@pytest.mark.parametrize(
    ("raw", "eight_bit", "smtputf8"),
    [
        (b"Subject: x\n\nf\xfcr\n", True, False),
        (b"Subject: f\xfcr\n\nx\n", True, False),
        ("Subject: für\n\nx\n".encode(), True, True),
    ],
)
def test_what_the_server_must_be_able_to_do(raw: bytes, eight_bit: bool, smtputf8: bool) -> None:
    envelope = resent(raw).envelope
    assert (envelope.eight_bit, envelope.smtputf8) == (eight_bit, smtputf8)


@pytest.mark.parametrize(
    ("raw", "to", "kind", "words"),
    [
        (LETTER, "", MessageError, "no recipient"),
        (LETTER, "nobody", AddressError, "."),
        (LETTER + b"x" * 999, "bob@x.example", MessageError, "line 7 is longer than 998 bytes"),
        (LETTER + b"\0", "bob@x.example", MessageError, "NUL"),
    ],
)
def test_what_cannot_be_resent_is_refused(raw: bytes, to: str, kind: type[MessageError], words: str) -> None:
    with pytest.raises(kind, match=words):
        resent(raw, to)


@given(raw_messages())
def test_any_message_is_resent_whole_or_refused(raw: bytes) -> None:
    try:
        content = whole(resent(raw).content)
    except MessageError:
        return
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert content.endswith(b"\r\n")


def test_the_messages_of_the_corpora_are_resent_byte_for_byte() -> None:
    count = 0
    for name, raw in corpus_messages():
        try:
            content = whole(resent(raw).content)
        except MessageError:
            continue
        header = read_header(raw)
        if not header.fields or {each.name for each in header.fields} & {"bcc", "resent-bcc"}:
            continue
        kept = raw[header.fields[0].start :].replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
        assert content.replace(b"\r\n", b"\n").rstrip(b"\n").endswith(kept), name
        count += 1
    assert count > 400
