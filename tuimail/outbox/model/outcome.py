"""What an attempt means for a letter and its account: (item, result, health) -> (item, health, messages). Pure.

The verdicts come from submission/classify, one per recipient; here they become states:

* an uncertain recipient makes the letter uncertain (rule 7), unless the settings ask to send again;
* trouble of the account blocks the letter and pauses the account; it does not count as a try of the letter (rule 9);
* a letter that the server does not keep until its time is held here until then (RFC 4865);
* trouble that a command or a server reports for every recipient of the attempt belongs to the account as well;
* each recipient still open is tried again by a schedule of its own (rule 11, model/rounds), at once after a split
  that decided a recipient (rule 12);
* without open recipients the letter is accepted, or failed if any was refused: "failed" then names the refused ones;
  the others have the letter, and its copy is filed (rule 8).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuimail.config.model import OutboxSettings, WhenUncertain
from tuimail.dates.format_date import format_full_date
from tuimail.outbox.model import backoff, rounds
from tuimail.outbox.model.item import AccountHealth, Filing, OutboxItem, Recipient, TimelineEntry
from tuimail.outbox.model.resulting_state import with_flagging
from tuimail.outbox.model.states import FilingState, ItemState, RecipientState
from tuimail.submission.result import AccountProblem, Action, Stage, SubmissionResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

Chance = Callable[[], float]
"""A random number from 0 to 1, for the spread of delays."""

_ACCOUNT = (Action.ACCOUNT, Action.REAUTH)
_DECIDED = (RecipientState.ACCEPTED, RecipientState.REFUSED)
_PASSES = frozenset({AccountProblem.CERTIFICATE, AccountProblem.SECURITY, AccountProblem.QUOTA, AccountProblem.SERVER})
"""Trouble that may pass by itself; sign-in is never tried again unasked, because servers lock accounts."""
_ON_A_LETTER = frozenset({Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.BODY, Stage.COMMITTING})
"""Stages at which the letter itself may be the cause of the trouble."""
_IN_PARTS = "The server takes a part at a time."


@dataclass(frozen=True, slots=True)
class Settled:
    """The effect of an attempt."""

    item: OutboxItem
    health: AccountHealth
    entries: tuple[TimelineEntry, ...]


def settle(
    item: OutboxItem,
    result: SubmissionResult,
    health: AccountHealth,
    settings: OutboxSettings,
    now: float,
    chance: Chance,
    *,
    no_copy: str = "",
) -> Settled:
    """Apply ``result`` to an item being sent. ``no_copy``: why no copy of it is to be filed; empty when one is."""
    jitter = chance()  # the same for all: recipients deferred together stay together
    account = account_verdict(result)
    asked = [
        _Asked(each, verdict, shared=account is not None and verdict == account)
        for each in item.open_recipients
        if (verdict := _verdict_for(each, item, result, account)) is not None
    ]
    by_address = {each.before.address: each for each in asked}
    recipients = tuple(
        by_address[each.address].after(settings, now, jitter) if each.open and each.address in by_address else each
        for each in item.recipients
    )
    health = _health_after(item, result, account, health, now, jitter)
    last = next((each.verdict for each in asked if each.verdict.reply), asked[0].verdict if asked else None)
    base = replace(
        item,
        recipients=recipients,
        owner="",
        lease_until=None,
        not_before=None,
        next_attempt_at=None,
        last_attempt_at=now,
        changed_at=now,
        stage=last.stage if last else item.stage,
        last_reply=str(last.reply) if last and last.reply else item.last_reply,
        trouble=None,
        via=result.via or item.via,
    )
    settled = _state_after(base, item, asked, health, now, jitter)
    settled = replace(settled, filing=_filing_after(settled, no_copy))
    if settled.state is ItemState.ACCEPTED and settled.filing.state is not FilingState.DUE:
        settled = replace(settled, state=ItemState.DONE)
    settled = with_flagging(settled)
    warned = settled.state is ItemState.DEFERRED and not settled.warned and _overdue(settled, now)
    settled = replace(settled, warned=settled.warned or warned)
    return Settled(settled, health, _entries(item, settled, asked, now, warned=warned))


def _entries(
    before: OutboxItem, settled: OutboxItem, asked: Sequence[_Asked], now: float, *, warned: bool
) -> tuple[TimelineEntry, ...]:
    """What the timeline says of the attempt; ``warned``: it has been tried for four hours."""
    description = _description(settled, asked, len(before.open_recipients))
    entries = [TimelineEntry(now, description, str(settled.stage or ""), _replies(asked))]
    if settled.filing.state is FilingState.SKIPPED and before.filing.state is not FilingState.SKIPPED:
        entries.append(TimelineEntry(now, settled.filing.words))
    if warned:
        entries.append(TimelineEntry(now, "not sent for four hours; trying goes on"))
    return tuple(entries)


def account_verdict(result: SubmissionResult) -> Verdict | None:
    """The verdict that is the account's or its host's, not the letter's; None when there is none.

    The submitter names it, or it is one that is to hold the account after some tries: unless a recipient was accepted,
    that concerns all letters of the account and is counted over all of them.
    """
    verdicts = tuple(result.recipients.values())
    if result.account is not None or any(each.action is Action.OK for each in verdicts):
        return result.account
    undecided = [each for each in verdicts if each.action not in (Action.RECIPIENT, Action.MESSAGE)]
    if undecided and all(each.then in _ACCOUNT for each in undecided):
        return undecided[0]
    return None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A recipient of this attempt, as it was, and its verdict with ``tries``/``then`` taken into account."""

    before: Recipient
    verdict: Verdict
    shared: bool = False
    """The verdict is the account's: it says nothing of this recipient, and is counted there."""

    def after(self, settings: OutboxSettings, now: float, jitter: float) -> Recipient:
        """The recipient as the verdict leaves it."""
        action = self.verdict.action
        reply = self.verdict.reply
        if action is Action.UNCERTAIN and settings.when_uncertain is WhenUncertain.RESEND:
            action = Action.RETRY
        deferred = self.before.tries if self.shared else self.before.tries + 1
        state, tries = {
            Action.OK: (RecipientState.ACCEPTED, 0),
            Action.RECIPIENT: (RecipientState.REFUSED, 0),
            Action.MESSAGE: (RecipientState.REFUSED, 0),
            Action.UNCERTAIN: (RecipientState.UNCERTAIN, self.before.tries),
            Action.RETRY: (RecipientState.DEFERRED, deferred),
            Action.SOON: (RecipientState.DEFERRED, deferred),
        }.get(action, (self.before.state, self.before.tries))
        next_attempt_at = self.before.next_attempt_at if state in (RecipientState.DEFERRED, self.before.state) else None
        if state is RecipientState.DEFERRED and not self.shared:
            next_attempt_at = now + _wait(self.verdict, tries, jitter)
        return replace(
            self.before,
            state=state,
            tries=tries,
            next_attempt_at=next_attempt_at,
            reply=reply,
            words=self.verdict.message,
            decided_at=now if state in _DECIDED else None,
        )


