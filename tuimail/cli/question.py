"""Yes or no, asked on the terminal; nobody is there to be asked in a script."""

from __future__ import annotations

import sys

from tuimail.cli.output import is_terminal
from tuimail.errors import UsageError
from tuimail.mail.text import safe_line


def confirmed(words: str, *, usually: bool, hint: str) -> bool:
    """Whether the user says yes; Return means ``usually``.

    Raises:
        UsageError: nobody can be asked; ``hint`` says what to write on the command line instead.
    """
    if not can_ask():
        raise UsageError(f"Nobody is there to be asked: {words}", hint=hint)
    for _ in range(3):
        sys.stderr.write(f"{safe_line(words)} [{'Y/n' if usually else 'y/N'}] ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        said = line.strip().casefold()
        if not line:
            return False
        if not said:
            return usually
        if said in ("y", "yes", "n", "no"):
            return said[0] == "y"
    return False


def can_ask() -> bool:
    """Whether somebody is at the terminal."""
    return sys.stdin is not None and is_terminal(sys.stdin) and is_terminal(sys.stderr)
