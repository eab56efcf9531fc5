"""Several connections of one account: opened when it works, closed when the server does not bear them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import SetClock, message, store_in
from tests.support.smtp_sink import PROGRAM, smtp_sink
from tuimail.config.model import Auth, Security, Server
from tuimail.coordination.writer import Writer
from tuimail.events import AccountPaused, Announcer, Event
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.run.account_connections import FEW
from tuimail.outbox.run.runner import Runner
from tuimail.outbox.store.enqueue import Incoming
from tuimail.submission.result import AccountProblem, Action, Reply, Stage, SubmissionResult, Verdict
from tuimail.submission.smtp import SmtpSubmitter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tuimail.outbox.store.store import Store
    from tuimail.submission.submitter import Letter, Watcher

CROWDED = Verdict(
    Action.RETRY, Stage.GREETING, "Fewer.", Reply(421, "4.7.0", "too many connections"), delay=60, crowded=True
)
DOWN = Verdict(Action.RETRY, Stage.GREETING, "Down.", Reply(421, "4.3.2", "shutting down"))
WRONG = Verdict(Action.REAUTH, Stage.AUTH, "Wrong password.", Reply(535, "5.7.8", "no"), problem=AccountProblem.SIGN_IN)


class Town:
    """A server seen from its connections: how many it bears, and whether it lets anybody in."""

    def __init__(self) -> None:
        self.bears = 16
        self.refuses: Verdict | None = None
        self.inside = 0
        self.widest = 0
        self.opened = 0
        self.sign_ins = 0
        self.delivered: list[str] = []

    def way(self, account: str) -> Gate:
        self.opened += 1
        return Gate(self)


class Gate:
    """One connection; a letter behind another waits its turn."""

    pipeline_depth = 2

    def __init__(self, town: Town) -> None:
        self.town = town
        self.turn = asyncio.Lock()
        self.open = False
        self.trouble = False

    async def submit(self, letter: Letter, watcher: Watcher) -> SubmissionResult:
        async with self.turn:
            if self.trouble:
                return SubmissionResult({}, withdrawn=True)
            refused = None
            if not self.open:
                self.town.sign_ins += 1
                refused = self.town.refuses or (CROWDED if self.town.inside >= self.town.bears else None)
            if refused is not None:
                self.trouble = True
                return SubmissionResult(dict.fromkeys(letter.envelope.addresses, refused), account=refused)
            if not self.open:
                self.open = True
                self.town.inside += 1
                self.town.widest = max(self.town.widest, self.town.inside)
            watcher.stage(Stage.MAIL)
            await watcher.touching()
            await watcher.committing()
            self.town.delivered.append(letter.item_id)
            accepted = Verdict(Action.OK, Stage.COMMITTING, "", Reply(250))
            return SubmissionResult(dict.fromkeys(letter.envelope.addresses, accepted), touched=True)

    async def close(self) -> None:
        if self.open:
            self.open = False
            self.town.inside -= 1


class Bench:
    def __init__(self, folder: Path) -> None:
        self.clock = SetClock()
        self.town = Town()
        self.writer = Writer()
        self.store: Store = store_in(folder, self.clock)
        self.heard: list[Event] = []
        self.announcer = Announcer()
        self.announcer.subscribe(self.heard.append)
        self.runner = self.runner_with(4)

    def runner_with(self, connections: int) -> Runner:
        return Runner(
            self.store,
            self.writer,
            self.town.way,
            self.announcer,
            self.clock,
            owner="1:1:boot:me",
            connections=lambda account: connections,
        )

    def fill(self, count: int) -> list[str]:
        return [self.store.enqueue(Incoming(message(number), composing=str(number))).id for number in range(count)]

    def counts(self) -> dict[ItemState, int]:
        return self.writer.call(self.store.queries.counts)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path / "outbox")
    yield bench
    await bench.runner.stop()
    bench.writer.call(bench.store.close)
    bench.writer.close()


async def test_a_queue_goes_over_several_connections_and_each_letter_once(bench: Bench) -> None:
    ids = bench.fill(60)
    await bench.runner.run_once()
    assert sorted(bench.town.delivered) == sorted(ids)
    assert bench.counts() == {ItemState.ACCEPTED: 60}
    assert bench.town.widest == 4


async def test_a_few_letters_need_one_connection(bench: Bench) -> None:
    bench.fill(FEW)
    await bench.runner.run_once()
    assert bench.town.widest == 1


async def test_no_more_connections_than_the_settings_allow(bench: Bench) -> None:
    bench.runner = bench.runner_with(2)
    bench.fill(60)
    await bench.runner.run_once()
    assert bench.town.widest == 2


async def test_a_wrong_password_with_fifty_letters_queued_is_tried_once(bench: Bench) -> None:
    bench.fill(50)
    bench.town.refuses = WRONG
    await bench.runner.run_once()
    assert bench.town.sign_ins == 1
    await bench.runner.run_once()
    assert bench.counts() == {ItemState.BLOCKED: 50}
    assert bench.town.sign_ins == 1
    assert len([each for each in bench.heard if isinstance(each, AccountPaused)]) == 1


async def test_connections_the_server_does_not_bear_are_learnt_and_cost_no_letter_anything(bench: Bench) -> None:
    ids = bench.fill(60)
    bench.town.bears = 2
    await bench.runner.run_once()
    assert sorted(bench.town.delivered) == sorted(ids)
    health = bench.writer.call(bench.store.accounts.health, "work")
    assert (health.connection_limit, health.tries, health.probe_at) == (2, 0, None)
    assert all(bench.writer.call(bench.store.queries.item, each).tries == 0 for each in ids)
    tried = bench.town.sign_ins
    bench.store.enqueue(Incoming(message(99), composing="99"))
    await bench.runner.run_once()
    assert bench.town.sign_ins == tried + 1


async def test_a_host_that_is_down_is_tried_with_one_letter(bench: Bench) -> None:
    bench.fill(50)
    bench.town.refuses = DOWN
    await bench.runner.run_once()
    assert bench.town.sign_ins == 1
    assert bench.writer.call(bench.store.accounts.health, "work").tries == 1
    assert bench.counts() == {ItemState.DEFERRED: 1, ItemState.QUEUED: 49}


@pytest.mark.skipif(not PROGRAM.exists(), reason="Postfix's smtp-sink is not installed")
async def test_a_queue_drains_through_a_server_written_by_others(bench: Bench) -> None:
    bench.fill(80)
    async with smtp_sink() as port:
        server = Server("127.0.0.1", port, security=Security.NONE, auth=Auth.NONE)

        async def none() -> str:
            return ""

        way = lambda account: SmtpSubmitter(server, none)  # noqa: E731
        bench.runner = Runner(bench.store, bench.writer, way, bench.announcer, bench.clock, owner="1:1:boot:me")
        await bench.runner.run_once()
    assert bench.counts() == {ItemState.ACCEPTED: 80}
    assert all(item.attempts == 1 for item in bench.writer.call(bench.store.queries.items))
