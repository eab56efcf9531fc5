"""The journal on a disk that several processes write to, and that may be full."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tuimail.coordination.sqlite import DamagedDatabaseError
from tuimail.errors import IllegalTransitionError, LeaseLostError, NoSuchItemError, StorageError
from tuimail.journal import pruning
from tuimail.journal.action import (
    KEPT,
    UNDECIDED,
    ActionKind,
    ActionMessage,
    ActionState,
    MailAction,
    MessageOrigin,
    MessageOutcome,
)
from tuimail.journal.database import NAME
from tuimail.journal.decisions import UserDecisions
from tuimail.journal.store import ActionJournal
from tuimail.mail.thread_edit import ThreadEdit

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
CHILD = """
import os, signal, sys
from pathlib import Path
from tuimail.journal.action import *
from tuimail.journal.store import ActionJournal
journal = ActionJournal(Path(sys.argv[1]))
"""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[ActionJournal]:
    opened = ActionJournal(tmp_path / "journal")
    yield opened
    opened.close()


def move(*keys: str, account: str = "work") -> MailAction:
    return MailAction(account, ActionKind.MOVE, "INBOX", tuple(map(ActionMessage, keys)), target="Archive")


def child(tmp_path: Path, script: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + script, str(tmp_path / "journal"), *words],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_an_action_comes_back_as_it_was_given(journal: ActionJournal, tmp_path: Path) -> None:
    given = MailAction(
        "work",
        ActionKind.FLAG,
        "Lists/\udcff",
        (
            ActionMessage("1.\udcfea,S=3", before=5, keywords="$Work", message_id="<1@x>"),
            ActionMessage("", origin=MessageOrigin(1, 2)),
        ),
        add=4,
        remove=1,
        add_keywords="a b",
        validity=7,
    )
    (stored,) = journal.add([given])
    assert replace(stored, id=0, batch=0, created=0.0, changed=0.0) == given
    again = ActionJournal(tmp_path / "journal")
    assert again.get(stored.id) == stored
    again.close()
    assert (tmp_path / "journal" / NAME).stat().st_mode & 0o777 == 0o600


def test_the_actions_of_one_command_belong_together(journal: ActionJournal) -> None:
    first = journal.add([move("a")])
    three = journal.add([move("b"), move("c", account="home"), move("d")])
    assert [each.id for each in journal.batch(three[0].id)] == [each.id for each in three]
    assert journal.batch(first[0].id) == first
    with pytest.raises(NoSuchItemError):
        journal.batch(99)


def test_from_waiting_to_done(journal: ActionJournal) -> None:
    (stored,) = journal.add([move("a", "b")])
    assert journal.next_ready("home") is None
    assert journal.next_ready("work") == stored
    sent = journal.mark(stored.id, "me", landed=("x", "y"), mark="9")
    assert (sent.state, sent.mark, [each.landed for each in sent.messages]) == (ActionState.SENT, "9", ["x", "y"])
    done = journal.finish(sent.id, "me", ActionState.DONE, sent.messages)
    assert journal.get(done.id) == done
    assert journal.next_ready("work") is None
    with pytest.raises(IllegalTransitionError):
        journal.mark(done.id, "me")


def test_who_lost_an_action_writes_nothing(journal: ActionJournal) -> None:
    (stored,) = journal.add([move("a")])
    first = journal.mark(stored.id, "first", landed=("x",))
    second = journal.mark(stored.id, "second", landed=("never used",))
    assert second.messages == first.messages
    with pytest.raises(LeaseLostError):
        journal.finish(stored.id, "first", ActionState.DONE, ())
    with pytest.raises(LeaseLostError):
        journal.put_off(stored.id, "first", (), "no", 5)
    assert journal.get(stored.id) == second


def test_a_message_that_moved_is_found_by_its_action(journal: ActionJournal) -> None:
    (first,) = journal.add([move("a", "b")])
    named = tuple(ActionMessage("", origin=MessageOrigin(first.id, index)) for index in (0, 1, 7))
    (second,) = journal.add([MailAction("work", ActionKind.FLAG, "Archive", named, add=4)])
    sent = journal.mark(first.id, "me", landed=("x", "y"))
    outcomes = (MessageOutcome.DONE, MessageOutcome.GONE)
    ended = [replace(each, outcome=outcome) for each, outcome in zip(sent.messages, outcomes, strict=True)]
    journal.finish(first.id, "me", ActionState.DONE, ended)
    resolved = journal.mark(second.id, "me").messages
    assert [(each.key, each.outcome) for each in resolved] == [("x", ""), ("", "gone"), ("", "gone")]


def test_put_off_refused_and_decided(journal: ActionJournal) -> None:
    first, stranger = journal.add([move("a"), move("b")])
    sent = journal.mark(first.id, "me")
    with pytest.raises(LeaseLostError, match="under way"):
        UserDecisions(journal).drop(first.id)
    later = journal.put_off(first.id, "me", sent.messages, "The disk is full.", 60.0)
    assert (later.tries, later.state, later.words) == (1, ActionState.SENT, "The disk is full.")
    assert journal.next_ready("work") == stranger
    journal.finish(first.id, "me", ActionState.REFUSED, sent.messages, "no")
    assert journal.next_ready("work") == stranger
    assert UserDecisions(journal).retry(first.id).next_at == 0.0
    assert journal.next_ready("work") == journal.get(first.id)
    UserDecisions(journal).drop(first.id)
    with pytest.raises(IllegalTransitionError):
        UserDecisions(journal).drop(first.id)


def test_old_finished_actions_are_forgotten(tmp_path: Path) -> None:
    now = [1000.0]
    journal = ActionJournal(tmp_path / "journal", now=lambda: now[0])
    first, second = journal.add([move("a"), move("b")])
    UserDecisions(journal, now=lambda: now[0]).drop(first.id)
    now[0] += KEPT
    assert journal.prune() == 0
    now[0] += 1
    assert journal.prune() == 1
    assert [each.id for each in journal.actions()] == [second.id]
    assert journal.add([move("c")])[0].id > second.id  # an id is never used again
    journal.close()


def test_what_a_later_action_names_its_messages_by_is_not_forgotten(tmp_path: Path) -> None:
    now = [1000.0]
    with closing(ActionJournal(tmp_path / "journal", now=lambda: now[0])) as journal:
        first, other = journal.add([move("a"), move("b")])
        later = replace(move(""), folder="Archive", messages=(ActionMessage("", origin=MessageOrigin(first.id, 0)),))
        (later,) = journal.add([later])
        for each in (first, other):
            sent = journal.mark(each.id, "me", landed=("x",))
            done = tuple(replace(message, outcome=MessageOutcome.DONE) for message in sent.messages)
            journal.finish(each.id, "me", ActionState.DONE, done)
        now[0] += KEPT + 1
        assert journal.prune() == 1
        assert [each.messages[0].key for each in journal.ready("work")] == ["x"]
        journal.finish(journal.mark(later.id, "me", landed=("y",)).id, "me", ActionState.DONE, later.messages)
        assert journal.prune() == 1, "the first one now"


def test_so_many_are_forgotten_at_once_and_others_can_write_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "PIECE", 2)
    now = [1000.0]
    with closing(ActionJournal(tmp_path / "journal", now=lambda: now[0])) as journal:
        for each in journal.add([move(key) for key in "abcdefg"]):
            UserDecisions(journal, now=lambda: now[0]).drop(each.id)
        now[0] += KEPT + 1
        said: list[str] = []
        journal.database.db.set_trace_callback(said.append)
        assert journal.prune(5) == 5
        assert said.count("COMMIT") == 3
        assert [each.messages[0].key for each in journal.actions()] == ["f", "g"], "the oldest first"


@pytest.mark.parametrize("step", range(6))
def test_killed_after_each_step(tmp_path: Path, step: int) -> None:
    """What was stored before the kill is there after it, and the action's turn comes again until it is done."""
    script = """
step = int(sys.argv[2])
def kill_at(number):
    if step == number:
        os.kill(os.getpid(), signal.SIGKILL)
kill_at(0)
action, = journal.add([MailAction("work", ActionKind.MOVE, "INBOX", (ActionMessage("a"),), target="Archive")])
kill_at(1)
with journal.writing() as db:
    db.execute("UPDATE action SET state = 'done'")
    kill_at(2)
    db.execute("UPDATE action SET state = 'waiting'")
sent = journal.mark(action.id, "child", landed=("x",))
kill_at(3)
with journal.writing() as db:
    db.execute("DELETE FROM action")
    kill_at(4)
    db.execute("ROLLBACK")
    db.execute("BEGIN")
journal.finish(action.id, "child", ActionState.DONE, sent.messages)
kill_at(5)
"""
    with child(tmp_path, script, str(step)) as running:
        assert running.wait(60) == -signal.SIGKILL
    journal = ActionJournal(tmp_path / "journal")
    states = [each.state for each in journal.actions()]
    assert states == [[], ["waiting"], ["waiting"], ["sent"], ["sent"], ["done"]][step]
    found = journal.next_ready("work")
    assert (found is not None) == (1 <= step <= 4)
    if found is not None:
        sent = journal.mark(found.id, "me", landed=("other",))
        assert sent.messages[0].landed == ("x" if step >= 3 else "other")
    journal.close()


