"""A screen that shows one received message; by itself for a message that was in another one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.mail.message_text import HTML
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Context
from tuimail.ui.screens.paging import PagerScreen
from tuimail.ui.text.cells import TextRole
from tuimail.ui.views.message_page import PageLine
from tuimail.ui.widgets.message_pager import MessagePager

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual import events

    from tuimail.engine.message_reader import MessageReader, ReadMessage
    from tuimail.errors import TuimailError
    from tuimail.mail.mime_tree import ReceivedPart
    from tuimail.ui.commands.command import Command

SELECTING_HELP = (
    "Whole lines of the message are selected, from the one at the top of the screen to where you move. They can be "
    "copied to the clipboard, and a reply quotes them and nothing else. With the mouse: press and drag selects "
    "characters, two clicks a word, three a line."
)
PIECE = 256 * 1024
"""Bytes handed on at a time."""


class PageScreen(PagerScreen):
    """Base of the screens with a received message."""

    SCREEN_NAME = "MESSAGE TEXT"
    CONTEXT = Context.MESSAGE
    SHOWS_MAIL = True
    BINDINGS = bindings_for(Context.MESSAGE, Context.SELECTING)
    HELP = (
        "The message as text: nothing is fetched from anywhere, and what is not shown is said. Links have numbers; "
        "one is opened only after a question that shows where it goes. Text is selected with keys, or by pressing and "
        "dragging the mouse; it can be copied, and a reply quotes nothing else."
    )

    place = ""
    """Where the message is, safe to show."""
    position = ""
    """Its number in the index."""

    def __init__(self) -> None:
        super().__init__()
        self.pager: MessagePager = MessagePager(clock=self._now)
        self.pager.when_laid_out = self._laid_out
        self.pager.selecting.when_changed = self._selection_changed
        self.searched = ""
        """What was searched for last."""
        self.last_key = ""
        """The key that was pressed last."""
        self._settled = asyncio.Event()
        """The message is shown, or it is known that it cannot be."""

    @property
    def message(self) -> ReadMessage | None:
        """The message, if it was read."""
        return self.pager.message

    @property
    def reader(self) -> MessageReader:
        """Reads messages."""
        from tuimail.engine.message_reader import MessageReader
        from tuimail.mail.own_addresses import OwnAddresses

        engine = self.program.engine
        own = (identity.address for account in engine.config.accounts.values() for identity in account.identities)
        return MessageReader(engine.mail, OwnAddresses(own))

    def _now(self) -> float:
        return self.program.engine.clock.now()

    # -- what is shown
    def show_message(self, message: ReadMessage) -> None:
        """Show ``message``."""
        self.pager.show_message(message)
        self.refresh_keys()

    def show_problem(self, error: TuimailError) -> None:
        """Say in place of the message why it cannot be shown."""
        self.complain(error)
        self.show_instead([PageLine(str(error), TextRole.ACCENT), PageLine(error.hint)])

    def show_instead(self, lines: Sequence[PageLine]) -> None:
        """Show ``lines``, for the message cannot be shown."""
        self.pager.show_lines(lines)
        self._settled.set()
        self.refresh_keys()

    def wait_for_message(self) -> None:
        """Another message is going to be shown."""
        self._settled.clear()

    def _laid_out(self) -> None:
        self._settled.set()
        self.call_after_refresh(self.show_place)

    @property
    def is_settled(self) -> bool:
        """The message is on the screen in full, or it is known that it cannot be."""
        return self._settled.is_set()

    async def settled_message(self) -> ReadMessage | None:
        """The message, once it is on the screen; None if it cannot be shown."""
        await self._settled.wait()
        return self.message

    async def embedded(self, part: ReceivedPart) -> ReadMessage | None:
        """The message within a part, read in a thread."""
        return await self.reader.embedded(part)

    async def toggle_form(self) -> None:
        """Show the plain form instead of the HTML one, or the other way round."""
        message = await self.settled_message()
        if message is None or not message.other:
            self.say("The message has only one form of its text.")
            return
        other = await self.reader.in_form(message, message.other)
        if self.message is message:
            self.show_message(other)

    def show_place(self) -> None:
        """Where the message is, and where in it we are."""
        self.title_bar.accounts = self.place
        self.title_bar.note = "   ".join(filter(None, (self.position, self.pager.place)))

    # -- what is selected of it
    @property
    def context(self) -> Context:
        """While keys select text they mean something else."""
        return Context.SELECTING if self.pager.selecting.by_keys else self.CONTEXT

    @property
    def help_text(self) -> str:
        """What this screen is for."""
        return SELECTING_HELP if self.pager.selecting.by_keys else self.HELP

    @property
    def selection(self) -> str:
        """The selected lines of the message's own text, as they were before they were wrapped."""
        return self.pager.selecting.to_quote()

    def unselect(self) -> None:
        """Select no text any more."""
        self.pager.selecting.clear()

    def _selection_changed(self) -> None:
        if self.is_mounted:
            self.refresh_keys()

    def on_screen_suspend(self) -> None:
        """Another screen is on top, and the mouse is its."""
        self.pager.let_go()

    # -- commands
    def fits(self, command: Command) -> bool:
        """By what there is in the message."""
        message = self.message
        if command.id == "copy-selection":
            return self.pager.selecting.current is not None
        if command.id == "select-text":
            return self.pager.selecting.current is None
        if command.id in ("next-link", "follow-link", "link-number"):
            return message is not None and bool(message.links)
        if command.id == "attachments":
            return message is not None and bool(message.files)
        if command.id == "toggle-form":
            return message is not None and bool(message.other)
        if command.id == "unsubscribe":
            return message is not None and bool(message.lists.unsubscribe_mail or message.lists.unsubscribe_web)
        return super().fits(command)

    def label(self, command: Command) -> str:
        """The keys say what they would show."""
        if command.id == "toggle-form" and self.message is not None and self.message.other:
            return "HTML" if self.message.other == HTML else "Plain"
        if command.id == "header-mode":
            return "Short hdrs" if self.pager.options.all_fields else "Full hdrs"
        if command.id == "fold-quotes":
            return "Unfold" if self.pager.options.folded else "Fold"
        return super().label(command)

    def on_key(self, event: events.Key) -> None:
        """Some commands ask with what was typed."""
        self.last_key = event.key

    async def pieces(self) -> Iterator[bytes]:
        """The exact bytes of the message, to be read in a thread."""
        message = self.message
        if message is None:
            return iter(())
        raw, start, end = message.root.raw, message.root.header.start, message.root.end
        return (raw[at : min(at + PIECE, end)] for at in range(start, end, PIECE))


class EmbeddedMessageScreen(PageScreen):
    """A message that was attached to another one."""

    place = "within a message"

    def __init__(self, message: ReadMessage) -> None:
        super().__init__()
        self._embedded = message

    def on_mount(self) -> None:
        """It was read already."""
        self.show_message(self._embedded)

    def knows(self, command: Command) -> bool:
        """What is done to a message of a folder cannot be done to it."""
        return super().knows(command) and (Context.MESSAGE not in command.contexts or command.id in self.actions)
