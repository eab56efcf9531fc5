from __future__ import annotations

from dataclasses import replace

import pytest

from tests.outbox.model.test_item import item as item_of
from tests.outbox.scene import START, host_trouble, result, unreachable, verdict
from tuimail.config.model import OutboxSettings, WhenUncertain
from tuimail.outbox.model.item import AccountHealth, Filing, OutboxItem
from tuimail.outbox.model.outcome import Settled, settle
from tuimail.outbox.model.states import FilingState, ItemState, RecipientState
from tuimail.submission.result import AccountProblem, Action, Stage, SubmissionResult

WELL = AccountHealth("work")
NOW = START + 10


def sending(*names: str) -> OutboxItem:
    people = dict.fromkeys(names or ("ann", "bob", "kim"), RecipientState.PENDING)
    return replace(item_of(ItemState.SENDING, **people), stage=Stage.COMMITTING, attempts=1, changed_at=NOW)


def settled(
    item: OutboxItem,
    outcome: SubmissionResult,
    health: AccountHealth = WELL,
    now: float = NOW,
    settings: OutboxSettings | None = None,
) -> Settled:
    return settle(item, outcome, health, settings or OutboxSettings(), now, lambda: 0.5)


OK, RETRY, RCPT, MSG, UNC, SPLIT, SOON = (
    Action.OK,
    Action.RETRY,
    Action.RECIPIENT,
    Action.MESSAGE,
    Action.UNCERTAIN,
    Action.SPLIT,
    Action.SOON,
)


@pytest.mark.parametrize(
    ("actions", "state", "recipients", "filing"),
    [
        ((OK, OK, OK), "accepted", "accepted accepted accepted", "due"),
        ((OK, RCPT, OK), "failed", "accepted refused accepted", "due"),
        ((OK, RETRY, RCPT), "deferred", "accepted deferred refused", "due"),
        ((RETRY, RETRY, RETRY), "deferred", "deferred deferred deferred", "none"),
        ((SOON, SOON, SOON), "deferred", "deferred deferred deferred", "none"),
        ((RCPT, RCPT, RCPT), "failed", "refused refused refused", "none"),
        ((MSG, MSG, MSG), "failed", "refused refused refused", "none"),
        ((UNC, UNC, UNC), "uncertain", "uncertain uncertain uncertain", "none"),
        ((UNC, RCPT, RETRY), "uncertain", "uncertain refused deferred", "none"),
        ((OK, OK, SPLIT), "queued", "accepted accepted pending", "due"),
        ((SPLIT, SPLIT, SPLIT), "deferred", "deferred deferred deferred", "none"),
    ],
)
def test_what_became_of_the_recipients_makes_the_state(
    actions: tuple[Action, ...], state: str, recipients: str, filing: str
) -> None:
    after = settled(sending(), result(sending(), *actions)).item
    assert after.state == state
    assert " ".join(each.state for each in after.recipients) == recipients
    assert after.filing.state == filing
    assert (after.owner, after.lease_until) == ("", None)
    if after.state in (ItemState.QUEUED, ItemState.DEFERRED, ItemState.BLOCKED):
        assert after.open_recipients


def test_a_partly_refused_letter_says_who_and_that_the_others_have_it() -> None:
    after = settled(sending(), result(sending(), OK, RCPT, OK))
    assert after.item.needs_you
    assert "bob@example.net" in after.item.words
    assert "The other 2 have it." in after.item.words
    assert after.item.last_reply


def test_all_accepted_with_the_copy_filed_before_is_done() -> None:
    filed = replace(sending(), filing=Filing(FilingState.FILED))
    assert settled(filed, result(filed, OK)).item.state is ItemState.DONE


def test_uncertain_is_never_called_failed_and_never_due() -> None:
    after = settled(sending("ann"), result(sending("ann"), UNC))
    assert after.item.next_attempt_at is None
    assert after.item.needs_you
    assert "failed" not in after.item.words


def test_uncertain_is_sent_again_only_when_the_settings_ask_for_it() -> None:
    settings = OutboxSettings(when_uncertain=WhenUncertain.RESEND)
    after = settled(sending("ann"), result(sending("ann"), UNC), settings=settings)
    assert after.item.state is ItemState.DEFERRED
    assert after.item.next_attempt_at


@pytest.mark.parametrize("action", [Action.ACCOUNT, Action.REAUTH])
@pytest.mark.parametrize(
    ("trouble", "probed"),
    [
        (AccountProblem.SIGN_IN, False),
        (AccountProblem.SECRET, False),
        (AccountProblem.MISSING, False),
        (AccountProblem.CERTIFICATE, True),
        (AccountProblem.SECURITY, True),
        (AccountProblem.QUOTA, True),
        (AccountProblem.SERVER, True),
    ],
)
def test_account_trouble_blocks_and_burns_no_tries(action: Action, trouble: AccountProblem, probed: bool) -> None:
    told = verdict(action, stage=Stage.AUTH, trouble=trouble)
    after = settled(sending(), host_trouble(sending(), told))
    assert after.item.state is ItemState.BLOCKED
    assert after.item.tries == 0
    assert after.item.trouble is trouble
    assert len(after.item.open_recipients) == 3
    assert after.health.trouble is trouble
    assert (after.health.probe_at is not None) is probed


