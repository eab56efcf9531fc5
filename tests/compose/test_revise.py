"""A letter taken out of the outbox is the draft it was."""

from __future__ import annotations

import base64
import json
import os
import stat
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings

from tests.compose.strategies import drafts
from tests.corpora import corpus
from tests.mail.test_flowed import kept
from tuimail.compose import revise
from tuimail.compose.attachment import AttachedFile
from tuimail.compose.build import build
from tuimail.compose.draft import Attachment, Draft
from tuimail.compose.revise import draft_from_letter
from tuimail.config.model import Identity
from tuimail.mail.address import Address, parse_addresses
from tuimail.mail.content import InMemory, whole
from tuimail.mail.domain import ascii_domain, unicode_domain
from tuimail.mail.envelope import EnvelopeRecipient, RecipientField

if TYPE_CHECKING:
    from collections.abc import Sequence

ADA = Identity("ada@example.org", "Ada")


def revised(content: bytes, folder: Path, recipients: Sequence[EnvelopeRecipient] = ()) -> Draft:
    return draft_from_letter(
        InMemory(content), recipients, folder, account="work", identity="ada@example.org", revises="item", draft_id="d1"
    )


def canonical(text: str) -> str:
    return ", ".join(
        str(Address(each.display_name, each.local_part, unicode_domain(ascii_domain(each.domain))))
        for each in parse_addresses(text)
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(drafts())
def test_our_own_letters_come_back_exactly(drawn: tuple[Draft, dict[Attachment, bytes]]) -> None:
    draft, data = drawn
    letter = build(draft, ADA, "work", now=0.0, read=lambda each: InMemory(data[each]))
    with tempfile.TemporaryDirectory() as name, mock.patch("os.fsync"):
        again = revised(whole(letter.content), Path(name), letter.envelope.recipients)
        assert [(each.name, each.description, whole(AttachedFile(each))) for each in again.attachments] == [
            (each.name, each.description, data[each]) for each in draft.attachments
        ]
        for was, each in zip(draft.attachments, again.attachments, strict=True):
            assert was.content_type in (each.content_type, "application/octet-stream")
    hidden = {each.address for each in letter.envelope.recipients if each.field is RecipientField.BCC}
    bcc = [each for each in parse_addresses(draft.bcc) if each.wire_spec() in hidden]
    assert {each.key for each in parse_addresses(again.bcc)} == {each.key for each in bcc}
    assert again == replace(
        draft,
        id="d1",
        account="work",
        identity="ada@example.org",
        revises="item",
        to=canonical(draft.to),
        cc=canonical(draft.cc),
        bcc=again.bcc,
        reply_to=canonical(draft.reply_to),
        subject=again.subject,
        headers=again.headers,
        body=kept(draft.body.rstrip("\n")),
        attachments=again.attachments,
    )
    assert (
        build(again, ADA, "work", now=0.0, message_id=letter.message_id, read=lambda _each: InMemory(b"")).subject
        == again.subject
    )


def test_subject_and_extra_fields_come_back(tmp_path: Path) -> None:
    draft = Draft(to="a@b", subject=" Grüße =?utf-8?q?x?=  ", headers=(("X-Mood", "fröhlich"),))
    again = revised(whole(build(draft, ADA, "work", now=0.0).content), tmp_path)
    assert (again.subject, again.headers) == (draft.subject, draft.headers)


def test_a_second_revision_is_the_same_letter(tmp_path: Path) -> None:
    draft = Draft(to="B <b@x>", bcc="Hid <h@bücher.example>", subject="s", body="b", references=("<1@x>",))
    first = build(draft, ADA, "work", now=0.0, message_id="<2@x>")
    again = revised(whole(first.content), tmp_path, first.envelope.recipients)
    assert again.bcc == "Hid <h@bücher.example>"
    second = build(again, ADA, "work", now=0.0, message_id="<2@x>")
    assert whole(second.content) == whole(first.content)
    assert second.envelope == first.envelope


def test_files_are_unpacked_privately_and_never_over_others(tmp_path: Path) -> None:
    files = {Attachment(f"/{n}", ".profile", "text/plain", 1): bytes([65 + n]) for n in range(2)}
    letter = build(
        Draft(to="a@b", attachments=tuple(files)), ADA, "work", now=0.0, read=lambda each: InMemory(files[each])
    )
    (tmp_path / "profile").write_bytes(b"mine")
    again = revised(whole(letter.content), tmp_path)
    assert (tmp_path / "profile").read_bytes() == b"mine"
    assert [whole(AttachedFile(each)) for each in again.attachments] == [b"A", b"B"]
    assert [each.name for each in again.attachments] == [".profile", ".profile"]
    for each in again.attachments:
        assert Path(each.path).parent == tmp_path
        assert stat.S_IMODE(Path(each.path).stat().st_mode) == 0o600


def test_an_attached_mail_comes_back(tmp_path: Path) -> None:
    mail = b"From: x@y.example\r\nSubject: =?utf-8?q?=C3=BC?= " + b"long " * 30 + b"\r\n\r\nbody\r\n.\r\n"
    attachment = Attachment("/m", "m.eml", "message/rfc822", len(mail))
    letter = build(Draft(to="a@b", attachments=(attachment,)), ADA, "work", now=0.0, read=lambda _each: InMemory(mail))
    (again,) = revised(whole(letter.content), tmp_path).attachments
    assert (again.name, again.content_type) == ("m.eml", "message/rfc822")
    assert whole(AttachedFile(again)) == mail


def test_a_mail_in_a_part_of_a_part_keeps_its_bytes(tmp_path: Path) -> None:
    mail = b"From: x@y.example\r\nTo: a" + b"\r\n a" * 5000 + b"\r\n\r\nbody\r\n"
    within = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
    head = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"
    (again,) = revised(head + within + mail + b"\r\n--b--\r\n\r\n--a--\r\n", tmp_path).attachments
    assert whole(AttachedFile(again)) == mail


def test_an_encoded_mail_is_decoded(tmp_path: Path) -> None:
    mail = b"From: x@y.example\r\n\r\nbody\r\n"
    head = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    (again,) = revised(head + base64.encodebytes(mail), tmp_path).attachments
    assert whole(AttachedFile(again)) == mail


def test_a_boundary_that_begins_another(tmp_path: Path) -> None:
    inner = (
        b"Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\ntext\r\n--bb\r\nContent-Type: a/b\r\n\r\nx\r\n"
    )
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    draft = revised(head + inner + b"--bb--\r\n--b\r\nContent-Type: c/d\r\n\r\ny\r\n--b--\r\n", tmp_path)
    assert draft.body == "text"
    assert [whole(AttachedFile(each)) for each in draft.attachments] == [b"x", b"y"]


def test_a_name_that_looks_encoded_comes_back(tmp_path: Path) -> None:
    attachment = Attachment("/m", "=?utf-8?q?x?=.bin", "application/octet-stream", 1)
    letter = build(Draft(to="a@b", attachments=(attachment,)), ADA, "work", now=0.0, read=lambda _each: InMemory(b"x"))
    (again,) = revised(whole(letter.content), tmp_path).attachments
    assert again.name == attachment.name


def test_hundreds_of_files_come_back_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    files = {Attachment(f"/{n}", f"{n}.bin", "application/octet-stream", 2): b"%d" % n for n in range(700)}
    letter = build(
        Draft(to="a@b", attachments=tuple(files)), ADA, "work", now=0.0, read=lambda each: InMemory(files[each])
    )
    again = revised(whole(letter.content), tmp_path)
    assert [whole(AttachedFile(each)) for each in again.attachments] == list(files.values())


def test_no_byte_is_lost_of_a_letter_with_too_many_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revise, "MAX_PARTS", 3)
    parts = b"".join(b"--b\r\nContent-Type: a/b\r\n\r\n%d\r\n" % n for n in range(5))
    again = revised(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--\r\n", tmp_path)
    first, second, rest = (whole(AttachedFile(each)) for each in again.attachments)
    assert (first, second) == (b"0", b"1")
    assert all(b"\r\n%d\r\n" % n in rest for n in (2, 3, 4))


def test_hundreds_of_mails_in_each_other_come_back_as_one_file(tmp_path: Path) -> None:
    mails = b"Content-Type: message/rfc822\r\n\r\n" * 2000
    again = revised(b"Subject: x\r\n" + mails, tmp_path)
    assert again.subject == "x"
    (file,) = again.attachments
    assert mails[40:] in whole(AttachedFile(file))


@pytest.mark.parametrize(
    ("content", "body", "names"),
    [
        (b"Subject: x\n\nplain\n", "plain", []),
        (b"Content-Type: text/plain; charset=iso-8859-1\n\nf\xfcr\n", "für", []),
        (b"Content-Type: text/plain; charset=nonsense\n\n\xff\n", "ÿ", []),
        (b"Content-Type: text/plain; charset=utf-8\n\n\xff\n", "\ufffd", []),
        (b"Content-Type: text/html\n\n<p>x</p>\n", "", ["part-1.html"]),
        (b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\ntext\n--b\nContent-Type: image/png\n\nx\n--b--\n',
         "text", ["part-1"]),
        (b"Content-Type: multipart/mixed\n\nno boundary\n", "", ["part-1"]),
        (b"Content-Type: multipart/mixed; boundary=b\n\nno delimiter\n", "", ["part-1"]),
        (b"Content-Type: multipart/mixed; boundary=b\n\n", "", []),
        (b"Content-Type: text/plain\n\nbell\x07\n", "bell^G", []),
        (b"", "", []),
    ],
)  # fmt: skip
def test_letters_of_others_come_back_as_well_as_they_can(
    content: bytes, body: str, names: list[str], tmp_path: Path
) -> None:
    draft = revised(content, tmp_path)
    assert draft.body == body
    assert [each.name for each in draft.attachments] == names


def test_what_cannot_be_read_as_addresses_stays_for_the_writer(tmp_path: Path) -> None:
    assert revised(b"To: nobody, a@b\nCc: =?utf-8?q?J=C3=BC?= <j@b>\n\n", tmp_path).to == "nobody, a@b"


def test_no_mail_of_the_corpora_breaks_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tuimail.compose.draft_file import decode, encode

    mails = sorted(each for each in corpus("cpython-test_email").rglob("*.txt") if each.is_file())
    mails += sorted(corpus("ruby-mail").rglob("*.eml"))[:200]
    assert mails
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    for number, mail in enumerate(mails):
        folder = tmp_path / str(number)
        folder.mkdir()
        draft = revised(mail.read_bytes(), folder)
        assert decode(encode(draft)) == draft
        assert json.dumps(draft.subject).isprintable()
