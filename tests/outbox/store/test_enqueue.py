"""Many letters at once: all of them or none, none of them twice, and nobody waits while they are written."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import SetClock, message, store_in
from tuimail.errors import DuplicateLetterError, MessageError, StorageError
from tuimail.mail.content import whole
from tuimail.outbox.model.states import ItemState, Verb
from tuimail.outbox.store import enqueue
from tuimail.outbox.store.enqueue import Incoming

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuimail.outbox.store.letter_file import Prepared
    from tuimail.outbox.store.open_outbox import OpenOutbox
    from tuimail.outbox.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = store_in(tmp_path / "outbox", SetClock())
    yield store
    store.close()


def letters(count: int, start: int = 0) -> list[Incoming]:
    return [Incoming(message(n, body=f"Letter {n}.\r\n"), f"c{n}") for n in range(start, start + count)]


def names(store: Store) -> list[str]:
    return sorted(each.name for each in store.outbox.folder.iterdir() if each.suffix in {".letter", ".tmp"})


def test_a_batch_is_queued_in_its_order(store: Store) -> None:
    taken = store.enqueue_many(letters(40))
    assert all(each.fresh for each in taken)
    ids = [each.item.id for each in taken if each.item]
    assert ids == sorted(ids)
    assert [item.id for item in store.queries.items()] == ids
    assert names(store) == [f"{each}.letter" for each in ids]
    for number, item_id in enumerate(ids):
        assert b"".join(store.queries.content(item_id).chunks()) == whole(letters(40)[number].message.content)


def test_what_is_there_already_is_not_queued_twice(store: Store) -> None:
    first = store.enqueue_many(letters(3))
    again = store.enqueue_many(letters(5))
    assert [each.fresh for each in again] == [False, False, False, True, True]
    assert [each.item for each in again[:3]] == [each.item for each in first]
    assert len(names(store)) == 5


def test_a_duplicate_stands_back_and_the_others_go(store: Store) -> None:
    store.enqueue_many(letters(1))
    twin = Incoming(letters(1)[0].message, "another")
    refused, taken = store.enqueue_many([twin, *letters(1, start=1)])
    assert isinstance(refused.refusal, DuplicateLetterError)
    assert refused.item is None
    assert taken.fresh
    assert len(names(store)) == 2


def test_two_of_the_same_in_one_batch_are_one(store: Store) -> None:
    first, second = store.enqueue_many([*letters(1), *letters(1)])
    assert (first.fresh, second.fresh) == (True, False)
    assert second.item == first.item
    assert len(names(store)) == 1


@pytest.mark.parametrize("which", [0, 7, 20])
def test_a_disk_that_refuses_leaves_nothing_of_a_batch(
    store: Store, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    count = 0
    fsync = os.fsync

    def refuse(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count > which:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match="disk is full"):
        store.enqueue_many(letters(20))
    monkeypatch.undo()
    assert names(store) == []
    assert store.queries.items(frozenset(ItemState)) == []
    assert all(each.fresh for each in store.enqueue_many(letters(20)))


def test_a_letter_that_cannot_be_read_leaves_nothing_of_a_batch(store: Store) -> None:
    class Gone:
        size = 5

        def chunks(self, length: int = 0) -> Iterator[bytes]:
            raise MessageError("The file is gone.")

    broken = message(9)
    object.__setattr__(broken, "content", Gone())
    with pytest.raises(MessageError, match="gone"):
        store.enqueue_many([*letters(5), Incoming(broken, "x")])
    assert names(store) == []


def test_another_tuimail_that_tidies_up_meanwhile_costs_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = enqueue._prepare_all

    def tidied(outbox: OpenOutbox, batch: list[Incoming]) -> list[Prepared]:
        prepared = prepare(outbox, batch)
        for each in prepared:
            each.temporary.unlink()
        return prepared

    monkeypatch.setattr(enqueue, "_prepare_all", tidied)
    taken = store.enqueue_many(letters(3))
    assert all(each.fresh and each.item for each in taken)
    assert len(names(store)) == 3
    assert [b"".join(store.queries.content(each.item.id).chunks()) for each in taken if each.item] == [
        whole(each.message.content) for each in letters(3)
    ]


def test_the_outbox_is_open_to_others_while_a_letter_is_written(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = store.enqueue(Incoming(message(1), composing="c"))
    other = store_in(tmp_path / "outbox", SetClock())
    held: list[ItemState] = []
    asked = False
    fsync = os.fsync

    def meanwhile(descriptor: int) -> None:
        nonlocal asked
        fsync(descriptor)
        if stat.S_ISREG(os.fstat(descriptor).st_mode) and not asked:
            asked = True
            held.append(other.actions.apply(Verb.HOLD, item.id).state)

    monkeypatch.setattr(os, "fsync", meanwhile)
    store.enqueue(Incoming(message(2), composing="d"))
    other.close()
    assert held == [ItemState.HELD]
