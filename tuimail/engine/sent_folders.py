"""The Sent folders of the accounts, on IMAP servers and on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.outbox.model.states import FilingState

if TYPE_CHECKING:
    from tuimail.engine.configured_accounts import ConfiguredAccounts
    from tuimail.mail.content import Content
    from tuimail.outbox.model.item import Filing, OutboxItem
    from tuimail.paths import Paths
    from tuimail.sent.filer import SentCopyFiler


class SentFolders:
    """The Sent folders of the accounts: where copies are filed (SentCopyFiler), and where evidence is looked for."""

    def __init__(self, accounts: ConfiguredAccounts, paths: Paths) -> None:
        self._accounts = accounts
        self._paths = paths
        self._filer: SentCopyFiler | None = None

    async def file(self, item: OutboxItem, content: Content) -> Filing:
        """File the copy of ``item``. Raises ConfigError when its account is gone."""
        from tuimail.outbox.model.item import Filing

        result = await self._filing.file_copy(
            self._accounts.account(item.account),
            item.message_id,
            content,
            date=item.queued_at,
            attempts=item.filing.attempts,
            place=item.filing.place,
        )
        state = FilingState.SKIPPED if result.skipped else FilingState.FILED if result.done else FilingState.DUE
        return Filing(state, words=result.message, place=result.place)

    async def holds(self, item: OutboxItem) -> bool:
        """Whether the letter is in its account's Sent on the server. Raises TuimailError: it cannot be found out."""
        return await self._filing.holds(self._accounts.account(item.account), item.message_id)

    @property
    def _filing(self) -> SentCopyFiler:
        if self._filer is None:
            from tuimail.sent.filer import SentCopyFiler

            self._filer = SentCopyFiler(self._paths, self._accounts.imap_secret)
        return self._filer

    def mended(self, account: str) -> None:
        """The user says that the account works again: a password its IMAP server refused may be tried at once."""
        if self._filer is not None:
            self._filer.mended(account)

    async def close(self) -> None:
        """Log out everywhere."""
        if self._filer is not None:
            await self._filer.close()
