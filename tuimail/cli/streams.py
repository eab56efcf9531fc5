"""Standard input, output and error, whatever the caller left of them: closed, full, read by nobody any more."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO


def secure() -> None:
    """Make sure that there is something behind all three, and that every character can be written.

    A closed one is replaced by nothing (/dev/null): else the next file that is opened would get its number, and what
    a library or a child writes there would end up in it. A closed standard input stays None, so that it can be told
    of.
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
    """Write no more to standard output: Python would try once more at the end, and complain about it itself."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)


def _nothing() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123  open until the program ends
