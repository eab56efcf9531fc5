"""Notices about accounts with a problem: one per account, however many letters wait."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from tuimail.outbox.model.account_notice import account_notice

if TYPE_CHECKING:
    from tuimail.config.model import Config
    from tuimail.outbox.model.account_notice import AccountNotice
    from tuimail.outbox.store.store import Store


def notices_of(outbox: Store | None, config: Config) -> dict[str, AccountNotice]:
    """Account -> its notice; first the accounts of the config, then others with letters in the outbox."""
    if outbox is None:
        return {}
    used = dict.fromkeys((*config.accounts, *(item.account for item in outbox.queries.items())))
    found = ((name, account_notice(outbox.accounts.health(name), config.accounts.get(name), time())) for name in used)
    return {name: notice for name, notice in found if notice is not None}