def _wait(verdict: Verdict, tries: int, jitter: float) -> float:
    """Seconds until the next try after so many in a row that ended with such a verdict."""
    table = backoff.UNREACHABLE if verdict.reply is None else backoff.ANSWERED
    wait = backoff.delay(table, tries, at_least=verdict.delay, chance=jitter)
    return max(min(wait, backoff.SOON), min(verdict.delay, backoff.LONGEST)) if verdict.action is Action.SOON else wait


def _verdict_for(
    recipient: Recipient, item: OutboxItem, result: SubmissionResult, account: Verdict | None
) -> Verdict | None:
    """What the attempt says of a recipient; None: it was not asked about."""
    verdict = result.recipients.get(recipient.address)
    if verdict is None:
        if result.recipients:
            return None
        if item.stage is Stage.COMMITTING:
            return Verdict(Action.UNCERTAIN, Stage.COMMITTING, "It may have been delivered: no answer is known.")
        return Verdict(Action.RETRY, item.stage or Stage.CONNECT, "It was not tried.")
    progress = any(each.action is Action.OK for each in result.recipients.values())
    if verdict.action is Action.SPLIT and verdict.reply and not progress:
        # "Too many recipients" for none accepted would be retried for ever.
        verdict = replace(verdict, action=Action.RETRY)
    if verdict == account or verdict.then is None or verdict.then in _ACCOUNT:
        return verdict
    if verdict.tries is not None and recipient.tries + 1 >= verdict.tries:
        return replace(verdict, action=verdict.then, tries=None, then=None)
    return verdict


