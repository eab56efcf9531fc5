"""Brings the cache of an account into step with its IMAP server. Called on the thread that writes the cache.

INBOX and the folder on the screen are always looked at; of the others STATUS tells whether they need it, and those of
which nothing is kept are left alone.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING

from tuimail.cache.folders import all_mailboxes, update_mailbox
from tuimail.cache.labels import set_has_labels
from tuimail.cache.uids import count_uids, count_unread
from tuimail.config.model import KeepPolicy
from tuimail.mail.text import safe_line
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.sync.imap_folders import INBOX, chosen_folders, in_order, needs_look, present_folders
from tuimail.sync.imap_listing import ImapListing
from tuimail.sync.imap_mailbox_sync import ImapMailboxSync, LookedAt, MailboxGoneError, SyncTimes
from tuimail.sync.imap_validity import ValidityChanges
from tuimail.sync.keep_policy import policy_for
from tuimail.sync.mailbox_sync import FolderChange, FolderRows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from tuimail.cache.database import WritableCache
    from tuimail.cache.folders import CachedMailbox
    from tuimail.config.model import SpecialUse
    from tuimail.mailboxes.folders import Mailbox
    from tuimail.mailboxes.imap_values import FolderStatus
    from tuimail.sync.imap_server import ImapServer

log = logging.getLogger(__name__)

NEWS_PAUSE = 5.0
"""Seconds until the next look when the server told of changes during one."""
LABELS = "X-GM-EXT-1"
"""The capability of a server that lists a message once for each of its labels (Gmail)."""
NEXT_PAUSE = 1.0
"""Seconds until the flags of old messages of the next mailbox are searched for."""


class ImapSync:
    """The mailboxes of one account and its cache: a MailboxSync."""

    def __init__(
        self,
        cache: WritableCache,
        server: ImapServer,
        folders: Mapping[SpecialUse, str] | None = None,
        *,
        times: SyncTimes | None = None,
        renamed: Callable[[str, Mapping[str, str]], None] = lambda _folder, _keys: None,
        policies: Mapping[str, KeepPolicy] | None = None,
        only_subscribed: bool = False,
        told: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            cache: where rows are stored.
            server: where the mail is.
            folders: the user's own map of special uses to folder names.
            times: the clocks.
            renamed: called with a folder and new keys by old ones when UIDVALIDITY has changed, before the rows with
                the new keys are committed: the journal is to know them first. It may be called again for the same.
            policies: the user's own map of folder names to what is kept of them.
            only_subscribed: folders to which the user has not subscribed, and that have no use, are left out.
            told: called with a sentence for the user.
        """
        self._cache = cache
        self._server = server
        self._listing = ImapListing(server, (times or SyncTimes()).passing)
        self._rows = FolderRows(cache, folders)
        self._times = times or SyncTimes()
        self._renamed = renamed
        self.again_in: float | None = None
        """Seconds after which another look is worth while; None: nothing was in doubt at the last one."""
        self.on_screen = INBOX
        """The folder that the user looks at: set it from any thread, and it is fetched before others."""
        self._wires: dict[str, str] = {}
        """Wire names by the names that are shown, by which the journal and the screen call folders."""
        self._boxes: dict[str, ImapMailboxSync] = {}
        self._policies = policies or {}
        self._only_subscribed = only_subscribed
        self._told = told
        self._validity = ValidityChanges()
        self._unkept: frozenset[str] = frozenset()
        """Wire names of the mailboxes that are looked at only while they are on the screen."""
        self._changes: list[FolderChange] = []
        """What is stored and was not returned: the look after it failed."""
        self._syncing = False

    def sync(
        self, *, only: Collection[str] | None = None, progress: Callable[[str, int], None] | None = None
    ) -> list[FolderChange]:
        """Look at every folder once, or at those that are named; the folders that differed.

        ``progress`` is called between batches with a folder's name and the number of new messages read of it so far;
        it may raise, and what is stored by then is right. Called by it, this does nothing.

        Raises:
            ImapError: the server cannot be reached, or the connection is lost.
            StorageError: the cache cannot be written.
        """
        if self._syncing:
            return []
        self._syncing = True
        try:
            self._sync(only, progress)
        finally:
            self._syncing = False
        changes, self._changes = self._changes, []
        return changes

    def sync_folders(self) -> None:
        """Bring the list of folders into step, not their messages. Raises ImapError and StorageError."""
        self._store_folders(self._listing.folders())

    def _store_folders(self, listed: Sequence[Mailbox]) -> None:
        if self._only_subscribed:
            listed = chosen_folders(listed, self._server.subscribed())
        present = present_folders(listed)
        if not present.complete:
            log.warning("the server does not list INBOX: folders that it does not list are kept")
        numbers = self._rows.store(present.folders, self._forget_folder, complete=present.complete)
        self._wires = {each.name: each.wire for each in present.folders}
        self._store_policies(present.views)
        for wire, number in numbers.items():
            if wire not in self._boxes:
                self._boxes[wire] = ImapMailboxSync(
                    self._cache,
                    self._server,
                    number,
                    times=self._times,
                    renamed=self._renamed,
                    numbered_anew=self._numbered_anew,
                )

    def _store_policies(self, views: Collection[str]) -> None:
        has_labels = self._server.has(LABELS)  # before: whoever waits for a server may do other work on the cache
        with self._cache.writing() as db:
            rows = all_mailboxes(db)
            found = {
                each.wire: policy_for(
                    self._policies,
                    each.name,
                    each.special,
                    is_view=each.wire in views,
                    is_unsteady=each.wire in self._validity.unsteady,
                )
                for each in rows
            }
            set_has_labels(db, has_labels)
            for each in rows:
                if each.policy != found[each.wire]:
                    update_mailbox(db, each.id, policy=str(found[each.wire]))
        self._unkept = frozenset(wire for wire, policy in found.items() if policy is KeepPolicy.NONE)

    def _numbered_anew(self, wire: str) -> None:
        if not self._validity.note(wire, self._times.now()):
            return
        name = next((name for name, each in self._wires.items() if each == wire), wire)
        self._told(f"The server numbers the letters of {safe_line(name)} anew again and again: they stay there.")
        with self._cache.writing() as db:
            for row in all_mailboxes(db):
                if row.wire == wire and row.policy in (KeepPolicy.ALL, KeepPolicy.RECENT):
                    update_mailbox(db, row.id, policy=str(KeepPolicy.HEADERS))

    def forget(self, folder: str, uniques: Collection[str]) -> None:
        """Messages were taken out of the cache, moved or deleted: the folder is looked at whatever STATUS says."""
        self.doubt(folder, uniques)

    def doubt(self, folder: str, uniques: Collection[str]) -> None:
        """The flags of messages were changed in the cache, because they were changed at the server: read them again."""
        box = self._boxes.get(self._wire(folder))
        if box is not None:
            box.doubt(uniques)

    def _wire(self, folder: str) -> str:
        return self._wires.get(folder, folder)

    @property
    def _shown(self) -> str:
        return self._wire(self.on_screen)

    def _forget_folder(self, wire: str) -> None:
        self._boxes.pop(wire, None)

    def _sync(self, only: Collection[str] | None, progress: Callable[[str, int], None] | None) -> None:
        self.again_in = None
        if only is None or not self._boxes.keys() >= set(map(self._wire, only)):
            self._store_folders(self._listing.folders(wanted=0 if only is not None else len(self._others())))
        if only is not None:
            self._look_at(set(map(self._wire, only)), progress)
            return
        first = {INBOX, self._shown}
        self._look_at(first, progress)
        if others := self._others():
            self._look_at(self._differing(others), progress)
        self._look_at_old_flags()

    def _others(self) -> list[str]:
        """Mailboxes of which STATUS tells whether they need a look."""
        return [each for each in self._boxes if each not in (INBOX, self._shown) and each not in self._unkept]

    def _look_at(self, wires: Collection[str], progress: Callable[[str, int], None] | None) -> None:
        waiting = deque(each.wire for each in in_order(self._known(wires), self._shown))
        while waiting:
            wire, shown = waiting.popleft(), self._shown

            def is_another_wanted(wire: str = wire, shown: str = shown) -> bool:
                return self._shown not in (shown, wire) and self._shown in self._boxes

            looked = self._look(wire, progress, is_another_wanted)
            if looked is not None and looked.broken_off:
                waiting.extendleft((wire, self._shown))

    def _look(
        self, wire: str, progress: Callable[[str, int], None] | None, is_another_wanted: Callable[[], bool]
    ) -> LookedAt | None:
        box = self._boxes.get(wire)
        if box is None:
            return None
        try:
            looked = box.look(progress, is_another_wanted)
        except MailboxGoneError:
            self._forget_folder(wire)
            return None
        except ImapError as error:
            if error.status is None:
                raise
            log.warning("the server refuses a look at a folder: %s", error)
            return None
        finally:
            self._take_change(box)
        if looked.news:
            self.again_in = NEWS_PAUSE
        return looked

    def _differing(self, wires: Collection[str]) -> set[str]:
        statuses = self._listing.statuses(list(wires))
        return {row.wire for row in self._known(wires) if self._differs(row, statuses.get(row.wire))}

    def _differs(self, row: CachedMailbox, status: FolderStatus | None) -> bool:
        box = self._boxes[row.wire]
        with self._cache.writing() as db:
            if box.wants_look(db):
                return True
            known = count_uids(db, row.id)
            unread = 0 if row.modseq else count_unread(db, row.id)
        return needs_look(row, status, known=known, unread=unread, looked=self._times.passing() - box.looked)

    def _look_at_old_flags(self) -> None:
        """Of one mailbox; the others have their turn when nothing else is to be done."""
        with self._cache.writing() as db:
            rows = [(row, count_uids(db, row.id)) for row in all_mailboxes(db) if row.wire in self._boxes]
        due = [row.wire for row, known in rows if self._boxes[row.wire].old_flags_due(row, known)]
        for wire in due[:1]:
            try:
                self._boxes[wire].look_at_old_flags()
            except ImapError as error:
                if error.status is None:
                    raise
                log.warning("the server refuses to search a folder: %s", error)
            finally:
                self._take_change(self._boxes[wire])
        if due[1:]:
            self.again_in = min(self.again_in or NEXT_PAUSE, NEXT_PAUSE)

    def _take_change(self, box: ImapMailboxSync) -> None:
        change = box.take_change()
        if change is not None:
            self._changes.append(change)

    def _known(self, wires: Iterable[str]) -> list[CachedMailbox]:
        wanted = set(wires)
        with self._cache.writing() as db:
            return [row for row in all_mailboxes(db) if row.wire in wanted and row.wire in self._boxes]
