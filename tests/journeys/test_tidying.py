"""What is long over does not stay on the disk for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.outbox.scene import START, SetClock, message
from tuimail.config.model import Config
from tuimail.engine import Engine
from tuimail.errors import OutboxDamagedError
from tuimail.outbox.model.states import Verb
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.store import Store

if TYPE_CHECKING:
    import pytest

    from tuimail.paths import Paths


async def test_a_start_deletes_the_bytes_of_what_was_dropped_a_week_ago(paths: Paths) -> None:
    clock = SetClock(START)
    engine = Engine(Config(), paths, clock=clock)
    await engine.start(run_outbox=False)
    item = await engine._outbox_store.run(lambda outbox: outbox.enqueue(Incoming(message(), composing="a", held=True)))
    await engine.outbox.apply(Verb.DROP, item.id)
    await engine.stop()
    assert list(paths.outbox.glob("*.letter"))
    clock.move(8 * 86400)
    await engine.start(run_outbox=False)
    await engine.stop()
    assert not list(paths.outbox.glob("*.letter"))


async def test_a_row_that_cannot_be_forgotten_does_not_keep_the_outbox_closed(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(_store: Store) -> int:
        raise OutboxDamagedError("The index is damaged.")

    monkeypatch.setattr(Store, "prune", damaged)
    engine = Engine(Config(), paths)
    await engine.start(run_outbox=False)
    assert await engine.outbox.query(lambda outbox: outbox.items()) == []
    await engine.stop()
