"""Moments as the program says them."""

from __future__ import annotations

from datetime import UTC

import pytest

from tuimail.dates.format_date import format_planned, format_until

NOW = 1_800_000_000.0  # Fri 2027-01-15 08:00:00 UTC


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "now"),
        (0.2, "in 1 s"),
        (15, "in 15 s"),
        (240, "in 4 min"),
        (7200, "10:00"),
        (86400, "tomorrow 08:00"),
        (3 * 86400, "Mon 18 Jan 08:00"),
        (400 * 86400, "Sat 19 Feb 2028 08:00"),
    ],
)
def test_a_moment_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert format_until(NOW + seconds, NOW, UTC) == words


def test_no_moment_is_no_words() -> None:
    assert format_until(None, NOW) == ""


def test_a_chosen_time_leaves_no_doubt() -> None:
    assert format_planned(NOW + 7200, NOW, UTC) == "today 10:00 UTC (in 2 h)"
