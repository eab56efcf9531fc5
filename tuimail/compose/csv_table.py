"""Reads a table from CSV as spreadsheets and other programs write it, with a header row. Pure.

CSV (RFC 4180) with commas, semicolons, tabs or bars, with any line ends, as UTF-8 or, with its byte order mark, UTF-16.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.compose.template import key
from tuimail.errors import MessageError
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 100_000_000
"""Maximum size in bytes."""
_DELIMITERS = ",;\t|"
_CHOICE = re.compile(r"sep=(.)[ \t]*(?:\r\n|[\r\n])", re.IGNORECASE)
"""A first line that tells Excel the delimiter."""
_QUOTED = re.compile(r'(?:[^"]|"")*+"')
_STOP = re.compile(r'[",;\t|\r\n]')
_LINE_END = re.compile(r"\r\n|[\r\v]")
"""Line ends in a cell; some programs export VT for a line break."""
_KEPT_AS_TEXT = re.compile(r'="([^"]*)"\Z')
"""Text that is protected from being read as a number: ="0049"."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row of the table."""

    number: int
    """As in a spreadsheet: the header is row 1."""
    values: dict[str, str]
    """Column key -> cell, stripped; lines in a cell end in ``\\n``."""
    surplus: bool = False
    """It has more cells than the header."""


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A table."""

    columns: dict[str, str]
    """Key -> name as written."""
    rows: tuple[CsvRow, ...]
    twice: frozenset[str] = frozenset()
    """Keys of more than one column, which are ambiguous."""


def read_csv(raw: bytes, name: str) -> CsvTable:
    """The table in ``raw``; ``name`` is the file's name for errors. Empty rows are skipped.

    Raises:
        MessageError: it is not a valid table.
    """
    shown = safe_line(name)
    text = _decoded(raw, shown)
    if "\0" in text:
        raise MessageError(f"{shown} is not a text file.", hint='Save the table as "CSV UTF-8".', field="merge")
    records = ((number, cells) for number, cells in enumerate(_records(text, shown), 1) if any(map(str.strip, cells)))
    columns: dict[str, str] = {}
    twice: set[str] = set()
    _, names = next(records, (0, list[str]()))
    for each in names:
        if key(each) in columns:
            twice.add(key(each))
        elif key(each):
            columns[key(each)] = " ".join(each.split())
    if not columns:
        raise MessageError(
            f"{shown} has no header row.", hint="The first row names the columns: name,email", field="merge"
        )
    keys = [key(each) for each in names]
    rows: list[CsvRow] = []
    for number, cells in records:
        values = [_value(each) for each in cells]
        if any(values):
            found = dict.fromkeys(columns, "") | {
                name: value for name, value in zip(keys, values, strict=False) if name
            }
            rows.append(CsvRow(number, found, surplus=any(values[len(keys) :])))
    if not rows:
        raise MessageError(
            f"{shown} has no recipients.", hint="Write one row for each recipient below the header row.", field="merge"
        )
    return CsvTable(columns, tuple(rows), frozenset(twice))


def _decoded(raw: bytes, shown: str) -> str:
    charset = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return raw.decode(charset)
    except UnicodeDecodeError as error:
        # Another charset would be a guess, and a wrong guess changes names.
        line = raw.count(b"\n", 0, error.start) + 1
        raise MessageError(
            f"{shown} is not UTF-8 text (line {line}).", hint='Save it as "CSV UTF-8".', field="merge"
        ) from None


def _value(cell: str) -> str:
    text = _LINE_END.sub("\n", cell).strip()
    kept = _KEPT_AS_TEXT.match(text)
    return kept[1] if kept else text


def _delimiter(text: str) -> str:
    """The delimiter: the most frequent candidate in the header row outside quotation marks."""
    counts = dict.fromkeys(_DELIMITERS, 0)
    position, begins, seen = 0, True, False
    while stop := _STOP.search(text, position):
        blank = not text[position : stop.start()].strip()
        seen = seen or not blank or stop[0] not in "\r\n"
        position = stop.end()
        if stop[0] == '"':
            # It opens a quoted text only at the start of a cell.
            position = _closing(text, position) if begins and blank else position
            begins = False
        elif stop[0] in counts:
            counts[stop[0]] += 1
            begins = True
        elif seen:
            break
    return max(_DELIMITERS, key=counts.__getitem__)


def _closing(text: str, position: int) -> int:
    """The position after the quotation mark that closes the text at ``position``."""
    end = _QUOTED.match(text, position)
    return end.end() if end else len(text)


def _records(text: str, shown: str) -> Iterator[list[str]]:
    choice = _CHOICE.match(text)
    delimiter = choice[1] if choice else _delimiter(text)
    lines = io.StringIO(text[choice.end() :] if choice else text, newline="")
    # Spaces after a delimiter: name, "Doe, Jane"
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != " ")
    number = 0
    try:
        for number, record in enumerate(reader, 1):  # noqa: B007 - told in the error
            yield record
    except csv.Error as error:
        raise MessageError(
            f"Row {number + 1} of {shown} cannot be read: {safe_line(str(error))}.",
            hint="Look for a quotation mark too many.",
            field="merge",
        ) from None
