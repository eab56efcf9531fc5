"""Days as people name them: "tomorrow", "next friday", "31 dec", "in three days". Read by dateparser, and checked.

dateparser is made for texts that somebody else wrote, and finds a date in nearly everything. Here a letter hangs on
it: every word must be one that names a day, every number and name must be found in the answer, and what may mean two
days is refused with both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tuimail.errors import UsageError
from tuimail.mail.text import safe_line

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_UNITS = ("hour", "minute", "second", "day", "week", "fortnight", "month", "year")
_SHORT = {"hours", "hrs", "hr", "h", "minutes", "mins", "min", "seconds", "secs", "sec", "s"}
_NUMBERS = {
    "a",
    "an",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
}
_JOINING = {"in", "on", "the", "of", "and", "from", "now", "after", "this", "next", "today", "tomorrow"}
_ORDINAL = re.compile(r"(\d{1,4})(?:st|nd|rd|th)?")
_CLOCKLESS = time(11, 17, 23)
"""The time of day that relative phrases are read at: one that no phrase names by itself."""

EXAMPLES = '"18:30", "tomorrow 9am", "monday 8:00", "friday evening", "31 dec 18:30", "in 2 hours", "+30m"'
HINT = f"Write it like {EXAMPLES}, or 2027-01-31T08:00+01:00."


@dataclass(frozen=True, slots=True)
class Day:
    """What a phrase names."""

    day: date
    relative: bool = False
    """Counted from now in days or more: the time of day stays what it is."""
    later: timedelta | None = None
    """Counted from now in hours or less: so much later, whatever clocks do."""
    weekday: str = ""
    """It was named by its weekday alone, as in "monday"."""


def day_of(phrase: str, today: date) -> Day:
    """The day that ``phrase`` (lower case) names, seen from ``today``.

    Raises:
        UsageError: it names none, or may mean two.
    """
    words = re.findall(r"[^\s,]+", phrase)
    numeric = _numeric(words, today)
    if numeric is not None:
        return Day(numeric)
    for word in words:
        if word in ("yesterday", "ago", "last"):
            raise UsageError(f'"{phrase}" is over.', hint="Leave the time out to send now.")
        if not _known(word):
            raise not_understood(phrase)
    names = [_WEEKDAY[word] for word in words if word in _WEEKDAY]
    if names and set(words) <= {*_WEEKDAY, "on", "this", "next"}:
        if len(names) > 1:
            raise not_understood(phrase)
        return _weekday(words, names[0], today)
    read, period = _read(phrase, today)
    base = datetime.combine(today, _CLOCKLESS)
    if any(word in _SHORT or word.startswith(("hour", "minute", "second")) for word in words):
        return Day(read.date(), later=read - base)
    counted = read.time() == _CLOCKLESS and not {"tomorrow", "today"} & set(words)
    if period != "day" and not (counted and any(word.rstrip("s") in _UNITS for word in words) and words[0] != "next"):
        raise UsageError(f'"{phrase}" does not say on which day.', hint=HINT)
    if not counted:
        _check(phrase, words, read.date())
    return Day(read.date(), relative=counted)


def not_understood(text: str) -> UsageError:
    """What to say of a time that cannot be read, or not as a whole."""
    return UsageError(f'"{safe_line(text)}" is not a time.', hint=HINT)


def _known(word: str) -> bool:
    if word in _JOINING or word in _NUMBERS or word in _SHORT or word in _WEEKDAY or word in _MONTH:
        return True
    return word.rstrip("s") in _UNITS or _ORDINAL.fullmatch(word) is not None


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


def _read(phrase: str, today: date) -> tuple[datetime, str]:
    """The day by dateparser, and how exact it is: "day", "week", "month"..."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its dependencies, about Python versions to come
        from dateparser.date import DateDataParser

        parser = DateDataParser(
            languages=["en"],
            settings={
                "RELATIVE_BASE": datetime.combine(today, _CLOCKLESS),
                "PREFER_DATES_FROM": "future",
                "TIMEZONE": "UTC",
                "RETURN_AS_TIMEZONE_AWARE": False,
                "PARSERS": ["relative-time", "absolute-time"],
            },
        )
        try:
            found = parser.get_date_data(re.sub(r"^(?:on|this)\s+", "", phrase))
        except (ValueError, OverflowError, TypeError):
            raise not_understood(phrase) from None
    read = found.date_obj
    if read is None:
        raise not_understood(phrase)
    return read.replace(tzinfo=None), str(found.period)


def _check(phrase: str, words: list[str], found: date) -> None:
    """Everything that was said must be in the answer."""
    for word in words:
        number = _ORDINAL.fullmatch(word)
        if number and int(number[1]) not in (found.day, found.year):
            raise not_understood(phrase)
        if word in _MONTH and MONTHS.index(_MONTH[word]) + 1 != found.month:
            raise not_understood(phrase)
        if word in _WEEKDAY and WEEKDAYS.index(_WEEKDAY[word]) != found.weekday():
            raise UsageError(
                f"{_long(found)} is a {WEEKDAYS[found.weekday()].capitalize()}.",
                hint="Leave the weekday out, or mend it.",
            )
    numbers = [word for word in words if _ORDINAL.fullmatch(word)]
    if len(numbers) > 2 or len({_MONTH[word] for word in words if word in _MONTH}) > 1:
        raise not_understood(phrase)


def _long(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}"


_WEEKDAY = {form: name for name in WEEKDAYS for form in (name, name[:3], name[:4], name[:5])} | {"weds": "wednesday"}
_MONTH = {form: name for name in MONTHS for form in (name, name[:3])} | {"sept": "september"}
