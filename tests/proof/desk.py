"""A queue, a runner and a way out of the rig's choosing, for rigs that need short time-outs or a clock of their own."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tests.outbox.scene import SetClock, message, store_in
from tuimail.coordination.writer import Writer
from tuimail.events import Announcer
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.run.runner import Runner
from tuimail.outbox.store.enqueue import Incoming

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.store import Store
    from tuimail.submission.submitter import Submitter

T = TypeVar("T")


@dataclass(slots=True)
class Desk:
    """One outbox, worked on by one process after the other."""

    folder: Path
    clock: SetClock

    def on_store(self, work: Callable[[Store], T]) -> T:
        """Do something with the store, opened anew."""
        store = store_in(self.folder, self.clock)
        try:
            return work(store)
        finally:
            store.close()

    def queue(self, count: int, *people: str, accounts: int = 1, body: str = "") -> list[str]:
        """Queue letters; their ids."""

        def queueing(store: Store) -> list[str]:
            return [
                store.enqueue(
                    Incoming(
                        message(number, *people, account=f"account{number % accounts}", body=body),
                        composing=f"{number}",
                    )
                ).id
                for number in range(count)
            ]

        return self.on_store(queueing)

    async def send(self, submitter_for: Callable[[str], Submitter]) -> None:
        """A process that tries what is due, once."""
        with Writer() as writer:
            store = await writer.run(lambda: store_in(self.folder, self.clock))
            runner = Runner(store, writer, submitter_for, Announcer(), self.clock)
            try:
                await runner.run_once()
            finally:
                await writer.run(store.close)

    def states(self) -> Counter[ItemState]:
        """How many letters are in each state."""
        return self.on_store(lambda store: Counter(each.state for each in store.queries.items(set(ItemState))))

    def item(self, item_id: str) -> OutboxItem:
        """One letter."""
        return self.on_store(lambda store: store.queries.item(item_id))


def finished(work: Coroutine[object, object, T], seconds: float = 600.0) -> T:
    """Run it to its end."""
    return asyncio.run(asyncio.wait_for(work, seconds))
