"""The states of an outbox item, the legal transitions, what the user may do with it. Pure.

The states and transitions of the outbox are defined here and nowhere else. A letter is always in
exactly one of these states, and each of them has a worker or a verb that ends it:

====================  =====================================  ==========================================
state                 entered by                             left by
====================  =====================================  ==========================================
held                  enqueue with not_before, hold, later   due, release -> queued; cancel, edit
queued                due, release, retry, recovery          claim -> sending
sending               claim                                  the verdict; an expired lease
deferred              a transient failure                    due -> sending
blocked               trouble of the account                 account mended, retry
failed                a permanent failure, 5 days            retry, mend, edit, drop
uncertain             the reply to the dot is not known      resolve sent, resolve resend
accepted              every recipient decided, one accepted  the copy filed -> done
done                  filed, or nothing to file              pruned after 180 days
cancelled             cancel, drop, edit                     restore; pruned after 180 days
====================  =====================================  ==========================================
"""

from __future__ import annotations

from enum import StrEnum

from tuimail.errors import IllegalTransitionError


class ItemState(StrEnum):
    """How far an item has come."""

    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    DEFERRED = "deferred"
    BLOCKED = "blocked"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    ACCEPTED = "accepted"
    DONE = "done"
    CANCELLED = "cancelled"