def _health_after(
    item: OutboxItem,
    result: SubmissionResult,
    verdict: Verdict | None,
    health: AccountHealth,
    now: float,
    jitter: float,
) -> AccountHealth:
    """The account paused, or well again. A learnt recipient limit is kept in both cases."""
    limit = result.recipient_limit or health.recipient_limit
    if verdict is None:
        return replace(health.well, recipient_limit=limit)
    if verdict.action not in _ACCOUNT and health.tries and item.changed_at < (health.tried_at or 0.0):
        # It was under way already when another connection met this trouble, which is counted once.
        return replace(health, recipient_limit=limit)
    tries = health.tries + 1
    action = verdict.action
    if verdict.then is not None and verdict.tries is not None and tries >= verdict.tries:
        action = verdict.then
    trouble = (verdict.problem or AccountProblem.SERVER) if action in _ACCOUNT else None
    if action is Action.REAUTH:
        trouble = verdict.problem or AccountProblem.SIGN_IN
    probe_at: float | None
    if trouble is None:
        probe_at = now + _wait(replace(verdict, action=action), tries, jitter)
    elif trouble in _PASSES:
        probe_at = now + backoff.delay(backoff.TROUBLE, tries, at_least=verdict.delay, chance=jitter)
    else:
        probe_at = None
    return replace(
        health,
        trouble=trouble,
        words=verdict.message,
        since=health.since if health.since is not None else now,
        probe_at=probe_at,
        tries=tries,
        recipient_limit=limit,
        tried_at=now,
    )


def _state_after(
    base: OutboxItem, before: OutboxItem, asked: Sequence[_Asked], health: AccountHealth, now: float, jitter: float
) -> OutboxItem:
    uncertain = base.count(RecipientState.UNCERTAIN)
    if uncertain:
        words = next((each.verdict.message for each in asked if each.verdict.action is Action.UNCERTAIN), base.words)
        return replace(base, state=ItemState.UNCERTAIN, words=words, next_attempt_at=None)
    if not base.open_recipients:
        return _decided(base, now)
    kept = next((each.verdict for each in asked if each.verdict.action is Action.KEEP), None)
    if kept is not None and before.hold_until is not None:
        return replace(
            base, state=ItemState.HELD, not_before=before.hold_until, hold_until=None, words=kept.message, stage=None
        )
    if health.trouble is not None:
        return replace(base, state=ItemState.BLOCKED, trouble=health.trouble, words=health.words)
    states = {each.address: each.state for each in base.recipients}
    waiting_on = [each.verdict for each in asked if states[each.before.address] not in _DECIDED]
    words = next((each.message for each in waiting_on if each.action is not Action.SPLIT), "") or _IN_PARTS
    if health.tries:
        waiting = _behind_its_host(base, asked, health, now, jitter)
    else:
        progress = len(waiting_on) < len(asked)
        rest = base.open_recipients
        # When all were tried and deferred, only their own times count.
        all_put_off = len(waiting_on) == len(rest) and all(each.next_attempt_at is not None for each in rest)
        pause = 0.0 if all_put_off else backoff.delay((rounds.PAUSE,), 1, chance=jitter)
        at = rounds.next_round(rest, now, progress=progress, pause=pause)
        if at is None:
            return replace(base, state=ItemState.QUEUED, tries=0, words=_IN_PARTS)
        waiting = replace(base, tries=0 if progress else base.tries + 1, next_attempt_at=at)
    expires_at = backoff.expiry_now(base.expires_at, before.last_attempt_at or before.queued_at, now)
    if expires_at <= now:
        return replace(
            waiting,
            state=ItemState.FAILED,
            next_attempt_at=None,
            expires_at=expires_at,
            words=f"Given up after five days of trying. {words} Retry starts anew.".replace("  ", " "),
        )
    return replace(waiting, state=ItemState.DEFERRED, words=words, expires_at=expires_at)


