"""Random work on the cache against a plain model of it, and writers killed at any moment with readers beside them."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.cache.support import NOON, Letter, a_letter, disagreements, written
from tuimail.cache import folders, summaries, threads, views, windows
from tuimail.cache.database import ReadableCache, check
from tuimail.cache.summaries import FlagChange, NewMessage
from tuimail.cache.views import Folder, Merged
from tuimail.cache.windows import IndexOrder
from tuimail.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ("INBOX", "Sent", "Lists")
identifiers = st.integers(0, 12).map(lambda number: f"<{number}@x>")
arriving = st.lists(
    st.builds(
        a_letter,
        message_id=st.one_of(st.just(""), identifiers),
        refs=st.lists(identifiers, max_size=2).map(" ".join),
        flags=st.integers(0, 7),
        date=st.integers(NOON - 9, NOON),
        arrived=st.integers(NOON - 9, NOON),
    ),
    min_size=1,
    max_size=5,
)


class CacheMachine(RuleBasedStateMachine):
    """What the cache must show after any inserts, flags, hiding, showing, vanishing and work that was undone."""

    messages: Bundle[int] = Bundle("messages")
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.letters: dict[int, Letter] = {}
        self.places: dict[int, str] = {}
        self.flags: dict[int, int] = {}
        self.hidden: set[int] = set()
        self.ever: dict[int, Letter] = {}

    @initialize()
    def start(self) -> None:
        self.context = written(type(self).folder / os.urandom(8).hex())
        self.cache = self.context.__enter__()
        self.reader = ReadableCache(self.cache.path.parent)
        with self.cache.writing() as db:
            self.mailboxes = {name: folders.add_mailbox(db, name) for name in NAMES}

    @rule(target=messages, name=st.sampled_from(NAMES), some=arriving)
    def insert(self, name: str, some: Sequence[Letter]) -> MultipleResults[int]:
        with self.cache.writing() as db:
            ids = summaries.insert(db, self.mailboxes[name], [NewMessage(each) for each in some])
        assert not self.ever.keys() & set(ids)
        for number, letter in zip(ids, some, strict=True):
            self.letters[number] = self.ever[number] = letter
            self.places[number] = name
            self.flags[number] = letter.flags
        return multiple(*ids)

    @rule(some=st.lists(st.tuples(messages, st.integers(0, 7)), max_size=4))
    def set_flags(self, some: Sequence[tuple[int, int]]) -> None:
        with self.cache.writing() as db:
            summaries.set_flags(db, [FlagChange(*each) for each in some])
        self.flags.update({number: flags for number, flags in some if number in self.letters})

    @rule(some=st.lists(messages, max_size=3))
    def hide(self, some: Sequence[int]) -> None:
        with self.cache.writing() as db:
            summaries.hide(db, some, 1)
        self.hidden |= set(some) & self.letters.keys()

    @rule(some=st.lists(messages, max_size=3))
    def show(self, some: Sequence[int]) -> None:
        with self.cache.writing() as db:
            summaries.show(db, some)
        self.hidden -= set(some)

    @rule(some=st.lists(consumes(messages), max_size=3))
    def vanish(self, some: Sequence[int]) -> None:
        with self.cache.writing() as db:
            summaries.vanish(db, some)
        for number in some:
            self.letters.pop(number, None)
            self.hidden.discard(number)

    @rule(some=arriving, gone=st.lists(messages, max_size=3))
    def undone(self, some: Sequence[Letter], gone: Sequence[int]) -> None:
        def fail() -> None:
            with self.cache.writing() as db:
                summaries.insert(db, self.mailboxes["INBOX"], [NewMessage(each) for each in some])
                summaries.vanish(db, gone)
                raise KeyError

        with pytest.raises(KeyError):
            fail()

    @invariant()
    def counts_and_threads(self) -> None:
        if not hasattr(self, "cache"):
            return
        with self.reader.reading() as db:
            assert disagreements(db) == []
            for mailbox in folders.all_mailboxes(db):
                shown = self.shown(mailbox.wire)
                assert mailbox.total == len(shown)
                assert mailbox.unread == sum(not self.flags[each] & 1 for each in shown)
                assert mailbox.flagged == sum(bool(self.flags[each] & 4) for each in shown)
            for number, thread in db.execute("SELECT id, thread FROM message"):
                together = {each for each in self.connected(number) if each in self.letters}
                assert together - self.hidden == {each.id for each in threads.members(db, thread)}

    @invariant()
    def windows(self) -> None:
        if not hasattr(self, "cache"):
            return
        for order in IndexOrder:
            parts = [Folder(self.reader, "a", number, order) for number in self.mailboxes.values()]
            rows = []
            for at, (name, part) in enumerate(zip(NAMES, parts, strict=True)):
                expected = sorted((self.key(each, order), each) for each in self.shown(name))
                assert [row.id for row in part.window(0, part.count)] == [each for _, each in expected]
                assert [row.flags for row in part.window(0, 99)] == [self.flags[each] for _, each in expected]
                rows += [(key, at, number) for key, number in expected]
            merged = Merged(parts)
            assert [row.id for row in merged.window(0, merged.count)] == [number for _, _, number in sorted(rows)]

    def shown(self, name: str) -> set[int]:
        return {each for each in self.letters if self.places[each] == name and each not in self.hidden}

    def key(self, number: int, order: IndexOrder) -> int:
        return self.letters[number].arrived if order is IndexOrder.ARRIVAL else self.letters[number].date

    def connected(self, number: int) -> set[int]:
        """By identifiers of messages that are there or were: gone ones hold a thread together."""
        found, names = {number}, set()
        while True:
            names |= {name for each in found for name in self.names(each)}
            more = {each for each in self.ever if names & self.names(each)}
            if more <= found:
                return found
            found |= more

    def names(self, number: int) -> set[str]:
        letter = self.ever[number]
        return {name for name in (letter.message_id, *letter.refs.split()) if name}

    def teardown(self) -> None:
        if hasattr(self, "cache"):
            self.reader.close()
            self.context.__exit__(None, None, None)


def test_against_a_plain_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in ((windows, "MARK", 3), (windows, "NEAR", 4), (views, "WINDOW", 3), (views, "NEARBY", 6)):
        monkeypatch.setattr(module, name, value)
    CacheMachine.folder = tmp_path
    run_state_machine_as_test(CacheMachine, settings=settings(max_examples=25, stateful_step_count=20, deadline=None))


WRITER = """
import random, sys
from pathlib import Path
from tests.cache.support import NOON, Letter, written
from tuimail.cache import folders, summaries
from tuimail.cache.summaries import FlagChange, NewMessage
chance = random.Random(int(sys.argv[2]))
with written(Path(sys.argv[1])) as cache:
    assert cache.set_aside is None
    print("open", flush=True)
    while True:
        with cache.writing() as db:
            inbox = folders.add_mailbox(db, "INBOX")
            some = [
                Letter(f"<{chance.randrange(9999)}@x>", f"<{chance.randrange(9999)}@x>", chance.randrange(8), NOON - n)
                for n in range(chance.randrange(1, 200))
            ]
            ids = summaries.insert(db, inbox, [NewMessage(each) for each in some])
            known = [row[0] for row in db.execute("SELECT id FROM message ORDER BY random() LIMIT 60")]
            summaries.set_flags(db, [FlagChange(each, chance.randrange(8)) for each in known[:30]])
            summaries.vanish(db, known[30:50])
            summaries.hide(db, known[50:], 1)
