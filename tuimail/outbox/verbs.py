"""What the user's verbs do to an item. Pure; outbox/item says which verb fits which state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.errors import AddressError, OutboxError
from tuimail.outbox import retry
from tuimail.outbox.item import ItemState, Recipient, RecipientState, Verb, after
from tuimail.outbox.replay import state_of, with_filing

if TYPE_CHECKING:
    from tuimail.outbox.item import OutboxItem

LEAVING = frozenset({Verb.EDIT, Verb.CANCEL, Verb.DROP})
"""Verbs that end the sending."""

SAID = {
    Verb.SEND_NOW: "you asked to send it now",
    Verb.HOLD: "held by you",
    Verb.RELEASE: "released by you",
    Verb.RETRY: "you asked to try again",
    Verb.EDIT: "taken back to be edited",
    Verb.CANCEL: "cancelled by you, kept as a draft",
    Verb.DROP: "dropped by you",
    Verb.RESOLVE_SENT: "you said that it was sent",
    Verb.RESOLVE_RESEND: "you asked to send it again",
}
"""What the timeline says."""


def carry_out(verb: Verb, item: OutboxItem, now: float) -> OutboxItem:
    """``item`` after ``verb``.

    Letters that somebody has already cannot be cancelled any more: they become accepted and their copy is filed.

    Raises:
        IllegalTransitionError: the verb does not fit the state.
    """
    state = after(verb, item.state)
    if verb in LEAVING:
        return _left(item, state, now)
    if verb is Verb.RESOLVE_SENT:
        return _sent(item, now)
    recipients = tuple(_asked_again(each, verb, item.state) for each in item.recipients)
    fresh = replace(
        item,
        state=state,
        recipients=recipients,
        not_before=None,
        next_attempt_at=None,
        trouble=None,
        words="Held until you release it." if state is ItemState.HELD else "",
        tries=0,
        warned=False,
        expires_at=retry.expiry(now),
        changed_at=now,
        found=False,
        asks=False,
    )
    if verb is Verb.RESOLVE_RESEND:
        return replace(fresh, words="Sent again because you asked for it.")
    return fresh


def mended(item: OutboxItem, old: str, new: str, now: float) -> OutboxItem:
    """``item`` with the refused recipient ``old`` corrected to ``new``, which alone is served again (rule 12).

    Raises:
        IllegalTransitionError: the item is neither failed nor deferred.
        OutboxError: ``old`` was not refused, or ``new`` is a recipient already.
        AddressError: ``new`` is no address.
    """
    state = after(Verb.MEND, item.state)
    check_address(new)
    wrong = next((each for each in item.recipients if each.address == old), None)
    if wrong is None:
        raise OutboxError(f"{old} is not a recipient of this letter.", hint="See its recipients in the Outbox.")
    if wrong.state is not RecipientState.REFUSED:
        raise OutboxError(f"{old} was not refused: it is {wrong.state}.", hint="Only a refused address can be mended.")
    if any(each.address.casefold() == new.casefold() for each in item.recipients if each is not wrong):
        raise OutboxError(f"{new} is a recipient of this letter already.", hint="Drop the letter if nothing is left.")
    recipients = tuple(Recipient(replace(wrong.to, address=new)) if each is wrong else each for each in item.recipients)
    return replace(
        item,
        state=state,
        recipients=recipients,
        next_attempt_at=None,
        tries=0,
        warned=False,
        expires_at=retry.expiry(now),
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
    """Whoever does not have the letter is served again; what was uncertain only when that was asked."""
    resend = verb is Verb.RESOLVE_RESEND and recipient.state is RecipientState.UNCERTAIN
    retried = state is ItemState.FAILED and recipient.state is RecipientState.REFUSED
    if resend or retried or recipient.state is RecipientState.DEFERRED:
        return replace(recipient, state=RecipientState.PENDING, tries=0, decided_at=None)
    return recipient


def _left(item: OutboxItem, state: ItemState, now: float) -> OutboxItem:
    gone = replace(
        item, state=state, not_before=None, next_attempt_at=None, trouble=None, words="", changed_at=now, tries=0
    )
    if not item.count(RecipientState.ACCEPTED):
        return gone
    recipients = tuple(
        replace(each, state=RecipientState.REFUSED, words=each.words or "Not sent: you dropped it.", decided_at=now)
        if each.open
        else each
        for each in item.recipients
    )
    return with_filing(replace(gone, state=ItemState.ACCEPTED, recipients=recipients, found=False))


def _sent(item: OutboxItem, now: float) -> OutboxItem:
    """The user's word stands for the server's; recipients of another part of the letter go on."""
    recipients = tuple(
        replace(each, state=RecipientState.ACCEPTED, words="You said that it was sent.", decided_at=now)
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
