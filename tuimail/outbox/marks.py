"""The state of a letter and of a recipient as one character, for lists that are read without colour. Pure."""

from __future__ import annotations

from tuimail.outbox.model.states import ItemState, RecipientState

MARKS = {
    ItemState.FAILED: "!",
    ItemState.UNCERTAIN: "?",
    ItemState.BLOCKED: "#",
    ItemState.SENDING: "~",
    ItemState.DEFERRED: ".",
    ItemState.QUEUED: ".",
    ItemState.HELD: "z",
    ItemState.ACCEPTED: "+",
    ItemState.DONE: "+",
    ItemState.CANCELLED: "x",
}

RECIPIENT_MARKS = {
    RecipientState.PENDING: ".",
    RecipientState.ACCEPTED: "+",
    RecipientState.DEFERRED: ".",
    RecipientState.REFUSED: "!",
    RecipientState.UNCERTAIN: "?",
}
