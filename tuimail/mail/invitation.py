"""An invitation (iCalendar, RFC 5545 and 5546) as what, when and where. Pure, bounded, never raises.

Only the lines that say this are read; nothing is answered, and no rule of repetition is worked out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

LENGTH = 64 * 1024
"""Characters that are read."""
MOST_ATTENDEES = 10
_LONGEST = 500
"""Characters of a text that are kept."""
_MOST_LINES = 5000

_LINE = re.compile(r'([A-Za-z0-9-]{1,60})((?:;[^:;"]*+(?:"[^"]*+"[^:;"]*+)*+)*+):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';([A-Za-z0-9-]{1,60})=(?:"([^"]*+)"|([^;"]*+))')
_FOLD = re.compile(r"\n[ \t]")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?\Z")
_DURATION = re.compile(r"\+?P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,4})M)?(?:(\d{1,5})S)?)?\Z")
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,2}\Z")
_WINDOWS_ZONES = {
    "AUS Eastern Standard Time": "Australia/Sydney",
    "Arabian Standard Time": "Asia/Dubai",
    "Central Europe Standard Time": "Europe/Budapest",
    "Central European Standard Time": "Europe/Warsaw",
    "Central Standard Time": "America/Chicago",
    "China Standard Time": "Asia/Shanghai",
    "E. South America Standard Time": "America/Sao_Paulo",
    "Eastern Standard Time": "America/New_York",
    "FLE Standard Time": "Europe/Kiev",
    "GMT Standard Time": "Europe/London",
    "GTB Standard Time": "Europe/Bucharest",
    "Greenwich Standard Time": "Atlantic/Reykjavik",
    "India Standard Time": "Asia/Kolkata",
    "Israel Standard Time": "Asia/Jerusalem",
    "Korea Standard Time": "Asia/Seoul",
    "Mountain Standard Time": "America/Denver",
    "New Zealand Standard Time": "Pacific/Auckland",
    "Pacific Standard Time": "America/Los_Angeles",
    "Romance Standard Time": "Europe/Paris",
    "Russian Standard Time": "Europe/Moscow",
    "Singapore Standard Time": "Asia/Singapore",
    "South Africa Standard Time": "Africa/Johannesburg",
    "Tokyo Standard Time": "Asia/Tokyo",
    "Turkey Standard Time": "Europe/Istanbul",
    "W. Europe Standard Time": "Europe/Berlin",
}
_METHODS = {
    "REQUEST": "Invitation",
    "CANCEL": "Cancelled",
    "REPLY": "Answer to an invitation",
    "COUNTER": "Another time is proposed",
    "PUBLISH": "Event",
    "ADD": "Further dates",
    "REFRESH": "Question about an event",
    "DECLINECOUNTER": "The other time is declined",
}
_ANSWERS = {
    "ACCEPTED": "accepted",
    "DECLINED": "declined",
    "TENTATIVE": "tentative",
    "DELEGATED": "delegated",
}


class Moment(NamedTuple):
    """A date or time of an event."""

    wall: datetime
    """As written; without a zone."""
    zone: str
    """The sender's zone as written; empty for a time without one, and for a whole day."""
    at: int | None
    """Seconds since the epoch; None if the zone is not known or there is none."""
    whole_day: bool


class Participant(NamedTuple):
    """The organiser, or someone who is invited. Not sanitised."""

    name: str
    address: str
    answer: str
    """"accepted" and the like; empty if there is none."""

    def __str__(self) -> str:
        who = f"{self.name} <{self.address}>" if self.name and self.address else self.name or self.address
        return f"{who} ({self.answer})" if self.answer else who


@dataclass(frozen=True, slots=True)
class Invitation:
    """An event that a letter is about. Texts are not sanitised; ``lines`` is."""

    method: str
    """REQUEST, CANCEL, REPLY...; empty if there is none."""
    summary: str
    start: Moment | None
    end: Moment | None
    """Of whole days the last one."""
    location: str
    organiser: Participant | None
    attendees: tuple[Participant, ...]
    """The first MOST_ATTENDEES."""
    more_attendees: int
    repeats: bool
    more_events: int
    """Further events in the same part."""

    def lines(self, zone: tzinfo | None = None) -> list[str]:
        """What, when (in ``zone``, else in the local one) and where; safe to show."""
        found = [f"{_METHODS.get(self.method, 'Event')}: {self.summary or '(without a title)'}"]
        if self.start is not None:
            found.append(f"When: {_when(self.start, self.end, zone)}{', repeats' if self.repeats else ''}")
        if self.location:
            found.append(f"Where: {self.location}")
        if self.organiser is not None:
            found.append(f"Organiser: {self.organiser}")
        if self.attendees:
            others = f" and {self.more_attendees} more" if self.more_attendees else ""
            found.append(f"Invited: {', '.join(map(str, self.attendees))}{others}")
        if self.more_events:
            found.append(f"{self.more_events} more event{'s' if self.more_events > 1 else ''}")
        return [safe_line(line) for line in found]


