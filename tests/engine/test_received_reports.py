"""A bounce that arrives in the mailbox is told at the letter it is about."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import make_maildir, put_message
from tests.mail.bounces import dsn
from tuimail.compose.draft import Draft
from tuimail.config.model import Account, Config, Identity, SubmissionCommand
from tuimail.engine import Engine
from tuimail.errors import StorageError
from tuimail.events import ItemChanged, NeedsYou, Notice
from tuimail.mail.dsn import DeliveryAction
from tuimail.outbox.model.states import RecipientState
from tuimail.paths import Paths

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tuimail.events import Event
    from tuimail.mail.bounce import DeliveryReport
    from tuimail.outbox.model.item import OutboxItem

TAKES_ALL = (sys.executable, "-S", "-c", "import sys; sys.stdin.buffer.read()")
BOB = "bob@example.net"


class Scene:
    """An account that sends by a command, and reads a Maildir."""

    def __init__(self, folder: Path) -> None:
        self.paths = Paths.under(folder / "home")
        self.root = make_maildir(folder / "Maildir", "Sent")
        account = Account("work", (Identity("ada@example.org"),), SubmissionCommand(TAKES_ALL), maildir=self.root)
        self.config = Config({"work": account}, default_account="work")
        self.heard: list[Event] = []
        self.read: list[bytes] = []
        """Letters that were looked at for a report."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Engine]:
        engine = Engine(self.config, self.paths)
        engine.announcer.subscribe(self.heard.append)
        real = engine.sent.read_report

        async def read_report(raw: bytes, arrived: float | None = None) -> DeliveryReport | None:
            self.read.append(raw)
            return await real(raw, arrived)

        engine.sent.read_report = read_report  # type: ignore[method-assign]
        await engine.start(run_outbox=False)
        try:
            yield engine
        finally:
            await engine.stop()

    async def sent(self, engine: Engine) -> OutboxItem:
        item = await engine.drafts.enqueue(Draft(to=BOB, subject="Minutes", body="Here they are.\n"), not_before=0.0)
        await engine.outbox.run_once()
        item = await engine.outbox.query(lambda outbox: outbox.item(item.id))
        assert [each.state for each in item.recipients] == [RecipientState.ACCEPTED]
        return item

    def deliver(self, item: OutboxItem, name: str, action: str = "failed") -> None:
        (self.root / "new" / name).write_bytes(
            dsn((BOB, action), envelope_id="", message_id=item.message_id, date="Thu, 1 Oct 2026 08:00:00 +0000")
        )

    async def settled(self, engine: Engine) -> None:
        """Until nothing is left to be looked at."""
        await engine.mail.look()
        async with asyncio.timeout(20):
            while engine._reports._task is not None and not engine._reports._task.done():
                await asyncio.wait([engine._reports._task])
            await engine.mail.look()

    def told(self) -> list[str]:
        return [each.message for each in self.heard if isinstance(each, NeedsYou)]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


async def test_the_letter_says_that_it_bounced_and_the_user_is_told_once(scene: Scene) -> None:
    put_message(scene.root, "other", new=True, arrived=int(time.time()))
    async with scene.running() as engine:
        item = await scene.sent(engine)
        scene.deliver(item, "bounce")
        await scene.settled(engine)
        (sent,) = await engine.sent.latest()
        (bob,) = sent.recipients
        assert bob.report is not None
        assert (bob.report.action, bob.report.status) == (DeliveryAction.FAILED, "5.1.1")
        assert scene.told() == ['"Minutes" to bob@example.net: bounced at mx.example: 550 5.1.1 no such user']
        assert [each.text for each in scene.heard if isinstance(each, Notice)] == scene.told()
        assert ItemChanged(item.id) in scene.heard
    assert len(scene.read) == 1, "no other message is read"


async def test_a_report_is_looked_at_once_and_again_without_news_when_the_cache_is_lost(scene: Scene) -> None:
    async with scene.running() as engine:
        scene.deliver(await scene.sent(engine), "bounce")
        await scene.settled(engine)
    async with scene.running() as engine:
        await scene.settled(engine)
    assert len(scene.read) == 1
    for file in scene.paths.cache.rglob("index.db*"):
        file.unlink()
    async with scene.running() as engine:
        await scene.settled(engine)
    assert len(scene.read) == 2
    assert len(scene.told()) == 1


async def test_what_came_while_nobody_looked_is_told_at_the_start(scene: Scene) -> None:
    async with scene.running() as engine:
        item = await scene.sent(engine)
        scene.deliver(item, "delay", "delayed")
    async with scene.running() as engine:
        await scene.settled(engine)
        (sent,) = await engine.sent.latest()
        assert sent.recipients[0].report is not None
        assert sent.recipients[0].report.action is DeliveryAction.DELAYED
    assert scene.told() == []
    assert len([each for each in scene.heard if isinstance(each, Notice)]) == 1


async def test_a_report_waits_when_the_outbox_cannot_be_written(scene: Scene) -> None:
    async with scene.running() as engine:
        item = await scene.sent(engine)
        real = engine.sent.report

        async def refused(found: DeliveryReport) -> None:
            engine.sent.report = real  # type: ignore[method-assign]
            raise StorageError("The disk is full.")

        engine.sent.report = refused  # type: ignore[method-assign]
        scene.deliver(item, "bounce")
        await scene.settled(engine)
        assert scene.told() == []
    async with scene.running() as engine:
        await scene.settled(engine)
    assert len(scene.told()) == 1


async def test_hostile_reports_change_nothing_and_end(scene: Scene) -> None:
    async with scene.running() as engine:
        item = await scene.sent(engine)
        forged = dsn(("eve@example.net", "failed"), message_id=item.message_id, envelope_id="")
        for number in range(50):
            (scene.root / "new" / f"forged{number}").write_bytes(forged)
        (scene.root / "new" / "large").write_bytes(forged.replace(b"I am sorry.", b"I am sorry. " * 200_000))
        await scene.settled(engine)
        (sent,) = await engine.sent.latest()
        assert sent.recipients[0].report is None
    assert len(scene.read) == 51
    assert max(map(len, scene.read)) <= 512_000