"""


@pytest.mark.on_disk
def test_writers_killed_with_readers_beside(tmp_path: Path) -> None:
    """Every commit is whole for readers in this process, before and after each kill; the next writer goes on."""
    stop = threading.Event()
    failures: list[object] = []
    reads = 0

    def read() -> None:
        nonlocal reads
        reader = ReadableCache(tmp_path / "cache")
        while not stop.is_set():
            try:
                with reader.snapshot() as db:
                    failures.extend(disagreements(db))
                reads += 1
            except (StorageError, sqlite3.Error) as error:
                failures.append(error)
        reader.close()

    with written(tmp_path):
        pass
    readers = [threading.Thread(target=read) for _ in range(2)]
    for each in readers:
        each.start()
    chance = random.Random(5)
    totals = []
    try:
        for number in range(8):
            command = [sys.executable, "-c", WRITER, str(tmp_path), str(number)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path.cwd()) as writer:
                assert writer.stdout is not None
                assert writer.stdout.readline() == b"open\n"
                time.sleep(chance.uniform(0.05, 0.4))
                writer.send_signal(signal.SIGKILL)
                assert writer.wait() == -signal.SIGKILL
            reader = ReadableCache(tmp_path / "cache")
            assert check(reader)
            with reader.snapshot() as db:
                assert disagreements(db) == []
                totals.append(db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone())
            reader.close()
    finally:
        stop.set()
        for each in readers:
            each.join()
    assert failures == []
    assert reads > 20
    assert None not in totals
    assert totals == sorted(totals)
    with written(tmp_path) as cache:
        assert not cache.ended_cleanly
        assert cache.set_aside is None
