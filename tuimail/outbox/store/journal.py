"""From a letter and its marks to the outbox item they tell of. Pure; used when the index does not know (better).

The marks, each with the time and the attempt it belongs to (``by``: the owner of the lease):

==========  ===================================  ==================================================================
mark        written                              says
==========  ===================================  ==================================================================
committing  before the dot                       its recipients may have the letter from now on
result      right after the reply                the state of each recipient: accepted, refused, open, uncertain
verb        before a verb of the user is shown   the state and the recipients after it
filing      when a copy was filed or skipped     the Sent copy is done with
flagging    when the answered message was told   its flag is done with
==========  ===================================  ==================================================================

A committing mark without a result is an uncertain letter (rule 7). A result that comes late, when another attempt has
committed meanwhile, tells only who has the letter: it cannot know what the other attempt did.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.config.model import WhenLate
from tuimail.mail.answered_message import parse_answered_message
from tuimail.mail.draft_copy import parse_draft_copy
from tuimail.outbox.model import backoff
from tuimail.outbox.model.item import Filing, Flagging, OutboxItem, Recipient
from tuimail.outbox.model.resulting_state import MAY_HAVE_IT, state_of, with_filing
from tuimail.outbox.model.states import FilingState, FlaggingState, ItemState, RecipientState
from tuimail.outbox.store.codec import UNREADABLE, recipients_of, recipients_plain, reply_of, reply_plain
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tuimail.outbox.store.letter_file import Head, LetterFile, Mark
    from tuimail.submission.result import SubmissionResult

COMMITTING = "committing"
RESULT = "result"
VERB = "verb"
FILING = "filing"
FLAGGING = "flagging"

MARK_LOST = "A note on this letter cannot be read, so it may have been sent before. Your call."

OUTCOMES = {
    Action.OK: RecipientState.ACCEPTED,
    Action.RECIPIENT: RecipientState.REFUSED,
    Action.MESSAGE: RecipientState.REFUSED,
    Action.UNCERTAIN: RecipientState.UNCERTAIN,
}
"""What a verdict that decides something makes of a recipient; after every other one it is still open."""

_TOLD = {ItemState.DEFERRED: ItemState.QUEUED, ItemState.BLOCKED: ItemState.QUEUED}


def committing_said(item: OutboxItem, owner: str, to: Iterable[str] | None) -> dict[str, object]:
    """What the committing mark of an attempt says; without ``to`` everybody still open may have the letter."""
    addressed = [each.address for each in item.open_recipients] if to is None else list(to)
    return {"by": owner, "attempt": item.attempts, "to": addressed}


def outcomes_of(result: SubmissionResult) -> dict[str, list[object]]:
    """Address -> [state, reply, words]."""
    return {
        address: [
            OUTCOMES.get(verdict.action, RecipientState.PENDING).value,
            reply_plain(verdict.reply),
            verdict.message,
        ]
        for address, verdict in result.recipients.items()
    }


def result_said(result: SubmissionResult, owner: str) -> dict[str, object]:
    """What the result mark of an attempt says."""
    return {"by": owner, "to": outcomes_of(result)}


def verb_said(verb: str, item: OutboxItem, was: OutboxItem | None = None) -> dict[str, object]:
    """What the mark of a verb says: the item as the verb leaves it.

    Deferred and blocked are told as queued: why the letter waits is known to the index alone, and without it the
    letter must not wait for ever. ``was`` is the item before a verb that can be undone.
    """
    return {
        "verb": verb,
        "state": _TOLD.get(item.state, item.state).value,
        "not_before": item.not_before,
        "recipients": recipients_plain(item.recipients),
        "words": item.words if item.state is ItemState.HELD else "",
        "account": item.account,
        "rank": item.rank,
        "on_late": "" if item.on_late is None else item.on_late.value,
        "asks": item.asks,
        "hold_until": item.hold_until,
        **({} if was is None else {"was": _was_said(was)}),
    }


def _was_said(item: OutboxItem) -> dict[str, object]:
    return {
        "state": item.state.value,
        "not_before": item.not_before,
        "next_attempt_at": item.next_attempt_at,
        "expires_at": item.expires_at,
        "tries": item.tries,
        "asks": item.asks,
        "words": item.words,
    }


def was_of(item: OutboxItem, marks: Iterable[Mark]) -> OutboxItem | None:
    """A cancelled ``item`` as it was before, as its letter tells; None when it does not tell (any more)."""
    said = next((mark.get("was") for mark in reversed(tuple(marks)) if mark["mark"] == VERB), None)
    try:
        return None if said is None else replace(item, **{**said, "state": ItemState(said["state"])})
    except UNREADABLE:
        return None


def filing_said(filing: Filing) -> dict[str, object]:
    """What the mark of a filed copy says."""
    return {"state": filing.state.value, "words": filing.words, "place": filing.place}


def flagging_said(flagging: Flagging) -> dict[str, object]:
    """What the mark of a flag that is done with says."""
    return {"state": flagging.state.value, "words": flagging.words}


def fresh_item(head: Head) -> OutboxItem:
    """The item of a letter that was just written."""
    held = head.held or head.not_before is not None
    start = head.queued_at if head.not_before is None else max(head.queued_at, head.not_before)
    return OutboxItem(
        id=head.id,
        state=ItemState.HELD if held else ItemState.QUEUED,
        account=head.account,
        identity=head.identity,
        sender=head.sender,
        reverse_path=head.envelope.sender,
        subject=head.subject,
        message_id=head.message_id,
        size=head.size,
        recipients=tuple(Recipient(each) for each in head.envelope.recipients),
        queued_at=head.queued_at,
        composing=head.composing,
        digest=head.digest,
        not_before=None if head.held else head.not_before,
        expires_at=backoff.expiry(start),
        revision=head.revision,
        changed_at=head.queued_at,
        smtputf8=head.envelope.smtputf8,
        eight_bit=head.envelope.eight_bit,
        words="Held until you release it." if head.held else "",
        rank=head.queued_at if head.rank is None else head.rank,
        on_late=_late_of(head.on_late),
        notify=head.envelope.notify,
        hold_until=head.envelope.hold_until,
        revises=head.revises,
        answers=parse_answered_message(head.answers) if head.answers else None,
        draft_copy=parse_draft_copy(head.draft_copy) if head.draft_copy else None,
    )


def replay(letter: LetterFile) -> OutboxItem:
    """The item as the letter alone tells it."""
    item = fresh_item(letter.head)
    doubtful = letter.doubtful
    last = ""
    for mark in letter.marks:
        try:
            last = mark["by"] if mark["mark"] == COMMITTING else last
            item = _after(item, _of_another(mark) if mark["mark"] == RESULT and mark["by"] != last else mark)
        except UNREADABLE:
            doubtful = True
    if doubtful and item.state not in (ItemState.CANCELLED, ItemState.ACCEPTED, ItemState.DONE):
        recipients = tuple(
            replace(each, state=RecipientState.UNCERTAIN) if each.open else each for each in item.recipients
        )
        item = replace(item, state=ItemState.UNCERTAIN, recipients=recipients, words=MARK_LOST)
    return item


def _of_another(mark: Mark) -> Mark:
    """What a late result still tells: who has the letter."""
    return {**mark, "to": {to: said for to, said in mark["to"].items() if said[0] == RecipientState.ACCEPTED}}


def _after(item: OutboxItem, mark: Mark) -> OutboxItem:
    kind = mark["mark"]
    at = mark["at"]
    if kind == COMMITTING:
        addressed = set(mark["to"])
        recipients = tuple(
            replace(each, state=RecipientState.UNCERTAIN, words=MAY_HAVE_IT)
            if each.address in addressed and each.open
            else each
            for each in item.recipients
        )
        return _settled(item, recipients, at, words=MAY_HAVE_IT)
    if kind == RESULT:
        return with_outcomes(item, mark["to"], at)
    if kind == VERB:
        recipients = recipients_of(mark["recipients"])
        return with_filing(
            replace(
                item,
                state=ItemState(mark["state"]),
                not_before=mark["not_before"],
                recipients=recipients,
                smtputf8=item.smtputf8 or not all(each.address.isascii() for each in recipients),
                changed_at=at,
                words=str(mark.get("words", "")),
                account=str(mark.get("account", item.account)),
                rank=float(mark.get("rank", item.rank)),
                on_late=_late_of(mark["on_late"]) if "on_late" in mark else item.on_late,
                asks=bool(mark.get("asks")),
                hold_until=mark.get("hold_until", item.hold_until),
            )
        )
    if kind == FILING:
        filing = Filing(FilingState(mark["state"]), words=mark["words"], place=mark["place"])
        state = ItemState.DONE if item.state is ItemState.ACCEPTED else item.state
        return replace(item, state=state, filing=filing, changed_at=at)
    if kind == FLAGGING:
        return replace(item, flagging=Flagging(FlaggingState(mark["state"]), words=str(mark["words"])))
    return item  # a kind of mark that a later tuimail writes


def _late_of(plain: str) -> WhenLate | None:
    return WhenLate(plain) if plain else None


def with_outcomes(item: OutboxItem, outcomes: Mapping[str, list[object]], at: float) -> OutboxItem:
    """``item`` after the outcomes of a result mark. A recipient that was decided before stays decided."""
    recipients = []
    for each in item.recipients:
        said = outcomes.get(each.address)
        if said is None or not (each.open or each.state is RecipientState.UNCERTAIN):
            recipients.append(each)
            continue
        state = RecipientState(str(said[0]))
        decided = state in (RecipientState.ACCEPTED, RecipientState.REFUSED)
        plain = said[1]
        reply = reply_of(plain) if isinstance(plain, list) else None
        recipients.append(
            replace(
                each,
                state=state,
                reply=reply,
                words=str(said[2]),
                decided_at=at if decided else None,
                next_attempt_at=None,
            )
        )
    last = next((str(each.reply) for each in recipients if each.reply is not None), item.last_reply)
    return replace(_settled(item, tuple(recipients), at, words=""), last_reply=last)


def _settled(item: OutboxItem, recipients: tuple[Recipient, ...], at: float, *, words: str) -> OutboxItem:
    state = state_of(recipients)
    return with_filing(
        replace(
            item,
            recipients=recipients,
            state=state,
            not_before=None,
            last_attempt_at=at,
            changed_at=at,
            words=words if state is ItemState.UNCERTAIN else _first_refusal(recipients),
        )
    )


def _first_refusal(recipients: tuple[Recipient, ...]) -> str:
    return next((each.words for each in recipients if each.state is RecipientState.REFUSED), "")
