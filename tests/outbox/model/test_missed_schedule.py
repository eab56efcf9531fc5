"""Letters whose time passed while nobody could send them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import START, Box, SetClock, message, sent_through, store_in
from tuimail.config.model import DelayedSending, DeliveryReports, OutboxSettings, WhenLate
from tuimail.dates.format_date import format_full_date
from tuimail.mail.envelope import Notify
from tuimail.outbox.model.backoff import SHORT_HOLD
from tuimail.outbox.model.delivery_options import DeliveryOptions, granted
from tuimail.outbox.model.missed_schedule import GRACE
from tuimail.outbox.model.states import ItemState, Verb
from tuimail.outbox.store.enqueue import Incoming
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tuimail.outbox.store.store import Store

    Open = Callable[[WhenLate], Store]

HOUR = 3600.0


@pytest.fixture
def opened(folder: Path, clock: SetClock, box: Box) -> Iterator[Open]:
    """Opens the outbox with a policy."""
    stores: list[Store] = []

    def open_store(when_late: WhenLate) -> Store:
        stores.append(store_in(folder, clock, box, OutboxSettings(when_late=when_late)))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()


def test_a_late_letter_goes_unless_the_user_wants_otherwise(opened: Open, clock: SetClock) -> None:
    store = opened(WhenLate.SEND)
    item = store.enqueue(Incoming(message(), composing="a", not_before=START + HOUR))
    clock.move(2 * 86400)
    assert store.recovery.recover() == []
    claimed = store.claims.claim("me")
    assert claimed is not None
    assert claimed.id == item.id


@pytest.mark.parametrize("own", [WhenLate.ASK, None])
def test_a_late_letter_is_held_with_a_question(opened: Open, clock: SetClock, own: WhenLate | None) -> None:
    store = opened(WhenLate.SEND if own else WhenLate.ASK)
    item = store.enqueue(Incoming(message(), composing="a", not_before=START + HOUR, on_late=own))
    clock.move(HOUR + GRACE + 1)
    assert store.claims.claim("me") is None, "nobody may take it before it is decided"
    assert store.schedule.accounts_due() == []
    (changed,) = store.recovery.recover()
    assert (changed.id, changed.state, changed.asks, changed.needs_you) == (item.id, ItemState.HELD, True, True)
    assert changed.words == "It was to go on Fri 15 Jan at 09:00, and tuimail was not running. Send it now?"
    assert store.recovery.recover() == []
    assert store.schedule.next_due() is None
    assert store.claims.claim("me") is None
    released = store.actions.apply(Verb.RELEASE, item.id)
    assert not released.asks
    assert sent_through(store, "me", Action.OK).id == item.id


def test_a_late_letter_is_held_by_hand_where_that_is_wanted(opened: Open, clock: SetClock) -> None:
    store = opened(WhenLate.HOLD)
    item = store.enqueue(Incoming(message(), composing="a", not_before=START + HOUR))
    clock.move(86400)
    (changed,) = store.recovery.recover()
    assert (changed.id, changed.state, changed.asks, changed.needs_you) == (item.id, ItemState.HELD, False, False)
    assert "tuimail was not running" in changed.words
    assert store.claims.claim("me") is None


def test_a_letter_of_its_own_mind_is_not_asked_about(opened: Open, clock: SetClock) -> None:
    store = opened(WhenLate.ASK)
    store.enqueue(Incoming(message(), composing="a", not_before=START + HOUR, on_late=WhenLate.SEND))
    clock.move(86400)
    assert store.recovery.recover() == []
    assert store.claims.claim("me") is not None


def test_a_letter_noticed_in_time_waits_its_turn_however_long_that_takes(opened: Open, clock: SetClock) -> None:
    store = opened(WhenLate.ASK)
    store.enqueue(Incoming(message(), composing="a", not_before=START + HOUR))
    clock.move(HOUR + GRACE)
    (changed,) = store.recovery.recover()
    assert (changed.state, changed.asks) == (ItemState.QUEUED, False)
    clock.move(86400)
    assert store.recovery.recover() == []
    assert store.claims.claim("me") is not None


def test_an_undo_window_is_never_late(opened: Open, clock: SetClock) -> None:
    store = opened(WhenLate.ASK)
    store.enqueue(Incoming(message(), composing="a", not_before=START + SHORT_HOLD))
    clock.move(30 * 86400)
    assert store.recovery.recover() == []
    assert store.claims.claim("me") is not None


def test_what_a_letter_wants_outlives_the_index(opened: Open, folder: Path, clock: SetClock, box: Box) -> None:
    store = opened(WhenLate.SEND)
    store.enqueue(Incoming(message(), composing="a", not_before=START + HOUR, on_late=WhenLate.ASK))
    store.close()
    (folder / "index.db").unlink()
    again = opened(WhenLate.SEND)
    clock.move(86400)
    (changed,) = again.recovery.recover()
    assert changed.asks


def test_wishes_of_a_letter_come_before_the_settings() -> None:
    envelope = message().envelope
    settings = OutboxSettings(later=DelayedSending.SERVER, delivery_reports=DeliveryReports.NONE)
    assert granted(envelope, DeliveryOptions(), settings, 5.0) == (replace(envelope, notify=(), hold_until=5.0), None)
    assert granted(envelope, DeliveryOptions(on_server=False), settings, 5.0) == (replace(envelope, notify=()), 5.0)
    assert granted(envelope, DeliveryOptions(), settings, None) == (replace(envelope, notify=()), None)
    asked = DeliveryOptions(notify=(Notify.SUCCESS,), on_server=True)
    assert granted(envelope, asked, OutboxSettings(), 5.0) == (
        replace(envelope, notify=(Notify.SUCCESS,), hold_until=5.0), None,
    )  # fmt: skip
    everything = OutboxSettings(delivery_reports=DeliveryReports.ALL)
    assert granted(envelope, DeliveryOptions(), everything, None)[0].notify == (
        Notify.FAILURE,
        Notify.DELAY,
        Notify.SUCCESS,
    )


def test_a_letter_that_the_server_does_not_keep_is_kept_here(opened: Open, clock: SetClock) -> None:
    store = opened(WhenLate.SEND)
    letter = message()
    letter = replace(letter, envelope=replace(letter.envelope, hold_until=START + HOUR))
    store.enqueue(Incoming(letter, composing="a"))
    claimed = store.claims.claim("me")
    assert claimed is not None
    from tests.outbox.scene import result, verdict

    held = store.claims.record(claimed.id, "me", replace(result(claimed, Action.KEEP), touched=False))
    assert (held.state, held.not_before, held.hold_until) == (ItemState.HELD, START + HOUR, None)
    assert held.words == verdict(Action.KEEP).message
    # Read days later, "09:00" would be of no day.
    assert f"held here until {format_full_date(START + HOUR)}" in store.queries.timeline(held.id)[-1].words
    assert store.claims.claim("me") is None
    clock.move(HOUR)
    assert sent_through(store, "me", Action.OK).state is ItemState.ACCEPTED


def test_a_letter_that_the_server_keeps_says_until_when(opened: Open) -> None:
    store = opened(WhenLate.SEND)
    letter = message()
    letter = replace(letter, envelope=replace(letter.envelope, hold_until=START + HOUR))
    store.enqueue(Incoming(letter, composing="a"))
    item = sent_through(store, "me", Action.OK)
    assert item.words == f"The server keeps it until {format_full_date(START + HOUR)}."
    assert f"the server keeps it until {format_full_date(START + HOUR)}" in store.queries.timeline(item.id)[-1].words
