"""Only files that can be read to their end go along, and exactly as they were when attached."""

from __future__ import annotations

import os
import socket
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.compose.attachment import MAX_SIZE, AttachedFile, attach, check
from tuimail.compose.build import build
from tuimail.compose.content_type import content_type_of
from tuimail.compose.draft import Draft
from tuimail.compose.file_name import clean_name, own_name, stored_name
from tuimail.compose.revise import draft_from_letter
from tuimail.config.model import Identity
from tuimail.errors import AttachmentError
from tuimail.mail.content import whole
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from tuimail.compose.draft import Attachment


def read(attachment: Attachment) -> bytes:
    return whole(AttachedFile(attachment))


def test_a_file_is_attached_and_read(tmp_path: Path) -> None:
    path = tmp_path / "budget.ods"
    path.write_bytes(b"PK\x03\x04 data")
    attachment = attach(path)
    assert attachment.path == str(path)
    assert attachment.name == "budget.ods"
    assert attachment.content_type == "application/vnd.oasis.opendocument.spreadsheet"
    assert attachment.size == 9
    check(attachment)
    assert read(attachment) == b"PK\x03\x04 data"


def test_tilde_links_and_empty_files_are_fine(tmp_path: Path) -> None:
    home = Path(os.environ["HOME"])
    (home / "empty.txt").touch()
    assert read(attach("~/empty.txt")) == b""
    (tmp_path / "link.txt").symlink_to(home / "empty.txt")
    assert attach(tmp_path / "link.txt").name == "link.txt"


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "secret").touch(mode=0o000)
    table: list[tuple[str | Path, str]] = [
        (tmp_path, "is a folder"),
        (tmp_path / "pipe", "is a pipe"),
        ("/dev/null", "is a device"),
        (tmp_path / "missing", "no such file"),
        (tmp_path / "missing" / "x", "no such file"),
        (tmp_path / "loop", "circle"),
        (tmp_path / ("x" * 300), "name is too long"),
        ("a\0b", "is no file name"),
        ("/proc/self/status", "made up by the system"),
    ]
    if os.geteuid():
        table.append((tmp_path / "secret", "may not be read"))
    for path, words in table:
        with pytest.raises(AttachmentError, match=words) as caught:
            attach(path)
        assert caught.value.hint
        assert caught.value.path


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind("s")
        with pytest.raises(AttachmentError, match="is a socket"):
            attach("s")


def test_a_file_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(MAX_SIZE + 1)
    with pytest.raises(AttachmentError, match="larger than 2 GB"):
        attach(tmp_path / "huge")


@pytest.mark.parametrize("now", [b"", b"shorter", b"it grew since then"])
def test_a_change_is_noticed(tmp_path: Path, now: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"as it was")
    attachment = attach(path)
    path.write_bytes(now)
    for use in (check, read):
        with pytest.raises(AttachmentError, match="has changed since"):
            use(attachment)


def test_a_file_that_vanished_or_became_a_pipe_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x")
    attachment = attach(path)
    path.unlink()
    with pytest.raises(AttachmentError, match="no such file"):
        read(attachment)
    os.mkfifo(path)
    with pytest.raises(AttachmentError, match="is a pipe"):
        read(attachment)