def test_killed_at_any_moment_nothing_told_is_lost(tmp_path: Path) -> None:
    script = """
while True:
    two = journal.add([MailAction("work", ActionKind.DELETE, "INBOX", (ActionMessage(each),)) for each in "ab"])
    print(two[0].id, flush=True)
"""
    told: list[int] = []
    for seed in range(4):
        with child(tmp_path, script) as running:
            assert running.stdout is not None
            told.append(int(running.stdout.readline()))
            time.sleep(random.Random(seed).uniform(0.0, 0.1))
            os.kill(running.pid, signal.SIGKILL)
            told += map(int, running.stdout.read().split())
    journal = ActionJournal(tmp_path / "journal")
    stored = journal.actions()
    assert {each.batch for each in stored} >= set(told)
    assert len(stored) == 2 * len({each.batch for each in stored})
    assert len(told) > 4
    journal.close()


def test_of_two_processes_each_action_is_finished_by_one(tmp_path: Path) -> None:
    journal = ActionJournal(tmp_path / "journal")
    journal.add([move(str(number)) for number in range(40)])
    script = """
from tuimail.errors import OutboxError
owner = sys.argv[2]
while action := journal.next_ready("work"):
    try:
        sent = journal.mark(action.id, owner)
        journal.finish(sent.id, owner, ActionState.DONE, sent.messages)
        print(sent.id)
    except OutboxError:
        pass
"""
    both = [child(tmp_path, script, owner) for owner in ("one", "two")]
    done = [int(word) for each in both for word in each.communicate(timeout=60)[0].split()]
    assert sorted(done) == [each.id for each in journal.actions()]
    assert journal.actions(UNDECIDED) == []
    journal.close()