class RecipientState(StrEnum):
    """How far one recipient has come."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


class FilingState(StrEnum):
    """The state of the Sent copy; it never affects the sending (rule 8)."""

    NONE = "none"
    """Nothing accepted yet, so nothing to file."""
    DUE = "due"
    FILED = "filed"
    SKIPPED = "skipped"
    """Nothing to file: the server does it, or the user wants none."""


class FlaggingState(StrEnum):
    """Whether the message that the letter answers has its flag."""

    NONE = "none"
    """The letter answers nothing, or was not accepted yet."""
    DUE = "due"
    DONE = "done"
    """The flag is set, or the journal holds it."""
    SKIPPED = "skipped"
    """It cannot be set."""


class Verb(StrEnum):
    """What a user may do with an item."""

    SEND_NOW = "send-now"
    HOLD = "hold"
    RELEASE = "release"
    LATER = "later"
    RETRY = "retry"
    MOVE = "move"
    CHANGE_ACCOUNT = "change-account"
    EDIT = "edit"
    CANCEL = "cancel"
    DROP = "drop"
    RESTORE = "restore"
    MEND = "mend"
    RESOLVE_SENT = "resolve-sent"
    RESOLVE_RESEND = "resolve-resend"
    UNRESOLVE = "unresolve"
    """Take back RESOLVE_SENT."""


class Place(StrEnum):
    """Where a letter is moved to, among those of its account that wait."""

    FIRST = "first"
    UP = "up"
    DOWN = "down"
    LAST = "last"


class Order(StrEnum):
    """What a list of letters is sorted by."""

    NEED = "need"
    """Those that need the user first, then in the order they go."""
    AGE = "age"
    NEXT = "next"
    """When it goes on; what waits for the user or the server comes last."""
    SIZE = "size"
    """The largest first."""
    SUBJECT = "subject"
    RECIPIENT = "recipient"
    ACCOUNT = "account"
    STATE = "state"


NEEDS_YOU = frozenset({ItemState.FAILED, ItemState.BLOCKED, ItemState.UNCERTAIN})
"""States that only the user can end."""

WAITING = frozenset({ItemState.HELD, ItemState.QUEUED, ItemState.SENDING, ItemState.DEFERRED})
"""States the program works on by itself."""

OPEN = NEEDS_YOU | WAITING | {ItemState.ACCEPTED}
"""States of items that are still in the outbox."""

CLAIMABLE = frozenset({ItemState.HELD, ItemState.QUEUED, ItemState.DEFERRED})
"""States an item can be claimed from once it is due."""

_STOPPABLE = (ItemState.HELD, ItemState.QUEUED, ItemState.DEFERRED, ItemState.BLOCKED, ItemState.FAILED)
"""States in which no process works on it, and every recipient that has it is known."""

_MOVABLE = (ItemState.HELD, ItemState.QUEUED, ItemState.DEFERRED, ItemState.BLOCKED)

VERBS: dict[Verb, dict[ItemState, ItemState]] = {
    Verb.SEND_NOW: dict.fromkeys(_STOPPABLE, ItemState.QUEUED),
    Verb.HOLD: dict.fromkeys(_STOPPABLE, ItemState.HELD),
    Verb.RELEASE: {ItemState.HELD: ItemState.QUEUED},
    Verb.LATER: dict.fromkeys(_STOPPABLE, ItemState.HELD),
    Verb.RETRY: {
        ItemState.DEFERRED: ItemState.QUEUED,
        ItemState.BLOCKED: ItemState.QUEUED,
        ItemState.FAILED: ItemState.QUEUED,
    },
    Verb.MOVE: {state: state for state in _MOVABLE},
    Verb.CHANGE_ACCOUNT: {**dict.fromkeys(_STOPPABLE, ItemState.QUEUED), ItemState.HELD: ItemState.HELD},
    Verb.EDIT: dict.fromkeys(_STOPPABLE, ItemState.CANCELLED),
    Verb.CANCEL: dict.fromkeys(_STOPPABLE, ItemState.CANCELLED),
    Verb.DROP: dict.fromkeys((*_STOPPABLE, ItemState.UNCERTAIN), ItemState.CANCELLED),
    Verb.RESTORE: {ItemState.CANCELLED: ItemState.HELD},
    Verb.MEND: {ItemState.FAILED: ItemState.QUEUED, ItemState.DEFERRED: ItemState.QUEUED},
    Verb.RESOLVE_SENT: {ItemState.UNCERTAIN: ItemState.ACCEPTED},
    Verb.RESOLVE_RESEND: {ItemState.UNCERTAIN: ItemState.QUEUED},
    Verb.UNRESOLVE: dict.fromkeys((*_STOPPABLE, ItemState.ACCEPTED, ItemState.DONE), ItemState.UNCERTAIN),
}
"""Verb -> the states it fits -> the state it leads to. Two exceptions: a failed item with accepted recipients that is
dropped or cancelled becomes accepted, and its copy is still filed; a restored one that had failed, or may have been
delivered, is failed or uncertain again (outbox/model/actions)."""

_OF_SOME = frozenset({Verb.UNRESOLVE})
"""Verbs that fit some of the items in a state and not others."""

_BECAUSE = {
    ItemState.QUEUED: "it is on its way",
    ItemState.DEFERRED: "it waits for its next try",
    ItemState.BLOCKED: "its account cannot send",
    ItemState.FAILED: "it was refused",
    ItemState.SENDING: "it is being sent right now",
    ItemState.UNCERTAIN: "it may have been delivered",
    ItemState.ACCEPTED: "the server has it already",
    ItemState.DONE: "it was sent",
    ItemState.CANCELLED: "it was cancelled",
}
"""Why a verb does not fit a state."""

_WORDS = {
    Verb.RESOLVE_SENT: "resolve as sent",
    Verb.RESOLVE_RESEND: "resend",
    Verb.UNRESOLVE: "take back that it was sent",
    Verb.DROP: "delete",
    Verb.LATER: "send later",
    Verb.CHANGE_ACCOUNT: "change the account",
    Verb.RESTORE: "put back",
    Verb.MEND: "mend the address",
}
"""Verbs as a sentence names them, where that is not their own name."""


def verbs_for(state: ItemState) -> frozenset[Verb]:
    """The verbs that fit any item in ``state``; ``item.verbs_of`` says it of one item."""
    return frozenset(verb for verb, table in VERBS.items() if state in table and verb not in _OF_SOME)


def after(verb: Verb, state: ItemState, *, fitting: frozenset[Verb] | None = None) -> ItemState:
    """The state ``verb`` leads to.

    Args:
        verb: What the user wants.
        state: Of the item.
        fitting: The verbs that fit the item; default: all that fit every item in its state.

    Raises:
        IllegalTransitionError: the verb does not fit the state; the text says why and what fits instead.
    """
    possible = verbs_for(state) if fitting is None else fitting
    if state not in VERBS[verb] or (verb in _OF_SOME and verb not in possible):
        listed = ", ".join(sorted(_WORDS.get(each, each.replace("-", " ")) for each in possible))
        raise IllegalTransitionError(
            f"Cannot {_WORDS.get(verb, verb.replace('-', ' '))}: {_BECAUSE.get(state, f'it is {state}')}.",
            state=state,
            verb=verb,
            hint=f"Possible now: {listed or 'nothing but waiting'}.",
        )
    return VERBS[verb][state]
