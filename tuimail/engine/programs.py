"""Other programs run on messages and files: argv, never a shell; bounded output, a time limit."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError, UsageError
from tuimail.platform_events import core_dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LONGEST_OUTPUT = 4_000_000
"""Bytes of output that are kept; more of it ends the program."""
PATIENCE = 60.0
"""Seconds a program has."""


class ProgramError(TuimailError):
    """A program could not be run, or took too long."""


@dataclass(frozen=True, slots=True)
class ProgramOutput:
    """What a program did."""

    status: int
    output: bytes
    errors: bytes
    cut: bool
    """There was more output."""


def has_display(environ: Mapping[str, str]) -> bool:
    """Whether programs with windows can be shown here."""
    if sys.platform == "darwin":
        return not environ.get("SSH_CONNECTION")
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


async def run_on(argv: Sequence[str], pieces: Iterable[bytes], *, patience: float = PATIENCE) -> ProgramOutput:
    """Run a program with ``pieces`` (made in a thread) as its standard input.

    Raises:
        UsageError: there is no such program.
        ProgramError: it could not be started, or took longer than ``patience`` seconds and was ended.
    """
    process = await _started(argv, asyncio.subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None  # noqa: S101, PT018
    feeding = asyncio.create_task(_feed(process.stdin, pieces))
    reading = asyncio.gather(_read(process, process.stdout, LONGEST_OUTPUT), _read(process, process.stderr, 10_000))
    try:
        async with asyncio.timeout(patience):
            (output, cut), (errors, _) = await asyncio.shield(reading)
            status = await process.wait()
    except TimeoutError:
        raise ProgramError(
            f"{argv[0]} took more than {patience:.0f} seconds and was ended.", hint="Give it less to do."
        ) from None
    finally:
        # What it wrote must be read to its end: until then it does not count as ended.
        _kill(process)
        await reading
        await process.wait()
        feeding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await feeding
    return ProgramOutput(0 if cut else status, output, errors, cut)


async def start_in_background(argv: Sequence[str]) -> None:
    """Start a program with windows of its own, which outlives us. Raises UsageError and ProgramError."""
    process = await _started(argv, asyncio.subprocess.DEVNULL, background=True)
    _children.add(waiting := asyncio.create_task(process.wait()))
    waiting.add_done_callback(_children.discard)


_children: set[asyncio.Task[int]] = set()
"""Waits for each, so that none stays a zombie."""


async def _started(argv: Sequence[str], stdin: int, *, background: bool = False) -> asyncio.subprocess.Process:
    output = asyncio.subprocess.DEVNULL if background else asyncio.subprocess.PIPE
    try:
        with core_dumps.allowed_in_children():
            return await asyncio.create_subprocess_exec(
                *argv, stdin=stdin, stdout=output, stderr=output, start_new_session=True
            )
    except FileNotFoundError:
        raise UsageError(f"There is no program {argv[0]!r}.", hint="Check its name.") from None
    except (OSError, ValueError) as error:
        raise ProgramError(f"{argv[0]!r} cannot be run: {error}.") from error


async def _feed(stdin: asyncio.StreamWriter, pieces: Iterable[bytes]) -> None:
    """Hand over ``pieces`` as fast as they are taken; a program need not read all of them."""
    source = iter(pieces)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while (piece := await asyncio.to_thread(next, source, b"")) != b"":
            stdin.write(piece)
            await stdin.drain()
    stdin.close()


async def _read(process: asyncio.subprocess.Process, stream: asyncio.StreamReader, limit: int) -> tuple[bytes, bool]:
    """At most ``limit`` bytes, and whether there were more; the program is ended then."""
    found = bytearray()
    cut = False
    while piece := await stream.read(65536):
        found += piece[: limit - len(found)]
        if not cut and len(found) >= limit:
            cut = True
            _kill(process)
    return bytes(found), cut


def _kill(process: asyncio.subprocess.Process) -> None:
    """End it and what it started, which is in a group of its own."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
