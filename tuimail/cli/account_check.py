"""Checks an account in the foreground and shows its findings as they arrive."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tuimail.cli.output import print_note
from tuimail.events import WaitingForSecret

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.accounts.finding import Finding
    from tuimail.config.model import Account
    from tuimail.events import Event


async def check(account: Account, *, tell: Callable[[Finding], None], show: bool) -> tuple[Finding, ...]:
    """Try every server of ``account``; calls ``tell`` with each finding as soon as it is known.

    With ``show`` it prints to standard error while it waits for a password.
    """
    from tuimail.accounts.check import check_account
    from tuimail.accounts.sign_in_secret import sign_in_secret

    def announce(event: Event) -> None:
        if show and isinstance(event, WaitingForSecret) and not event.done:
            print_note(f"      waiting for {event.source}...")

    secret = partial(sign_in_secret, account, announce=announce)
    return await check_account(account, secret, progress=tell)
