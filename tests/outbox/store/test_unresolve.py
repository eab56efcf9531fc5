""" "It went" can be taken back for a week: the letter is uncertain again, and can still be sent again."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import SetClock, filed, message, sent_through, store_in
from tuimail.clock import DAY
from tuimail.errors import IllegalTransitionError
from tuimail.outbox.model.item import Filing
from tuimail.outbox.model.states import FilingState, ItemState, RecipientState, Verb
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.prune import KEEP_CANCELLED_DAYS
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.store import Store

OWNER = "1:1:boot:x"
TWO = ("bob@example.net", "eve@example.net")


def resolved(store: Store, *actions: Action) -> OutboxItem:
    """A letter whose uncertain recipients count as served on the user's word."""
    store.enqueue(Incoming(message(1, *TWO[: len(actions)]), composing="1"))
    item = sent_through(store, OWNER, *actions)
    assert item.state is ItemState.UNCERTAIN
    return store.actions.apply(Verb.RESOLVE_SENT, item.id)


def test_what_counted_as_sent_is_uncertain_again_and_can_be_sent(tmp_path: Path) -> None:
    with closing(store_in(tmp_path, SetClock())) as store:
        item = resolved(store, Action.UNCERTAIN)
        assert (item.state, item.filing.state) == (ItemState.ACCEPTED, FilingState.DUE)
        item = store.actions.apply(Verb.UNRESOLVE, item.id)
        assert (item.state, item.filing.state) == (ItemState.UNCERTAIN, FilingState.NONE)
        assert [each.state for each in item.recipients] == [RecipientState.UNCERTAIN]
        assert store.actions.apply(Verb.RESOLVE_RESEND, item.id).state is ItemState.QUEUED
        assert sent_through(store, OWNER, Action.OK).state is ItemState.ACCEPTED


def test_also_after_its_copy_was_filed_and_after_a_restart(tmp_path: Path) -> None:
    clock = SetClock()
    with closing(store_in(tmp_path, clock)) as store:
        item = resolved(store, Action.UNCERTAIN)
        assert filed(store, item.id, Filing(FilingState.FILED)).state is ItemState.DONE
    with closing(store_in(tmp_path, clock)) as store:
        item = store.actions.apply(Verb.UNRESOLVE, item.id)
        assert item.state is ItemState.UNCERTAIN
        assert b"".join(store.queries.content(item.id).chunks())
        assert store.evidence.uncertain() == [], "a copy that tuimail filed proves nothing"
        store.actions.apply(Verb.RESOLVE_RESEND, item.id)
        assert sent_through(store, OWNER, Action.OK).state is ItemState.DONE, "and is not filed twice"


def test_who_was_served_for_certain_stays_served(tmp_path: Path) -> None:
    with closing(store_in(tmp_path, SetClock())) as store:
        item = resolved(store, Action.OK, Action.UNCERTAIN)
        item = store.actions.apply(Verb.UNRESOLVE, item.id)
        assert [each.state for each in item.recipients] == [RecipientState.ACCEPTED, RecipientState.UNCERTAIN]
        assert item.filing.state is FilingState.DUE


def test_the_letters_alone_tell_that_it_was_taken_back(tmp_path: Path) -> None:
    clock = SetClock()
    with closing(store_in(tmp_path, clock)) as store:
        item = resolved(store, Action.UNCERTAIN)
        store.actions.apply(Verb.UNRESOLVE, item.id)
    (tmp_path / "index.db").unlink()
    with closing(store_in(tmp_path, clock)) as store:
        again = store.queries.item(item.id)
        assert (again.state, again.filing.state) == (ItemState.UNCERTAIN, FilingState.NONE)


def test_what_the_server_accepted_cannot_be_taken_back(tmp_path: Path) -> None:
    with closing(store_in(tmp_path, SetClock())) as store:
        store.enqueue(Incoming(message(), composing="1"))
        item = sent_through(store, OWNER, Action.OK)
        with pytest.raises(IllegalTransitionError):
            store.actions.apply(Verb.UNRESOLVE, item.id)


def test_after_a_week_the_letter_is_gone_and_the_word_stands(tmp_path: Path) -> None:
    clock = SetClock()
    with closing(store_in(tmp_path, clock)) as store:
        item = resolved(store, Action.UNCERTAIN)
        filed(store, item.id, Filing(FilingState.FILED))
        clock.move(KEEP_CANCELLED_DAYS * DAY - 1)
        store.prune()
        assert store.outbox.letter_path(item.id).exists()
        clock.move(2)
        store.prune()
        assert not store.outbox.letter_path(item.id).exists()
        with pytest.raises(IllegalTransitionError):
            store.actions.apply(Verb.UNRESOLVE, item.id)
