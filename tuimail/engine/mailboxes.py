"""The folders of the accounts as wholes: created, renamed, deleted, and left by the user. engine.mail.mailboxes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimail.engine.account_threads import AccountThreads
    from tuimail.engine.index_request import IndexRequest


class Mailboxes:
    """What is done to folders; carried out by the threads of their accounts."""

    def __init__(self, threads: AccountThreads) -> None:
        self._threads = threads

    async def create(self, account: str, name: str) -> None:
        """Create a folder. Raises UsageError and StorageError."""
        await asyncio.wrap_future(self._threads.writer(account).run(lambda work: work.create_folder(name)))

    async def rename(self, account: str, name: str, to: str) -> None:
        """Give a folder, and those below it, another name. Raises UsageError and StorageError."""
        await asyncio.wrap_future(self._threads.writer(account).run(lambda work: work.rename_folder(name, to)))

    async def delete(self, account: str, name: str) -> None:
        """Delete a folder with its messages, for good. Raises UsageError and StorageError."""
        await asyncio.wrap_future(self._threads.writer(account).run(lambda work: work.delete_folder(name)))

    def leave(self, request: IndexRequest) -> None:
        """The user has seen an index: what is new in it is old from now on. Waits for nothing."""
        for each in self._threads.of(request.account):
            each.run(lambda work: work.leave(request.folder))