@pytest.mark.parametrize(
    ("name", "head", "content_type"),
    [
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("lies.txt", b"%PDF-1.7", "application/pdf"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("A.JPG", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.txt", b"text", "text/plain"),
        ("README", b"text", "text/plain"),
        ("README", "é".encode() * 10 + b"\xc3", "text/plain"),
        ("core", b"\x00\x01", "application/octet-stream"),
        ("none", b"", "application/octet-stream"),
        ("a.tar.gz", b"\x1f\x8b", "application/gzip"),
        ("letter.eml", b"Received: x\r\n", "message/rfc822"),
        ("1700.M1P2.host:2,S", b"Return-Path: <a@b>\nFrom: a\n", "message/rfc822"),
        ("notes", b"Note: this\n", "text/plain"),
        ("a.docx", b"PK", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.html", b"<p>", "text/html"),
    ],
)
def test_content_types_do_not_depend_on_the_machine(name: str, head: bytes, content_type: str) -> None:
    assert content_type_of(name, head) == content_type


ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("raw", "sent", "stored"),
    [
        ("report.pdf", "report.pdf", "report.pdf"),
        ("../../.ssh/authorized_keys", "authorized_keys", "authorized_keys"),
        ("C:\\Temp\\a:b.txt", "a:b.txt", "a_b.txt"),
        ("/abs/x", "x", "x"),
        ("..", "attachment", "attachment"),
        ("", "attachment", "attachment"),
        (".bashrc", ".bashrc", "bashrc"),
        ("-rf", "-rf", "rf"),
        ("evil\u202egpj.exe", "evilgpj.exe", "evilgpj.exe"),
        ("a\r\nb\0c\x1b.txt", "a__b_c_.txt", "a__b_c_.txt"),
        ("CON.txt", "CON.txt", "_CON.txt"),
        ("dots. . .", "dots. . .", "dots"),
        ("a\\b.txt", "a\\b.txt", "b.txt"),
        ("\\\\server\\share\\b.txt", "b.txt", "b.txt"),
        (" \u3000. ", "attachment", "attachment"),
        # Persian, Marathi and Sinhala need joiners; so do emoji, and the flag of England its tags.
        ("نامه\u200cها.txt", "نامه\u200cها.txt", "نامه\u200cها.txt"),
        ("र्\u200dय.txt", "र्\u200dय.txt", "र्\u200dय.txt"),
        ("ශ්\u200dරී.txt", "ශ්\u200dරී.txt", "ශ්\u200dරී.txt"),
        ("👩🏽\u200d🚀.png", "👩🏽\u200d🚀.png", "👩🏽\u200d🚀.png"),
        (ENGLAND + ".png", ENGLAND + ".png", ENGLAND + ".png"),
        ("\u0600\u0661.txt", "\u0600\u0661.txt", "\u0600\u0661.txt"),
        # Anywhere else they only hide.
        ("a\u200db\u200c.t\u200bx\u00adt\ufeff", "ab.txt", "ab.txt"),
        ("\u200d\u200c", "attachment", "attachment"),
        ("x\U000e0067\U000e007f.png", "x.png", "x.png"),
        ("א\u200f1\u2067.txt", "א1.txt", "א1.txt"),
        ("übel 你好.txt", "übel 你好.txt", "übel 你好.txt"),
        ("\ud800x", "_x", "_x"),
    ],
)
def test_names_are_cleaned(raw: str, sent: str, stored: str) -> None:
    assert clean_name(raw) == sent
    assert stored_name(raw) == stored


@given(st.one_of(st.text(st.characters()), st.text(st.sampled_from("./\\ \0-~éa你")), st.text(min_size=250)))
def test_any_name_is_safe_on_the_wire_and_on_disk(raw: str) -> None:
    sent, stored = clean_name(raw), stored_name(raw)
    for name in (sent, stored):
        assert name
        assert "/" not in name
        assert name not in {".", ".."}
        assert len(name.encode()) <= 255
        assert clean_name(name) == name
        assert "^" not in safe_line(name) or "^" in name
    assert len(stored.encode()) <= 200
    assert "\\" not in stored
    assert stored == stored.strip()
    assert stored[0] not in ".-~"


@pytest.mark.parametrize(
    ("on_disk", "told"),
    [
        (b"a\\b: c?.txt", "a\\b: c?.txt"),
        (b"caf\xe9.txt", "café.txt"),
        (b"a\nb.txt", "a_b.txt"),
        (b" blanks . ", " blanks . "),
        ("é".encode() * 120 + b".ending", "é" * 120 + ".ending"),
        (ENGLAND.encode(), ENGLAND),
        ("evil\u202egpj.exe".encode(), "evilgpj.exe"),
    ],
)
def test_our_own_file_is_called_what_it_is_called_here(tmp_path: Path, on_disk: bytes, told: str) -> None:
    path = tmp_path / os.fsdecode(on_disk)
    path.write_bytes(b"x")
    found = attach(path)
    assert found.name == own_name(str(path)) == told
    letter = build(Draft(to="a@b.example", attachments=(found,)), Identity("a@b.example"), "work", now=0.0)
    (again,) = draft_from_letter(letter.content, (), tmp_path, account="", identity="", draft_id="d").attachments
    assert again.name == told
    assert whole(AttachedFile(again)) == b"x"


def test_blanks_of_any_kind_are_taken_off_a_stored_name() -> None:
    blanks = "".join(char for char in map(chr, range(0x110000)) if unicodedata.category(char) == "Zs")
    assert stored_name(f"x.{blanks}.") == stored_name(f"{blanks}x") == "x"
