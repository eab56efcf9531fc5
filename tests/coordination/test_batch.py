"""Calls that share a durable transaction: each fails alone, and all of them when it cannot be stored."""

from __future__ import annotations

import sqlite3
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import message, result
from tuimail.coordination.batch import Failed
from tuimail.coordination.writer import Writer
from tuimail.errors import LeaseLostError, StorageError
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.letter_file import read_letter
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.store import Store

ME = "1:1:boot:x"


def claimed(store: Store, count: int) -> list[OutboxItem]:
    for number in range(count):
        store.enqueue(Incoming(message(number), composing=str(number)))
    items = [store.claims.claim(ME) for _ in range(count)]
    return [each for each in items if each is not None]


def waiting(store: Store, *calls: Callable[[], object]) -> list[object]:
    """What came of calls that stood in the writer's line together."""
    running, begin = threading.Event(), threading.Event()
    outcomes: list[tuple[object, object]] = []

    def ask(call: Callable[[], object]) -> None:
        assert isinstance(call, partial)
        try:
            outcomes.append((call, writer.call(call.func, *call.args, **call.keywords)))
        except Exception as error:  # noqa: BLE001 - that is what came of it
            outcomes.append((call, error))

    def block() -> None:
        running.set()
        begin.wait(10)

    with Writer() as writer:
        blocker = threading.Thread(target=writer.call, args=(block,))
        blocker.start()
        running.wait(10)
        threads = []
        for call in calls:
            before = writer._jobs.qsize()
            threads.append(threading.Thread(target=ask, args=(call,)))
            threads[-1].start()
            while writer._jobs.qsize() == before:
                pass
        begin.set()
        for thread in (blocker, *threads):
            thread.join()
    return [next(outcome for asked, outcome in outcomes if asked is call) for call in calls]


def test_neighbours_share_one_commit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    items = claimed(store, 4)
    groups: list[int] = []
    together = store.outbox.together

    def counted(calls: list[Callable[[], object]]) -> list[object]:
        groups.append(len(calls))
        return together(calls)

    monkeypatch.setattr(store.outbox, "together", counted)
    assert waiting(store, *(partial(store.claims.touching, each.id, ME) for each in items)) == [None] * 4
    assert groups == [4]
    assert [store.queries.item(each.id).attempts for each in items] == [1] * 4


def test_one_that_fails_undoes_itself_alone(store: Store) -> None:
    first, second, third = claimed(store, 3)
    outcomes = waiting(
        store,
        partial(store.claims.committing, first.id, ME),
        partial(store.claims.committing, second.id, "2:1:boot:other"),
        partial(store.claims.committing, third.id, ME),
    )
    assert outcomes[0] is outcomes[2] is None
    assert isinstance(outcomes[1], LeaseLostError)
    marks = [
        [mark["mark"] for mark in read_letter(store.outbox.letter_path(each.id)).marks] for each in (first, second)
    ]
    assert marks == [["committing"], []]


def test_a_commit_that_fails_fails_all_and_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    items = claimed(store, 2)
    real = store.outbox.index.db

    class Full:
        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
            if statement == "COMMIT":
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
            return real.execute(statement, *values)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(store.outbox.index, "db", Full())
        outcomes = store.outbox.together([partial(store.claims.touching, each.id, ME) for each in items])
    assert all(isinstance(each, Failed) and isinstance(each.error, StorageError) for each in outcomes)
    assert [store.queries.item(each.id).attempts for each in items] == [0, 0]
    store.claims.touching(items[0].id, ME)
    assert store.queries.item(items[0].id).attempts == 1


def test_a_mark_the_disk_refuses_keeps_the_transaction_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = claimed(store, 2)

    def broken(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("tuimail.outbox.store.database.os.fsync", broken)
        outcomes = store.outbox.together(
            [partial(store.claims.committing, first.id, ME), partial(store.claims.touching, second.id, ME)]
        )
    assert all(isinstance(each, Failed) for each in outcomes)
    assert (store.queries.item(first.id).stage, store.queries.item(second.id).attempts) == (first.stage, 0)


def test_answers_are_on_their_letters_whatever_becomes_of_the_index(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (item,) = claimed(store, 1)
    store.claims.committing(item.id, ME)

    def busy() -> None:
        raise StorageError("Another tuimail holds the outbox.")

    with monkeypatch.context() as patch:
        patch.setattr(store.outbox.index, "writing", busy)
        call = partial(store.claims.record, item.id, ME, result(item, Action.OK))
        store.outbox.first([call])
        assert isinstance(store.outbox.together([call])[0], Failed)
    assert [mark["mark"] for mark in read_letter(store.outbox.letter_path(item.id)).marks] == ["committing", "result"]


def test_a_letter_is_taken_in_the_commit_that_records_the_one_before(store: Store, folder: Path) -> None:
    (item,) = claimed(store, 1)
    store.enqueue(Incoming(message(9), composing="9"))
    recorded, taken = waiting(
        store,
        partial(store.claims.record, item.id, ME, result(item, Action.OK)),
        partial(store.claims.take, ME, account="work"),
    )
    assert getattr(recorded, "state", None) is ItemState.ACCEPTED
    assert taken is not None
    assert store.queries.counts() == {ItemState.ACCEPTED: 1, ItemState.SENDING: 1}
    assert folder.exists()


def test_work_after_the_commit_is_left_when_it_fails(store: Store) -> None:
    done: list[str] = []

    def fail() -> None:
        with store.outbox.index.writing():
            store.outbox.index.afterwards(partial(done.append, "failed"))
            raise KeyError

    with store.outbox.index.writing():
        store.outbox.index.afterwards(partial(done.append, "kept"))
        with pytest.raises(KeyError):
            fail()
        assert done == []
    assert done == ["kept"]
