"""A screen whose body is one text to scroll."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.screens.frame import FrameScreen
from tuimail.ui.widgets.pager import Pager

if TYPE_CHECKING:
    from textual.app import ComposeResult


class PagerScreen(FrameScreen):
    """Base of the screens that show a text."""

    def __init__(self) -> None:
        super().__init__()
        self.pager = Pager()

    def compose_body(self) -> ComposeResult:
        """The text alone."""
        yield self.pager

    def action_command(self, command_id: str) -> None:
        """After each command the title bar says where in the text we are."""
        super().action_command(command_id)
        self.call_after_refresh(self.show_place)

    def show_place(self) -> None:
        """Where in the text we are, for the title bar."""
        self.title_bar.note = self.pager.place
