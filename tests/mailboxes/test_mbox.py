"""mbox files of every kind: offsets, content, bounded memory."""

from __future__ import annotations

import io
import mailbox
import os
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.errors import StorageError
from tuimail.mailboxes import mbox
from tuimail.mailboxes.mbox import MboxMessage, messages, open_mbox, pieces

if TYPE_CHECKING:
    from pathlib import Path

FROM = b"From ada@example.org Thu Jan  1 00:00:00 1970\n"


def read(path: Path, content: bytes) -> tuple[list[MboxMessage], list[bytes]]:
    path.write_bytes(content)
    with open_mbox(path) as file:
        found = list(messages(file))
        return found, [b"".join(pieces(file, each, 7)) for each in found]


def test_two_messages(tmp_path: Path) -> None:
    found, contents = read(tmp_path / "m", FROM + b"Subject: a\n\nA\n\n" + FROM + b"Subject: b\n\nB\n")
    assert contents == [b"Subject: a\r\n\r\nA\r\n", b"Subject: b\r\n\r\nB\r\n"]
    assert [(each.start, each.header) for each in found] == [(0, 46), (61, 107)]
    with (tmp_path / "m").open("rb") as file:
        assert list(messages(file, found[1].start)) == found[1:]


@pytest.mark.parametrize(
    "line",
    [
        b"From MAILER-DAEMON Fri Jul  8 12:08:34 2011",
        b"From a@b.c Thu, 1 Jan 1970 00:00:00 +0000",
        b'From "a b"@c Thu Jan  1 00:00 MET 1970',
        b"From - Sat Jan 03 01:05:34 1996 remote from x",
    ],
)
def test_beginnings_of_other_programs(tmp_path: Path, line: bytes) -> None:
    assert read(tmp_path / "m", line + b"\n\nA\n" + line + b"\r\n\r\nB")[1] == [b"\r\nA\r\n", b"\r\nB"]


def test_text_that_only_looks_like_a_beginning(tmp_path: Path) -> None:
    text = b"From here on it is easy\n\nFrom 12:30 we eat\n"
    assert len(read(tmp_path / "m", FROM + b"Subject: a\n\n" + text)[0]) == 1


def test_quoted_lines(tmp_path: Path) -> None:
    content = FROM + b"S: >From x\n\n>From me\n>>From you\n> From\nx >From y\n"
    assert read(tmp_path / "m", content)[1] == [b"S: >From x\r\n\r\nFrom me\r\n>From you\r\n> From\r\nx >From y\r\n"]


@pytest.mark.parametrize("gap", [b"", b"\n", b"\n\n"])
def test_content_length_is_believed_where_it_fits(tmp_path: Path, gap: bytes) -> None:
    text = b"A\n" + FROM + b">From z\n"
    first = FROM + b"Content-Length: %d\n\n" % len(text) + text + gap
    found, contents = read(tmp_path / "m", first + first)
    assert len(found) == 2
    assert all(not each.quoted for each in found)
    assert contents[0].endswith(b">From z\r\n" + (b"\r\n" if gap == b"\n\n" else b""))
    assert contents[1].startswith(b"Content-Length: ")


def test_content_length_that_lies(tmp_path: Path) -> None:
    for length in (b"0", b"3", b"99999", b"123456789012345"):
        found, _ = read(tmp_path / "m", FROM + b"Content-Length: " + length + b"\n\nAlong\n\n" + FROM + b"\nB\n")
        assert [each.quoted for each in found] == [True, True]


def test_status(tmp_path: Path) -> None:
    content = FROM + b"Status: RO\nX-Status: AF\n\nStatus: D\n\n" + FROM + b"Status: O\n\n" + FROM + b"\n"
    found, _ = read(tmp_path / "m", content)
    assert [(each.flags, each.is_new) for each in found] == [("FRS", False), ("", False), ("", True)]


def test_files_that_are_none(tmp_path: Path) -> None:
    assert read(tmp_path / "m", b"")[0] == []
    assert read(tmp_path / "m", b"Dear\n\nno mbox")[0] == []
    assert [each.start for each in read(tmp_path / "m", b"junk\n" + FROM)[0]] == [5]
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(StorageError):
            open_mbox(path)


@given(
    texts=st.lists(
        st.lists(st.sampled_from([b"From x", b"", b"a\r", b">From ", b">>From b", FROM[:-1], b"b" * 40]), max_size=5),
        max_size=6,
    ),
    chunk=st.integers(1, 700),
)
def test_what_the_standard_library_writes_is_read(
    texts: list[list[bytes]], chunk: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The standard library quotes as mboxo; the number of messages does not depend on how the file is divided."""
    path = tmp_path_factory.getbasetemp() / f"m{os.getpid()}"
    path.unlink(missing_ok=True)
    box = mailbox.mbox(path)
    for text in texts:
        box.add(b"Subject: x\n\n" + b"\n".join(text) + b"\n")
    box.close()
    with pytest.MonkeyPatch.context() as patch, open_mbox(path) as file:
        patch.setattr(mbox, "CHUNK", chunk)
        patch.setattr(mbox, "FIRST_CHUNK", chunk)
        found = list(messages(file))
        assert len(found) == len(texts)
        for each in found:
            assert b"".join(pieces(file, each, chunk)) == b"".join(pieces(file, each, 1 << 20))
    path.unlink(missing_ok=True)


def test_memory_stays_bounded(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.write(FROM + b"Subject: x\n\n")
        for _ in range(60):
            file.write(b"x" * (1 << 20))
        file.write(b"\n\n" + FROM + b"\n")
    tracemalloc.start()
    try:
        with open_mbox(path) as opened:
            found = list(messages(opened))
            sizes = [sum(map(len, pieces(opened, each))) for each in found]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sizes == [14 + (60 << 20) + 2, 2]
    assert peak < 12 << 20


def test_many_short_messages_are_read_once_or_twice(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes((FROM + b"Subject: x\n\nText\n\n") * 5000)
    bytes_read = 0

    class Counted(io.FileIO):
        def readinto(self, buffer: Any) -> int:
            nonlocal bytes_read
            count = super().readinto(buffer)
            bytes_read += count
            return count

    with io.BufferedReader(Counted(path)) as file:
        assert sum(1 for _ in messages(file)) == 5000
    assert bytes_read < 5000 * 20_000


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(FROM + b"\nA\n\n" + FROM + b"\nB\n")
    with open_mbox(path) as file:
        found = list(messages(file))
        os.truncate(path, 10)
        assert [b"".join(pieces(file, each)) for each in found] == [b"", b""]
