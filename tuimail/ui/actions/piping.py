"""Giving what was received to a program: its output is shown here, or it has the terminal."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
from typing import TYPE_CHECKING

from tuimail.errors import UsageError
from tuimail.events import Severity
from tuimail.mail.charset import decode
from tuimail.mail.text import safe_line
from tuimail.ui.requests import ShowText
from tuimail.ui.widgets.prompt import Choice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from tuimail.engine.programs import ProgramOutput
    from tuimail.ui.protocols import Frame

    Pieces = Callable[[], Awaitable[Iterator[bytes]]]

HERE, TERMINAL = "here", "terminal"
HELP = "A program and its arguments, quoted where they have spaces.  With > < | & ; the shell runs it."

_QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
_OPERATORS = frozenset("><|&;")


async def pipe(screen: Frame, what: str, pieces: Pieces) -> None:
    """Ask for a program, and how it is to be run; give it ``pieces`` as its standard input.

    Raises:
        UsageError: what was typed is no command, or there is no such program.
        TuimailError: it could not be run.
    """
    typed = await screen.prompts.ask(f"Pipe {what} to", help_text=HELP)
    if typed is None or not typed.strip():
        return
    argv = argv_of(typed)
    how = await screen.prompts.ask_choice(
        f"Run {safe_line(argv[0])} on {what}: show its output here, or give it the terminal?",
        (Choice("h", "Here", HERE), Choice("t", "Terminal", TERMINAL)),
        default=HERE,
        help_text="A program that waits for keys needs the terminal.",
    )
    if how == HERE:
        await show_output(screen, argv, await pieces())
    elif how == TERMINAL:
        await in_terminal(screen, argv, await pieces())


def argv_of(typed: str) -> list[str]:
    """The words of a command as typed; the shell's, if it redirects or joins programs. Raises UsageError."""
    try:
        argv = shlex.split(typed)
    except ValueError as error:
        raise UsageError("That cannot be read as a command.", hint="Check its quotes.") from error
    if not argv or "\0" in typed:
        raise UsageError("That is no command.", hint="Type the name of a program.")
    if not _OPERATORS.isdisjoint(_QUOTED.sub("", typed)):
        return ["sh", "-c", typed]
    if argv[0].startswith("~/"):
        argv[0] = os.path.expanduser(argv[0])  # noqa: PTH111 - it stays a word of the command
    return argv


async def show_output(screen: Frame, argv: Sequence[str], pieces: Iterator[bytes], *, title: str = "OUTPUT") -> None:
    """Run a program and show what it wrote; say how it ended."""
    from tuimail.engine.programs import run_on

    screen.say(f"Running {safe_line(argv[0])}...")
    done = await run_on(argv, pieces)
    say_how_it_ended(screen, argv, done)
    if done.output or done.errors:
        text, _ = decode(done.output or done.errors, "")
        screen.program.navigation.open(ShowText(title, text))
        if done.cut:
            screen.program.say("Only the beginning of the output is shown.")


def say_how_it_ended(screen: Frame, argv: Sequence[str], done: ProgramOutput) -> None:
    """In one sentence."""
    name = safe_line(argv[0])
    if done.status:
        words, _ = decode(done.errors[:500], "")
        first = safe_line(next((line for line in words.splitlines() if line.strip()), ""))
        screen.say(f"{name} failed (exit {done.status}).  {first}".strip(), Severity.WARNING)
    else:
        screen.say(f"{name} has taken it." if not done.output else "")


async def in_terminal(screen: Frame, argv: Sequence[str], pieces: Iterator[bytes]) -> None:
    """Give a program the terminal; its standard input comes from a private file that is removed afterwards."""
    from tuimail.engine.handed_files import hand_out, take_back
    from tuimail.ui.terminal_program import run_in_terminal

    path = await asyncio.to_thread(hand_out, pieces, "input", screen.program.engine.paths.opened)
    try:
        status = await run_in_terminal(screen.program, argv, stdin=path)
    finally:
        await asyncio.to_thread(take_back, path)
    screen.say(f"{safe_line(argv[0])} ended." if not status else f"{safe_line(argv[0])} failed (exit {status}).")
