"""Moving and copying messages to a folder of another account: engine.mail.transfer.

Their bytes are fetched and kept first; then all is one command in the journal. What is in that account already is
moved and copied within it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from tuimail.engine.mail_command import MailCommand

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.engine.account_work import AccountWork
    from tuimail.engine.mail_account import MailAccount
    from tuimail.engine.mail_reader import MailReader
    from tuimail.engine.message_change import MessageChange
    from tuimail.engine.message_opener import MessageOpener
    from tuimail.engine.reader_handle import ReaderHandle
    from tuimail.journal.action import MailAction
    from tuimail.mail.message_ref import MessageRef
    from tuimail.paths import Paths

T = TypeVar("T")


class MailTransfer:
    """Between the accounts."""

    def __init__(
        self, paths: Paths, reader: ReaderHandle, opener: MessageOpener, writer: Callable[[str], MailAccount]
    ) -> None:
        self._paths = paths
        self._reader = reader
        self._opener = opener
        self._writer = writer

    async def move(self, refs: Sequence[MessageRef], account: str, folder: str) -> list[MailCommand]:
        """Move messages there; in their own accounts they go to the trash, or for good where there is none.

        Returns:
            The command in the journal, to undo it; none if nothing was to be done.

        Raises:
            UsageError: an account is read only, or there is no such folder.
            NotKeptError: one of them is only at its server, which cannot be reached. Nothing was changed.
            TuimailError: it cannot be read, or the disk refuses. Nothing was changed.
        """
        return await self._transfer(refs, account, folder, taken_away=True)

    async def copy(self, refs: Sequence[MessageRef], account: str, folder: str) -> list[MailCommand]:
        """Copy messages there; as ``move``."""
        return await self._transfer(refs, account, folder, taken_away=False)

    async def without_trash(self, refs: Sequence[MessageRef], account: str) -> list[str]:
        """The accounts where messages that are moved to ``account`` are deleted for good: it cannot be undone."""
        from tuimail.engine.mail_actions import trash_for

        def found(reader: MailReader) -> list[str]:
            others = [each for each in refs if each.account != account]
            return sorted({each.account for each in others if not trash_for(reader.mail(each.account), each.folder)})

        return await self._reader.run(found)

    async def followed(self, command: MailCommand, made: Sequence[MailAction]) -> list[MailAction]:
        """Have the other accounts of a command that was undone follow; ``made`` are its inverses, as they are then."""
        stored = await self._on(command.account, lambda work: work.journal.batch(command.number))
        others = list(dict.fromkeys(each.account for each in (*stored, *made) if each.account != command.account))
        now = {each.id: each for each in made}
        for account in others:
            for each in await self._on(account, lambda work: work.follow(stored, made)):
                now[each.id] = each
        return list(now.values())

    async def _transfer(
        self, refs: Sequence[MessageRef], account: str, folder: str, *, taken_away: bool
    ) -> list[MailCommand]:
        from tuimail.engine.mail_actions import actions_of, choose, plan_between
        from tuimail.journal.action import ActionKind

        kind = ActionKind.MOVE if taken_away else ActionKind.COPY
        planned = await self._reader.run(
            lambda reader: plan_between(
                choose(reader.mail, refs, writable=taken_away), kind, reader.mail(account), folder
            )
        )
        kept = await self._with_letters(planned)
        actions = actions_of(kept)
        if not actions:
            return []
        number = await self._on(account, lambda work: work.change(actions))
        command = MailCommand(account, number)
        stored = await self._on(account, lambda work: work.journal.batch(number))
        for other in dict.fromkeys(each.account for each in stored if each.account != account):
            await self._on(other, lambda work: work.show(stored))
        return [command]

    async def _with_letters(self, planned: Sequence[MessageChange]) -> list[MessageChange]:
        """All or none. The letters are on the disk when it returns."""
        from tuimail.engine.mail_actions import with_letter
        from tuimail.journal.letters import LetterFiles

        letters = LetterFiles(self._paths.journal / "letters")
        kept: list[MessageChange] = []
        try:
            for each in planned:
                if each.account:
                    with await self._opener.open(each.found.ref) as file:
                        kept.append(await asyncio.to_thread(with_letter, each, letters, file))
                else:
                    kept.append(each)
        except BaseException:
            for each in kept:
                if each.letter:
                    letters.remove(each.letter)
            raise
        return kept

    async def _on(self, account: str, work: Callable[[AccountWork], T]) -> T:
        """What ``work`` returns, called on the thread of an account."""
        return await asyncio.wrap_future(self._writer(account).run(work))
