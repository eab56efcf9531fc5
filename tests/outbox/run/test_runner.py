from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import START, Box, SetClock, message, store_in, verdict
from tuimail.coordination.writer import Writer
from tuimail.errors import ConfigError, StorageError
from tuimail.events import (
    AccountPaused,
    AccountResumed,
    Announcer,
    Event,
    ItemProgress,
    NeedsYou,
    Notice,
    OutboxTouched,
)
from tuimail.mail.content import Content, whole
from tuimail.outbox.model.item import Filing, OutboxItem
from tuimail.outbox.model.states import FilingState, ItemState, Verb
from tuimail.outbox.run.attempt import LEASE
from tuimail.outbox.run.runner import FINISH, Runner
from tuimail.outbox.run.submitter_pool import IDLE
from tuimail.outbox.run.wakeup import JUMP, LOOK
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.sent_copies import FILING_LEASE
from tuimail.platform_events import watchdog
from tuimail.submission.result import AccountProblem, Action, Stage, SubmissionResult, Verdict
from tuimail.submission.submitter import Letter, Submitter, Watcher

if TYPE_CHECKING:
    from pathlib import Path


Script = Callable[[Letter, Watcher], Awaitable[SubmissionResult]]


class Time:
    """Sleeping by a clock that the test moves."""

    def __init__(self, clock: SetClock) -> None:
        self.clock = clock
        self.sleepers: dict[asyncio.Future[None], float] = {}

    async def sleep(self, seconds: float) -> None:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sleepers[waiting] = self.clock.time + seconds
        try:
            await waiting
        finally:
            del self.sleepers[waiting]

    def jump(self, seconds: float) -> None:
        """Somebody sets the clock: those who sleep do so as long as they meant to."""
        self.clock.move(seconds)
        for waiting in self.sleepers:
            self.sleepers[waiting] += seconds

    def advance(self, seconds: float) -> None:
        self.clock.move(seconds)
        for waiting, until in list(self.sleepers.items()):
            if until <= self.clock.time and not waiting.done():
                waiting.set_result(None)


