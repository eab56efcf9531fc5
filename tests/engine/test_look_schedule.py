"""When a mailbox is looked at next."""

from __future__ import annotations

import math

import pytest

from tuimail.engine.look_schedule import LONGEST_REST, REST, LookSchedule


def looked(begun: float, ended: float, pause: float) -> LookSchedule:
    schedule = LookSchedule()
    schedule.begin()
    schedule.end(begun, ended, pause)
    return schedule


def test_without_a_change_after_the_pause() -> None:
    assert looked(10.0, 10.5, 300.0).next == 310.5


@pytest.mark.parametrize(("seconds", "rest"), [(0.0, 0.0), (0.5, 0.5 * REST), (100.0, LONGEST_REST)])
def test_after_a_change_when_it_has_rested_as_long_as_a_look_is_worth(seconds: float, rest: float) -> None:
    schedule = looked(10.0, 10.0 + seconds, 300.0)
    schedule.changed()
    assert schedule.next == 10.0 + seconds + rest
    schedule.begin()
    assert schedule.next == 310.0 + seconds


def test_what_was_done_during_a_look_is_looked_at_after_it() -> None:
    schedule = LookSchedule()
    schedule.begin()
    schedule.now()
    schedule.end(10.0, 11.0, 300.0)
    assert schedule.next == 11.0
    schedule.begin()
    schedule.end(11.0, 12.0, 300.0)
    assert schedule.next == 312.0


def test_without_looks_none_is_ever_due() -> None:
    schedule = LookSchedule(active=False)
    assert schedule.next == math.inf
    schedule.changed()
    schedule.now()
    assert schedule.next == math.inf


def test_what_is_due_sooner_does_not_wait_for_the_rest() -> None:
    schedule = looked(10.0, 11.0, 0.1)
    schedule.changed()
    assert schedule.next == 11.1
    schedule.now()
    assert schedule.next == 0.0
