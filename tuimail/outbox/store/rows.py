"""Items and rows of the index: one row is one item plus what only the store needs of it."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from tuimail.config.model import WhenLate
from tuimail.errors import OutboxDamagedError
from tuimail.mail.answered_message import parse_answered_message
from tuimail.mail.draft_copy import parse_draft_copy
from tuimail.mail.envelope import FAILURE_AND_DELAY, Notify
from tuimail.outbox.model.item import AccountHealth, Filing, Flagging, OutboxItem
from tuimail.outbox.model.states import FilingState, FlaggingState, ItemState
from tuimail.outbox.store.codec import UNREADABLE, dump, recipients_of, recipients_plain
from tuimail.submission.result import AccountProblem, Stage

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from tuimail.outbox.model.item import TimelineEntry

_PLAIN = (
    "id", "account", "identity", "sender", "reverse_path", "subject", "message_id", "size", "queued_at", "composing",
    "digest", "not_before", "next_attempt_at", "expires_at", "attempts", "tries", "last_attempt_at", "last_reply",
    "words", "via", "revision", "owner", "lease_until", "changed_at",
)  # fmt: skip
_FLAGS = ("warned", "smtputf8", "eight_bit", "found")
_STORED = ("sha256", "offset", "lease_tick", "last_owner", "filing_owner", "filing_until", "filing_tick")
_OWN = ("state", "recipients", "stage", "trouble")
_FILING = ("filing_state", "filing_attempts", "filing_next", "filing_words", "filing_place")

_SECOND = ("rank", "on_late", "asks", "notify", "hold_until", "revises")
"""Since the second version of the index."""
_FOURTH = ("answers", "flagging_state", "flagging_attempts", "flagging_next", "flagging_words")
"""Since the fourth."""
_FIFTH = ("draft_copy",)
"""Since the fifth."""

_REAL = frozenset(
    (
        "queued_at",
        "not_before",
        "next_attempt_at",
        "expires_at",
        "last_attempt_at",
        "lease_until",
        "changed_at",
        "lease_tick",
        "filing_until",
        "filing_tick",
        "filing_next",
        "flagging_next",
        "rank",
        "hold_until",
    )
)

COLUMNS = (*_PLAIN, *_FLAGS, *_STORED, *_OWN, *_FILING, *_SECOND, *_FOURTH, *_FIFTH)
"""In the order they were added; a row's sum goes over them in this order."""
SELECT = f"SELECT {', '.join(COLUMNS)}, sum FROM item"  # noqa: S608
LIVE = "state NOT IN ('done', 'cancelled')"
"""Part of every query that is not about the history: with it SQLite takes the index of the letters still in the outbox,
and the query costs the same however many were sent before."""
PUT = f"INSERT OR REPLACE INTO item ({', '.join(COLUMNS)}, sum) VALUES ({', '.join('?' * (len(COLUMNS) + 1))})"  # noqa: S608


_STATE = COLUMNS.index("state")

# By value: calling an enum is what takes longest in reading ten thousand rows.
_STATES = {state.value: state for state in ItemState}
_FILINGS = {state.value: state for state in FilingState}
_NO_FLAGGING = Flagging()
_NOTIFY = {",".join(FAILURE_AND_DELAY): FAILURE_AND_DELAY}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the index."""

    item: OutboxItem
    sha256: str
    offset: int
    lease_tick: float | None = None
    last_owner: str = ""
    filing_owner: str = ""
    filing_until: float | None = None
    filing_tick: float | None = None
    stored: tuple[Any, ...] = field(default=(), repr=False, compare=False)
    """The values it was read from, sum and all; empty for a new one."""

    @property
    def was_sending(self) -> bool:
        """It was being sent when it was read."""
        return bool(self.stored) and self.stored[_STATE] == ItemState.SENDING

    def free(self, item: OutboxItem) -> Row:
        """The row with ``item`` in it, without a lease."""
        return replace(self, item=replace(item, owner="", lease_until=None), lease_tick=None)


def values_of(row: Row) -> tuple[Any, ...]:
    """The values of a row, in the order of ``PUT``."""
    item = row.item
    values = (
        *(getattr(item, name) for name in _PLAIN),
        *(int(getattr(item, name)) for name in _FLAGS),
        *(getattr(row, name) for name in _STORED),
        item.state.value,
        dump(recipients_plain(item.recipients)),
        None if item.stage is None else item.stage.value,
        None if item.trouble is None else item.trouble.value,
        item.filing.state.value,
        item.filing.attempts,
        item.filing.next_attempt_at,
        item.filing.words,
        item.filing.place,
        item.rank,
        "" if item.on_late is None else item.on_late.value,
        int(item.asks),
        ",".join(item.notify),
        item.hold_until,
        item.revises,
        "" if item.answers is None else str(item.answers),
        item.flagging.state.value,
        item.flagging.attempts,
        item.flagging.next_attempt_at,
        item.flagging.words,
        "" if item.draft_copy is None else str(item.draft_copy),
    )
    values = tuple(_as_stored(name, value) for name, value in zip(COLUMNS, values, strict=True))
    return (*values, sum_of(values))


def put(db: sqlite3.Connection, row: Row) -> None:
    """Write a row: of one that was read only what is new, or the whole when it is not there as it was read."""
    values = values_of(row)
    if row.stored:
        changed = tuple(number for number, (new, old) in enumerate(zip(values, row.stored, strict=True)) if new != old)
        parameters = (*(values[number] for number in changed), row.item.id, row.stored[-1])
        if changed and db.execute(_update(changed), parameters).rowcount:
            return
    db.execute(PUT, values)


def add_to_timeline(db: sqlite3.Connection, item_id: str, entries: Iterable[TimelineEntry]) -> None:
    """Append to an item's timeline."""
    for entry in entries:
        db.execute(
            "INSERT INTO timeline (item, number, at, words, stage, reply) "
            "SELECT ?, COALESCE(MAX(number), 0) + 1, ?, ?, ?, ? FROM timeline WHERE item = ?",
            (item_id, entry.at, entry.words, entry.stage, entry.reply, item_id),
        )


