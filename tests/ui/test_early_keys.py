"""Keys typed before the terminal was the program's."""

from __future__ import annotations

import os
import pty
import select
import termios
import tty

from tuimail.ui.early_keys import EarlyKeys, pending


def test_a_return_typed_early_is_a_return_and_later_ones_stay_what_they_are() -> None:
    early = EarlyKeys(len("c\u00e9\nx\n".encode()))
    assert early.feed("c\u00e9\n") == "c\u00e9\r"
    assert early.feed("x\ny\n\r") == "x\ry\n\r"
    assert early.feed("\n") == "\n"


def test_a_character_that_begins_early_ends_it() -> None:
    early = EarlyKeys(2)
    assert early.feed("\u20ac\n\n") == "\u20ac\n\n"


def test_what_waits_is_counted() -> None:
    ours, theirs = pty.openpty()
    try:
        # Typed in line mode, read in raw mode.
        os.write(ours, b"ab\r")
        assert select.select([theirs], [], [], 10)[0]
        tty.setraw(theirs, termios.TCSANOW)
        assert pending(theirs) == 3
        assert os.read(theirs, 10) == b"ab\n"
    finally:
        os.close(ours)
        os.close(theirs)
    read, write = os.pipe()
    os.close(write)
    os.close(read)
    assert pending(read) == 0
