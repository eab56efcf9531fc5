"""Checking an account in the foreground, its findings shown as they come."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tuimail.cli.output import note
from tuimail.events import WaitingForSecret

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.accounts.finding import Finding
    from tuimail.config.model import Account
    from tuimail.events import Event


async def check(account: Account, *, tell: Callable[[Finding], None], show: bool) -> tuple[Finding, ...]:
    """Try every server of ``account``; ``tell`` is given each finding as soon as it is known.

    With ``show`` it is said on standard error when a password is being waited for.
    """
    from tuimail.accounts.check import check_account
    from tuimail.config.secrets import secret_for

    def announce(event: Event) -> None:
        if show and isinstance(event, WaitingForSecret) and not event.done:
            note(f"      waiting for {event.source}...")

    secret = partial(secret_for, account_name=account.name, announce=announce)
    return await check_account(account, secret, progress=tell)
