"""Times as people write them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.dates.parse_date import YEARS, ParsedDate, parse_date, understand
from tuimail.errors import UsageError
from tuimail.mail.text import safe_line

NOW = 1_800_000_000.0  # Fri 2027-01-15 08:00:00 UTC
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")


def at(text: str, zone: tzinfo = UTC, now: float = NOW) -> str:
    return datetime.fromtimestamp(parse_date(text, now, zone).at, zone).strftime("%Y-%m-%d %H:%M")


def asked(text: str, now: float, zone: str) -> tuple[ParsedDate | None, str]:
    """What came of it: a moment, or a sentence with what to do."""
    try:
        return parse_date(text, now, ZoneInfo(zone)), ""
    except UsageError as error:
        return None, f"{error} {error.hint}" if str(error) and error.hint else ""


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("tomorrow 9am", "2027-01-16 09:00"),
        ("Tomorrow at 9 AM", "2027-01-16 09:00"),
        ("9am", "2027-01-15 09:00"),
        ("8am", "2027-01-16 08:00"),
        ("7:59", "2027-01-16 07:59"),
        ("at 15", "2027-01-15 15:00"),
        ("18h30", "2027-01-15 18:30"),
        ("9:30 p.m.", "2027-01-15 21:30"),
        ("12am", "2027-01-16 00:00"),
        ("noon", "2027-01-15 12:00"),
        ("tonight 21:00", "2027-01-15 21:00"),
        ("monday 8:00", "2027-01-18 08:00"),
        ("on friday at 8:00", "2027-01-22 08:00"),
        ("saturday evening", "2027-01-16 18:00"),
        ("next monday", "2027-01-18 08:00"),
        ("next friday 9am", "2027-01-22 09:00"),
        ("day after tomorrow 10:00", "2027-01-17 10:00"),
        ("tomorrow", "2027-01-16 08:00"),
        ("31 dec 18:30", "2027-12-31 18:30"),
        ("dec 31st, 2027 18:30", "2027-12-31 18:30"),
        ("14 jan", "2028-01-14 08:00"),
        ("29 feb", "2028-02-29 08:00"),
        ("31.12. 18:30", "2027-12-31 18:30"),
        ("13/2 9am", "2027-02-13 09:00"),
        ("5/5 9am", "2027-05-05 09:00"),
        ("2027-03-01", "2027-03-01 08:00"),
        ("in 2 hours", "2027-01-15 10:00"),
        ("in an hour", "2027-01-15 09:00"),
        ("in 1 hour and 30 minutes", "2027-01-15 09:30"),
        ("in 24 hours", "2027-01-16 08:00"),
        ("in three days", "2027-01-18 08:00"),
        ("in 2 weeks", "2027-01-29 08:00"),
        ("in 2 days 9am", "2027-01-17 09:00"),
        ("in three weeks and one week", "2027-02-12 08:00"),
        ("in a month and two days", "2027-02-17 08:00"),
        ("13 months from now", "2028-02-15 08:00"),
        ("two days after tomorrow 9am", "2027-01-18 09:00"),
        ("in 1 day and 2 hours", "2027-01-16 10:00"),
        ("15 jan 18:30", "2027-01-15 18:30"),
        ("on monday the 1st of march 2027 9am", "2027-03-01 09:00"),
        ("mar 1 2027 9am", "2027-03-01 09:00"),
        ("2027-01-15T09:00:00+01:00", None),
        ("2027-01-15T10:00:00+01:00", "2027-01-15 09:00"),
        ("10am Europe/London", "2027-01-15 10:00"),
        ("9am EST", "2027-01-15 14:00"),
        ("9am UTC+2", "2027-01-16 07:00"),
    ],
)
def test_a_time_is_understood(text: str, when: str | None) -> None:
    if when is None:
        with pytest.raises(UsageError, match="is over"):
            parse_date(text, NOW, UTC)
    else:
        assert at(text) == when


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("8/12", ("12 aug 2027", "8 dec 2027")),
        ("9am IST", ("Asia/Kolkata", "Europe/Dublin")),
        ("tomorrow at 9", ("9am", "21:00")),
        ("friday 9am", ("today 09:00", "22 Jan 09:00")),
        ("midnight", ("00:00", "23:59")),
    ],
)
def test_what_may_be_read_in_two_ways_is_refused_with_both(text: str, readings: tuple[str, str]) -> None:
    with pytest.raises(UsageError) as told:
        parse_date(text, NOW, UTC)
    assert all(reading in told.value.hint for reading in readings)


def test_next_friday_is_refused_while_this_friday_is_to_come() -> None:
    wednesday = NOW - 2 * 86400
    with pytest.raises(UsageError) as told:
        parse_date("next friday 9am", wednesday, UTC)
    assert "15 jan 2027" in told.value.hint
    assert "22 jan 2027" in told.value.hint
    assert at("next monday 9am", now=wednesday) == "2027-01-18 09:00"


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "foo", "monday friday", "monday 8:00 9:00", "tomorrow 9", "5", "may", "the 5th", "next week", "2027",
        "feb 30", "30/2", "25:00", "13pm", "12:60", "+h", "+5y", "-2h", "tuesday 18 january", "friday 13th",
        "yesterday", "2 hours ago", "last monday", "today", "today 7:00", "now", "9am Europe/Nowhere", "9am UTC+15",
        "9am CET EST",
        "in 2 bananas", "in 99999999 years", "+999999w", "10 feb 2033", "2 feb 3 feb 8:00", "tomorrow evening 9:30",
        "tomorrow 9am please", "9am\x1b[2J", "x" * 200, "0/0", "99.99.",
        "min 29", "fri 5 a minutes", "an hour from monday", "in 5 40 min", "2027 hour 29", "min tomorrow", "one may",
        "in three days of 9am", "15 jan 7:00", "15 jan", "31 jun", "13 dec 2032 may", "in " + "9" * 90 + " days",
        "in " + "9" * 90 + " years", "2027-02-30T00:00:00Z", "in 0 minutes",
    ],
)  # fmt: skip
def test_what_is_no_time_to_come_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(UsageError) as told:
        parse_date(text, NOW, UTC)
    assert told.value.hint
    assert str(told.value).isprintable()


def test_a_month_later_is_the_same_day_or_the_last_of_that_month() -> None:
    last_of_january = NOW + 16 * 86400
    assert at("in a month", now=last_of_january) == "2027-02-28 08:00"
    assert at("in 13 months", now=last_of_january) == "2028-02-29 08:00"
    assert at("in a year and a month", now=last_of_january) == "2028-02-29 08:00"


def test_a_time_that_clocks_skip_is_told_and_moved() -> None:
    found = parse_date("28 mar 02:30", NOW, BERLIN)
    assert found.text == "Sun 28 Mar 03:30 CEST (in 72 days)"
    assert "does not exist" in found.note


def test_of_a_time_that_comes_twice_the_first_is_meant_until_it_is_over() -> None:
    first = parse_date("31 oct 02:30", NOW, BERLIN)
    assert first.text.startswith("Sun 31 Oct 02:30 CEST")
    assert "comes twice" in first.note
    second = parse_date("02:30", first.at + 1, BERLIN)
    assert second.at == first.at + 3600
    assert "CET" in second.text


def test_a_delay_is_so_much_later_whatever_clocks_do() -> None:
    before_the_change = datetime(2027, 3, 28, 1, 30, tzinfo=BERLIN).timestamp()
    for text in ("+2h", "in 2 hours", "in two hours", "in 120 minutes"):
        assert parse_date(text, before_the_change, BERLIN).at == before_the_change + 7200


def test_tomorrow_is_the_same_clock_time_though_the_day_is_short() -> None:
    evening = datetime(2027, 3, 27, 12, 0, tzinfo=BERLIN).timestamp()
    assert at("tomorrow 12:00", BERLIN, evening) == "2027-03-28 12:00"
    assert parse_date("tomorrow 12:00", evening, BERLIN).at == evening + 23 * 3600


def test_the_answer_shows_the_zone_and_how_long_it_is() -> None:
    found = parse_date("tomorrow 9am", NOW, BERLIN)
    assert found.text == "tomorrow 09:00 CET (in 24 h)"
    assert parse_date("18:30", NOW, BERLIN).text == "today 18:30 CET (in 10 h)"
    assert parse_date("9am EST", NOW, BERLIN).note == "09:00 in EST"
    assert parse_date("monday", NOW, BERLIN).note == "a day without a time means 08:00"


async def test_a_dialog_may_ask_without_waiting() -> None:
    assert (await understand("+2h", NOW)).at == NOW + 7200


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "EST5EDT,M3.2.0,M11.1.0"])
def test_without_a_zone_the_machine_s_own_counts(name: str) -> None:
    script = (
        "from tuimail.dates.parse_date import parse_date;"
        "print([parse_date(t, 1.8e9).text for t in ('tomorrow 9am', '28 mar 02:30', '14 mar 02:30')])"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], env={"TZ": name, "PATH": ""}, capture_output=True, text=True, check=True
    ).stdout
    zone = ZoneInfo(name) if "," not in name else ZoneInfo("America/New_York")
    wanted = [parse_date(text, NOW, zone).text for text in ("tomorrow 9am", "28 mar 02:30", "14 mar 02:30")]
    assert told.strip() == str(wanted)


_WORDS = st.sampled_from(
    ["tomorrow", "monday", "fri", "9am", "18:30", "in", "2", "3", "hours", "days", "next", "31", "dec", "at",
     "evening", "may", "5th", "2028", "8/12", "EST", "Europe/London", "the", "of", "week", "a", "noon", "today",
     "+2h", "and", "12"]
)  # fmt: skip


@given(st.lists(_WORDS, min_size=1, max_size=5), st.sampled_from(ZONES), st.floats(1.7e9, 1.9e9))
def test_whatever_is_said_the_answer_is_to_come_or_a_sentence(words: list[str], zone: str, now: float) -> None:
    found, refused = asked(" ".join(words), now, zone)
    if found is not None:
        assert now < found.at <= now + YEARS * 366 * 86400
    assert (found is None) == bool(refused)


@given(st.text(max_size=40), st.sampled_from(ZONES))
def test_no_text_at_all_does_harm(text: str, zone: str) -> None:
    found, refused = asked(text, NOW, zone)
    assert found is None or found.at > NOW
    assert safe_line(refused) == refused


@given(st.integers(0, 23), st.integers(0, 59), st.sampled_from(ZONES), st.floats(1.7e9, 1.9e9))
def test_a_clock_time_is_the_next_one_to_come(hour: int, minute: int, zone: str, now: float) -> None:
    found = parse_date(f"{hour}:{minute:02}", now, ZoneInfo(zone))
    assert now < found.at <= now + 25 * 3600
    shown = datetime.fromtimestamp(found.at, ZoneInfo(zone))
    assert (shown.hour, shown.minute) == (hour, minute) or "does not exist" in found.note
