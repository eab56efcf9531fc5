"""Messages passed on with their files, and such that a new letter begins with."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from tests.compose.answering import ADA, CONFIG, NOW, REF, frozen, mail, original
from tests.mail.raw_messages import corpus_messages
from tuimail.compose.attachment import AttachedFile
from tuimail.compose.forward import edit_as_new, forward
from tuimail.mail.answered_message import AnsweredMessage, AnswerKind
from tuimail.mail.content import whole
from tuimail.mail.mime_tree import leaves, read_tree
from tuimail.mail.part_text import part_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.compose.draft import Draft

MIXED = b"""From: Kim <kim@x.example>
To: Ada <ada@work.example>, bob@x.example
Cc: eve@x.example
Date: Mon, 23 Nov 2026 14:02:00 +0100
Subject: Re: =?utf-8?q?M=C3=BChle?=
Message-ID: <3@x.example>
References: <1@x.example>
X-Spam: 9
Reply-To: desk@x.example
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: multipart/alternative; boundary=c

--c

Dear Ada,
here it is.
--\x20
Kim
--c
Content-Type: text/html

<p>Dear Ada, here it is.</p>
--c--
--b
Content-Type: image/png; name="../mill.png"
Content-Transfer-Encoding: base64
Content-Description: The mill

iVBORw0K
--b
Content-Type: message/rfc822

Subject: Older

