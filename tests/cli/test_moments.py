"""Times as people write and read them."""

from __future__ import annotations

import time

import pytest

from tuimail.cli.moments import moment, until
from tuimail.errors import UsageError

NOW = 1_800_000_000.0  # Fri 2027-01-15 08:00:00 UTC


@pytest.fixture(autouse=True)
def utc(neutral_machine: None) -> None:
    time.tzset()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("+90s", 90),
        ("+30m", 1800),
        ("+30min", 1800),
        ("+2h", 7200),
        ("+1d", 86400),
        ("+1w", 604800),
        ("09:30", 5400),
        ("8:01", 60),
        ("08:00", 86400),
        ("07:59", 86340),
        ("2027-01-15T08:00:01Z", 1),
        ("2027-01-15t09:00:01+01:00", 1),
        ("2027-01-15 08:01", 60),
    ],
)
def test_a_time_is_understood(text: str, seconds: float) -> None:
    assert moment(text, NOW) == NOW + seconds


@pytest.mark.parametrize(
    "text", ["", "noon", "25:00", "12:60", "+h", "+5y", "-2h", "2027-02-30T00:00:00Z", "2027-01-15T07:59:59Z", "2027"]
)
def test_what_is_no_time_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(UsageError) as told:
        moment(text, NOW)
    assert told.value.hint


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "now"),
        (15, "in 15 s"),
        (240, "in 4 min"),
        (7200, "at 10:00"),
        (86400, "tomorrow 08:00"),
        (3 * 86400, "Mon 18 Jan 08:00"),
        (400 * 86400, "Sat 19 Feb 2028 08:00"),
    ],
)
def test_a_moment_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert until(NOW + seconds, NOW) == words
