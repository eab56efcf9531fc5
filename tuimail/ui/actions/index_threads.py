"""Actions that move by threads and fold them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.engine import index_search
from tuimail.engine.mail_index import SortOrder

if TYPE_CHECKING:
    from tuimail.ui.protocols import Action, MessageList


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
    if screen.request.unified or screen.limited:
        screen.say("Threads are shown in one folder, with all its messages.")
        return False
    if screen.request.order is not SortOrder.THREAD:
        await screen.show_request(replace(screen.request, order=SortOrder.THREAD))
    return True


def _thread(step: int) -> Action[MessageList]:
    async def go(screen: MessageList) -> None:
        index, here = screen.index, screen.list.cursor
        if index is None:
            return
        ask = screen.program.engine.mail.query
        found = await ask(lambda mail: index_search.other_thread(mail, index, here, step))
        if found is None:
            screen.say("There is no other thread.")
            return
        screen.list.select(found)
        await screen.loaded()

    return go


async def parent(screen: MessageList) -> None:
    """The message that this one answers."""
    index, entry = screen.index, screen.entry
    if index is None or entry is None:
        return
    ask = screen.program.engine.mail.query
    place = await ask(lambda mail: index_search.parent_place(mail, index, entry.ref))
    if place is None:
        screen.say("What it answers is not here.")
        return
    screen.list.select(place)
    await screen.loaded()


ACTIONS: dict[str, Action[MessageList]] = {
    "collapse": collapse,
    "collapse-all": collapse_all,
    "next-thread": _thread(1),
    "previous-thread": _thread(-1),
    "parent": parent,
}
