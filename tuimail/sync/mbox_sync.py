"""Brings the cache of an account into step with its mbox files, which are only read. On the thread of the cache.

A file that has only grown is read from its last known message on, once that is proved to be there still. Any other
change means that all of it is read, and its messages are known again by their content (mailboxes/mbox_folder).
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from tuimail.coordination.sqlite import DamagedDatabaseError
from tuimail.errors import StorageError
from tuimail.mailboxes.mbox_folder import find_mboxes
from tuimail.sync.mailbox_sync import FolderChange, FolderRows
from tuimail.sync.mbox_file_sync import MboxFileSync
from tuimail.sync.special_folders import PresentFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from tuimail.cache.database import WritableCache
    from tuimail.config.model import SpecialUse
    from tuimail.mailboxes.mbox_folder import MboxFolder

log = logging.getLogger(__name__)


class MboxSync:
    """The mbox files of one account and its cache: a MailboxSync."""

    def __init__(
        self,
        cache: WritableCache,
        root: Path,
        folders: Mapping[SpecialUse, str] | None = None,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        """``root`` is an mbox file or a folder of them, ``folders`` the user's map of special uses to folder names."""
        self._cache = cache
        self._root = root
        self._rows = FolderRows(cache, folders)
        self._now = now
        self._files: dict[str, MboxFileSync] = {}
        self.again_in: float | None = None
        """Seconds after which something in doubt can be decided; None: nothing was in doubt at the last look."""

    def sync(
        self, *, only: Collection[str] | None = None, progress: Callable[[str, int], None] | None = None
    ) -> list[FolderChange]:
        """Look at every file once, or at those that are named; the folders that differed.

        ``progress`` is called with a folder's name and the number of new messages read of it so far.

        Raises:
            StorageError: the file or the folder of them cannot be read, or the cache cannot be written.
        """
        self.again_in = None
        changes = []
        for folder, file in self._present():
            if only is not None and folder.name not in only:
                continue
            try:
                change = file.sync(progress)
            except DamagedDatabaseError:
                raise
            except StorageError as error:
                log.warning("the folder %s could not be read: %s", folder.name, error)
                continue
            if file.again_in is not None:
                self.again_in = min(file.again_in, self.again_in or file.again_in)
            if change is not None:
                changes.append(change)
        return changes

    def forget(self, folder: str, uniques: Collection[str]) -> None:
        """Nothing: no message of an mbox is moved or deleted here."""

    def doubt(self, folder: str, uniques: Collection[str]) -> None:
        """Nothing: no flag of an mbox is changed here."""

    def sync_folders(self) -> None:
        """Bring the list of folders into step, not their messages. Raises StorageError."""
        self._present()

    def _present(self) -> list[tuple[MboxFolder, MboxFileSync]]:
        folders = find_mboxes(self._root)
        numbers = self._rows.store([PresentFolder(each.name, each.name) for each in folders], self._forget)
        for each in folders:
            if each.name not in self._files:
                self._files[each.name] = MboxFileSync(self._cache, each, numbers[each.name], now=self._now)
        return [(each, self._files[each.name]) for each in folders]

    def _forget(self, name: str) -> None:
        self._files.pop(name, None)
