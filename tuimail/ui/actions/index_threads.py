"""Actions that move by threads, fold, break, link and mute them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.engine.index_request import SortOrder
from tuimail.ui.actions.by_thread import other_thread, to_parent
from tuimail.ui.actions.messages import messages_of, named, on_messages, refs_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from tuimail.engine.mail_index import IndexEntry
    from tuimail.engine.thread_plans import EditPlan, MutePlan
    from tuimail.ui.protocols import Action, Frame, MessageList


async def collapse(screen: MessageList) -> None:
    """Show the thread under the cursor in one line, or in all of them."""
    if screen.entry is None or not await _by_threads(screen):
        return
    thread = screen.entry.row.thread
    request = screen.request
    await screen.show_request(replace(request, except_for=request.except_for ^ {thread}))


async def collapse_all(screen: MessageList) -> None:
    """Show every thread in one line, or all of them in full."""
    if not await _by_threads(screen):
        return
    request = screen.request
    await screen.show_request(replace(request, collapsed=not request.collapsed, except_for=frozenset()))


async def _by_threads(screen: MessageList) -> bool:
    """Sort by threads first; False: that cannot be done here."""
    if screen.request.several or screen.limited:
        key = screen.program.keymap.key("go-to-thread")
        screen.say(f"Threads are shown in one folder, with all its messages: {key} goes there.")
        return False
    if screen.request.order is not SortOrder.THREAD:
        await screen.show_request(replace(screen.request, order=SortOrder.THREAD))
    return True


def _thread(step: int) -> Action[MessageList]:
    async def go(screen: MessageList) -> None:
        await other_thread(screen, step)

    return go


async def parent(screen: MessageList) -> None:
    """The message that this one answers."""
    await to_parent(screen)


@on_messages
async def break_thread(screen: MessageList, entries: Sequence[IndexEntry]) -> None:
    """The message under the cursor begins a thread of its own, with its answers."""
    entry = entries[0]
    plan = await screen.program.engine.mail.threads.break_off(entry.ref)
    _offer_undo(screen, entry, plan, f"{named([entry])} begins a thread of its own.")


def link_threads(screen: MessageList) -> Awaitable[None] | None:
    """The tagged messages answer the one under the cursor, with their answers."""
    (target,) = messages_of(screen)[:1]
    entries = [each for row_id, each in screen.tagged.items() if row_id != target.row_id]
    if entries:
        return _link(screen, entries, target)
    key = screen.program.keymap.key("tag-message")
    screen.say(f"Tag the messages that answer this one: {key} tags the message under the cursor.")
    return None


async def _link(screen: MessageList, entries: Sequence[IndexEntry], target: IndexEntry) -> None:
    plan = await screen.program.engine.mail.threads.link(refs_of(entries), target.ref)
    for each in entries:
        screen.tagged.pop(each.row_id, None)
    screen.list.refresh()
    _offer_undo(screen, target, plan, f"{named(entries)} linked to {named([target])}.")


@on_messages
async def mute_thread(screen: MessageList, entries: Sequence[IndexEntry]) -> None:
    """New messages of the thread arrive read; on a muted thread, as usual again."""
    entry = entries[0]
    plan = await screen.program.engine.mail.threads.mute(entry.ref)
    said = "muted: its new messages arrive read" if plan.muted else "not muted any more"
    _offer_undo(screen, entry, plan, f"The thread of {named([entry])} is {said}.")


def _offer_undo(screen: MessageList, entry: IndexEntry, plan: EditPlan | MutePlan, sentence: str) -> None:
    program = screen.program

    async def step(beneath: Frame) -> None:
        await program.engine.mail.threads.undo(plan)
        beneath.come_back_to(entry.ref)
        program.say(f"Undone: {sentence}")

    program.undo.offer(sentence, step)


ACTIONS: dict[str, Action[MessageList]] = {
    "collapse": collapse,
    "collapse-all": collapse_all,
    "next-thread": _thread(1),
    "previous-thread": _thread(-1),
    "parent": parent,
    "break-thread": break_thread,
    "link-threads": link_threads,
    "mute-thread": mute_thread,
}
