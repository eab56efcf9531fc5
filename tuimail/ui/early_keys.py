"""Keys typed before the program had the terminal: while it starts, or while it was suspended.

Until then the terminal is in its line mode (termios(3): ICRNL) and turns the Return key's CR into LF, which is what
Ctrl-J sends. Those bytes are still to be read when the program takes over, so their LF is made a CR again.
"""

from __future__ import annotations

import array
import fcntl
import termios


def pending(fd: int) -> int:
    """Bytes that wait to be read from the terminal ``fd``; 0 if it is no terminal."""
    count = array.array("i", [0])
    try:
        fcntl.ioctl(fd, termios.FIONREAD, count)
    except OSError:
        return 0
    return count[0]


class EarlyKeys:
    """Mends the first ``size`` bytes of what is read from a terminal."""

    def __init__(self, size: int) -> None:
        self._left = size

    def feed(self, data: str) -> str:
        """``data``, the next that was read, with CR for LF as far as it was typed early."""
        if not self._left:
            return data
        mended = []
        for char in data:
            mended.append("\r" if char == "\n" and self._left > 0 else char)
            self._left = max(0, self._left - len(char.encode("utf-8", "replace")))
        return "".join(mended)
