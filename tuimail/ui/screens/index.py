"""The message index: the messages of a folder, of all inboxes, or those a limit leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.ui.commands import messages as fitting
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.screens.index_cursor import IndexCursor
from tuimail.ui.screens.index_loader import IndexLoader
from tuimail.ui.screens.index_results import IndexResults
from tuimail.ui.screens.index_rows import IndexRows
from tuimail.ui.screens.index_source import IndexSlot, IndexSource
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.widgets.banner import Banner
from tuimail.ui.widgets.line_list import LineList
from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult

    from tuimail.engine.index_request import IndexRequest
    from tuimail.engine.mail_index import IndexEntry, MessageIndex
    from tuimail.mail.message_ref import MessageRef
    from tuimail.ui.messages import MailboxChanged
    from tuimail.ui.text.cells import Line


class IndexScreen(ListScreen[IndexSlot]):
    """One line per message. ``request`` says which messages; what is tagged stays tagged whatever is shown."""

    SCREEN_NAME = "MESSAGE INDEX"
    CONTEXT = Context.INDEX
    SHOWS_MAIL = True
    HELP = (
        "The messages of a folder. N is new, O old but unread, A answered, F forwarded, D to be deleted; * important, "
        "+ to you, X tagged, @ has attachments. What is marked D stays until it is carried out."
    )
    BINDINGS = bindings_for(Context.INDEX)

    def __init__(self, request: IndexRequest, seek: MessageRef | None = None) -> None:
        super().__init__()
        self.request = request
        self.limit_text = ""
        """The limit as it was typed."""
        self.zoomed = False
        """Only tagged messages are shown."""
        self.index: MessageIndex | None = None
        """What is shown; None until something was read."""
        self.tagged: dict[str, IndexEntry] = {}
        self.applying = False
        """The next command acts on the tagged messages."""
        self.searched = ""
        """What was searched last."""
        self.typed_digit = ""
        """It begins the number of the message to jump to."""
        self.seek = seek
        """A message to be selected when the index is read next."""
        self.banner = Banner()
        self.rows = IndexRows(lambda: self.program.engine)
        self.results = IndexResults(self)
        self.loader = IndexLoader(self)
        self.cursor = IndexCursor(self)
        self._targets: tuple[IndexEntry, ...] | None = None

    # -- the body
    def make_list(self) -> LineList[IndexSlot]:
        """One line per message."""
        made = LineList(self._draw, lambda slot: slot.id)
        made.anchored = True
        return made

    def compose_body(self) -> ComposeResult:
        """What the index is limited to; titles and list."""
        yield self.banner
        yield self.titles
        yield self.list

    def on_mount(self) -> None:
        """What scrolls into sight is read."""
        self.watch(self.list, "scroll_y", self._scrolled, init=False)

    def on_unmount(self) -> None:
        """What was new in it is old from now on."""
        self.program.engine.mail.mailboxes.leave(self.request)

    def on_resize(self, _event: events.Resize) -> None:
        """The banner is cut to the width."""
        self.show_banner()

    @property
    def heading(self) -> str:
        """The folder."""
        return self.rows.heading(self.request)

    def title_line(self, width: int) -> Line:
        """The columns as they are now."""
        return self.rows.titles(width, self.list.count, self.request)

    def _draw(self, slot: IndexSlot, width: int) -> Line:
        tagged = slot.entry is not None and slot.entry.row_id in self.tagged
        return self.rows.line(slot, width, self.list.count, self.request, tagged=tagged)

    # -- what the actions are about
    @property
    def entry(self) -> IndexEntry | None:
        """The message under the cursor, if it was read already."""
        slot = self.selected
        return None if slot is None else slot.entry

    def targets(self) -> tuple[IndexEntry, ...]:
        """The tagged messages, when a command is applied to them; else the one under the cursor."""
        if self._targets is not None:
            return self._targets
        return () if self.entry is None else (self.entry,)

    def fits(self, command: Command) -> bool:
        """By what is selected; while a command is being chosen for tagged messages, whether it can be."""
        if command.id in fitting.ON_ALL and self.request.several:
            return True  # of several folders one allows it, another does not
        tagged, searched = self.tagged.values(), self.request.narrowed
        return fitting.fits(command, self.entry, tagged=tagged, applying=self.applying, searched=searched)

    def label(self, command: Command) -> str:
        """Some keys mean a little more at times."""
        in_junk = self.index is not None and self.index.special_use == "junk"
        return fitting.label(command, self.entry, self.tagged, back=self.rows.back(self), in_junk=in_junk)

    @property
    def limited(self) -> bool:
        """Not all messages are shown."""
        return self.zoomed or self.request.limit is not None

    def action_command(self, command_id: str) -> None:
        """Give a command to the tagged messages, if that was asked for."""
        applying, self.applying = self.applying, False
        if applying and command_id == "back":
            self.refresh_keys()
            return
        if applying and command_id in fitting.ON_SEVERAL:
            self._targets = tuple(self.tagged.values())
        elif applying and command_id in fitting.ON_MESSAGES:
            self.say("That takes one message at a time.")
            self.refresh_keys()
            return
        super().action_command(command_id)
        self._targets = None
        if applying:
            self.refresh_keys()

    def takes(self, key: str) -> bool:
        """A digit begins the number of a message."""
        if not key.isdigit() or self.entry is None:
            return super().takes(key)
        self.typed_digit = key
        self.carry_out(self.actions["jump"])
        return True

    # -- what is shown
    async def load(self) -> None:
        """The index, with the rows near the screen. Raises TuimailError: it cannot be read."""
        try:
            await self.loader.load_again()
        except TuimailError as error:
            if self.index is None:  # or "Reading" would stand there for ever
                self.list.empty = str(error)
                self.list.show_all(())
            raise

    def _scrolled(self) -> None:
        """Read what came into sight."""
        source, first = self.list.source, self.list.first_seen
        if isinstance(source, IndexSource) and source.misses(first, first + self.list.page + 1):
            start_worker(self, self.loader.fill, group="fill", exit_on_error=False)

    async def loaded(self) -> None:
        """Also what the cursor came to stand on."""
        await super().loaded()
        if self.selected is not None and self.entry is None:
            await self.loader.fill()

    async def show_request(self, request: IndexRequest, *, limit_text: str | None = None) -> None:
        """Show other messages, or the same ones in another way; the one under the cursor stays there if it is shown.

        Raises:
            TuimailError: it cannot be done; what was shown stays.
        """
        before = self.request, self.limit_text, self.index
        self.request = request
        self.limit_text = self.limit_text if limit_text is None else limit_text
        if any(getattr(request, each) != getattr(before[0], each) for each in ("account", "folder", "search")):
            self.index = None
            self.tagged.clear()
            self.title_bar.screen_name = self.heading
        try:
            await self.loader.load()
        except Exception:
            self.request, self.limit_text, self.index = before
            self.title_bar.screen_name = self.heading
            raise

    async def show_folder(self, request: IndexRequest) -> None:
        """Show another folder as a new screen would. Raises TuimailError: it cannot be read; what was shown stays."""
        left = self.request
        self.zoomed = False
        self.searched = ""
        self.tagged.clear()
        await self.show_request(request, limit_text="")
        self.program.engine.mail.mailboxes.leave(left)

    def loaded_index(self) -> None:
        """Another index is shown."""
        self.show_banner()
        self._scrolled()

    async def show_everything(self) -> None:
        """Take back what the index is limited to."""
        self.zoomed = False
        await self.show_request(replace(self.request, limit=None), limit_text="")

    def on_mailbox_changed(self, message: MailboxChanged) -> None:
        """New mail, other flags, or what the user did was stored."""
        if message.account == self.request.account or self.request.several:
            self.results.mail_changed()
            self.reload()

    def on_screen_suspend(self) -> None:
        """What is done on another screen may change what is found."""
        self.results.mail_changed()

    async def go_on(self, *, marked: bool = False) -> None:
        """To the next message, if there is one; ``marked``: one marked to be deleted counts too."""
        await self.cursor.step(1, marked=marked)

    async def moved_away(self, entries: Sequence[IndexEntry]) -> None:
        """These are not here any more."""
        for each in entries:
            self.tagged.pop(each.row_id, None)
        self.results.drop({each.row_id for each in entries})
        await self.loader.load()

    def come_back_to(self, row: str | MessageRef) -> None:
        """Select it once it is there again."""
        if isinstance(row, str):
            self.list.sought = row
        else:
            self.seek = row
            self.reload()

    def show_banner(self) -> None:
        """What the index is limited to, and what is being read."""
        self.banner.show(self.rows.banner(self, self.size.width))

    def remarks(self) -> Sequence[str]:
        """Unread and tagged ones, and the order."""
        return self.rows.remarks(self)
