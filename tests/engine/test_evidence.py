"""Uncertain letters that are found in Sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.outbox.scene import SetClock, filed, message, sent_through, store_in
from tuimail.config.model import Config
from tuimail.engine import Engine
from tuimail.engine.evidence import LOOKS, RECENT, EvidenceSeeker
from tuimail.errors import SecretError
from tuimail.events import AccountResumed, Announcer, Event, ItemChanged, NeedsYou, Notice
from tuimail.outbox.model.item import Filing
from tuimail.outbox.model.states import FilingState, ItemState
from tuimail.outbox.store.enqueue import Incoming
from tuimail.paths import Paths
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    import pytest

    from tuimail.outbox.model.item import OutboxItem


class SampleLetters:
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
        return self.store.evidence.uncertain()

    async def found_sent(self, item_id: str) -> OutboxItem | None:
        return self.store.evidence.found_sent(item_id)

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
        self.store.enqueue(Incoming(message(number), composing=f"d{number}"))
        return sent_through(self.store, "1:1:boot:x", Action.UNCERTAIN)


async def test_a_letter_found_in_sent_is_accepted_and_said(tmp_path: Path) -> None:
    scene = SampleLetters(tmp_path / "outbox")
    item = scene.lose()
    scene.sent.add(item.message_id)
    assert await scene.seeker.look() == 0
    after = scene.store.queries.item(item.id)
    assert after.state is ItemState.ACCEPTED
    assert after.filing.state is FilingState.DUE
    assert scene.store.queries.timeline(item.id)[-1].words == "found in Sent: the server has it"
    assert ItemChanged(item.id) in scene.told
    assert Notice('"Letter 1" was found in Sent: it went out.') in scene.told
    scene.store.close()


async def test_a_letter_not_found_stays_uncertain_and_the_looks_end(tmp_path: Path) -> None:
    scene = SampleLetters(tmp_path / "outbox")
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
    assert scene.store.queries.item(item.id).state is ItemState.UNCERTAIN
    scene.store.close()


async def test_when_the_network_comes_up_the_looks_begin_again_and_what_is_found_then_is_settled(
    tmp_path: Path,
) -> None:
    scene = SampleLetters(tmp_path / "outbox")
    item = scene.lose()
    scene.broken = True  # no network
    long_pause = asyncio.Event()

    async def sleep(seconds: float) -> None:
        scene.pauses.append(seconds)
        if seconds != LOOKS[0]:
            await long_pause.wait()

    seeker = EvidenceSeeker(
        scene.uncertain, scene.found_sent, scene.in_sent, scene.announcer, scene.clock.now, sleep=sleep
    )
    task = asyncio.create_task(seeker.run())
    for _ in range(50):
        await asyncio.sleep(0)
    assert scene.pauses == list(LOOKS[:2])
    scene.broken = False
    scene.sent.add(item.message_id)
    seeker.again()
    for _ in range(50):
        await asyncio.sleep(0)
    assert scene.pauses == [*LOOKS[:2], LOOKS[0]]
    assert scene.store.queries.item(item.id).state is ItemState.ACCEPTED
    seeker.again()  # nothing is uncertain any more: one look, and quiet
    for _ in range(50):
        await asyncio.sleep(0)
    assert scene.pauses == [*LOOKS[:2], LOOKS[0], LOOKS[0]]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    scene.store.close()


async def test_events_without_end_do_not_put_off_the_look(tmp_path: Path) -> None:
    scene = SampleLetters(tmp_path / "outbox")
    item = scene.lose()

    async def sleep(seconds: float) -> None:
        scene.pauses.append(seconds)
        scene.announcer.announce(NeedsYou(item.id, "another"))
        await asyncio.sleep(0)

    seeker = EvidenceSeeker(
        scene.uncertain, scene.found_sent, scene.in_sent, scene.announcer, scene.clock.now, sleep=sleep
    )
    task = asyncio.create_task(seeker.run())
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(scene.asked) >= 5
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    scene.store.close()


async def test_a_mended_account_is_looked_into(tmp_path: Path) -> None:
    scene = SampleLetters(tmp_path / "outbox")
    scene.lose()
    task = asyncio.create_task(scene.seeker.run())
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(scene.asked) == len(LOOKS)
    scene.announcer.announce(AccountResumed("work"))
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(scene.asked) == 2 * len(LOOKS)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    scene.store.close()


async def test_the_engine_tells_the_seeker_that_the_network_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = asyncio.Event()
    heard = asyncio.Event()

    async def watch(came_up: Callable[[], Awaitable[None]]) -> None:
        await up.wait()
        await came_up()

    monkeypatch.setattr("tuimail.platform_events.network.watch_machine", watch)
    monkeypatch.setattr("tuimail.engine.wake_events.NETWORK_DELAY", 0.0)
    monkeypatch.setattr(EvidenceSeeker, "again", lambda self: heard.set())
    paths = Paths.from_environment({"HOME": str(tmp_path)})
    engine = Engine(Config(), paths)
    await engine.start()
    try:
        assert not heard.is_set()
        up.set()
        async with asyncio.timeout(10):
            await heard.wait()
    finally:
        await engine.stop()


async def test_a_server_that_cannot_be_asked_proves_nothing(tmp_path: Path) -> None:
    scene = SampleLetters(tmp_path / "outbox")
    item = scene.lose()
    scene.broken = True
    assert await scene.seeker.look() == 1
    assert scene.store.queries.item(item.id).state is ItemState.UNCERTAIN
    scene.store.close()


async def test_an_old_question_is_not_asked_for_ever(tmp_path: Path) -> None:
    scene = SampleLetters(tmp_path / "outbox")
    scene.lose()
    scene.clock.move(RECENT + 1)
    assert await scene.seeker.look() == 0
    assert scene.asked == []
    scene.store.close()


def test_our_own_copy_in_sent_proves_nothing(tmp_path: Path) -> None:
    store = store_in(tmp_path / "outbox", SetClock())
    store.enqueue(Incoming(message(1, "a@x.example", "b@x.example"), composing="d"))
    item = sent_through(store, "1:1:boot:x", Action.OK, Action.UNCERTAIN)
    filed(store, item.id, Filing(FilingState.FILED))
    assert store.evidence.uncertain() == []
    assert store.evidence.found_sent(item.id) is None
    assert store.queries.item(item.id).state is ItemState.UNCERTAIN
    store.close()


def test_evidence_survives_a_lost_index(tmp_path: Path) -> None:
    clock = SetClock()
    store = store_in(tmp_path / "outbox", clock)
    store.enqueue(Incoming(message(), composing="d"))
    item = sent_through(store, "1:1:boot:x", Action.UNCERTAIN)
    assert store.evidence.found_sent(item.id) is not None
    store.close()
    (tmp_path / "outbox" / "index.db").unlink()
    store = store_in(tmp_path / "outbox", clock)
    assert store.queries.item(item.id).state is ItemState.ACCEPTED
    store.close()
