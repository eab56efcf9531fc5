"""What an attempt taught of a server is known to the next one, in whatever process, until it is too old."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.outbox.scene import SetClock, message, result, store_in
from tuimail.outbox.store.enqueue import Incoming
from tuimail.submission.quirks import FORGET_AFTER, Quirk
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tuimail.outbox.store.store import Store

HOST = "smtp.example.org:465"


def attempt(store: Store, number: int, learnt: Mapping[Quirk, bool], server: str = HOST) -> dict[str, frozenset[Quirk]]:
    """Send a letter that teaches ``learnt``; what was known before."""
    store.enqueue(Incoming(message(number), composing=str(number)))
    taken = store.claims.take("1:1:boot:x")
    assert taken is not None
    store.claims.touching(taken.item.id, "1:1:boot:x")
    store.claims.record(
        taken.item.id, "1:1:boot:x", replace(result(taken.item, Action.OK), server=server, learnt=learnt)
    )
    return dict(taken.quirks)


def test_what_was_learnt_is_known_to_the_next_attempt_in_another_process(tmp_path: Path) -> None:
    clock = SetClock()
    with closing(store_in(tmp_path, clock)) as store:
        assert attempt(store, 1, {Quirk.REFUSES_DSN: True, Quirk.NO_PIPELINING: True}) == {}
    with closing(store_in(tmp_path, clock)) as store:
        assert attempt(store, 2, {}) == {HOST: {Quirk.REFUSES_DSN, Quirk.NO_PIPELINING}}


def test_what_was_disproved_is_forgotten_for_that_server_alone(tmp_path: Path) -> None:
    with closing(store_in(tmp_path, SetClock())) as store:
        attempt(store, 1, {Quirk.NO_PIPELINING: True})
        attempt(store, 2, {Quirk.NO_PIPELINING: True}, "other.example.org:587")
        attempt(store, 3, {Quirk.NO_PIPELINING: False})
        assert attempt(store, 4, {}) == {"other.example.org:587": {Quirk.NO_PIPELINING}}


def test_a_quirk_is_believed_for_a_week_and_one_that_cost_an_answer_for_good(tmp_path: Path) -> None:
    clock = SetClock()
    week = FORGET_AFTER[Quirk.NO_PIPELINING]
    assert week is not None
    with closing(store_in(tmp_path, clock)) as store:
        attempt(store, 1, {Quirk.NO_PIPELINING: True, Quirk.NOTHING_PAST_DOT: True})
        clock.move(week - 1)
        assert attempt(store, 2, {}) == {HOST: {Quirk.NO_PIPELINING, Quirk.NOTHING_PAST_DOT}}
        clock.move(1)
        assert attempt(store, 3, {}) == {HOST: {Quirk.NOTHING_PAST_DOT}}
        clock.move(100 * week)
        assert attempt(store, 4, {}) == {HOST: {Quirk.NOTHING_PAST_DOT}}
