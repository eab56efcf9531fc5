"""When a server that could not be reached is tried again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.sync.reconnect import DELAYS, REFUSED, SPREAD, Reconnect


def test_delays_grow_to_the_last_one_and_begin_anew_after_a_success() -> None:
    reconnect = Reconnect(chance=lambda: 0.5)
    assert [reconnect.failed() for _ in range(len(DELAYS) + 2)] == pytest.approx([*DELAYS, DELAYS[-1], DELAYS[-1]])
    reconnect.succeeded()
    assert reconnect.failed() == pytest.approx(DELAYS[0])


def test_a_network_that_is_back_is_found_within_a_minute_and_is_not_asked_more_often_than_that() -> None:
    """Where no event tells that it is back."""
    reconnect = Reconnect(chance=lambda: 1 - 1e-9)
    day, tries, passed = 86_400.0, 0, 0.0
    while passed < day:
        delay = reconnect.failed()
        assert delay <= 60 * (1 + SPREAD)
        passed, tries = passed + delay, tries + 1
    assert tries < day / 60


def test_a_refused_sign_in_waits_an_hour_and_counts_as_no_failure_of_the_network() -> None:
    reconnect = Reconnect(chance=lambda: 0.5)
    assert reconnect.failed(lasting=True) == REFUSED
    assert reconnect.failed() == pytest.approx(DELAYS[0])


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=20))
def test_clients_come_back_at_different_moments_within_the_spread(chances: list[float]) -> None:
    given_chances = iter(chances)
    reconnect = Reconnect(chance=lambda: next(given_chances))
    for number in range(len(chances)):
        delay = DELAYS[min(number, len(DELAYS) - 1)]
        assert reconnect.failed() / delay == pytest.approx(1, abs=SPREAD + 1e-9)
