"""Brings one mailbox of an IMAP account into step with the cache. On the thread that writes the cache.

What is known of the mailbox (UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ) is stored in the transaction that stores the last of
the rows it speaks of, and is what SELECT gave; a look that is cut off leaves rows that are right, and is begun again.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.folders import mailbox_of, update_mailbox
from tuimail.cache.summaries import set_flags, vanish
from tuimail.cache.uids import HIGHEST_UID, detach, detached_rows, rows_between, undelivered
from tuimail.clock import DAY
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.sync.imap_changes import SEARCHED, BatchSize, searched_changes
from tuimail.sync.imap_comparison import NEWEST, Differences, MailboxComparison, sound_state
from tuimail.sync.imap_headers import HeaderReader, ReadHeaders
from tuimail.sync.imap_rematch import Rematch
from tuimail.sync.imap_rights import MailboxRights
from tuimail.sync.imap_rows import NewRows
from tuimail.sync.mailbox_sync import FolderChange

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Mapping

    from tuimail.cache.database import WritableCache
    from tuimail.cache.folders import CachedMailbox
    from tuimail.cache.summaries import FlagChange
    from tuimail.mailboxes.imap_values import MailboxState
    from tuimail.sync.imap_server import ImapServer, SelectedMailbox

log = logging.getLogger(__name__)

OLD_FLAGS_PAUSE = 900.0
"""Seconds between two times that the flags of all messages are searched for, at level P."""
_MOST_AGAIN = 100
"""Messages that could not be delivered and are tried again at once."""


class MailboxGoneError(Exception):
    """The mailbox was taken out of the cache while it was looked at."""


class LookedAt(NamedTuple):
    """What came of a look."""

    broken_off: bool
    """There is more to be fetched; another mailbox is wanted first."""
    news: bool
    """The server told of changes meanwhile."""


class SyncTimes(NamedTuple):
    """The clocks, so that tests need not wait."""

    now: Callable[[], float] = time.time
    """Seconds since the epoch."""
    passing: Callable[[], float] = time.monotonic
    """Seconds, to measure with."""


class ImapMailboxSync:
    """One mailbox, over many looks."""

    def __init__(
        self,
        cache: WritableCache,
        server: ImapServer,
        mailbox: int,
        *,
        times: SyncTimes,
        renamed: Callable[[str, Mapping[str, str]], None],
        numbered_anew: Callable[[str], None] = lambda _wire: None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            cache: where rows are stored.
            server: where the mail is.
            mailbox: its id in the cache.
            times: the clocks.
            renamed: called with the mailbox and new keys by old ones before rows with new keys are committed.
            numbered_anew: called with its wire name when UIDVALIDITY is another one than before.
        """
        self._cache = cache
        self._server = server
        self._mailbox = mailbox
        self._times = times
        self._renamed = renamed
        self._numbered_anew = numbered_anew
        self._rights = MailboxRights(cache, server)
        self._reader = HeaderReader()
        self._doubted: set[str] = set()
        self._change = FolderChange("")
        self._tried_again = float("-inf")
        self._all_flags = float("-inf")
        self.looked = float("-inf")
        """When it was looked at last, by ``times.passing``."""

    def doubt(self, keys: Collection[str]) -> None:
        """Read the flags of these messages with the next look, whatever the server says."""
        self._doubted.update(keys)

    def wants_look(self, db: sqlite3.Connection) -> bool:
        """A look is needed whatever STATUS says."""
        return bool(self._doubted or (self._is_time_to_deliver and undelivered(db, self._mailbox)))

    def look(self, progress: Callable[[str, int], None] | None, is_broken_off: Callable[[], bool]) -> LookedAt:
        """Look at it once.

        Raises:
            ImapError: the server refuses, or the connection is lost; what was stored is right.
            StorageError: the cache cannot be written.
        """
        row = self._row()
        with self._rights.stored_if_refused(row):
            selected = self._server.select(row.wire, validity=row.validity, modseq=row.modseq)
        state = sound_state(selected.opened.state)
        self._rights.store(row, state)
        if row.low_uid == 0 or state.validity != row.validity:
            if row.low_uid:
                self._numbered_anew(row.wire)
            row = self._begin(row, state)
        doubted, self._doubted = self._doubted, set()
        comparison = MailboxComparison(self._cache, self._server, row, selected)
        try:
            found = comparison.differences(_uids(doubted, row.validity))
            level = comparison.level
            broken_off = self._fetch(row, selected, found, level, progress, is_broken_off)
        except BaseException:
            self._doubted |= doubted
            raise
        if not broken_off:
            self._deliver_again(row, selected)
            self.looked = self._times.passing()
        news = selected.news()
        told = bool(news.vanished or news.changed or news.gone or news.exists not in (None, state.exists))
        return LookedAt(broken_off, told)

    def take_change(self) -> FolderChange | None:
        """What was stored since this was called last, also by a look that failed."""
        change, self._change = self._change, FolderChange("")
        return change if change.folder else None

    def old_flags_due(self, row: CachedMailbox, known: int) -> bool:
        """The flags of all messages are to be searched for, when nothing else is to be done."""
        if row.low_uid != 1 or row.level != "P" or known <= NEWEST:
            return False
        return self._times.passing() - self._all_flags >= OLD_FLAGS_PAUSE

    def look_at_old_flags(self) -> None:
        """Search for the flags of messages that are too old for ``look`` at level P. Raises ImapError, StorageError."""
        self._all_flags = self._times.passing()
        row = self._row()
        selected = self._server.select(row.wire)
        if sound_state(selected.opened.state).validity != row.validity:
            return
        found = {search: set(selected.search(search)) for search in SEARCHED}
        with self._cache.writing() as db:
            changes = searched_changes(rows_between(db, row.id, 1, HIGHEST_UID), found)
            set_flags(db, changes)
        self._note(row, changed=len(changes))

    def _row(self) -> CachedMailbox:
        with self._cache.writing() as db:
            return _mailbox(db, self._mailbox)

    def _begin(self, row: CachedMailbox, state: MailboxState) -> CachedMailbox:
        """All messages are to be fetched; what was known by other uids is recognised meanwhile."""
        self._reader.forget()
        first = state.uidnext or HIGHEST_UID
        with self._cache.writing() as db:
            detach(db, row.id)
            update_mailbox(
                db, row.id, validity=state.validity, uidnext=first, modseq=state.modseq, low_uid=max(first, 2)
            )
            return _mailbox(db, row.id)

    def _fetch(
        self,
        row: CachedMailbox,
        selected: SelectedMailbox,
        found: Differences,
        level: str,
        progress: Callable[[str, int], None] | None,
        is_broken_off: Callable[[], bool],
    ) -> bool:
        """Fetch what is missing and store what differs; whether something is left for later."""
        size, missing, done = BatchSize(), found.missing, 0
        gone, changes = list(found.gone.values()), found.changes
        with self._cache.writing() as db:
            rematch = Rematch(detached_rows(db, row.id)) if row.low_uid != 1 else Rematch(())
        undecided = False
        while True:
            following = missing[done : done + size.now]
            batch = following[: self._reader.limit(following)]
            try:
                read = self._read(selected, batch, size)
            except ImapError:
                self._store(row, gone, changes)
                raise
            done += len(batch)
            undecided = undecided or bool(read.undecided)
            new = NewRows.of(read, row.validity, self._times.now())
            if undecided:
                state: dict[str, object] = {}
            elif done < len(missing):
                state = {"low_uid": min(row.low_uid, batch[-1])} if row.low_uid != 1 else {}
            else:
                state = self._final_state(row, selected, found, level)
            self._store(row, gone, changes, new, rematch, state)
            gone, changes = [], []
            if batch and progress is not None:
                progress(row.name, done)
            if done >= len(missing):
                return False
            if is_broken_off():
                return True

    def _read(self, selected: SelectedMailbox, batch: list[int], size: BatchSize) -> ReadHeaders:
        if not batch:
            return ReadHeaders([], [], [])
        began = self._times.passing()
        read = self._reader.read(selected, batch)
        size.took(len(batch), self._times.passing() - began)
        if read.undeliverable:
            self._tried_again = self._times.now()
        return read.with_flags(selected)

    def _final_state(
        self, row: CachedMailbox, selected: SelectedMailbox, found: Differences, level: str
    ) -> dict[str, object]:
        if row.low_uid != 1:
            self._all_flags = self._times.passing()
        modseq = sound_state(selected.opened.state).modseq
        state = {"uidnext": found.uidnext, "modseq": modseq, "level": level, "low_uid": 1}
        same = all(getattr(row, name) == value for name, value in state.items())
        return {} if same else {**state, "synced_at": int(self._times.now())}

    def _store(
        self,
        row: CachedMailbox,
        gone: Iterable[int],
        changes: Iterable[FlagChange],
        new: NewRows | None = None,
        rematch: Rematch | None = None,
        state: Mapping[str, object] | None = None,
    ) -> None:
        """In one transaction."""
        gone, changes = list(gone), list(changes)
        if not (gone or changes or new or state):
            return
        added = 0
        keys: dict[str, str] = {}
        left: list[int] = []
        with self._cache.writing() as db:
            _mailbox(db, row.id)
            vanish(db, gone)
            set_flags(db, changes)
            if new:
                added, keys = new.store(db, row.id, rematch)
                if keys:
                    self._renamed(row.name, keys)
            if state:
                update_mailbox(db, row.id, **state)
                if row.low_uid != 1 and state.get("low_uid") == 1:
                    left = [each.id for each in detached_rows(db, row.id)]
                    vanish(db, left)
        self._note(row, new=added, changed=len(changes) + len(keys), gone=len(gone) + len(left))

    def _note(self, row: CachedMailbox, *, new: int = 0, changed: int = 0, gone: int = 0) -> None:
        if new or changed or gone:
            before = self._change
            self._change = FolderChange(row.name, before.new + new, before.changed + changed, before.gone + gone)

    @property
    def _is_time_to_deliver(self) -> bool:
        return self._times.now() - self._tried_again >= DAY

    def _deliver_again(self, row: CachedMailbox, selected: SelectedMailbox) -> None:
        """Once a day, messages that the server could not deliver."""
        if not self._is_time_to_deliver:
            return
        self._tried_again = self._times.now()
        with self._cache.writing() as db:
            waiting = dict(list(undelivered(db, row.id).items())[-_MOST_AGAIN:])
        if not waiting:
            return
        for uid in waiting:
            self._reader.again(uid)
        try:
            read = self._reader.read(selected, list(waiting))
        except ImapError as error:
            if error.status is None:
                raise
            return
        delivered = read._replace(undeliverable=[], undecided=[])
        gone = [waiting[each.uid] for each in read.headers]
        self._store(row, gone, [], NewRows.of(delivered, row.validity, self._times.now()))


def _mailbox(db: sqlite3.Connection, mailbox: int) -> CachedMailbox:
    row = mailbox_of(db, mailbox)
    if row is None:
        raise MailboxGoneError
    return row


def _uids(keys: Iterable[str], validity: int) -> list[int]:
    """The uids of those keys that are of this UIDVALIDITY."""
    numbers = (key.removeprefix(f"{validity}.") for key in keys if key.startswith(f"{validity}."))
    return [int(each) for each in numbers if each.isdecimal() and len(each) <= 10]
