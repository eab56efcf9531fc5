from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.clock import DAY, HOUR
from tuimail.config.model import WhenLate
from tuimail.outbox.model import backoff
from tuimail.outbox.store import due

moments = st.floats(0, 4e9)
chances = st.floats(0, 1)


@pytest.mark.parametrize(
    ("table", "minutes"),
    [
        (backoff.UNREACHABLE, [0.25, 0.5, 1, 2, 4, 8, 15, 15, 15]),
        (backoff.ANSWERED, [1, 5, 15, 30, 60, 60, 60]),
    ],
)
def test_the_delays_are_those_of_the_rule(table: tuple[float, ...], minutes: list[float]) -> None:
    assert [backoff.delay(table, tries) / 60 for tries in range(1, len(minutes) + 1)] == pytest.approx(minutes)


@given(st.sampled_from([backoff.UNREACHABLE, backoff.ANSWERED, backoff.TROUBLE]), st.integers(0, 10**9), chances)
def test_chance_moves_a_delay_by_a_tenth_at_most(table: tuple[float, ...], tries: int, chance: float) -> None:
    middle = backoff.delay(table, tries)
    assert 0.899 * middle <= backoff.delay(table, tries, chance=chance) <= 1.101 * middle
    assert middle <= max(table)


@given(st.integers(1, 100), st.floats(0, 1e9), chances)
def test_the_servers_own_delay_is_never_undercut_nor_without_end(tries: int, at_least: float, chance: float) -> None:
    wait = backoff.delay(backoff.ANSWERED, tries, at_least=at_least, chance=chance)
    assert min(at_least, backoff.LONGEST) <= wait <= max(backoff.LONGEST, 1.1 * HOUR)


@given(moments, st.floats(0, backoff.LONGEST), st.floats(-1e9, 1e9))
def test_however_the_clock_is_set_a_letter_is_due_after_its_delay_at_the_latest(
    tried: float, wait: float, jump: float
) -> None:
    def due(now: float) -> bool:
        return backoff.due(tried + wait, tried, now)

    assert due(tried + wait + 1)
    if jump < -1:
        assert due(tried + jump), "the clock was set back: now"
    if jump > wait + 1:
        assert due(tried + jump)


@given(moments, st.floats(1, backoff.LONGEST))
def test_a_letter_is_not_tried_before_its_time(now: float, wait: float) -> None:
    assert not backoff.due(now + wait - 0.5, now, now) or wait <= 0.5


def test_what_lies_beyond_every_delay_was_written_by_a_wrong_clock() -> None:
    assert backoff.due(1e9 + backoff.LONGEST + 1, None, 1e9)
    assert not backoff.due(1e9 + backoff.LONGEST - 1, None, 1e9)


@pytest.mark.parametrize(
    ("until", "now", "over"),
    [(1005, 1001, False), (1005, 1005, True), (1005, 900, True), (90_000, 900, False), (None, 9e9, False)],
)
def test_an_undo_window_ends_when_the_clock_was_set_back_and_a_date_does_not(
    until: float | None, now: float, over: bool
) -> None:
    held = "SELECT 'held' AS state, '' AS on_late, NULL AS next_attempt_at, NULL AS last_attempt_at"
    query = f"SELECT {due.ITEM_DUE} FROM ({held}, :until AS not_before, 1000 AS queued_at) AS item"
    with closing(sqlite3.connect(":memory:")) as db:
        assert bool(db.execute(query, due.at(now, WhenLate.SEND, until=until)).fetchone()[0]) is over


def test_time_in_which_nobody_tried_does_not_use_up_the_five_days() -> None:
    start = 1e9
    expires = backoff.expiry(start)
    assert backoff.expiry_now(expires, start, start + 3600) == expires
    assert backoff.expiry_now(expires, start, start + 6 * DAY) == start + 11 * DAY
    assert backoff.expiry_now(expires, start + 7 * DAY, start) <= start + 5 * DAY


@given(moments, moments, moments)
def test_no_clock_makes_the_five_days_longer_than_five_days_from_now(start: float, tried: float, now: float) -> None:
    assert backoff.expiry_now(backoff.expiry(start), tried, now) <= backoff.expiry(now)


def test_the_warning_comes_after_four_hours() -> None:
    expires = backoff.expiry(0)
    assert not backoff.warning_due(expires, 4 * 3600 - 1)
    assert backoff.warning_due(expires, 4 * 3600)
