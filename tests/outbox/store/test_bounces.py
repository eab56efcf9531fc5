"""A delivery report finds its letter, and nobody else's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.mail.bounces import dsn
from tests.outbox.scene import START, SetClock, filed, message, sent_through
from tuimail.mail.bounce import DeliveryReport, read_report
from tuimail.mail.dsn import DeliveryAction
from tuimail.outbox.model.item import Filing
from tuimail.outbox.model.states import FilingState, ItemState
from tuimail.outbox.store.bounces import LATEST
from tuimail.outbox.store.enqueue import Incoming
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.store import Store

BOB = "bob@example.net"


def done(store: Store, *to: str) -> OutboxItem:
    store.enqueue(Incoming(message(1, *to), composing="a"))
    item = sent_through(store, "me", Action.OK)
    return filed(store, item.id, Filing(FilingState.FILED, words="Filed."))


def report(*recipients: tuple[str, str], envelope_id: str = "", message_id: str = "<1@example.org>") -> DeliveryReport:
    found = read_report(dsn(*(recipients or ((BOB, "failed"),)), envelope_id=envelope_id, message_id=message_id), START)
    assert found is not None
    return found


def test_a_bounce_is_noted_at_the_letter_long_done(store: Store, clock: SetClock) -> None:
    item = done(store)
    assert item.state is ItemState.DONE
    clock.move(3600)
    matched = store.bounces.report(report(envelope_id=item.id))
    assert matched is not None
    kept = store.queries.item(item.id)
    assert matched.item == kept
    assert kept.state is ItemState.DONE
    (bob,) = kept.recipients
    assert bob.report is not None
    assert (bob.report.action, bob.report.mta) == (DeliveryAction.FAILED, "mx.example")
    assert store.queries.timeline(item.id)[-1].words == "bounced at mx.example: 550 5.1.1 no such user"


def test_the_same_report_twice_changes_nothing(store: Store) -> None:
    item = done(store)
    store.bounces.report(report(envelope_id=item.id))
    before = (store.queries.item(item.id), store.queries.timeline(item.id))
    matched = store.bounces.report(report(envelope_id=item.id))
    assert matched is not None
    assert matched.news == ()
    assert (store.queries.item(item.id), store.queries.timeline(item.id)) == before


def test_a_delay_that_arrives_late_does_not_hide_the_failure(store: Store) -> None:
    item = done(store)
    for action, now in (("delayed", "delayed"), ("failed", "failed"), ("delayed", "failed"), ("delivered", "failed")):
        store.bounces.report(report((BOB, action), envelope_id=item.id))
        told = store.queries.item(item.id).recipients[0].report
        assert told is not None
        assert told.action == now


def test_the_message_id_finds_it_where_the_envelope_id_was_lost(store: Store) -> None:
    item = done(store)
    matched = store.bounces.report(report())
    assert matched is not None
    assert matched.item.id == item.id


def test_only_the_recipients_it_names_are_told_of(store: Store) -> None:
    item = done(store, BOB, "kim@example.net")
    matched = store.bounces.report(
        report(("KIM@EXAMPLE.NET", "failed"), ("who@example.net", "failed"), envelope_id=item.id)
    )
    assert matched is not None
    assert [each.address for each in matched.news] == ["kim@example.net"]
    assert store.queries.timeline(item.id)[-1].words.startswith("kim@example.net bounced")


def test_a_bounce_nobody_sent_is_not_believed(store: Store, clock: SetClock) -> None:
    item = done(store)
    before = store.queries.item(item.id)
    assert store.bounces.report(report(envelope_id=item.id, message_id="<other@example.org>")) is None
    assert store.bounces.report(report(("mallory@example.net", "failed"), envelope_id=item.id, message_id="")) is None
    assert store.bounces.report(report(envelope_id="zzzzzzzzzz", message_id="")) is None
    assert store.bounces.report(report(envelope_id=item.id[:4], message_id="")) is None, (
        "an id is not guessed from its start"
    )
    clock.move(LATEST + 60)
    assert store.bounces.report(report(envelope_id=item.id)) is None
    assert store.queries.item(item.id) == before


def test_a_letter_that_was_not_accepted_cannot_come_back(store: Store) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    assert store.bounces.report(report(envelope_id=item.id)) is None


def test_forwarded_under_a_name_we_never_knew_both_ids_must_be_ours(store: Store) -> None:
    item = done(store)
    strange = ("robert@elsewhere.example", "failed")
    assert store.bounces.report(report(strange)) is None
    matched = store.bounces.report(report(strange, envelope_id=item.id))
    assert matched is not None
    assert replace(matched.item, recipients=()) == replace(item, recipients=())
