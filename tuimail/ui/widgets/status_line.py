"""The line above the keys: what just happened, and how to undo it."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from tuimail.events import Severity


class StatusLine(Static):
    """Shows one message until the next command; grows to at most three lines when it is long."""

    DEFAULT_CSS = "StatusLine { height: auto; min-height: 1; max-height: 3; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.text = ""
        self._severity = Severity.INFO

    def say(self, text: str, severity: Severity = Severity.INFO) -> None:
        """Show ``text``, which must be safe to draw already; markup in it is not obeyed."""
        if not text:
            severity = Severity.INFO
        if (text, severity) == (self.text, self._severity):
            return
        # The whole screen is laid out only if the height can change: most messages fit in one line.
        longest = max(cell_len(self.text), cell_len(text))
        self.text, self._severity = text, severity
        for each in Severity:
            self.set_class(each is severity and bool(text), f"-{each}")
        self.update(Content(text), layout=longest > self.content_size.width)
