"""The flag of an answered message: due when its letter was accepted, not earlier, and once."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import SetClock, filed, message, sent_through, store_in
from tuimail.mail.answered_message import AnsweredMessage, AnswerKind, parse_answered_message
from tuimail.mail.message_ref import MessageRef
from tuimail.outbox.model.item import Filing, Flagging
from tuimail.outbox.model.states import FilingState, FlaggingState, ItemState, Verb
from tuimail.outbox.store.enqueue import Incoming
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.store import Store

OWNER = "1:1:boot:x"
ANSWERED = AnsweredMessage(MessageRef("work", "Lists/Räume", "1700.M1:x y"), AnswerKind.REPLIED)
DONE = Flagging(FlaggingState.DONE)
TWO = ("bob@example.net", "eve@example.net")


def queued(store: Store, *to: str) -> OutboxItem:
    return store.enqueue(Incoming(message(1, *to), composing="1", answers=ANSWERED))


def due(store: Store) -> list[str]:
    return [each.id for each in store.answered_flags.due()]


@pytest.mark.parametrize("kind", AnswerKind)
def test_the_text_of_an_answered_message_is_read_back(kind: AnswerKind) -> None:
    answered = replace(ANSWERED, kind=kind)
    assert parse_answered_message(str(answered)) == answered
    for text in ("", "replied", "replied a:b", "eaten a:b:c", "replied  a:b:c"):
        with pytest.raises(ValueError, match=r"."):
            parse_answered_message(text)


@pytest.mark.parametrize(
    ("outcomes", "state", "expected"),
    [
        ((Action.OK, Action.OK), ItemState.ACCEPTED, FlaggingState.DUE),
        ((Action.OK, Action.RETRY), ItemState.DEFERRED, FlaggingState.NONE),
        ((Action.OK, Action.RECIPIENT), ItemState.FAILED, FlaggingState.NONE),
        ((Action.UNCERTAIN,), ItemState.UNCERTAIN, FlaggingState.NONE),
        ((Action.RECIPIENT,), ItemState.FAILED, FlaggingState.NONE),
    ],
)
def test_it_is_due_when_the_letter_is_accepted(
    tmp_path: Path, outcomes: tuple[Action, ...], state: ItemState, expected: FlaggingState
) -> None:
    with closing(store_in(tmp_path, SetClock())) as store:
        item = queued(store, *TWO)
        assert (item.answers, item.flagging.state, due(store)) == (ANSWERED, FlaggingState.NONE, [])
        item = sent_through(store, OWNER, *outcomes)
        assert (item.state, item.flagging.state) == (state, expected)
        assert due(store) == ([item.id] if expected is FlaggingState.DUE else [])


def test_a_letter_that_answers_nothing_has_no_flag(tmp_path: Path) -> None:
    with closing(store_in(tmp_path, SetClock())) as store:
        store.enqueue(Incoming(message(1), composing="1"))
        assert sent_through(store, OWNER, Action.OK).flagging == Flagging()
        assert due(store) == []


def test_a_letter_given_up_after_one_recipient_has_it_counts_as_accepted(tmp_path: Path) -> None:
    with closing(store_in(tmp_path, SetClock())) as store:
        queued(store, *TWO)
        item = sent_through(store, OWNER, Action.OK, Action.RECIPIENT)
        item = store.actions.apply(Verb.DROP, item.id)
        assert (item.state, due(store)) == (ItemState.ACCEPTED, [item.id])


def test_what_the_user_takes_back_is_not_flagged(tmp_path: Path) -> None:
    with closing(store_in(tmp_path, SetClock())) as store:
        queued(store)
        item = sent_through(store, OWNER, Action.UNCERTAIN)
        assert due(store) == []
        store.actions.apply(Verb.RESOLVE_SENT, item.id)
        assert due(store) == [item.id]
        store.actions.apply(Verb.UNRESOLVE, item.id)
        assert due(store) == []
        store.actions.apply(Verb.RESOLVE_SENT, item.id)
        store.answered_flags.record(item.id, DONE)
        store.actions.apply(Verb.UNRESOLVE, item.id)
        store.actions.apply(Verb.RESOLVE_SENT, item.id)
        assert due(store) == [], "once per letter"


def test_it_outlives_the_copy_in_sent_and_a_restart(tmp_path: Path) -> None:
    clock = SetClock()
    with closing(store_in(tmp_path, clock)) as store:
        queued(store)
        item = sent_through(store, OWNER, Action.OK)
        assert filed(store, item.id, Filing(FilingState.FILED)).state is ItemState.DONE
    with closing(store_in(tmp_path, clock)) as store:
        assert due(store) == [item.id]
        assert store.schedule.next_due() == 0.0
        assert store.schedule.next_due(flaggings=False) is None
        item = store.answered_flags.record(item.id, DONE)
        assert (item.flagging, due(store), store.schedule.next_due()) == (DONE, [], None)
        assert store.queries.timeline(item.id)[-1].words == "the letter it answers is marked as replied"


def test_what_did_not_work_is_tried_again_later_and_a_late_result_changes_nothing(tmp_path: Path) -> None:
    clock = SetClock()
    with closing(store_in(tmp_path, clock)) as store:
        queued(store)
        item = sent_through(store, OWNER, Action.OK)
        failed = store.answered_flags.record(item.id, Flagging(FlaggingState.DUE, words="The disk is full."))
        assert (failed.flagging.attempts, due(store)) == (1, [])
        assert failed.flagging.next_attempt_at is not None
        clock.move(failed.flagging.next_attempt_at - clock.now())
        assert due(store) == [item.id]
        again = store.answered_flags.record(item.id, Flagging(FlaggingState.DUE, words="The disk is full."))
        assert again.flagging.next_attempt_at is not None
        assert again.flagging.next_attempt_at - clock.now() > 60
        store.answered_flags.record(item.id, Flagging(FlaggingState.SKIPPED, words="no account"))
        assert store.answered_flags.record(item.id, DONE).flagging.state is FlaggingState.SKIPPED


@pytest.mark.parametrize("flagged", [False, True])
def test_the_letter_alone_tells_whether_it_is_still_due(tmp_path: Path, flagged: bool) -> None:
    with closing(store_in(tmp_path, SetClock())) as store:
        queued(store)
        item = sent_through(store, OWNER, Action.OK)
        if flagged:
            store.answered_flags.record(item.id, DONE)
    (tmp_path / "index.db").unlink()
    with closing(store_in(tmp_path, SetClock())) as store:
        (item,) = store.queries.items()
        assert (item.answers, item.state) == (ANSWERED, ItemState.ACCEPTED)
        assert due(store) == ([] if flagged else [item.id])


def test_a_letter_that_answers_nothing_is_written_as_before(tmp_path: Path) -> None:
    with closing(store_in(tmp_path, SetClock())) as store:
        item = store.enqueue(Incoming(message(1), composing="1"))
        head = (tmp_path / f"{item.id}.letter").read_bytes().splitlines()[1]
        assert b'"revises"' in head
        assert b'"answers"' not in head
