"""A screen whose body is one list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from tuimail.ui.commands.command import Context
from tuimail.ui.screens.frame import FrameScreen
from tuimail.ui.widgets.column_titles import ColumnTitles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from tuimail.mail.message_ref import MessageRef
    from tuimail.ui.text.cells import Line
    from tuimail.ui.widgets.line_list import LineList

T = TypeVar("T")

SIDE_BY_SIDE = 120
"""From so many columns on what is selected stands beside the list in full."""
UNNUMBERED = frozenset({Context.MENU, Context.PALETTE, Context.SETUP})
"""Lists whose title bar shows no position."""


class ListScreen(FrameScreen, Generic[T]):
    """Base of the screens that show a list."""

    selection = ""
    """Of text: none."""

    def __init__(self) -> None:
        super().__init__()
        self.list = self.make_list()
        self.list.when_selected = self.selection_changed
        # As wide as a row: a scroll bar takes a cell of both.
        self.titles = ColumnTitles(lambda _width: self.title_line(self.list.size.width) if self.list.count else ())

    def make_list(self) -> LineList[T]:
        """The list, made once."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Without an engine nothing will ever be read."""
        error = self.program.startup.error
        if self._unreadable and error is not None:
            self.complain(error)

    async def loaded(self) -> None:
        """Also if nothing can be."""
        await super().loaded()
        if self._unreadable:
            self.list.empty = "Nothing can be read."
            self.list.show_all(())

    @property
    def _unreadable(self) -> bool:
        return self.program.startup.error is not None and not self.SHOWS_MAIL and self.CONTEXT not in UNNUMBERED

    @property
    def selected(self) -> T | None:
        """The selected value."""
        return self.list.selected

    def come_back_to(self, row: str | MessageRef) -> None:
        """Select the row once it is there."""
        if isinstance(row, str):
            self.list.sought = row

    def title_line(self, width: int) -> Line:  # noqa: ARG002 - for screens to override
        """The names of the columns, as rows of ``width`` cells are drawn now; screens that have any show ``titles``."""
        return ()

    def compose_body(self) -> ComposeResult:
        """The list alone; screens add below it what explains the selection."""
        yield self.list

    def unselect(self) -> None:
        """No text is selected in a list."""

    def selection_changed(self) -> None:
        """Another row is selected, or other rows are shown: other commands may fit."""
        self.titles.refresh()
        self.refresh_keys()
        self.show_position()

    def show_position(self) -> None:
        """Where in the list we are, for the title bar, and what else is to be said of the list."""
        rows = self.list.count
        position = f"{self.list.cursor + 1:,} of {rows:,}" if rows and self.CONTEXT not in UNNUMBERED else ""
        self.title_bar.note = "  ".join(filter(None, (position, *self.remarks())))

    def remarks(self) -> Sequence[str]:
        """What the title bar says of the list besides the position."""
        return ()

    def on_line_list_opened(self) -> None:
        """A double click opens."""
        self.action_command("open")