def test_a_daily_limit_is_not_probed_before_it_ends() -> None:
    told = verdict(Action.ACCOUNT, trouble=AccountProblem.QUOTA, delay=86400)
    assert settled(sending(), host_trouble(sending(), told)).health.probe_at == NOW + 86400


def test_an_unreachable_host_pauses_the_account_and_not_the_letters_schedule() -> None:
    first = settled(sending(), unreachable(sending()))
    assert first.item.state is ItemState.DEFERRED
    assert first.item.tries == 0
    assert first.health.probe_at == first.item.next_attempt_at == NOW + 15
    assert first.health.trouble is None
    second = settled(sending(), unreachable(sending()), first.health, NOW + 15)
    assert second.health.probe_at == NOW + 15 + 30


def test_the_third_failure_of_its_kind_holds_the_account() -> None:
    told = verdict(Action.RETRY, stage=Stage.TLS, trouble=AccountProblem.CERTIFICATE, tries=3, then=Action.ACCOUNT)
    health = WELL
    states = []
    for _ in range(3):
        after = settled(sending(), host_trouble(sending(), told), health)
        health = after.health
        states.append(after.item.state.value)
    assert states == ["deferred", "deferred", "blocked"]


def test_a_recipient_refused_softly_three_times_is_refused() -> None:
    told = verdict(Action.RETRY, stage=Stage.RCPT, tries=3, then=Action.RECIPIENT)
    item = sending("ann")
    for _ in range(3):
        item = settled(replace(item, state=ItemState.SENDING), SubmissionResult({"ann@example.net": told})).item
    assert item.state is ItemState.FAILED


def test_success_finds_the_account_well_and_keeps_what_was_learnt() -> None:
    ill = AccountHealth("work", tries=4, probe_at=NOW, recipient_limit=20)
    assert settled(sending(), result(sending(), OK), ill).health == AccountHealth("work", recipient_limit=20)


def test_those_not_asked_this_time_go_in_the_next_transaction() -> None:
    outcome = SubmissionResult({"ann@example.net": verdict(OK)})
    after = settled(sending(), outcome).item
    assert after.state is ItemState.QUEUED
    assert [each.address for each in after.open_recipients] == ["bob@example.net", "kim@example.net"]
    assert after.next_attempt_at is None


def test_no_verdict_at_all_past_the_dot_is_uncertain() -> None:
    assert settled(sending(), SubmissionResult({})).item.state is ItemState.UNCERTAIN


def test_the_warning_is_given_once() -> None:
    late = replace(sending("ann"), last_attempt_at=START + 4 * 3600)
    first = settled(late, result(late, RETRY), now=START + 4 * 3600 + 60)
    assert [entry.words for entry in first.entries[1:]] == ["not sent for four hours; trying goes on"]
    again = replace(first.item, state=ItemState.SENDING)
    assert len(settled(again, result(again, RETRY), now=START + 5 * 3600).entries) == 1


def test_after_five_days_of_trying_it_is_parked_with_a_text() -> None:
    old = replace(sending("ann"), last_attempt_at=START + 5 * 86400)
    after = settled(old, result(old, RETRY), now=START + 5 * 86400 + 60)
    assert after.item.state is ItemState.FAILED
    assert "five days" in after.item.words
    assert after.item.open_recipients


def test_five_days_of_being_switched_off_do_not_count() -> None:
    after = settled(sending("ann"), unreachable(sending("ann")), now=START + 9 * 86400)
    assert after.item.state is ItemState.DEFERRED


def test_every_attempt_is_told_in_the_timeline() -> None:
    for action in (OK, RETRY, RCPT, MSG, UNC):
        entries = settled(sending(), result(sending(), action)).entries
        assert entries[0].words.startswith("attempt 1: ")


def test_a_copy_nobody_wants_is_settled_with_the_answer() -> None:
    item = sending("ann", "bob")
    after = settle(item, result(item, OK, OK), WELL, OutboxSettings(), NOW, lambda: 0.5, no_copy="None is kept.")
    assert (after.item.state, after.item.filing.state) == (ItemState.DONE, FilingState.SKIPPED)
    assert after.entries[-1].words == "None is kept."


def test_with_one_refused_the_letter_still_needs_its_user() -> None:
    item = sending("ann", "bob")
    after = settle(item, result(item, OK, RCPT), WELL, OutboxSettings(), NOW, lambda: 0.5, no_copy="None is kept.")
    assert (after.item.state, after.item.filing.state) == (ItemState.FAILED, FilingState.SKIPPED)
