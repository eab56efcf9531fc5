"""What is undone, and what cannot be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.sync.replay_support import ALL, BOTH, action, files, make, replay
from tuimail.errors import IllegalTransitionError, NoSuchItemError
from tuimail.journal.action import ActionKind, ActionMessage, ActionState, MailAction, MessageOrigin, MessageOutcome
from tuimail.journal.decisions import UserDecisions
from tuimail.journal.store import ActionJournal
from tuimail.journal.undo import followed
from tuimail.mail.flags import ANSWERED, FLAGGED, SEEN
from tuimail.sync.maildir_replay import MaildirReplayer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[ActionJournal]:
    opened = ActionJournal(tmp_path / "journal")
    yield opened
    opened.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path / "Maildir")


def undo(journal: ActionJournal, root: Path, command: int) -> list[MailAction]:
    journal.undo(command)
    return MaildirReplayer(journal, "work", root, "me").replay()


def test_what_waits_is_cancelled(journal: ActionJournal, root: Path) -> None:
    two = journal.add([action(ActionKind.DELETE, "b"), action(ActionKind.MOVE, "c", target="Archive")])
    assert undo(journal, root, two[0].id) == []
    assert [each.state for each in journal.actions()] == [ActionState.CANCELLED] * 2
    assert files(root) == ALL
    with pytest.raises(IllegalTransitionError, match="cancelled cannot be undone"):
        journal.undo(two[0].id)
    with pytest.raises(NoSuchItemError):
        journal.undo(99)


@pytest.mark.parametrize("kind", [ActionKind.MOVE, ActionKind.COPY])
def test_moved_back_and_copies_removed(journal: ActionJournal, root: Path, kind: ActionKind) -> None:
    (done,) = replay(journal, root, action(kind, *BOTH, target="Archive"))
    (inverse,) = undo(journal, root, done.id)
    assert (inverse.state, inverse.inverse_of) == (ActionState.DONE, done.id)
    assert (files(root), files(root, ".Archive")) == (ALL, {})
    with pytest.raises(IllegalTransitionError, match="undone already"):
        journal.undo(done.id)


def test_flags_as_they_were_and_those_of_others_stay(journal: ActionJournal, root: Path) -> None:
    given = action(ActionKind.FLAG, add=FLAGGED | ANSWERED, remove=SEEN)
    messages = (ActionMessage("a,S=1", before=FLAGGED | SEEN), ActionMessage("c"))
    (done,) = replay(journal, root, replace(given, messages=messages))
    assert files(root) == {"A": "cur FR", "B": "new", "C": "cur FR"}
    (root / "cur" / "c:2,FR").rename(root / "cur" / "c:2,FRST")
    assert [each.state for each in undo(journal, root, done.id)] == [ActionState.DONE] * 2
    assert files(root) == {"A": "cur FS", "B": "new", "C": "cur ST"}


def test_flags_that_were_so_before_need_no_inverse(journal: ActionJournal, root: Path) -> None:
    given = action(ActionKind.FLAG, messages=(ActionMessage("a,S=1", before=FLAGGED | SEEN),), add=FLAGGED)
    (done,) = replay(journal, root, given)
    assert undo(journal, root, done.id) == []
    assert files(root) == ALL


def test_what_is_deleted_for_good_stays_so(journal: ActionJournal, root: Path) -> None:
    moved, _ = replay(journal, root, action(ActionKind.MOVE, "c", target="Trash"), action(ActionKind.DELETE, "b"))
    with pytest.raises(IllegalTransitionError, match="deleted for good"):
        journal.undo(moved.id)
    assert len(journal.actions()) == 2


def test_what_was_gone_is_not_brought_back(journal: ActionJournal, root: Path) -> None:
    (root / "new" / "b").unlink()
    (done,) = replay(journal, root, action(ActionKind.MOVE, *BOTH, target="Archive"))
    (inverse,) = undo(journal, root, done.id)
    assert (inverse.state, len(inverse.messages)) == (ActionState.DONE, 1)
    assert files(root) == {"A": "cur FS", "C": "cur"}


def test_a_begun_move_is_finished_and_then_undone(journal: ActionJournal, root: Path) -> None:
    (stored,) = journal.add([action(ActionKind.MOVE, *BOTH, target="Archive")])
    journal.mark(stored.id, "dead", landed=("x", "y"))
    first, inverse = undo(journal, root, stored.id)
    assert [first.state, inverse.state] == [ActionState.DONE] * 2
    assert inverse.messages[0].origin == MessageOrigin(stored.id, 0)
    assert (files(root), files(root, ".Archive")) == (ALL, {})


def test_later_commands_are_undone_first_and_letters_are_followed(journal: ActionJournal, root: Path) -> None:
    flagged, first = replay(
        journal,
        root,
        action(ActionKind.FLAG, "c", add=FLAGGED),
        action(ActionKind.MOVE, "c", target="Archive"),
    )
    flagged, first = (replace(each, batch=each.id) for each in (flagged, first))
    with journal.writing() as db:  # two commands
        db.execute("UPDATE action SET batch = id")
    key = first.messages[0].landed
    (second,) = replay(journal, root, action(ActionKind.MOVE, key, folder="Archive", target="Trash"))
    with pytest.raises(IllegalTransitionError, match="later command"):
        journal.undo(first.id)
    undo(journal, root, second.id)
    assert files(root, ".Archive") == {"C": "cur F"}
    undo(journal, root, first.id)
    assert files(root)["C"] == "cur F"
    undo(journal, root, flagged.id)
    assert files(root) == ALL
    assert {each.state for each in journal.actions()} == {ActionState.DONE}


def test_flags_are_taken_back_where_the_letter_is_now(journal: ActionJournal, root: Path) -> None:
    (flagged,) = replay(journal, root, action(ActionKind.FLAG, "c", add=FLAGGED))
    replay(journal, root, action(ActionKind.MOVE, "c", target="Archive"))
    (inverse,) = undo(journal, root, flagged.id)
    assert (inverse.folder, inverse.state) == ("Archive", ActionState.DONE)
    assert files(root, ".Archive") == {"C": "cur"}


def test_reading_a_moved_letter_does_not_keep_it_from_being_moved_back(journal: ActionJournal, root: Path) -> None:
    (moved,) = replay(journal, root, action(ActionKind.MOVE, "c", target="Archive"))
    replay(journal, root, action(ActionKind.FLAG, moved.messages[0].landed, folder="Archive", add=SEEN))
    undo(journal, root, moved.id)
    assert files(root)["C"] == "cur S"


def test_a_waiting_move_that_a_later_action_names_is_kept(journal: ActionJournal, root: Path) -> None:
    (moved,) = journal.add([action(ActionKind.MOVE, "c", target="Archive")])
    origin = ActionMessage("", origin=MessageOrigin(moved.id, 0))
    (later,) = journal.add([action(ActionKind.FLAG, folder="Archive", messages=(origin,), add=SEEN)])
    with pytest.raises(IllegalTransitionError, match="later command"):
        journal.undo(moved.id)
    journal.undo(later.id)
    journal.undo(moved.id)
    assert files(root) == ALL


def test_a_refused_command_is_dropped_and_what_was_done_of_it_undone(
    journal: ActionJournal, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename

    def only_first(source: Any, target: Any, **_: object) -> None:
        if "new/b" in str(source):
            raise PermissionError(13, "Permission denied")
        rename(source, target)

    monkeypatch.setattr(os, "rename", only_first)
    (refused,) = replay(journal, root, action(ActionKind.MOVE, *BOTH, target="Archive"))
    assert refused.state is ActionState.REFUSED
    undo(journal, root, refused.id)
    assert journal.get(refused.id).state is ActionState.DROPPED
    assert (files(root), files(root, ".Archive")) == (ALL, {})


def test_of_two_that_undo_one_wins(journal: ActionJournal, root: Path, tmp_path: Path) -> None:
    other = ActionJournal(tmp_path / "journal")
    (done,) = replay(journal, root, action(ActionKind.MOVE, "c", target="Archive"))
    journal.undo(done.id)
    with pytest.raises(IllegalTransitionError, match="undone already"):
        other.undo(done.id)
    other.close()


CHILD = """
import os, signal, sys
from pathlib import Path
from tuimail.errors import IllegalTransitionError
from tuimail.journal.store import ActionJournal
journal = ActionJournal(Path(sys.argv[1]))
"""


def child(tmp_path: Path, script: str, *words: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", CHILD + script, str(tmp_path / "journal"), *words]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


def test_killed_at_each_statement_all_of_a_command_is_undone_or_nothing(
    journal: ActionJournal, root: Path, tmp_path: Path
) -> None:
    script = """
