"""The mail source that the config of an account names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import UsageError

if TYPE_CHECKING:
    from tuimail.config.model import Account
    from tuimail.engine.mail_source import MailSource


def mail_source(account: Account) -> MailSource:
    """Where the account's mail is; the Maildir if there is an mbox as well.

    Raises:
        UsageError: it has none.
    """
    if account.maildir is not None:
        from tuimail.engine.maildir_source import MaildirSource

        return MaildirSource(account, account.maildir)
    if account.mbox is not None:
        from tuimail.engine.mbox_source import MboxSource

        return MboxSource(account, account.mbox)
    raise UsageError(
        f"The account {account.name} has no Maildir and no mbox to read.",
        hint=f'Name one in the config: [accounts.{account.name}.maildir] with path = "~/Maildir".',
    )
