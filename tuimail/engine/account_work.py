"""What the thread of an account does: syncs, changes, carries out and undoes. Called on that thread alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tuimail.cache import reports
from tuimail.cache.lookup import new_messages
from tuimail.coordination.sqlite import DamagedDatabaseError
from tuimail.engine.account_cache import AccountCache
from tuimail.engine.account_requests import AccountRequests
from tuimail.engine.decision_work import DecisionWork
from tuimail.engine.journal_pruning import JournalPruning
from tuimail.engine.mail_actions import places_left, replay_ready
from tuimail.engine.mail_source import check_writable
from tuimail.engine.new_mail import NewMail
from tuimail.engine.thread_work import ThreadWork
from tuimail.errors import UsageError
from tuimail.journal.action import UNDECIDED, ActionState
from tuimail.journal.after import accounts_behind
from tuimail.journal.store import ActionJournal
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.sync.projection import show_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future
    from typing import Protocol

    from tuimail.config.model import Account
    from tuimail.engine.configured_source import MailSources
    from tuimail.engine.server_state import ServerState
    from tuimail.engine.work_problems import WorkProblems
    from tuimail.journal.action import MailAction
    from tuimail.journal.marks import Place
    from tuimail.mail.message_ref import MessageRef
    from tuimail.paths import Paths

    class AccountThread(Protocol):
        """The thread, for its work."""

        server: ServerState
        """Whether its server can be reached."""
        problems: WorkProblems
        """What went wrong but for the server."""
        opened: Callable[[MessageRef], None]
        """Called with a message that was fetched because somebody opened it."""

        def look(self) -> Future[None]:
            """Look at the mailbox now."""
            ...

        def between(self, folder: str, read: int) -> None:
            """Called in a long sync."""
            ...

        def announce(self) -> None:
            """The cache has changed."""
            ...

        def wake(self, account: str) -> None:
            """What another account waits for was done, or will not be."""
            ...

        def look_soon(self) -> None:
            """Another program has changed the mailbox."""
            ...

        def reports_wait(self) -> None:
            """There are messages that may be delivery reports."""
            ...

        def arrived(self, messages: Sequence[MessageRef]) -> None:
            """There is new mail that the user is to be told of."""
            ...

        def tell(self, sentence: str) -> None:
            """Say it to the user."""
            ...

        def guarded(self, name: str, work: Callable[[], object]) -> object:
            """Run ``work``; what goes wrong is told once."""
            ...

        def carry_out(self) -> bool:
            """``replay``, guarded; False: later, for the thread waits for the server already."""
            ...


_UNDER_WAY = (ActionState.WAITING, ActionState.SENT)
PAUSE = 0.5
"""Seconds between two tries to become the writer of the cache: whoever waits takes over within one."""
_NEXT = {
    ActionState.SENT: "  It is tried again later.",
    ActionState.REFUSED: "  Changes waiting: try it again there, or drop it.",
}
"""What becomes of an action that was not done, by its state."""


class AccountWork:
    """The journal, the cache and the mailbox of one account."""

    def __init__(self, thread: AccountThread, account: Account, paths: Paths, sources: MailSources) -> None:
        self._thread = thread
        self._account = account
        self._paths = paths
        self.cache = AccountCache(account, sources.of(account), paths, thread.tell)
        self.cache.was_opened = self._reopened
        self.watch = self.cache.source.watch(thread.look_soon)
        self.threads = ThreadWork(account.name, lambda: self.journal, self.cache.show)
        self._new_mail = NewMail(account)
        self.decisions = DecisionWork(account, paths, lambda: self.journal, self.cache, self._wake_others)
        self._pruning = JournalPruning(lambda: self.journal)
        self._requests = AccountRequests(
            account, paths, thread, lambda folder, key: sources.of(account, asks=False).open(folder, key).close()
        )
        self._fresh = False
        """The cache was opened since the mailbox was looked at."""
        self._journal: ActionJournal | None = None

    def close(self) -> None:
        """Close what is open."""
        self._requests.close()  # before another process may listen there
        self.watch.close()
        self.cache.close()
        if self._journal is not None:
            self._journal.close()

    @property
    def journal(self) -> ActionJournal:
        """The journal, opened when it is needed."""
        if self._journal is None:
            self._journal = ActionJournal(self._paths.journal)
        return self._journal

    # -- what the user does
    def change(self, actions: Sequence[MailAction]) -> int:
        """Durable, then shown."""
        check_writable(self._account)
        stored = self.journal.add(actions)
        self.show(stored)
        return stored[0].id

    def show(self, actions: Sequence[MailAction]) -> None:
        """Show this account's part of a command that is in the journal."""
        self.cache.show_waiting([each for each in self._own(actions) if each.state in _UNDER_WAY])

    def change_once(self, cause: str, make: Callable[[ActionJournal], MailAction]) -> int:
        """Durable, then shown; the action's id, or 0 and nothing if that was done before."""
        stored = self.journal.add_once(cause, lambda: make(self.journal))
        if stored is None:
            return 0
        self.cache.show_waiting([stored])
        return stored.id

    def mark(self, places: Sequence[Place], *, marked: bool) -> int:
        """Durable, then shown; how many were not so before."""
        check_writable(self._account)
        marks = self.journal.marks
        changed = (marks.add if marked else marks.remove)(self._account.name, places)
        self.cache.show(lambda db: show_marks(db, places, marked=marked))
        return changed

    def undo(self, command: int) -> list[MailAction]:
        """Undone, shown, and carried out."""
        made = self.journal.undo(command)
        own = self.follow(self.journal.batch(command), made)
        return [*own, *(each for each in made if each.account != self._account.name)]

    def follow(self, undone: Sequence[MailAction], made: Sequence[MailAction]) -> list[MailAction]:
        """Show and carry out this account's part of what was undone; its inverses among ``made``, as they are then."""
        self.cache.show_ended(self._own(undone))
        self.show(made)
        if self._thread.carry_out():
            own = self._own(made)
            touched = {folder for each in own for folder in (each.folder, each.target)}
            # What came back is shown before the user is told.
            self._thread.guarded("sync", lambda: self.cache.sync(only=touched))
        return self._own(made)

    def catch_up(self) -> None:
        """Show what another account's thread has changed in the journal for this one."""
        if self.cache.is_open:
            self.cache.lay_over(self.journal, changed=False)

    def replay(self) -> None:
        """Carry out what waits, show what came of it, and tell what could not be done."""
        if self.journal.next_ready(self._account.name) is None:
            return
        ended = replay_ready(self._account, self.cache.source, self._paths, self.journal)
        self.cache.show_ended(ended)
        for action in ended:
            if action.words and action.state is not ActionState.DONE:
                self._thread.tell(f"{self._account.name}: {action.words}{_NEXT.get(action.state, '')}")
        self.journal.marks.remove(self._account.name, places_left(ended))
        if self.decisions.awaited(ended):
            self._thread.announce()
        self._wake_others(ended)

    def _own(self, actions: Iterable[MailAction]) -> list[MailAction]:
        """Those of this account, as they are now."""
        return [self.journal.get(each.id) for each in actions if each.account == self._account.name]

    def _wake_others(self, changed: Sequence[MailAction]) -> None:
        """The accounts that what was ``changed`` concerns, for it comes before what they do."""
        if changed:
            for account in accounts_behind(self.journal.database, changed) - {self._account.name}:
                self._thread.wake(account)

    # -- folders
    def create_folder(self, name: str) -> None:
        """A new folder, in the layout that the user wants or the Maildir has."""
        check_writable(self._account)
        self.cache.source.create_folder(name)
        self._sync_folders()

    def rename_folder(self, name: str, to: str) -> None:
        """Another name for a folder."""
        self._check_idle(name)
        check_writable(self._account)
        self.cache.source.rename_folder(name, to)
        self._sync_folders()

    def delete_folder(self, name: str) -> None:
        """A folder and its messages, for good."""
        self._check_idle(name)
        check_writable(self._account)
        self.cache.source.delete_folder(name)
        self._sync_folders()

    def _check_idle(self, name: str) -> None:
        for action in self.journal.actions(UNDECIDED, account=self._account.name):
            if any(each == name or each.startswith(f"{name}/") for each in (action.folder, action.target)):
                refused = action.state is ActionState.REFUSED
                raise UsageError(
                    f"Changes of messages in {name} {'were refused' if refused else 'are not carried out yet'}.",
                    hint="Decide in Changes waiting." if refused else "Try again in a moment.",
                )

    def _sync_folders(self) -> None:
        """Show the folders as they are now, before the user is told."""
        self._thread.guarded("sync", self.cache.sync_folders)

    # -- the mailbox
    def leave(self, folder: str) -> None:
        """What was new in it when it was shown is old from now on."""
        if self.cache.is_open and not self._account.is_read_only:
            self.cache.source.leave(folder, self.cache.read(lambda db: new_messages(db, folder)))

    def sync(self) -> float:
        """Look at the mailbox once; seconds until the next look. Raises StorageError."""
        begun = time.time()
        # A cache that cannot be written holds up nothing that the user did.
        self._thread.guarded("journal", self.replay)
        self._thread.guarded("pruning", self._pruning.run)
        if not self.cache.open():
            if self.cache.changed_by_others():
                self._thread.announce()
            return PAUSE
        self.watch.keep()
        in_step = False
        try:
            if self.threads.follow():  # before messages are stored that it is about
                self._thread.announce()
            changed = self._synced()
            if self.cache.lay_over(self.journal, changed=changed) or changed:
                self._thread.announce()
            self._follow(changed=changed)
            in_step = self._thread.server.failed is None
        except DamagedDatabaseError:
            return 0.0  # it is begun anew
        finally:
            self.cache.tell(in_step=in_step)
        pause = min(self.watch.pause, self.cache.again_in or self.watch.pause)
        again = self.journal.next_try(self._account.name, begun)  # what was due before waits for something else
        return pause if again is None else min(pause, max(0.0, again - time.time()))

    def _synced(self) -> bool:
        """Whether the cache was changed. Raises TuimailError."""
        if self._thread.server.failed is not None:
            return False  # to try once more now would only take time
        try:
            return bool(self.cache.sync(progress=self._thread.between))
        except ImapError:
            if self.cache.lay_over(self.journal, changed=True):  # part of it may be stored
                self._thread.announce()
            raise

    def _follow(self, *, changed: bool) -> None:
        """What new messages bring with them."""
        if changed and not self._account.is_read_only:
            self.threads.read_muted(self.cache)
            self.replay()  # that, and what waited for its messages to be recognised
        if changed or self._fresh:
            self._fresh = False
            if arrived := self.cache.read(self._new_mail.found):
                self._thread.arrived(arrived)
            if self.cache.read(reports.are_waiting):
                self._thread.reports_wait()

    def _reopened(self) -> None:
        self._requests.open()
        self._fresh = True
        self._new_mail.reopened()
        self.threads.reopened()
