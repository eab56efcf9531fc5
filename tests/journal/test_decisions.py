"""What the user decides about actions: every state, and random orders of decisions and of what the mailbox says."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tuimail.errors import IllegalTransitionError, LeaseLostError, NoSuchItemError
from tuimail.journal.action import KEPT, UNDECIDED, ActionKind, ActionMessage, ActionState, MailAction, MessageOutcome
from tuimail.journal.decisions import YOURS, UserDecisions, can_be_redirected
from tuimail.journal.store import ActionJournal
from tuimail.journal.tally import JournalTally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_800_000_000.0


class Clock:
    """Moves on by a second each time it is looked at, so that no two things happen at once."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> float:
        self.at += 1
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[ActionJournal]:
    opened = ActionJournal(tmp_path / "journal", now=clock)
    yield opened
    opened.close()


@pytest.fixture
def user(journal: ActionJournal, clock: Clock) -> UserDecisions:
    return UserDecisions(journal, now=clock)


def move(*keys: str, account: str = "work") -> MailAction:
    return MailAction(account, ActionKind.MOVE, "INBOX", tuple(map(ActionMessage, keys)), target="Archive")


def in_state(journal: ActionJournal, state: ActionState, *keys: str, account: str = "work") -> MailAction:
    """An action that is so far."""
    (stored,) = journal.add([move(*(keys or ("a",)), account=account)])
    changed = replace(stored, state=state, tries=3, next_at=NOW + 900, words="The disk is full.", owner="me")
    with journal.writing():
        return journal.put(changed)


@pytest.mark.parametrize("state", ActionState)
def test_what_is_tried_again(journal: ActionJournal, user: UserDecisions, state: ActionState) -> None:
    before = in_state(journal, state)
    if state not in UNDECIDED:
        with pytest.raises(IllegalTransitionError, match=f"The change 1 is {state}: it cannot be tried again"):
            user.retry(before.id)
        assert journal.get(before.id) == before
        return
    again = user.retry(before.id)
    assert (again.tries, again.next_at) == (0, 0.0)
    assert again.state is (ActionState.SENT if state is ActionState.SENT else ActionState.WAITING)
    assert again == journal.get(before.id) == journal.next_ready("work")


@pytest.mark.parametrize("state", ActionState)
@pytest.mark.parametrize("idle", [True, False])
def test_what_is_dropped(journal: ActionJournal, user: UserDecisions, state: ActionState, idle: bool) -> None:
    before = in_state(journal, state)
    if state not in UNDECIDED:
        with pytest.raises(IllegalTransitionError, match="it cannot be dropped"):
            user.drop(before.id, idle=idle)
    elif state is ActionState.SENT and not idle:
        with pytest.raises(LeaseLostError, match="under way"):
            user.drop(before.id)
    else:
        dropped = user.drop(before.id, idle=idle)
        assert dropped == journal.get(before.id)
        assert (dropped.state, dropped.words) == (ActionState.DROPPED, f"{YOURS} The disk is full.")
        assert journal.next_ready("work") is None
        with pytest.raises(IllegalTransitionError):
            user.drop(before.id, idle=idle)
        return
    assert journal.get(before.id) == before


@pytest.mark.parametrize("state", sorted(UNDECIDED))
def test_a_drop_is_taken_back(journal: ActionJournal, user: UserDecisions, state: ActionState) -> None:
    before = in_state(journal, state)
    user.drop(before.id, idle=True)
    back = user.restore(before)
    assert replace(back, changed=0.0) == replace(before, owner="", changed=0.0)
    with pytest.raises(IllegalTransitionError):
        user.restore(before)


def test_what_the_mailbox_dropped_is_not_brought_back(journal: ActionJournal, user: UserDecisions) -> None:
    before = in_state(journal, ActionState.DROPPED)
    with pytest.raises(IllegalTransitionError, match="not among those that you dropped"):
        user.restore(before)


def test_what_was_given_since_a_refusal_is_not_held_up_by_a_drop_taken_back(
    journal: ActionJournal, user: UserDecisions
) -> None:
    (first,) = journal.add([move("a")])
    journal.mark(first.id, "me")
    refused = journal.finish(first.id, "me", ActionState.REFUSED, first.messages, "no")
    user.drop(first.id)
    (later,) = journal.add([move("a")])
    user.restore(refused)
    assert [each.id for each in journal.ready("work")] == [later.id]


