"""Put back, later, moved, another account: what each leaves in the store, and on the letter itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.outbox.model.test_item import item as an_item
from tests.outbox.scene import START, Box, SetClock, message, sent_through, store_in, unreachable
from tuimail.config.model import WhenLate
from tuimail.errors import DuplicateLetterError, IllegalTransitionError, NoSuchItemError, OutboxError
from tuimail.outbox.model.item import verbs_of
from tuimail.outbox.model.reorder import moved
from tuimail.outbox.model.states import ItemState, Order, Place, RecipientState, Verb
from tuimail.outbox.store.database import NAME
from tuimail.outbox.store.enqueue import Incoming
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.store.store import Store


def told_by_the_letter(store: Store, folder: Path, item: OutboxItem) -> OutboxItem:
    """The item once the index was lost."""
    store.close()
    (folder / NAME).unlink()
    again = store_in(folder, SetClock())
    try:
        return again.queries.item(item.id)
    finally:
        again.close()


def lasting(item: OutboxItem) -> tuple[object, ...]:
    """What must survive the loss of the index."""
    return (
        item.state,
        item.not_before,
        item.account,
        item.rank,
        item.on_late,
        item.revises,
        item.revision,
        tuple((each.address, each.state) for each in item.recipients),
    )


VERBS: dict[str, Callable[[Store, str], object]] = {
    "later": lambda store, name: store.actions.postpone(name, START + 9000, on_late=WhenLate.ASK),
    "first": lambda store, name: store.actions.move(name, Place.FIRST),
    "up": lambda store, name: store.actions.move(name, Place.UP),
    "account": lambda store, name: store.actions.change_account(name, "home", known=False),
    "drop": lambda store, name: store.actions.apply(Verb.DROP, name),
    "restored": lambda store, name: (store.actions.apply(Verb.DROP, name), store.actions.restore(name)),
    "put back": lambda store, name: (store.actions.apply(Verb.EDIT, name), store.actions.restore(name, exactly=True)),
    "held": lambda store, name: store.actions.apply(Verb.HOLD, name),
}


@pytest.mark.parametrize("verb", VERBS)
def test_what_a_verb_did_survives_the_loss_of_the_index(store: Store, folder: Path, clock: SetClock, verb: str) -> None:
    store.enqueue(Incoming(message(1), composing="a"))
    clock.move(1)
    item = store.enqueue(Incoming(message(2), composing="b"))
    VERBS[verb](store, item.id)
    after = store.queries.item(item.id)
    assert lasting(after) != lasting(item) or verb == "put back"
    assert lasting(told_by_the_letter(store, folder, item)) == lasting(after)


@pytest.mark.parametrize("verb", [Verb.DROP, Verb.CANCEL, Verb.EDIT])
def test_what_was_on_its_way_is_held_when_it_is_put_back(store: Store, verb: Verb) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.actions.apply(verb, item.id)
    back = store.actions.restore(item.id)
    assert (back.state, back.not_before) == (ItemState.HELD, None)
    assert "release it to send it" in back.words
    assert store.claims.claim("somebody") is None


def test_an_edit_that_came_to_nothing_leaves_the_letter_on_its_way(store: Store) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.actions.apply(Verb.EDIT, item.id)
    assert store.actions.restore(item.id, exactly=True).state is ItemState.QUEUED
    assert store.claims.claim("somebody") is not None


def test_a_deferred_letter_put_back_as_it_was_waits_for_its_own_time(store: Store) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    deferred = sent_through(store, "one", Action.RETRY)
    store.actions.apply(Verb.EDIT, item.id)
    back = store.actions.restore(item.id, exactly=True)
    assert back.state is ItemState.DEFERRED
    assert (back.next_attempt_at, back.tries) == (deferred.next_attempt_at, deferred.tries)


@pytest.mark.parametrize("exactly", [False, True])
def test_an_appointment_is_kept_by_dropping_and_putting_back(store: Store, clock: SetClock, exactly: bool) -> None:
    item = store.enqueue(Incoming(message(), composing="a", not_before=START + 5000))
    store.actions.apply(Verb.DROP, item.id)
    clock.move(100)
    back = store.actions.restore(item.id, exactly=exactly)
    assert (back.state, back.not_before) == (ItemState.HELD, START + 5000)


@pytest.mark.parametrize("exactly", [False, True])
def test_an_appointment_missed_meanwhile_is_asked_about_not_made_up_for(
    store: Store, clock: SetClock, exactly: bool
) -> None:
    item = store.enqueue(Incoming(message(), composing="a", not_before=START + 5))
    store.actions.apply(Verb.EDIT, item.id)
    clock.move(100)
    back = store.actions.restore(item.id, exactly=exactly)
    assert (back.state, back.not_before) == (ItemState.HELD, None)


def test_a_refused_letter_put_back_is_refused_still(store: Store) -> None:
    store.enqueue(Incoming(message(), composing="a"))
    failed = sent_through(store, "one", Action.RECIPIENT)
    store.actions.apply(Verb.DROP, failed.id)
    back = store.actions.restore(failed.id)
    assert (back.state, back.words) == (ItemState.FAILED, failed.words)


def test_a_letter_that_may_have_been_delivered_stays_so_when_it_is_put_back(store: Store) -> None:
    store.enqueue(Incoming(message(), composing="a"))
    uncertain = sent_through(store, "one", Action.UNCERTAIN)
    store.actions.apply(Verb.DROP, uncertain.id)
    for exactly in (False, True):
        back = store.actions.restore(uncertain.id, exactly=exactly)
        assert back.state is ItemState.UNCERTAIN
        assert back.words == uncertain.words
        store.actions.apply(Verb.DROP, uncertain.id)


def test_after_a_week_a_letter_cannot_be_put_back(store: Store, clock: SetClock) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.actions.apply(Verb.DROP, item.id)
    clock.move(8 * 86400)
    store.prune()
    with pytest.raises(NoSuchItemError, match="not kept any more"):
        store.actions.restore(item.id)
    with pytest.raises(IllegalTransitionError) as refused:
        store.actions.apply(Verb.HOLD, item.id)
    assert "put back" not in refused.value.hint


def test_a_new_revision_takes_the_place_and_ends_the_old_one(store: Store, clock: SetClock) -> None:
    item = store.enqueue(Incoming(message(1), composing="a"))
    clock.move(50)
    other = store.enqueue(Incoming(message(2), composing="b"))
    store.actions.apply(Verb.EDIT, item.id)
    new = store.enqueue(Incoming(message(3), composing="c", revision=2, revises=item.id))
    assert (new.rank, new.revises, new.revision) == (item.rank, item.id, 2)
    assert [each.id for each in store.queries.items()] == [new.id, other.id]
    with pytest.raises(OutboxError):
        store.actions.restore(item.id)
    assert not store.outbox.letter_path(item.id).exists()


def test_the_place_of_a_revision_survives_the_loss_of_the_index(store: Store, folder: Path, clock: SetClock) -> None:
    item = store.enqueue(Incoming(message(1), composing="a"))
    clock.move(50)
    store.actions.apply(Verb.EDIT, item.id)
    new = store.enqueue(Incoming(message(3), composing="c", revision=2, revises=item.id))
    assert lasting(told_by_the_letter(store, folder, new)) == lasting(new)


def test_a_draft_whose_letter_was_put_back_cannot_be_sent(store: Store) -> None:
    item = store.enqueue(Incoming(message(1), composing="a"))
    store.actions.apply(Verb.EDIT, item.id)
    store.actions.restore(item.id)
    for again in (False, True):
        with pytest.raises(OutboxError, match="in the outbox again"):
            store.enqueue(Incoming(message(3), composing="c", revision=2, revises=item.id, again=again))
    assert [each.id for each in store.queries.items()] == [item.id]


def test_a_draft_whose_letter_was_sent_meanwhile_asks_first(store: Store) -> None:
    item = store.enqueue(Incoming(message(1), composing="a"))
    sent_through(store, "one", Action.OK)
    with pytest.raises(DuplicateLetterError, match="sent meanwhile"):
        store.enqueue(Incoming(message(3), composing="c", revision=2, revises=item.id))
    assert (
        store.enqueue(Incoming(message(3), composing="c", revision=2, revises=item.id, again=True)).revises == item.id
    )


def test_of_edit_and_claim_one_wins_and_the_other_is_told(folder: Path, clock: SetClock, box: Box) -> None:
    one, two = (store_in(folder, clock, box) for _ in range(2))
    try:
        first, second = (one.enqueue(Incoming(message(n), composing=str(n))) for n in range(2))
        claimed = two.claims.claim("two")
        assert claimed is not None
        with pytest.raises(IllegalTransitionError, match="it is being sent right now"):
            one.actions.apply(Verb.EDIT, claimed.id)
        other = second if claimed.id == first.id else first
        one.actions.apply(Verb.EDIT, other.id)
        assert two.claims.claim("two") is None
        with pytest.raises(IllegalTransitionError, match="it was cancelled"):
            two.actions.apply(Verb.EDIT, other.id)
    finally:
        one.close()
        two.close()


def test_a_letter_put_off_goes_at_its_time_with_a_fresh_budget(store: Store, clock: SetClock) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    sent_through(store, "one", Action.RECIPIENT)
    later = store.actions.postpone(item.id, START + 1000)
    assert (later.state, later.not_before, later.tries) == (ItemState.HELD, START + 1000, 0)
    assert later.expires_at == START + 1000 + 5 * 86400
    assert [each.state for each in later.recipients] == [RecipientState.PENDING]
    assert store.claims.claim("one") is None
    clock.move(1001)
    assert store.claims.claim("one") is not None


def test_a_time_that_is_over_is_refused(store: Store) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    with pytest.raises(OutboxError, match="is over"):
        store.actions.postpone(item.id, START)
    assert store.queries.item(item.id) == item


def test_a_letter_of_a_missing_account_is_free_with_another(store: Store) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.accounts.accounts_known({"home"})
    assert store.queries.item(item.id).state is ItemState.BLOCKED
    freed = store.actions.change_account(item.id, "home", known=False)
    assert (freed.state, freed.account, freed.trouble) == (ItemState.QUEUED, "home", None)
    assert "has no identity ada@example.org" in freed.words
    assert freed.reverse_path == item.reverse_path
    assert store.claims.claim("one", account="home") is not None


@pytest.mark.parametrize("state", [Action.RECIPIENT, Action.RETRY])
def test_another_account_asks_again_whoever_does_not_have_it(store: Store, state: Action) -> None:
    item = store.enqueue(Incoming(message(1, "ann@x.net", "bob@x.net"), composing="a"))
    sent_through(store, "one", Action.OK, state)
    changed = store.actions.change_account(item.id, "home")
    assert [each.address for each in changed.open_recipients] == ["bob@x.net"]


def test_a_letter_held_by_hand_stays_held_with_another_account(store: Store) -> None:
    item = store.enqueue(Incoming(message(), composing="a", held=True))
    assert store.actions.change_account(item.id, "home").state is ItemState.HELD


def test_moving_changes_who_goes_first(store: Store, clock: SetClock) -> None:
    ids = []
    for number in range(4):
        clock.move(1)
        ids.append(store.enqueue(Incoming(message(number), composing=str(number))).id)
    a, b, c, d = ids
    for name, place, order in [
        (d, Place.FIRST, [d, a, b, c]),
        (a, Place.LAST, [d, b, c, a]),
        (c, Place.UP, [d, c, b, a]),
        (d, Place.DOWN, [c, d, b, a]),
        (c, Place.UP, [c, d, b, a]),
        (a, Place.DOWN, [c, d, b, a]),
    ]:
        assert store.actions.move(name, place)[0].id == name
        assert [each.id for each in store.queries.items()] == order
        assert list(store.queries.ids()) == order
    claimed = store.claims.claim("one")
    assert claimed is not None
    assert claimed.id == c


def test_letters_of_other_accounts_keep_their_place(store: Store) -> None:
    mine = [store.enqueue(Incoming(message(n), composing=str(n))) for n in range(2)]
    other = store.enqueue(Incoming(message(5, account="home"), composing="x"))
    store.actions.move(mine[1].id, Place.FIRST)
    assert store.queries.item(other.id) == other


@given(
    ranks=st.lists(st.integers(0, 3), min_size=1, max_size=8),
    yours=st.sets(st.integers(0, 7)),
    at=st.integers(0, 7),
    place=st.sampled_from(list(Place)),
)
def test_a_move_does_what_it_says_whatever_the_ranks(ranks: list[int], yours: set[int], at: int, place: Place) -> None:
    waiting = [
        replace(
            an_item(ItemState.BLOCKED if number in yours else ItemState.QUEUED), id=f"{number:010}", rank=float(rank)
        )
        for number, rank in enumerate(ranks)
    ]
    item = waiting[at % len(waiting)]
    before = [each.id for each in sorted(waiting, key=lambda each: (each.rank, each.id))]
    ranks_after = moved(waiting, item.id, place)
    after = [each.id for each in sorted(waiting, key=lambda each: (ranks_after.get(each.id, each.rank), each.id))]
    if place in (Place.FIRST, Place.LAST):
        rest = [each for each in before if each != item.id]
        assert after == ([item.id, *rest] if place is Place.FIRST else [*rest, item.id])
        return
    group = {each.id for each in waiting if each.needs_you == item.needs_you}
    shown = [each for each in before if each in group]
    here = shown.index(item.id)
    there = max(here - 1, 0) if place is Place.UP else min(here + 1, len(shown) - 1)
    shown[here], shown[there] = shown[there], shown[here]
    assert [each for each in after if each in group] == shown
    assert [each for each in after if each not in group] == [each for each in before if each not in group]


def test_several_letters_are_steered_and_one_that_does_not_fit_stops_none(store: Store) -> None:
    ids = [store.enqueue(Incoming(message(n), composing=str(n))).id for n in range(3)]
    claimed = store.claims.claim("one")
    assert claimed is not None
    outcomes = store.actions.apply_many(Verb.HOLD, [*ids, "nobody"])
    assert [each.item_id for each in outcomes] == [*ids, "nobody"]
    for each in outcomes:
        if each.item_id == claimed.id:
            assert isinstance(each.error, IllegalTransitionError)
            assert each.item is None
        elif each.item_id == "nobody":
            assert isinstance(each.error, NoSuchItemError)
        else:
            assert each.item == store.queries.item(each.item_id)
            assert each.item.state is ItemState.HELD


def test_the_hint_names_only_what_fits_this_letter(store: Store) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.claims.claim("one")
    waiting = store.claims.record(item.id, "one", unreachable(item))
    assert waiting.state is ItemState.DEFERRED
    assert Verb.MEND not in verbs_of(waiting)
    with pytest.raises(IllegalTransitionError) as refused:
        store.actions.apply(Verb.RELEASE, item.id)
    assert "mend" not in refused.value.hint
    store.claims.claim("one", only=item.id)


@pytest.mark.parametrize(
    ("matching", "found"),
    [
        ("", [0, 1, 2]),
        ("grüße", [1]),
        ("GRÜSSE", [1]),
        ("letter", [0, 2]),
        ("letter kim", [2]),
        ("to:KIM", [2]),
        ("to:pending", []),
        ("to:ada", []),
        ("ada", [0, 1, 2]),
        ("account:home", [1]),
        ("state:held", [2]),
        ("subject:kim", []),
        ("state:queued subject:letter", [0]),
    ],
)
def test_every_word_must_be_found(store: Store, clock: SetClock, matching: str, found: list[int]) -> None:
    ids = []
    letters = [
        message(0),
        replace(message(1, account="home"), subject="Grüße an alle"),
        message(2, "bob@example.net", "Kim@example.net"),
    ]
    for number, letter in enumerate(letters):
        clock.move(1)
        ids.append(store.enqueue(Incoming(letter, composing=str(number), held=number == 2)).id)
    assert list(store.queries.ids(matching=matching)) == [ids[number] for number in found]


def test_each_order_is_kept(store: Store, clock: SetClock) -> None:
    first = store.enqueue(Incoming(message(1, "zoe@x.net", body="long " * 50), composing="a", not_before=START + 500))
    clock.move(1)
    second = store.enqueue(Incoming(replace(message(2, "Ann@x.net", account="home"), subject="apples"), composing="b"))
    clock.move(1)
    third = store.enqueue(Incoming(message(3, "mia@x.net"), composing="c", held=True))
    store.actions.move(third.id, Place.FIRST)
    a, b, c = first.id, second.id, third.id
    assert {order: list(store.queries.ids(order=order)) for order in Order} == {
        Order.NEED: [c, a, b],
        Order.AGE: [a, b, c],
        Order.NEXT: [b, a, c],
        Order.SIZE: [a, b, c],
        Order.SUBJECT: [b, a, c],
        Order.RECIPIENT: [b, c, a],
        Order.ACCOUNT: [b, c, a],
        Order.STATE: [b, c, a],
    }


def test_items_come_in_the_order_asked_for_without_those_that_are_gone(store: Store) -> None:
    one, two = (store.enqueue(Incoming(message(n), composing=str(n))) for n in range(2))
    assert store.queries.items_of([two.id, "gone", one.id]) == [two, one]
