"""Actions on a received message that is being read: moving in it, and from it to others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from tuimail.mail.text import safe_line
from tuimail.ui.actions import by_thread, links, message_out, selecting
from tuimail.ui.requests import ShowAttachments, ShowText

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.engine.message_reader import ReadMessage
    from tuimail.ui.protocols import Action, Frame
    from tuimail.ui.widgets.message_pager import MessagePager

    class ReadsMessage(Frame, Protocol):
        """A screen with a received message."""

        searched: str

        @property
        def pager(self) -> MessagePager:
            """Shows it."""
            ...

        @property
        def place(self) -> str:
            """Where it is."""
            ...

        @property
        def is_settled(self) -> bool:
            """It is on the screen, or cannot be."""
            ...

        async def settled_message(self) -> ReadMessage | None:
            """The message, once it is on the screen."""
            ...

        async def toggle_form(self) -> None:
            """Show its other form."""
            ...

    class GoesOn(ReadsMessage, Protocol):
        """A screen that goes from message to message."""

        async def show_next(self, by: int, *, unread: bool = False) -> bool:
            """Go on by so many; False if there is none."""
            ...


SOURCE = 4_000_000
"""Bytes of the source that are shown."""


def once_there(act: Callable[[ReadsMessage], None]) -> Action[ReadsMessage]:
    """``act``, at once if the message is on the screen, else as soon as it is: keys typed ahead are for it."""

    def run(screen: ReadsMessage) -> Awaitable[None] | None:
        if screen.is_settled:
            act(screen)
            return None
        return later(screen)

    async def later(screen: ReadsMessage) -> None:
        await screen.settled_message()
        act(screen)

    return run


# -- in the text
def page_down(screen: ReadsMessage) -> None:
    """One page on; at the end say so."""
    pager = screen.pager
    if pager.scroll_offset.y >= pager.max_scroll_y:
        screen.say(f"This is the end of the message.  {screen.program.keymap.key('next-message')} shows the next one.")
    pager.scroll_lines(pager.page)


def skip_quoted(screen: ReadsMessage) -> None:
    """Behind the next quoted text."""
    if not screen.pager.skip_quoted():
        screen.say("No more quoted text.")


def fold_quotes(screen: ReadsMessage) -> None:
    """Fold or unfold long quotes."""
    options = screen.pager.options
    screen.pager.set_options(options._replace(folded=not options.folded))
    screen.refresh_keys()


def header_mode(screen: ReadsMessage) -> None:
    """The whole header, or the usual fields, from the top."""
    options = screen.pager.options
    screen.pager.scroll_to(y=0, animate=False, immediate=True, force=True)
    screen.pager.set_options(options._replace(all_fields=not options.all_fields))
    screen.refresh_keys()


async def where(screen: ReadsMessage, *, backwards: bool = False) -> None:
    """Ask for words and go to them."""
    label = "Search backwards for" if backwards else "Search for"
    words = await screen.prompts.ask(
        label, initial=screen.searched, help_text="Goes to the next place with these words; capitals do not matter."
    )
    if words and words.strip():
        screen.searched = words
        await _find(screen, backwards=backwards)


async def search_again(screen: ReadsMessage) -> None:
    """For the same words again."""
    if screen.searched:
        await _find(screen)
    else:
        await where(screen)


async def _find(screen: ReadsMessage, *, backwards: bool = False) -> None:
    if await screen.settled_message() is None:
        return
    found = await screen.pager.find(screen.searched, backwards=backwards)
    if found is None:
        screen.say(f'"{safe_line(screen.searched)}" is not in the message.')
    elif found.wrapped:
        screen.say("Searched on from the end." if backwards else "Searched on from the beginning.")
    screen.refresh_keys()


# -- to others
def going(by: int, *, unread: bool = False) -> Action[GoesOn]:
    """Show another message."""

    async def go(screen: GoesOn) -> None:
        if not await screen.show_next(by, unread=unread):
            if unread:
                screen.say("There are no more unread messages.")
            else:
                screen.say("There are no more messages." if by > 0 else "This is the first message.")

    return go


def to_index(screen: Frame) -> None:
    """Back to the index."""
    screen.program.navigation.back()


async def attachments(screen: ReadsMessage) -> None:
    """List its files."""
    message = await screen.settled_message()
    if message is None:
        return
    if not message.files:
        screen.say("The message has no attachments.")
        return
    screen.program.navigation.open(ShowAttachments(message, screen.place))


async def source(screen: ReadsMessage) -> None:
    """Its bytes."""
    import asyncio

    from tuimail.engine.message_reader import source_text

    message = await screen.settled_message()
    if message is None:
        return
    text, cut = await asyncio.to_thread(source_text, message, SOURCE)
    screen.program.navigation.open(ShowText("SOURCE", text))
    if cut:
        screen.program.say(f"Only the first {SOURCE // 1_000_000} MB are shown.")


PAGE_ACTIONS: dict[str, Action[Any]] = {
    "line-up": once_there(lambda screen: screen.pager.scroll_lines(-1)),
    "line-down": once_there(lambda screen: screen.pager.scroll_lines(1)),
    "page-up": once_there(lambda screen: screen.pager.scroll_lines(-screen.pager.page)),
    "page-down": once_there(page_down),
    "message-top": once_there(lambda screen: screen.pager.scroll_lines(-len(screen.pager.text))),
    "last": once_there(lambda screen: screen.pager.scroll_lines(len(screen.pager.text))),
    "skip-quoted": once_there(skip_quoted),
    "fold-quotes": once_there(fold_quotes),
    "header-mode": once_there(header_mode),
    "where": where,
    "find-again": search_again,
    "find-back": lambda screen: where(screen, backwards=True),
    "toggle-form": lambda screen: screen.toggle_form(),
    "to-index": to_index,
    "leave-message": to_index,
    "attachments": attachments,
    "message-source": source,
    **links.ACTIONS,
    **message_out.ACTIONS,
    **selecting.ACTIONS,
}
"""For any received message, one in another one too."""

ACTIONS: dict[str, Action[Any]] = {
    **PAGE_ACTIONS,
    **by_thread.ACTING,
    **by_thread.SHOWING,
    "show-previous": going(-1),
    "show-next": going(1),
    "next-unread": going(1, unread=True),
}
