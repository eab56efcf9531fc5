"""Brings the cache of an account into step with its Maildir. Called on the thread that writes the cache.

The Maildir is the truth: other programs deliver into it, rename and delete at the same time. A message is known by the
unique part of its file's name. Nothing in the Maildir is changed here.
"""

from __future__ import annotations

import itertools
import logging
import os
import time
from typing import TYPE_CHECKING, NamedTuple

from tuimail.cache.folders import mailbox_of, read_stamps, store_stamps, update_mailbox
from tuimail.cache.summaries import FlagChange, NewMessage, insert, known_messages, set_flags, vanish
from tuimail.errors import StorageError
from tuimail.mail.flags import OLD, from_maildir
from tuimail.mail.received_header import HEAD_LIMIT
from tuimail.mail.summary import summary_of
from tuimail.mailboxes.maildir_folder import (
    SHORTEST_PAUSE,
    MaildirScanner,
    flags_of,
    folder_stamps,
    folders_there,
    is_new,
    open_message,
)
from tuimail.sync.mailbox_sync import FolderChange, FolderRows
from tuimail.sync.special_folders import PresentFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from tuimail.cache.database import WritableCache
    from tuimail.config.model import SpecialUse
    from tuimail.mail.summary import Summary
    from tuimail.mailboxes.maildir_folder import MaildirChange, MaildirFolder

log = logging.getLogger(__name__)

BATCH = 500
"""Messages that are stored in one transaction."""
FIRST_BATCH = 100
"""Of them, the first time: about two screens, which are shown soon."""
GIVE_WAY = 5
"""Messages that are read until another thread may run: keys are answered within a frame meanwhile."""
_FIRST = 16 * 1024
"""Bytes read of a file at first: most headers end within them."""

_UNKNOWN = -1
"""In place of flags: none that a message can have."""


class _Known(NamedTuple):
    id: int
    flags: int


class MaildirSync:
    """The Maildir of one account and its cache."""

    def __init__(self, cache: WritableCache, root: Path, folders: Mapping[SpecialUse, str] | None = None) -> None:
        """``folders`` is the user's own map of special uses to folder names."""
        self._cache = cache
        self._root = root
        self._rows = FolderRows(cache, folders)
        self.again_in: float | None = None
        """Seconds after which something in doubt can be decided; None: nothing was in doubt at the last look."""
        self._syncing = False
        self._unread: set[str] = set()
        """Folders with messages that could not be read."""
        self._scanners: dict[str, MaildirScanner] = {}
        self._known: dict[str, dict[str, _Known]] = {}
        with cache.writing() as db:
            self._stamps = read_stamps(db)
        """Time stamps of folders that nothing was in doubt of when they were looked at last, in any process."""

    def sync(
        self, *, only: Collection[str] | None = None, progress: Callable[[str, int], None] | None = None
    ) -> list[FolderChange]:
        """Look at every folder once, or at those that are named; the folders that differed.

        ``progress`` is called with a folder's name and the number of new messages read of it so far. Called by it, this
        does nothing: what the look under way found is older, and would be stored over what was found now.

        Raises:
            StorageError: the Maildir cannot be read, or the cache cannot be written.
        """
        if self._syncing:
            return []
        self._syncing = True
        try:
            return self._sync_all(only, progress)
        finally:
            self._syncing = False

    def _sync_all(
        self, only: Collection[str] | None, progress: Callable[[str, int], None] | None
    ) -> list[FolderChange]:
        self.again_in = None
        folders = folders_there(self._root)
        numbers = self._store_folders(folders)
        changes = []
        for folder in sorted(folders, key=lambda each: each.name != "INBOX"):
            if only is not None and folder.name not in only:
                continue
            try:
                change = self._sync_folder(folder, numbers[folder.name], progress)
            except BaseException:
                # The scanner takes for known what was not stored.
                self._forget_folder(folder.name)
                raise
            if change is not None:
                changes.append(change)
        return changes

    def forget(self, folder: str, uniques: Collection[str]) -> None:
        """Messages were taken out of the cache, moved or deleted: one that is in the folder again is new."""
        known = self._known.get(folder)
        if known is not None:
            for unique in uniques:
                known.pop(unique, None)
        if folder in self._scanners:
            self._scanners[folder].forget(uniques)

    def doubt(self, folder: str, uniques: Collection[str]) -> None:
        """The flags of messages were changed in the cache, because they were changed in the folder: read them again.

        Another program may have changed them back, so that the names are those of the last look.
        """
        known = self._known.get(folder, {})
        for unique in uniques:
            if unique in known:
                known[unique] = known[unique]._replace(flags=_UNKNOWN)
        if folder in self._scanners:
            self._scanners[folder].doubt(uniques)

    def sync_folders(self) -> None:
        """Bring the list of folders into step, not their messages. Raises StorageError."""
        self._store_folders(folders_there(self._root))

    def _store_folders(self, folders: list[MaildirFolder]) -> dict[str, int]:
        return self._rows.store([PresentFolder(each.name, each.name) for each in folders], self._forget_folder)

    def _forget_folder(self, name: str) -> None:
        self._scanners.pop(name, None)
        self._known.pop(name, None)
        self._stamps.pop(name, None)

    def _sync_folder(
        self, folder: MaildirFolder, mailbox: int, progress: Callable[[str, int], None] | None
    ) -> FolderChange | None:
        self._unread.discard(folder.name)
        stamps = self._stamps.get(folder.name)
        if folder.name not in self._scanners and stamps and stamps == folder_stamps(folder.path):
            return None  # as an earlier process left it: its names are not even read
        known = self._known.get(folder.name)
        if known is None:
            with self._cache.writing() as db:
                known = {each.emailid: _Known(each.id, each.server_flags) for each in known_messages(db, mailbox)}
            self._known[folder.name] = known
        scanner = self._scanners.setdefault(folder.name, MaildirScanner(folder.path, known))
        if scanner.unchanged():
            return None
        change = _scanned(folder, scanner)
        if change is None:
            return None
        new = self._add(folder, mailbox, change.appeared, progress)
        changed = self._store_flags(known, change)
        gone = change.gone
        last = change
        if change.again_in is not None and change.again_in <= SHORTEST_PAUSE:
            # The folder is still: a second look tells what is gone.
            again = _scanned(folder, scanner)
            if again is not None:
                last = again
                new += self._add(folder, mailbox, again.appeared, progress)
                changed += self._store_flags(known, again)
                gone |= again.gone
        if last.again_in is not None:
            self.again_in = min(last.again_in, self.again_in or last.again_in)
        ids = [known.pop(unique).id for unique in gone if unique in known]
        stamps = "" if folder.name in self._unread else scanner.stamps
        if ids or self._stamps.get(folder.name, "") != stamps:
            with self._cache.writing() as db:
                vanish(db, ids)
                store_stamps(db, folder.name, stamps)
            self._stamps[folder.name] = stamps
        if not (new or changed or ids):
            return None
        return FolderChange(folder.name, new, changed, len(ids))

    def _add(
        self,
        folder: MaildirFolder,
        mailbox: int,
        appeared: Mapping[str, str],
        progress: Callable[[str, int], None] | None,
    ) -> int:
        done = 0
        known = self._known[folder.name]
        # Names begin with a time. In that order rows that are shown together lie together in the file; the first time
        # the newest come first, for they are looked at first.
        for batch in _batched(sorted(appeared.items(), reverse=not known), first=FIRST_BATCH):
            read = list(_summaries(folder, batch))
            with self._cache.writing() as db:
                row = mailbox_of(db, mailbox)
                first = row.uidnext if row else 1
                messages = [NewMessage(summary, first + at, unique) for at, (unique, summary) in enumerate(read)]
                ids = insert(db, mailbox, messages)
                update_mailbox(db, mailbox, uidnext=first + len(messages))
            for number, (unique, summary) in zip(ids, read, strict=True):
                known[unique] = _Known(number, summary.flags)
            unread = [unique for unique, _ in batch if unique not in known]
            if unread:  # gone again, or not to be read now: looked at again with the next change
                self._scanners[folder.name].forget(unread)
                self._unread.add(folder.name)
            done += len(read)
            if progress is not None:
                progress(folder.name, done)
        return done

    def _store_flags(self, known: dict[str, _Known], change: MaildirChange) -> int:
        changes = []
        for unique, path in change.renamed.items():
            flags = _flags(path)
            before = known.get(unique)
            if before is not None and before.flags != flags:
                changes.append(FlagChange(before.id, flags, server_flags=flags))
                known[unique] = _Known(before.id, flags)
        if changes:
            with self._cache.writing() as db:
                set_flags(db, changes)
        return len(changes)


