"""The line above the keys: what just happened, and how to undo it."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from tuimail.events import Severity


class StatusLine(Static):
    """Shows one message until the next command; grows to at most three lines when it is long."""

    DEFAULT_CSS = "StatusLine { height: auto; min-height: 1; max-height: 3; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.text = ""

    def say(self, text: str, severity: Severity = Severity.INFO) -> None:
        """Show ``text``, which must be safe to draw already; markup in it is not obeyed."""
        self.text = text
        for each in Severity:
            self.set_class(each is severity and bool(text), f"-{each}")
        self.update(Content(text))