def test_a_full_disk_changes_nothing(journal: ActionJournal) -> None:
    (stored,) = journal.add([move("a")])
    with journal.writing() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
    journal.database.db.execute(f"PRAGMA max_page_count = {pages}")
    many = [move(*(f"{number}.{'x' * 200}" for number in range(100)))] * 3
    with pytest.raises(StorageError, match="disk is full"):
        journal.add(many)
    with pytest.raises(StorageError, match="disk is full"):
        journal.mark(stored.id, "me", landed=("y" * 10_000,))
    assert journal.actions() == [stored]
    journal.database.db.execute("PRAGMA max_page_count = 100000")
    assert len(journal.add(many)) == 3


def test_another_process_that_writes_for_long(
    journal: ActionJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuimail.journal.database.BUSY_SECONDS", 0.05)
    other = ActionJournal(tmp_path / "journal")
    with journal.writing(), pytest.raises(StorageError, match="Another tuimail holds the journal"):
        other.add([move("a")])
    assert other.actions() == []
    other.close()


def test_damage_and_a_newer_version_are_told(tmp_path: Path) -> None:
    journal = ActionJournal(tmp_path / "journal")
    journal.add([move("a")])
    with journal.writing() as db:
        db.execute("UPDATE action SET details = '{'")
    with pytest.raises(DamagedDatabaseError, match="a row cannot be read"):
        journal.actions()
    with journal.writing() as db:
        db.execute("PRAGMA user_version = 99")
    journal.close()
    with pytest.raises(StorageError, match="newer tuimail"):
        ActionJournal(tmp_path / "journal")
    (tmp_path / "journal" / NAME).write_bytes(b"x" * 4096)
    with pytest.raises(DamagedDatabaseError, match="journal is damaged"):
        ActionJournal(tmp_path / "journal")


def test_what_has_a_cause_is_stored_once(journal: ActionJournal) -> None:
    asked: list[str] = []

    def make() -> MailAction:
        asked.append("")
        return MailAction("work", ActionKind.FLAG, "INBOX", (ActionMessage("b"),))

    first = journal.add_once('outbox:"1"', make)
    assert first is not None
    assert journal.get(first.id).cause == 'outbox:"1"'
    assert journal.add_once('outbox:"1"', make) is None
    assert journal.add_once("outbox:", make) is not None, "a part of a cause is another one"
    journal.add([MailAction("work", ActionKind.FLAG, '"cause":"outbox:2"', (ActionMessage("b"),))])
    assert journal.add_once("outbox:2", make) is not None, "a folder's name is no cause"
    assert len(asked) == 3


def test_a_journal_of_an_earlier_version_gets_the_tables_it_lacks(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    with closing(ActionJournal(folder)) as journal:
        journal.add([move("a")])
        journal.marks.add("work", [("INBOX", "a")])
    with closing(sqlite3.connect(folder / NAME)) as db:
        db.execute("DROP TABLE thread_edit")
        db.execute("DROP TABLE thread_mute")
        db.execute("DROP INDEX action_after")
        db.execute("PRAGMA user_version = 2")
    with closing(ActionJournal(folder)) as journal:
        assert len(journal.actions()) == 1
        assert journal.marks.of("work") == {("INBOX", "a")}
        edit = ThreadEdit("<a@x>", "<b@x>", below=("<c@x>",), apart=("<d@x>", "<e@x>"))
        journal.threads.edit("work", [edit, ThreadEdit("<f@x>")])
        journal.threads.edit("work", [ThreadEdit("<a@x>")], ["<f@x>"])
        assert journal.threads.edits("work") == [ThreadEdit("<a@x>")]
        journal.threads.edit("work", [edit])
        journal.threads.mute("work", ["<a@x>", "<b@x>"], muted=True)
        journal.threads.mute("work", ["<b@x>"], muted=False)
    with closing(ActionJournal(folder)) as journal:
        assert (journal.threads.edits("work"), journal.threads.muted("work")) == ([edit], {"<a@x>"})
        assert (journal.threads.edits("home"), journal.threads.muted("home")) == ([], set())
        assert journal.database.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'action_after'").fetchone()
