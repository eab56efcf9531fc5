"""The old file or the new one, never half of either, and words for what the disk refuses."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

import pytest

from tuimail.durable import fsync_folder, remove_stale, write_durably
from tuimail.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_bytes_and_chunks_are_written_privately(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        write_durably(tmp_path / "a", b"whole")
        write_durably(tmp_path / "b", (piece for piece in (b"in ", b"pieces")))
    finally:
        os.umask(old)
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert (tmp_path / "b").read_bytes() == b"in pieces"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert names(tmp_path) == ["a", "b"]


def test_file_folder_and_rename_come_in_the_order_that_survives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(descriptor: int) -> None:
        steps.append("fsync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "fsync file")
        fsync(descriptor)

    def noted_replace(source: Path, target: Path) -> None:
        steps.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_durably(tmp_path / "a", b"x")
    assert steps == ["fsync file", "rename", "fsync folder"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "The disk is full: "),
        (errno.EDQUOT, "Your disk quota is used up: "),
        (errno.EROFS, "The disk is read-only: "),
        (errno.EACCES, "Permission denied: "),
        (errno.EMFILE, "Too many open files: "),
    ],
)
def test_a_refusal_keeps_the_old_file_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    write_durably(tmp_path / "a", b"old")

    def refuse(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match=f"^{words}") as caught:
        write_durably(tmp_path / "a", b"new")
    assert caught.value.hint
    assert (tmp_path / "a").read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_a_source_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def source() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError):
        write_durably(tmp_path / "a", source())
    assert names(tmp_path) == []


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="The folder is gone"):
        write_durably(tmp_path / "none" / "a", b"x")
    with pytest.raises(StorageError, match="The folder is gone"):
        fsync_folder(tmp_path / "none")


def test_a_folder_without_fsync_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.EINVAL, "no")

    monkeypatch.setattr(os, "fsync", refuse)
    fsync_folder(tmp_path)


def test_only_old_temporaries_are_tidied_away(tmp_path: Path) -> None:
    for name in (".a.1.tmp", ".b.2.tmp", "letter.tmp", "keep"):
        (tmp_path / name).write_bytes(b"x")
    os.utime(tmp_path / ".a.1.tmp", (1.0, 1.0))
    os.utime(tmp_path / "keep", (1.0, 1.0))
    remove_stale(tmp_path)
    assert names(tmp_path) == [".b.2.tmp", "keep", "letter.tmp"]
    remove_stale(tmp_path / "none")
