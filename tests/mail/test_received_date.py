"""Dates as strangers write them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mail.raw_messages import corpus_messages
from tuimail.mail.date import format_date
from tuimail.mail.received_date import EARLIEST, LATEST, received_date
from tuimail.mail.received_header import read_header

NOV_10 = int(datetime(2009, 11, 10, 22, 0, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("value", "offset"),
    [
        ("Tue, 10 Nov 2009 23:00:00 +0100", 60),
        ("10 Nov 2009 23:00:00 +0100 (CET)", 60),
        ("Tue, 10 Nov 2009 23:00 +0100", 60),
        ("Tue,10 November 2009 23:00:00 +01:00", 60),
        ("Tue, 10 Nov 09 22:00:00 GMT", 0),
        ("Tue, 10 Nov 109 22:00:00 UT", 0),
        ("Tue, 10 Nov 2009 17:00:00 EST", -300),
        ("Tue, 10 Nov 2009 22:00:00 XYZ", 0),
        ("Tue, 10 Nov 2009 22:00:00", 0),
        ("Tue, 10 Nov 2009 23.00.00 +0100", 60),
        ("Tue, 10 Nov 2009 11:00:00 PM +0100", 60),
        ("Tue, 10 Nov 2009 23:00:00 GMT+0100", 60),
        ("10-Nov-2009 17:00:00 -0500", -300),
        (" 10-Nov-2009 17:00:00 -0500", -300),
        ("Tue Nov 10 22:00:00 2009", 0),
        ("Tue Nov 10 17:00:00 EST 2009", -300),
        ("2009-11-10T23:00:00.123+01:00", 60),
        ("2009-11-10 22:00:00Z", 0),
    ],
)
def test_dates(value: str, offset: int) -> None:
    assert received_date(value.encode()) == (NOV_10, offset)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "Tue, 31 Feb 2009 23:00:00 +0100",
        "Tue, 10 Nov 2009 25:00:00 +0100",
        "Tue, 10 Nov 2009 23:61:00 +0100",
        "Tue, 10 Nov 2009 23:00:00 +9999",
        "Thu, 1 Jan 1970 00:00:00 +0000",
        "Tue, 10 Nov 2109 23:00:00 +0100",
        "Tue, 10 Nov 99999 23:00:00 +0100",
        "Tue, 10 Foo 2009 23:00:00 +0100",
        "x" * 1000 + "10 Nov 2009 23:00:00 +0100",
    ],
)
def test_no_dates(value: str) -> None:
    assert received_date(value.encode()) is None


def test_a_leap_second() -> None:
    found = received_date(b"Sat, 31 Dec 2016 23:59:60 +0000")
    assert found is not None
    assert found.at == int(datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())


@given(st.integers(EARLIEST, LATEST - 1))
def test_what_is_written_is_read(at: int) -> None:
    assert received_date(format_date(at, UTC).encode()) == (at, 0)


@given(st.one_of(st.binary(max_size=80), st.text("0123456789:+-/. JanTz", max_size=60).map(str.encode)))
def test_nothing_raises(value: bytes) -> None:
    found = received_date(value)
    assert found is None or EARLIEST <= found.at < LATEST


def test_the_standard_library_reads_the_same() -> None:
    compared = 0
    for name, raw in corpus_messages():
        value = read_header(raw).value("date")
        try:
            theirs = int(parsedate_to_datetime(value.decode("latin-1")).timestamp())
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
        ours = received_date(value)
        if ours is not None and value.rstrip()[-1:].isdigit() and b"-0000" not in value:
            assert ours.at == theirs, (name, value)
            compared += 1
    assert compared > 300
