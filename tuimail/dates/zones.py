"""Parses names of time zones: "Europe/London", "EST", "UTC+2", "+01:00"."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone
from typing import TYPE_CHECKING

from tuimail.errors import UsageError

if TYPE_CHECKING:
    from datetime import tzinfo

_HOURS = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3, "jst": 9,
    "kst": 9, "sgt": 8, "hkt": 8, "awst": 8, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "est": -5, "edt": -4,
    "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10,
}  # fmt: skip
"""Unambiguous abbreviations -> hours east of UTC."""

_SEVERAL = {
    "cst": ("America/Chicago", "Asia/Shanghai"),
    "ist": ("Asia/Kolkata", "Asia/Jerusalem", "Europe/Dublin"),
    "bst": ("Europe/London", "Asia/Dhaka"),
    "ast": ("America/Halifax", "Asia/Riyadh"),
    "sst": ("Asia/Singapore", "Pacific/Pago_Pago"),
    "ect": ("Europe/Paris", "America/Guayaquil"),
}
"""Ambiguous abbreviations -> some of the zones they may mean."""

_OFFSET = re.compile(r"(?:utc|gmt)?([+-])(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
NAMED = re.compile(r"[A-Za-z]+(?:/[A-Za-z0-9_+-]+)+")
"""The shape of a name of the IANA database."""


def is_zone(word: str) -> bool:
    """Whether ``word`` names a time zone, known or not."""
    known = word.lower() in _HOURS or word.lower() in _SEVERAL
    return known or NAMED.fullmatch(word) is not None or (_OFFSET.fullmatch(word) is not None and len(word) > 2)


def parse_zone(word: str) -> tzinfo:
    """The time zone ``word``, for which ``is_zone`` holds.

    Raises:
        UsageError: the name is unknown or ambiguous.
    """
    if word.lower() in _HOURS:
        hours = _HOURS[word.lower()]
        return UTC if not hours else timezone(timedelta(hours=hours), word.upper())
    if word.lower() in _SEVERAL:
        places = " or ".join(_SEVERAL[word.lower()])
        raise UsageError(f"{word} means different times in different countries.", hint=f"Write {places}.")
    offset = _OFFSET.fullmatch(word)
    if offset:
        seconds = int(offset[2]) * 3600 + int(offset[3] or 0) * 60
        if seconds > 14 * 3600:
            raise UsageError(f"There is no time zone {word}.", hint="The farthest are UTC-12 and UTC+14.")
        return timezone(timedelta(seconds=-seconds if offset[1] == "-" else seconds))
    from zoneinfo import ZoneInfo, available_timezones

    names = available_timezones()
    found = next((name for name in names if name.lower() == word.lower()), None)
    if found is not None:
        return ZoneInfo(found)
    from difflib import get_close_matches

    near = get_close_matches(word, names, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    raise UsageError(
        f"There is no time zone {word}.{meant}", hint='Write one such as "Europe/London", "EST" or "UTC+2".'
    )
