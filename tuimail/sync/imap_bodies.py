"""Keeps messages of an IMAP account on this machine, as the policies of its folders say, in small steps.

Its thread fetches and keeps files; the cache's own thread writes there which messages are kept. The files are right
whatever the cache says of them: one that is lost or damaged is fetched again.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.bodies import place_name
from tuimail.cache.folders import all_mailboxes
from tuimail.cache.kept import Unkept, ids_of_places, mark_kept, tracked, unkept
from tuimail.config.model import KeepPolicy
from tuimail.mail.flags import FLAGGED
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.sync.keep_policy import LARGEST, MOST, RECENT, KeptFile, KeptRoom

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable

    from tuimail.cache.bodies import BodyStore, KeptBody
    from tuimail.cache.database import ReadableCache
    from tuimail.cache.folders import CachedMailbox
    from tuimail.cache.kept import Tracked
    from tuimail.sync.imap_server import ImapServer, SelectedMailbox

    Write = Callable[[Callable[[sqlite3.Connection], None]], None]
    """Runs a function in a transaction of the cache's only writer."""

log = logging.getLogger(__name__)

BATCH = 25
"""Messages of a step."""
_MOST_SKIPPED = 1000
"""Messages that could not be fetched, after which it is left to another time."""
_MOST_LOSSES = 2
"""Times that the connection may be lost at the same message."""
_MOST_IN_A_ROW = 10
"""Times that it may be lost without that a message was fetched."""
_GIVE_WAY = 50
"""Rows after which other threads may run."""
_NO_ROW = 0
"""In place of the id of a message."""
_WHOLE = 1 << 40
"""Bytes; no message is as large."""


class TooLargeError(Exception):
    """A message is larger than the server said."""


class _Wanted(NamedTuple):
    mailbox: CachedMailbox
    messages: list[Unkept]


