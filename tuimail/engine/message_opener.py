"""Opens received messages: from this machine, or fetched from their server first."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from tuimail.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from tuimail.config.model import Account
    from tuimail.engine.configured_source import MailSources
    from tuimail.engine.mail_accounts import MailAccounts
    from tuimail.engine.mail_reader import MailReader
    from tuimail.engine.mail_source import NotKeptError
    from tuimail.engine.reader_handle import ReaderHandle
    from tuimail.mail.message_ref import MessageRef
    from tuimail.mailboxes.imap_errors import ImapError


class MessageOpener:
    """Reads on the thread of the reader; fetches on threads of their own, so that rows are read meanwhile."""

    def __init__(
        self,
        reader: ReaderHandle,
        accounts: MailAccounts,
        sources: MailSources,
        offline: Callable[[str], ImapError | None],
        fetched: Callable[[MessageRef], None],
    ) -> None:
        """Nothing is opened yet.

        Args:
            reader: the thread that reads.
            accounts: those with mail; they may change meanwhile.
            sources: where their mail is.
            offline: why the server of an account cannot be reached; None: it can.
            fetched: called with a message that was fetched because it was opened.
        """
        self._reader = reader
        self._accounts = accounts
        self._sources = sources
        self._offline = offline
        self._fetched = fetched

    async def open(self, ref: MessageRef) -> BinaryIO:
        """As ``Mail.open``."""
        from tuimail.engine.mail_source import NotKeptError

        handover = _Handover()

        def opened(reader: MailReader) -> BinaryIO:
            mail = reader.mail(ref.account)
            return handover.take(mail.open(mail.message(ref)))

        try:
            try:
                return await self._reader.run(opened)
            except NotKeptError:
                return await self._fetch(ref, handover)
        except BaseException:
            handover.give_up()
            raise

    async def _fetch(self, ref: MessageRef, handover: _Handover) -> BinaryIO:
        from tuimail.mailboxes.imap_errors import ImapError

        account = self._accounts.get(ref.account)
        if account is None:
            raise UsageError(f"The account {ref.account} is not in the config any more.")
        offline = self._offline(ref.account)
        if offline is not None:
            raise _unreachable(account, offline)
        source = self._sources.of(account)
        try:
            file = await asyncio.to_thread(lambda: handover.take(source.open(ref.folder, ref.key)))
        except ImapError as error:
            raise _unreachable(account, error) from error
        self._fetched(ref)
        return file


class _Handover:
    """A file on its way from the thread that opens it: closed, if who asked for it is gone."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._file: BinaryIO | None = None
        self._gone = False

    def take(self, file: BinaryIO) -> BinaryIO:
        """It was opened. On the thread."""
        with self._guard:
            self._file = file
            if self._gone:
                file.close()
        return file

    def give_up(self) -> None:
        """Nobody wants it any more."""
        with self._guard:
            self._gone = True
            if self._file is not None:
                self._file.close()


def _unreachable(account: Account, error: ImapError) -> NotKeptError:
    from tuimail.engine.received_mail import unreachable

    made = unreachable(error)
    if account.imap is not None and error.status is None and not error.lasting:
        made.waits_for = account.imap.host
    return made