def test_when_to_look_again(journal: ActionJournal) -> None:
    assert journal.next_try("work", 0.0) is None
    for state in ActionState:
        in_state(journal, state, account="home")
    assert journal.next_try("work", 0.0) is None
    assert journal.next_try("home", NOW) == NOW + 900
    assert journal.next_try("home", NOW + 900) is None, "what was due is held up by something else"
    (waiting,) = journal.add([move("b")])
    assert journal.next_try("work", 0.0) is None
    with journal.writing():
        journal.put(replace(waiting, next_at=NOW + 5, state=ActionState.SENT))
    assert journal.next_try("work", NOW) == NOW + 5


def test_an_unknown_one(user: UserDecisions) -> None:
    for decide in (user.retry, user.drop):
        with pytest.raises(NoSuchItemError):
            decide(7)


def test_the_list_begins_with_what_the_user_decides(journal: ActionJournal, user: UserDecisions, clock: Clock) -> None:
    old = in_state(journal, ActionState.DROPPED)
    with journal.writing():
        journal.put(replace(old, changed=NOW - KEPT))
    waiting, sent = in_state(journal, ActionState.WAITING), in_state(journal, ActionState.SENT)
    for state in (ActionState.DONE, ActionState.CANCELLED):
        in_state(journal, state)
    refused = in_state(journal, ActionState.REFUSED, account="home")
    gone, latest = in_state(journal, ActionState.DROPPED), in_state(journal, ActionState.WAITING)
    user.drop(latest.id)
    listed = [each.id for each in user.listed()]
    assert listed == [refused.id, waiting.id, sent.id, latest.id, gone.id]
    assert user.tallies() == {"work": JournalTally(waiting=2), "home": JournalTally(refused=1)}
    clock.at += KEPT
    assert [each.id for each in user.listed()] == listed[:3]


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_decisions_and_answers(
    journal: ActionJournal, user: UserDecisions, clock: Clock, seed: int
) -> None:
    """What is decided stays so unless the user takes it back; nothing is listed or begun that should not be."""
    dice = random.Random(seed)
    dropped: dict[int, MailAction] = {}
    final: dict[int, MailAction] = {}

    def give() -> None:
        journal.add([move(*dice.sample("abcd", dice.randint(1, 3)), account=dice.choice(["work", "home"]))])

    def carry_out() -> None:
        action = journal.next_ready(dice.choice(["work", "home"]))
        if action is None:
            return
        held_up_by = [
            each
            for each in journal.actions(UNDECIDED, account=action.account)
            if each.id < action.id
            and {one.key for one in each.messages} & {one.key for one in action.messages}
            and not (each.state is ActionState.REFUSED and each.changed < action.created)
        ]
        assert held_up_by == []
        sent = journal.mark(action.id, "me")
        words = dice.choice(["no", "full", ""])
        match words:
            case "no":
                journal.finish(action.id, "me", ActionState.REFUSED, sent.messages, words)
            case "full":
                journal.put_off(action.id, "me", sent.messages, words, 5.0)
            case _:
                done = tuple(replace(each, outcome=MessageOutcome.DONE) for each in sent.messages)
                final[action.id] = journal.finish(action.id, "me", ActionState.DONE, done)

    def decide() -> None:
        number = dice.randint(1, len(journal.actions()) + 1)
        try:
            before = journal.get(number)
        except NoSuchItemError:
            return
        decided = before.state not in UNDECIDED
        try:
            if dice.random() < 0.5:
                user.retry(number)
            else:
                idle = dice.random() < 0.5
                user.drop(number, idle=idle)
                assert idle or before.state is not ActionState.SENT
                dropped[number] = before
            assert not decided
        except IllegalTransitionError:
            assert decided
        except LeaseLostError:
            assert before.state is ActionState.SENT

    def take_back() -> None:
        if dropped:
            number = dice.choice(sorted(dropped))
            back = user.restore(dropped.pop(number))
            assert back.state in UNDECIDED

    for _ in range(120):
        dice.choice([give, carry_out, carry_out, decide, take_back])()
        actions = journal.actions()
        undecided = [each for each in actions if each.state in UNDECIDED]
        assert {each.id for each in actions if each.state is ActionState.DROPPED} == dropped.keys()
        assert all(journal.get(number) == action for number, action in final.items())
        assert {each.id for each in user.listed()} == {each.id for each in undecided} | dropped.keys()
        tallies = user.tallies().values()
        assert sum(each.waiting + each.refused for each in tallies) == len(undecided)
    # When nothing is refused any more and time passes, all that is not dropped is done.
    for each in journal.actions(UNDECIDED):
        user.retry(each.id)
    clock.at += 10
    for account in ("work", "home"):
        while (action := journal.next_ready(account)) is not None:
            sent = journal.mark(action.id, "me")
            journal.finish(action.id, "me", ActionState.DONE, sent.messages)
    assert journal.actions(UNDECIDED) == []


