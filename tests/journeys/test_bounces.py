"""A letter that Postfix accepts and then cannot deliver: what comes back finds its letter."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tuimail.compose.draft import Draft
from tuimail.config.loader import load
from tuimail.engine import Engine
from tuimail.events import NeedsYou
from tuimail.mail.dsn import DeliveryAction
from tuimail.mail.envelope import Notify
from tuimail.outbox.model.delivery_options import DeliveryOptions
from tuimail.outbox.model.states import ItemState, RecipientState

if TYPE_CHECKING:
    from tests.journeys.conftest import Correspondence
    from tuimail.events import Event

pytestmark = pytest.mark.real_servers


async def test_a_bounce_of_postfix_is_tied_to_its_letter(correspondence: Correspondence) -> None:
    correspondence.write_config()
    full = correspondence.dovecot.full_user()
    engine = Engine(load(correspondence.paths), correspondence.paths)
    heard: list[Event] = []
    engine.announcer.subscribe(heard.append)
    await engine.start(run_outbox=False)
    try:
        item = await engine.drafts.enqueue(
            Draft(to=f"{correspondence.bob}, {full}", subject="Minutes", body="Here they are.\n"),
            wishes=DeliveryOptions(notify=(Notify.FAILURE, Notify.SUCCESS)),
        )
        await engine.outbox.run_once()
        item = await engine.outbox.query(lambda outbox: outbox.item(item.id))
        assert {each.state for each in item.recipients} == {RecipientState.ACCEPTED}
        letters = await asyncio.to_thread(correspondence.dovecot.wait_for_letters, correspondence.ada, 2)
        for letter in letters:
            found = await engine.sent.read_report(letter)
            assert found is not None
            assert (found.envelope_id, found.message_id) == (item.id, item.message_id)
            matched = await engine.sent.report(found)
            assert matched is not None
            assert matched.news
        after = await engine.outbox.query(lambda outbox: outbox.item(item.id))
        assert after.state in (ItemState.ACCEPTED, ItemState.DONE)
        told = {each.address: each.report.action for each in after.recipients if each.report}
        assert told == {full: DeliveryAction.FAILED, correspondence.bob: DeliveryAction.RELAYED} or told == {
            full: DeliveryAction.FAILED,
            correspondence.bob: DeliveryAction.DELIVERED,
        }
        back = next(each.report for each in after.recipients if each.address == full)
        assert back is not None
        assert back.status.startswith("5.2.2")
        assert [event.item_id for event in heard if isinstance(event, NeedsYou)] == [item.id]
        assert any(
            "bounced" in entry.words for entry in await engine.outbox.query(lambda outbox: outbox.timeline(item.id))
        )
    finally:
        await engine.stop()
