"""Chooses the submitter of an account."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tuimail.config.model import OutboxSettings, SubmissionCommand, WhenRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.config.model import Account, Server
    from tuimail.submission.failover import Preference
    from tuimail.submission.submitter import Submitter


def submitter_for(
    account: Account,
    secret: Callable[[Server], Awaitable[str]],
    settings: OutboxSettings | None = None,
    preference: Preference | None = None,
) -> Submitter:
    """A submitter for ``account``.

    Args:
        account: the account whose letters it submits.
        secret: returns the password or token of a server; called only when one is needed.
        settings: the ``[outbox]`` table.
        preference: which of several servers worked last, shared by all submitters of the account.
    """
    if isinstance(account.submission, SubmissionCommand):
        from tuimail.submission.sendmail import CommandSubmitter

        return CommandSubmitter(account.submission.argv)
    from tuimail.submission.smtp import SmtpSubmitter

    hold = (settings or OutboxSettings()).when_some_refused is WhenRefused.HOLD
    submitters = [
        (f"{each.host}:{each.port}", SmtpSubmitter(each, partial(secret, account.secret_server(each)), hold=hold))
        for each in account.servers
    ]
    if len(submitters) == 1:
        return submitters[0][1]
    from tuimail.submission.failover import FailoverSubmitter

    return FailoverSubmitter(submitters, preference)
