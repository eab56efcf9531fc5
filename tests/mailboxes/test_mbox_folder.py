"""Messages in mbox files by a name that is theirs."""

from __future__ import annotations

import tracemalloc
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tuimail.errors import StorageError
from tuimail.mailboxes import mbox_folder
from tuimail.mailboxes.maildir_folder import MessageGoneError
from tuimail.mailboxes.mbox import messages, open_mbox, raw_content
from tuimail.mailboxes.mbox_folder import (
    MboxNames,
    digest_of,
    find_mboxes,
    find_message,
    mbox_places,
    message_at,
    open_mbox_message,
)

if TYPE_CHECKING:
    from pathlib import Path

FROM = b"From ada@example.org Thu Jan  1 00:00:00 2026\n"
TEXT = b"Subject: a\n\nText\n\nmore\n"


def digests(path: Path, content: bytes) -> list[str]:
    path.write_bytes(content)
    with open_mbox(path) as file:
        return [digest_of(file, each) for each in messages(file)]


@pytest.mark.parametrize(
    "other",
    [
        b"Status: RO\n" + TEXT,
        b"Subject: a\nX-Status: F\nX-Keywords: a\n b\n\tc\nLines: 3\n\nText\n\nmore\n",
        b"Subject: a\nContent-Length: 11\n\nText\n\nmore\n",
        b"Subject: a\r\nstatus: O\r\n\r\nText\r\n\r\nmore\r\n",
        TEXT + b"\n\n",
    ],
)
def test_the_same_message_in_another_state_has_the_same_digest(tmp_path: Path, other: bytes) -> None:
    first, second = digests(tmp_path / "m", FROM + TEXT + b"\n" + FROM + other)
    assert first == second


@pytest.mark.parametrize(
    "other",
    [
        TEXT.replace(b"Text", b"Next"),
        TEXT.replace(b"\n\nmore", b"\n\n\nmore"),
        TEXT.replace(b"\n\n", b"\nX-Statuses: a\n\n", 1),
        TEXT.replace(b"more", b"Status: RO\nmore"),
        b"\n" + TEXT,
        b"",
    ],
)
def test_another_message_has_another_digest(tmp_path: Path, other: bytes) -> None:
    first, second = digests(tmp_path / "m", FROM + TEXT + b"\n" + FROM + other)
    assert first != second


def test_the_digest_does_not_depend_on_how_the_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = FROM + b"Status: RO\n" + b"A: b\n" * 9 + b"\n\n\nText\n\n\nmore\n\n" + FROM + TEXT
    usual = digests(tmp_path / "m", content)
    for length in (1, 2, 3, 7):
        monkeypatch.setattr(mbox_folder, "raw_content", partial(raw_content, length=length))
        assert digests(tmp_path / "m", content) == usual


def test_names_of_messages_that_are_the_same() -> None:
    names = MboxNames(["a", "b", "a.2"])
    assert [names.name(each) for each in "abcab"] == ["a.3", "b.2", "c", "a.4", "b.3"]


def test_a_message_is_found_where_it_was_and_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "m"
    one, two = FROM + TEXT + b"\n", FROM + TEXT.replace(b"Text", b"Next") + b"\n"
    name, other = digests(path, one + two)
    with open_mbox(path) as file:
        assert find_message(file, other, near=len(one)).start == len(one)
        for near in (None, 0, 3, len(one) + 5, 10**9):
            assert find_message(file, other, near=near).start == len(one)
        assert message_at(file, 5) is None
        for missing in ("0" * 32, f"{other}.2", "", "INBOX", f"{other}.0"):
            with pytest.raises(MessageGoneError):
                find_message(file, missing, near=0)
        with pytest.raises(MessageGoneError):
            find_message(file, other, stopped=lambda: True)
    path.write_bytes(two + one + one)
    assert open_mbox_message(path, name).read() == TEXT
    assert open_mbox_message(path, f"{name}.2", near=0).read() == TEXT


def test_a_message_that_changes_while_it_is_opened_is_not_given_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m"
    (name,) = digests(path, FROM + TEXT)
    read = mbox_folder.read_message

    def changed(*given: object) -> bytes:
        path.write_bytes(FROM + TEXT.replace(b"Text", b"Next"))
        return read(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(mbox_folder, "read_message", changed)
    with pytest.raises(MessageGoneError):
        open_mbox_message(path, name)


def test_a_large_message_is_given_out_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mbox_folder, "IN_MEMORY", 1 << 20)
    line = b">From x" + b"x" * 1000 + b"\n"
    path = tmp_path / "m"
    with path.open("wb") as file:
        file.write(FROM + b"Subject: a\n\n")
        for _ in range(16):
            file.write(line * 1000)
    with open_mbox(path) as opened:
        (message,) = messages(opened)
        name = digest_of(opened, message)
    tracemalloc.start()
    try:
        with open_mbox_message(path, name, near=0) as given:
            assert given.read(18) == b"Subject: a\n\nFrom x"
            size = 18
            while piece := given.read(1 << 16):
                size += len(piece)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 12 + 16_000 * (len(line) - 1)
    assert peak < 4 << 20


def test_what_is_watched(tmp_path: Path) -> None:
    (tmp_path / "box" / "a" / "b").mkdir(parents=True)
    (tmp_path / "box" / "a" / "b" / "c").touch()
    places = [each.path for each in mbox_places(tmp_path / "box")]
    assert places == [tmp_path / "box", tmp_path / "box" / "a" / "b"]
    assert [each.path for each in mbox_places(tmp_path / "box" / "a" / "b" / "c")] == [
        tmp_path / "box" / "a" / "b" / "c"
    ]


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        find_mboxes(tmp_path / "none")
    with pytest.raises(StorageError):
        open_mbox_message(tmp_path / "none", "0" * 32)
