"""States and turns of actions."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from tuimail.errors import IllegalTransitionError
from tuimail.journal.action import (
    FINISHED,
    ActionKind,
    ActionMessage,
    ActionState,
    MailAction,
    MessageOrigin,
    apart,
    check_transition,
    depends,
    ready,
)

LEGAL = {
    "waiting": {"sent", "cancelled", "dropped"},
    "sent": {"done", "waiting", "refused", "dropped"},
    "refused": {"waiting", "dropped"},
}


def action(number: int, *keys: str, **fields: Any) -> MailAction:
    made = MailAction("work", ActionKind.FLAG, "INBOX", tuple(map(ActionMessage, keys)), id=number)
    return replace(made, **fields)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(ActionState, ActionState)))
def test_every_transition(before: ActionState, after: ActionState) -> None:
    given = action(1, "a", state=before)
    if after in LEGAL.get(before, ()):
        check_transition(given, after, "x")
    else:
        with pytest.raises(IllegalTransitionError) as raised:
            check_transition(given, after, "moved")
        assert str(raised.value) == f"What is {before} cannot be moved."


def test_nothing_follows_what_is_finished() -> None:
    assert {"done", "dropped", "cancelled"} == FINISHED


@pytest.mark.parametrize("held", [{"state": ActionState.REFUSED}, {"next_at": 200.0}])
def test_what_is_held_up_holds_up_its_own_messages_only(held: dict[str, Any]) -> None:
    given = [
        action(1, "a", "b", kind=ActionKind.MOVE, target="Archive", **held),
        action(2, "b", "c"),
        action(3, "c"),
        action(4, "d"),
        action(5, "", messages=(ActionMessage("", origin=MessageOrigin(1, 0)),), folder="Archive"),
        action(6, "a", folder="Lists"),
    ]
    assert [each.id for each in ready(given, 100.0)] == [4, 6]
    assert [each.id for each in ready(given[1:], 100.0)] == [2, 3, 4, 5, 6]
    assert [each.id for each in given if depends(each, given[0])] == [2, 5]


@pytest.mark.parametrize(
    ("refused_at", "next_at", "begun"),
    [
        # 2 was given before 1 was refused, and is to be done before 3 and 4.
        (15.0, 0.0, [5, 6]),
        (25.0, 0.0, [6]),
        (5.0, 0.0, [2, 3, 4, 5, 6]),
        (15.0, 200.0, [6]),
    ],
)
def test_a_refusal_holds_up_what_was_given_before_it(refused_at: float, next_at: float, begun: list[int]) -> None:
    given = [
        action(1, "a", "c", state=ActionState.REFUSED, changed=refused_at, next_at=next_at),
        action(2, "a", "b", created=10.0),
        action(3, "a", created=20.0),
        action(4, "b", created=20.0),
        action(5, "c", created=20.0),
        action(6, "d", created=10.0),
    ]
    assert [each.id for each in ready(given, 100.0)] == begun


def test_a_message_is_known_by_where_it_landed() -> None:
    moved = action(1, kind=ActionKind.MOVE, target="Archive", messages=(ActionMessage("a", landed="z"),), next_at=9.0)
    assert [each.id for each in ready([moved, action(2, "z", folder="Archive"), action(3, "z")], 1.0)] == [3]


@pytest.mark.parametrize(
    "last",
    [
        action(3, "a"),
        action(3, "", messages=(ActionMessage("", origin=MessageOrigin(1, 0)),), folder="Archive"),
        action(3, "x", folder="Archive"),
        action(3, "z", after=2),
    ],
)
def test_what_is_about_a_message_of_an_earlier_one_waits_for_another_look(last: MailAction) -> None:
    first = action(1, "a", kind=ActionKind.MOVE, target="Archive", messages=(ActionMessage("a", landed="x"),))
    given = [first, action(2, "b"), last, action(4, "c")]
    assert [each.id for each in apart(given)] == [1, 2]


def test_what_has_nothing_to_do_with_each_other_needs_one_look() -> None:
    given = [action(1, "a", "b"), action(2, "c"), action(3, "a", folder="Lists"), action(4, "a", account="home")]
    assert list(apart(given)) == given
