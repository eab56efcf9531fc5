"""Letters in a Maildir: complete or not there, found again, as other programs expect them."""

from __future__ import annotations

import errno
import mailbox
import os
import socket
import stat
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.errors import StorageError
from tuimail.mailboxes import maildir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LETTER = b"From: ada@example.org\r\nMessage-ID: <one@example.org>\r\nSubject: x\r\n\r\nhello\r\n"


def test_a_delivered_letter_is_read_by_other_programs(tmp_path: Path) -> None:
    path = maildir.deliver(tmp_path / "Sent", [LETTER], date=1_000_000_000.0)
    box = mailbox.Maildir(tmp_path / "Sent", create=False)
    (message,) = box
    assert message.get_flags() == "S"
    assert message.get_subdir() == "cur"
    assert message["Subject"] == "x"
    assert path.stat().st_mtime == 1_000_000_000
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "Sent").stat().st_mode) == 0o700


def test_names_do_not_tell_the_machine(tmp_path: Path) -> None:
    names = {maildir.deliver(tmp_path / "Sent", [LETTER]).name for _ in range(20)}
    assert len(names) == 20
    assert not any(socket.gethostname() in name for name in names)


@given(lines=st.lists(st.binary(max_size=20)), cuts=st.lists(st.integers(1, 9)))
def test_line_ends_survive_wherever_the_pieces_are_cut(
    lines: list[bytes], cuts: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    letter = b"".join(line.replace(b"\r", b"").replace(b"\n", b"") + b"\r\n" for line in lines)

    def pieces() -> Iterator[bytes]:
        rest = letter
        for cut in cuts:
            yield rest[:cut]
            rest = rest[cut:]
        yield rest

    path = maildir.deliver(tmp_path_factory.mktemp("box"), pieces())
    assert path.read_bytes() == letter.replace(b"\r\n", b"\n")
    assert b"".join(maildir.pieces(path, len(cuts) + 1)) == letter


def test_a_copy_of_another_program_is_read_with_one_kind_of_line_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one\ntwo\r\n\r\nthree\r")
    for length in range(1, 9):
        assert b"".join(maildir.pieces(tmp_path / "a", length)) == b"one\r\ntwo\r\n\r\nthree\r"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", ["fsync", "utime", "rename"])
def test_a_refusing_disk_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, call: str
) -> None:
    maildir.deliver(tmp_path, [])

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.rename" if call == "rename" else f"os.{call}", refuse)
        with pytest.raises(StorageError):
            maildir.deliver(tmp_path, [LETTER], date=1.0)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert len(list((tmp_path / "cur").iterdir())) == 1


def test_content_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield LETTER
        raise OSError(errno.EIO, "input/output error")

    with pytest.raises(StorageError):
        maildir.deliver(tmp_path, broken())
    assert [path for part in ("tmp", "new", "cur") for path in (tmp_path / part).iterdir()] == []


@pytest.mark.parametrize(
    "header",
    [b"Message-ID: <one@example.org>", b"message-id:<one@example.org>", b"Message-Id:\r\n <one@example.org>"],
)
def test_a_letter_is_found_by_its_message_id(tmp_path: Path, header: bytes) -> None:
    path = maildir.deliver(tmp_path, [b"Subject: y\r\n", header, b"\r\nTo: b@example.org\r\n\r\nbody\r\n"])
    assert maildir.find(tmp_path, "<one@example.org>", since=time.time() - 60) == path
    assert maildir.find(tmp_path, "<two@example.org>", since=time.time() - 60) is None
    assert maildir.find(tmp_path, "<one@example.org>", since=time.time() + 60) is None


def test_a_message_id_in_the_body_is_not_the_letters(tmp_path: Path) -> None:
    maildir.deliver(tmp_path, [b"Subject: y\r\n\r\nMessage-ID: <one@example.org>\r\n"])
    assert maildir.find(tmp_path, "<one@example.org>", since=0) is None


def test_a_missing_folder_a_fifo_and_a_link_hold_nothing(tmp_path: Path) -> None:
    assert maildir.find(tmp_path / "none", "<one@example.org>", since=0) is None
    maildir.deliver(tmp_path, [])
    os.mkfifo(tmp_path / "cur" / "fifo")
    (tmp_path / "secret").write_bytes(LETTER)
    (tmp_path / "cur" / "link").symlink_to(tmp_path / "secret")
    assert maildir.find(tmp_path, "<one@example.org>", since=0) is None


def test_a_dead_writers_file_is_tidied_away_and_a_live_ones_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maildir.deliver(tmp_path, [])
    left = tmp_path / "tmp" / "left"
    left.touch()
    maildir.deliver(tmp_path, [])
    assert left.exists()
    monkeypatch.setattr(maildir, "STALE_AFTER", -60.0)
    maildir.deliver(tmp_path, [])
    assert not left.exists()


@pytest.mark.parametrize(
    ("existing", "sent"),
    [([], "Sent"), (["cur"], ".Sent"), (["cur", ".Sent/cur"], ".Sent"), (["Sent Items/cur"], "Sent Items")],
)
def test_the_sent_folder_is_the_one_there_is(tmp_path: Path, existing: list[str], sent: str) -> None:
    for name in existing:
        (tmp_path / name).mkdir(parents=True)
    assert maildir.sent_folder(tmp_path) == tmp_path / sent
