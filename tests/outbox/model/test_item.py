from __future__ import annotations

from dataclasses import replace

import pytest

from tests.outbox.scene import START, message
from tuimail.errors import AddressError, IllegalTransitionError, OutboxError
from tuimail.mail.envelope import EnvelopeRecipient
from tuimail.outbox.model.actions import carry_out, mended
from tuimail.outbox.model.item import Filing, OutboxItem, Recipient
from tuimail.outbox.model.states import (
    NEEDS_YOU,
    VERBS,
    WAITING,
    FilingState,
    ItemState,
    RecipientState,
    Verb,
    after,
    verbs_for,
)
from tuimail.outbox.store.fingerprint import Measured
from tuimail.outbox.store.journal import fresh_item
from tuimail.outbox.store.letter_file import head_for

LEGAL = {
    ItemState.HELD: "send-now hold release later move change-account edit cancel drop",
    ItemState.QUEUED: "send-now hold later move change-account edit cancel drop",
    ItemState.SENDING: "",
    ItemState.DEFERRED: "send-now hold later retry move change-account edit cancel drop mend",
    ItemState.BLOCKED: "send-now hold later retry move change-account edit cancel drop",
    ItemState.FAILED: "send-now hold later retry change-account edit cancel drop mend",
    ItemState.UNCERTAIN: "drop resolve-sent resolve-resend",
    ItemState.ACCEPTED: "",
    ItemState.DONE: "",
    ItemState.CANCELLED: "restore",
}
"""Written out apart from the table it checks."""


def item(state: ItemState = ItemState.QUEUED, **recipients: RecipientState) -> OutboxItem:
    head = head_for(
        "0000000001",
        message(),
        composing="c",
        queued_at=START,
        measured=Measured("d", ""),
        not_before=None,
        held=False,
        revision=1,
    )
    everybody = tuple(
        Recipient(EnvelopeRecipient(f"{name}@example.net"), each) for name, each in recipients.items()
    ) or (Recipient(EnvelopeRecipient("bob@example.net")),)
    return replace(fresh_item(head), state=state, recipients=everybody)


@pytest.mark.parametrize("state", ItemState)
@pytest.mark.parametrize("verb", Verb)
def test_each_verb_fits_exactly_its_states(state: ItemState, verb: Verb) -> None:
    if verb.value in LEGAL[state].split():
        assert after(verb, state) is VERBS[verb][state]
        assert verb in verbs_for(state)
    else:
        with pytest.raises(IllegalTransitionError) as refused:
            after(verb, state)
        assert refused.value.state == state
        assert refused.value.hint


def test_each_state_is_ended_by_the_program_or_by_a_verb() -> None:
    ended = {ItemState.DONE, ItemState.CANCELLED}
    by_program = WAITING | {ItemState.ACCEPTED}
    for state in set(ItemState) - ended:
        assert state in by_program or verbs_for(state)
    for state in NEEDS_YOU:
        assert verbs_for(state)


@pytest.mark.parametrize("verb", [Verb.SEND_NOW, Verb.RETRY, Verb.RELEASE, Verb.HOLD])
@pytest.mark.parametrize("state", ItemState)
def test_a_letter_set_going_again_has_somebody_to_go_to_and_a_fresh_budget(state: ItemState, verb: Verb) -> None:
    if state not in VERBS[verb]:
        return
    some = RecipientState.REFUSED if state is ItemState.FAILED else RecipientState.DEFERRED
    old = replace(item(state, ann=some), tries=7, warned=True, expires_at=START, attempts=9)
    new = carry_out(verb, old, START + 50)
    assert [each.address for each in new.open_recipients] == ["ann@example.net"]
    assert (new.tries, new.warned, new.attempts) == (0, False, 9)
    assert new.expires_at == START + 50 + 5 * 86400


@pytest.mark.parametrize("verb", [Verb.DROP, Verb.CANCEL, Verb.EDIT])
def test_what_somebody_has_already_cannot_be_taken_back_and_is_filed(verb: Verb) -> None:
    old = item(ItemState.FAILED, ann=RecipientState.ACCEPTED, bob=RecipientState.REFUSED)
    new = carry_out(verb, old, START)
    assert new.state is ItemState.ACCEPTED
    assert new.filing.state is FilingState.DUE
    filed = carry_out(verb, replace(old, filing=Filing(FilingState.FILED)), START)
    assert filed.state is ItemState.DONE


def test_retry_goes_only_to_those_who_do_not_have_it() -> None:
    old = item(ItemState.FAILED, ann=RecipientState.ACCEPTED, bob=RecipientState.REFUSED)
    assert [each.address for each in carry_out(Verb.RETRY, old, START).open_recipients] == ["bob@example.net"]


def test_resend_serves_the_uncertain_only_because_it_was_asked_for() -> None:
    old = item(ItemState.UNCERTAIN, ann=RecipientState.UNCERTAIN, bob=RecipientState.ACCEPTED)
    assert [each.address for each in carry_out(Verb.RESOLVE_RESEND, old, START).open_recipients] == ["ann@example.net"]
    sent = carry_out(Verb.RESOLVE_SENT, old, START)
    assert (sent.state, sent.filing.state) == (ItemState.ACCEPTED, FilingState.DUE)


def test_a_part_said_to_be_sent_lets_the_other_part_go_on() -> None:
    old = item(ItemState.UNCERTAIN, ann=RecipientState.UNCERTAIN, bob=RecipientState.PENDING)
    assert carry_out(Verb.RESOLVE_SENT, old, START).state is ItemState.QUEUED


def test_a_mended_address_is_the_only_one_served_again() -> None:
    old = item(ItemState.FAILED, ann=RecipientState.ACCEPTED, bob=RecipientState.REFUSED, kim=RecipientState.REFUSED)
    new = mended(old, "bob@example.net", "rob@example.net", START)
    assert [each.address for each in new.open_recipients] == ["rob@example.net"]
    assert new.state is ItemState.QUEUED


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("nobody@example.net", "x@example.net", OutboxError),
        ("ann@example.net", "x@example.net", OutboxError),
        ("bob@example.net", "ANN@example.net", OutboxError),
        ("bob@example.net", "x@example.net>\r\nRCPT TO:<y@example.net", AddressError),
        ("bob@example.net", "x y@example.net", AddressError),
        ("bob@example.net", "example.net", AddressError),
        ("bob@example.net", "bob@", AddressError),
    ],
)
def test_what_cannot_be_mended_is_refused(old: str, new: str, error: type[Exception]) -> None:
    failed = item(ItemState.FAILED, ann=RecipientState.ACCEPTED, bob=RecipientState.REFUSED)
    with pytest.raises(error):
        mended(failed, old, new, START)


@pytest.mark.parametrize("state", sorted(set(ItemState) - {ItemState.FAILED, ItemState.DEFERRED}))
def test_only_failed_and_deferred_letters_are_mended(state: ItemState) -> None:
    with pytest.raises(IllegalTransitionError):
        mended(item(state, bob=RecipientState.REFUSED), "bob@example.net", "rob@example.net", START)
