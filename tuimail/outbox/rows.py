"""Items and rows of the index: one row is one item plus what only the store needs of it."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, replace
from typing import Any

from tuimail.errors import OutboxDamagedError
from tuimail.outbox.item import AccountHealth, Filing, FilingState, ItemState, OutboxItem
from tuimail.outbox.notation import UNREADABLE, dump, recipients_of, recipients_plain
from tuimail.submission.result import Stage, Trouble

_PLAIN = (
    "id", "account", "identity", "sender", "reverse_path", "subject", "message_id", "size", "queued_at", "composing",
    "digest", "not_before", "next_attempt_at", "expires_at", "attempts", "tries", "last_attempt_at", "last_reply",
    "words", "via", "revision", "owner", "lease_until", "changed_at",
)  # fmt: skip
_FLAGS = ("warned", "smtputf8", "eight_bit", "found")
_STORED = ("sha256", "offset", "lease_tick", "last_owner", "filing_owner", "filing_until", "filing_tick")
_OWN = ("state", "recipients", "stage", "trouble")
_FILING = ("filing_state", "filing_attempts", "filing_next", "filing_words", "filing_place")

COLUMNS = (*_PLAIN, *_FLAGS, *_STORED, *_OWN, *_FILING)
SELECT = f"SELECT {', '.join(COLUMNS)}, sum FROM item"  # noqa: S608
PUT = f"INSERT OR REPLACE INTO item ({', '.join(COLUMNS)}, sum) VALUES ({', '.join('?' * (len(COLUMNS) + 1))})"  # noqa: S608


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

    def free(self, item: OutboxItem) -> Row:
        """The row with ``item`` in it, nobody's any more."""
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
    )
    values = tuple(_encodable(value) for value in values)
    return (*values, _sum(values))


def row_of(values: tuple[Any, ...]) -> Row:
    """The row of a ``SELECT``.

    Raises:
        OutboxDamagedError: the values are not those that were written.
    """
    *plain, found_sum = values
    named = dict(zip(COLUMNS, plain, strict=True))
    try:
        if _sum(tuple(plain)) != found_sum:
            raise ValueError(named["id"])
        item = OutboxItem(
            **{name: named[name] for name in _PLAIN},
            warned=bool(named["warned"]),
            smtputf8=bool(named["smtputf8"]),
            eight_bit=bool(named["eight_bit"]),
            found=bool(named["found"]),
            state=ItemState(named["state"]),
            recipients=recipients_of(json.loads(named["recipients"])),
            stage=None if named["stage"] is None else Stage(named["stage"]),
            trouble=None if named["trouble"] is None else Trouble(named["trouble"]),
            filing=Filing(
                state=FilingState(named["filing_state"]),
                attempts=named["filing_attempts"],
                next_attempt_at=named["filing_next"],
                words=named["filing_words"],
                place=named["filing_place"],
            ),
        )
    except UNREADABLE:
        raise OutboxDamagedError(
            "A row of the outbox index is damaged.", hint="Start tuimail again: it is rebuilt from the letters."
        ) from None
    return Row(item, **{name: named[name] for name in _STORED})


def health_of(values: tuple[Any, ...]) -> AccountHealth:
    """The health of a row (account, trouble, words, since, probe_at, tries, recipient_limit, tried_at)."""
    account, trouble, words, since, probe_at, tries, limit, tried_at = values
    return AccountHealth(
        account=account,
        trouble=None if trouble is None else Trouble(trouble),
        words=words,
        since=since,
        probe_at=probe_at,
        tries=tries,
        recipient_limit=limit,
        tried_at=tried_at,
    )


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
    )


def _sum(values: tuple[Any, ...]) -> int:
    # Numbers are taken as SQLite gives them back: whole REAL values as floats. A list's repr is exact, and quick.
    exact = repr([float(value) if isinstance(value, int) else value for value in values])
    return zlib.crc32(exact.encode("utf-8", "surrogatepass"))


def _encodable(value: object) -> object:
    """SQLite stores UTF-8: a lone surrogate (a mangled subject) becomes a question mark."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode("utf-8")
    return value
