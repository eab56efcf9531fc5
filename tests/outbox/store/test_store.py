from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import (
    Box,
    SetClock,
    filed,
    host_trouble,
    message,
    result,
    sent_through,
    store_in,
    unreachable,
    verdict,
)
from tuimail.config.model import OutboxSettings, WhenUncertain
from tuimail.errors import (
    DuplicateLetterError,
    ForeignStoreError,
    IllegalTransitionError,
    LeaseLostError,
    NoSuchItemError,
    OutboxError,
    StorageError,
)
from tuimail.mail.content import whole
from tuimail.outbox.model.item import Filing
from tuimail.outbox.model.states import FilingState, ItemState, RecipientState, Verb
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.letter_file import read_letter
from tuimail.outbox.store.schema import MARKED, MIGRATIONS, SUMMED, VERSION
from tuimail.submission.result import AccountProblem, Action, Stage

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.outbox.store.store import Store

ME, OTHER = "1:1:boot:me", "2:1:boot:other"


def test_a_queued_letter_comes_back_byte_for_byte(store: Store) -> None:
    item = store.enqueue(Incoming(message(1, "bob@example.net", "kim@example.net"), composing="a"))
    assert item.state is ItemState.QUEUED
    assert len(item.id) == 10
    assert b"".join(store.queries.content(item.id).chunks()) == whole(message(1).content)
    assert store.queries.item(item.id) == item
    assert store.queries.item(item.id[:9]) == item
    assert [each.words for each in store.queries.timeline(item.id)] == ["queued"]


def test_ids_sort_by_age(store: Store, clock: SetClock) -> None:
    ids = []
    for number in range(5):
        clock.move(1)
        ids.append(store.enqueue(Incoming(message(number), composing=str(number))).id)
    assert ids == sorted(ids)
    assert [each.id for each in store.queries.items()] == ids


def test_files_are_private(store: Store, folder: Path) -> None:
    store.enqueue(Incoming(message(), composing="a"))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {each.stat().st_mode & 0o777 for each in folder.iterdir()} == {0o600}


