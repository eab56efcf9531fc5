"""The server's side: what arrived at the embedded server, and the faults one can switch on. Only in the demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Context
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.text.cells import Span
from tuimail.ui.views.arrivals import Arrival, arrival_line, server_state
from tuimail.ui.widgets.explanation import ExplanationPane
from tuimail.ui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tuimail.demo.server import DemoServer
    from tuimail.ui.commands.command import Command


class ServerScreen(ListScreen[Arrival]):
    """What the demo's mail server received."""

    SCREEN_NAME = "THE SERVER'S SIDE"
    CONTEXT = Context.SERVER
    HELP = (
        "This is the mail server of the demo, seen from its own side: the letters that arrived, newest first. Take it "
        "down and up again, let it refuse somebody, or let it swallow its reply, and watch the outbox cope."
    )
    BINDINGS = bindings_for(Context.SERVER)

    def __init__(self, server: DemoServer) -> None:
        super().__init__()
        self.server = server
        self._state_pane = ExplanationPane()

    def make_list(self) -> LineList[Arrival]:
        """One line per letter."""
        return LineList(
            arrival_line,
            lambda arrival: str(arrival.number),
            empty="Nothing has arrived yet. Write a letter and send it.",
        )

    def compose_body(self) -> ComposeResult:
        """The list, and below it what the server is up to."""
        yield self.list
        yield self._state_pane

    def on_mount(self) -> None:
        """The server's thread says when something arrived."""
        self.server.on_change = self._changed_elsewhere

    def on_unmount(self) -> None:
        """Listen no more."""
        self.server.on_change = lambda: None

    def _changed_elsewhere(self) -> None:
        if self.app.is_running:
            self.app.call_later(self.reload)

    async def load(self) -> None:
        """Newest first."""
        letters = [Arrival(number, letter) for number, letter in enumerate(self.server.received, start=1)]
        self.list.show_all(letters[::-1])
        self._state_pane.explain(Span(server_state(self.server.faults)))
        self.refresh_keys()

    def label(self, command: Command) -> str:
        """The switches say what they would do now."""
        faults = self.server.faults
        on = {
            "server-down": (faults.down, "Up"),
            "server-busy": (faults.busy, "Be free"),
            "server-swallow": (faults.swallow, "Reply"),
        }
        active, label = on.get(command.id, (False, ""))
        return label if active else super().label(command)
