"""A program that has the terminal to itself for a while; the event loop goes on meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

from tuimail.engine.programs import ProgramError
from tuimail.errors import UsageError
from tuimail.platform_events import core_dumps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    class HasTerminal(Protocol):
        """The app."""

        def suspend(self) -> AbstractContextManager[None]:
            """Leave it to another program meanwhile."""
            ...


async def run_in_terminal(terminal: HasTerminal, argv: Sequence[str], *, stdin: Path | None = None) -> int:
    """Run ``argv`` with the terminal, its standard input from a file if one is given; its exit status.

    Raises:
        UsageError: there is no such program.
        ProgramError: it cannot be started.
    """
    from textual.app import SuspendNotSupported

    source = await asyncio.to_thread(stdin.open, "rb") if stdin is not None else None
    try:
        suspended: AbstractContextManager[None] = terminal.suspend()
        suspended.__enter__()
    except SuspendNotSupported:
        # Without a terminal of our own (tests, a web page) there is nothing to hand over.
        suspended = nullcontext()
    try:
        with core_dumps.allowed_in_children():
            process = await asyncio.create_subprocess_exec(*argv, stdin=source)
        return await process.wait()
    except FileNotFoundError:
        raise UsageError(f"There is no program {argv[0]!r}.", hint="Check its name.") from None
    except (OSError, ValueError) as error:
        raise ProgramError(f"{argv[0]!r} cannot be run: {error}.") from error
    finally:
        suspended.__exit__(None, None, None)
        if source is not None:
            source.close()
