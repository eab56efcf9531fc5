"""FETCH responses (RFC 3501 section 7.4.2), and UIDFETCH (RFC 9586 section 3.1), as values.

Pure, linear; a broken response is None, never an exception.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tuimail.mail.date import MONTHS
from tuimail.mail.flags import from_wire
from tuimail.mailboxes.imap_numbers import number, uid_of
from tuimail.mailboxes.imap_values import FetchedHeader, FlagState
from tuimail.mailboxes.imap_wire import Atom, ImapSyntaxError, parse

if TYPE_CHECKING:
    from tuimail.mailboxes.imap_wire import Response, Value

HEADER_BYTES = 256 * 1024
"""As much of a message's header is kept."""

TEXT_BYTES = 64 * 1024
"""Maximum length of a response without its literals; a longer one is broken. No item that is asked for is that long."""

_EMAILID = 255
_LONGEST_DATE = 26
_FLAG_BYTES = 8192
"""As much of a list of flags is read; what was read is remembered, and is not to fill the memory."""
_USUAL = re.compile(
    rb"\* \d+ FETCH \(UID (\d{1,10}) FLAGS \(([^()\"]*)\) INTERNALDATE \"([^\"\\]*)\" RFC822\.SIZE (\d{1,20})"
    rb"(?: MODSEQ \((\d{1,20})\))?(?: EMAILID \(([^()\"]*)\)| X-GM-MSGID (\d{1,20}))?"
    rb" BODY\[HEADER\.FIELDS \([^()]*\)\] ",
    re.IGNORECASE,
)
"""The items in the order in which they are asked for, as nearly every server sends them."""
_FETCH = re.compile(rb"\* \d{1,10} (?:UID)?FETCH \(", re.IGNORECASE)
_BY_UID = b"UIDFETCH"
_DATE = re.compile(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_SECTION_END = re.compile(rb"\](?:<(\d{1,20})>)?$")
_MONTHS = {month.lower().encode(): index for index, month in enumerate(MONTHS, 1)}


class FetchedItems(NamedTuple):
    """What one FETCH response tells; None: it does not tell that."""

    uid: int | None = None
    flags: tuple[int, str] | None = None
    """Bits and keywords, as mail/flags.from_wire."""
    arrived: int | None = None
    size: int | None = None
    modseq: int | None = None
    emailid: str | None = None
    header: bytes | None = None
    """``BODY[HEADER...]``."""
    body: bytes | None = None
    """``BODY[]``; empty if the server said NIL."""
    origin: int | None = None
    """The offset of ``body`` that the server named."""

    def flag_state(self) -> FlagState | None:
        """The flags, if they and the uid were told."""
        if self.uid is None or self.flags is None:
            return None
        return FlagState(self.uid, *self.flags, self.modseq or 0)

    def fetched_header(self) -> FetchedHeader | None:
        """The data of a summary, if uid, flags and header were told."""
        if self.uid is None or self.flags is None or self.header is None:
            return None
        return FetchedHeader(
            self.uid,
            *self.flags,
            arrived=self.arrived or 0,
            size=self.size or 0,
            header=self.header,
            modseq=self.modseq or 0,
            emailid=self.emailid or "",
        )

    def merged(self, later: FetchedItems) -> FetchedItems:
        """With what another response told of the same message."""
        return self._replace(**{name: value for name, value in later._asdict().items() if value is not None})


def is_fetch(response: Response) -> bool:
    """Whether it is a FETCH response."""
    return _FETCH.match(response[0]) is not None


def read_usual(response: Response) -> FetchedItems | None:
    """A response with the items of a summary in their usual order; None if it is not one of those."""
    if len(response) != 3 or len(response[0]) > TEXT_BYTES or response[2] != b")":
        return None
    match = _USUAL.fullmatch(response[0])
    uid = uid_of(match[1]) if match else None
    if match is None or uid is None:
        return None
    return FetchedItems(
        uid=uid,
        flags=_bounded_flags(match[2]),
        arrived=read_date(match[3]),
        size=int(match[4]),
        modseq=number(match[5]),
        emailid=_email_id(match[6] or match[7]),
        header=response[1][:HEADER_BYTES],
    )


def read_fetch(response: Response) -> FetchedItems | None:
    """What a FETCH response tells; None if it is another response or a broken one. Unknown items are skipped."""
    usual = read_usual(response)
    if usual is not None:
        return usual
    if not is_fetch(response) or sum(map(len, response[::2])) > TEXT_BYTES:
        return None
    try:
        match parse(response):
            case [_, bytes(number_told), Atom() as word, list(items)]:
                found = _read_items(items)
                return found._replace(uid=uid_of(number_told)) if word.upper() == _BY_UID else found
    except (ImapSyntaxError, ValueError):
        pass
    return None


def read_date(text: bytes) -> int:
    """INTERNALDATE in seconds since the epoch; 0 for one that is none."""
    return _short_date(text) if len(text) <= _LONGEST_DATE else 0


@lru_cache(maxsize=1024)
def _short_date(text: bytes) -> int:
    match = _DATE.fullmatch(text)
    if match is None:
        return 0
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = match.groups()
    offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    try:
        local = datetime(
            int(year), _MONTHS[month.lower()], int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC
        )
        return int((local - offset if sign == b"+" else local + offset).timestamp())
    except (ValueError, KeyError, OverflowError):
        return 0


def _read_items(items: list[Value]) -> FetchedItems:
    found = FetchedItems()
    position = 0
    while position < len(items):
        name = items[position]
        position += 1
        if not isinstance(name, Atom):
            continue
        word = name.upper()
        end = _SECTION_END.search(word)
        if b"[" in word and end is None:
            # A section with a list in it: ``BODY[HEADER.FIELDS (DATE FROM)]`` becomes three values.
            while position < len(items) and end is None:
                inner = items[position]
                end = _SECTION_END.match(inner) if isinstance(inner, Atom) else None
                position += 1
        if position >= len(items):
            break
        found = _with_item(found, bytes(word), items[position], end)
        position += 1
    return found


def _with_item(found: FetchedItems, word: bytes, value: Value, end: re.Match[bytes] | None) -> FetchedItems:
    text = value if isinstance(value, bytes) else b""
    if word == b"UID":
        return found._replace(uid=uid_of(value))
    if word == b"FLAGS":
        return found._replace(flags=_flags(value))
    if word == b"INTERNALDATE":
        return found._replace(arrived=read_date(text))
    if word == b"RFC822.SIZE":
        return found._replace(size=number(value))
    if word == b"MODSEQ":
        return found._replace(modseq=number(_only(value)))
    if word in (b"EMAILID", b"X-GM-MSGID"):
        return found._replace(emailid=_email_id(_only(value)))
    if word.startswith(b"BODY[HEADER"):
        return found._replace(header=text[:HEADER_BYTES])
    if word.startswith(b"BODY[]"):
        return found._replace(body=text, origin=number(end[1]) if end else None)
    return found


def _flags(value: Value) -> tuple[int, str] | None:
    if not isinstance(value, list):
        return None
    return _bounded_flags(b" ".join(each for each in value if isinstance(each, Atom)))


def _bounded_flags(flags: bytes) -> tuple[int, str]:
    if len(flags) > _FLAG_BYTES:
        flags = flags[:_FLAG_BYTES].rpartition(b" ")[0]
    return from_wire(flags)


def _only(value: Value) -> Value:
    """The value of a list of one; a value without a list as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _email_id(value: Value) -> str | None:
    if not isinstance(value, bytes) or len(value) > _EMAILID or not value.isascii():
        return None
    text = value.decode("ascii")
    return text if text.isprintable() else None
