"""MESSAGE TEXT: the message under the cursor of an index, and from there to its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import NoSuchItemError, TuimailError, UsageError
from tuimail.mail.flags import SEEN
from tuimail.mail.text import safe_line
from tuimail.ui.commands import messages as fitting
from tuimail.ui.commands.rights import forbids
from tuimail.ui.protocols import KnowsNeighbours
from tuimail.ui.screens.message_page import PIECE, PageScreen
from tuimail.ui.screens.seen import SeenAfter
from tuimail.ui.text.cells import TextRole
from tuimail.ui.views.message_page import BEING_READ, PageLine, header_of_row
from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from tuimail.engine.mail_index import IndexEntry
    from tuimail.engine.message_reader import ReadMessage
    from tuimail.mail.message_ref import MessageRef
    from tuimail.ui.commands.command import Command
    from tuimail.ui.messages import MailboxChanged
    from tuimail.ui.protocols import MessageCursor

KEPT = 4
"""Messages that were read and are kept: the one before, the one that follows."""
SMALL = 1_000_000
"""Bytes of a message that is read ahead, or kept."""


class MessageScreen(PageScreen):
    """Reads the message that ``cursor`` is on. Going on shows what the index knows at once; the text follows."""

    def __init__(self, cursor: MessageCursor, *, full_header: bool = False) -> None:
        super().__init__()
        self.pager.options = self.pager.options._replace(all_fields=full_header)
        self.cursor = cursor
        self._current = cursor.entry
        """The message that is shown, or will be as soon as it is read."""
        self._shown: IndexEntry | None = None
        self._kept: dict[MessageRef, ReadMessage] = {}
        self._unreadable: set[MessageRef] = set()
        self._awaited: MessageRef | None = None
        """The message shown is only at its server, which is out of reach: it is read once that is back."""
        self._reading = False
        self._started = False
        self.seen: SeenAfter

    def on_mount(self) -> None:
        """Show what the index knows."""
        settings = self.program.engine.config.reading
        self.seen = SeenAfter(settings.mark_seen, self._mark_seen, self.set_timer)
        self._announce()

    def on_unmount(self) -> None:
        """It is not looked at any more."""
        self.seen.stop()

    async def load(self) -> None:
        """Begin to read."""
        if not self._started:
            self._started = True
            self._read()

    def fits(self, command: Command) -> bool:
        """By what there is in the message, and what its folder allows."""
        entry = self._current
        return super().fits(command) and not (entry is not None and forbids(entry.rights, command.id))

    def label(self, command: Command) -> str:
        """Some keys mean a little more at times."""
        if command.id in fitting.ON_MESSAGES:
            return fitting.label(command, self._current, (), back="", in_junk=False)
        return super().label(command)

    # -- which message
    def targets(self) -> tuple[IndexEntry, ...]:
        """The message that is shown."""
        return () if self._current is None else (self._current,)

    async def go_on(self, *, marked: bool = False) -> None:
        """To the next message, if there is one; ``marked``: one marked to be deleted counts too."""
        await self.show_next(1, marked=marked)

    async def moved_away(self, entries: Sequence[IndexEntry]) -> None:
        """It is not in the index any more: show the one in its place, or the index if there is none."""
        await self.cursor.renew(gone=entries)
        if self.cursor.entry is None:
            self.program.navigation.back()
        else:
            self.show_current()

    def come_back_to(self, row: str | MessageRef) -> None:
        """Show a message that is in the index again."""
        if isinstance(row, str):
            return

        async def show() -> None:
            await self.cursor.renew(seek=row)
            self.show_current()

        start_worker(self, show, group="renew")

    def on_mailbox_changed(self, _message: MailboxChanged) -> None:
        """Other flags, or other neighbours."""
        start_worker(self, self._renew, group="renew", exclusive=True)

    async def _renew(self) -> None:
        await self.cursor.renew()
        entry, current = self.cursor.entry, self._current
        if entry is not None and current is not None and entry.ref == current.ref:
            shown = self._shown is current
            self._current = entry
            self._shown = entry if shown else self._shown
            self.refresh_keys()
        self._read_what_is_awaited()

    def _read_what_is_awaited(self) -> None:
        current = self._current
        if current is None or self._awaited != current.ref or self.program.engine.mail.offline(current.ref.account):
            return
        self._awaited = self._shown = None
        self._unreadable.clear()
        self.wait_for_message()
        self._read()

    async def show_next(self, by: int, *, unread: bool = False, marked: bool = False) -> bool:
        """Go on by so many messages (negative: back); False, and nothing is changed, if there is none.

        Where the message shown has left the index, the cursor is on one of its neighbours already.
        """
        moved = (
            self.cursor.entry is not None and self._current is not None and self.cursor.entry.ref != self._current.ref
        )
        rest = by - 1 if moved and by > 0 else by
        if rest and not await self.cursor.step(rest, unread=unread, marked=marked):
            return False
        self.show_current()
        return True

    def show_current(self) -> None:
        """Show the message that the cursor is on now."""
        self.seen.stop()
        self._current, self._awaited = self.cursor.entry, None
        self._announce()
        self._read()

    def _announce(self) -> None:
        """Show the message if it was read, else what the index knows of it."""
        entry = self._current
        self._shown = None
        self.pager.options = self.pager.options._replace(folded=True)
        if entry is None:
            self.place = self.position = ""
            self.show_problem(NoSuchItemError("There is no message here any more."))
            return
        self.place = safe_line(f"{entry.ref.account}/{entry.ref.folder}")
        self.position = self.cursor.position
        self.wait_for_message()
        kept = self._kept.get(entry.ref)
        if kept is not None:
            self._show(entry, kept)
        else:
            self.pager.show_lines(header_of_row(entry.row, self._now(), BEING_READ))
            self.refresh_keys()
        self.call_after_refresh(self.show_place)

    # -- reading
    def _read(self) -> None:
        """Read the message, if that is not being done, and then the one that follows."""
        if not self._reading and self._started:
            self._reading = True
            start_worker(self, self._read_all, group="message", exit_on_error=True)

    async def _read_all(self) -> None:
        try:
            while (entry := self._next_to_read()) is not None:
                try:
                    message = await self.reader.read(entry.ref)
                except TuimailError as error:
                    self._unreadable.add(entry.ref)
                    if entry is self._current:
                        self._shown = entry
                        self._show_why(entry, error)
                    continue
                self._keep(entry.ref, message)
                if entry is self._current:
                    self._show(entry, message)
        finally:
            self._reading = False

    def _show_why(self, entry: IndexEntry, error: TuimailError) -> None:
        """Why it cannot be read; while its server is out of reach, below what the index knows of it."""
        from tuimail.engine.mail_source import NotKeptError

        if not isinstance(error, NotKeptError) or not error.waits_for:
            self._awaited = None
            self.show_problem(error)
            return
        self._awaited = entry.ref
        host = safe_line(error.waits_for)
        words = f"This message is not kept on this machine; it opens when {host} is in reach."
        self.show_instead(header_of_row(entry.row, self._now(), PageLine(words, TextRole.ACCENT)))

    def _next_to_read(self) -> IndexEntry | None:
        entry = self._current
        if entry is None or self._shown is not entry:
            return entry
        following = self.cursor.peek(1) if isinstance(self.cursor, KnowsNeighbours) else None
        if following is None or following.row.size > SMALL:
            return None
        known = following.ref in self._kept or following.ref in self._unreadable
        return None if known else following

    def _keep(self, ref: MessageRef, message: ReadMessage) -> None:
        if len(message.root.raw) <= SMALL:
            self._kept[ref] = message
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]

    def _show(self, entry: IndexEntry, message: ReadMessage) -> None:
        self._shown = entry
        self.show_message(message)
        if not self.program.engine.mail.is_read_only(entry.ref.account):
            self.seen.shown(entry)

    def _mark_seen(self, ref: MessageRef) -> None:
        async def mark() -> None:
            try:
                await self.program.engine.mail.flag([ref], add=SEEN)
            except UsageError:
                pass  # its folder can only be read
            except TuimailError as error:
                self.program.complain(error)

        start_worker(self.app, mark, group="seen")

    def show_place(self) -> None:
        """The index may have changed meanwhile."""
        if self._current is not None:
            self.position = self.cursor.position
        super().show_place()

    async def pieces(self) -> Iterator[bytes]:
        """All of it, however large; raises TuimailError when it is gone."""
        message, current = self.message, self._current
        if message is None or message.whole or current is None:
            return await super().pieces()
        found = _pieces(await self.program.engine.mail.open(current.ref))
        next(found)
        return found


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The file in pieces; the first one is empty, so that a generator that was begun closes it in any case."""
    with file:
        yield b""
        while piece := file.read(PIECE):
            yield piece
