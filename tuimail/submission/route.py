"""Which way an account's letters leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.config.model import Command, OutboxSettings, WhenRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.config.model import Account
    from tuimail.submission.submitter import Submitter


def submitter_for(
    account: Account, secret: Callable[[], Awaitable[str]], settings: OutboxSettings | None = None
) -> Submitter:
    """The way out of ``account``; ``secret`` is asked for the password or token only when one is needed."""
    if isinstance(account.submission, Command):
        from tuimail.submission.sendmail import CommandSubmitter

        return CommandSubmitter(account.submission.argv)
    from tuimail.submission.smtp import SmtpSubmitter

    hold = (settings or OutboxSettings()).when_some_refused is WhenRefused.HOLD
    return SmtpSubmitter(account.submission, secret, hold=hold)
