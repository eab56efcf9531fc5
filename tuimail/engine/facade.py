"""What the two faces may ask for. Owns every background task.

An engine outlives every screen and never imports one. The Textual app and the headless commands are two faces of it;
any number of engines may run on the same folders at once. All methods are called on the engine's event loop; none of
them blocks it: each store is touched on a thread of its own, networks by coroutines.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.clock import Clock, SystemClock
from tuimail.engine.accounts import Accounts, SendService, Service
from tuimail.engine.answered_flags import AnsweredFlags
from tuimail.engine.answers import Answers
from tuimail.engine.configured_accounts import ConfiguredAccounts
from tuimail.engine.draft_copies import DraftCopies
from tuimail.engine.drafts import Drafts
from tuimail.engine.given_secrets import GivenSecrets
from tuimail.engine.letter_copies import LetterCopies
from tuimail.engine.mail import Mail
from tuimail.engine.open_stores import open_correspondents, open_drafts, open_outbox
from tuimail.engine.outbox import Outbox
from tuimail.engine.received_reports import ReceivedReports
from tuimail.engine.revise_letter import ReviseLetter
from tuimail.engine.runner_handle import RunnerHandle
from tuimail.engine.searches import Searches
from tuimail.engine.sent import SentLetters
from tuimail.engine.sent_folders import SentFolders
from tuimail.engine.store_handle import StoreHandle
from tuimail.events import Announcer, Notice, Severity

if TYPE_CHECKING:
    from tuimail.config.model import Config
    from tuimail.engine.reconfiguring import Reconfiguring
    from tuimail.engine.service_recovery import ServiceRecovery
    from tuimail.engine.wake_events import WakeEvents
    from tuimail.mail.message_ref import MessageRef
    from tuimail.outbox.run.runner import Runner
    from tuimail.outbox.store.store import Store
    from tuimail.paths import Paths


class Engine:
    """Everything the two faces may ask for, in parts; it starts and stops them."""

    _loop: asyncio.AbstractEventLoop | None = None
    _wake_events: WakeEvents | None = None
    _running: asyncio.Task[None] | None = None
    _seeking: asyncio.Task[None] | None = None
    _recovery: ServiceRecovery | None = None
    _reconfiguring: Reconfiguring | None = None

    def __init__(self, config: Config, paths: Paths, *, clock: Clock | None = None) -> None:
        self.paths = paths
        self.clock = clock or SystemClock()
        self.announcer = Announcer()
        self._accounts = ConfiguredAccounts(config, paths, self.announcer)
        self._outbox_store = StoreHandle(
            "outbox writer", lambda: open_outbox(self.config, paths, self.clock), lambda store: store.close()
        )
        self._draft_store = StoreHandle("drafts writer", lambda: open_drafts(paths), lambda it: it.close())
        self._correspondents = StoreHandle(
            "correspondents writer", lambda: open_correspondents(paths, self._warn_from_thread), lambda it: it.close()
        )
        self._folders = SentFolders(self._accounts, paths)
        self._runner = RunnerHandle(self.announcer)
        self._revise = ReviseLetter(self._outbox_store, self._draft_store)
        self.accounts = Accounts(
            self._accounts,
            self._outbox_store,
            {Service.SEND: SendService(self._outbox_store, self._runner, self._folders)},
            self.announcer,
        )
        """Whether accounts work."""
        self.sent = SentLetters(self._outbox_store, self._folders, self._runner, self.announcer, self.clock)
        """Letters that went out."""
        self.mail = Mail(config, paths, self.announcer)
        """Received mail."""
        self._given = GivenSecrets(self.announcer, self.mail.sync, resume=self._resume_accounts)
        self._copies = DraftCopies(self._draft_store, self._outbox_store, self._accounts, self.mail, self.clock)
        self.outbox = Outbox(
            paths.outbox,
            self._outbox_store,
            self._revise,
            self.sent,
            self._runner,
            self._accounts,
            self.announcer,
            self.clock,
            LetterCopies(self._copies, self._draft_store),
        )
        """Letters on their way."""
        self._reports = ReceivedReports(self.mail, self.sent, self.clock.now)
        self.mail.news.look_at_reports = self._reports.look
        self.searches = Searches(paths, lambda: tuple(self.config.accounts), self.clock)
        """Searches in it that have a name."""
        correspondents, runner, accounts = self._correspondents, self._runner, self._accounts
        own = (self.announcer, self.clock, self._copies)
        self.drafts = Drafts(self._draft_store, correspondents, self._outbox_store, runner, accounts, *own)
        """Letters being written."""
        stores = self._draft_store, self._outbox_store
        self.answers = Answers(accounts, *stores, runner, self.clock, self._received, self._copies)
        """Received messages answered."""

    def start_reading(self, *, sync: bool = True) -> None:
        """Allow received mail to be read, and drafts and the outbox to be opened by whoever asks for them.

        ``sync``: received mail is kept in step with its mailboxes; else only what is asked for is done.
        """
        from tuimail.config.secrets import configure

        configure(self.config.secrets, self.paths.secrets_file)
        self._given.open()
        self._loop = asyncio.get_running_loop()
        for handle in (self._outbox_store, self._draft_store, self._correspondents):
            handle.start()
        self._reports.start()
        self.mail.start(sync=sync)

    async def start(self, *, run_outbox: bool = True, watch: bool = False, sync: bool = True) -> None:
        """Open the outbox, recover, and (unless told not to) start sending what is due; read mail if not done before.

        ``watch``: it goes on without a screen; others are told so (``outbox.watchers``). ``sync`` as ``start_reading``.

        Raises:
            StorageError: the folders or the index cannot be opened.
        """
        from tuimail.platform_events import watchdog

        if not self._outbox_store.started:
            self.start_reading(sync=sync)
        watchdog.attend(asyncio.get_running_loop())
        store = await self._outbox_store.run(lambda store: store)
        if store.notice:
            self.announcer.announce(Notice(store.notice, Severity.WARNING))
        await self.accounts.notice_changed_settings()
        await self._revise.forget_unfinished()
        from tuimail.outbox.run.runner import Runner

        self._runner.runner = runner = Runner(
            store,
            self._outbox_store.writer,
            self._accounts.submitter_for,
            self.announcer,
            self.clock,
            filer=self._folders,
            flagger=AnsweredFlags(self._accounts, self.mail),
            connections=self._accounts.connections,
        )
        if run_outbox:
            await self._run(runner, store, watch=watch)

    @property
    def config(self) -> Config:
        """The one in force."""
        return self._accounts.config

    async def reconfigure(self, config: Config) -> None:
        """Go by another config from now on; returns when it is in force, which ConfigChanged tells to all.

        Accounts that came work at once. Those that went stop, and what waits in the outbox for them is blocked. Those
        with other settings start anew. Everything else goes on; a letter on its way goes by the settings before. Begun,
        it is carried out even if not awaited; another one that is asked for meanwhile comes after it.

        Raises:
            StorageError: the outbox cannot be written; the config is in force all the same.
        """
        from tuimail.config.secrets import configure
        from tuimail.engine.reconfiguring import Reconfiguring

        configure(config.secrets, self.paths.secrets_file)
        if self._reconfiguring is None:
            parts = (self._accounts, self.accounts, self.mail, self._outbox_store, self._runner, self.announcer)
            self._reconfiguring = Reconfiguring(*parts)
        await self._reconfiguring.go_by(config)

    async def _run(self, runner: Runner, store: Store, *, watch: bool) -> None:
        from tuimail.coordination.change_notifier import PeerRole
        from tuimail.engine.service_recovery import ServiceRecovery
        from tuimail.engine.wake_events import WakeEvents

        role = PeerRole.WATCH if watch else PeerRole.APP
        self._wake_events = WakeEvents(
            runner, store.change_notifier, role, came_up=self._came_up, resumed=self.mail.sync.try_servers
        )
        self._wake_events.open()
        self._recovery = ServiceRecovery(runner, self.mail.sync, read_again=lambda _account: self.sent.seek_again())
        self.mail.news.came_back = self._recovery.reading_is_back
        runner.host_back = self._recovery.sending_is_back
        self._running = asyncio.create_task(runner.run(), name="outbox-runner")
        self._seeking = asyncio.create_task(self.sent.seek(), name="outbox-evidence")
        await asyncio.sleep(0)  # its first look comes before the caller's: no change between them is missed

    async def _resume_accounts(self) -> None:
        if self._outbox_store.started:
            await self.accounts.secret_given()

    def _came_up(self) -> None:
        self.sent.seek_again()
        self.mail.sync.try_servers()

    def _received(self, ref: MessageRef) -> bytes:
        from tuimail.engine.received_bytes import received_bytes

        return received_bytes(self.config, self.mail.sources, ref)

    def _warn_from_thread(self, words: str) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.announcer.announce, Notice(words, Severity.WARNING))

    async def stop(self) -> None:
        """Stop sending (a letter past its dot is waited for, a few seconds, else left uncertain) and close."""
        if self._reconfiguring is not None:
            await self._reconfiguring.finish()
        if self._seeking is not None:
            self._seeking.cancel()
        self._reports.stop()
        self._given.close()
        self.accounts.close()
        if self._recovery is not None:
            self._recovery.close()
        try:
            if self._wake_events is not None:
                await self._wake_events.closed()
            if self._runner.runner is not None:
                await self._runner.runner.stop()
            if self._running is not None:
                await asyncio.gather(self._running, return_exceptions=True)
            await self._revise.finish()
            await self._folders.close()
        finally:
            # Without awaiting anything: when the wait is cancelled, the stores are closed all the same.
            if self._wake_events is not None:
                self._wake_events.close()
            self.mail.stop()
            for handle in (self._correspondents, self._draft_store, self._outbox_store):
                handle.stop()
            self._runner.runner = self._running = self._seeking = self._wake_events = None
