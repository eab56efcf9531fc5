"""Prints lines, tables and JSON. Results go to standard output, everything else to standard error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from tuimail.mail.text import cells, safe_json, safe_line

if TYPE_CHECKING:
    from collections.abc import Sequence

BOLD, DIM, RED, GREEN, YELLOW, CYAN, MAGENTA = "1", "2", "31", "32", "33", "36", "35"
"""SGR parameters for the colours of the terminal's own palette."""


def print_line(line: str) -> None:
    """Print one line of the result to standard output."""
    sys.stdout.write(safe_line(line) + "\n")


def print_note(line: str) -> None:
    """Print one line about progress or a warning to standard error."""
    sys.stderr.write(safe_line(line) + "\n")


def print_error(sentence: str, hint: str = "") -> None:
    """Print an error and a hint to standard error."""
    print_note(f"tuimail: {sentence}")
    if hint:
        print_note(f"  {hint}")


def print_json(document: object) -> None:
    """Print one JSON document to standard output."""
    sys.stdout.write(to_json(document, indent=2) + "\n")


def to_json(document: object, *, indent: int | None = None) -> str:
    """``document`` as JSON; escapes characters that standard output cannot encode, and control characters."""
    import json

    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("_", "-")
    return safe_json(json.dumps(document, ensure_ascii=encoding not in ("utf-8", "utf8"), indent=indent))


def is_terminal(stream: TextIO | None) -> bool:
    """Whether ``stream`` is a terminal; one that was closed before the program started is None."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


class Style:
    """Colours for one stream, if it is a terminal, not a dumb one, and NO_COLOR is not set."""

    def __init__(self, stream: TextIO) -> None:
        self.on = is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"

    def __call__(self, text: str, *codes: str) -> str:
        """``text``, sanitised, in the colours of ``codes``."""
        text = safe_line(text)
        wanted = ";".join(filter(None, codes))
        return f"\x1b[{wanted}m{text}\x1b[0m" if self.on and wanted and text.strip() else text


def width() -> int:
    """The width of the terminal; without one, practically unlimited."""
    if not is_terminal(sys.stdout):
        return 10_000
    return max(40, terminal_width())


def terminal_width() -> int:
    """Columns of the terminal, or what COLUMNS says; 80 without either. As ``shutil`` does it, quicker to import."""
    if (columns := os.environ.get("COLUMNS", "")).isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80 if sys.__stdout__ else 80
    except (OSError, ValueError):
        return 80


def fit(text: str, columns: int) -> str:
    """``text`` in exactly ``columns`` cells: truncated with an ellipsis, or padded with spaces."""
    text = safe_line(text[: 16 * columns + 16])  # what a stranger wrote may be long, and is cut off bit by bit below
    taken = cells(text)
    if taken > columns:
        while text and cells(text) > columns - 1:
            text = text[:-1]
        text += "…" if columns > 0 else ""
        taken = cells(text)
    return text + " " * (columns - taken)


def print_table(rows: Sequence[Sequence[str]], *, indent: int = 0) -> None:
    """Print rows in aligned columns, separated by two spaces."""
    clean = [[safe_line(cell) for cell in row] for row in rows]
    widths = [
        max((cells(row[place]) for row in clean if place < len(row)), default=0)
        for place in range(max(map(len, clean), default=0))
    ]
    for row in clean:
        line = "  ".join(fit(cell, widths[place]) for place, cell in enumerate(row))
        sys.stdout.write((" " * indent + line).rstrip() + "\n")