@pytest.mark.parametrize("names_chosen", [True, False])
def test_another_folder_for_what_was_refused(journal: ActionJournal, user: UserDecisions, names_chosen: bool) -> None:
    refused = in_state(journal, ActionState.REFUSED)
    with journal.writing():
        journal.put(replace(refused, mark="1 2", messages=(ActionMessage("a", landed="n" if names_chosen else ""),)))
    again = user.redirect(refused.id, "Other", names_chosen=names_chosen)
    assert again == journal.get(refused.id)
    assert (again.state, again.target, again.folder, again.tries) == (ActionState.WAITING, "Other", "INBOX", 0)
    assert (again.mark, again.messages[0].landed, again.next_at, again.words) == ("", "", 0.0, "")
    assert [each.id for each in journal.ready("work")] == [again.id]


def test_messages_of_a_refused_move_are_deleted_for_good(journal: ActionJournal, user: UserDecisions) -> None:
    refused = in_state(journal, ActionState.REFUSED)
    with journal.writing():
        journal.put(replace(refused, mark="1 2", messages=(ActionMessage("a"),)))
    deleted = user.delete_instead(refused.id, names_chosen=False)
    assert deleted == journal.get(refused.id)
    assert (deleted.kind, deleted.state, deleted.target, deleted.mark) == (
        ActionKind.DELETE, ActionState.WAITING, "", "",
    )  # fmt: skip
    assert (deleted.folder, deleted.messages) == ("INBOX", (ActionMessage("a"),))


@pytest.mark.parametrize("kind", [ActionKind.COPY, ActionKind.FLAG])
def test_what_takes_no_message_away_is_not_made_a_deletion(
    journal: ActionJournal, user: UserDecisions, kind: ActionKind
) -> None:
    refused = in_state(journal, ActionState.REFUSED)
    with journal.writing():
        before = journal.put(replace(refused, kind=kind))
    with pytest.raises(IllegalTransitionError):
        user.delete_instead(refused.id, names_chosen=False)
    assert journal.get(refused.id) == before


@pytest.mark.parametrize(
    "message",
    [ActionMessage("b", outcome=MessageOutcome.DONE), ActionMessage("b", outcome=MessageOutcome.GONE), "landed"],
)
def test_what_is_done_in_part_stays_where_it_went(
    journal: ActionJournal, user: UserDecisions, message: ActionMessage | str
) -> None:
    """A second copy of what has arrived would be made elsewhere."""
    refused = in_state(journal, ActionState.REFUSED)
    there = ActionMessage("b", landed="1.7") if isinstance(message, str) else message
    with journal.writing():
        before = journal.put(replace(refused, messages=(ActionMessage("a"), there)))
    with pytest.raises(IllegalTransitionError, match="A part of the change"):
        user.redirect(refused.id, "Other", names_chosen=False)
    assert journal.get(refused.id) == before


@pytest.mark.parametrize("state", sorted(set(ActionState) - {ActionState.REFUSED}))
def test_only_what_was_refused_goes_elsewhere(journal: ActionJournal, user: UserDecisions, state: ActionState) -> None:
    action = in_state(journal, state)
    with pytest.raises(IllegalTransitionError):
        user.redirect(action.id, "Other", names_chosen=True)
    assert journal.get(action.id).target == "Archive"


@pytest.mark.parametrize(
    ("kind", "messages", "can"),
    [
        (ActionKind.MOVE, 1, True),
        (ActionKind.COPY, 2, True),
        (ActionKind.APPEND, 1, True),
        (ActionKind.APPEND, 2, False),
        (ActionKind.FLAG, 1, False),
        (ActionKind.DELETE, 1, False),
    ],
)
def test_what_goes_to_no_folder_goes_to_no_other(
    journal: ActionJournal, user: UserDecisions, kind: ActionKind, messages: int, can: bool
) -> None:
    refused = in_state(journal, ActionState.REFUSED, *"ab"[:messages])
    with journal.writing():
        refused = journal.put(replace(refused, kind=kind))
    assert can_be_redirected(refused) is can
    if not can:
        with pytest.raises(IllegalTransitionError, match="another folder"):
            user.redirect(refused.id, "Other", names_chosen=True)
    else:
        moved = user.redirect(refused.id, "Other", names_chosen=True)
        assert moved.folder == ("Other" if kind is ActionKind.APPEND else "INBOX")
