"""Makes standard input, output and error safe to use if the caller closed them or stopped reading."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO


def secure() -> None:
    """Make sure that all three are open, and that every character can be written.

    A closed stream is replaced by /dev/null: otherwise the next file that is opened would get its descriptor, and
    output of a library or a child would go into that file. ``sys.stdin`` stays None if it was closed, so that the
    command can report it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
    if sys.stdout is None:
        sys.stdout = _nothing()
    if sys.stderr is None:
        sys.stderr = _nothing()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def give_up_output() -> None:
    """Redirect standard output to /dev/null: Python would flush it once more at exit and report the error itself."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)


def _nothing() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123  open until the program ends
