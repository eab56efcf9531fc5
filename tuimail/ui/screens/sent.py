"""Sent: what went out, when, with which reply, and where the copy is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.outbox.model.item import OutboxItem
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.screens.letter_list import LetterListScreen
from tuimail.ui.text.cells import Span, TextRole
from tuimail.ui.views.rows import SentColumns, sent_columns, sent_line, sent_summary, sent_titles
from tuimail.ui.widgets.line_list import LineList

if TYPE_CHECKING:
    from tuimail.ui.text.cells import Line


class SentScreen(LetterListScreen[OutboxItem]):
    """One line per letter, newest first; beneath it the server's answer and where the copy is."""

    SCREEN_NAME = "SENT"
    CONTEXT = Context.SENT
    HELP = "What went out: when, to whom, what the server said, and where the copy was filed."
    BINDINGS = bindings_for(Context.SENT)

    def __init__(self) -> None:
        super().__init__()
        self._columns: tuple[int, SentColumns] | None = None
        """The columns, and the width they are for."""

    def make_list(self) -> LineList[OutboxItem]:
        """One line per letter."""
        return LineList(
            lambda item, _width: sent_line(item, 0, self.program.engine.clock.now(), self.columns),
            lambda item: item.id,
            empty="Nothing was sent yet.",
        )

    @property
    def columns(self) -> SentColumns:
        """As wide as what is in them; worked out once for a width."""
        width = self.list.size.width
        if self._columns is None or self._columns[0] != width:
            self._columns = width, sent_columns(self.list.source.window(0, self.list.count), width)
        return self._columns[1]

    def title_line(self, _width: int) -> Line:
        """The columns as they are now."""
        return sent_titles(self.columns)

    @property
    def selected_id(self) -> str | None:
        """Of the selected letter."""
        return None if self.selected is None else self.selected.id

    @property
    def letter(self) -> OutboxItem | None:
        """The letter the actions are about."""
        return self.selected

    def targets(self) -> tuple[str, ...]:
        """The selected letter."""
        return () if self.selected is None else (self.selected.id,)

    def fits(self, command: Command) -> bool:
        """Most commands want a letter."""
        return self.selected is not None or command.id not in ("open", "view-raw", "dialogue", "export")

    async def load(self) -> None:
        """What went out."""
        rows = await self.program.engine.sent.latest()
        self._columns = None
        self.list.show_all(rows)
        self.list.refresh()  # what stands there of the time moves on

    def selection_changed(self) -> None:
        """Explain what is selected now."""
        super().selection_changed()
        item = self.selected
        sentences = () if item is None else sent_summary(item, self.program.engine.clock.now())
        self.explanation_pane.explain(
            *(Span(sentence, TextRole.TEXT if at == 0 else TextRole.DIM) for at, sentence in enumerate(sentences))
        )
