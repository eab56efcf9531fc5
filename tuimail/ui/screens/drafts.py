"""Drafts: letters put aside, and letters recovered after a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.compose.draft import Draft
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.views.rows import draft_line, draft_titles
from tuimail.ui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tuimail.ui.text.cells import Line


class DraftsScreen(ListScreen[Draft]):
    """One line per draft, newest first."""

    SCREEN_NAME = "DRAFTS"
    CONTEXT = Context.DRAFTS
    HELP = "Letters you put aside, and letters recovered because the program ended while you wrote. Return goes on."
    BINDINGS = bindings_for(Context.DRAFTS)

    def make_list(self) -> LineList[Draft]:
        """One line per draft."""
        return LineList(
            lambda draft, width: draft_line(draft, width, self.program.engine.clock.now()),
            lambda draft: draft.id,
            empty="There are no drafts.",
        )

    def compose_body(self) -> ComposeResult:
        """The list with its titles."""
        yield self.titles
        yield self.list

    def title_line(self, width: int) -> Line:
        """The columns of drafts."""
        return draft_titles(width)

    def fits(self, command: Command) -> bool:
        """Most commands want a draft."""
        return self.selected is not None or command.id not in ("open", "discard")

    async def load(self) -> None:
        """The drafts that are not open in a composer."""
        self.list.show_all(await self.program.engine.drafts.available())
        self.list.refresh()  # what stands there of the time moves on
