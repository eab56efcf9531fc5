"""A letter to look at: as its receiver reads it, or its bytes."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError
from tuimail.mail.text import safe_text
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Context
from tuimail.ui.screens.paging import PagerScreen
from tuimail.ui.text.cells import Line, Span, TextRole
from tuimail.ui.views.prose import prose
from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.compose.letter_text import LetterText
    from tuimail.mail.content import Content
    from tuimail.ui.commands.command import Command

MOST_BYTES = 1_000_000
"""Of a letter that are shown."""
READING: Line = (Span("   Reading the letter...", TextRole.DIM),)


class LetterTextScreen(PagerScreen):
    """Shows ``content``; while a large letter is read and wrapped, keys go on working."""

    CONTEXT = Context.RAW
    HELP = (
        "The letter as its receiver reads it: head and text decoded, attachments with their type and size. "
        "The same key again shows the bytes as they go over the line, and back."
    )
    BINDINGS = bindings_for(Context.RAW)

    def __init__(self, content: Content) -> None:
        super().__init__()
        self._content = content
        self._letter: LetterText | None = None
        self._bytes: str | None = None
        """Safe to draw."""
        self.as_bytes = False
        self._made: tuple[bool, int, Sequence[Line]] = (False, 0, ())
        """The lines made last: of the bytes or not, for which width."""

    @property
    def heading(self) -> str:
        """How the letter is shown."""
        return "LETTER  bytes" if self.as_bytes else "LETTER  text"

    def on_mount(self) -> None:
        """Say that it is being read, then read it."""
        self.pager.show(self._lines)

    def turn(self) -> None:
        """From the text to the bytes and back."""
        self.as_bytes = not self.as_bytes
        self.title_bar.screen_name = self.heading
        self.status.say("")
        self.pager.scroll_home(animate=False)
        self.pager.show(self._lines)
        self.refresh_keys()

    def label(self, command: Command) -> str:
        """The key says what it would show."""
        if command.id == "view-raw":
            return "Text" if self.as_bytes else "Bytes"
        return super().label(command)

    def _lines(self, width: int) -> Sequence[Line]:
        """The lines, if they are made; else those for another width, or READING, until they are."""
        as_bytes, made_for, lines = self._made
        if (as_bytes, made_for) == (self.as_bytes, width):
            return lines
        start_worker(self, partial(self._make, width, as_bytes=self.as_bytes), group="letter", exclusive=True)
        return lines if made_for and as_bytes == self.as_bytes else (READING,)

    async def _make(self, width: int, *, as_bytes: bool) -> None:
        try:
            lines = await asyncio.to_thread(self._read, width, as_bytes=as_bytes)
        except TuimailError as error:
            lines = prose(f"{error}  {error.hint}".strip(), width)
        self._made = (as_bytes, width, lines)
        self.pager.show(self._lines)
        self.show_place()
        if as_bytes and self._content.size > MOST_BYTES:
            self.say("Only the first million bytes are shown.")

    def _read(self, width: int, *, as_bytes: bool) -> list[Line]:
        """The lines for ``width``; blocks."""
        if as_bytes:
            if self._bytes is None:
                self._bytes = safe_text(_beginning(self._content).decode("utf-8", "surrogateescape"))
            return prose(self._bytes, width)
        from tuimail.compose.letter_text import letter_text
        from tuimail.ui.views.letter_text import letter_lines

        if self._letter is None:
            self._letter = letter_text(self._content)
        return letter_lines(self._letter, width)


def _beginning(content: Content) -> bytes:
    found = bytearray()
    for piece in content.chunks():
        found += piece
        if len(found) >= MOST_BYTES:
            break
    return bytes(found[:MOST_BYTES])
