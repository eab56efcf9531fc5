"""Parses a date and time in English. The result is always in the future; ambiguous text is an error.

A text is read in this order: a delay ("+2h", "in 90 minutes"), RFC 3339, then a clock time ("18:30", "9am", "evening"),
a time zone and a day (dates/days) in any order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING

from tuimail.dates.days import HINT, Day, not_understood, parse_day
from tuimail.dates.format_date import format_day_time, format_planned
from tuimail.dates.local_time import Shown, days_on, local_now, resolve_local, zone_name
from tuimail.dates.zones import is_zone, parse_zone
from tuimail.errors import UsageError

if TYPE_CHECKING:
    from datetime import tzinfo

MORNING = time(8)
"""The time that is used for a day without a time."""

YEARS = 5
"""The farthest allowed time, in years from now."""

LONGEST = 100
"""Maximum length of the text in characters."""

_PARTS = {
    "morning": MORNING,
    "noon": time(12),
    "midday": time(12),
    "afternoon": time(14),
    "evening": time(18),
    "tonight": time(20),
}
_UNITS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hr": 3600, "hour": 3600}
_LONG_UNITS = {"d": 86400, "w": 604800}
_DELAY = re.compile(r"\+(\d{1,6})(s|min|m|h|d|w)")
_IN = re.compile(r"in (\d{1,6}) ?([a-z]+?)s?(?: (?:and )?(\d{1,6}) ?([a-z]+?)s?)?")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?(?:[Zz]|[+-]\d{2}:?\d{2}))?")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.]([0-5]\d)|h([0-5]\d)?)?(?::([0-5]\d))?(?: ?([ap])\.?m\.?)?")


@dataclass(frozen=True, slots=True)
class ParsedDate:
    """The result of ``parse_date``."""

    at: float
    """Seconds since the epoch."""
    text: str
    """For the user, in local time and with its zone: "tomorrow 09:00 CET (in 14 h)"."""
    note: str = ""
    """What was assumed, in a sentence; empty if nothing was."""


async def understand(text: str, now: float) -> ParsedDate:
    """``parse_date`` in a thread, because named time zones are read from disk. Raises UsageError."""
    import asyncio

    return await asyncio.to_thread(parse_date, text, now)


def parse_date(text: str, now: float, zone: tzinfo | None = None) -> ParsedDate:
    """The time that ``text`` names, relative to ``now`` in ``zone`` (None: this machine's).

    Raises:
        UsageError: not a time, in the past, too far ahead, or ambiguous; the hint says how to write it.
    """
    text = " ".join(text.split())
    if not text or len(text) > LONGEST or not text.isprintable():
        raise not_understood(text[:LONGEST])
    try:
        at, note = _read(text, now, zone)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"There is no such time as {text}.", hint=HINT) from None
    if at <= now:
        raise UsageError(f"{text} is over.", hint="Leave the time out to send now.")
    if at > now + YEARS * 366 * 86400:
        raise UsageError(f"{text} is more than {YEARS} years ahead.", hint="Choose an earlier time.")
    return ParsedDate(at, format_planned(at, now, zone), note)


def _read(text: str, now: float, zone: tzinfo | None) -> tuple[float, str]:
    delay = _delay(text.lower())
    if delay is not None:
        return now + delay, ""
    if _ISO.fullmatch(text):
        asked = datetime.fromisoformat(text.upper().replace(" +", "+").replace(" -", "-").replace(" Z", "Z"))
        if asked.tzinfo is not None:
            return asked.timestamp(), ""
        shown = resolve_local(asked, zone, now)
        return shown.at, shown.note
    there, rest = _zone(text)
    clock, rest = _clock(rest.lower())
    home = zone if there is None else there
    at, note = _on_the_day(rest, clock, now, home)
    if there is not None:
        note = "; ".join(filter(None, (f"{format_day_time(at, now, there)} in {zone_name(at, there)}", note)))
    return at, note


def _delay(text: str) -> float | None:
    """Seconds of "+2h" or "in 1 hour and 30 minutes": an exact delay, independent of clock changes."""
    short = _DELAY.fullmatch(text)
    if short:
        return float(int(short[1]) * (_UNITS | _LONG_UNITS)[short[2]])
    spelt = _IN.fullmatch(text)
    if spelt is None or spelt[2] not in _UNITS or (spelt[4] is not None and spelt[4] not in _UNITS):
        return None
    return float(int(spelt[1]) * _UNITS[spelt[2]] + (int(spelt[3]) * _UNITS[spelt[4]] if spelt[4] else 0))


def _zone(text: str) -> tuple[tzinfo | None, str]:
    words = text.split()
    named = [word for word in words if is_zone(word)]
    if not named:
        return None, text
    if len(named) > 1:
        raise UsageError(f"{text} names two time zones.", hint="Write one of them.")
    return parse_zone(named[0]), " ".join(word for word in words if word is not named[0])


def _clock(text: str) -> tuple[time | None, str]:
    """The time of day in ``text``, and the rest of the text.

    Raises:
        UsageError: an invalid time, two times, or an hour that may be in the morning or in the evening.
    """
    found: list[time] = []
    rest: list[str] = []
    text = re.sub(r"(?<=\d) (?=[ap]\.?m\b)", "", text)
    text = re.sub(r"^this (?=morning|afternoon|evening)", "today ", text)
    words = text.split()
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        if word in _PARTS:
            found.append(_PARTS[word])
            if word == "tonight":
                rest.append("today")
        elif word == "midnight":
            raise UsageError("Midnight may be the beginning or the end of a day.", hint='Write "00:00" or "23:59".')
        elif (clock := _CLOCK.fullmatch(word)) and (_has_minutes(clock, word) or before == "at"):
            found.append(_time_of(clock, word))
        elif word == "at" and place + 1 < len(words) and rest[-1:] != ["at"]:
            pass
        else:
            rest.append(word)
    if len(found) == 2 and any(word in _PARTS for word in words) and "at" not in rest:
        found = [_both(found, words)]
    if len(found) > 1:
        raise UsageError(f'"{text}" names two times.', hint="Write one of them.")
    return (found[0] if found else None), " ".join(rest)


def _has_minutes(clock: re.Match[str], word: str) -> bool:
    """Whether it is certainly a time of day; "31" and "8.12" may be dates."""
    return bool(clock[5] or (clock[2] and ":" in word) or "h" in word)


def _time_of(clock: re.Match[str], word: str) -> time:
    hour, minute = int(clock[1]), int(clock[2] or clock[3] or 0)
    if clock[5]:
        if not 1 <= hour <= 12:
            raise UsageError(f"There is no time {word}.", hint=HINT)
        hour = hour % 12 + (12 if clock[5] == "p" else 0)
    elif hour <= 12 and not clock[2] and "h" not in word:
        raise UsageError(
            f"{hour} may be in the morning or in the evening.", hint=f'Write "{hour}am" or "{hour % 12 + 12}:00".'
        )
    if hour > 23:
        raise UsageError(f"There is no time {word}.", hint=HINT)
    return time(hour, minute, int(clock[4] or 0))


def _both(found: list[time], words: list[str]) -> time:
    """The clock time of "tomorrow morning 9:30" or "tonight 21:00", if it lies in that part of the day."""
    part = next(word for word in words if word in _PARTS)
    clock = next((each for each in found if each != _PARTS[part]), found[0])
    least, most = {"morning": (0, 12), "afternoon": (12, 18), "evening": (16, 24), "tonight": (17, 24)}.get(
        part, (12, 13)
    )
    if not least <= clock.hour < most:
        raise UsageError(f"{clock:%H:%M} is not in the {part}.", hint=HINT)
    return clock


def _on_the_day(phrase: str, clock: time | None, now: float, zone: tzinfo | None) -> tuple[float, str]:
    today = local_now(now, zone)
    if not phrase:
        if clock is None:
            raise not_understood(phrase)
        shown = resolve_local(datetime.combine(today, clock), zone, now)
        if shown.at <= now:
            shown = resolve_local(datetime.combine(days_on(today, 1), clock), zone, now)
        return shown.at, shown.note
    day = parse_day(phrase, today.date())
    if day.later is not None:
        if clock is not None:
            raise not_understood(phrase)
        return now + day.later.total_seconds(), ""
    if day.relative and clock is None:
        shown = resolve_local(datetime.combine(day.day, today.time()), zone, now)
        return shown.at, shown.note
    said = "" if clock is not None else f"a day without a time means {MORNING:%H:%M}"
    shown = resolve_local(datetime.combine(day.day, clock or MORNING), zone, now)
    if day.weekday and day.day == today.date():
        shown = _today_or_next_week(day, shown.at, clock, now, zone)
    elif day.day == today.date() and clock is None:
        raise UsageError(f'"{phrase}" does not say when.', hint='Write a time as well, such as "today 18:30".')
    return shown.at, "; ".join(filter(None, (said, shown.note)))


def _today_or_next_week(day: Day, at: float, clock: time | None, now: float, zone: tzinfo | None) -> Shown:
    """On a Monday, "monday 8:00" is next week's when eight is over; before that it may be either."""
    later = days_on(datetime.combine(day.day, clock or MORNING), 7)
    if at > now:
        raise UsageError(
            f"Today is {day.weekday.capitalize()}, so this may be read in two ways.",
            hint=f'Write "today {later:%H:%M}" or "{later.day} {later:%b} {later:%H:%M}".',
        )
    return resolve_local(later, zone, now)
