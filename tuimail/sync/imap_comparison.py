r"""What differs between a selected mailbox and the cache: asks the server as much as its level makes necessary.

Level Q: QRESYNC (RFC 7162) tells what has changed and vanished. Level C: CONDSTORE tells what has changed. Level P: the
flags of the newest messages are read. At every level the number of messages has to be right afterwards; else the server
is asked for all uids, so that what it left out is found.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.uids import (
    HIGHEST_UID,
    count_uids,
    ids_by_uid,
    ids_in_ranges,
    nth_newest_uid,
    rows_between,
    rows_of_uids,
)
from tuimail.sync.imap_changes import flag_changes, is_mass
from tuimail.sync.imap_refusal import unkept_bits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tuimail.cache.database import WritableCache
    from tuimail.cache.folders import CachedMailbox
    from tuimail.cache.summaries import FlagChange
    from tuimail.mailboxes.imap_values import FlagState, MailboxState
    from tuimail.sync.imap_server import ImapServer, SelectedMailbox

log = logging.getLogger(__name__)

NEWEST = 500
"""Messages whose flags are read at once where the server cannot tell what has changed."""
_MOST_DOUBTED = 100
_HIGHEST_MODSEQ = (1 << 63) - 1
"""RFC 7162 section 3.1."""


class Differences(NamedTuple):
    """What to change in the cache; stored in this order."""

    gone: dict[int, int]
    """Ids of rows, by uid."""
    changes: list[FlagChange]
    missing: list[int]
    """Uids of messages to be fetched, newest first."""
    uidnext: int
    """What is known of the mailbox afterwards reaches up to here."""


def sound_state(state: MailboxState) -> MailboxState:
    """The state without numbers that no server may send."""
    return state._replace(
        validity=min(max(state.validity, 0), HIGHEST_UID),
        uidnext=state.uidnext if 0 < state.uidnext <= HIGHEST_UID else 0,
        modseq=state.modseq if 0 < state.modseq <= _HIGHEST_MODSEQ else 0,
    )


class MailboxComparison:
    """One look at a mailbox whose UIDVALIDITY is that of the cache. Raises ImapError and StorageError."""

    def __init__(self, cache: WritableCache, server: ImapServer, row: CachedMailbox, selected: SelectedMailbox) -> None:
        self._cache = cache
        self._server = server
        self._row = row
        self._selected = selected
        self._state = sound_state(selected.opened.state)
        self.level = server.level if self._state.modseq else "P"
        """What of QRESYNC and CONDSTORE the server has for this mailbox."""
        self._listing: list[int] | None = None

    def differences(self, doubted: Iterable[int] = ()) -> Differences:
        """Ask the server; ``doubted`` are uids whose flags are to be read whatever it says."""
        row, state = self._row, self._state
        told = {each.uid: each for each in self._flags(doubted) if 0 < each.uid <= HIGHEST_UID}
        arrived = self._arrived()
        gone, known = self._vanished()
        with self._cache.writing() as db:
            rows = (
                rows_between(db, row.id, min(told), max(told))
                if len(told) > NEWEST
                else rows_of_uids(db, row.id, list(told))
            )
        changes = flag_changes(rows, told, unkept=unkept_bits(state))
        unknown = {uid for uid in told if row.low_uid <= uid < row.uidnext} - {each.uid for each in rows}
        expected = known - len(gone) + len(unknown)
        # What came after SELECT is not among the messages that it counted.
        above = state.uidnext if state.uidnext >= row.uidnext else HIGHEST_UID + 1
        expected += sum(uid < above for uid in arrived)
        missing = unknown.union(arrived)
        uidnext = max(row.uidnext if row.uidnext < HIGHEST_UID else 1, state.uidnext, *(uid + 1 for uid in arrived))
        if row.low_uid != 1 or self._listing is not None or expected != state.exists:
            gone, missing, highest = self._listed(gone)
            uidnext = max(uidnext, highest + 1)
        return Differences(gone, changes, sorted(missing, reverse=True), uidnext)

    def _flags(self, doubted: Iterable[int]) -> Sequence[FlagState]:
        """Flags that may be others than the cache has."""
        known, now = self._row.modseq, self._state.modseq
        if self.level == "Q" and 0 < known <= now:
            return self._selected.opened.changed
        # Of a look that was cut off there are rows above UIDNEXT, too.
        with self._cache.writing() as db:
            last, first = (nth_newest_uid(db, self._row.id, number) for number in (1, NEWEST))
        if not last:
            return ()
        if self.level != "P":
            if known == now:
                return ()
            return self._selected.flags(1, last, changed_since=known if known < now else 0)
        told = [*self._selected.flags(first, last)]
        for uid in sorted(each for each in doubted if each < first)[:_MOST_DOUBTED]:
            told += self._selected.flags(uid, uid)
        return told

    def _arrived(self) -> list[int]:
        """New uids that have no row; ``n:*`` names the last message also where n is above it."""
        first = self._row.uidnext
        if self._state.uidnext == first or self._row.low_uid != 1:
            return []
        found = self._selected.search(f"UID {first}:*")
        with self._cache.writing() as db:
            stored = ids_in_ranges(db, self._row.id, [(first, HIGHEST_UID)])
        return [uid for uid in found if first <= uid <= HIGHEST_UID and uid not in stored]

    def _vanished(self) -> tuple[dict[int, int], int]:
        """Those that the server says are gone, and how many messages were known."""
        ranges = self._selected.opened.vanished if self.level == "Q" and self._row.modseq else ()
        with self._cache.writing() as db:
            gone = ids_in_ranges(db, self._row.id, ranges)
            known = count_uids(db, self._row.id)
        if is_mass(len(gone), known):
            self._listing = self._selected.uids()
        return gone, known

    def _listed(self, vanished: dict[int, int]) -> tuple[dict[int, int], set[int], int]:
        """What is gone and what is missing as the list of all uids says, and the highest uid."""
        if self._listing is None:
            self._listing = self._selected.uids()
        there = {uid for uid in self._listing if 0 < uid <= HIGHEST_UID}
        if not there.isdisjoint(vanished):
            # A uid is never used again: one of the two answers is wrong.
            log.warning("the server says that messages are gone which it has: QRESYNC is not used any more")
            self._server.demote("C")
        with self._cache.writing() as db:
            known = ids_by_uid(db, self._row.id)
        gone = {uid: number for uid, number in known.items() if uid not in there}
        unproved = gone.keys() - vanished.keys()
        if len(there) < self._state.exists and is_mass(len(unproved), len(known)):
            # The list is shorter than the server said; it has left some out.
            for uid in self._selected.there(sorted(unproved)):
                gone.pop(uid, None)
        return gone, there - known.keys(), max(there, default=0)
