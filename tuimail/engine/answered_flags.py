r"""Gives answered messages their flag (\Answered, $Forwarded) through the journal, once for each accepted letter."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tuimail.outbox.model.item import Flagging, FlaggingState

if TYPE_CHECKING:
    from tuimail.config.model import Account
    from tuimail.engine.configured_accounts import ConfiguredAccounts
    from tuimail.engine.mail import Mail
    from tuimail.journal.action import MailAction
    from tuimail.journal.store import ActionJournal
    from tuimail.mail.answered_message import AnsweredMessage
    from tuimail.outbox.model.item import OutboxItem


class AnsweredFlags:
    """Puts the flag of the message that a letter answers into the journal (outbox/run/answered_flag_worker)."""

    def __init__(self, accounts: ConfiguredAccounts, mail: Mail) -> None:
        self._accounts = accounts
        self._mail = mail

    async def flag(self, item: OutboxItem) -> Flagging:
        """Journal it, unless that was done before; the thread of the account's mail carries it out.

        What was moved meanwhile is followed to where the journal moved it.

        Raises:
            StorageError: the journal cannot be written.
        """
        answers = item.answers
        if answers is None:
            return _skipped("it answers none")
        account = self._accounts.get(answers.ref.account)
        if account is None:
            return _skipped(f"the account {answers.ref.account} is not in the config any more")
        cause, make = f"outbox:{item.id}", partial(_action, account, answers)
        if not account.has_mail:
            return _skipped(f"{account.name} has no mail to read any more")
        if account.is_read_only:
            return _skipped(f"the folders of {account.name} are read only")
        await self._mail.change_once(account.name, cause, make)
        return Flagging(FlaggingState.DONE)


def _skipped(words: str) -> Flagging:
    return Flagging(FlaggingState.SKIPPED, words=words)


def _action(account: Account, answers: AnsweredMessage, journal: ActionJournal) -> MailAction:
    """The action on the message where it is now."""
    from tuimail.journal.action import ActionKind, ActionMessage, MailAction
    from tuimail.journal.undo import followed

    earlier = journal.actions(account=account.name)
    folder, message = followed(answers.ref.folder, ActionMessage(answers.ref.key), earlier)
    return MailAction(account.name, ActionKind.FLAG, folder, (message,), add=answers.flag)
