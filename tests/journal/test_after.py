"""Actions that wait for another one: moves between accounts, whatever is cut, refused, dropped, retried or undone."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import make_maildir, put_message
from tests.support.slow import most_slow
from tuimail.errors import IllegalTransitionError
from tuimail.journal.action import FINISHED, UNDECIDED, ActionKind, ActionMessage, ActionState, MailAction
from tuimail.journal.after import GIVEN_UP
from tuimail.journal.decisions import UserDecisions
from tuimail.journal.store import ActionJournal
from tuimail.sync.maildir_replay import MaildirReplayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import Any

SEEDS = 120
STEPS = 40


class KilledError(BaseException):
    """The process was killed."""


class KilledJournal(ActionJournal):
    """The process that uses it is killed, or told that the mailbox refuses, at moments of ``chance``."""

    chance: Callable[[], bool]
    refuses: Callable[[], bool]

    def mark(self, *args: Any, **named: Any) -> MailAction:
        made = super().mark(*args, **named)
        self._maybe()
        if self.refuses():
            super().finish(made.id, "me", ActionState.REFUSED, made.messages, "No.")
            raise IllegalTransitionError("", state="", verb="")  # the replayer goes on with another one
        return made

    def finish(self, *args: Any, **named: Any) -> MailAction:
        self._maybe()
        made = super().finish(*args, **named)
        self._maybe()
        return made

    def _maybe(self) -> None:
        if self.chance():
            raise KilledError


class Two:
    """Two accounts, with a journal of both."""

    def __init__(self, folder: Path, chance: random.Random | None = None) -> None:
        self.chance = chance or random.Random(0)
        self.rough = chance is not None
        self.folder = folder
        self.roots = {name: make_maildir(folder / name, "Trash") for name in ("work", "home")}
        self.journal = self.opened()

    def opened(self) -> KilledJournal:
        journal = KilledJournal(self.folder / "journal")
        journal.chance = lambda: self.rough and self.chance.random() < 0.1
        journal.refuses = lambda: self.rough and self.chance.random() < 0.1
        return journal

    def deliver(self, account: str, name: str) -> None:
        put_message(self.roots[account], name)

    def here(self, account: str, folder: str = "") -> dict[str, str]:
        """Keys of the messages by subject."""
        paths = (self.roots[account] / folder / "cur").iterdir()
        return {
            path.read_text().split("Subject: ")[1].partition("\n")[0]: path.name.partition(":")[0] for path in paths
        }

    def copies(self) -> Counter[str]:
        """How often each message is in an inbox: what is in a trash is lost for the user."""
        return Counter(name for account in self.roots for name in self.here(account))

    def move(self, names: Sequence[str], account: str = "work", to: str = "home", *, for_good: bool = False) -> int:
        here, actions = self.here(account), []
        for name in names:
            path = next((self.roots[account] / "cur").glob(f"{here[name]}:*"))
            letter = self.journal.letters.keep([path.read_bytes()])
            sent = ActionMessage("", message_id=f"<{name}@example.org>")
            actions.append(MailAction(to, ActionKind.APPEND, "INBOX", (sent,), target="INBOX", letter=letter))
            kind, trash = (ActionKind.DELETE, "") if for_good else (ActionKind.MOVE, "Trash")
            actions.append(
                MailAction(account, kind, "INBOX", (ActionMessage(here[name]),), target=trash, after=-1),
            )
        return self.journal.add(actions)[0].batch

    def replay(self, account: str) -> None:
        try:
            MaildirReplayer(self.journal, account, self.roots[account], "me").replay()
        except KilledError:
            self.journal.close()
            self.journal = self.opened()

    def settle(self) -> None:
        for _ in range(4):
            for account in self.roots:
                self.replay(account)

    def states(self) -> list[ActionState]:
        return [each.state for each in self.journal.actions()]


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    made = Two(tmp_path)
    made.deliver("work", "a")
    made.deliver("work", "b")
    with closing(made.journal):
        yield made


WAITING, DONE, DROPPED, CANCELLED = (
    ActionState.WAITING,
    ActionState.DONE,
    ActionState.DROPPED,
    ActionState.CANCELLED,
)


def test_the_second_waits_for_the_first(two: Two) -> None:
    two.move(["a"])
    two.replay("work")
    assert two.states() == [WAITING, WAITING]
    (waiting,) = (each for each in UserDecisions(two.journal).listed() if each.after)
    assert waiting.words == "It waits for change 1."
    two.replay("home")
    assert two.states() == [DONE, WAITING]
    two.replay("work")
    assert two.states() == [DONE, DONE]
    assert (set(two.here("work")), set(two.here("home"))) == ({"b"}, {"a"})


def test_undo_while_the_first_waits_cancels_all(two: Two) -> None:
    command = two.move(["a", "b"])
    assert two.journal.undo(command) == []
    assert two.states() == [CANCELLED] * 4


def test_undo_between_the_two_removes_the_copy_alone(two: Two) -> None:
    command = two.move(["a"])
    two.replay("home")
    two.journal.undo(command)
    two.settle()
    assert (set(two.here("work")), set(two.here("home"))) == ({"a", "b"}, set())


def test_undo_brings_back_before_the_copy_goes(two: Two) -> None:
    command = two.move(["a", "b"])
    two.settle()
    made = two.journal.undo(command)
    assert [each.kind for each in made] == [ActionKind.MOVE, ActionKind.DELETE] * 2
    two.replay("home")
    assert set(two.here("home")) == {"a", "b"}, "they are not back yet"
    two.settle()
    assert (set(two.here("work")), set(two.here("home"))) == ({"a", "b"}, set())


def test_the_copy_stays_where_another_program_emptied_the_trash(two: Two) -> None:
    command = two.move(["a"])
    two.settle()
    for path in (two.roots["work"] / ".Trash" / "cur").iterdir():
        path.unlink()
    two.journal.undo(command)
    two.settle()
    assert set(two.here("home")) == {"a"}
    assert two.states()[2:] == [DROPPED, DROPPED]


def test_the_copy_stays_where_another_program_deleted_the_message_first(two: Two) -> None:
    command = two.move(["a"])
    two.replay("home")
    next((two.roots["work"] / "cur").glob("a:*")).unlink()
    two.replay("work")
    with pytest.raises(IllegalTransitionError, match="Another program deleted it"):
        two.journal.undo(command)
    assert set(two.here("home")) == {"a"}


def test_what_was_deleted_for_good_is_not_undone(two: Two) -> None:
    command = two.move(["a"], for_good=True)
    two.settle()
    with pytest.raises(IllegalTransitionError, match="for good"):
        two.journal.undo(command)
    assert two.copies() == {"a": 1, "b": 1}


def test_what_is_dropped_takes_along_and_brings_back_what_waits_for_it(two: Two) -> None:
    two.move(["a"])
    decisions = UserDecisions(two.journal)
    append, removal = two.journal.actions()
    decisions.drop(append.id)
    assert [(each.state, each.words) for each in two.journal.actions()][1] == (DROPPED, GIVEN_UP)
    decisions.restore(append)
    assert two.states() == [WAITING, WAITING]
    decisions.drop(removal.id)
    decisions.drop(append.id)
    with pytest.raises(IllegalTransitionError, match="was to follow"):
        decisions.restore(removal)
    decisions.restore(append)
    assert two.states() == [WAITING, DROPPED]
    decisions.restore(removal)
    two.settle()
    assert two.states() == [DONE, DONE]


def moved_elsewhere(count: int) -> list[MailAction]:
    """A command that moves so many messages to another account."""
    made: list[MailAction] = []
    for number in range(count):
        made.append(MailAction("home", ActionKind.APPEND, "INBOX", (ActionMessage(""),), target="INBOX", letter="l"))
        message = ActionMessage(f"m{number}")
        made.append(MailAction("work", ActionKind.MOVE, "INBOX", (message,), target="Trash", after=-1))
    return made


def drop_all(journal: ActionJournal, command: int) -> None:
    with journal.writing():
        for each in journal.batch(command)[::2]:
            journal.put(replace(each, state=DROPPED, words="No."))


@pytest.mark.parametrize("ended", [ActionJournal.undo, drop_all])
def test_a_large_command_is_given_up_by_steps_that_grow_with_it_alone(
    tmp_path: Path, ended: Callable[[ActionJournal, int], object]
) -> None:
    steps: list[int] = []
    for count in (100, 200):
        with closing(ActionJournal(tmp_path / str(count))) as journal:
            command = journal.add(moved_elsewhere(count))[0].batch
            steps.append(0)

            def step() -> None:
                steps[-1] += 1

            journal.database.db.set_progress_handler(step, 10)
            ended(journal, command)
            journal.database.db.set_progress_handler(None, 0)
            assert {each.state for each in journal.actions()} == {DROPPED if ended is drop_all else CANCELLED}
    assert 0 < steps[1] < 2.5 * steps[0], steps


def test_a_removal_is_not_restored_after_the_copy_was_undone(two: Two) -> None:
    command = two.move(["a"])
    two.replay("home")
    decisions = UserDecisions(two.journal)
    removal = two.journal.get(command + 1)
    decisions.drop(removal.id)
    two.journal.undo(command)
    with pytest.raises(IllegalTransitionError, match="undone since"):
        decisions.restore(removal)
    two.settle()
    assert two.copies() == {"a": 1, "b": 1}


def test_who_waits_for_a_refused_one_holds_up_only_what_was_given_before(two: Two) -> None:
    two.move(["a"])
    append, removal = two.journal.actions()
    two.journal.mark(append.id, "me")
    two.journal.finish(append.id, "me", ActionState.REFUSED, append.messages, "No.")
    (waiting,) = (each for each in UserDecisions(two.journal).listed() if each.after)
    assert waiting.words == f"It waits for change {append.id}, which was refused."
    two.journal.add([MailAction("work", ActionKind.MOVE, "INBOX", removal.messages, target="Trash")])
    two.replay("work")
    assert set(two.here("work", ".Trash")) == {"a"}
    UserDecisions(two.journal).retry(append.id)
    two.settle()
    assert two.states() == [DONE, DROPPED, DONE]


def step(two: Two, dropped: list[MailAction]) -> bool:
    """One of the user, of a process, or of another program. Whether something was dropped."""
    chance, decisions = two.chance, UserDecisions(two.journal)
    actions = two.journal.actions()
    undecided = [each for each in actions if each.state in UNDECIDED]
    commands = [each.batch for each in actions if not each.inverse_of]  # no screen offers to undo an undo
    match chance.choice(("move", "replay", "replay", "replay", "undo", "drop", "retry", "restore")):
        case "move":
            account, to = chance.sample(("work", "home"), 2)
            hidden = {two.journal.resolved(each).messages[0].key for each in undecided}
            hidden |= {each.messages[0].landed for each in undecided}
            names = [name for name, key in sorted(two.here(account).items()) if key not in hidden]
            if names:
                two.move(chance.sample(names, chance.randint(1, min(2, len(names)))), account, to)
        case "replay":
            two.replay(chance.choice(("work", "home")))
        case "undo" if commands:
            two.journal.undo(chance.choice(commands))
        case "drop" if undecided:
            before = chance.choice(undecided)
            decisions.drop(before.id, idle=True)
            dropped.append(before)
            return True
        case "retry" if undecided:
            decisions.retry(chance.choice(undecided).id)
        case "restore" if dropped:
            decisions.restore(dropped.pop(chance.randrange(len(dropped))))
    return False


@pytest.mark.parametrize("drops", [False, True])
@pytest.mark.parametrize("part", most_slow(range(4), 1))
def test_nothing_is_lost_and_nothing_is_twice(tmp_path: Path, part: int, *, drops: bool) -> None:
    """A quarter of the seeds; all of them with ``-m slow``."""
    for seed in range(part, SEEDS, 4):
        two = Two(tmp_path / str(seed), random.Random(seed))
        wanted = [f"m{number}" for number in range(4)]
        for name in wanted:
            two.deliver("work", name)
        dropped: list[MailAction] = []
        for _ in range(STEPS):
            try:
                if step(two, dropped) and not drops:
                    UserDecisions(two.journal).restore(dropped.pop())
            except IllegalTransitionError:
                pass
            assert set(two.copies()) == set(wanted), f"lost with {seed=}"
        two.rough = False
        for each in two.journal.actions({ActionState.REFUSED}):
            UserDecisions(two.journal).retry(each.id)
        two.settle()
        left = [each for each in two.journal.actions() if each.state not in FINISHED]
        assert left == [], f"undecided with {seed=}"
        if not drops:
            assert two.copies() == dict.fromkeys(wanted, 1), f"twice with {seed=}"
        two.journal.close()
