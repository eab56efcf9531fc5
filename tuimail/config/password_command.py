"""Runs a ``password_command`` or ``passphrase_command``: without a shell, in its own session, with a time limit."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING

from tuimail.errors import SecretError
from tuimail.mail.text import safe_line
from tuimail.platform_events import core_dumps

if TYPE_CHECKING:
    from collections.abc import Sequence

OUTPUT_LIMIT = 65_536
"""Maximum number of bytes read from the command's output; a longer first line is not a password."""

_NO_TERMINAL = "It runs without a terminal, so a passphrase must come from an agent or a graphical dialog."


async def first_line(argv: Sequence[str], name: str, *, limit: float, setting: str = "password_command") -> str:
    """The first line the command prints. ``limit`` is in seconds.

    ``name`` begins the sentences about it, ``setting`` is where the user wrote it down.

    Raises:
        SecretError: it cannot be run, fails, takes too long, or prints nothing. The text contains its stderr but never
            its stdout, and only the first word of the command, because the others may contain a secret.
    """
    try:
        # Its own session: it cannot prompt on the screen, and it can be killed with its children.
        with core_dumps.allowed_in_children():
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
    except FileNotFoundError:
        raise SecretError(f"{name} was not found.", hint=f"Install it, or correct {setting}.") from None
    except OSError as error:
        raise SecretError(f"{name} cannot be run: {error.strerror}.", hint=f"Correct {setting}.") from None
    finished = False
    try:
        async with asyncio.timeout(limit):
            output, complaint, code = await asyncio.gather(
                _start_of(process.stdout), _start_of(process.stderr), process.wait()
            )
        finished = True
    except TimeoutError:
        raise SecretError(f"{name} gave no answer within {limit:g} seconds.", hint=_NO_TERMINAL) from None
    finally:
        if not finished:  # too slow, or cancelled
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 1)
    if code != 0:
        said = safe_line(" ".join(complaint.decode("utf-8", "replace").split()))[:300]
        how = f"was ended by signal {-code}" if code < 0 else f"failed with code {code}"
        raise SecretError(f"{name} {how}{': ' + said if said else '.'}", hint=f"Run it by hand. {_NO_TERMINAL}")
    line = output.split(b"\n", 1)[0].removesuffix(b"\r")
    if not line:
        raise SecretError(f"{name} printed nothing.", hint="Its first line of output must be the password.")
    if len(line) >= OUTPUT_LIMIT:
        raise SecretError(f"{name} printed a line too long for a password.", hint=f"Correct {setting}.")
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise SecretError(f"{name} printed what is not UTF-8 text.", hint=f"Correct {setting}.") from None


async def _start_of(stream: asyncio.StreamReader | None) -> bytes:
    """The first OUTPUT_LIMIT bytes; the rest is read and dropped, so that the command does not stall."""
    kept = b""
    while stream is not None and (piece := await stream.read(OUTPUT_LIMIT)):
        kept += piece[: OUTPUT_LIMIT - len(kept)]
    return kept
