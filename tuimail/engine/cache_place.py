"""Where the cache of an account is, and who may write it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tuimail.cache.writer_lock import WriterLock

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.config.model import Account
    from tuimail.paths import Paths


def action_lock(account: Account, paths: Paths) -> WriterLock:
    """Held by the process that carries out the journal's actions in the account's mailbox."""
    return WriterLock(paths.data / "mail" / f"{account_key(account)}.journal.lock")


def cache_of(account: Account, paths: Paths) -> tuple[Path, WriterLock]:
    """The folder of the account's cache, and the lock of its writer."""
    key = account_key(account)
    return paths.cache / "mail" / key, WriterLock(paths.data / "mail" / f"{key}.lock")


def account_key(account: Account) -> str:
    """Tells the account's mail from any other that it may have had."""
    named = f"{account.name}\0{_source_name(account)}"
    return hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _source_name(account: Account) -> str | None:
    if account.maildir is not None:
        return str(account.maildir)
    if account.imap is not None:
        return f"imap\0{account.imap.username}\0{account.imap.host}\0{account.imap.port}"
    return None if account.mbox is None else f"mbox\0{account.mbox}"
