"""The bytes of one received message, by its reference; without a sync and without the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import NoSuchItemError, UsageError

if TYPE_CHECKING:
    from tuimail.config.model import Config
    from tuimail.mail.message_ref import MessageRef


def received_bytes(config: Config, ref: MessageRef) -> bytes:
    """The message, of an account with a Maildir. Blocks.

    Raises:
        UsageError: there is no such account, or it has no Maildir.
        NoSuchItemError: there is no such folder.
        StorageError: the message is gone, or cannot be read.
    """
    from tuimail.mailboxes.maildir_folder import find_folders, open_message

    account = config.accounts.get(ref.account)
    if account is None or account.maildir is None:
        raise UsageError(f"There is no account {ref.account} with a Maildir.", hint="Look at the config.")
    path = next((each.path for each in find_folders(account.maildir) if each.name == ref.folder), None)
    if path is None:
        raise NoSuchItemError(f"There is no folder {ref.folder}.", hint="Another program may have removed it.")
    file, _ = open_message(path, ref.key)
    with file:
        return file.read()
