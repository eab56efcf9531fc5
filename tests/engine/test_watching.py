"""What an engine says is in the outbox and went out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.outbox.scene import START, SetClock, message, sent_through, store_in
from tuimail.compose.draft import Draft
from tuimail.config.loader import load
from tuimail.engine import Engine
from tuimail.outbox.model.item import AccountHealth
from tuimail.outbox.model.states import ItemState, Place
from tuimail.outbox.model.turn import standing_words, waits_its_turn
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.listing import Tally
from tuimail.private_files import private_dir
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from tuimail.outbox.store.store import Store
    from tuimail.paths import Paths


async def test_sent_lists_the_newest_and_leaves_out_the_oldest(paths: Paths) -> None:
    private_dir(paths.data)
    clock = SetClock()
    store = store_in(private_dir(paths.outbox), clock)
    for number in range(1, 6):
        clock.move(60)
        store.enqueue(Incoming(message(number), composing=str(number)))
        sent_through(store, "me", Action.OK)
    store.close()
    engine = Engine(load(paths), paths, clock=clock)
    await engine.start(run_outbox=False)
    try:
        assert [item.subject for item in await engine.sent.latest(limit=3)] == ["Letter 5", "Letter 4", "Letter 3"]
    finally:
        await engine.stop()


async def test_a_letter_far_back_says_what_goes_before_it_and_what_holds_its_account(paths: Paths) -> None:
    paths.config_file.parent.mkdir(parents=True, exist_ok=True)
    paths.config_file.write_text(
        '[accounts.work]\naddress = "a@b.c"\n[accounts.work.submission]\nhost = "h.example"\n'
        '[accounts.home]\naddress = "a@d.c"\n[accounts.home.submission]\nhost = "d.example"\n'
        "[outbox]\nundo_seconds = 0\n"
    )
    paths.config_file.chmod(0o600)
    clock = SetClock(START)
    engine = Engine(load(paths), paths, clock=clock)
    await engine.start(run_outbox=False)
    try:
        letter = Draft(to="bob@example.net", body="x\n")
        items = []
        for n in range(5):
            clock.move(1)
            items.append(await engine.drafts.enqueue(replace(letter, id=f"d{n}", subject=f"{n}", account="work")))
        other = await engine.drafts.enqueue(replace(letter, id="e", subject="e", account="home"))
        assert standing_words(await engine.outbox.standing(items[0]), START) == "It goes next."
        assert standing_words(await engine.outbox.standing(items[1]), START) == "1 letter goes before it."
        assert standing_words(await engine.outbox.standing(items[4]), START) == "4 letters go before it."
        assert standing_words(await engine.outbox.standing(other), START) == "It goes next."
        await engine.outbox.move(items[4].id, Place.FIRST)
        assert (
            await engine.outbox.standing(await engine.outbox.query(lambda outbox: outbox.item(items[4].id)))
        ).before == 0

        def hold(outbox: Store) -> None:
            with outbox.outbox.writing() as tx:
                tx.put_health(AccountHealth("work", words="h.example hung up.", tries=2, probe_at=START + 1500))

        await engine._outbox_store.run(hold)
        assert standing_words(await engine.outbox.standing(items[3]), START) == (
            "4 letters go before it. work: h.example cannot be reached just now. "
            "h.example hung up. It goes on at 08:25."
        )
        assert not waits_its_turn(replace(items[0], state=ItemState.HELD), START)
    finally:
        await engine.stop()


def test_the_tally_says_of_every_state_what_its_letters_say(paths: Paths) -> None:
    """Each letter counts as ``needs_you`` says, in SQL as in Python."""
    private_dir(paths.data)
    store = store_in(private_dir(paths.outbox), SetClock(START))
    assert store.queries.tally() == Tally(0, 0)
    expected = Tally()
    for number, (state, asks) in enumerate(((state, asks) for state in ItemState for asks in (False, True)), 1):
        made = store.enqueue(Incoming(message(number), composing=str(number)))
        with store.outbox.writing() as tx:
            row = tx.row(made.id)
            changed = replace(row.item, state=state, asks=asks)
            tx.put(replace(row, item=changed))
        waiting = state in (ItemState.HELD, ItemState.QUEUED, ItemState.SENDING, ItemState.DEFERRED)
        yours = changed.needs_you
        expected = Tally(expected.waiting + (waiting and not yours), expected.yours + yours)
    assert store.queries.tally() == expected == Tally(7, 7)
    store.close()