def _behind_its_host(
    base: OutboxItem, asked: Sequence[_Asked], health: AccountHealth, now: float, jitter: float
) -> OutboxItem:
    """A letter whose account's host is in trouble.

    That is not the letter's: its own schedule stays where it was. But when the trouble came after MAIL the letter
    itself may be the cause, so its schedule goes on, and the others do not wait for it at every probe.
    """
    at = health.probe_at or now
    touched = next((each.verdict for each in asked if each.shared and each.verdict.stage in _ON_A_LETTER), None)
    if touched is None:
        return replace(base, next_attempt_at=at)
    tries = base.tries + 1
    return replace(base, tries=tries, next_attempt_at=max(at, now + _wait(touched, tries, jitter)))


def _decided(base: OutboxItem, now: float) -> OutboxItem:
    refused = [each for each in base.recipients if each.state is RecipientState.REFUSED]
    if not refused:
        return replace(base, state=ItemState.ACCEPTED, tries=0, words=_kept_words(base, now), expires_at=None)
    accepted = base.count(RecipientState.ACCEPTED)
    words = refused[0].words
    if accepted or len({each.words for each in refused}) > 1:
        names = ", ".join(each.address for each in refused[:3]) + (" and others" if len(refused) > 3 else "")
        others = f" The other {accepted} have it." if accepted > 1 else " The other one has it." if accepted else ""
        words = f"Refused for {names}: {words}{others}"
    return replace(base, state=ItemState.FAILED, words=words)


def _kept_words(item: OutboxItem, now: float) -> str:
    """That the server has it and keeps it; empty when it does not."""
    if item.hold_until is None or item.hold_until <= now:
        return ""
    return f"The server keeps it until {format_full_date(item.hold_until)}."


def _filing_after(item: OutboxItem, no_copy: str) -> Filing:
    if item.filing.state is FilingState.NONE and item.count(RecipientState.ACCEPTED):
        return Filing(FilingState.SKIPPED, words=no_copy) if no_copy else Filing(FilingState.DUE)
    return item.filing


def _overdue(item: OutboxItem, now: float) -> bool:
    return item.expires_at is not None and backoff.warning_due(item.expires_at, now)


def _description(item: OutboxItem, asked: Sequence[_Asked], total: int) -> str:
    accepted = sum(each.verdict.action is Action.OK for each in asked)
    refused = sum(each.verdict.action in (Action.RECIPIENT, Action.MESSAGE) for each in asked)
    via = f" by {item.via}" if item.via else ""
    parts = [(f"accepted for {accepted} of {total}" if total > 1 else "accepted") + via] if accepted else []
    if refused:
        parts.append(f"refused for {refused} of {total}" if total > 1 else "refused")
    # The reason of a refusal is shown with the reply, and at the recipient.
    if item.state is not ItemState.FAILED or not refused:
        parts += _left_as(item)
    if accepted and item.hold_until is not None and item.hold_until > item.changed_at:
        parts.append(f"the server keeps it until {format_full_date(item.hold_until)}")
    if item.state is ItemState.HELD and item.not_before is not None:
        parts.append(f"held here until {format_full_date(item.not_before)}: {item.words}")
    count = f"attempt {item.attempts}: " if item.attempts else ""
    return f"{count}{', '.join(parts) or item.state.value}"


def _left_as(item: OutboxItem) -> list[str]:
    """What is left to do, in words."""
    if item.state in (ItemState.DEFERRED, ItemState.BLOCKED, ItemState.UNCERTAIN, ItemState.FAILED, ItemState.QUEUED):
        return [f"{item.state.value}: {item.words}" if item.words else item.state.value]
    return []


def _replies(asked: Sequence[_Asked]) -> str:
    """Each different reply once, at most three."""
    replies = dict.fromkeys(str(each.verdict.reply) for each in asked if each.verdict.reply)
    return " | ".join(list(replies)[:3])
