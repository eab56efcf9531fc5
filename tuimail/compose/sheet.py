"""A table of people as spreadsheets write it: CSV with comma, semicolon or tab, UTF-8, a row of names on top. Pure."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.compose.template import key
from tuimail.errors import MessageError
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 100_000_000
"""Bytes."""
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    number: int
    """As a spreadsheet counts: the names are row 1."""
    values: dict[str, str]
    """By the key of the column, without blanks around them."""
    surplus: bool = False
    """It has more cells than there are names."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table."""

    columns: dict[str, str]
    """The names as written, by their key."""
    rows: tuple[Row, ...]


def read_sheet(raw: bytes, name: str) -> Sheet:
    """The table in ``raw``; ``name`` is its file's in errors. Rows without any text are left out.

    Raises:
        MessageError: it is no such table.
    """
    shown = safe_line(name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise MessageError(
            f"{shown} is not UTF-8 text (line {line}).", hint='Save it as "CSV UTF-8".', field="merge"
        ) from None
    if "\0" in text:
        raise MessageError(f"{shown} is no text file.", hint='Save the table as "CSV UTF-8".', field="merge")
    records = _records(text, shown)
    columns: dict[str, str] = {}
    names = next(records, [])
    for each in names:
        if key(each) in columns:
            raise MessageError(
                f'{shown} has two columns "{safe_line(each.strip())}".', hint="Rename one of them.", field="merge"
            )
        if key(each):
            columns[key(each)] = each.strip()
    if not columns:
        raise MessageError(
            f"{shown} has no row of names on top.", hint="The first row names the columns: name,email", field="merge"
        )
    keys = [key(each) for each in names]
    rows: list[Row] = []
    for number, cells in enumerate(records, 2):
        values = [each.strip() for each in cells]
        if any(values):
            found = dict.fromkeys(columns, "") | {
                name: value for name, value in zip(keys, values, strict=False) if name
            }
            rows.append(Row(number, found, surplus=any(values[len(keys) :])))
    if not rows:
        raise MessageError(
            f"{shown} names nobody.", hint="Below the names of the columns comes one row each.", field="merge"
        )
    return Sheet(columns, tuple(rows))


def _records(text: str, shown: str) -> Iterator[list[str]]:
    top = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=top.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
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
