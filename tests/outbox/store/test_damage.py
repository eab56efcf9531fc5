"""Whatever becomes of the index: no letter is lost, none that went out is due again, the user is told."""

from __future__ import annotations

import random
import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import Box, SetClock, filed, message, sent_through, store_in
from tuimail.errors import OutboxDamagedError, StorageError
from tuimail.outbox.model.item import Filing
from tuimail.outbox.model.states import FilingState, ItemState, RecipientState, Verb
from tuimail.outbox.store.enqueue import Incoming
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tuimail.outbox.store.store import Store

ME = "1:1:boot:me"
MAY_GO = {ItemState.HELD, ItemState.QUEUED, ItemState.DEFERRED, ItemState.BLOCKED}


def furnish(folder: Path, clock: SetClock) -> dict[str, ItemState]:
    """An outbox with a letter in every state a rebuild must tell apart; id -> state."""
    store = store_in(folder, clock)
    numbers = iter(range(100))

    def queue(**how: object) -> str:
        clock.move(1)
        number = next(numbers)
        return store.enqueue(Incoming(message(number, "ann@x.net", "bob@x.net"), composing=str(number), **how)).id  # type: ignore[arg-type]

    queue()
    sent_through(store, ME, Action.OK)
    queue()
    done = sent_through(store, ME, Action.OK)
    filed(store, done.id, Filing(FilingState.FILED, words="Sent"))
    queue()
    sent_through(store, ME, Action.UNCERTAIN)
    queue()
    sent_through(store, ME, Action.RECIPIENT)
    queue()
    sent_through(store, ME, Action.OK, Action.RETRY)
    queue()
    crashed = store.claims.claim(ME)
    assert crashed is not None
    store.claims.committing(crashed.id, ME)
    cancelled = queue()
    store.actions.apply(Verb.CANCEL, cancelled)
    queue()
    queue(held=True)
    queue(not_before=clock.now() + 9e6)
    states = {each.id: each.state for each in store.queries.items(set(ItemState))}
    states[crashed.id] = ItemState.UNCERTAIN
    store.close()
    return states


def open_after_damage(folder: Path, clock: SetClock) -> Store:
    box = Box(clock)
    box.killed.add(ME)
    store = store_in(folder, clock, box)
    for item in store.recovery.recover():
        assert item.state is ItemState.UNCERTAIN
    return store


def check(store: Store, states: dict[str, ItemState]) -> None:
    found = {each.id: each for each in store.queries.items(set(ItemState))}
    for item_id, state in states.items():
        if item_id not in found:
            assert state is ItemState.DONE  # a tombstone that could not be read any more
            continue
        item = found[item_id]
        if state in MAY_GO:
            assert item.state in MAY_GO, (state, item)
            assert (item.state is ItemState.HELD) == (state is ItemState.HELD)
            assert b"".join(store.queries.content(item_id).chunks())
        else:
            assert item.state is state, (state, item)
        for recipient in item.recipients:
            assert recipient.address in ("ann@x.net", "bob@x.net")
    partly = [each for each in found.values() if each.count(RecipientState.ACCEPTED) == 1]
    assert [[each.address for each in item.open_recipients] for item in partly] == [["bob@x.net"]]


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def gibberish(path: Path) -> None:
    path.write_bytes(random.Random(7).randbytes(9000))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def deleted(path: Path) -> None:
    path.unlink()


