"""The server's side: what arrived at the embedded server, and the faults one can switch on. Only in the demo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tuimail.mail.size import format_size
from tuimail.ui.actions import server as commands
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Context
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.text.cells import Line, Role, Span, fit
from tuimail.ui.widgets.explained import Explained
from tuimail.ui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tuimail.demo.server import DemoServer, Faults, Received
    from tuimail.ui.commands.command import Command


@dataclass(frozen=True, slots=True)
class Arrival:
    """One letter at the server, numbered from 1."""

    number: int
    letter: Received


def arrival_line(arrival: Arrival, width: int) -> Line:
    """Time, from whom, to whom, subject, size."""
    letter = arrival.letter
    then = datetime.fromtimestamp(letter.at).astimezone()
    when = then.strftime("%H:%M:%S" if then.date() == datetime.now(then.tzinfo).date() else "%d %b")
    first, *others = letter.recipients
    recipients = f"{first} +{len(others)}" if others else first
    size = format_size(letter.size)
    note = "" if letter.answered else "reply swallowed"
    room = width - 2 - 10 - 9 - 2
    to_width = room * 2 // 5
    subject_width = room - to_width - (len(note) + 2 if note else 0)
    return (
        Span("  "),
        Span(fit(when, 10), Role.DIM),
        Span(fit(recipients, to_width - 2) + "  "),
        Span(fit(letter.subject, subject_width), Role.STRONG),
        Span(f"  {note}" if note else "", Role.UNCERTAIN),
        Span(fit(size, 9, right=True), Role.DIM),
    )


def mood(faults: Faults) -> str:
    """What the server is doing, in one sentence."""
    if faults.down:
        return "The server is down: nobody can connect."
    wrong = []
    if faults.busy:
        wrong.append("it is busy and puts every sender off (451)")
    if faults.swallow:
        wrong.append("it will keep the next letter and hang up without a reply")
    if faults.refused:
        wrong.append(f"it refuses {', '.join(sorted(faults.refused))}")
    return f"The server is up; {'; '.join(wrong)}." if wrong else "The server is up and takes everything."


class ServerScreen(ListScreen[Arrival]):
    """What the other end sees."""

    SCREEN_NAME = "THE SERVER'S SIDE"
    CONTEXT = Context.SERVER
    HELP = (
        "This is the mail server of the demo, seen from its own side: the letters that arrived, newest first. Take it "
        "down and up again, let it refuse somebody, or let it swallow its reply, and watch the outbox cope."
    )
    BINDINGS = bindings_for(Context.SERVER)
    verbs = commands.VERBS

    def __init__(self, server: DemoServer) -> None:
        super().__init__()
        self.server = server
        self._mood = Explained()

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
        yield self._mood

    def on_mount(self) -> None:
        """The server's thread says when something arrived."""
        self.server.on_change = self._changed_elsewhere

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self.server.on_change = lambda: None

    def _changed_elsewhere(self) -> None:
        if self.app.is_running:
            self.app.call_later(self.reload)

    async def load(self) -> None:
        """Newest first."""
        letters = [Arrival(number, letter) for number, letter in enumerate(self.server.received, start=1)]
        self.list.show(letters[::-1])
        self._mood.explain(Span(mood(self.server.faults)))
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
