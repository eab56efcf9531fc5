"""The journal's actions on a Maildir: cut short anywhere, and with another program at work on the same folders."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.sync.replay_support import ALL, BOTH, action, files, keys, make, replay
from tuimail.errors import StorageError
from tuimail.journal.action import ActionKind, ActionMessage, ActionState, MailAction, MessageOrigin
from tuimail.journal.decisions import UserDecisions
from tuimail.journal.store import ActionJournal
from tuimail.mail.flags import DELETED, FLAGGED, SEEN
from tuimail.mailboxes.maildir_folder import change_flags
from tuimail.sync import maildir_replay
from tuimail.sync.maildir_replay import MOST_TRIES, PAUSE, MaildirReplayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STEPS = {"open", "os.rename", "os.link", "os.remove", "os.listdir", "os.utime", "os.mkdir"}
"""Audit events of system calls on files. Each comes right before its call."""


class Cut(BaseException):
    """The process was killed."""


class Cutter:
    """Lets so many steps pass; after that every further one fails, so that nothing can be tidied up."""

    def __init__(self) -> None:
        self.armed = False
        self.passed = 0
        self.at = 0

    def step(self) -> None:
        if self.armed:
            if self.passed >= self.at:
                raise Cut
            self.passed += 1

    @contextmanager
    def after(self, steps: int) -> Iterator[None]:
        self.armed, self.passed, self.at = True, 0, steps
        try:
            yield
        finally:
            self.armed = False


CUTTER = Cutter()
sys.addaudithook(lambda event, _: CUTTER.step() if event in STEPS else None)


class CutJournal(ActionJournal):
    """Can be cut before and after each transaction too."""

    @contextmanager
    def writing(self) -> Iterator[Any]:
        CUTTER.step()
        with super().writing() as db:
            CUTTER.step()
            yield db
        CUTTER.step()


CASES: dict[str, tuple[MailAction, dict[str, str], dict[str, str]]] = {
    "flag": (
        action(ActionKind.FLAG, *BOTH, add=DELETED, remove=SEEN),
        {"A": "cur FT", "B": "cur T", "C": "cur"},
        {},
    ),
    "move": (action(ActionKind.MOVE, *BOTH, target="Archive"), {"C": "cur"}, {"A": "cur FS", "B": "new"}),
    "copy": (action(ActionKind.COPY, *BOTH, target="Archive"), ALL, {"A": "cur FS", "B": "new"}),
    "delete": (action(ActionKind.DELETE, *BOTH), {"C": "cur"}, {}),
}


@pytest.fixture(params=["same disk", "another disk"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "another disk":
        rename = os.rename

        def refuse(source: Any, target: Any, **_: object) -> None:
            if (".Archive" in str(source)) != (".Archive" in str(target)):
                raise OSError(errno.EXDEV, "Invalid cross-device link")
            rename(source, target)

        monkeypatch.setattr(os, "rename", refuse)
        monkeypatch.setattr(os, "link", refuse)
    return str(request.param)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("disk")
def test_each_kind(journal: ActionJournal, root: Path, case: str) -> None:
    given, inbox, archive = CASES[case]
    (root / "cur" / "a,S=1:2,FS").touch()
    os.utime(root / "cur" / "a,S=1:2,FS", (1000, 1000))
    (done,) = replay(journal, root, given)
    assert (done.state, done.words) == (ActionState.DONE, "")
    assert (files(root), files(root, ".Archive")) == (inbox, archive)
    assert not [*(root / ".Archive" / "tmp").iterdir()]
    for message in done.messages:
        if message.landed:
            (path,) = (root / ".Archive").glob(f"*/{message.landed}*")
            if message.key == BOTH[0]:
                assert message.landed.endswith(".tuimail,S=1")
                assert path.stat().st_mtime == 1000


@pytest.mark.parametrize("case", CASES)
def test_the_files_are_durable_before_the_journal_says_done(
    journal: ActionJournal, root: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """The target folder first, so that a power cut leaves the letter twice rather than nowhere."""
    order: list[str] = []
    finish = journal.finish

    def finished(*words: Any) -> MailAction:
        order.append("done")
        return finish(*words)

    monkeypatch.setattr(maildir_replay, "fsync_folder", lambda path: order.append(str(path.relative_to(root))))
    monkeypatch.setattr(journal, "finish", finished)
    replay(journal, root, CASES[case][0])
    target = [".Archive/cur", ".Archive/new"] if case in ("move", "copy") else []
    assert order == [*target, "cur", "new", "done"]


def run_cut(tmp_path: Path, root: Path, *cuts: int) -> bool:
    """Replay with the process killed after so many steps, once for each of ``cuts``; whether the last one hit."""
    hit = False
    for steps in cuts:
        journal = CutJournal(tmp_path / "cut")
        try:
            with CUTTER.after(steps):
                MaildirReplayer(journal, "work", root, str(steps)).replay()
            hit = False
        except Cut:
            hit = True
        journal.close()
    return hit


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("disk")
def test_killed_at_each_step_and_at_one_more_afterwards(tmp_path: Path, case: str) -> None:
    given, inbox, archive = CASES[case]
    points = 0
    for first in range(200):
        shutil.rmtree(tmp_path / "Maildir", ignore_errors=True)
        shutil.rmtree(tmp_path / "cut", ignore_errors=True)
        root = make(tmp_path / "Maildir")
        journal = ActionJournal(tmp_path / "cut")
        (stored,) = journal.add([given])
        hit = run_cut(tmp_path, root, first)
        if hit:
            # Nothing is lost at any moment.
            everywhere = set(files(root)) | set(files(root, ".Archive"))
            assert case == "delete" or everywhere == {"A", "B", "C"}
            run_cut(tmp_path, root, first // 2, first // 3)
        run_cut(tmp_path, root, 1000)
        done = journal.get(stored.id)
        journal.close()
        assert (done.state, done.words) == (ActionState.DONE, ""), first
        assert (files(root), files(root, ".Archive")) == (inbox, archive), first
        if not hit:
            break
        points += 1
    assert 10 < points < 199


def test_killed_between_copy_and_removal_the_flags_of_a_stranger_stay(journal: ActionJournal, root: Path) -> None:
    """A letter that another program marks meanwhile, or removes, is not copied again."""
    (stored,) = journal.add([action(ActionKind.MOVE, "c", target="Archive")])
    sent = journal.mark(stored.id, "dead", landed=("x",))
    shutil.copy(root / "cur" / "c:2,", root / ".Archive" / "cur" / "x:2,")
    change_flags(root / ".Archive", "x", add="F")
    change_flags(root, "c", add="S")
    (done,) = MaildirReplayer(journal, "work", root, "me").replay()
    assert done.id == sent.id
    assert files(root, ".Archive") == {"C": "cur F"}
    assert "C" not in files(root)


def test_a_stranger_renames_at_every_step(journal: ActionJournal, root: Path) -> None:
    """Another program changes the flags right before each of our renames; the letter is found again."""
    turns = iter("FSRFSRFSR")
    busy = [False]

    def interfere(event: str, args: tuple[Any, ...]) -> None:
        if event == "os.rename" and armed[0] and not busy[0] and "c:2," in str(args[0]):
            busy[0] = True
            turn = next(turns, None)
            if turn:
                change_flags(root, "c", add=turn)
            busy[0] = False

    armed = [True]
    sys.addaudithook(interfere)
    (done,) = replay(journal, root, action(ActionKind.MOVE, "c", target="Archive"))
    armed[0] = False
    assert done.state is ActionState.DONE
    assert files(root, ".Archive") == {"C": "cur FRS"}
    assert "C" not in files(root)


@pytest.mark.parametrize("case", CASES)
def test_what_another_program_deleted_is_dropped_with_the_reason(journal: ActionJournal, root: Path, case: str) -> None:
    given = CASES[case][0]
    (root / "new" / "b").unlink()
    first, second = replay(journal, root, given, replace(given, messages=keys("b")))
    assert (first.state, [each.outcome for each in first.messages]) == (ActionState.DONE, ["done", "gone"])
    assert first.words == "1 of 2 letters is gone: another program moved or deleted it."
    assert second.state is ActionState.DROPPED
    assert second.words == "The letter is gone: another program moved or deleted it."


def test_folders_that_are_gone(journal: ActionJournal, root: Path) -> None:
    to_nowhere = action(ActionKind.MOVE, "a,S=1", target="Nowhere")
    after = action(ActionKind.FLAG, "a,S=1", add=FLAGGED)
    stranger = action(ActionKind.FLAG, "c", add=FLAGGED)
    from_nowhere = action(ActionKind.FLAG, "c", add=FLAGGED, folder="Nowhere")
    keyword = action(ActionKind.FLAG, "b", add_keywords="$Work")
    ended = replay(journal, root, to_nowhere, after, stranger, from_nowhere, keyword)
    assert [(each.id, each.state, each.words) for each in ended] == [
        (1, ActionState.REFUSED, "There is no folder Nowhere."),
        (3, ActionState.DONE, ""),
        (4, ActionState.DROPPED, "There is no folder Nowhere any more."),
        (5, ActionState.REFUSED, "A Maildir keeps no keywords."),
    ]
    assert journal.get(2).state is ActionState.WAITING
    for part in ("cur", "new"):
        (root / ".Nowhere" / part).mkdir(parents=True)
    UserDecisions(journal).retry(1)
    again = MaildirReplayer(journal, "work", root, "me").replay()
    assert [(each.id, each.state) for each in again] == [(1, ActionState.DONE), (2, ActionState.DROPPED)]
    assert files(root, ".Nowhere") == {"A": "cur FS"}


def test_a_message_is_followed_to_where_it_landed(journal: ActionJournal, root: Path) -> None:
    (moved,) = journal.add([action(ActionKind.MOVE, "a,S=1", target="Archive")])
    origin = ActionMessage("", origin=MessageOrigin(moved.id, 0))
    back = action(ActionKind.MOVE, folder="Archive", messages=(origin,), target="INBOX")
    assert [each.state for each in replay(journal, root, back)] == [ActionState.DONE] * 2
    assert files(root) == ALL


def refusing(number: int) -> Callable[..., None]:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize("case", CASES)
def test_a_full_disk_is_tried_again_and_then_refused(
    journal: ActionJournal, root: Path, now: list[float], monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    given, inbox, archive = CASES[case]
    for name in ("rename", "link", "unlink"):
        monkeypatch.setattr(os, name, refusing(errno.ENOSPC))
    for number in range(1, MOST_TRIES):
        (off,) = replay(journal, root, *([given] if number == 1 else []))
        assert (off.state, off.tries, off.next_at) == (ActionState.SENT, number, now[0] + PAUSE)
        assert off.words.startswith("The disk is full:")
        assert replay(journal, root) == []
        now[0] += PAUSE
    (refused,) = replay(journal, root)
    assert refused.state is ActionState.REFUSED
    assert files(root) == ALL
    monkeypatch.undo()
    UserDecisions(journal).retry(refused.id)
    assert replay(journal, root)[0].state is ActionState.DONE
    assert (files(root), files(root, ".Archive")) == (inbox, archive)


def test_full_between_two_messages(journal: ActionJournal, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first was moved already; it is known by its new name when the rest is tried again."""
    rename = os.rename

    def only_first(source: Any, target: Any, **_: object) -> None:
        if "new/b" in str(source):
            raise OSError(errno.EACCES, "Permission denied")
        rename(source, target)

    monkeypatch.setattr(os, "rename", only_first)
    (refused,) = replay(journal, root, CASES["move"][0])
    assert refused.state is ActionState.REFUSED
    assert [each.outcome for each in refused.messages] == ["done", ""]
    monkeypatch.undo()
    UserDecisions(journal).retry(refused.id)
    (done,) = replay(journal, root)
    assert (done.state, done.words) == (ActionState.DONE, "")
    assert (files(root), files(root, ".Archive")) == CASES["move"][1:]


