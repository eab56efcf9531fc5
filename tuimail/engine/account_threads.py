"""The threads of all accounts with received mail: one that syncs and changes it, and those in the background."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from tuimail.engine.store_handle import not_started
from tuimail.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tuimail.cache.database import DamagedCacheError
    from tuimail.engine.configured_source import MailSources
    from tuimail.engine.mail_account import MailAccount
    from tuimail.engine.mail_accounts import MailAccounts
    from tuimail.engine.mail_background import MailBackground
    from tuimail.engine.mail_news import MailNews
    from tuimail.mail.message_ref import MessageRef
    from tuimail.mailboxes.imap_errors import ImapError
    from tuimail.paths import Paths


class AccountThreads:
    """Started and stopped with the engine. Used on the event loop."""

    def __init__(self, accounts: MailAccounts, paths: Paths, sources: MailSources, news: MailNews) -> None:
        """``accounts`` may change meanwhile, then ``renew`` is called; ``news`` passes on what the threads tell."""
        self._accounts = accounts
        self._paths = paths
        self._sources = sources
        self._news = news
        self._writers: dict[str, MailAccount] = {}
        self._background: dict[str, MailBackground] = {}
        self._ending: list[MailBackground | MailAccount] = []
        """Those that were told to end, in this order, and may still be at work."""
        self._started = False
        self._sync = True

    def start(self, *, sync: bool) -> None:
        """Begin to sync the accounts; without ``sync`` only what is asked for is done."""
        self._started = True
        self._sync = sync
        self._sources.resume()
        self._begin([each.name for each in self._accounts])

    def _begin(self, names: Sequence[str]) -> None:
        """Start the threads of accounts that have none."""
        accounts = [each for each in self._accounts if each.name in names and each.name not in self._writers]
        if not accounts:
            return
        from tuimail.engine.mail_account import MailAccount
        from tuimail.engine.mail_background import MailBackground

        for account in accounts:
            thread = MailAccount(account, self._paths, self._sources, self._changed, self._news, sync=self._sync)
            thread.wake, thread.opened = self._wake, self.opened
            self._writers[account.name] = thread
            if self._sync:
                self._background[account.name] = MailBackground(account, self._paths, self._sources, thread)
            thread.start()
        for account in accounts:
            if account.name in self._background:
                self._background[account.name].start()

    async def renew(self, names: Sequence[str]) -> None:
        """These accounts came, went, or have other settings: end their threads, and start those that are needed.

        Returns when they have finished what they were doing. The threads of other accounts go on.
        """
        if not self._started:
            return
        for threads in (self._background, self._writers):
            self._ending += [threads.pop(each) for each in names if each in threads]
        for each in names:
            self._sources.forget(each)  # what waits for a server ends
        if self._ending:
            await asyncio.to_thread(_end, tuple(self._ending))
            self._ending.clear()
        for each in names:
            self._sources.forget(each)  # one of them may have connected again before it ended
        if self._started:
            self._begin(names)

    def stop(self) -> None:
        """Finish what was begun and end the threads. Awaits nothing."""
        self._sources.close()  # what waits for a server ends
        _end((*self._ending, *self._background.values(), *self._writers.values()))
        self._background.clear()
        self._writers.clear()
        self._started = False

    def pause(self) -> None:
        """Give up connections and locks, for the process is to be stopped (^Z); waits until that is done.

        Until ``resume`` received mail can be read and not be changed.
        """
        self.stop()

    def resume(self) -> None:
        """Take them back."""
        self.start(sync=True)

    def writer(self, account: str) -> MailAccount:
        """The thread that changes the mail of an account. Raises UsageError: nobody can change it."""
        if not self._started:
            raise not_started()
        if account not in self._writers:
            raise UsageError(f"The mail of {account} cannot be changed here.")
        return self._writers[account]

    def of(self, account: str) -> Iterator[MailAccount]:
        """That of an account, if it has one; of all for an empty name."""
        return (each for name, each in self._writers.items() if account in ("", name))

    def offline(self, account: str) -> ImapError | None:
        """Why the server of the account cannot be reached now; of the first one that cannot, for an empty name."""
        return next((each.server.offline for each in self.of(account) if each.server.offline is not None), None)

    def stopped_by(self, account: str) -> str:
        """Why an account is not synced now although its mailbox can be reached; empty: it is."""
        return next(filter(None, (each.problems.of("sync") for each in self.of(account))), "")

    def syncing(self, account: str) -> str:
        """What is being read for the first time, in words; empty when nothing is."""
        return next((each.syncing for each in self.of(account) if each.syncing), "")

    def opened(self, ref: MessageRef) -> None:
        """A message was fetched because the user opened it."""
        if ref.account in self._background:
            self._background[ref.account].opened(ref)

    def suspect(self, error: DamagedCacheError) -> None:
        """Whoever writes the cache looks whether it is damaged, and begins another one."""
        for each in self.of(""):
            each.suspect(error)

    async def look(self) -> None:
        """Look for new mail now; returns when that is done."""
        await asyncio.gather(*(asyncio.wrap_future(each.look()) for each in self.of("")))

    def try_servers(self) -> None:
        """The network is up, or the machine was asleep: try every server now. Waits for nothing."""
        for account in self._accounts:
            if account.maildir is None and account.imap is not None and account.name in self._writers:
                self._writers[account.name].try_now()

    def try_offline(self, account: str) -> None:
        """Try the server of an account now if it could not be reached. Waits for nothing."""
        for each in self.of(account):
            if each.server.offline is not None:
                each.try_now()

    def try_mended(self, account: str = "") -> None:
        """The user mended what kept an account, or all, from the server, be it the sign-in. Waits for nothing."""
        for each in self.of(account):
            if each.server.offline is not None:
                with suppress(RuntimeError):  # it has ended
                    each.look()

    async def replay(self) -> None:
        """Carry out what waits in the journal; returns when that was tried."""
        if await asyncio.to_thread(self._paths.journal.exists):
            await asyncio.gather(*(asyncio.wrap_future(each.replay()) for each in self.of("")))

    def _wake(self, account: str) -> None:
        """What the account waits for was done, or will not be. Called from the threads."""
        if (thread := self._writers.get(account)) is not None:
            with suppress(RuntimeError):  # it has ended
                thread.run(lambda work: thread.guarded("journal", work.catch_up))

    def _changed(self, account: str) -> None:
        """Called from the threads."""
        if account in self._background:
            self._background[account].wake()
        self._news.changed(account)


def _end(threads: Iterable[MailBackground | MailAccount]) -> None:
    """Wait for each; those in the background need the thread of their account until they have ended."""
    for each in threads:
        each.stop()