def test_the_database_is_set_up_as_the_power_cuts_asked_for(store: Store) -> None:
    with store.outbox.index.reading() as db:
        said = {name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
        strict = {name for name, kind in db.execute("SELECT name, strict FROM pragma_table_list") if kind}
    assert said == {"journal_mode": "truncate", "synchronous": 3}
    assert strict == {"item", "timeline", "dialogue", "health", "settings", "quirk"}


def queue_many(store: Store, count: int) -> None:
    for number in range(count):
        store.enqueue(Incoming(message(number), composing=str(number)))


# -- rule 15
def test_a_key_held_down_sends_once(store: Store, clock: SetClock, folder: Path) -> None:
    first = store.enqueue(Incoming(message(1), composing="a"))
    clock.move(0.1)
    assert store.enqueue(Incoming(message(1), composing="a")) == first
    assert len(list(folder.glob("*.letter"))) == 1


def test_the_same_letter_from_elsewhere_is_refused_unless_confirmed(store: Store) -> None:
    store.enqueue(Incoming(message(1), composing="a"))
    with pytest.raises(DuplicateLetterError, match="already"):
        store.enqueue(Incoming(message(1), composing="b"))
    sent_through(store, ME, Action.OK)
    with pytest.raises(DuplicateLetterError):
        store.enqueue(Incoming(message(1), composing="b"))
    assert store.enqueue(Incoming(message(1), composing="b", again=True)).state is ItemState.QUEUED


MINUTES = 600.0


def test_the_same_words_every_night_arrive(store: Store, clock: SetClock) -> None:
    for night in range(4):
        store.enqueue(Incoming(message(1), composing=f"night {night}", same_within=MINUTES))
        assert sent_through(store, ME, Action.OK).state is ItemState.ACCEPTED
        with pytest.raises(DuplicateLetterError):
            store.enqueue(Incoming(message(1), composing=f"again {night}", same_within=MINUTES))
        clock.move(MINUTES - 1)
        with pytest.raises(DuplicateLetterError):
            store.enqueue(Incoming(message(1), composing=f"again {night}", same_within=MINUTES))
        clock.move(86_400)


@pytest.mark.parametrize("action", [Action.RETRY, Action.SOON])
def test_the_same_words_do_not_pile_up_while_the_first_has_not_left(
    store: Store, clock: SetClock, action: Action
) -> None:
    store.enqueue(Incoming(message(1), composing="a", same_within=MINUTES))
    sent_through(store, ME, action)
    clock.move(86_400)
    with pytest.raises(DuplicateLetterError, match="already"):
        store.enqueue(Incoming(message(1), composing="b", same_within=MINUTES))
    sent_through(store, ME, Action.OK)
    assert store.enqueue(Incoming(message(1), composing="b", same_within=MINUTES)).state is ItemState.QUEUED


def test_one_nights_unanswered_question_holds_up_no_other_night(store: Store, clock: SetClock) -> None:
    store.enqueue(Incoming(message(1), composing="a", same_within=MINUTES))
    sent_through(store, ME, Action.UNCERTAIN)
    clock.move(86_400)
    assert store.enqueue(Incoming(message(1), composing="b", same_within=MINUTES)).state is ItemState.QUEUED


def test_a_clock_that_was_set_back_refuses_no_letter_for_a_year(store: Store, clock: SetClock) -> None:
    store.enqueue(Incoming(message(1), composing="a", same_within=MINUTES))
    sent_through(store, ME, Action.OK)
    clock.move(-365 * 86_400)
    assert store.enqueue(Incoming(message(1), composing="b", same_within=MINUTES)).state is ItemState.QUEUED


def test_a_changed_text_from_a_draft_that_was_queued_is_not_swallowed(store: Store) -> None:
    store.enqueue(Incoming(message(1), composing="a"))
    with pytest.raises(DuplicateLetterError):
        store.enqueue(Incoming(message(2), composing="a"))
    assert len(store.queries.items()) == 1
    store.enqueue(Incoming(message(2), composing="a", again=True))
    assert len(store.queries.items()) == 2


def test_a_cancelled_letter_may_be_sent_anew(store: Store) -> None:
    first = store.enqueue(Incoming(message(1), composing="a"))
    store.actions.apply(Verb.CANCEL, first.id)
    assert store.enqueue(Incoming(message(1), composing="a")).id != first.id


# -- claims
def test_one_of_two_claims_wins(store: Store, folder: Path, clock: SetClock, box: Box) -> None:
    other = store_in(folder, clock, box)
    item = store.enqueue(Incoming(message(), composing="a"))
    assert store.claims.claim(ME)
    assert other.claims.claim(OTHER) is None
    for step in (other.claims.touching, other.claims.committing, other.claims.unclaim, other.claims.renew):
        with pytest.raises(LeaseLostError):
            step(item.id, OTHER)
    other.close()


def test_a_hold_is_claimed_when_it_is_over_and_one_by_hand_never(store: Store, clock: SetClock) -> None:
    until = store.enqueue(Incoming(message(1), composing="a", not_before=clock.now() + 5))
    by_hand = store.enqueue(Incoming(message(2), composing="b", held=True))
    assert (until.state, by_hand.state) == (ItemState.HELD, ItemState.HELD)
    assert store.claims.claim(ME) is None
    assert store.schedule.next_due() == clock.now() + 5
    clock.move(5)
    claimed = store.claims.claim(ME)
    assert claimed is not None
    assert claimed.id == until.id
    clock.move(1e8)
    assert store.claims.claim(ME) is None


def test_an_owner_that_died_before_the_dot_costs_nothing(store: Store, box: Box) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.claims.claim(ME)
    store.claims.touching(item.id, ME)
    assert store.recovery.recover(OTHER) == []
    box.killed.add(ME)
    (back,) = store.recovery.recover(OTHER)
    assert (back.state, back.attempts) == (ItemState.QUEUED, 1)


def test_an_owner_that_died_past_the_dot_leaves_an_uncertain_letter(store: Store, box: Box) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.claims.claim(ME)
    store.claims.committing(item.id, ME)
    box.killed.add(ME)
    (back,) = store.recovery.recover(OTHER)
    assert back.state is ItemState.UNCERTAIN
    assert store.claims.claim(OTHER) is None
    assert store.schedule.next_due() is None


def test_only_those_named_in_the_transaction_become_uncertain(store: Store, box: Box) -> None:
    item = store.enqueue(Incoming(message(1, "ann@example.net", "bob@example.net"), composing="a"))
    store.claims.claim(ME)
    store.claims.committing(item.id, ME, to=["bob@example.net"])
    box.killed.add(ME)
    (back,) = store.recovery.recover()
    assert [each.state.value for each in back.recipients] == ["pending", "uncertain"]
    assert store.actions.apply(Verb.RESOLVE_SENT, item.id).state is ItemState.QUEUED


def test_the_answer_on_the_letter_settles_what_the_index_missed(
    store: Store, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    claimed = store.claims.claim(ME)
    assert claimed is not None
    store.claims.committing(item.id, ME)
    monkeypatch.setattr("tuimail.outbox.store.claims.settle", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.claims.record(item.id, ME, result(claimed, Action.OK))
    box.killed.add(ME)
    (back,) = store.recovery.recover()
    assert back.state is ItemState.ACCEPTED
    assert back.recipients[0].reply is not None
    assert back.filing.state is FilingState.DUE


def test_a_settings_choice_resends_what_was_interrupted(folder: Path, clock: SetClock, box: Box) -> None:
    store = store_in(folder, clock, box, OutboxSettings(when_uncertain=WhenUncertain.RESEND))
    item = store.enqueue(Incoming(message(), composing="a"))
    store.claims.claim(ME)
    store.claims.committing(item.id, ME)
    box.killed.add(ME)
    assert [each.state for each in store.recovery.recover()] == [ItemState.QUEUED]
    store.close()


def test_a_living_owner_keeps_its_letter_however_the_clock_is_set(store: Store, clock: SetClock, box: Box) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.claims.claim(ME)
    for jump in (86400.0, -172800.0, 3e8):
        clock.move(jump)
        assert store.recovery.recover(OTHER) == []
        assert store.claims.claim(OTHER) is None
    box.ticks += 121
    assert [each.id for each in store.recovery.recover(OTHER)] == [item.id]


def test_a_renewed_lease_lasts(store: Store, box: Box) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.claims.claim(ME)
    box.ticks += 100
    store.claims.renew(item.id, ME)
    box.ticks += 100
    assert store.recovery.recover(OTHER) == []


def test_an_answer_after_the_lease_settles_the_uncertain_letter(store: Store, box: Box) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    claimed = store.claims.claim(ME)
    assert claimed is not None
    store.claims.committing(item.id, ME)
    box.ticks += 1000  # asleep
    assert [each.state for each in store.recovery.recover(OTHER)] == [ItemState.UNCERTAIN]
    assert store.claims.record(item.id, ME, result(claimed, Action.OK)).state is ItemState.ACCEPTED


def test_an_answer_after_another_took_over_changes_nothing(store: Store, box: Box) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    claimed = store.claims.claim(ME)
    assert claimed is not None
    box.ticks += 1000
    store.recovery.recover(OTHER)
    store.claims.claim(OTHER)
    with pytest.raises(LeaseLostError):
        store.claims.record(item.id, ME, result(claimed, Action.RETRY))
    assert store.queries.item(item.id).owner == OTHER


def test_a_letter_put_back_is_due_at_once(store: Store) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.claims.claim(ME)
    store.claims.unclaim(item.id, ME)
    assert store.queries.item(item.id).state is ItemState.QUEUED
    assert store.claims.claim(OTHER)


def test_a_letter_past_its_dot_cannot_be_put_back(store: Store) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.claims.claim(ME)
    store.claims.committing(item.id, ME)
    with pytest.raises(OutboxError):
        store.claims.unclaim(item.id, ME)


def test_what_is_being_sent_cannot_be_cancelled(store: Store) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.claims.claim(ME)
    with pytest.raises(IllegalTransitionError, match="being sent right now"):
        store.actions.apply(Verb.CANCEL, item.id)


# -- accounts (rule 9)
def test_an_unreachable_host_is_asked_by_one_letter_at_a_time(store: Store, clock: SetClock) -> None:
    for number in range(5):
        store.enqueue(Incoming(message(number), composing=str(number)))
    first = store.claims.claim(ME)
    assert first is not None
    store.claims.record(first.id, ME, unreachable(first))
    assert store.claims.claim(ME) is None
    assert store.schedule.next_due() == clock.now() + 15
    clock.move(15)
    probe = store.claims.claim(ME)
    assert probe is not None
    assert store.claims.claim(OTHER) is None
    store.claims.touching(probe.id, ME)
    store.claims.record(probe.id, ME, result(probe, Action.OK))
    assert [store.claims.claim(ME) is not None for _ in range(5)] == [True, True, True, True, False]


def test_a_pause_written_by_a_wrong_clock_ends(store: Store, clock: SetClock) -> None:
    store.enqueue(Incoming(message(), composing="a"))
    item = store.claims.claim(ME)
    assert item is not None
    store.claims.record(item.id, ME, unreachable(item))
    clock.move(-86400)
    assert store.claims.claim(ME)


def test_a_refused_sign_in_blocks_the_accounts_letters_and_no_others(store: Store, clock: SetClock) -> None:
    first = store.enqueue(Incoming(message(1), composing="a"))
    clock.move(1)
    second = store.enqueue(Incoming(message(2), composing="b"))
    home = store.enqueue(Incoming(message(3, account="home"), composing="c"))
    claimed = store.claims.claim(ME, account="work")
    assert claimed is not None
    told = verdict(Action.REAUTH, stage=Stage.AUTH, trouble=AccountProblem.SIGN_IN)
    assert store.claims.record(first.id, ME, host_trouble(claimed, told)).state is ItemState.BLOCKED
    assert [(each.id, each.state.value) for each in store.recovery.recover()] == [(second.id, "blocked")]
    assert store.schedule.accounts_due() == ["home"]
    clock.move(1e6)
    assert store.schedule.accounts_due() == ["home"]
    store.actions.apply(Verb.DROP, home.id)
    assert store.schedule.next_due() is None
    assert {each.id for each in store.accounts.fixed("work")} == {first.id, second.id}
    assert store.accounts.health("work").trouble is None
    assert store.claims.claim(ME)


def test_send_now_lets_one_letter_of_a_troubled_account_go(store: Store) -> None:
    item = store.enqueue(Incoming(message(1), composing="a"))
    claimed = store.claims.claim(ME)
    assert claimed is not None
    told = verdict(Action.REAUTH, stage=Stage.AUTH, trouble=AccountProblem.SIGN_IN)
    store.claims.record(item.id, ME, host_trouble(claimed, told))
    store.enqueue(Incoming(message(2), composing="b"))
    store.recovery.recover()
    store.actions.apply(Verb.SEND_NOW, item.id)
    probe = store.claims.claim(ME)
    assert probe is not None
    assert probe.id == item.id
    assert store.claims.claim(ME) is None
    store.claims.touching(item.id, ME)
    store.claims.record(item.id, ME, result(probe, Action.OK))
    assert [each.state for each in store.queries.items([ItemState.BLOCKED])] == []
    assert store.claims.claim(ME)


def test_trouble_that_may_pass_is_probed_by_a_blocked_letter(store: Store, clock: SetClock) -> None:
    store.enqueue(Incoming(message(1), composing="a"))
    claimed = store.claims.claim(ME)
    assert claimed is not None
    told = verdict(Action.ACCOUNT, stage=Stage.TLS, trouble=AccountProblem.CERTIFICATE)
    store.claims.record(claimed.id, ME, host_trouble(claimed, told))
    due = store.schedule.next_due()
    assert due is not None
    assert store.claims.claim(ME) is None
    clock.time = due
    assert store.claims.claim(ME)


def test_a_missing_account_blocks_and_its_return_frees(store: Store) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    assert [each.state for each in store.accounts.accounts_known(["home"])] == [ItemState.BLOCKED]
    assert store.accounts.accounts_known(["home"]) == []
    assert "work" in store.queries.item(item.id).words
    assert store.claims.claim(ME) is None
    assert [each.state for each in store.accounts.accounts_known(["work"])] == [ItemState.QUEUED]
    assert store.claims.claim(ME)


def test_hurry_makes_what_waits_due(store: Store, clock: SetClock) -> None:
    store.enqueue(Incoming(message(), composing="a"))
    item = sent_through(store, ME, Action.RETRY)
    assert item.next_attempt_at == clock.now() + 60
    assert store.schedule.next_due() == item.next_attempt_at
    store.schedule.retry_all_now()
    assert store.claims.claim(ME)


def test_a_service_that_is_back_makes_due_what_waits_for_its_host(store: Store, clock: SetClock) -> None:
    for number in range(2):
        store.enqueue(Incoming(message(number), composing=f"{number}"))
    item = store.claims.claim(ME)
    assert item is not None
    store.claims.record(item.id, ME, unreachable(item))
    assert store.claims.claim(ME) is None, "both wait for the host"
    assert not store.schedule.retry_now("home")
    assert store.claims.claim(ME) is None
    assert store.schedule.retry_now("work")
    assert not store.schedule.retry_now("work"), "it is due by now"
    probe = store.claims.claim(ME)
    assert probe is not None
    assert store.claims.claim(ME) is None, "one goes as the probe"
    assert not store.schedule.retry_now("work"), "it is under way"
    clock.move(1)
    store.claims.record(probe.id, ME, unreachable(probe))
    assert store.claims.claim(ME) is None


def test_a_service_that_is_back_hurries_no_letter_that_the_server_put_off(store: Store) -> None:
    store.enqueue(Incoming(message(), composing="a"))
    sent_through(store, ME, Action.RETRY)
    assert not store.schedule.retry_now("work")
    assert store.claims.claim(ME) is None


def test_a_service_that_is_back_leaves_a_refused_password_alone(store: Store) -> None:
    store.enqueue(Incoming(message(), composing="a"))
    item = store.claims.claim(ME)
    assert item is not None
    store.claims.record(item.id, ME, host_trouble(item, verdict(Action.REAUTH)))
    assert not store.schedule.retry_now("work")
    assert store.claims.claim(ME) is None


def test_a_service_that_is_back_makes_its_copies_due(store: Store, clock: SetClock) -> None:
    store.enqueue(Incoming(message(), composing="a"))
    sent_through(store, ME, Action.OK)
    claimed = store.sent_copies.claim(ME)
    assert claimed is not None
    store.sent_copies.record(claimed.id, ME, Filing(FilingState.DUE, next_attempt_at=clock.now() + 60))
    assert store.sent_copies.claim(ME) is None
    assert not store.schedule.retry_now("home")
    assert store.schedule.retry_now("work")
    assert store.sent_copies.claim(ME) is not None


# -- copies
def test_an_accepted_letter_is_filed_once_and_done(store: Store, folder: Path) -> None:
    store.enqueue(Incoming(message(), composing="a"))
    item = sent_through(store, ME, Action.OK)
    assert [each.id for each in store.sent_copies.due()] == [item.id]
    assert store.sent_copies.claim(ME) is not None
    assert store.sent_copies.claim(OTHER) is None
    done = store.sent_copies.record(item.id, ME, Filing(FilingState.FILED, words="Sent"))
    assert done.state is ItemState.DONE
    assert list(folder.glob("*.letter")) == []
    with pytest.raises(NoSuchItemError, match="not in the outbox"):
        store.queries.content(item.id)
    assert store.schedule.next_due() is None


def test_a_copy_that_failed_is_due_later_and_never_sent_again(store: Store, clock: SetClock) -> None:
    store.enqueue(Incoming(message(), composing="a"))
    item = sent_through(store, ME, Action.OK)
    store.sent_copies.claim(ME)
    store.sent_copies.record(item.id, ME, Filing(FilingState.DUE, 1, clock.now() + 60, "no answer"))
    assert store.queries.item(item.id).state is ItemState.ACCEPTED
    assert store.sent_copies.due() == []
    assert store.schedule.next_due() == clock.now() + 60
    assert store.claims.claim(ME) is None
    clock.move(60)
    assert store.sent_copies.claim(OTHER) is not None


def test_a_filer_that_died_leaves_the_copy_to_others(store: Store, box: Box) -> None:
    store.enqueue(Incoming(message(), composing="a"))
    sent_through(store, ME, Action.OK)
    store.sent_copies.claim(ME)
    box.killed.add(ME)
    assert store.sent_copies.claim(OTHER) is not None


def test_a_filer_that_lost_its_lease_writes_nothing(store: Store, box: Box) -> None:
    """It was suspended; the other filed the copy of a letter whose other recipient still waits."""
    store.enqueue(Incoming(message(1, "ann@example.net", "bob@example.net"), composing="a"))
    item = sent_through(store, ME, Action.OK, Action.RETRY)
    store.sent_copies.claim(ME)
    box.ticks += 10_000
    assert store.sent_copies.claim(OTHER) is not None
    with pytest.raises(LeaseLostError):
        store.sent_copies.record(item.id, ME, Filing(FilingState.DUE, 1, words="no answer"))
    store.sent_copies.record(item.id, OTHER, Filing(FilingState.FILED, words="Sent"))
    for owner in (ME, ""):
        with pytest.raises(LeaseLostError):
            store.sent_copies.record(item.id, owner, Filing(FilingState.DUE, 1, words="no answer"))
    assert store.queries.item(item.id).filing.state is FilingState.FILED
    assert store.sent_copies.due() == []


def test_who_holds_no_lease_writes_nothing_into_a_letter(store: Store) -> None:
    """Nobody's letter is not that of an owner without a name, either."""
    item = store.enqueue(Incoming(message(), composing="a"))
    for owner in (ME, ""):
        for write in (
            lambda owner: store.claims.touching(item.id, owner),
            lambda owner: store.claims.committing(item.id, owner),
            lambda owner: store.claims.renew(item.id, owner),
            lambda owner: store.claims.unclaim(item.id, owner),
            lambda owner: store.claims.record(item.id, owner, result(item, Action.RETRY)),
            lambda owner: store.sent_copies.renew(item.id, owner),
            lambda owner: store.sent_copies.record(item.id, owner, Filing(FilingState.FILED)),
        ):
            with pytest.raises(LeaseLostError):
                write(owner)
    assert store.queries.item(item.id) == item


def test_the_copy_of_a_partly_accepted_letter_is_filed_while_the_rest_waits(store: Store, folder: Path) -> None:
    store.enqueue(Incoming(message(1, "ann@example.net", "bob@example.net"), composing="a"))
    item = sent_through(store, ME, Action.OK, Action.RETRY)
    assert filed(store, item.id, Filing(FilingState.FILED, words="Sent")).state is ItemState.DEFERRED
    assert read_letter(folder / f"{item.id}.letter").marks[-1]["mark"] == "filing"
    store.schedule.retry_all_now()
    assert sent_through(store, ME, Action.OK).state is ItemState.DONE
    assert list(folder.glob("*.letter")) == []


# -- verbs, mending, pruning
def test_a_refused_address_is_mended_and_served_alone(store: Store) -> None:
    store.enqueue(Incoming(message(1, "ann@example.net", "bbo@example.net"), composing="a"))
    item = sent_through(store, ME, Action.OK, Action.RECIPIENT)
    assert item.state is ItemState.FAILED
    store.actions.fix_address(item.id, "bbo@example.net", "bob@example.net")
    claimed = store.claims.claim(ME)
    assert claimed is not None
    assert [each.address for each in claimed.open_recipients] == ["bob@example.net"]
    done = store.claims.record(item.id, ME, result(claimed, Action.OK))
    assert done.state is ItemState.ACCEPTED
    assert [each.state for each in done.recipients] == [RecipientState.ACCEPTED] * 2


def test_every_verb_is_told_in_the_timeline_and_on_the_letter(store: Store, folder: Path) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.actions.apply(Verb.HOLD, item.id)
    store.actions.apply(Verb.RELEASE, item.id)
    store.actions.apply(Verb.DROP, item.id)
    assert [each.words for each in store.queries.timeline(item.id)][1:] == [
        "held by you",
        "released by you",
        "deleted by you",
    ]
    said = [mark["verb"] for mark in read_letter(folder / f"{item.id}.letter").marks]
    assert said == ["hold", "release", "drop"]


def test_needs_you_comes_first(store: Store, clock: SetClock) -> None:
    for number in range(3):
        clock.move(1)
        store.enqueue(Incoming(message(number), composing=str(number)))
    sent_through(store, ME, Action.OK)
    failed = sent_through(store, ME, Action.RECIPIENT)
    assert store.queries.items()[0].id == failed.id
    assert store.queries.counts() == {ItemState.ACCEPTED: 1, ItemState.FAILED: 1, ItemState.QUEUED: 1}
    assert store.queries.items(limit=1)[0].id == failed.id


def test_tombstones_are_kept_half_a_year_and_cancelled_bytes_a_week(
    store: Store, clock: SetClock, folder: Path
) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.actions.apply(Verb.DROP, item.id)
    clock.move(8 * 86400)
    assert store.prune() == 0
    assert list(folder.glob("*.letter")) == []
    assert store.queries.item(item.id).state is ItemState.CANCELLED
    clock.move(173 * 86400)
    assert store.prune() == 1
    with pytest.raises(NoSuchItemError):
        store.queries.item(item.id)


def test_a_prefix_of_several_ids_is_refused(store: Store) -> None:
    for number in range(2):
        store.enqueue(Incoming(message(number), composing=str(number)))
    with pytest.raises(OutboxError, match="Several"):
        store.queries.item(store.queries.items()[0].id[:3])
    with pytest.raises(NoSuchItemError):
        store.queries.item("zzzz")
    with pytest.raises(NoSuchItemError):
        store.queries.item("")


def test_what_another_process_changed_is_seen(store: Store, folder: Path, clock: SetClock, box: Box) -> None:
    other = store_in(folder, clock, box)
    before = store.queries.version()
    assert store.queries.version() == before
    other.enqueue(Incoming(message(), composing="a"))
    assert store.queries.version().others != before.others
    own = store.queries.version()
    store.actions.apply(Verb.HOLD, store.queries.items()[0].id)
    assert store.queries.version().own != own.own
    other.close()


# -- the disk and the folder
def test_a_foreign_folder_is_refused(folder: Path, clock: SetClock) -> None:
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    with pytest.raises(ForeignStoreError, match="Others may write"):
        store_in(folder, clock)


def test_a_full_disk_leaves_no_part_of_a_letter(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tuimail.durable.os.fsync", full)
        with pytest.raises(StorageError, match="full"):
            store.enqueue(Incoming(message(), composing="a"))
    assert list(folder.glob("*.letter")) + list(folder.glob(".*")) == []
    assert store.queries.items() == []
    assert store.enqueue(Incoming(message(), composing="a")).state is ItemState.QUEUED


def test_an_index_that_cannot_grow_leaves_the_letter_a_draft(store: Store, folder: Path) -> None:
    with store.outbox.index.reading() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="full"):
        queue_many(store, 100)
    stored = store.queries.items()
    assert len(stored) == len(list(folder.glob("*.letter")))


def test_no_dot_on_a_full_disk(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    store.claims.claim(ME)
    with monkeypatch.context() as patch:
        patch.setattr("tuimail.outbox.store.letter_file.os.write", lambda descriptor, data: 0)
        with pytest.raises(StorageError, match="full"):
            store.claims.committing(item.id, ME)
    assert store.queries.item(item.id).stage is Stage.CONNECT


def test_another_process_that_holds_the_index_is_named(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.outbox.index.reading() as db:
        db.execute("PRAGMA busy_timeout = 1")
    holder = sqlite3.connect(folder / "index.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="Another tuimail holds the outbox"):
        store.enqueue(Incoming(message(), composing="a"))
    assert list(folder.glob("*.letter")) == []
    holder.execute("ROLLBACK")
    holder.close()


def test_an_outbox_of_a_newer_tuimail_is_left_alone(folder: Path, clock: SetClock) -> None:
    store_in(folder, clock).close()
    db = sqlite3.connect(folder / "index.db")
    db.executescript(f"PRAGMA user_version = 99; PRAGMA application_id = {MARKED + 99}")
    db.close()
    with pytest.raises(StorageError, match="newer"):
        store_in(folder, clock)


def test_an_upgrade_backs_up_first_and_keeps_the_letters(
    folder: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_in(folder, clock)
    item = store.enqueue(Incoming(message(), composing="a"))
    steps = (*MIGRATIONS, lambda db: db.execute("ALTER TABLE health ADD COLUMN colour TEXT"))
    for name in ("tuimail.outbox.store.schema.VERSION", "tuimail.outbox.store.database.VERSION"):
        monkeypatch.setattr(name, VERSION + 1)
    monkeypatch.setattr("tuimail.outbox.store.schema.MIGRATIONS", steps)
    monkeypatch.setattr("tuimail.outbox.store.schema.SUMMED", (*SUMMED, SUMMED[-1]))
    monkeypatch.setattr("tuimail.outbox.store.database.PATIENCE", 0.0)
    with pytest.raises(StorageError, match="another tuimail has it open"):
        store_in(folder, clock)
    store.close()
    new = store_in(folder, clock)
    assert new.queries.item(item.id) == item
    assert (folder / f"index.before-{VERSION + 1}").exists()
    new.close()


def test_the_timeline_and_dialogue_are_kept(store: Store) -> None:
    item = store.enqueue(Incoming(message(), composing="a"))
    claimed = store.claims.claim(ME)
    assert claimed is not None
    store.claims.touching(item.id, ME)
    store.claims.record(item.id, ME, replace(result(claimed, Action.RETRY), dialogue=("C: MAIL", "S: 451 later")))
    assert store.queries.dialogue(item.id) == ("C: MAIL", "S: 451 later")
    assert store.queries.timeline(item.id)[-1].reply == "451 4.3.0 try again later"
