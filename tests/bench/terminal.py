"""A program in a terminal of its own, read by a terminal emulator, so that what counts is what a user would see."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyte

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

COLUMNS, ROWS = 100, 30


class Terminal:
    """A pseudo terminal with a program in it."""

    def __init__(self, argv: Sequence[str], environment: dict[str, str]) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.execvpe(argv[0], list(argv), {**environment, "TERM": "xterm-256color", "COLORTERM": ""})
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._fd, keys)

    def wait(self, until: Callable[[pyte.Screen], bool], *, seconds: float = 20.0) -> float:
        """Read until the screen looks so; the seconds until the bytes had arrived that made it so.

        The emulator's own time is not among them: it is a thousand times slower than a terminal.

        Raises:
            TimeoutError: it never did; the text is what the screen shows.
        """
        start = arrived = time.perf_counter()
        while not until(self.screen):
            left = start + seconds - time.perf_counter()
            ready, _, _ = select.select([self._fd], [], [], max(left, 0))
            if not ready:
                raise TimeoutError("\n".join(self.screen.display))
            data = os.read(self._fd, 65536)
            arrived = time.perf_counter()
            # pyte does not know Textual's synchronized updates; they change nothing on the screen.
            self._stream.feed(data)
        return arrived - start

    def type(self, keys: Sequence[bytes], *, pace: float) -> None:
        """Type ``keys``, one every ``pace`` seconds, reading meanwhile; 0 writes them all at once."""
        if not pace:
            self.press(b"".join(keys))
            return
        for key in keys:
            self.press(key)
            due = time.perf_counter() + pace
            while (left := due - time.perf_counter()) > 0:
                if select.select([self._fd], [], [], left)[0] and not self._read():
                    return

    def finish(self, *, seconds: float = 60.0) -> None:
        """Read until the program has ended.

        Raises:
            TimeoutError: it did not; the text is what the screen shows.
        """
        end = time.perf_counter() + seconds
        while select.select([self._fd], [], [], max(0.0, end - time.perf_counter()))[0]:
            if not self._read():
                return
        raise TimeoutError("\n".join(self.screen.display))

    def _read(self) -> bool:
        """Draw what has come; False when the program closed its side."""
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            # What Linux says when nobody has the other side open any more.
            return False
        self._stream.feed(data)
        return bool(data)

    def settle(self, quiet: float = 0.3) -> None:
        """Read until nothing has come for ``quiet`` seconds."""
        while select.select([self._fd], [], [], quiet)[0]:
            self._stream.feed(os.read(self._fd, 65536))

    @property
    def processor_time(self) -> float:
        """Seconds that the threads which the program has now have run (Linux)."""
        total = 0
        for task in Path(f"/proc/{self._pid}/task").iterdir():
            with contextlib.suppress(OSError):
                total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def _ended(self, *, seconds: float) -> bool:
        """Read until the program closes its side; False: it did not in time."""
        end = time.perf_counter() + seconds
        with contextlib.suppress(OSError):
            while select.select([self._fd], [], [], max(0.0, end - time.perf_counter()))[0]:
                if not os.read(self._fd, 65536):
                    return True
            return False
        return True

    def close(self) -> None:
        """End the program, by force if it does not end by itself: alpine at times waits for a key."""
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal_number)
            if self._ended(seconds=5.0):
                break
        os.close(self._fd)
        os.waitpid(self._pid, 0)


@contextlib.contextmanager
def terminal(argv: Sequence[str], environment: dict[str, str]) -> Iterator[Terminal]:
    """``argv`` in a terminal, ended afterwards."""
    opened = Terminal(argv, environment)
    try:
        yield opened
    finally:
        opened.close()


def marked_row(screen: pyte.Screen) -> int:
    """The row under the cursor of a list, told by its background; -1 for none."""
    ground = screen.buffer[1][0].bg
    rows = range(2, ROWS - 3)
    return next((row for row in rows if screen.buffer[row][COLUMNS // 2].bg != ground), -1)
