"""The bytes of one received message, by its reference; without a sync and without the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import UsageError

if TYPE_CHECKING:
    from tuimail.config.model import Config
    from tuimail.engine.configured_source import MailSources
    from tuimail.mail.message_ref import MessageRef


def received_bytes(config: Config, sources: MailSources, ref: MessageRef) -> bytes:
    """The message, of an account with mail to read. Blocks.

    Raises:
        UsageError: there is no such account, or it has no mail to read.
        StorageError: the message or its folder is gone, or cannot be read.
    """
    account = config.accounts.get(ref.account)
    if account is None:
        raise UsageError(f"There is no account {ref.account}.", hint="Look at the config.")
    with sources.of(account).open(ref.folder, ref.key) as file:
        return file.read()
