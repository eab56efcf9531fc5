"""Asks for a password or passphrase on the terminal, without an echo."""

from __future__ import annotations

import atexit
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuimail.cli.output import print_note
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuimail.config.secret_questions import Question


def ask_on_terminal(question: Question) -> None:
    """Ask, and answer the question; blocks until something was typed."""
    if question.wrong:
        print_note(safe_line(question.wrong))
    text: str | None = None
    try:
        with _echo_restored():
            text = typed_secret(f"{safe_line(question.words)}: ")
    except (OSError, EOFError):
        pass
    finally:
        question.answer(text)


def typed_secret(prompt: str) -> str:
    """What is typed, without an echo. Raises EOFError, OSError."""
    from getpass import getpass

    return getpass(prompt)


@contextmanager
def _echo_restored() -> Iterator[None]:
    """The terminal echoes again even if the program is ended while the thread of the question still waits."""
    import termios

    try:
        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
    except (OSError, ValueError, termios.error):
        yield
        return

    def restore() -> None:
        termios.tcsetattr(terminal, termios.TCSANOW, before)

    atexit.register(restore)
    try:
        yield
    finally:
        atexit.unregister(restore)
