"""Messages written as an mbox can be read again."""

from __future__ import annotations

import mailbox
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.mail.mbox_format import mbox_pieces

if TYPE_CHECKING:
    from pathlib import Path


def written(message: bytes, *, sender: str = "ada@example.org", size: int = 7) -> bytes:
    return b"".join(mbox_pieces([message[at : at + size] for at in range(0, len(message), size)], sender, 0.0))


def test_a_message_stands_behind_its_from_line() -> None:
    raw = b"Subject: x\r\n\r\nDear all\r\nFrom here on\r\n>From there\r\n"
    assert written(raw) == (
        b"From ada@example.org Thu Jan  1 00:00:00 1970\nSubject: x\n\nDear all\n>From here on\n>>From there\n\n"
    )


@pytest.mark.parametrize("sender", ["", "a b", "a\nFrom x", "a\x1b"])
def test_a_sender_that_would_break_the_line_is_left_out(sender: str) -> None:
    assert written(b"A: b\n\n", sender=sender).startswith(b"From MAILER-DAEMON ")


@given(st.lists(st.sampled_from([b"From x", b">From y", b"text", b""]), max_size=8), st.integers(1, 9))
def test_several_messages_are_as_many_for_another_reader(lines: list[bytes], size: int) -> None:
    raw = b"Subject: x\n\n" + b"\n".join(lines)
    both = written(raw, size=size) + written(raw, size=size)
    assert both.count(b"\nFrom ") + both.startswith(b"From ") == 2


def test_python_reads_them(tmp_path: Path) -> None:
    raw = b"Subject: one\n\nFrom here\n"
    (tmp_path / "mbox").write_bytes(written(raw) + written(raw.replace(b"one", b"two")))
    with closing(mailbox.mbox(tmp_path / "mbox")) as read:
        assert [each["subject"] for each in read] == ["one", "two"]


def test_a_long_line_is_read_once() -> None:
    def seconds(size: int) -> float:
        start = time.process_time()
        for _ in mbox_pieces([b"x" * 1000] * size, "a@b", 0.0):
            pass
        return time.process_time() - start

    small = min(seconds(4000) for _ in range(3))
    assert min(seconds(16_000) for _ in range(3)) < 16 * small + 0.05
