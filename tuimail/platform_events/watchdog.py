"""Monitors the event loop from another thread: logs where it hangs, and ends a process that does not end.

If the loop does not respond for five seconds, the stacks of all threads are logged. After SIGTERM, SIGHUP or a second
^C the process ends within ten seconds, whatever hangs: the loop, a thread, or the wait for a thread at exit. The outbox
on disk is as safe then as after a power cut.

The limit is the interpreter lock: while C code (a regex) in another thread than the main one holds it, signals are not
handled. In the main thread they are, and faulthandler, which needs no lock, logs the stacks and exits with code 1.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

SILENCE = 5.0
"""Seconds without a response of the loop after which the stacks are logged."""
GRACE = 9.0
"""Seconds from the signal to the forced exit."""
_BEAT = 1.0
_TICK = 0.5
_STOPPED = 2.0
"""A longer gap between two ticks means that the process was stopped, or the interpreter lock was held. Seconds."""
_LARGEST = 65536
"""Maximum number of bytes of stacks that are logged."""
_LATER = 0.5
"""Seconds after GRACE at which faulthandler exits if this thread could not."""
_ENDING = frozenset({signal.SIGTERM, signal.SIGHUP})
# Leaves the alternate screen, shows the cursor, disables mouse, bracketed paste and focus events.
_PLAIN_SCREEN = b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[0m\r\n"


class Watchdog:
    """The watchdog of the process; made in the main thread. It does nothing until there is a loop to watch."""

    def __init__(self, report: Callable[[str], None]) -> None:
        """``report`` writes a log entry; it is called in the watchdog's thread."""
        self._report = report
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stacks: IO[bytes] | None = None
        import socket  # here: a command without an event loop needs none

        self._inbox, self._outbox = socket.socketpair()
        self._inbox.settimeout(_TICK)
        self._outbox.setblocking(False)
        self._forward = -1
        """A duplicate of the descriptor by which signals wake the loop."""
        self._interrupts = 0
        self._is_leaving = False
        self._end_at: float | None = None
        self._code = 128 + signal.SIGTERM
        self._terminal = _terminal_state()
        self._begun = False

    def _begin(self) -> None:
        """Start watching until the process ends."""
        import tempfile

        self._begun = True
        with contextlib.suppress(OSError):  # without a file there are no stacks; the rest works
            self._stacks = tempfile.TemporaryFile()  # noqa: SIM115 - it is open as long as the process lives
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def attend(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch ``loop``, which runs in this thread; call again after signal handlers were added to it."""
        known, self._loop = self._loop, loop
        if not self._begun:
            self._begin()
        self._take_signals()
        if known is not loop:
            self._beat(loop)

    def leaving(self) -> None:
        """Mark the program as exiting: from now on one ^C is enough to force the exit."""
        if self._end_at is None:
            faulthandler.cancel_dump_traceback_later()
        self._loop = None
        self._is_leaving = True  # before reading the count, which the other thread may be about to increase
        if self._interrupts:
            self._end_within_grace(128 + signal.SIGINT)

    # -- in the loop's thread
    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self._loop:
            return
        self._take_signals()
        if self._stacks is not None and self._end_at is None:
            faulthandler.dump_traceback_later(SILENCE, file=self._stacks)
        loop.call_later(_BEAT, self._beat, loop)

    def _take_signals(self) -> None:
        """Receive signals before the loop does: Python's own handlers need the thread that may hang."""
        try:
            before = signal.set_wakeup_fd(self._outbox.fileno(), warn_on_full_buffer=False)
        except ValueError:  # not the main thread
            return
        if before not in (-1, self._outbox.fileno()):
            if self._forward >= 0:
                os.close(self._forward)
            self._forward = os.dup(before)
        for number in (*_ENDING, signal.SIGINT):
            handler = signal.getsignal(number)
            # The loop's does nothing. Ours runs in the middle of what hangs, even in a regex.
            if callable(handler) and getattr(handler, "__module__", "") == "asyncio.unix_events":
                signal.signal(number, self._came)
                signal.siginterrupt(number, False)

    def _came(self, number: int, _frame: object) -> None:
        """Handle a signal in the main thread, in case the watchdog's thread, which counts signals, cannot run."""
        if number in _ENDING or self._interrupts:
            faulthandler.dump_traceback_later(GRACE + _LATER, exit=True, file=self._stacks or sys.__stderr__ or 2)

    # -- in ours
    def _watch(self) -> None:
        ticked, worked = time.monotonic(), time.process_time()
        while True:
            self._hear()
            now, work = time.monotonic(), time.process_time()
            gap, ticked = now - ticked, now
            busy, worked = work - worked > gap / 4, work
            self._look(stopped=gap > _STOPPED and not busy)
            if self._end_at is not None and now >= self._end_at:
                self._end()

    def _hear(self) -> None:
        try:
            numbers = self._inbox.recv(64)
        except TimeoutError:
            return
        except OSError:
            time.sleep(_TICK)
            return
        if self._forward >= 0:
            with contextlib.suppress(OSError):
                os.write(self._forward, numbers)
        self._interrupts += numbers.count(signal.SIGINT)
        if _ENDING & set(numbers):
            self._end_within_grace(128 + signal.SIGTERM)
        elif self._interrupts > 1 or (self._interrupts and self._is_leaving):
            self._end_within_grace(128 + signal.SIGINT)

    def _end_within_grace(self, code: int) -> None:
        if self._end_at is None:
            self._code = code
            self._end_at = time.monotonic() + GRACE

    def _look(self, *, stopped: bool) -> None:
        """Report the stacks if faulthandler wrote any, unless the whole process was ``stopped``."""
        if self._stacks is None or not os.fstat(self._stacks.fileno()).st_size:
            return
        text = self._taken()
        loop = self._loop
        if not stopped and loop is not None and loop.is_running():
            self._report(f"the loop has been silent for {SILENCE:g} seconds:\n{text}")

    def _taken(self) -> str:
        if self._stacks is None:
            return ""
        text = os.pread(self._stacks.fileno(), _LARGEST, 0).decode("utf-8", "replace")
        self._stacks.seek(0)
        self._stacks.truncate()
        return text

    def _end(self) -> None:
        """Exit at once; hanging threads would block a normal exit."""
        with contextlib.suppress(Exception):  # nothing may prevent the exit
            faulthandler.cancel_dump_traceback_later()
            if self._stacks is not None:
                self._taken()
                faulthandler.dump_traceback(file=self._stacks)
            last = threading.Thread(target=self._last_words, args=(self._taken(),), daemon=True)
            last.start()
            last.join(0.5)
        os._exit(self._code)

    def _last_words(self, stacks: str) -> None:
        _restore_terminal(self._terminal)
        with contextlib.suppress(Exception):
            self._report(f"still running {GRACE:g} seconds after it was told to end; ended by force:\n{stacks}")
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()


_watchdog: Watchdog | None = None


def begin(report: Callable[[str], None]) -> None:
    """Make the watchdog, in the main thread; it starts with the first loop. Further calls do nothing."""
    global _watchdog
    if _watchdog is None:
        _watchdog = Watchdog(report)


def attend(loop: asyncio.AbstractEventLoop) -> None:
    """Watch ``loop`` if the watchdog runs; call it in the loop's thread after signal handlers are set."""
    if _watchdog is not None:
        _watchdog.attend(loop)


def leaving() -> None:
    """Mark the program as exiting."""
    if _watchdog is not None:
        _watchdog.leaving()


def _terminal_state() -> list[Any] | None:
    import termios

    try:
        return termios.tcgetattr(0)
    except (termios.error, OSError):
        return None


def _restore_terminal(state: list[Any] | None) -> None:
    """Restore the terminal's settings if they changed, and leave the screen."""
    import termios

    if state is None:
        return
    with contextlib.suppress(termios.error, OSError):
        if termios.tcgetattr(0) != state:
            termios.tcsetattr(0, termios.TCSANOW, state)
            os.write(1, _PLAIN_SCREEN)
