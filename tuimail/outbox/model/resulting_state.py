"""The state of a letter that follows from the states of its recipients. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.outbox.model.item import Filing, Flagging
from tuimail.outbox.model.states import FilingState, FlaggingState, ItemState, RecipientState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.outbox.model.item import OutboxItem, Recipient

MAY_HAVE_IT = "It may have been delivered; tuimail was interrupted before the server's answer was stored. Your call."


def state_of(recipients: Iterable[Recipient]) -> ItemState:
    """The state that follows from those of the recipients, when nothing else is known."""
    states = {each.state for each in recipients}
    if RecipientState.UNCERTAIN in states:
        return ItemState.UNCERTAIN
    if states & {RecipientState.PENDING, RecipientState.DEFERRED}:
        return ItemState.QUEUED
    return ItemState.FAILED if RecipientState.REFUSED in states else ItemState.ACCEPTED


def with_filing(item: OutboxItem) -> OutboxItem:
    """A copy is due while any recipient has the letter; an accepted letter whose copy is filed is done."""
    if item.filing.state is FilingState.NONE and item.count(RecipientState.ACCEPTED):
        item = replace(item, filing=Filing(FilingState.DUE))
    elif item.filing.state is FilingState.DUE and not item.count(RecipientState.ACCEPTED):
        item = replace(item, filing=Filing())
    if item.state is ItemState.ACCEPTED and item.filing.state in (FilingState.FILED, FilingState.SKIPPED):
        item = replace(item, state=ItemState.DONE)
    return with_flagging(item)


def with_flagging(item: OutboxItem) -> OutboxItem:
    """The answered message gets its flag, and its draft goes, once the letter is accepted, never before, only once."""
    accepted = item.state in (ItemState.ACCEPTED, ItemState.DONE)
    wanted = item.answers is not None or item.draft_copy is not None
    if accepted and wanted and item.flagging.state is FlaggingState.NONE:
        return replace(item, flagging=Flagging(FlaggingState.DUE))
    if not accepted and item.flagging.state is FlaggingState.DUE:
        return replace(item, flagging=Flagging())
    return item
