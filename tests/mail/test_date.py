"""The Date field names the moment, whatever the zone."""

from __future__ import annotations

from datetime import timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.mail.date import format_date


@pytest.mark.parametrize(
    ("offset", "written"),
    [
        (timedelta(hours=1), "Mon, 23 Nov 2026 20:22:00 +0100"),
        (timedelta(hours=-3, minutes=-30), "Mon, 23 Nov 2026 15:52:00 -0330"),
        (timedelta(hours=5, minutes=53, seconds=20), "Tue, 24 Nov 2026 01:15:00 +0553"),
    ],
)
def test_a_moment_in_a_zone(offset: timedelta, written: str) -> None:
    assert format_date(1_795_461_720.25, timezone(offset)) == written


@given(st.integers(0, 4_000_000_000), st.integers(-86_399, 86_399))
def test_every_reader_finds_the_moment(now: int, offset: int) -> None:
    if abs(round(offset / 60)) < 24 * 60:
        assert parsedate_to_datetime(format_date(now, timezone(timedelta(seconds=offset)))).timestamp() == now
