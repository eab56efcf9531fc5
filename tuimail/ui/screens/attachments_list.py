"""ATTACHMENTS: the files of a received message."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.mail.file_kind import LOOKED_AT, differences
from tuimail.mail.part_text import part_beginning
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Context
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.views.file_rows import FileRow, file_line, file_titles
from tuimail.ui.widgets.line_list import LineList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from tuimail.engine.message_reader import ReadMessage
    from tuimail.ui.text.cells import Line


class AttachmentListScreen(ListScreen[FileRow]):
    """The files of ``message``."""

    SCREEN_NAME = "ATTACHMENTS"
    CONTEXT = Context.ATTACHMENTS
    HELP = (
        "The files of the message. Text is shown here, also that of files which a filter can read; others are opened "
        "by the program you set for their type, by mailcap or by the desktop. Programs are never opened, only saved."
    )
    BINDINGS = bindings_for(Context.ATTACHMENTS)

    def __init__(self, message: ReadMessage, place: str) -> None:
        super().__init__()
        self.message = message
        self._place = place

    def make_list(self) -> LineList[FileRow]:
        """One line per file."""
        return LineList(file_line, lambda row: row.row_id, empty="The message has no attachments.")

    def title_line(self, width: int) -> Line:
        """Names of the columns."""
        return file_titles(width)

    def compose_body(self) -> ComposeResult:
        """The columns, and the list."""
        yield self.titles
        yield self.list

    @property
    def rows(self) -> Sequence[FileRow]:
        """All files."""
        return self.list.source.window(0, self.list.count)

    async def load(self) -> None:
        """Look at the beginning of each file, once."""
        if not self.list.count:
            self.list.show_all(await asyncio.to_thread(_rows, self.message))
        self.title_bar.accounts = self._place
        self.selection_changed()

    def on_line_list_opened(self) -> None:
        """A double click shows the file."""
        self.action_command("view-part")


def _rows(message: ReadMessage) -> list[FileRow]:
    rows = []
    for number, file in enumerate(message.files, start=1):
        beginning, _ = part_beginning(file.part, LOOKED_AT)
        odd = "" if file.is_message else differences(file.part.content_type, file.part.name, beginning)
        rows.append(FileRow(number, file, odd))
    return rows
