"""The worker for the flags of answered messages: what fails is told and tried later, and holds up no other one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import SetClock, message, sent_through, store_in
from tuimail.coordination.writer import Writer
from tuimail.errors import StorageError
from tuimail.events import Announcer
from tuimail.mail.answered_message import AnsweredMessage, AnswerKind
from tuimail.mail.message_ref import MessageRef
from tuimail.outbox.model.item import Flagging
from tuimail.outbox.model.states import FlaggingState
from tuimail.outbox.run.answered_flag_worker import AnsweredFlagWorker
from tuimail.outbox.run.context import RunContext
from tuimail.outbox.store.enqueue import Incoming
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuimail.outbox.model.item import OutboxItem

ANSWERS = AnsweredMessage(MessageRef("work", "INBOX", "1"), AnswerKind.REPLIED)


class Flagger:
    """Sets the flags; of the first letter it fails with ``error``."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[str] = []
        self.begun = asyncio.Event()
        self.waits: asyncio.Event | None = None

    async def flag(self, item: OutboxItem) -> Flagging:
        self.asked.append(item.id)
        self.begun.set()
        if self.waits is not None:
            await self.waits.wait()
        if self.error is not None and len(self.asked) == 1:
            raise self.error
        return Flagging(FlaggingState.DONE)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[RunContext]:
    """An outbox with two accepted answers."""
    writer = Writer("outbox")
    store = writer.call(store_in, tmp_path, SetClock())
    for number in (1, 2):
        letter = Incoming(message(number), composing=f"draft {number}", answers=ANSWERS)
        writer.call(store.enqueue, letter)
        writer.call(sent_through, store, "1:1:boot:x", Action.OK)
    yield RunContext(store, writer, Announcer(), "me", asyncio.sleep)
    writer.call(store.close)
    writer.close()


async def items(context: RunContext) -> list[OutboxItem]:
    return list(await context.writer.run(context.store.queries.items))


@pytest.mark.parametrize(
    ("error", "words"),
    [(StorageError("The disk is full.", hint="Free some."), "The disk is full. Free some."), (OSError(), "log says")],
)
async def test_a_failure_is_told_and_the_next_one_goes_on(context: RunContext, error: Exception, words: str) -> None:
    touched: list[str] = []
    flagger = Flagger(error)
    worker = AnsweredFlagWorker(context, flagger, lambda item: touched.append(item.id))
    await worker.run()
    first, second = sorted(await items(context), key=lambda each: each.id)
    assert (first.flagging.state, first.flagging.attempts) == (FlaggingState.DUE, 1)
    assert words in first.flagging.words
    assert second.flagging.state is FlaggingState.DONE
    assert touched == flagger.asked == [first.id, second.id]
    await worker.run()
    assert len(flagger.asked) == 2, "not before its time"


async def test_only_the_one_that_is_asked_for(context: RunContext) -> None:
    flagger = Flagger()
    _, second = sorted(each.id for each in await items(context))
    await AnsweredFlagWorker(context, flagger, lambda _: None).run(only=second)
    assert flagger.asked == [second]


async def test_one_task_at_a_time_and_none_after_the_stop(context: RunContext) -> None:
    flagger = Flagger()
    flagger.waits = asyncio.Event()
    ended: list[object] = []
    worker = AnsweredFlagWorker(context, flagger, lambda _: None)
    worker.start(ended.append)
    worker.start(ended.append)
    await flagger.begun.wait()
    assert worker.busy
    (task,) = worker.stop()
    await asyncio.wait([task])
    assert (task.cancelled(), worker.busy) == (True, False)
    assert ended == [task]
    await worker.run()
    assert len(flagger.asked) == 1
    assert {each.flagging.state for each in await items(context)} == {FlaggingState.DUE}
