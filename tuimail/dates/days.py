"""Parses days in English: "tomorrow", "next friday", "31 dec", "in three days". Never guesses.

A phrase is understood completely or refused. A phrase with two possible meanings is refused, and the error names both.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, time, timedelta

from tuimail.errors import UsageError
from tuimail.mail.date import MONTH_NAMES
from tuimail.mail.text import safe_line

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = tuple(name.lower() for name in MONTH_NAMES)
_NUMBERS = {"a": 1, "an": 1} | {
    word: number
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}
_UNITS: dict[str, timedelta | int] = {
    form: unit
    for forms, unit in (
        ("second seconds secs sec s", timedelta(seconds=1)),
        ("minute minutes mins min", timedelta(minutes=1)),
        ("hour hours hrs hr h", timedelta(hours=1)),
        ("day days", timedelta(days=1)),
        ("week weeks", timedelta(weeks=1)),
        ("fortnight fortnights", timedelta(weeks=2)),
        ("month months", 1),
        ("year years", 12),
    )
    for form in forms.split()
}
"""A time, or a number of months."""
_NEAR = {"today": 0, "tomorrow": 1, "day after tomorrow": 2, "the day after tomorrow": 2}
"""Days from today."""
EXAMPLES = '"18:30", "tomorrow 9am", "monday 8:00", "friday evening", "31 dec 18:30", "in 2 hours", "+30m"'
HINT = f"Write it like {EXAMPLES}, or 2027-01-31T08:00+01:00."


@dataclass(frozen=True, slots=True)
class Day:
    """The day that a phrase names."""

    day: date
    relative: bool = False
    """Counted from now in days or more: the time of day stays the same."""
    later: timedelta | None = None
    """Counted from now in hours or less: an exact delay, independent of clock changes."""
    weekday: str = ""
    """It was named by its weekday alone, as in "monday"."""


def parse_day(phrase: str, today: date) -> Day:
    """The day that ``phrase`` (lower case) names, seen from ``today``.

    Raises:
        UsageError: it names no day, or is ambiguous.
    """
    words = re.findall(r"[^\s,]+", phrase)
    numeric = _numeric(words, today)
    if numeric is not None:
        return Day(numeric)
    if {"yesterday", "ago", "last"} & set(words):
        raise UsageError(f'"{phrase}" is over.', hint="Leave the time out to send now.")
    names = [_WEEKDAY[word] for word in words if word in _WEEKDAY]
    if names and set(words) <= {*_WEEKDAY, "on", "this", "next"}:
        if len(names) > 1:
            raise not_understood(phrase)
        return _weekday(words, names[0], today)
    counted = _counted(words, today)
    if counted is not None:
        return counted
    return _calendar_day(phrase, words, today)


def not_understood(text: str) -> UsageError:
    """The error for a time that is not understood completely."""
    return UsageError(f'"{safe_line(text)}" is not a time.', hint=HINT)


def _numeric(words: list[str], today: date) -> date | None:
    """Dates of digits alone. Raises UsageError for 8/12, which is August in one country and December in the next."""
    if len(words) != 1:
        return None
    iso = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", words[0])
    parts = re.fullmatch(r"(\d{1,2})([./-])(\d{1,2})(?:\2(\d{4})?)?", words[0])
    try:
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if not parts:
            return None
        first, second, year = int(parts[1]), int(parts[3]), int(parts[4] or 0)
        readings = [(first, second)] if parts[2] == "." else [(first, second), (second, first)]
        fitting = sorted({_next_year(day, month, year, today) for day, month in readings if 0 < month <= 12})
    except ValueError:
        raise UsageError(f"There is no day {words[0]}.", hint=HINT) from None
    if len(fitting) > 1:
        one, other = (f'"{_long(each)}"' for each in fitting)
        raise UsageError(f"{words[0]} may be read in two ways.", hint=f"Write {one} or {other}.")
    if not fitting:
        raise UsageError(f"There is no day {words[0]}.", hint=HINT)
    return fitting[0]


def _next_year(day: int, month: int, year: int, today: date) -> date:
    if year:
        return date(year, month, day)
    for each in range(today.year, today.year + 9):
        try:
            found = date(each, month, day)
        except ValueError:  # the 29th of February
            if (day, month) != (29, 2):
                raise
            continue
        if found >= today:
            return found
    raise ValueError(day)


def _weekday(words: list[str], name: str, today: date) -> Day:
    ahead = (WEEKDAYS.index(name) - today.weekday()) % 7
    found = today + timedelta(days=ahead)
    if "next" in words and ahead and found.isocalendar().week == today.isocalendar().week:
        raise UsageError(
            f'"next {name}" may be read in two ways.',
            hint=f'Write "{_long(found)}" or "{_long(found + timedelta(days=7))}".',
        )
    if "next" in words:
        return Day(found if ahead else found + timedelta(days=7))
    if "this" in words:
        return Day(found)
    return Day(found, weekday=name)


def _counted(words: list[str], today: date) -> Day | None:
    """What "tomorrow", "in 3 days" or "an hour and 20 minutes from now" name; None when ``words`` count nothing.

    Raises:
        OverflowError: it is after the last year that can be counted.
    """
    text = " ".join(words)
    if text in _NEAR:
        return Day(today + timedelta(days=_NEAR[text]))
    if text == "now":
        return Day(today, later=timedelta(0))
    text, start = _start(text.removeprefix("in "))
    months, delay, hours = 0, timedelta(0), False
    pairs = text.replace(" and ", " ").split()
    if not pairs or len(pairs) % 2:
        return None
    for number, name in zip(pairs[::2], pairs[1::2], strict=True):
        unit = _UNITS.get(name)
        count = int(number) if number.isdecimal() else _NUMBERS.get(number)
        if unit is None or count is None:
            return None
        if isinstance(unit, int):
            months += count * unit
        else:
            delay += count * unit
            hours = hours or unit < timedelta(days=1)
    base = datetime.combine(today, time())
    found = datetime.combine(_months_later(today, months), time()) + delay + timedelta(days=start)
    return Day(found.date(), later=found - base) if hours else Day(found.date(), relative=start == 0)


def _start(text: str) -> tuple[str, int]:
    """``text`` without the day it is counted from, and that day as days from today."""
    for joint in (" from ", " after "):
        rest, _, origin = text.rpartition(joint)
        if origin in _NEAR or origin == "now":
            return rest, _NEAR.get(origin, 0)
    return text, 0


def _months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    if day.year + years > MAXYEAR:
        raise OverflowError
    return date(day.year + years, month + 1, min(day.day, monthrange(day.year + years, month + 1)[1]))


def _calendar_day(phrase: str, words: list[str], today: date) -> Day:
    """What "31 dec", "on friday the 1st of january 2027" or "december 31st" name."""
    found = _CALENDAR.fullmatch(" ".join(words))
    if found is None:
        raise not_understood(phrase)
    name, number, year = found["month"] or found["month2"], found["day"] or found["day2"], int(found["year"] or 0)
    if not number:
        raise UsageError(f'"{phrase}" does not say on which day.', hint=HINT)
    try:
        day = _next_year(int(number), MONTHS.index(_MONTH[name]) + 1, year, today)
    except ValueError:
        raise not_understood(phrase) from None
    weekday = found["weekday"]
    if weekday and WEEKDAYS.index(_WEEKDAY[weekday]) != day.weekday():
        raise UsageError(
            f"{_long(day)} is a {WEEKDAYS[day.weekday()].capitalize()}.", hint="Correct the weekday or leave it out."
        )
    return Day(day)


def _long(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}"


_WEEKDAY = {form: name for name in WEEKDAYS for form in (name, name[:3], name[:4], name[:5])} | {"weds": "wednesday"}
_MONTH = {form: name for name in MONTHS for form in (name, name[:3])} | {"sept": "september"}

_CALENDAR = re.compile(
    rf"(?:on )?(?:(?P<weekday>{'|'.join(_WEEKDAY)}) )?(?:the )?"
    rf"(?:(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?)?(?P<month>{'|'.join(_MONTH)})"
    rf"|(?P<month2>{'|'.join(_MONTH)}) (?:the )?(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?)"
    r"(?: (?P<year>\d{4}))?"
)