def test_a_maildir_that_is_not_there_changes_nothing(journal: ActionJournal, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        replay(journal, tmp_path / "none", CASES["move"][0])
    assert [each.state for each in journal.actions()] == [ActionState.WAITING]


def test_many_messages_cost_one_listing(journal: ActionJournal, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{number}.m" for number in range(300)]
    for name in names:
        (root / "cur" / f"{name}:2,").write_text(name)
    monkeypatch.setattr(maildir_replay, "find_path", refusing(errno.EIO))
    (done,) = replay(journal, root, action(ActionKind.MOVE, *names, target="Archive"))
    assert done.state is ActionState.DONE
    assert len(files(root, ".Archive")) == 300


@pytest.mark.parametrize("kind", [ActionKind.MOVE, ActionKind.COPY, ActionKind.DELETE])
def test_many_messages_cost_no_more_listings_after_a_kill(
    journal: ActionJournal, root: Path, monkeypatch: pytest.MonkeyPatch, kind: ActionKind
) -> None:
    names = [f"{number}.m" for number in range(300)]
    for name in names:
        (root / "cur" / f"{name}:2,").write_text(name)
    call = {ActionKind.MOVE: "rename", ActionKind.COPY: "link", ActionKind.DELETE: "unlink"}[kind]
    original, calls = getattr(os, call), iter(range(150))

    def killed_half_way(*args: Any, **options: Any) -> None:
        if next(calls, None) is None:
            raise Cut
        original(*args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, call, killed_half_way)
        with pytest.raises(Cut):
            replay(journal, root, action(kind, *names, target="" if kind is ActionKind.DELETE else "Archive"))
    monkeypatch.setattr(maildir_replay, "find_path", refusing(errno.EIO))
    (done,) = replay(journal, root)
    assert (done.state, done.words) == (ActionState.DONE, "")
    assert len(files(root)) == (303 if kind is ActionKind.COPY else 3)
    assert len(files(root, ".Archive")) == (0 if kind is ActionKind.DELETE else 300)