left = int(sys.argv[3])
def before(statement):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
journal.database.db.set_trace_callback(before)
journal.undo(int(sys.argv[2]))
"""
    done = ActionState.DONE
    for step in range(100):
        given = [action(ActionKind.FLAG, "b", add=FLAGGED), action(ActionKind.DELETE, "c", target="")]
        first, second = journal.add(given)
        sent = journal.mark(first.id, "me")
        message = replace(sent.messages[0], outcome=MessageOutcome.DONE)
        journal.finish(first.id, "me", done, (message,))
        before = journal.batch(first.id)
        with child(tmp_path, script, str(first.id), str(step)) as running:
            killed = running.wait(60) == -signal.SIGKILL
        after = journal.batch(first.id)
        undoing = [each for each in journal.actions() if each.inverse_of in (first.id, second.id)]
        if killed:
            assert (after, undoing) == (before, []), step
            undoing = journal.undo(first.id)
        assert [each.state for each in journal.batch(first.id)] == [done, ActionState.CANCELLED]
        assert [(each.inverse_of, each.remove) for each in undoing] == [(first.id, FLAGGED)]
        if not killed:
            break
    assert 5 < step < 99


def test_of_two_processes_that_undo_the_same_each_command_is_undone_once(
    journal: ActionJournal, tmp_path: Path
) -> None:
    script = """