def read_invitation(text: str) -> Invitation | None:
    """The first event in ``text``, a text/calendar part; None if there is none."""
    method, events, open_components = "", 0, [""]
    first: dict[str, list[tuple[dict[str, str], str]]] = {}
    for name, parameters, value in _lines(text):
        if name == "BEGIN":
            open_components.append(value.strip().upper())
            events += open_components[-1] == "VEVENT"
        elif name == "END":
            if len(open_components) > 1:
                open_components.pop()
        elif name == "METHOD" and open_components[-1] != "VEVENT":
            method = method or value.strip().upper()[:20]
        elif open_components[-1] == "VEVENT" and events == 1:
            first.setdefault(name, []).append((_parameters(parameters), value))
    return _invitation(method, first, events) if events else None


def _lines(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, parameters and value of each content line (RFC 5545 section 3.1)."""
    plain = text[:LENGTH].replace("\r\n", "\n").replace("\r", "\n")
    for line in _FOLD.sub("", plain).split("\n", _MOST_LINES)[:_MOST_LINES]:
        match = _LINE.match(line)
        if match is not None:
            yield match[1].upper(), match[2], match[3]


def _parameters(written: str) -> dict[str, str]:
    found = _PARAMETER.finditer(written[:2000])
    return {match[1].upper(): match[3] if match[2] is None else match[2] for match in found}


def _invitation(method: str, fields: dict[str, list[tuple[dict[str, str], str]]], events: int) -> Invitation:
    def text(name: str) -> str:
        return _text(fields[name][0][1]) if name in fields else ""

    def moment(name: str) -> Moment | None:
        return _moment(*fields[name][0]) if name in fields else None

    start, end = moment("DTSTART"), moment("DTEND")
    if start is not None and end is None and "DURATION" in fields:
        end = _later(start, fields["DURATION"][0][1].strip())
    if end is not None and end.whole_day and start is not None and end.wall > start.wall:
        end = end._replace(wall=end.wall - timedelta(days=1))  # the day after the last one stands there
    attendees = fields.get("ATTENDEE", [])
    return Invitation(
        method,
        text("SUMMARY"),
        start,
        end,
        text("LOCATION"),
        _participant(*fields["ORGANIZER"][0]) if "ORGANIZER" in fields else None,
        tuple(_participant(*each) for each in attendees[:MOST_ATTENDEES]),
        max(0, len(attendees) - MOST_ATTENDEES),
        "RRULE" in fields or "RDATE" in fields,
        events - 1,
    )


def _text(value: str) -> str:
    plain = _ESCAPE.sub(lambda match: " " if match[1] in "nN" else match[1], value[: 2 * _LONGEST])
    return " ".join(plain.split())[:_LONGEST]


def _participant(parameters: dict[str, str], value: str) -> Participant:
    address = value.strip()[:_LONGEST]
    if address.lower().startswith("mailto:"):
        address = address[7:]
    name = " ".join(parameters.get("CN", "").split())[:_LONGEST]
    return Participant(
        "" if name == address else name, address, _ANSWERS.get(parameters.get("PARTSTAT", "").upper(), "")
    )


def _moment(parameters: dict[str, str], value: str) -> Moment | None:
    match = _MOMENT.match(value.strip()[:30])
    if match is None or not "1971" <= match[1] <= "2200":
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        wall = datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001 - as written
    except ValueError:
        return None
    if match[4] is None:
        return Moment(wall, "", None, whole_day=True)
    if match[7]:
        return Moment(wall, "UTC", int(wall.replace(tzinfo=UTC).timestamp()), whole_day=False)
    name = parameters.get("TZID", "").strip().strip("/")[:100]
    zone = _zone(name)
    return Moment(wall, name, int(wall.replace(tzinfo=zone).timestamp()) if zone else None, whole_day=False)


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo | None:
    from zoneinfo import ZoneInfo

    name = _WINDOWS_ZONES.get(name, name)
    if not _ZONE.match(name):
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder, an odd file, no such zone
        return None


def _later(start: Moment, duration: str) -> Moment | None:
    match = _DURATION.match(duration[:40])
    if match is None:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    at = None if start.at is None else start.at + int(length.total_seconds())
    return start._replace(wall=start.wall + length, at=at)


def _when(start: Moment, end: Moment | None, zone: tzinfo | None) -> str:
    """Start to end in ``zone``; the sender's time behind it where it differs."""
    if start.at is None:
        shown = _span(start.wall, end.wall if end else None, whole_day=start.whole_day)
        return f"{shown} ({start.zone})" if start.zone else shown
    here = datetime.fromtimestamp(start.at, UTC).astimezone(zone)
    until = datetime.fromtimestamp(end.at, UTC).astimezone(zone) if end and end.at is not None else None
    shown = _span(here, until, whole_day=False)
    if here.replace(tzinfo=None) == start.wall or start.zone == "UTC":
        return shown
    their_end = end.wall if end and end.zone == start.zone else None
    return f"{shown} ({_span(start.wall, their_end, whole_day=False)} {start.zone})"


def _span(start: datetime, end: datetime | None, *, whole_day: bool) -> str:
    if whole_day:
        last = f" to {_day(end)}" if end is not None and end > start else ""
        return f"{_day(start)}{last}"
    if end is None or end <= start:
        return f"{_day(start)} {start:%H:%M}"
    if end.date() == start.date():
        return f"{_day(start)} {start:%H:%M} to {end:%H:%M}"
    return f"{_day(start)} {start:%H:%M} to {_day(end)} {end:%H:%M}"


def _day(day: date) -> str:
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return f"{names[day.weekday()]} {day.year:04d}-{day.month:02d}-{day.day:02d}"
