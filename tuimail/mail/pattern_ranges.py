"""Ranges of a search pattern as mutt has them: dates (``<1w``, ``1/11/26-20/11/26``), sizes (``>1M``) and counts."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import MAXYEAR, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from tuimail.mail.date import MONTH_NAMES
from tuimail.mail.pattern_tree import Count, DateRange, SizeRange

if TYPE_CHECKING:
    from datetime import tzinfo

DATES_HINT = "Write it like <1w, >2m, =3d, today, 1/11/26, 1/11/26-20/11/26, 1/11/26-, -20/11/26 or 20261101."
SIZES_HINT = "Write it like >1M, <10K or 10K-1M."
COUNTS_HINT = "Write it like 2, >1 or 1-3."

_DAY = r"\d{4}-\d{1,2}-\d{1,2}|\d{8}|\d{1,2}(?:/\d{1,2}(?:/(?:\d{4}|\d{2}))?)?|today|yesterday"
_DAYS = re.compile(rf"(?P<first>{_DAY})?(?P<dash>-)?(?P<last>{_DAY})?", re.IGNORECASE)
_AGE = re.compile(r"(?P<relation>[<>=])(?P<number>\d{1,5})(?P<unit>[ymwdHMS])")
_UNITS = {"y": "year", "m": "month", "w": "week", "d": "day", "H": "hour", "M": "minute", "S": "second"}
_SECONDS = {"H": 3600, "M": 60, "S": 1}
_MULTIPLES = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}
"""Powers of 1000, as sizes are shown (``mail/size``)."""
_SIZE = r"\d{1,12}(?:[kKmMgG][bB]?)?"
_COUNT = r"\d{1,6}"


class RangeError(ValueError):
    """Not a range; the text says why."""


def date_range(text: str, now: float, zone: tzinfo | None, *, arrival: bool) -> DateRange:
    """The range of dates ``text``, in days of ``zone`` (None: this machine's) seen from ``now``.

    Days, weeks, months and years are counted in calendar days: ``<1d`` is today, and ``>1d`` all that was before.

    Raises:
        RangeError: it is none, or there is no such day.
    """
    try:
        return _date_range(text, now, zone, arrival=arrival)
    except RangeError:
        raise
    except (ValueError, OverflowError, OSError):
        raise RangeError("there is no such day") from None


def _date_range(text: str, now: float, zone: tzinfo | None, *, arrival: bool) -> DateRange:
    today = datetime.fromtimestamp(now, zone).date()
    age = _AGE.fullmatch(text)
    if age is not None:
        since, before = _of_age(age["relation"], int(age["number"]), age["unit"], now, today, zone)
        return DateRange(since, before, arrival, _age_said(age["relation"], int(age["number"]), age["unit"]))
    found = _DAYS.fullmatch(text)
    if found is None or not (found["first"] or found["last"]):
        raise RangeError("this is not a date or a range of dates")
    first = _day(found["first"], today) if found["first"] else None
    last = _day(found["last"], today) if found["last"] else None
    if not found["dash"]:
        last = first
    if first is not None and last is not None and first > last:
        first, last = last, first
    since = None if first is None else _start_of_day(first, zone)
    before = None if last is None else _start_of_day(last + timedelta(days=1), zone)
    return DateRange(since, before, arrival, _days_said(first, last, today))


def _of_age(
    relation: str, number: int, unit: str, now: float, today: date, zone: tzinfo | None
) -> tuple[float | None, float | None]:
    if unit in _SECONDS:
        start, end = now - (number + 1) * _SECONDS[unit], now - number * _SECONDS[unit]
    else:
        day = _days_back(today, number, unit)
        start, end = _start_of_day(day, zone), _start_of_day(day + timedelta(days=1), zone)
    return {"<": (end, None), ">": (None, end), "=": (start, end)}[relation]


def _days_back(today: date, number: int, unit: str) -> date:
    if unit in "dw":
        return today - timedelta(days=number * (7 if unit == "w" else 1))
    years, month = divmod(today.month - 1 - number * (12 if unit == "y" else 1), 12)
    year = today.year + years
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def _day(text: str, today: date) -> date:
    named = {"today": 0, "yesterday": 1}.get(text.lower())
    if named is not None:
        return today - timedelta(days=named)
    if "-" in text:
        return date(*map(int, text.split("-")))
    if len(text) == 8 and "/" not in text:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    numbers = [int(each) for each in text.split("/")]
    month = numbers[1] if len(numbers) > 1 else today.month
    year = numbers[2] if len(numbers) > 2 else today.year
    if year < 100:
        year += 2000 if year < 70 else 1900
    return date(year, month, numbers[0])


def _start_of_day(day: date, zone: tzinfo | None) -> float:
    """PEP 495: fold 0 puts a midnight that a clock change skips where the day begins, and takes the first of two."""
    if day.year == MAXYEAR:
        raise OverflowError
    return datetime.combine(day, time(), zone).timestamp()


def _age_said(relation: str, number: int, unit: str) -> str:
    span = f"{number} {_UNITS[unit]}{'' if number == 1 else 's'}"
    return {"<": f"newer than {span}", ">": f"older than {span}", "=": f"{span} ago"}[relation]


def _days_said(first: date | None, last: date | None, today: date) -> str:
    if first is not None and first == last:
        return {today: "today", today - timedelta(days=1): "yesterday"}.get(first, f"on {_said(first, today)}")
    if last is None:
        return f"since {_said(first, today)}" if first is not None else "on any day"
    if first is None:
        return f"until {_said(last, today)}"
    return f"from {_said(first, today)} to {_said(last, today)}"


def _said(day: date, today: date) -> str:
    year = "" if day.year == today.year else f" {day.year}"
    return f"{day.day} {MONTH_NAMES[day.month - 1]}{year}"


def size_range(text: str) -> SizeRange:
    """The range of sizes ``text``; K, M and G are powers of 1000.

    Raises:
        RangeError: it is none.
    """
    least, most, said = _range(text, _SIZE, "this is not a size or a range of sizes")
    return SizeRange(least, most, said)


def count_range(text: str) -> Count:
    """The range of numbers of attachments ``text``.

    Raises:
        RangeError: it is none.
    """
    least, most, said = _range(text, _COUNT, "this is not a number of attachments")
    said = said.replace("larger", "more").replace("smaller", "fewer").replace("exactly ", "")
    return Count(least, most, f"with {said} attachment{'' if said.split()[-1] == '1' else 's'}")


def _range(text: str, number: str, problem: str) -> tuple[int | None, int | None, str]:
    """The least, the most, and the range in English."""
    found = re.fullmatch(rf"([<>])({number})|({number})?(-)?({number})?", text)
    if found is None or not (found[2] or found[3] or found[5]):
        raise RangeError(problem)
    relation, limit, first, dash, last = found.groups()
    if relation == "<":
        return None, _number(limit) - 1, f"smaller than {limit}"
    if relation == ">":
        return _number(limit) + 1, None, f"larger than {limit}"
    if not dash:
        return _number(first), _number(first), f"exactly {first}"
    if not last:
        return _number(first), None, f"at least {first}"
    if not first:
        return None, _number(last), f"at most {last}"
    if _number(first) > _number(last):
        first, last = last, first
    return _number(first), _number(last), f"{first} to {last}"


def _number(text: str) -> int:
    digits = text.rstrip("kKmMgGbB")
    return int(digits) * _MULTIPLES[text[len(digits) :].lower().removesuffix("b")]
