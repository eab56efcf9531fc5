"""Several processes on one outbox: every letter exactly once."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import message
from tuimail.clock import SystemClock
from tuimail.coordination.writer import Writer
from tuimail.events import Announcer
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.run.runner import Runner
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.store import Store
from tuimail.submission.result import Action, Reply, Stage, SubmissionResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tuimail.submission.submitter import Letter, Watcher

pytestmark = pytest.mark.on_disk


class Slot:
    """A submitter that notes each letter in a file."""

    def __init__(self, ledger: Path) -> None:
        self.descriptor = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def submit(self, letter: Letter, watcher: Watcher) -> SubmissionResult:
        await watcher.touching()
        await watcher.committing()
        os.write(self.descriptor, f"{letter.item_id}\n".encode())
        verdict = Verdict(Action.OK, Stage.COMMITTING, "", Reply(250))
        return SubmissionResult(dict.fromkeys(letter.envelope.addresses, verdict), touched=True)

    async def close(self) -> None:
        os.close(self.descriptor)


def forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def drain(folder: Path, ledger: Path) -> None:
    async def main() -> None:
        with Writer() as writer:
            store = await writer.run(lambda: Store(folder, SystemClock()))
            runner = Runner(store, writer, lambda account: Slot(ledger), Announcer(), SystemClock())
            await runner.run_once()
            await writer.run(store.close)

    asyncio.run(main())


def fill(folder: Path, count: int) -> list[str]:
    store = Store(folder, SystemClock())
    ids = [
        store.enqueue(Incoming(message(number, account=f"a{number % 2}"), composing=str(number))).id
        for number in range(count)
    ]
    store.close()
    return ids


@pytest.mark.parametrize(("letters", "processes"), [(200, 2), pytest.param(2000, 4, marks=pytest.mark.slow)])
def test_processes_share_the_work_and_send_each_letter_once(tmp_path: Path, letters: int, processes: int) -> None:
    folder, ledger = tmp_path / "outbox", tmp_path / "ledger"
    ids = fill(folder, letters)
    children = [forked(lambda: drain(folder, ledger)) for _ in range(processes)]
    for child in children:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sorted(ledger.read_text().split()) == sorted(ids)
    store = Store(folder, SystemClock())
    assert store.queries.counts() == {ItemState.ACCEPTED: letters}
    store.close()


@pytest.mark.parametrize("kills", [4, pytest.param(60, marks=pytest.mark.slow)])
def test_processes_that_are_killed_lose_and_double_nothing(tmp_path: Path, kills: int) -> None:
    folder, ledger = tmp_path / "outbox", tmp_path / "ledger"
    ids = fill(folder, 20 * kills)
    for _ in range(kills):
        seen = len(ledger.read_text().split()) if ledger.exists() else 0
        child = forked(lambda: drain(folder, ledger))
        until = time.monotonic() + 20
        while time.monotonic() < until and (not ledger.exists() or len(ledger.read_text().split()) < seen + 5):
            time.sleep(0.0005)  # until it is in the midst of it
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    drain(folder, ledger)
    store = Store(folder, SystemClock())
    sent = ledger.read_text().split()
    states = {each.id: each.state for each in store.queries.items(set(ItemState))}
    assert states.keys() == set(ids)
    assert len(sent) == len(set(sent))
    for item_id, state in states.items():
        assert state is ItemState.UNCERTAIN or (state is ItemState.ACCEPTED and item_id in sent)
    assert sum(state is ItemState.UNCERTAIN for state in states.values()) <= 2 * kills
    store.close()
