"""Sent: what went out, when, with which reply, and where the copy is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.outbox.item import OutboxItem
from tuimail.ui.commands import sent
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.views.rows import sent_line, sent_words
from tuimail.ui.widgets.cells import Role, Span
from tuimail.ui.widgets.explained import Explained
from tuimail.ui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult


class SentScreen(ListScreen[OutboxItem]):
    """One line per letter, newest first; beneath it the server's answer and where the copy is."""

    SCREEN_NAME = "SENT"
    CONTEXT = Context.SENT
    HELP = "What went out: when, to whom, what the server said, and where the copy was filed."
    BINDINGS = bindings_for(Context.SENT)
    verbs = sent.VERBS

    def __init__(self) -> None:
        super().__init__()
        self.explained = Explained()

    def make_list(self) -> LineList[OutboxItem]:
        """One line per letter."""
        return LineList(
            lambda item, width: sent_line(item, width, self.program.engine.clock.now()),
            lambda item: item.id,
            empty="Nothing was sent yet.",
        )

    def compose_body(self) -> ComposeResult:
        """The list, and the explanation."""
        yield self.list
        yield self.explained

    @property
    def letter(self) -> OutboxItem | None:
        """The letter the verbs act on."""
        return self.selected

    def aim(self) -> tuple[str, ...]:
        """The selected letter."""
        return () if self.selected is None else (self.selected.id,)

    def fits(self, command: Command) -> bool:
        """Most commands want a letter."""
        return self.selected is not None or command.id not in ("open", "view-raw", "dialogue", "export")

    async def load(self) -> None:
        """What went out."""
        self.list.show(await self.program.engine.sent())

    def on_line_list_selected(self) -> None:
        """Explain what is selected now."""
        item = self.selected
        sentences = () if item is None else sent_words(item, self.program.engine.clock.now())
        self.explained.explain(*(Span(words, Role.TEXT if at == 0 else Role.DIM) for at, words in enumerate(sentences)))
