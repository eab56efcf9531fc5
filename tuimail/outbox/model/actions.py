"""What the user's verbs do to an item. Pure; outbox/model/item says which verb fits which state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.errors import AddressError, OutboxError
from tuimail.outbox.model import backoff
from tuimail.outbox.model.item import SENT_BY_USER, Recipient, verbs_of
from tuimail.outbox.model.resulting_state import MAY_HAVE_IT, state_of, with_filing
from tuimail.outbox.model.states import ItemState, RecipientState, Verb, after

if TYPE_CHECKING:
    from tuimail.config.model import WhenLate
    from tuimail.outbox.model.item import OutboxItem

LEAVING = frozenset({Verb.EDIT, Verb.CANCEL, Verb.DROP})
"""Verbs that end the sending."""

TAKEN_BACK = "It may have been delivered; you took back that it was sent. Your call."
UNTIL_RELEASED = "Held until you release it."
PUT_BACK = "Put back; release it to send it."
OTHER_IDENTITY = '"{}" has no identity {}: its server may refuse the letter. Edit it to change From.'

SAID = {
    Verb.SEND_NOW: "you asked to send it now",
    Verb.HOLD: "held by you",
    Verb.RELEASE: "released by you",
    Verb.RETRY: "you asked to try again",
    Verb.EDIT: "taken back to be edited",
    Verb.CANCEL: "cancelled by you, kept as a draft",
    Verb.DROP: "deleted by you",
    Verb.RESOLVE_SENT: "you said that it was sent",
    Verb.RESOLVE_RESEND: "you asked to send it again",
    Verb.UNRESOLVE: "you took back that it was sent",
}
"""What the timeline says; the verbs that need no more than the item."""


def carry_out(verb: Verb, item: OutboxItem, now: float, *, kept: bool = True) -> OutboxItem:
    """``item`` after a ``verb`` that needs no more than the item.

    A letter that some recipients have already cannot be cancelled: it becomes accepted, and its copy is filed.

    Args:
        verb: What the user wants.
        item: The letter.
        now: Seconds since the epoch.
        kept: The letter's bytes are there.

    Raises:
        IllegalTransitionError: the verb does not fit the state.
        ValueError: the verb needs more: a time, a place, an account, an address, the letter.
    """
    state = after(verb, item.state, fitting=verbs_of(item, kept=kept))
    if verb not in SAID:
        raise ValueError(f"{verb} needs more than the item")
    if verb in LEAVING:
        return _left(item, state, now)
    if verb is Verb.RESOLVE_SENT:
        return _sent(item, now)
    if verb is Verb.UNRESOLVE:
        return _uncertain_again(item, now)
    fresh = _fresh(item, verb, state, now)
    if state is ItemState.HELD:
        return replace(fresh, words=UNTIL_RELEASED)
    if verb is Verb.RESOLVE_RESEND:
        return replace(fresh, words="Sent again because you asked for it.")
    return fresh


def put_off(item: OutboxItem, at: float, now: float, *, on_late: WhenLate | None = None) -> OutboxItem:
    """``item`` held until ``at``, with a fresh budget from then on; ``on_late`` None leaves that as it was.

    Raises:
        IllegalTransitionError: it cannot be held any more.
        OutboxError: ``at`` is over.
    """
    state = after(Verb.LATER, item.state, fitting=verbs_of(item))
    if at <= now:
        raise OutboxError("That time is over.", hint="Give one to come, or send the letter now.")
    return replace(
        _fresh(item, Verb.LATER, state, now),
        not_before=at,
        expires_at=backoff.expiry(at),
        on_late=item.on_late if on_late is None else on_late,
        hold_until=None,  # it was for another time
    )


def through(item: OutboxItem, account: str, now: float, *, known: bool) -> OutboxItem:
    """``item`` to leave through ``account``; its bytes, From and reverse-path stay as they were frozen.

    Args:
        item: The letter.
        account: Name of the account.
        now: Seconds since the epoch.
        known: The account has an identity of the letter's From; without one the timeline says so.

    Raises:
        IllegalTransitionError: it is being sent, may have been sent, or is gone.
    """
    state = after(Verb.CHANGE_ACCOUNT, item.state, fitting=verbs_of(item))
    words = "" if known else OTHER_IDENTITY.format(account, item.identity)
    if state is ItemState.HELD:
        words = " ".join(filter(None, (words, item.words)))
        return replace(item, account=account, words=words, changed_at=now)
    return replace(_fresh(item, Verb.CHANGE_ACCOUNT, state, now), account=account, words=words)


def restored(item: OutboxItem, was: OutboxItem | None, now: float, *, exactly: bool = False) -> OutboxItem:
    """A cancelled ``item`` put back as it ``was``, but for one thing: what would have gone by now is held by hand.

    What had failed or may have been delivered is so again, what was to go at a time still to come goes then, what was
    held by hand is held. A letter that was on its way is held by hand, because taking back "drop" is no word to send;
    with ``exactly`` (an edit that came to nothing) it is on its way again.

    Raises:
        IllegalTransitionError: it was not cancelled.
    """
    state = after(Verb.RESTORE, item.state, fitting=verbs_of(item))
    back = replace(item, state=state, words=PUT_BACK, expires_at=backoff.expiry(now), found=False, changed_at=now)
    if item.count(RecipientState.UNCERTAIN):
        words = was.words if was is not None and was.words else MAY_HAVE_IT
        return replace(back, state=ItemState.UNCERTAIN, words=words)
    if was is None:
        return back
    if was.state is ItemState.FAILED:
        return replace(back, state=ItemState.FAILED, words=was.words)
    if was.state is ItemState.HELD:
        if was.not_before is None:
            return replace(back, words=was.words or UNTIL_RELEASED, asks=was.asks)
        if was.not_before > now:
            return replace(back, not_before=was.not_before, expires_at=backoff.expiry(was.not_before), words="")
        return back
    if not exactly:
        return back
    if was.state is ItemState.DEFERRED:
        return replace(was, expires_at=was.expires_at or back.expires_at, found=False, changed_at=now)
    # Blocked as well: if its account is still in trouble, the next look at what is due says so again.
    return replace(back, state=ItemState.QUEUED, words="")


def _fresh(item: OutboxItem, verb: Verb, state: ItemState, now: float) -> OutboxItem:
    """``item`` in ``state``, with a fresh budget of tries for everybody who does not have it."""
    return replace(
        item,
        state=state,
        recipients=tuple(_asked_again(each, verb, item.state) for each in item.recipients),
        not_before=None,
        next_attempt_at=None,
        trouble=None,
        words="",
        tries=0,
        warned=False,
        expires_at=backoff.expiry(now),
        changed_at=now,
        found=False,
        asks=False,
    )


def mended(item: OutboxItem, old: str, new: str, now: float) -> OutboxItem:
    """``item`` with the refused recipient ``old`` corrected to ``new``, which alone is served again (rule 12).

    Raises:
        IllegalTransitionError: the item is neither failed nor deferred.
        OutboxError: ``old`` was not refused, or ``new`` is a recipient already.
        AddressError: ``new`` is no address.
    """
    state = after(Verb.MEND, item.state, fitting=verbs_of(item))
    check_address(new)
    wrong = next((each for each in item.recipients if each.address == old), None)
    if wrong is None:
        raise OutboxError(f"{old} is not a recipient of this letter.", hint="See its recipients in the Outbox.")
    if wrong.state is not RecipientState.REFUSED:
        raise OutboxError(f"{old} was not refused: it is {wrong.state}.", hint="Only a refused address can be mended.")
    if any(each.address.casefold() == new.casefold() for each in item.recipients if each is not wrong):
        raise OutboxError(f"{new} is a recipient of this letter already.", hint="Delete the letter if nothing is left.")
    recipients = tuple(Recipient(replace(wrong.to, address=new)) if each is wrong else each for each in item.recipients)
    return replace(
        item,
        state=state,
        recipients=recipients,
        next_attempt_at=None,
        tries=0,
        warned=False,
        expires_at=backoff.expiry(now),
        words="",
        changed_at=now,
        smtputf8=item.smtputf8 or not new.isascii(),
    )


def check_address(address: str) -> None:
    """Refuse what cannot stand in an SMTP command (RFC 5321 section 4.1.2), above all anything that ends it.

    Raises:
        AddressError: with the offset of the fault.
    """
    for position, character in enumerate(address):
        if not character.isprintable() or character in "<> ":
            raise AddressError(
                f"The address holds {character!r}, which cannot be sent.", text=address, position=position, field="to"
            )
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        raise AddressError("An address needs a name, an @ and a domain.", text=address, position=len(local), field="to")


def _asked_again(recipient: Recipient, verb: Verb, state: ItemState) -> Recipient:
    """Recipients without the letter are tried again; uncertain ones only when the user asked for it."""
    resend = verb is Verb.RESOLVE_RESEND and recipient.state is RecipientState.UNCERTAIN
    retried = state is ItemState.FAILED and recipient.state is RecipientState.REFUSED
    if resend or retried or recipient.state is RecipientState.DEFERRED:
        return replace(recipient, state=RecipientState.PENDING, tries=0, next_attempt_at=None, decided_at=None)
    return recipient


def _left(item: OutboxItem, state: ItemState, now: float) -> OutboxItem:
    gone = replace(
        item, state=state, not_before=None, next_attempt_at=None, trouble=None, words="", changed_at=now, tries=0
    )
    if not item.count(RecipientState.ACCEPTED):
        return gone
    recipients = tuple(
        replace(each, state=RecipientState.REFUSED, words=each.words or "Not sent: you deleted it.", decided_at=now)
        if each.open
        else each
        for each in item.recipients
    )
    return with_filing(replace(gone, state=ItemState.ACCEPTED, recipients=recipients, found=False))


def _sent(item: OutboxItem, now: float) -> OutboxItem:
    """The user's word stands for the server's; recipients of another part of the letter go on."""
    recipients = tuple(
        replace(each, state=RecipientState.ACCEPTED, words=SENT_BY_USER, decided_at=now)
        if each.state is RecipientState.UNCERTAIN
        else each
        for each in item.recipients
    )
    return with_filing(
        replace(
            item,
            state=state_of(recipients),
            recipients=recipients,
            words="",
            next_attempt_at=None,
            changed_at=now,
        )
    )


def _uncertain_again(item: OutboxItem, now: float) -> OutboxItem:
    """Undo RESOLVE_SENT; a copy that was not filed yet stays due only while another recipient has the letter."""
    recipients = tuple(
        replace(each, state=RecipientState.UNCERTAIN, words=TAKEN_BACK, decided_at=None)
        if each.state is RecipientState.ACCEPTED and each.words == SENT_BY_USER and each.report is None
        else each
        for each in item.recipients
    )
    return with_filing(
        replace(
            item,
            state=ItemState.UNCERTAIN,
            recipients=recipients,
            words=TAKEN_BACK,
            not_before=None,
            next_attempt_at=None,
            trouble=None,
            changed_at=now,
        )
    )
