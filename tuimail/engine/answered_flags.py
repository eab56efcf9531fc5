r"""What accepted letters do to received mail, through the journal and once for each letter.

The message that a letter answers gets its flag (\Answered, $Forwarded); its draft goes from \Drafts.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tuimail.outbox.model.states import FlaggingState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.engine.configured_accounts import ConfiguredAccounts
    from tuimail.engine.mail import Mail
    from tuimail.journal.action import MailAction
    from tuimail.journal.store import ActionJournal
    from tuimail.mail.answered_message import AnsweredMessage
    from tuimail.outbox.model.item import Flagging, OutboxItem


class AnsweredFlags:
    """Puts the flag of the answered message, and the deletion of the draft, into the journal.

    outbox/run/answered_flag_worker calls it.
    """

    def __init__(self, accounts: ConfiguredAccounts, mail: Mail) -> None:
        self._accounts = accounts
        self._mail = mail

    async def flag(self, item: OutboxItem) -> Flagging:
        """Journal both, unless that was done before; the threads of the accounts' mail carry it out.

        What was moved meanwhile is followed to where the journal moved it.

        Raises:
            StorageError: the journal cannot be written.
        """
        from tuimail.outbox.model.item import Flagging

        reasons = []
        copy, answers = item.draft_copy, item.answers
        if copy is not None:
            from tuimail.engine.draft_copy_actions import deletion, removal

            gone = partial(removal, copy)
            cause = f"draft of outbox:{item.id}"
            reasons.append(await self._journaled(copy.account, cause, partial(deletion, copy), unless=gone))
        if answers is not None:
            make = partial(_flag, answers)
            reasons.append(await self._journaled(answers.ref.account, f"outbox:{item.id}", make))
        words = next(filter(None, reasons), "" if reasons else "it answers none")
        return Flagging(FlaggingState.SKIPPED if words else FlaggingState.DONE, words=words)

    async def _journaled(
        self,
        name: str,
        cause: str,
        make: Callable[[ActionJournal], MailAction],
        *,
        unless: Callable[[ActionJournal], object] = lambda _journal: None,
    ) -> str:
        """Why it cannot be done; empty: it is in the journal, or ``unless`` tells of what makes it needless."""
        account = self._accounts.get(name)
        if account is None:
            return f"the account {name} is not in the config any more"
        if not account.has_mail:
            return f"{name} has no mail to read any more"
        if account.is_read_only:
            return f"the folders of {name} are read only"
        if not await self._mail.ask_journal(name, unless):
            await self._mail.change_once(name, cause, make)
        return ""


def _flag(answers: AnsweredMessage, journal: ActionJournal) -> MailAction:
    """The action on the message where it is now."""
    from tuimail.journal.action import ActionKind, ActionMessage, MailAction
    from tuimail.journal.undo import followed

    account = answers.ref.account
    earlier = journal.actions(account=account)
    folder, message = followed(answers.ref.folder, ActionMessage(answers.ref.key), earlier)
    return MailAction(account, ActionKind.FLAG, folder, (message,), add=answers.flag)