for number in range(1, 41):
    try:
        journal.undo(number)
        print(number)
    except IllegalTransitionError:
        pass
"""
    for _ in range(40):
        journal.add([action(ActionKind.FLAG, "b", add=FLAGGED)])
    for each in journal.actions()[::2]:
        sent = journal.mark(each.id, "me")
        message = replace(sent.messages[0], outcome=MessageOutcome.DONE)
        journal.finish(each.id, "me", ActionState.DONE, (message,))
    both = [child(tmp_path, script) for _ in range(2)]
    undone = [int(word) for each in both for word in each.communicate(timeout=60)[0].split()]
    assert sorted(undone) == list(range(1, 41))
    inverses = [each.inverse_of for each in journal.actions() if each.inverse_of]
    assert sorted(inverses) == list(range(1, 41, 2))


def test_a_message_is_followed_to_where_the_journal_moved_it(journal: ActionJournal, root: Path) -> None:
    (moved,) = replay(journal, root, action(ActionKind.MOVE, "b", target="Archive"))
    assert followed("INBOX", ActionMessage("b"), journal.actions()) == (
        "Archive",
        ActionMessage(moved.messages[0].landed),
    )
    key = moved.messages[0].landed
    (later,) = journal.add([MailAction("work", ActionKind.MOVE, "Archive", (ActionMessage(key),), target="Trash")])
    place = followed("INBOX", ActionMessage("b"), journal.actions())
    assert place == ("Trash", ActionMessage("", origin=MessageOrigin(later.id, 0)))
    UserDecisions(journal).drop(later.id)
    assert followed("INBOX", ActionMessage("b"), journal.actions()) == ("Archive", ActionMessage(key))
    assert followed("INBOX", ActionMessage("c"), journal.actions()) == ("INBOX", ActionMessage("c"))
