"""What the outbox does for its letters costs the same, however many were sent before: counted in SQLite's steps."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import SetClock, filed, message, sent_through, store_in
from tuimail.config.model import Rate
from tuimail.outbox.model.item import Filing
from tuimail.outbox.model.states import FilingState
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.rows import put
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tuimail.outbox.store.store import Store

OWNER = "1:1:boot:x"
SENT = 2000

WORK: dict[str, Callable[[Store], object]] = {
    "accounts_due": lambda store: store.schedule.accounts_due(),
    "waiting": lambda store: store.schedule.waiting("work", most=10),
    "take": lambda store: store.claims.take(OWNER, account="work"),
    "claim": lambda store: store.claims.claim(OWNER),
    "claim_filing": lambda store: store.sent_copies.claim(OWNER),
    "recover": lambda store: store.recovery.recover(OWNER),
    "next_due": lambda store: store.schedule.next_due(),
    "retry_all_now": lambda store: store.schedule.retry_all_now(),
    "retry_now": lambda store: store.schedule.retry_now("work"),
    "uncertain": lambda store: store.evidence.uncertain(),
    "counts": lambda store: store.queries.counts(),
    "missing": lambda store: store.accounts.accounts_known({"work"}),
    "items": lambda store: store.queries.items(),
    "ids": lambda store: store.queries.ids(),
    "tally": lambda store: store.queries.tally(),
    "mended": lambda store: store.accounts.fixed("work"),
}


def outbox(folder: Path, sent: int) -> Store:
    """An outbox with three letters to send, and ``sent`` tombstones."""
    folder.mkdir(mode=0o700)
    store = store_in(folder, SetClock())
    store.enqueue(Incoming(message(1), composing="1"))
    first = filed(store, sent_through(store, OWNER, Action.OK).id, Filing(FilingState.FILED))
    with store.outbox.writing() as tx:
        row = tx.row(first.id)
        for number in range(sent):
            put(
                tx.db,
                replace(row, item=replace(row.item, id=f"h{number:06}", composing=f"h{number}", digest=f"{number}")),
            )
    for number in range(2, 5):
        store.enqueue(Incoming(message(number), composing=str(number)))
    return store


def steps(store: Store, work: Callable[[Store], object]) -> int:
    """How many hundreds of instructions of SQLite's machine ``work`` takes."""
    count = 0

    def another() -> int:
        nonlocal count
        count += 1
        return 0

    with store.outbox.index.reading() as db:
        db.set_progress_handler(another, 100)
    try:
        work(store)
    finally:
        with store.outbox.index.reading() as db:
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
            store.outbox.rates = {"work": Rate(100, 60.0)}
            store.outbox.clock.move(3600)  # type: ignore[attr-defined]
            found.append(steps(store, WORK["take"]))
    assert found[1] <= found[0] + 2
