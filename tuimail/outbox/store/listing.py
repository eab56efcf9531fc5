"""Which letters a list shows, and in which order, as conditions of SQL and of words. Pure.

Words are looked for in subject, recipients, sender, account and state, whatever their case in any script; SQLite's own
LIKE knows the case of ASCII alone. Only what a list needs of a row is read, so that ten thousand letters are sifted
while a finger is still on the key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.outbox.model.states import NEEDS_YOU, ItemState, Order
from tuimail.outbox.store.codec import UNREADABLE
from tuimail.outbox.store.rows import LIVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_YOURS = ", ".join(f"'{state.value}'" for state in sorted(NEEDS_YOU))

NEED_YOU = f"(state IN ({_YOURS}) OR state = 'held' AND asks)"
"""What ``OutboxItem.needs_you`` says, in SQL."""

NEED = f"NOT {NEED_YOU}, rank, id"
"""Those that need the user first, then in the order they go."""

TALLY = f"""SELECT
    COALESCE(SUM({NEED_YOU} IS NOT TRUE AND state IN ('held', 'queued', 'sending', 'deferred')), 0),
    COALESCE(SUM({NEED_YOU}), 0)
FROM item WHERE state NOT IN ('done', 'cancelled')"""  # noqa: S608 - constants of this module
"""The numbers of a ``Tally``."""

_STATES = (
    ItemState.FAILED, ItemState.UNCERTAIN, ItemState.BLOCKED, ItemState.SENDING, ItemState.QUEUED, ItemState.DEFERRED,
    ItemState.HELD, ItemState.ACCEPTED, ItemState.DONE, ItemState.CANCELLED,
)  # fmt: skip
"""From what needs the user to what is over."""

_NEXT = "CASE state WHEN 'sending' THEN 0 WHEN 'queued' THEN 1 WHEN 'held' THEN not_before "
_NEXT += "WHEN 'deferred' THEN COALESCE(next_attempt_at, 1) END"

_ORDERS = {
    Order.NEED: NEED,
    Order.AGE: "queued_at, id",
    Order.NEXT: f"{_NEXT} IS NULL, {_NEXT}, rank, id",
    Order.SIZE: "size DESC, id",
    Order.SUBJECT: "rank, id",
    Order.RECIPIENT: "rank, id",
    Order.ACCOUNT: f"account, {NEED}",
    Order.STATE: "CASE state "
    + " ".join(f"WHEN '{state}' THEN {at}" for at, state in enumerate(_STATES))
    + " END, rank, id",
}

_COLUMNS = "id, state, account, sender, subject, recipients"


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a search; ``field`` is "state", "account", "to", "subject", or empty for all of them."""

    field: str
    text: str
    """Case-folded."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many letters are in the outbox, by whose turn it is."""

    waiting: int = 0
    """The program works on them by itself."""
    yours: int = 0
    """Only the user can go on; those held with a question are among them."""


FIELDS = ("state", "account", "to", "subject")


def words_of(matching: str) -> tuple[Word, ...]:
    """The words of ``matching``, each to be found: ``subject:minutes to:kim blocked``."""
    found = []
    for typed in matching.split():
        field, colon, text = typed.partition(":")
        if colon and field.casefold() in FIELDS:
            found.append(Word(field.casefold(), text.casefold()))
        else:
            found.append(Word("", typed.casefold()))
    return tuple(each for each in found if each.text)


def in_states(states: Sequence[ItemState]) -> str:
    """The condition that an item is in one of ``states``, whose values are its parameters."""
    condition = f"state IN ({', '.join('?' * len(states))})"
    return condition if {ItemState.DONE, ItemState.CANCELLED} & set(states) else f"{LIVE} AND {condition}"


def query(states: Sequence[ItemState], order: Order, words: Sequence[Word]) -> str:
    """The statement whose rows ``sifted`` takes; its parameters are the values of ``states``."""
    columns = _COLUMNS if words or order in (Order.SUBJECT, Order.RECIPIENT) else "id"
    return f"SELECT {columns} FROM item WHERE {in_states(states)} ORDER BY {_ORDERS[order]}"  # noqa: S608


def sifted(rows: Iterable[tuple[str, ...]], order: Order, words: Sequence[Word]) -> list[str]:
    """The ids of those ``rows`` of ``query`` that hold every word, in ``order``."""
    if words:
        rows = [row for row in rows if _fits(row, words)]
    if order is Order.SUBJECT:
        rows = sorted(rows, key=lambda row: row[4].casefold())
    elif order is Order.RECIPIENT:
        rows = sorted(rows, key=lambda row: _first(row[5]))
    return [row[0] for row in rows]


def _fits(row: tuple[str, ...], words: Sequence[Word]) -> bool:
    _, state, account, sender, subject, recipients = row
    named: str | None = None
    for word in words:
        if not word.field:
            plain = f"{subject}\n{sender}\n{account}\n{state}".casefold()
            if word.text in plain:
                continue
        elif word.field != "to":
            if word.text in {"state": state, "account": account, "subject": subject}[word.field].casefold():
                continue
            return False
        if named is None:
            named = _named(recipients)
        if word.text not in named:
            return False
    return True


def _named(recipients: str) -> str:
    """Addresses and names of the recipients, case-folded; nothing of what was said about them."""
    try:
        return "\n".join(f"{each[0]}\n{each[2]}" for each in json.loads(recipients)).casefold()
    except UNREADABLE:
        return ""


def _first(recipients: str) -> str:
    """The address of the first recipient."""
    try:
        return str(json.loads(recipients)[0][0]).casefold()
    except UNREADABLE:
        return ""
