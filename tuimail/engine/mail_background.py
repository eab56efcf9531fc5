"""What is done in the background for the mail of one account: messages are kept here, and their texts indexed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.engine.text_indexer import TextIndexer

if TYPE_CHECKING:
    from tuimail.config.model import Account
    from tuimail.engine.configured_source import MailSources
    from tuimail.engine.mail_account import MailAccount
    from tuimail.mail.message_ref import MessageRef
    from tuimail.paths import Paths


class MailBackground:
    """The threads besides the account's own. Methods may be called from any thread."""

    def __init__(self, account: Account, paths: Paths, sources: MailSources, mail: MailAccount) -> None:
        self._indexer = TextIndexer(account, paths, sources, mail)
        self._keeper = None
        if account.is_on_server:
            from tuimail.engine.body_keeper import BodyKeeper

            self._keeper = BodyKeeper(account, paths, sources, mail, self._kept)
        self._mail = mail

    def start(self) -> None:
        """Begin with what an earlier run left."""
        self._indexer.start()
        if self._keeper is not None:
            self._keeper.start()

    def stop(self) -> None:
        """End after the step that is under way; waits for it."""
        if self._keeper is not None:
            self._keeper.stop()
        self._indexer.stop()

    def wake(self) -> None:
        """The cache has changed."""
        self._indexer.wake()
        if self._keeper is not None:
            self._keeper.wake()

    def opened(self, ref: MessageRef) -> None:
        """A message was fetched because the user opened it."""
        if self._keeper is not None:
            self._keeper.opened(ref.folder, ref.key)

    def _kept(self) -> None:
        self._indexer.wake()
        self._mail.announce()