class Post:
    """A submitter that does as its script says and keeps what it delivered."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, bytes]] = []
        self.script: Script = self.deliver
        self.closed = 0
        self.dots = 0

    async def submit(self, letter: Letter, watcher: Watcher) -> SubmissionResult:
        return await self.script(letter, watcher)

    async def close(self) -> None:
        self.closed += 1

    async def up_to_dot(self, letter: Letter, watcher: Watcher) -> bytes:
        watcher.stage(Stage.MAIL)
        await watcher.touching()
        content = b""
        for chunk in letter.content.chunks(20):
            content += chunk
            watcher.progress(len(content), letter.content.size)
        await watcher.committing()
        self.dots += 1
        return content

    async def deliver(self, letter: Letter, watcher: Watcher) -> SubmissionResult:
        content = await self.up_to_dot(letter, watcher)
        self.delivered.extend((address, content) for address in letter.envelope.addresses)
        return answer(letter, Action.OK)


def answer(letter: Letter, *actions: Action) -> SubmissionResult:
    addresses = letter.envelope.addresses
    padded = [*actions, *[actions[-1]] * len(addresses)]
    return SubmissionResult(
        {address: verdict(action) for address, action in zip(addresses, padded, strict=False)}, touched=True
    )


class Drawer:
    """A filer."""

    def __init__(self) -> None:
        self.filed: list[str] = []
        self.failures = 0

    async def file(self, item: OutboxItem, content: Content) -> Filing:
        assert b"".join(content.chunks())
        if self.failures:
            self.failures -= 1
            raise OSError("no room")
        self.filed.append(item.id)
        return Filing(FilingState.FILED, words="Sent")


class Bench:
    """A runner and everything it works with."""

    def __init__(self, folder: Path) -> None:
        self.clock = SetClock()
        self.box = Box(self.clock)
        self.suspended: float | None = 0.0
        self.time = Time(self.clock)
        self.post = Post()
        self.drawer = Drawer()
        self.heard: list[Event] = []
        self.announcer = Announcer()
        self.announcer.subscribe(self.heard.append)
        self.writer = Writer()
        self.folder = folder
        self.store = store_in(folder, self.clock, self.box)
        self.runner = self.another("1:1:boot:me")
        self.task: asyncio.Task[None] | None = None

    def another(self, owner: str) -> Runner:
        return Runner(
            self.store,
            self.writer,
            self.submitter_for,
            self.announcer,
            self.clock,
            filer=self.drawer,
            owner=owner,
            sleep=self.time.sleep,
            asleep=lambda: self.suspended,
        )

    def submitter_for(self, account: str) -> Submitter:
        if account == "gone":
            raise ConfigError('There is no account "gone".', hint="Add it.")
        return self.post

    def queue(self, number: int = 1, *to: str, account: str = "work") -> str:
        self.clock.move(0.01)
        return self.writer.call(self.store.enqueue, Incoming(message(number, *to, account=account), f"c{number}")).id

    def state(self, item_id: str) -> ItemState:
        return self.item(item_id).state

    def item(self, item_id: str) -> OutboxItem:
        return self.writer.call(self.store.queries.item, item_id)

    def start(self) -> None:
        self.task = asyncio.create_task(self.runner.run())

    def said(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.heard if isinstance(event, kind)]

    async def close(self) -> None:
        await self.runner.stop()
        if self.task is not None:
            await self.task
        self.writer.call(self.store.close)
        self.writer.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is waited for happens on the writer's thread
            await asyncio.sleep(0.001)


async def settled(bench: Bench) -> None:
    """Everything that can go on without time passing has gone on."""
    for _ in range(20):
        await bench.writer.run(lambda: None)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path / "outbox")
    yield bench
    await bench.close()


# -- once
async def test_everything_due_is_sent_filed_and_told(bench: Bench) -> None:
    ids = [bench.queue(number) for number in range(3)]
    touched = await bench.runner.run_once()
    assert {each.id: each.state for each in touched} == dict.fromkeys(ids, ItemState.DONE)
    assert [content for _, content in bench.post.delivered] == [whole(message(number).content) for number in range(3)]
    assert bench.drawer.filed == ids
    assert bench.post.closed == 1
    assert bench.said(ItemProgress)


async def test_one_bad_letter_holds_up_no_other(bench: Bench) -> None:
    bad, good = bench.queue(1), bench.queue(2)

    async def script(letter: Letter, watcher: Watcher) -> SubmissionResult:
        return await bench.post.deliver(letter, watcher) if letter.item_id == good else answer(letter, Action.MESSAGE)

    bench.post.script = script
    await bench.runner.run_once()
    assert (bench.state(bad), bench.state(good)) == (ItemState.FAILED, ItemState.DONE)
    assert [event.item_id for event in bench.said(NeedsYou) if isinstance(event, NeedsYou)] == [bad]


async def test_a_submitter_that_breaks_down_harms_one_attempt_alone(bench: Bench) -> None:
    before, past = bench.queue(1), bench.queue(2)

    async def script(letter: Letter, watcher: Watcher) -> SubmissionResult:
        if letter.item_id == past:
            await bench.post.up_to_dot(letter, watcher)
        raise RuntimeError("our mistake")

    bench.post.script = script
    await bench.runner.run_once()
    assert (bench.state(before), bench.state(past)) == (ItemState.DEFERRED, ItemState.UNCERTAIN)


async def test_what_the_server_takes_in_parts_goes_in_one_run(bench: Bench) -> None:
    people = [f"p{number}@example.net" for number in range(5)]
    item_id = bench.queue(1, *people)

    async def script(letter: Letter, watcher: Watcher) -> SubmissionResult:
        await bench.post.up_to_dot(letter, watcher)
        bench.post.delivered.extend((address, b"") for address in letter.envelope.addresses[:2])
        outcome = answer(letter, Action.OK, Action.OK, Action.SPLIT)
        return SubmissionResult(outcome.recipients, touched=True, recipient_limit=2)

    bench.post.script = script
    await bench.runner.run_once()
    assert bench.state(item_id) is ItemState.DONE
    assert [address for address, _ in bench.post.delivered] == people
    assert bench.writer.call(bench.store.accounts.health, "work").recipient_limit == 2


async def test_an_account_that_is_gone_blocks_its_letters(bench: Bench) -> None:
    item_id = bench.queue(1, account="gone")
    await bench.runner.run_once()
    item = bench.item(item_id)
    assert (item.state, item.trouble) == (ItemState.BLOCKED, AccountProblem.MISSING)
    assert "no account" in item.words
    assert bench.said(AccountPaused)


async def test_a_mended_account_is_told(bench: Bench) -> None:
    first, second = bench.queue(1), bench.queue(2)
    told = Verdict(Action.REAUTH, Stage.AUTH, "Wrong password.", problem=AccountProblem.SIGN_IN)

    async def refuse(letter: Letter, watcher: Watcher) -> SubmissionResult:
        return SubmissionResult(dict.fromkeys(letter.envelope.addresses, told), account=told)

    bench.post.script = refuse
    await bench.runner.run_once()
    await bench.runner.run_once()
    assert {bench.state(first), bench.state(second)} == {ItemState.BLOCKED}
    bench.post.script = bench.post.deliver
    await bench.writer.run(bench.store.actions.apply, Verb.SEND_NOW, first)
    await bench.runner.run_once()
    assert (bench.state(first), bench.state(second)) == (ItemState.DONE, ItemState.DONE)
    assert bench.said(AccountResumed)


async def test_a_letter_whose_file_cannot_be_read_is_failed_in_words(bench: Bench) -> None:
    item_id = bench.queue()
    bench.store.outbox.letter_path(item_id).unlink()
    await bench.runner.run_once()
    assert bench.state(item_id) is ItemState.FAILED


async def test_a_copy_that_fails_is_tried_again_and_nothing_is_sent_again(bench: Bench) -> None:
    item_id = bench.queue()
    bench.drawer.failures = 1
    await bench.runner.run_once()
    item = bench.item(item_id)
    assert (item.state, item.filing.attempts) == (ItemState.ACCEPTED, 1)
    assert item.filing.next_attempt_at == pytest.approx(bench.clock.time + 60)
    bench.clock.move(61)
    await bench.runner.run_once()
    assert bench.state(item_id) is ItemState.DONE
    assert len(bench.post.delivered) == 1


# -- the disk
async def test_no_dot_when_the_mark_cannot_be_made(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    item_id = bench.queue()
    with monkeypatch.context() as patch:
        patch.setattr("tuimail.outbox.store.letter_file.os.write", lambda descriptor, data: 0)
        await bench.runner.run_once()
    assert bench.post.dots == 0
    assert bench.state(item_id) is ItemState.DEFERRED
    assert bench.said(Notice)
    bench.clock.move(61)
    await bench.runner.run_once()
    assert bench.state(item_id) is ItemState.DONE


async def test_an_answer_the_disk_refuses_is_kept_until_it_is_stored(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = bench.queue()
    record = bench.store.claims.record
    failures = 3

    def failing(item_id: str, owner: str, result: SubmissionResult) -> OutboxItem:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise StorageError("The disk is full.", hint="Make room.")
        return record(item_id, owner, result)

    monkeypatch.setattr(bench.store.claims, "record", failing)
    task = asyncio.create_task(bench.runner.run_once())
    while not task.done():
        await asyncio.sleep(0.001)
        bench.time.advance(1)
    assert bench.state(item_id) is ItemState.DONE
    assert len(bench.post.delivered) == 1
    assert len(bench.said(Notice)) == 1


async def test_a_single_run_ends_when_the_disk_refuses_before_the_dot(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = bench.queue()

    def full(*_: object) -> None:
        raise StorageError("The disk is full.", hint="Make room.")

    with monkeypatch.context() as patch:
        for each in ("touching", "record", "unclaim"):
            patch.setattr(bench.store.claims, each, full)
        with pytest.raises(StorageError, match="full"):
            await bench.runner.run_once()
    assert bench.post.dots == 0
    bench.box.killed.add(bench.runner.owner)
    await bench.another("2:1:boot:next").run_once()
    assert bench.state(item_id) is ItemState.DONE
    assert len(bench.post.delivered) == 1


async def test_a_single_run_does_not_wait_for_ever_to_store_an_answer(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = bench.queue()

    def full(*_: object) -> None:
        raise StorageError("The disk is full.", hint="Make room.")

    with monkeypatch.context() as patch:
        patch.setattr(bench.store.claims, "record", full)
        task = asyncio.create_task(bench.runner.run_once())
        while not task.done():
            await asyncio.sleep(0.001)
            bench.time.advance(1)
    with pytest.raises(StorageError, match="full"):
        await task
    bench.box.killed.add(bench.runner.owner)
    await bench.another("2:1:boot:next").run_once()
    assert bench.state(item_id) is ItemState.UNCERTAIN
    assert len(bench.post.delivered) == 1


async def test_one_letter_is_tried_and_filed_alone(bench: Bench) -> None:
    other, mine = bench.queue(1), bench.queue(2)
    assert (await bench.runner.run_one(mine)).state is ItemState.ACCEPTED
    assert bench.drawer.filed == []
    assert (await bench.runner.file_one(mine)).state is ItemState.DONE
    assert bench.state(other) is ItemState.QUEUED
    assert len(bench.post.delivered) == 1


async def test_one_letter_that_another_process_is_at_is_left_to_it(bench: Bench) -> None:
    item_id = bench.queue()
    assert bench.writer.call(bench.store.claims.claim, "2:1:boot:other") is not None
    assert (await bench.runner.run_one(item_id)).state is ItemState.SENDING
    assert bench.post.dots == 0


async def test_one_letter_in_parts_goes_in_one_try(bench: Bench) -> None:
    item_id = bench.queue(1, "a@x.org", "b@x.org", "c@x.org")

    async def script(letter: Letter, watcher: Watcher) -> SubmissionResult:
        await bench.post.up_to_dot(letter, watcher)
        return answer(letter, Action.OK, Action.SPLIT)

    bench.post.script = script
    assert (await bench.runner.run_one(item_id)).state is ItemState.ACCEPTED
    assert bench.post.dots == 3


async def test_a_single_run_that_is_cancelled_puts_the_letter_back(bench: Bench) -> None:
    item_id = bench.queue()

    async def script(letter: Letter, watcher: Watcher) -> SubmissionResult:
        await watcher.touching()
        await asyncio.Event().wait()
        raise AssertionError

    bench.post.script = script
    task = asyncio.create_task(bench.runner.run_once())
    await until(lambda: bench.item(item_id).attempts == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (bench.state(item_id), bench.post.dots) == (ItemState.QUEUED, 0)


async def test_a_single_run_that_is_cancelled_after_the_dot_waits_seconds_not_ten_minutes(bench: Bench) -> None:
    item_id = bench.queue()

    async def script(letter: Letter, watcher: Watcher) -> SubmissionResult:
        await bench.post.up_to_dot(letter, watcher)
        await asyncio.Event().wait()
        raise AssertionError

    bench.post.script = script
    task = asyncio.create_task(bench.runner.run_once())
    await until(lambda: bench.post.dots == 1)
    task.cancel()
    while not task.done():
        await asyncio.sleep(0.001)
        bench.time.advance(1)
    assert task.cancelled()
    assert bench.state(item_id) is ItemState.UNCERTAIN
    assert bench.clock.time < START + LEASE


def test_what_became_of_a_letter_is_recorded_before_the_program_is_ended_by_force() -> None:
    assert FINISH + 2 <= watchdog.GRACE
    assert watchdog.GRACE + watchdog._LATER < 10


async def test_a_slow_copy_keeps_its_lease(bench: Bench) -> None:
    item_id = bench.queue()
    gate = asyncio.Event()

    class Slow(Drawer):
        async def file(self, item: OutboxItem, content: Content) -> Filing:
            await gate.wait()
            return await super().file(item, content)

    bench.drawer = Slow()
    bench.runner = bench.another("1:1:boot:me")
    task = asyncio.create_task(bench.runner.run_once())
    await until(lambda: bench.state(item_id) is ItemState.ACCEPTED and bool(bench.time.sleepers))
    for _ in range(6):
        bench.box.ticks += FILING_LEASE / 3
        before = set(bench.time.sleepers)
        bench.time.advance(FILING_LEASE / 3)
        await until(lambda: bool(bench.time.sleepers) and before.isdisjoint(bench.time.sleepers))  # noqa: B023
        assert bench.writer.call(bench.store.sent_copies.claim, "2:1:boot:other") is None
    gate.set()
    await task
    assert (bench.state(item_id), bench.drawer.filed) == (ItemState.DONE, [item_id])


async def test_a_copy_whose_lease_was_lost_is_left_to_the_other(bench: Bench) -> None:
    item_id = bench.queue()

    class Stuck(Drawer):
        async def file(self, item: OutboxItem, content: Content) -> Filing:
            await asyncio.Event().wait()
            raise AssertionError

    bench.drawer = Stuck()
    bench.runner = bench.another("1:1:boot:me")
    task = asyncio.create_task(bench.runner.run_once())
    await until(lambda: bench.state(item_id) is ItemState.ACCEPTED and bool(bench.time.sleepers))
    bench.box.ticks += FILING_LEASE + 1
    assert bench.writer.call(bench.store.sent_copies.claim, "2:1:boot:other") is not None
    bench.time.advance(FILING_LEASE / 3)
    await task
    assert bench.state(item_id) is ItemState.ACCEPTED
    assert bench.item(item_id).filing.state is FilingState.DUE


async def test_a_copy_that_the_other_filed_meanwhile_stays_filed_and_the_next_one_goes(bench: Bench) -> None:
    """This process was suspended and did not notice yet that its lease is gone; its own try fails."""
    first, second = bench.queue(1), bench.queue(2)

    class Late(Drawer):
        async def file(self, item: OutboxItem, content: Content) -> Filing:
            if item.id == first:
                bench.box.ticks += FILING_LEASE + 1
                store, other = bench.store, "2:1:boot:other"
                await bench.writer.run(store.sent_copies.claim, other, only=first)
                await bench.writer.run(store.sent_copies.record, first, other, Filing(FilingState.FILED, words="Sent"))
                return Filing(FilingState.DUE, words="no answer")
            return await super().file(item, content)

    bench.drawer = Late()
    bench.runner = bench.another("1:1:boot:me")
    await bench.runner.run_once()
    assert (bench.state(first), bench.state(second)) == (ItemState.DONE, ItemState.DONE)
    assert bench.item(first).filing.words == "Sent"


async def test_an_attempt_that_lost_its_letter_does_not_pass_for_a_later_one_of_its_own_process(bench: Bench) -> None:
    """Suspended before the dot; another process takes the letter back, and this one claims it anew."""
    item_id = bench.queue()
    dots: list[str] = []

    async def script(letter: Letter, watcher: Watcher) -> SubmissionResult:
        if not bench.post.dots:
            bench.post.dots += 1
            bench.box.ticks += LEASE + 1
            await bench.writer.run(bench.store.recovery.recover, "2:1:boot:other")
            assert bench.state(item_id) is ItemState.QUEUED
            await bench.runner.run_one(item_id)
            dots.append("first after the second")
        await watcher.touching()
        await watcher.committing()
        dots.append("dot")
        return answer(letter, Action.OK)

    bench.post.script = script
    await bench.runner.run_once()
    assert dots == ["dot", "first after the second"]
    assert bench.state(item_id) is ItemState.DONE


# -- the loop
async def test_the_loop_sends_what_is_queued_while_it_sleeps(bench: Bench) -> None:
    bench.start()
    await until(lambda: len(bench.time.sleepers) > 0)
    item_id = bench.queue()
    bench.runner.wake()
    await until(lambda: bench.state(item_id) is ItemState.DONE)


async def test_the_loop_tries_again_when_the_time_has_come(bench: Bench) -> None:
    item_id = bench.queue()

    async def refuse(letter: Letter, watcher: Watcher) -> SubmissionResult:
        await watcher.touching()
        bench.post.script = bench.post.deliver
        return answer(letter, Action.RETRY)

    bench.post.script = refuse
    bench.start()
    await until(lambda: bench.state(item_id) is ItemState.DEFERRED)
    for _ in range(59):
        bench.time.advance(1)
        await asyncio.sleep(0)
    assert bench.post.delivered == []

    def done() -> bool:
        bench.time.advance(0.5)
        return bench.state(item_id) is ItemState.DONE

    await until(done)
    assert bench.item(item_id).attempts == 2


@pytest.mark.parametrize("rung", [True, False])
async def test_the_loop_notices_what_another_process_queued(bench: Bench, rung: bool) -> None:
    bench.start()
    await until(lambda: len(bench.time.sleepers) > 0)
    other = store_in(bench.folder, bench.clock, bench.box)
    item = other.enqueue(Incoming(message(7), composing="elsewhere"))
    other.close()
    if rung:
        bench.runner.wake()
    else:
        bench.time.advance(LOOK)
    await until(lambda: bench.state(item.id) is ItemState.DONE)
    assert bench.said(OutboxTouched)


async def test_an_idle_loop_looks_every_half_minute_and_not_more_often(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    recover = bench.store.recovery.recover

    def counted(owner: str) -> Sequence[OutboxItem]:
        nonlocal looks
        looks += 1
        return recover(owner)

    monkeypatch.setattr(bench.store.recovery, "recover", counted)
    bench.start()
    for number in range(1, 11):
        await until(lambda: looks == number and len(bench.time.sleepers) == 1)  # noqa: B023
        bench.time.advance(LOOK - 1)
        await settled(bench)
        assert looks == number
        bench.time.advance(1)


async def test_what_a_killed_process_was_at_is_taken_over_at_the_next_look(bench: Bench) -> None:
    item_id = bench.queue()
    assert bench.writer.call(bench.store.claims.claim, "2:1:boot:other") is not None
    bench.start()
    await until(lambda: len(bench.time.sleepers) > 0)
    bench.box.killed.add("2:1:boot:other")
    bench.time.advance(LOOK)
    await until(lambda: bench.state(item_id) is ItemState.DONE)
    assert len(bench.post.delivered) == 1


async def test_an_idle_connection_is_closed(bench: Bench) -> None:
    item_id = bench.queue()
    bench.start()
    await until(lambda: bench.state(item_id) is ItemState.DONE)
    assert bench.post.closed == 0
    begun = bench.clock.time

    def closed() -> bool:
        bench.time.advance(1)
        return bench.post.closed == 1

    await until(closed)
    assert bench.clock.time - begun > IDLE


async def test_accounts_do_not_wait_for_each_other(bench: Bench) -> None:
    slow, quick = bench.queue(1, account="slow"), bench.queue(2, account="quick")
    gate = asyncio.Event()

    async def script(letter: Letter, watcher: Watcher) -> SubmissionResult:
        if letter.item_id == slow:
            await gate.wait()
        return await bench.post.deliver(letter, watcher)

    bench.post.script = script
    bench.start()
    await until(lambda: bench.state(quick) is ItemState.DONE)
    assert bench.state(slow) is ItemState.SENDING
    gate.set()
    await until(lambda: bench.state(slow) is ItemState.DONE)


async def test_a_long_upload_keeps_its_lease(bench: Bench) -> None:
    item_id = bench.queue()
    gate = asyncio.Event()

    async def script(letter: Letter, watcher: Watcher) -> SubmissionResult:
        await gate.wait()
        return await bench.post.deliver(letter, watcher)

    bench.post.script = script
    bench.start()
    await until(lambda: bench.state(item_id) is ItemState.SENDING)
    for _ in range(6):
        await until(lambda: any(until - bench.clock.time > 30 for until in bench.time.sleepers.values()))
        bench.box.ticks += LEASE / 3
        bench.time.advance(LEASE / 3)
        await until(lambda: bench.item(item_id).lease_until == bench.clock.time + LEASE)
    assert bench.writer.call(bench.store.recovery.recover, "2:1:boot:other") == []
    gate.set()
    await until(lambda: bench.state(item_id) is ItemState.DONE)


async def test_whoever_lost_its_lease_does_not_write_the_dot(bench: Bench) -> None:
    item_id = bench.queue()
    gate = asyncio.Event()

    async def script(letter: Letter, watcher: Watcher) -> SubmissionResult:
        await watcher.touching()
        await gate.wait()
        return await bench.post.deliver(letter, watcher)

    bench.post.script = script
    bench.start()
    await until(lambda: bench.item(item_id).attempts == 1)
    bench.box.ticks += LEASE + 1
    bench.writer.call(bench.store.recovery.recover, "2:1:boot:other")
    assert bench.writer.call(bench.store.claims.claim, "2:1:boot:other") is not None
    gate.set()
    await until(lambda: not bench.runner._attempts())
    assert bench.post.dots == 0
    assert bench.item(item_id).owner == "2:1:boot:other"


# -- stopping
async def test_stopping_before_the_dot_puts_the_letter_back(bench: Bench) -> None:
    item_id = bench.queue()

    async def script(letter: Letter, watcher: Watcher) -> SubmissionResult:
        await watcher.touching()
        await asyncio.Event().wait()
        raise AssertionError

    bench.post.script = script
    bench.start()
    await until(lambda: bench.item(item_id).attempts == 1)
    await bench.runner.stop()
    item = bench.item(item_id)
    assert (item.state, item.owner, bench.post.dots) == (ItemState.QUEUED, "", 0)


async def test_stopping_past_the_dot_waits_for_the_answer(bench: Bench) -> None:
    item_id = bench.queue()
    gate = asyncio.Event()

    async def script(letter: Letter, watcher: Watcher) -> SubmissionResult:
        await bench.post.up_to_dot(letter, watcher)
        await gate.wait()
        return answer(letter, Action.OK)

    bench.post.script = script
    bench.start()
    await until(lambda: bench.post.dots == 1)
    stopping = asyncio.create_task(bench.runner.stop())
    await asyncio.sleep(0.01)
    assert not stopping.done()
    gate.set()
    await stopping
    assert bench.state(item_id) is ItemState.ACCEPTED


@pytest.mark.parametrize("how", ["stop", "cancel"])
async def test_an_answer_that_does_not_come_in_time_leaves_an_uncertain_letter(bench: Bench, how: str) -> None:
    item_id = bench.queue()

    async def script(letter: Letter, watcher: Watcher) -> SubmissionResult:
        await bench.post.up_to_dot(letter, watcher)
        await asyncio.Event().wait()
        raise AssertionError

    bench.post.script = script
    bench.start()
    await until(lambda: bench.post.dots == 1)
    if how == "stop":
        stopping: asyncio.Task[None] = asyncio.create_task(bench.runner.stop())
    else:
        assert bench.task is not None
        bench.task.cancel()
        stopping, bench.task = bench.task, None

    def stopped() -> bool:
        bench.time.advance(1)
        return stopping.done()

    await until(stopped)
    item = bench.item(item_id)
    assert item.state is ItemState.UNCERTAIN
    assert "closed while waiting" in item.words


async def test_hurry_sends_what_waits(bench: Bench) -> None:
    item_id = bench.queue()

    async def refuse(letter: Letter, watcher: Watcher) -> SubmissionResult:
        bench.post.script = bench.post.deliver
        return answer(letter, Action.RETRY)

    bench.post.script = refuse
    bench.start()
    await until(lambda: bench.state(item_id) is ItemState.DEFERRED)
    await bench.runner.retry_all_now()
    await until(lambda: bench.state(item_id) is ItemState.DONE)


async def test_a_host_that_was_in_trouble_and_answers_again_is_told_of_once(bench: Bench) -> None:
    item_id, back = bench.queue(), list[str]()
    bench.runner.host_back = back.append

    async def nobody(letter: Letter, watcher: Watcher) -> SubmissionResult:
        bench.post.script = bench.post.deliver
        told = Verdict(Action.RETRY, Stage.CONNECT, "Nobody answers.")
        return SubmissionResult(dict.fromkeys(letter.envelope.addresses, told), account=told)

    bench.post.script = nobody
    bench.start()
    await until(lambda: bench.state(item_id) is ItemState.DEFERRED)
    assert back == []
    await bench.runner.retry_now("home")
    await bench.runner.retry_now("work")
    await until(lambda: bench.state(item_id) is ItemState.DONE)
    other = bench.queue(2)
    await until(lambda: bench.state(other) is ItemState.DONE)
    assert back == ["work"]


async def put_off(bench: Bench) -> str:
    """A letter that waits for its second try, and the loop at rest."""
    item_id = bench.queue()

    async def refuse(letter: Letter, watcher: Watcher) -> SubmissionResult:
        bench.post.script = bench.post.deliver
        return answer(letter, Action.RETRY)

    bench.post.script = refuse
    bench.start()
    await until(lambda: bench.state(item_id) is ItemState.DEFERRED)
    await until(lambda: len(bench.time.sleepers) > 0 and not bench.runner._senders)
    return item_id


async def test_a_machine_that_was_asleep_tries_at_once(bench: Bench) -> None:
    item_id = await put_off(bench)
    bench.suspended = 8 * 3600.0
    bench.time.advance(LOOK)  # before its time
    await until(lambda: bench.state(item_id) is ItemState.DONE)


async def test_where_suspends_are_not_told_the_clock_stands_in_for_them(bench: Bench) -> None:
    bench.suspended = None
    bench.runner = bench.another("1:1:boot:me")
    item_id = await put_off(bench)
    due = bench.item(item_id).next_attempt_at
    bench.time.advance(LOOK + JUMP + 1)
    assert due is not None
    await until(lambda: bench.state(item_id) is ItemState.DONE)


DAY = 86_400.0


@pytest.mark.parametrize("jump", [-DAY, DAY, 10 * 365 * DAY, -10 * 365 * DAY])
async def test_a_clock_that_jumps_delays_nothing_by_more_than_a_minute_and_heats_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    item_id = await put_off(bench)
    rounds = 0
    due = bench.store.schedule.accounts_due

    def counted() -> Sequence[str]:
        nonlocal rounds
        rounds += 1
        return due()

    monkeypatch.setattr(bench.store.schedule, "accounts_due", counted)
    bench.time.jump(jump)
    for _ in range(61):
        bench.time.advance(1)
        await settled(bench)
    assert bench.state(item_id) is ItemState.DONE
    assert bench.item(item_id).attempts <= 2
    assert rounds < 20


async def test_a_disk_that_refused_before_the_clock_went_back_is_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = bench.queue()

    def full(*_: object, **__: object) -> None:
        raise StorageError("The disk is full.", hint="Make room.")

    with monkeypatch.context() as patch:
        patch.setattr(bench.store.claims, "take", full)
        bench.start()
        await until(lambda: bool(bench.said(Notice)))
    bench.time.jump(-DAY)
    for _ in range(61):
        bench.time.advance(1)
        await settled(bench)
    assert bench.state(item_id) is ItemState.DONE
