"""A text to read: a dialogue with a server, a fault of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mail.text import safe_text
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Context
from tuimail.ui.screens.paging import PagerScreen
from tuimail.ui.views.prose import prose

if TYPE_CHECKING:
    from tuimail.ui.commands.command import Command


class TextScreen(PagerScreen):
    """Shows ``text``, made safe to draw; ``title`` names it in the title bar."""

    CONTEXT = Context.RAW
    HELP = "A text as it is, control characters made visible."
    BINDINGS = bindings_for(Context.RAW)

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._heading = title
        self._text = safe_text(text)

    @property
    def heading(self) -> str:
        """What is shown."""
        return self._heading

    def knows(self, command: Command) -> bool:
        """There is one way to look at it."""
        return command.id != "view-raw" and super().knows(command)

    def on_mount(self) -> None:
        """Nothing to load."""
        self.pager.show(lambda width: prose(self._text, width))
        self.call_after_refresh(self.show_place)