def _scanned(folder: MaildirFolder, scanner: MaildirScanner) -> MaildirChange | None:
    """None: it cannot be read now; what the cache has of it stays."""
    try:
        return scanner.scan()
    except StorageError as error:
        log.warning("the folder %s could not be read: %s", folder.name, error)
        return None


def _batched(pairs: Iterable[tuple[str, str]], *, first: int) -> Iterable[tuple[tuple[str, str], ...]]:
    waiting = iter(pairs)
    size = first
    while batch := tuple(itertools.islice(waiting, size)):
        yield batch
        size = BATCH


def _summaries(folder: MaildirFolder, batch: Iterable[tuple[str, str]]) -> Iterable[tuple[str, Summary]]:
    for number, (unique, path) in enumerate(batch):
        summary = _read(folder, unique, path)
        if summary is not None:
            yield unique, summary
        if number % GIVE_WAY == 0:
            time.sleep(0)  # else the interface waits for the interpreter's lock


def _flags(path: str) -> int:
    """The bits of a file's name; what is no longer in ``new`` is old."""
    return from_maildir(flags_of(path)) | (0 if is_new(path) else OLD)


def _read(folder: MaildirFolder, unique: str, path: str) -> Summary | None:
    """The row of a message; None when it is gone again or cannot be read."""
    try:
        file, path = open_message(folder.path, unique, path=path)
    except StorageError as error:
        log.info("a message of %s could not be read: %s", folder.name, error)
        return None
    with file:
        try:
            info = os.fstat(file.fileno())
            header = file.read(_FIRST)
            if b"\n\n" not in header and b"\n\r\n" not in header:
                header += file.read(HEAD_LIMIT - _FIRST)
        except OSError as error:
            log.info("a message of %s could not be read: %s", folder.name, error.strerror)
            return None
    return summary_of(header, flags=_flags(path), size=info.st_size, arrived=int(info.st_mtime))
