"""Runs a local mail command: starts it, monitors it and kills it if necessary. command_exit interprets the result."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from tuimail.mail.text import safe_line
from tuimail.platform_events import core_dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.submission.command_input import PrivateInput

MAX_STDERR = 4096
"""Bytes of error output that are kept, from its beginning and from its end."""
MAX_NOISE = 1_000_000
"""Bytes of error output after which it is truncated, so that it does not fill the disk."""
LOOK = 0.1
"""Seconds between two checks of how much the command has read and written."""


@dataclass(frozen=True, slots=True)
class CommandTimeouts:
    """Seconds."""

    stall: float = 180.0
    """Without the command reading more of the letter."""
    finish: float = 600.0
    """From the end of the letter to the exit of the command, which may include a daemon's first delivery attempt."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a run ended."""

    code: int | None
    """The exit code; negative: killed by that signal; None: killed by tuimail because it took too long."""
    read: int
    """Bytes of the letter that the command has read."""
    size: int
    """Bytes of the letter."""
    said: str
    """Its error output, sanitised, on one line."""

    @property
    def whole(self) -> bool:
        """The command has read the whole letter."""
        return self.read >= self.size

    @property
    def text(self) -> str:
        """Text for the dialogue."""
        if self.code is None:
            return "killed: it took too long"
        return f"exit code {self.code}" if self.code >= 0 else f"killed by {signal_name(-self.code)}"


def runnable(program: str) -> bool:
    """Whether ``program``, a path or a name on the PATH, exists and is executable."""
    try:
        return shutil.which(program) is not None
    except ValueError:
        return False


async def run(
    argv: Sequence[str], letter: PrivateInput, timeouts: CommandTimeouts, progress: Callable[[int, int], None]
) -> CommandResult:
    """Run ``argv`` with ``letter`` as its standard input; calls ``progress`` with how much it has read.

    The command and its children are killed when it takes too long or this call is cancelled. If it fails before the end
    of the letter, its remaining children are killed too, so that none of them reads on and delivers.

    Raises:
        OSError: the command cannot be started.
    """
    # A file, not a pipe: a delivery that continues in the background may still write to it.
    with cast("BinaryIO", tempfile.TemporaryFile("a+b", buffering=0)) as words:
        with core_dumps.allowed_in_children():
            process = await asyncio.create_subprocess_exec(
                *argv, stdin=letter.descriptor, stdout=asyncio.subprocess.DEVNULL, stderr=words, start_new_session=True
            )
        try:
            code = await _end_of(process, letter, words, timeouts, progress)
        finally:
            if process.returncode is None:
                _kill(process.pid)
                await process.wait()
        if code != 0 and letter.read < letter.size:
            _kill(process.pid)
        progress(letter.read, letter.size)
        return CommandResult(code, letter.read, letter.size, _said(words))


async def _end_of(
    process: asyncio.subprocess.Process,
    letter: PrivateInput,
    words: BinaryIO,
    timeouts: CommandTimeouts,
    progress: Callable[[int, int], None],
) -> int | None:
    """The exit code, or None if the command took too long."""
    now = asyncio.get_running_loop().time
    read, since = 0, now()
    while True:
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(process.wait(), min(LOOK, timeouts.stall, timeouts.finish))
        if os.fstat(words.fileno()).st_size > MAX_NOISE:
            words.truncate(0)
        if letter.read != read:
            read, since = letter.read, now()
            progress(read, letter.size)
        if now() - since > (timeouts.stall if read < letter.size else timeouts.finish):
            return None


def _said(words: BinaryIO) -> str:
    size = os.fstat(words.fileno()).st_size
    data = os.pread(words.fileno(), MAX_STDERR, 0)
    if size > MAX_STDERR:
        data += b" ... " + os.pread(words.fileno(), MAX_STDERR, max(size - MAX_STDERR, MAX_STDERR))
    text = safe_line(" ".join(data.decode("utf-8", "replace").split()))
    return text if len(text) <= 1000 else f"{text[:500]} ... {text[-495:]}"


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def signal_name(number: int) -> str:
    """SIGKILL for 9; "signal 99" for a signal without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
