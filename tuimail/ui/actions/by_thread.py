"""Moving by threads and acting on whole ones, in the index and where a message is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tuimail.mail.flags import SEEN
from tuimail.ui.actions import messages
from tuimail.ui.actions.messages import on_messages
from tuimail.ui.protocols import HasMessages, KnowsThreads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.engine.mail_index import IndexEntry
    from tuimail.ui.protocols import Action

    class ShowsMessage(HasMessages, Protocol):
        """A screen that shows the message its cursor is on."""

        def show_current(self) -> None:
            """Show the message that the cursor is on now."""
            ...


async def other_thread(screen: HasMessages, step: int) -> bool:
    """Go to the next thread, or the one before; False, and it is said, if there is none."""
    cursor = screen.cursor
    if isinstance(cursor, KnowsThreads) and await cursor.other_thread(step):
        return True
    screen.say("There is no other thread.")
    return False


async def to_parent(screen: HasMessages) -> bool:
    """Go to the message that this one answers; False, and it is said, if it is not here."""
    cursor = screen.cursor
    if isinstance(cursor, KnowsThreads) and await cursor.parent():
        return True
    screen.say("What it answers is not here.")
    return False


async def show_other_thread(screen: ShowsMessage, step: int) -> None:
    """Show the first message of the next thread, or of the one before."""
    if await other_thread(screen, step):
        screen.show_current()


async def show_parent(screen: ShowsMessage) -> None:
    """Show the message that this one answers."""
    if await to_parent(screen):
        screen.show_current()


@on_messages
async def delete_thread(screen: HasMessages, entries: Sequence[IndexEntry]) -> None:
    """Mark the whole thread to be deleted, and go on behind it."""
    await messages.mark(screen, await thread_of(screen, entries), marked=True)
    await screen.cursor.renew()  # it must know of all the marks to pass over them
    await screen.go_on()


@on_messages
async def undelete_thread(screen: HasMessages, entries: Sequence[IndexEntry]) -> None:
    """Take the marks of the whole thread back."""
    await messages.mark(screen, await thread_of(screen, entries), marked=False)


@on_messages
async def read_thread(screen: HasMessages, entries: Sequence[IndexEntry]) -> None:
    """The whole thread counts as read."""
    await messages.set_flags(screen, await thread_of(screen, entries), add=SEEN)


async def thread_of(screen: HasMessages, entries: Sequence[IndexEntry]) -> Sequence[IndexEntry]:
    """The messages of the thread of the first of ``entries`` that the folder has; what was sent is not among them."""
    from tuimail.engine import index_search

    ref, cursor = entries[0].ref, screen.cursor
    folder = cursor.folder if isinstance(cursor, KnowsThreads) else ""
    return await screen.program.engine.mail.query(lambda mail: index_search.thread(mail, ref, folder))


ACTING: dict[str, Action[HasMessages]] = {
    "delete-thread": delete_thread,
    "undelete-thread": undelete_thread,
    "read-thread": read_thread,
}
SHOWING: dict[str, Action[ShowsMessage]] = {
    "next-thread": lambda screen: show_other_thread(screen, 1),
    "previous-thread": lambda screen: show_other_thread(screen, -1),
    "parent": show_parent,
}
"""Where a message is read."""
