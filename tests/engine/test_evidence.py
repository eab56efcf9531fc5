"""Uncertain letters that are found in Sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.outbox.scene import SetClock, filed, message, sent_through, store_in
from tuimail.engine.evidence import LOOKS, RECENT, EvidenceSeeker
from tuimail.errors import SecretError
from tuimail.events import Announcer, Event, ItemChanged, NeedsYou, Notice
from tuimail.outbox.item import Filing, FilingState, ItemState
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tuimail.outbox.item import OutboxItem


class Scene:
    """A store, a Sent folder and a clock that only pauses move."""

    def __init__(self, folder: Path) -> None:
        self.clock = SetClock()
        self.store = store_in(folder, self.clock)
        self.sent: set[str] = set()
        self.asked: list[str] = []
        self.pauses: list[float] = []
        self.broken = False
        self.announcer = Announcer()
        self.told: list[Event] = []
        self.announcer.subscribe(self.told.append)
        self.seeker = EvidenceSeeker(
            self.uncertain, self.found_sent, self.in_sent, self.announcer, self.clock.now, sleep=self.sleep
        )

    async def uncertain(self) -> Sequence[OutboxItem]:
        return self.store.uncertain()

    async def found_sent(self, item_id: str) -> OutboxItem | None:
        return self.store.found_sent(item_id)

    async def in_sent(self, item: OutboxItem) -> bool:
        self.asked.append(item.message_id)
        if self.broken:
            raise SecretError("No password.")
        return item.message_id in self.sent

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    def lose(self, number: int = 1) -> OutboxItem:
        """A letter whose answer was lost."""
        self.store.enqueue(message(number), composing=f"d{number}")
        return sent_through(self.store, "1:1:boot:x", Action.UNCERTAIN)


async def test_a_letter_found_in_sent_is_accepted_and_said(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "outbox")
    item = scene.lose()
    scene.sent.add(item.message_id)
    assert await scene.seeker.look() == 0
    after = scene.store.item(item.id)
    assert after.state is ItemState.ACCEPTED
    assert after.filing.state is FilingState.DUE
    assert scene.store.timeline(item.id)[-1].words == "found in Sent: the server has it"
    assert ItemChanged(item.id) in scene.told
    assert Notice('"Letter 1" was found in Sent: it went out.') in scene.told
    scene.store.close()


async def test_a_letter_not_found_stays_uncertain_and_the_looks_end(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "outbox")
    item = scene.lose()
    task = asyncio.create_task(scene.seeker.run())
    for _ in range(50):
        await asyncio.sleep(0)
    assert scene.pauses == list(LOOKS)
    assert scene.asked == [item.message_id] * len(LOOKS)
    scene.announcer.announce(NeedsYou(item.id, "again"))
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(scene.asked) == 2 * len(LOOKS)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert scene.store.item(item.id).state is ItemState.UNCERTAIN
    scene.store.close()


async def test_a_server_that_cannot_be_asked_proves_nothing(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "outbox")
    item = scene.lose()
    scene.broken = True
    assert await scene.seeker.look() == 1
    assert scene.store.item(item.id).state is ItemState.UNCERTAIN
    scene.store.close()


async def test_an_old_question_is_not_asked_for_ever(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "outbox")
    scene.lose()
    scene.clock.move(RECENT + 1)
    assert await scene.seeker.look() == 0
    assert scene.asked == []
    scene.store.close()


def test_our_own_copy_in_sent_proves_nothing(tmp_path: Path) -> None:
    store = store_in(tmp_path / "outbox", SetClock())
    store.enqueue(message(1, "a@x.example", "b@x.example"), composing="d")
    item = sent_through(store, "1:1:boot:x", Action.OK, Action.UNCERTAIN)
    filed(store, item.id, Filing(FilingState.FILED))
    assert store.uncertain() == []
    assert store.found_sent(item.id) is None
    assert store.item(item.id).state is ItemState.UNCERTAIN
    store.close()


def test_evidence_survives_a_lost_index(tmp_path: Path) -> None:
    clock = SetClock()
    store = store_in(tmp_path / "outbox", clock)
    store.enqueue(message(), composing="d")
    item = sent_through(store, "1:1:boot:x", Action.UNCERTAIN)
    assert store.found_sent(item.id) is not None
    store.close()
    (tmp_path / "outbox" / "index.db").unlink()
    store = store_in(tmp_path / "outbox", clock)
    assert store.item(item.id).state is ItemState.ACCEPTED
    store.close()
