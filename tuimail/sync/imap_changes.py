"""What a look at an IMAP mailbox decides: sizes of batches, other flags, messages that must not vanish. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cache.summaries import FlagChange
from tuimail.mail.flags import ANSWERED, DELETED, FLAGGED, SEEN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import Protocol

    from tuimail.cache.uids import UidRow

    class Flags(Protocol):
        """Flags as a server tells them."""

        @property
        def flags(self) -> int:
            """Bits."""
            ...

        @property
        def keywords(self) -> str:
            """Sorted."""
            ...


FIRST_BATCH, SECOND_BATCH, BIGGEST_BATCH, SMALLEST_BATCH = 100, 250, 1000, 10
"""Summaries that are fetched by one command."""
QUICK, SLOW = 0.5, 1.5
"""Seconds between which a command should last."""
_MANY = 50

SEARCHED = {"UNSEEN": SEEN, "FLAGGED": FLAGGED, "ANSWERED": ANSWERED, "DELETED": DELETED}
"""Searches that tell the flags of old messages, and the bits."""


class BatchSize:
    """How many summaries the next command asks for: few at first, which are shown soon."""

    def __init__(self) -> None:
        self.now = FIRST_BATCH
        self._first = True

    def took(self, count: int, seconds: float) -> None:
        """So many were fetched, in so long; a batch that was not full says nothing of a bigger one."""
        if seconds > SLOW:
            self.now = max(self.now // 2, SMALLEST_BATCH)
        elif count >= self.now and seconds < QUICK:
            self.now = SECOND_BATCH if self._first else min(2 * self.now, BIGGEST_BATCH)
        self._first = False


def is_mass(gone: int, known: int) -> bool:
    """So many of the known messages are gone that it is to be proved first: servers were wrong about it."""
    return gone > _MANY and gone * 5 > known


def flag_changes(rows: Iterable[UidRow], told: Mapping[int, Flags], *, unkept: int = 0) -> list[FlagChange]:
    """Changes for those rows, by uid, of which the server tells other flags than it did.

    ``unkept`` are bits that the server does not keep: they stay as they are here.

    Where the row shows something else than the server had, the user wants it so and it was not carried out yet: those
    bits stay as shown.
    """
    changes = []
    for row in rows:
        now = told.get(row.uid)
        if now is None:
            continue
        flags = now.flags | row.server_flags & unkept
        if (flags, now.keywords) != (row.server_flags, row.keywords):
            changes.append(FlagChange(row.id, _shown(row, flags), server_flags=flags, keywords=now.keywords))
    return changes


def searched_changes(rows: Iterable[UidRow], found: Mapping[str, Collection[int]]) -> list[FlagChange]:
    """The same, when the server tells which messages have the flags of ``SEARCHED``."""
    changes = []
    for row in rows:
        flags = row.server_flags
        for search, bit in SEARCHED.items():
            has = (row.uid in found[search]) != (bit == SEEN)
            flags = flags | bit if has else flags & ~bit
        if flags != row.server_flags:
            changes.append(FlagChange(row.id, _shown(row, flags), server_flags=flags))
    return changes


def _shown(row: UidRow, server: int) -> int:
    wanted = row.flags ^ row.server_flags
    return server & ~wanted | row.flags & wanted
