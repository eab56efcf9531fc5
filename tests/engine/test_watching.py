"""What an engine says is in the outbox and went out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.outbox.scene import START, SetClock, message, sent_through, store_in
from tuimail.config.loader import load
from tuimail.engine import Engine
from tuimail.outbox.item import ItemState
from tuimail.outbox.listing import Tally
from tuimail.paths import private_dir
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from tuimail.paths import Paths


async def test_sent_lists_the_newest_and_leaves_out_the_oldest(paths: Paths) -> None:
    private_dir(paths.data)
    clock = SetClock()
    store = store_in(private_dir(paths.outbox), clock)
    for number in range(1, 6):
        clock.move(60)
        store.enqueue(message(number), composing=str(number))
        sent_through(store, "me", Action.OK)
    store.close()
    engine = Engine(load(paths), paths, clock=clock)
    await engine.start(run_outbox=False)
    try:
        assert [item.subject for item in await engine.sent(limit=3)] == ["Letter 5", "Letter 4", "Letter 3"]
    finally:
        await engine.stop()


def test_the_tally_says_of_every_state_what_its_letters_say(paths: Paths) -> None:
    """Each letter counts as ``needs_you`` says, in SQL as in Python."""
    private_dir(paths.data)
    store = store_in(private_dir(paths.outbox), SetClock(START))
    assert store.tally() == Tally(0, 0)
    expected = Tally()
    for number, (state, asks) in enumerate(((state, asks) for state in ItemState for asks in (False, True)), 1):
        made = store.enqueue(message(number), composing=str(number))
        with store.index.writing() as db:
            row = store.row(db, made.id)
            changed = replace(row.item, state=state, asks=asks)
            store.put(db, replace(row, item=changed))
        waiting = state in (ItemState.HELD, ItemState.QUEUED, ItemState.SENDING, ItemState.DEFERRED)
        yours = changed.needs_you
        expected = Tally(expected.waiting + (waiting and not yours), expected.yours + yours)
    assert store.tally() == expected == Tally(7, 7)
    store.close()
