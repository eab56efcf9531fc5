"""What every synchronisation of an account has: looking, and rows for the folders that there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tuimail.cache.folders import add_mailbox, all_mailboxes, remove_mailbox
from tuimail.sync.special_folders import special_uses

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from tuimail.cache.database import WritableCache
    from tuimail.config.model import SpecialUse
    from tuimail.sync.special_folders import PresentFolder


@dataclass(frozen=True, slots=True)
class FolderChange:
    """What a look at a folder changed in the cache."""

    folder: str
    new: int = 0
    changed: int = 0
    gone: int = 0


class MailboxSync(Protocol):
    """Brings the cache of one account into step with where its mail is. Used by the thread that writes the cache."""

    @property
    def again_in(self) -> float | None:
        """Seconds after which something in doubt can be decided; None: nothing was in doubt at the last look."""
        ...

    def sync(
        self, *, only: Collection[str] | None = None, progress: Callable[[str, int], None] | None = None
    ) -> list[FolderChange]:
        """Look at every folder once, or at those that are named; the folders that differed.

        ``progress`` is called with a folder's name and the number of new messages read of it so far.

        Raises:
            StorageError: the mail cannot be read, or the cache cannot be written.
            ImapError: the server cannot be reached, or the connection was lost.
        """
        ...

    def sync_folders(self) -> None:
        """Bring the list of folders into step, not their messages. Raises StorageError and ImapError."""
        ...

    def forget(self, folder: str, uniques: Collection[str]) -> None:
        """Messages were taken out of the cache, moved or deleted: one that is in the folder again is new."""
        ...

    def doubt(self, folder: str, uniques: Collection[str]) -> None:
        """The flags of messages were changed in the cache, because they were changed in the folder: read them again."""
        ...


class FolderRows:
    """The folders in the cache."""

    def __init__(self, cache: WritableCache, folders: Mapping[SpecialUse, str] | None = None) -> None:
        """``folders`` is the user's own map of special uses to folder names."""
        self._cache = cache
        self._own = {use.value: name for use, name in (folders or {}).items()}

    def store(
        self, folders: Collection[PresentFolder], forget: Callable[[str], None], *, complete: bool = True
    ) -> dict[str, int]:
        """The rows of the folders that there are, by wire name; ``forget`` is called for those that are gone.

        Not ``complete``: there may be others, so that none is gone.

        Raises:
            StorageError: the cache cannot be written.
        """
        uses = special_uses(folders, self._own)
        with self._cache.writing() as db:
            before = {each.wire: each for each in all_mailboxes(db)}
            for wire in before.keys() - uses.keys() if complete else ():
                remove_mailbox(db, before[wire].id)
                forget(wire)
            numbers = {}
            for each in folders:
                row, special = before.get(each.wire), uses[each.wire]
                known = row is not None and (row.name, row.delimiter, row.special) == (
                    each.name,
                    each.delimiter,
                    special,
                )
                numbers[each.wire] = (
                    row.id
                    if row and known
                    else add_mailbox(db, each.wire, name=each.name, delimiter=each.delimiter, special=special)
                )
        return numbers
