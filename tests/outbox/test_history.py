"""What the outbox does for its letters costs the same, however many were sent before: counted in SQLite's steps."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import SetClock, filed, message, sent_through, store_in
from tuimail.config.model import Rate
from tuimail.outbox.model.item import Filing, FilingState
from tuimail.outbox.store.rows import put
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tuimail.outbox.store.store import Store

OWNER = "1:1:boot:x"
SENT = 2000

WORK: dict[str, Callable[[Store], object]] = {
    "accounts_due": lambda store: store.accounts_due(),
    "waiting": lambda store: store.waiting("work", most=10),
    "take": lambda store: store.take(OWNER, account="work"),
    "claim": lambda store: store.claim(OWNER),
    "claim_filing": lambda store: store.claim_filing(OWNER),
    "recover": lambda store: store.recover(OWNER),
    "next_due": lambda store: store.next_due(),
    "retry_all_now": lambda store: store.retry_all_now(),
    "uncertain": lambda store: store.uncertain(),
    "counts": lambda store: store.counts(),
    "missing": lambda store: store.missing({"work"}),
    "items": lambda store: store.items(),
    "ids": lambda store: store.ids(),
    "tally": lambda store: store.tally(),
    "mended": lambda store: store.mended("work"),
}


def outbox(folder: Path, sent: int) -> Store:
    """An outbox with three letters to send, and ``sent`` tombstones."""
    folder.mkdir(mode=0o700)
    store = store_in(folder, SetClock())
    store.enqueue(message(1), composing="1")
    first = filed(store, sent_through(store, OWNER, Action.OK).id, Filing(FilingState.FILED))
    with store.index.writing() as db:
        row = store.row(db, first.id)
        for number in range(sent):
            put(
                db, replace(row, item=replace(row.item, id=f"h{number:06}", composing=f"h{number}", digest=f"{number}"))
            )
    for number in range(2, 5):
        store.enqueue(message(number), composing=str(number))
    return store


def steps(store: Store, work: Callable[[Store], object]) -> int:
    """How many hundreds of instructions of SQLite's machine ``work`` takes."""
    count = 0

    def another() -> int:
        nonlocal count
        count += 1
        return 0

    with store.index.reading() as db:
        db.set_progress_handler(another, 100)
    try:
        work(store)
    finally:
        with store.index.reading() as db:
            db.set_progress_handler(None, 0)
    return count


@pytest.mark.parametrize("name", WORK)
def test_work_costs_the_same_with_a_long_history(tmp_path: Path, name: str) -> None:
    found = []
    for sent in (10, SENT):
        with closing(outbox(tmp_path / str(sent), sent)) as store:
            found.append(steps(store, WORK[name]))
    assert found[1] <= found[0] + 2


def test_a_paced_account_counts_its_letters_by_an_index(tmp_path: Path) -> None:
    found = []
    for sent in (10, SENT):
        with closing(outbox(tmp_path / str(sent), sent)) as store:
            store.rates = {"work": Rate(100, 60.0)}
            store.clock.move(3600)  # type: ignore[attr-defined]
            found.append(steps(store, WORK["take"]))
    assert found[1] <= found[0] + 2
