"""Dates of received header fields (RFC 5322 sections 3.3 and 4.3), read tolerantly. Pure, bounded, never raises."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

EARLIEST = 31_536_000
"""1971-01-01: no mail is older; what claims to be has a broken clock."""
LATEST = 4_102_444_800
"""2100-01-01."""
_LENGTH = 200
"""Bytes that are looked at."""

_USUAL = re.compile(rb"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d{4})")
_TIME = r"(?P<h>\d{1,2})[:.](?P<mi>\d{2})(?:[:.](?P<s>\d{2}))?(?:[.,]\d+)?\s*(?P<half>[ap]m\b)?"
_ZONE = r"\s*(?:(?P<zone>[a-z]{1,5}\b)?\s*(?P<sign>[+-])(?P<zh>\d{1,2}):?(?P<zm>\d{2})?|(?P<name>[a-z]{1,5})\b)?"
_FORMS = (
    # Tue, 10 Nov 2009 23:00:00 +0100; 10-Nov-2009 23:00:00 +0100
    re.compile(rf"(?P<d>\d{{1,2}})[\s-]+(?P<mon>[a-z]{{3}})[a-z]*\.?,?[\s-]+(?P<y>\d{{2,5}}),?\s+{_TIME}{_ZONE}", re.I),
    # 2009-11-10T23:00:00+01:00
    re.compile(rf"(?P<y>\d{{4}})[-/](?P<m>\d{{1,2}})[-/](?P<d>\d{{1,2}})[t\s]+{_TIME}{_ZONE}", re.I),
    # Tue Nov 10 23:00:00 [CET] 2009
    re.compile(
        rf"(?P<mon>[a-z]{{3}})[a-z]*\s+(?P<d>\d{{1,2}}),?\s+{_TIME}(?:\s+(?P<name>[a-z]{{1,5}}))?"
        r"\s+(?P<y>\d{4})(?:\s*(?P<sign>[+-])(?P<zh>\d{2}):?(?P<zm>\d{2}))?",
        re.I,
    ),
)
_COMMENT = re.compile(r"\([^()]*\)")
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_ZONES = {"est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420}
"""Minutes; other names are read as UTC (RFC 5322 section 4.3)."""
_MOST_OFFSET = 24 * 60


class ReceivedDate(NamedTuple):
    """A moment, and how it was written."""

    at: int
    """Seconds since the epoch."""
    offset: int
    """Minutes east of UTC that the sender's clock was."""


def received_date(value: bytes) -> ReceivedDate | None:
    """The moment in ``value``, an unfolded Date field or an IMAP date; None if there is none or it is absurd."""
    match = _USUAL.match(value)
    if match is not None:
        day, month, year, hour, minute, second, zone = match.groups()
        offset = int(zone[1:3]) * 60 + int(zone[3:5])
        return _moment(
            (int(year), _MONTHS.get(month.decode("ascii").lower(), 0), int(day)),
            (int(hour), int(minute), int(second)),
            -offset if zone[:1] == b"-" else offset,
        )
    text = _COMMENT.sub(" ", value[:_LENGTH].decode("latin-1"))
    for form in _FORMS:
        found = form.search(text)
        if found is not None:
            return _from_parts(found.groupdict())
    return None


def _from_parts(parts: dict[str, str | None]) -> ReceivedDate | None:
    year = int(parts["y"] or 0)
    if year < 1000:  # RFC 5322 section 4.3: two digits, or three of a program that counts from 1900
        year += 2000 if year < 50 else 1900
    month = int(parts.get("m") or _MONTHS.get((parts.get("mon") or "").lower(), 0))
    hour = int(parts["h"] or 0)
    half = (parts.get("half") or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if parts.get("sign"):
        offset = int(parts["zh"] or 0) * 60 + int(parts["zm"] or 0)
        offset = -offset if parts["sign"] == "-" else offset
    else:
        offset = _ZONES.get((parts.get("name") or "").lower(), 0)
    return _moment((year, month, int(parts["d"] or 0)), (hour, int(parts["mi"] or 0), int(parts["s"] or 0)), offset)


def _moment(day: tuple[int, int, int], clock: tuple[int, int, int], offset: int) -> ReceivedDate | None:
    hour, minute, second = clock
    start = _seconds_before(*day)
    if start is None or hour > 23 or minute > 59 or second > 60 or abs(offset) >= _MOST_OFFSET:
        return None
    at = start + hour * 3600 + minute * 60 + min(second, 59) - offset * 60
    return ReceivedDate(at, offset) if EARLIEST <= at < LATEST else None


@lru_cache(maxsize=4096)
def _seconds_before(year: int, month: int, day: int) -> int | None:
    """Seconds from the epoch to the beginning of a day in UTC."""
    try:
        return (date(year, month, day).toordinal() - 719163) * 86400
    except ValueError:
        return None
