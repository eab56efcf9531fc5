"""The header of a received message or part (RFC 5322 section 2.2), read by offsets. Pure, bounded, never raises.

All fields are kept, in order. Line ends may be CRLF, LF or CR.
"""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD_LIMIT = 256 * 1024
"""Bytes of a header that are read."""
MOST_FIELDS = 2000
"""Fields that are read."""

_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*+:([^\r\n]*+(?:(?:\r\n|\n|\r)[ \t][^\r\n]*+)*+)(?:\r\n|\n|\r|\Z)")
_SKIPPED = re.compile(rb"(?:>?From |[ \t:])[^\r\n]*+(?:\r\n|\n|\r|\Z)")
"""A line of a mailbox file, or one that belongs to no field."""
_CUT_NAME = re.compile(rb"[!-9;-~]*+\Z")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_FOLD = re.compile(rb"(?:\r\n|\n|\r)[ \t]++")


class ReceivedField(NamedTuple):
    """Where a field is."""

    name: str
    """In lower case."""
    start: int
    value: int
    """Offset of what follows the colon."""
    end: int
    """Behind the field's line end."""


class ReceivedHeader:
    """The fields of ``raw[start:body]``."""

    __slots__ = ("_first", "body", "cut", "fields", "raw", "start")

    def __init__(self, raw: bytes, start: int, body: int, fields: tuple[ReceivedField, ...], *, cut: bool) -> None:
        self.raw = raw
        self.start = start
        self.body = body
        """Offset of the body, behind the empty line."""
        self.fields = fields
        self.cut = cut
        """There are more fields, or the last is longer, than the limits allow to read."""
        self._first: dict[str, ReceivedField] = {}
        for field in fields:
            self._first.setdefault(field.name, field)

    def value(self, name: str) -> bytes:
        """The value of the first field called ``name`` (lower case), unfolded and stripped; empty if there is none."""
        field = self._first.get(name)
        return self.value_of(field) if field is not None else b""

    def values(self, name: str) -> list[bytes]:
        """The values of all fields called ``name`` (lower case), in order."""
        return [self.value_of(field) for field in self.fields if field.name == name]

    def value_of(self, field: ReceivedField) -> bytes:
        """The value of one of the fields, unfolded and stripped. Not decoded, not sanitised."""
        return unfolded(self.raw[field.value : field.end])

    def __contains__(self, name: str) -> bool:
        return name in self._first


def unfolded(value: bytes) -> bytes:
    """``value`` on one line: a fold becomes one space."""
    return _FOLD.sub(b" ", value).strip()


def read_header(raw: bytes, start: int = 0, end: int | None = None) -> ReceivedHeader:
    """The header at ``start`` of ``raw[:end]``.

    A line that is not a field ends it, as an empty line does. Beyond the limits only the empty line is looked for.
    """
    end = len(raw) if end is None else end
    stop = min(end, start + HEAD_LIMIT)
    fields: list[ReceivedField] = []
    position = start
    for _ in range(MOST_FIELDS):
        match = _FIELD.match(raw, position, stop)
        if match is not None:
            fields.append(ReceivedField(match[1].decode("ascii").lower(), position, match.start(2), match.end()))
        else:
            match = _SKIPPED.match(raw, position, stop)
            if match is None:
                break
        position = match.end()
    else:
        # The limit counts only if something is left to be read.
        following = _FIELD.match(raw, position, stop) or _SKIPPED.match(raw, position, stop)
        if following is not None:
            return ReceivedHeader(raw, start, _behind_empty_line(raw, position, end), tuple(fields), cut=True)
    if stop < end and _CUT_NAME.match(raw, position, stop):
        return ReceivedHeader(raw, start, _behind_empty_line(raw, stop, end), tuple(fields), cut=True)
    line_end = _LINE_END.match(raw, position, end)
    return ReceivedHeader(raw, start, line_end.end() if line_end else position, tuple(fields), cut=False)


def _behind_empty_line(raw: bytes, position: int, end: int) -> int:
    """Offset behind the first empty line from the line at ``position`` on; ``end`` if there is none."""
    found = [
        at + len(empty)
        for empty in (b"\n\n", b"\n\r\n", b"\r\r")
        if (at := raw.find(empty, max(0, position - 2), end)) >= 0
    ]
    return max(min(found, default=end), position)