def without_tables(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript("DROP TABLE health; DROP TABLE item;")
    db.close()


@pytest.mark.parametrize("damage", [zeroed, truncated, gibberish, emptied, deleted, without_tables])
def test_a_ruined_index_is_set_aside_and_rebuilt_from_the_letters(
    damage: Callable[[Path], None], folder: Path, clock: SetClock
) -> None:
    states = furnish(folder, clock)
    damage(folder / "index.db")
    store = open_after_damage(folder, clock)
    assert "rebuilt from the letters" in store.notice
    check(store, states)
    aside = list(folder.glob("index.damaged-*"))
    assert bool(aside) == (damage not in (emptied, deleted))
    store.close()
    again = store_in(folder, clock)
    assert again.notice == ""
    check(again, states)
    again.close()


def flip_everywhere(folder: Path, clock: SetClock, step: int, share: int = 0, shares: int = 1) -> int:
    """Flip a bit in each ``step`` bytes of every page, or of a share of the pages; how many flips."""
    states = furnish(folder, clock)
    index = folder / "index.db"
    good = {each.name: each.read_bytes() for each in folder.iterdir()}
    chance = random.Random(step)
    flips = 0
    for page in range(share, len(good["index.db"]) // 4096, shares):
        for position in range(page * 4096, (page + 1) * 4096, step):
            data = bytearray(good["index.db"])
            data[position + chance.randrange(step)] ^= 1 << chance.randrange(8)
            for each in folder.iterdir():
                each.unlink()
            for name, content in good.items():
                (folder / name).write_bytes(content)
            index.write_bytes(bytes(data))
            store = open_after_damage(folder, clock)
            check(store, states)
            store.close()
            flips += 1
    return flips


def test_two_flipped_bytes_in_every_page_lose_and_double_nothing(folder: Path, clock: SetClock) -> None:
    flip_everywhere(folder, clock, 2048)


@pytest.mark.slow
def test_many_flipped_bytes_in_every_page_lose_and_double_nothing(folder: Path, clock: SetClock) -> None:
    flip_everywhere(folder, clock, 64)


def test_an_index_open_elsewhere_is_not_taken_away_from_under_it(
    folder: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(folder, clock)
    monkeypatch.setattr("tuimail.outbox.store.rebuild.PATIENCE", 0.0)
    store = store_in(folder, clock)
    zeroed(folder / "index.db")
    with pytest.raises(StorageError, match="damaged") as refused:
        store_in(folder, clock)
    assert "Close every other tuimail" in refused.value.hint
    store.close()
    store_in(folder, clock).close()


def test_a_damaged_row_met_later_is_told_in_words(folder: Path, clock: SetClock) -> None:
    store = store_in(folder, clock)
    item = store.enqueue(Incoming(message(), composing="a"))
    with store.outbox.writing() as tx:
        tx.db.execute("UPDATE item SET recipients = replace(recipients, 'bob', 'rob')")
    with pytest.raises(OutboxDamagedError, match="damaged"):
        store.queries.item(item.id)
    store.close()
    again = store_in(folder, clock)
    assert again.queries.item(item.id).recipients[0].address == "bob@example.net"
    again.close()


def test_a_letter_without_a_row_is_held_and_told(folder: Path, clock: SetClock) -> None:
    store = store_in(folder, clock)
    store.enqueue(Incoming(message(1), composing="a"))
    item = store.enqueue(Incoming(message(2), composing="b"))
    with store.outbox.writing() as tx:
        tx.db.execute("DELETE FROM item WHERE id = ?", (item.id,))
    store.close()
    store = store_in(folder, clock)
    assert "never confirmed" in store.notice
    found = store.queries.item(item.id)
    assert (found.state, found.found, found.not_before) == (ItemState.HELD, True, None)
    clock.move(1e7)
    claimed = store.claims.claim(ME)
    assert claimed is not None
    assert claimed.id != item.id
    assert store.claims.claim(ME) is None
    assert store.actions.apply(Verb.RELEASE, item.id).state is ItemState.QUEUED
    store.close()


def test_the_draft_of_a_letter_found_after_a_crash_takes_its_place(folder: Path, clock: SetClock) -> None:
    store = store_in(folder, clock)
    item = store.enqueue(Incoming(message(), composing="a"))
    with store.outbox.writing() as tx:
        tx.db.execute("DELETE FROM item")
        tx.db.execute("INSERT INTO health (account, words, tries) VALUES ('x', '', 0)")
    store.close()
    store = store_in(folder, clock)
    assert store.queries.item(item.id).found
    new = store.enqueue(Incoming(message(), composing="a"))
    assert new.id != item.id
    assert new.state is ItemState.QUEUED
    assert store.queries.item(item.id).state is ItemState.CANCELLED
    store.close()


def test_a_letter_that_went_out_and_lost_its_row_is_not_queued_again(folder: Path, clock: SetClock) -> None:
    store = store_in(folder, clock)
    store.enqueue(Incoming(message(), composing="a"))
    item = sent_through(store, ME, Action.OK)
    with store.outbox.writing() as tx:
        tx.db.execute("DELETE FROM item")
    store.close()
    store = store_in(folder, clock)
    assert store.queries.item(item.id).state is ItemState.ACCEPTED
    store.close()


def test_a_row_without_its_letter_fails_in_words(folder: Path, clock: SetClock) -> None:
    store = store_in(folder, clock)
    gone, short = (store.enqueue(Incoming(message(number), composing=str(number))).id for number in (1, 2))
    (folder / f"{gone}.letter").unlink()
    path = folder / f"{short}.letter"
    path.write_bytes(path.read_bytes()[:-3])
    store.close()
    store = store_in(folder, clock)
    assert "gone" in store.queries.item(gone).words
    assert "cut short" in store.queries.item(short).words
    assert store.claims.claim(ME) is None
    assert store.actions.apply(Verb.DROP, gone).state is ItemState.CANCELLED
    store.close()


def test_a_letter_whose_top_is_damaged_is_kept_and_told_once(folder: Path, clock: SetClock) -> None:
    store = store_in(folder, clock)
    item = store.enqueue(Incoming(message(), composing="a"))
    store.close()
    path = folder / f"{item.id}.letter"
    path.write_bytes(b"X" + path.read_bytes())
    (folder / "index.db").unlink()
    store = store_in(folder, clock)
    assert f"{item.id}.damaged" in store.notice
    store.close()
    assert (folder / f"{item.id}.damaged").exists()
    store = store_in(folder, clock)
    assert store.notice == ""
    store.close()


def test_leftovers_of_a_kill_are_tidied_up(folder: Path, clock: SetClock) -> None:
    store = store_in(folder, clock)
    store.enqueue(Incoming(message(), composing="a"))
    item = sent_through(store, ME, Action.OK)
    path = folder / f"{item.id}.letter"
    letter = path.read_bytes()
    filed(store, item.id, Filing(FilingState.FILED))
    store.close()
    path.write_bytes(letter)
    (folder / ".x.letter.0011.tmp").write_bytes(b"half a letter")
    store = store_in(folder, clock)
    assert list(folder.glob("*.letter")) + list(folder.glob("*.tmp")) + list(folder.glob(".*.tmp")) == []
    assert store.notice == ""
    store.close()


def test_tombstones_that_can_be_read_are_kept(folder: Path, clock: SetClock) -> None:
    states = furnish(folder, clock)
    done = next(item_id for item_id, state in states.items() if state is ItemState.DONE)
    with_a_changed_row(folder / "index.db")
    store = store_in(folder, clock)
    assert "rebuilt" in store.notice
    assert store.queries.item(done).state is ItemState.DONE
    store.close()


def with_a_changed_row(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript("UPDATE item SET subject = 'x' WHERE state = 'queued'")
    db.close()


def test_a_tombstone_that_is_no_text_any_more_is_left_out(folder: Path, clock: SetClock) -> None:
    states = furnish(folder, clock)
    done = [item_id for item_id, state in states.items() if state is ItemState.DONE]
    db = sqlite3.connect(folder / "index.db")
    db.execute("UPDATE item SET sha256 = CAST(x'ff' AS TEXT) WHERE id = ?", (done[0],))
    db.commit()
    db.close()
    store = open_after_damage(folder, clock)
    check(store, states)
    assert {each.id for each in store.queries.items(set(ItemState))} == set(states) - {done[0]}
    store.close()