old
--b--
"""


def files(draft: Draft) -> dict[str, bytes]:
    return {each.name: whole(AttachedFile(each)) for each in draft.attachments}


def test_forwarded_within_the_text_with_its_files(tmp_path: Path) -> None:
    draft = forward(original(MIXED), CONFIG, tmp_path, attached=False, draft_id="d", now=NOW)
    assert draft.body == (
        "\n\n---------- Forwarded message ----------\n"
        "Date: Mon, 23 Nov 2026 14:02:00 +0100\n"
        "From: Kim <kim@x.example>\n"
        "To: Ada <ada@work.example>, bob@x.example\n"
        "Cc: eve@x.example\n"
        "Subject: Re: Mühle\n"
        "\n"
        "Dear Ada,\nhere it is.\n-- \nKim\n"
        "\n\n-- \nAda\nAnalyst"
    )
    assert (draft.subject, draft.to, draft.cc, draft.in_reply_to) == ("Fwd: Re: Mühle", "", "", "")
    assert files(draft) == {"mill.png": b"\x89PNG\r\n", "Older.eml": b"Subject: Older\n\nold"}
    assert [(each.content_type, each.description) for each in draft.attachments] == [
        ("image/png", "The mill"),
        ("message/rfc822", ""),
    ]
    assert draft.answers == AnsweredMessage(REF, AnswerKind.FORWARDED)
    assert {each.content_type for each in leaves(read_tree(frozen(draft)))} >= {"image/png", "message/rfc822"}


@pytest.mark.parametrize(
    "raw", [MIXED, MIXED.replace(b"\n", b"\r\n"), b"\xff\0 no mail at all", b"Subject: a/../b\n\n"]
)
def test_forwarded_as_an_attachment_byte_for_byte(tmp_path: Path, raw: bytes) -> None:
    draft = forward(original(raw), CONFIG, tmp_path, attached=True, draft_id="d", now=NOW)
    (attached,) = draft.attachments
    assert attached.content_type == "message/rfc822"
    assert "/" not in attached.name
    assert attached.name.endswith(".eml")
    assert whole(AttachedFile(attached)) == raw
    assert draft.body == "\n\n-- \nAda\nAnalyst"
    inner = list(leaves(read_tree(frozen(draft))))[1]
    sent = b"".join(part_bytes(inner))
    as_mail = inner.content_type == "message/rfc822"
    assert sent.replace(b"\r\n", b"\n").rstrip(b"\n") == raw.replace(b"\r\n", b"\n").rstrip(b"\n")
    assert sent == raw or as_mail, "only a mail within a letter gets the letter's line ends"


@pytest.mark.parametrize(
    ("subject", "forwarded"),
    [
        ("Mill", "Fwd: Mill"),
        ("Fwd: Mill", "Fwd: Mill"),
        ("FW: Wg: TR : Mill", "Fwd: Mill"),
        ("转发：Mill", "Fwd: Mill"),
        ("Mill (fwd) (fwd)", "Fwd: Mill"),
        ("Fwd: Re: Fwd: Mill", "Fwd: Re: Fwd: Mill"),
        ("Forward: Mill", "Fwd: Forward: Mill"),
        ("", "Fwd:"),
        ("a\x1bb", "Fwd: a^[b"),
    ],
)
def test_its_subject(tmp_path: Path, subject: str, forwarded: str) -> None:
    draft = forward(mail(Subject=subject), CONFIG, tmp_path, attached=False, draft_id="d", now=NOW)
    assert draft.subject == forwarded


def test_a_stranger_s_message_as_a_new_letter(tmp_path: Path) -> None:
    draft = edit_as_new(original(MIXED), CONFIG, tmp_path, draft_id="d", now=NOW)
    assert (draft.to, draft.cc) == ("Ada <ada@work.example>, bob@x.example", "eve@x.example")
    assert draft.subject == "Re: Mühle"
    assert draft.body == "Dear Ada,\nhere it is.\n-- \nKim"
    assert list(files(draft)) == ["mill.png", "Older.eml"], "the other form of the text is no file"
    assert (draft.headers, draft.reply_to, draft.in_reply_to, draft.references, draft.answers) == ((), "", "", (), None)
    letter = frozen(draft)
    assert b"Message-ID: <3@x.example>" not in letter
    assert b"X-Spam" not in letter


def test_one_s_own_message_as_a_new_letter(tmp_path: Path) -> None:
    own = {"From": ADA.address, "To": "bob@x.example", "Bcc": "Eve <eve@x.example>", "Reply_To": "desk@x.example"}
    message = mail("Hello\tBob\n", **own, In_Reply_To="<1@x.example>", References="<1@x.example>")
    draft = edit_as_new(message, CONFIG, tmp_path, draft_id="d", now=NOW)
    assert (draft.to, draft.bcc, draft.reply_to) == ("bob@x.example", "Eve <eve@x.example>", "desk@x.example")
    assert (draft.in_reply_to, draft.references) == ("<1@x.example>", ("<1@x.example>",))
    assert (draft.body, draft.verbatim, draft.identity) == ("Hello\tBob", True, ADA.address)
    strangers = edit_as_new(mail(Bcc="eve@x.example"), CONFIG, tmp_path, draft_id="d", now=NOW)
    assert strangers.bcc == ""


def test_what_is_html_alone_becomes_its_text(tmp_path: Path) -> None:
    message = mail("<p>Hello <i>Ada</i></p>", Content_Type="text/html")
    draft = edit_as_new(message, CONFIG, tmp_path, draft_id="d", now=NOW)
    assert (draft.body, draft.attachments, draft.subject) == ("Hello Ada", (), "Mill")


def test_who_resent_it_does_not_matter(tmp_path: Path) -> None:
    message = original(b"Resent-Date: x\nResent-To: eve@x.example\nTo: bob@x.example\nSubject: Mill\n\nHello\n")
    draft = edit_as_new(message, CONFIG, tmp_path, draft_id="d", now=NOW)
    assert (draft.to, draft.body, draft.attachments) == ("bob@x.example", "Hello", ())


def test_every_message_of_the_corpora_can_be_forwarded_and_begun_with(tmp_path: Path) -> None:
    for number, (name, raw) in enumerate(corpus_messages()):
        for attached in (False, True):
            folder = tmp_path / f"{number}{attached}"
            folder.mkdir()
            with mock.patch("os.fsync"):
                draft = forward(original(raw), CONFIG, folder, attached=attached, draft_id="d", now=NOW)
            assert draft.subject.startswith("Fwd:"), name
            assert frozen(draft), name
            shutil.rmtree(folder)
        folder = tmp_path / f"{number}new"
        folder.mkdir()
        with mock.patch("os.fsync"):
            assert frozen(edit_as_new(original(raw), CONFIG, folder, draft_id="d", now=NOW)), name
        shutil.rmtree(folder)
