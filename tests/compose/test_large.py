"""Large files go into a letter and come out of it in pieces, byte for byte."""

from __future__ import annotations

import base64
import os
import quopri
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.compose import abridge
from tuimail.compose.abridge import AbridgedText
from tuimail.compose.attachment import AttachedFile, attach, check
from tuimail.compose.build import build
from tuimail.compose.content_type import looks_like_mail
from tuimail.compose.draft import Attachment, Draft
from tuimail.compose.revise import draft_from_letter
from tuimail.compose.transfer import Base64, as_embedded_mail, is_utf8
from tuimail.config.model import Identity
from tuimail.errors import AttachmentError
from tuimail.mail.content import InMemory, whole
from tuimail.mail.transfer_decoding import from_base64, from_quoted_printable

ADA = Identity("ada@example.org", "Ada")
LENGTHS = st.integers(1, 200)


def cut(data: bytes, length: int) -> list[bytes]:
    return [data[start : start + length] for start in range(0, len(data), length)]


@given(st.binary(max_size=500), LENGTHS)
def test_base64_is_that_of_the_standard_library_however_it_is_read(data: bytes, length: int) -> None:
    encoded = Base64(InMemory(data))
    expected = base64.encodebytes(data).replace(b"\n", b"\r\n")
    assert b"".join(encoded.chunks(length)) == expected
    assert encoded.size == len(expected)
    assert b"".join(from_base64(cut(expected, length))) == data


@given(st.binary(max_size=300), LENGTHS)
def test_quoted_printable_is_decoded_however_it_is_cut(data: bytes, length: int) -> None:
    encoded = quopri.encodestring(data)
    assert b"".join(from_quoted_printable(cut(encoded, length))) == quopri.decodestring(encoded)


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"From: x", b"y" * 998])).map(b"".join), LENGTHS)
def test_line_ends_and_mails_are_known_however_they_are_cut(data: bytes, length: int) -> None:
    canonical = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    mail = as_embedded_mail(InMemory(data))
    assert (mail is not None) == (
        looks_like_mail(canonical) and all(len(each) <= 998 for each in canonical.split(b"\r\n"))
    )
    if mail is not None:
        assert (whole(mail), mail.size) == (canonical, len(canonical))


def test_utf8_is_known_across_pieces() -> None:
    assert is_utf8(InMemory("é".encode() * 70_000))
    assert is_utf8(InMemory(b"x" + "é".encode() * 70_000))
    assert not is_utf8(InMemory("é".encode() * 70_000 + b"\xc3"))


PARTS = [b"--b\r\n", b"--b--\r\n", b"Subject: x\r\n", b"\r\n", b"\n", b"x" * 40, b"line\r\n", b"line\n", b"-", b"\r"]


@given(st.lists(st.sampled_from(PARTS), max_size=60).map(b"".join))
def test_an_outline_gives_back_what_was_left_out(letter: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(abridge, "LONG", 20)
        made = AbridgedText(InMemory(letter))
    assert b"".join(made.restored(made.text)) == letter
    assert b"".join(made.restored(made.text)) == letter


def test_large_files_come_out_of_a_letter_as_they_went_in(tmp_path: Path) -> None:
    mail = b"From: a@b\r\nSubject: mail\r\n\r\n" + b"a line\r\n\r\n-- \r\nsignature\r\n\r\n" * 9000
    files = {
        Attachment("/1", "a.bin", "application/octet-stream", 300_001): os.urandom(300_001),
        Attachment("/2", "m.eml", "message/rfc822", len(mail)): mail,
        Attachment("/3", "b.txt", "text/plain", 0): b"",
        Attachment("/4", "c.txt", "text/plain", 200_000): b"--b\n\n" * 40_000,
    }
    draft = Draft(to="b@c", body="See them.\n" * 10_000, attachments=tuple(files))
    letter = build(draft, ADA, "work", now=0.0, read=lambda each: InMemory(files[each]))
    made = AbridgedText(letter.content)
    assert len(made.text) < letter.size / 3
    again = draft_from_letter(letter.content, (), tmp_path, account="work", identity="", draft_id="d")
    assert [Path(each.path).read_bytes() for each in again.attachments] == list(files.values())
    assert again.body == draft.body.rstrip("\n")


def test_a_long_body_of_any_encoding_comes_back(tmp_path: Path) -> None:
    data = "zwölf Boxkämpfer = \n".encode() * 8000
    for number, (encoding, body) in enumerate(
        [
            ("quoted-printable", quopri.encodestring(data)),
            ("base64", base64.encodebytes(data)),
            ("8bit", data),
            ("x-unknown", data),
        ]
    ):
        letter = b"Content-Type: image/x; name=a\nContent-Transfer-Encoding: %s\n\n%s" % (encoding.encode(), body)
        folder = tmp_path / str(number)
        folder.mkdir()
        draft = draft_from_letter(InMemory(letter), (), folder, account="", identity="", draft_id="d")
        assert Path(draft.attachments[0].path).read_bytes() == data, encoding


def test_a_rewritten_file_of_the_same_size_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one")
    attached = attach(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(0, attached.modified_ns + 1))
    for use in (check, lambda each: whole(AttachedFile(each))):
        with pytest.raises(AttachmentError, match="has changed since"):
            use(attached)


def test_a_file_that_is_replaced_between_two_passes_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one")
    file = AttachedFile(Attachment(str(path), "a.txt", "text/plain", 3))
    assert whole(file) == b"one"
    (tmp_path / "b").write_bytes(b"two")
    (tmp_path / "b").replace(path)
    with pytest.raises(AttachmentError, match="has changed since"):
        whole(file)


def test_a_quoted_printable_line_without_an_end_is_not_waited_for() -> None:
    encoded = b"=C3=A4b" * 40_000
    pieces = list(from_quoted_printable(cut(encoded, 65536)))
    assert b"".join(pieces) == "äb".encode() * 40_000
    assert max(map(len, pieces)) < 65536
