"""What the user does to threads: engine.mail.threads. Durable, by Message-ID, and shown before it returns."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.engine.mail_account import MailAccount
    from tuimail.engine.reader_handle import ReaderHandle
    from tuimail.engine.thread_plans import EditPlan, MutePlan
    from tuimail.mail.message_ref import MessageRef


class MailThreads:
    """Threads broken, linked and muted."""

    def __init__(self, reader: ReaderHandle, writer: Callable[[str], MailAccount]) -> None:
        self._reader = reader
        self._writer = writer

    async def break_off(self, ref: MessageRef) -> EditPlan:
        """Let a message begin a thread of its own, with its answers; what was done, to undo it.

        Raises:
            UsageError: it begins its thread, or has no Message-ID.
            NoSuchItemError: it is gone.
            StorageError: the journal cannot be written; nothing was changed.
        """
        from tuimail.engine.thread_plans import plan_break

        return await self._edit(await self._reader.run(lambda reader: plan_break(reader, ref)))

    async def link(self, refs: Sequence[MessageRef], target: MessageRef) -> EditPlan:
        """Let messages answer ``target``, with their answers; as ``break_off``.

        Raises:
            UsageError: one is of another account, has no Message-ID, or ``target`` answers it.
        """
        from tuimail.engine.thread_plans import plan_links

        return await self._edit(await self._reader.run(lambda reader: plan_links(reader, refs, target)))

    async def mute(self, ref: MessageRef) -> MutePlan:
        """Mute the thread of a message: its new messages arrive read. A muted one is not muted any more.

        Raises:
            UsageError: none of its messages has a Message-ID.
            StorageError: the journal cannot be written; nothing was changed.
        """
        from tuimail.engine.thread_plans import plan_mute

        plan = await self._reader.run(lambda reader: plan_mute(reader, ref))
        await self._mute(plan)
        return plan

    async def undo(self, plan: EditPlan | MutePlan) -> None:
        """As it was before. Raises StorageError."""
        from tuimail.engine.thread_plans import EditPlan

        if isinstance(plan, EditPlan):
            await asyncio.wrap_future(
                self._writer(plan.account).run(lambda work: work.threads.edit(plan.before, plan.new))
            )
        else:
            await self._mute(plan._replace(muted=not plan.muted))

    async def _edit(self, plan: EditPlan) -> EditPlan:
        await asyncio.wrap_future(self._writer(plan.account).run(lambda work: work.threads.edit(plan.put, ())))
        return plan

    async def _mute(self, plan: MutePlan) -> None:
        await asyncio.wrap_future(
            self._writer(plan.account).run(lambda work: work.threads.mute(plan.names, muted=plan.muted))
        )