@cache
def _update(columns: tuple[int, ...]) -> str:
    named = ", ".join(f"{(*COLUMNS, 'sum')[number]} = ?" for number in columns)
    return f"UPDATE item SET {named} WHERE id = ? AND sum = ?"  # noqa: S608 - names of this module


def check_sum(values: tuple[Any, ...]) -> None:
    """Compare the values of a ``SELECT`` with their sum.

    Raises:
        OutboxDamagedError: they are not those that were written.
    """
    if sum_of(values[:-1]) != values[-1]:
        raise _damaged_row()


def row_of(values: tuple[Any, ...]) -> Row:
    """The row of a ``SELECT``.

    Raises:
        OutboxDamagedError: the values are not those that were written.
    """
    *plain, found_sum = values
    named = dict(zip(COLUMNS, plain, strict=True))
    try:
        if sum_of(tuple(plain)) != found_sum:
            raise ValueError(named["id"])
        item = OutboxItem(
            **{name: named[name] for name in _PLAIN},
            warned=bool(named["warned"]),
            smtputf8=bool(named["smtputf8"]),
            eight_bit=bool(named["eight_bit"]),
            found=bool(named["found"]),
            state=_STATES[named["state"]],
            recipients=recipients_of(json.loads(named["recipients"])),
            stage=None if named["stage"] is None else Stage(named["stage"]),
            trouble=None if named["trouble"] is None else AccountProblem(named["trouble"]),
            filing=Filing(
                state=_FILINGS[named["filing_state"]],
                attempts=named["filing_attempts"],
                next_attempt_at=named["filing_next"],
                words=named["filing_words"],
                place=named["filing_place"],
            ),
            rank=named["rank"],
            on_late=WhenLate(named["on_late"]) if named["on_late"] else None,
            asks=bool(named["asks"]),
            notify=_NOTIFY.get(named["notify"]) or tuple(map(Notify, filter(None, named["notify"].split(",")))),
            hold_until=named["hold_until"],
            revises=named["revises"],
            answers=parse_answered_message(named["answers"]) if named["answers"] else None,
            flagging=_flagging_of(named) if named["answers"] or named["draft_copy"] else _NO_FLAGGING,
            draft_copy=parse_draft_copy(named["draft_copy"]) if named["draft_copy"] else None,
        )
    except UNREADABLE:
        raise _damaged_row() from None
    return Row(item, **{name: named[name] for name in _STORED}, stored=values)


def _flagging_of(named: dict[str, Any]) -> Flagging:
    return Flagging(
        state=FlaggingState(named["flagging_state"]),
        attempts=named["flagging_attempts"],
        next_attempt_at=named["flagging_next"],
        words=named["flagging_words"],
    )


def health_of(values: tuple[Any, ...]) -> AccountHealth:
    """The health of a row.

    Raises:
        OutboxDamagedError: the values are not those that were written.
    """
    account, trouble, words, since, probe_at, tries, limit, tried_at, connections, rate, window, *more = values
    paced_until, rate_limit_at, recipient_limit_at, connection_limit_at = more
    try:
        return AccountHealth(
            account=account,
            trouble=None if trouble is None else AccountProblem(trouble),
            words=words,
            since=since,
            probe_at=probe_at,
            tries=tries,
            recipient_limit=limit,
            tried_at=tried_at,
            connection_limit=connections,
            rate_limit=rate,
            rate_window=window,
            paced_until=paced_until,
            rate_limit_at=rate_limit_at,
            recipient_limit_at=recipient_limit_at,
            connection_limit_at=connection_limit_at,
        )
    except ValueError:
        raise _damaged_row() from None


def health_values(health: AccountHealth) -> tuple[Any, ...]:
    """The values of an account's health, in the order of its table."""
    return (
        health.account,
        None if health.trouble is None else health.trouble.value,
        health.words,
        health.since,
        health.probe_at,
        health.tries,
        health.recipient_limit,
        health.tried_at,
        health.connection_limit,
        health.rate_limit,
        health.rate_window,
        health.paced_until,
        health.rate_limit_at,
        health.recipient_limit_at,
        health.connection_limit_at,
    )


def sum_of(values: tuple[Any, ...]) -> int:
    """CRC-32 of a row's values just as SQLite gives them back."""
    return zlib.crc32(repr(values).encode("utf-8", "surrogatepass"))


def _as_stored(name: str, value: object) -> object:
    """What SQLite makes of a value: REAL columns give floats; UTF-8 has no lone surrogates (a mangled subject)."""
    if name in _REAL and isinstance(value, int):
        return float(value)
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode("utf-8")
    return value


def _damaged_row() -> OutboxDamagedError:
    return OutboxDamagedError(
        "A row of the outbox index is damaged.", hint="Start tuimail again: it is rebuilt from the letters."
    )