class ImapBodies:
    """The messages of one account that are kept. Used by one thread."""

    def __init__(
        self,
        cache: ReadableCache,
        server: ImapServer,
        store: BodyStore,
        write: Write,
        *,
        most: int = MOST,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is fetched yet; the process holds the account's lock.

        Args:
            cache: a connection of this thread.
            server: the account's.
            store: where its messages are kept.
            write: runs a function in a transaction of the cache.
            most: bytes that are kept, besides those of folders of which all is.
            now: seconds since the epoch.
        """
        self._cache = cache
        self._server = server
        self._store = store
        self._write = write
        self._most = most
        self._now = now
        self._room: KeptRoom | None = None
        self._skipped: set[int] = set()
        """Messages that are not fetched any more before somebody asks for them."""
        self._oldest = {True: 0, False: 0}
        """There is no room for messages that arrived before; by whether all of their folder is kept."""
        self._losses: dict[int, int] = {}
        """How many times the connection was lost at a message."""
        self._in_a_row = 0
        self.fetched = 0
        """Messages that were fetched so far."""

    def look(self, pinned: Collection[tuple[str, str]] = ()) -> None:
        """Compare the files with the cache; remove those of messages that are gone, and what there is no room for.

        Args:
            pinned: folders and keys of messages that are never removed.

        Raises:
            StorageError: the cache cannot be read or written.
        """
        files = {each.place: each for each in self._store.kept(now=self._now())}
        wrong: dict[bool, list[int]] = {True: [], False: []}
        removable: list[KeptFile] = []
        held = 0
        with self._cache.snapshot() as db:
            complete = all(each.low_uid == 1 or each.policy == KeepPolicy.NONE for each in all_mailboxes(db))
            found = _with_files(tracked(db, kept=True), files)
            if files:  # a crash may have come before it was written down that they are kept
                found += [each for each in _with_files(tracked(db, kept=False), files) if each[1] is not None]
        for row, file in found:
            if row.kept != (file is not None):
                wrong[file is not None].append(row.id)
            if file is None or row.policy == KeepPolicy.ALL:
                continue
            if row.flags & FLAGGED or (row.mailbox, row.key) in pinned:
                held += file.size
            else:
                removable.append(KeptFile(row.id, file.path, file.size, file.used))
        if complete:
            self._remove_files(files.values())
        else:  # their rows may come yet
            removable += [KeptFile(_NO_ROW, each.path, each.size, each.used) for each in files.values()]
        for kept, ids in wrong.items():
            self._mark(ids, kept=kept)
        self._skipped.clear()
        self._losses.clear()
        self._oldest = {True: 0, False: 0}
        self._room = KeptRoom(removable, held, most=self._most)
        self._evict(self._room.surplus(self._store.free()))

    def opened(self, places: Iterable[tuple[str, str]]) -> None:
        """Messages (name of the folder, key) were fetched because somebody opened them. Raises StorageError."""
        with self._cache.reading() as db:
            ids = ids_of_places(db, [each for each in places if self._store.has(*each)])
        self._mark(ids, kept=True)

    def step(self, goes_on: Callable[[], bool] = lambda: True) -> int | None:
        """Fetch some messages of one folder, the newest first.

        Args:
            goes_on: asked before each message.

        Returns:
            How many are kept that were not; None: nothing is left to be fetched.

        Raises:
            ImapError: the server cannot be reached, or the connection is lost again and again.
            StorageError: the disk or the cache cannot be read or written.
        """
        if self._room is None:
            self.look()
        wanted = self._wanted()
        if wanted is None:
            return None
        try:
            mailbox = self._server.select(wanted.mailbox.wire)
        except ImapError as error:
            if error.status is None:
                raise
            log.info("the server refuses to open a folder: %s", error)
            self._skipped.update(each.id for each in wanted.messages)
            return 0
        if mailbox.opened.state.validity != wanted.mailbox.validity:
            self._skipped.update(each.id for each in wanted.messages)  # the next look finds other rows
            return 0
        return self._fetch_all(wanted, mailbox, goes_on)

    # -- what is wanted
    def _wanted(self) -> _Wanted | None:
        """The newest messages that are to be kept and are not, of one folder."""
        if len(self._skipped) >= _MOST_SKIPPED:
            return None
        best: _Wanted | None = None
        with self._cache.reading() as db:
            for mailbox in all_mailboxes(db):
                if mailbox.policy not in (KeepPolicy.RECENT, KeepPolicy.ALL):
                    continue
                every = mailbox.policy == KeepPolicy.ALL
                since = 0 if every else int(self._now() - RECENT)
                largest = _WHOLE if every else LARGEST
                found = unkept(
                    db,
                    mailbox.id,
                    since=since,
                    oldest=self._oldest[every],
                    largest=largest,
                    skipped=self._skipped,
                    most=BATCH,
                )
                if found and (best is None or found[0].arrived > best.messages[0].arrived):
                    best = _Wanted(mailbox, found)
        return best

    # -- fetching
    def _fetch_all(self, wanted: _Wanted, mailbox: SelectedMailbox, goes_on: Callable[[], bool]) -> int:
        every = wanted.mailbox.policy == KeepPolicy.ALL
        kept: list[int] = []
        try:
            for message in wanted.messages:
                if not goes_on():
                    break
                # The cache was begun anew, or another process has opened it.
                file = self._store.find(wanted.mailbox.name, message.key)
                if file is None and not self._has_room(message, every=every):
                    self._oldest[every] = max(self._oldest[every], message.arrived + 1)
                    break
                try:
                    file = file or self._fetch(wanted.mailbox.name, message, mailbox, every=every)
                except ImapError as error:
                    self._lost(message, error)
                    break
                if file is None:
                    self._skipped.add(message.id)
                    continue
                kept.append(message.id)
                if not every and self._room is not None:
                    self._room.add(file.size, KeptFile(message.id, file.path, file.size, file.used))
        finally:
            self._mark(kept, kept=True)
        return len(kept)

    def _lost(self, message: Unkept, error: ImapError) -> None:
        """The connection was lost at a message, which may be why: after some times it is passed over."""
        log.info("the connection was lost at a message: %s", error)
        self._losses[message.id] = self._losses.get(message.id, 0) + 1
        if self._losses[message.id] >= _MOST_LOSSES:
            self._skipped.add(message.id)
        self._in_a_row += 1
        if self._in_a_row >= _MOST_IN_A_ROW:
            self._in_a_row = 0
            raise error

    def _has_room(self, message: Unkept, *, every: bool) -> bool:
        """Make room for it; False: there is none, or what would have to go for it is worth more."""
        assert self._room is not None  # noqa: S101 - ``step`` has made it
        free = self._store.free()
        if every:
            return self._room.has_disk(message.size, free)
        going = self._room.make(message.size, message.arrived, free)
        if going:
            self._evict(going)
        return going is not None

    def _fetch(self, folder: str, message: Unkept, mailbox: SelectedMailbox, *, every: bool) -> KeptBody | None:
        """Its file; None: it is gone, refused or too large."""

        def fetch(write: Callable[[bytes], object]) -> bool:
            count = 0

            def limited(piece: bytes) -> None:
                nonlocal count
                count += len(piece)
                if not every and count > LARGEST:
                    raise TooLargeError
                write(piece)

            return mailbox.fetch(message.uid, limited)

        try:
            file = self._store.keep(folder, message.key, fetch, used=message.arrived)
        except TooLargeError:
            return None
        except ImapError as error:
            if error.status is None:
                raise
            log.info("the server refuses to give a message: %s", error)
            return None
        self._in_a_row = 0
        self.fetched += file is not None
        return file

    # -- what is kept
    def _evict(self, files: Collection[KeptFile]) -> None:
        for each in files:
            self._store.remove_file(each.path)
        self._mark([each.message for each in files], kept=False)

    def _remove_files(self, files: Iterable[KeptBody]) -> None:
        for at, each in enumerate(files, 1):
            self._store.remove_file(each.path)
            if at % _GIVE_WAY == 0:
                time.sleep(0)

    def _mark(self, ids: Collection[int], *, kept: bool) -> None:
        wanted = list(ids)
        if wanted:
            self._write(lambda db: mark_kept(db, wanted, kept=kept))


def _with_files(rows: Iterable[Tracked], files: dict[str, KeptBody]) -> list[tuple[Tracked, KeptBody | None]]:
    """Each message with its file, which is taken out of ``files``, which are by place."""
    found = []
    for at, row in enumerate(rows):
        if at % _GIVE_WAY == 0:
            time.sleep(0)
        found.append((row, files.pop(place_name(row.mailbox, row.key), None)))
    return found
