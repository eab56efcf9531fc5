"""Several recipients and one exit code: a run of the command for each, with nobody served twice or forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import Box, SetClock, message, store_in
from tests.submission.conftest import Recorder, letter
from tests.submission.test_sendmail import python
from tuimail.mail.content import InMemory
from tuimail.mail.envelope import Envelope
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.store.enqueue import Incoming
from tuimail.submission.command_run import CommandTimeouts
from tuimail.submission.result import Action, Stage
from tuimail.submission.sendmail import CommandSubmitter
from tuimail.submission.submitter import Letter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.store import Store

COMMAND = """
import sys, time
sys.stdin.buffer.read()
with open(sys.argv[1], "a") as file:
    file.write(" ".join(sys.argv[sys.argv.index("--") + 1:]) + "\\n")
word = sys.argv[-1].partition("@")[0]
if word == "slow":
    time.sleep(999)
sys.exit({"nobody": 67, "later": 75, "lost": 3, "denied": 77, "broken": 70}.get(word, 0))
"""


def people(*words: str) -> list[str]:
    return [f"{word}@y.example" for word in words]


async def once(record: Path, *words: str, watcher: Recorder | None = None) -> dict[str, Action]:
    way = CommandSubmitter(python(COMMAND, str(record)), timeouts=CommandTimeouts(finish=1.0))
    result = await way.submit(letter(*people(*words)), watcher or Recorder())
    assert result.touched
    assert list(result.recipients) == people(*words)
    return {address.partition("@")[0]: each.action for address, each in result.recipients.items()}


async def test_the_code_belongs_to_one_recipient(tmp_path: Path) -> None:
    record = tmp_path / "record"
    found = await once(record, "nobody", "later", "broken", "ann", "bob")
    assert found == {"nobody": "recipient", "later": "retry", "broken": "retry", "ann": "ok", "bob": "split"}
    assert record.read_text().split() == people("nobody", "later", "broken", "ann")


async def test_an_account_that_may_not_send_is_not_asked_again(tmp_path: Path) -> None:
    record = tmp_path / "record"
    assert await once(record, "denied", "ann") == {"denied": "account", "ann": "account"}
    assert record.read_text().split() == people("denied")


async def test_only_those_who_may_have_it_are_in_doubt(tmp_path: Path) -> None:
    marks: list[list[str]] = []

    class Watch(Recorder):
        async def committing(self, to: Sequence[str] | None = None) -> None:
            marks.append(list(to or ()))

    found = await once(tmp_path / "record", "nobody", "lost", "later", "ann", "bob", watcher=Watch())
    assert found == {"nobody": "recipient", "lost": "uncertain", "later": "retry", "ann": "ok", "bob": "split"}
    assert marks == [people("nobody"), people("lost"), people("lost", "later"), people("lost", "ann")]


async def test_a_command_that_hangs_does_not_keep_the_outbox_for_ever(tmp_path: Path) -> None:
    found = await once(tmp_path / "record", "slow", "ann")
    assert found == {"slow": "uncertain", "ann": "retry"}


class Killed(BaseException):
    """The process ends here."""


class Marking(Recorder):
    """Marks the letter in the outbox; dies when the run for somebody is about to begin."""

    def __init__(self, store: Store, item: OutboxItem, dies_at: str) -> None:
        super().__init__()
        self.store, self.item, self.dies_at, self.now = store, item, dies_at, ""

    async def touching(self) -> None:
        self.store.claims.touching(self.item.id, self.item.owner)

    async def committing(self, to: Sequence[str] | None = None) -> None:
        assert to is not None
        self.store.claims.committing(self.item.id, self.item.owner, to=to)
        self.now = to[-1].partition("@")[0]

    def stage(self, stage: Stage) -> None:
        if stage is Stage.COMMITTING and self.now == self.dies_at:
            raise Killed


async def attempts(store: Store, owner: str, record: Path, dies_at: str) -> None:
    while await attempt(store, owner, record, dies_at):
        pass


async def attempt(store: Store, owner: str, record: Path, dies_at: str = "") -> OutboxItem | None:
    item = store.claims.claim(owner)
    if item is None:
        return None
    envelope = Envelope(item.reverse_path, tuple(each.to for each in item.open_recipients))
    way = CommandSubmitter(python(COMMAND, str(record)))
    result = await way.submit(Letter(item.id, envelope, InMemory(b"Hello.\r\n")), Marking(store, item, dies_at))
    return store.claims.record(item.id, owner, result)


def states(item: OutboxItem) -> dict[str, str]:
    return {each.address.partition("@")[0]: each.state.value for each in item.recipients}


async def test_all_are_served_once_and_the_refused_one_alone_is_shown_refused(tmp_path: Path) -> None:
    clock, record = SetClock(), tmp_path / "record"
    box = Box(clock)
    store = store_in(tmp_path / "outbox", clock, box)
    store.enqueue(Incoming(message(1, *people("ann", "nobody", "bob")), composing="c1"))
    item = None
    for _ in range(3):
        item = await attempt(store, "me", record) or item
    assert item is not None
    assert states(item) == {"ann": "accepted", "nobody": "refused", "bob": "accepted"}
    assert item.state is ItemState.FAILED
    assert record.read_text().split() == people("ann", "nobody", "bob")
    store.close()


@pytest.mark.parametrize("dies_at", ["ann", "nobody", "bob"])
async def test_a_kill_at_a_run_leaves_only_its_recipient_in_doubt(tmp_path: Path, dies_at: str) -> None:
    clock, record = SetClock(), tmp_path / "record"
    box = Box(clock)
    store = store_in(tmp_path / "outbox", clock, box)
    store.enqueue(Incoming(message(1, *people("ann", "nobody", "bob")), composing="c1"))
    with pytest.raises(Killed):
        await attempts(store, "me", record, dies_at)
    box.killed.add("me")
    (back,) = store.recovery.recover("other")
    done = [] if dies_at == "ann" else ["ann"]
    expected = dict.fromkeys(["ann", "nobody", "bob"], "pending") | dict.fromkeys(done, "accepted")
    assert states(back) == expected | {dies_at: "uncertain"}
    assert back.state is ItemState.UNCERTAIN
    assert store.claims.claim("other") is None
    store.close()
