"""The outbox: letters on their way, and those that need you."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.outbox.item import ItemState, OutboxItem
from tuimail.ui.commands import outbox
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.views.letters import (
    Columns,
    Progress,
    columns_for,
    explanation,
    outbox_line,
    role_of,
    state_words,
)
from tuimail.ui.widgets.cells import Line, Role, Span
from tuimail.ui.widgets.explained import Explained
from tuimail.ui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tuimail.ui.messages import Progressed


class OutboxScreen(ListScreen[OutboxItem]):
    """The list, and beneath it why the selected letter is where it is."""

    SCREEN_NAME = "OUTBOX"
    CONTEXT = Context.OUTBOX
    HELP = "Letters on their way. Those that need you stand first; the lines beneath the list say why, and what to do."
    BINDINGS = bindings_for(Context.OUTBOX)
    verbs = outbox.VERBS

    def __init__(self) -> None:
        super().__init__()
        self.explained = Explained()
        self._progress: dict[str, Progress] = {}
        self._told: tuple[str, ...] = ()
        self._columns: tuple[int, Columns] | None = None
        """For a width; None: to be found anew, the letters changed."""

    def make_list(self) -> LineList[OutboxItem]:
        """One line per letter."""
        return LineList(
            self._draw, lambda item: item.id, empty="Nothing is waiting. What you send passes through here."
        )

    def compose_body(self) -> ComposeResult:
        """The list, and the explanation."""
        yield self.list
        yield self.explained

    def on_mount(self) -> None:
        """Times like "in 4 min" move on while one looks."""
        self.set_interval(1.0, self.tick)

    @property
    def letter(self) -> OutboxItem | None:
        """The letter the verbs act on."""
        return self.selected

    def fits(self, command: Command) -> bool:
        """By the state of the selected letter."""
        return outbox.fits(command, self.letter)

    async def load(self) -> None:
        """The letters, those that need the user first."""
        items = await self.program.engine.items()
        self._progress = {
            item.id: self._progress[item.id]
            for item in items
            if item.state is ItemState.SENDING and item.id in self._progress
        }
        self._columns = None
        self.list.show(sorted(items, key=lambda item: (not item.needs_you, item.queued_at, item.id)))
        self._explain()

    def tick(self) -> None:
        """Draw again only if a word changed."""
        now = self._now
        told = tuple(state_words(item, now) for item in self.list.rows)
        if told != self._told:
            self._told = told
            self.list.refresh()
            self._explain()

    def on_progressed(self, message: Progressed) -> None:
        """Move the bar of a letter being sent."""
        before = self._progress.get(message.item_id, Progress())
        if message.words:
            self._progress[message.item_id] = Progress(before.sent, before.total, message.words)
        else:
            self._progress[message.item_id] = Progress(message.sent, message.total, before.words)
        self.list.refresh()

    def on_line_list_selected(self) -> None:
        """Explain what is selected now."""
        self._explain()

    @property
    def _now(self) -> float:
        return self.program.engine.clock.now()

    def _draw(self, item: OutboxItem, width: int) -> Line:
        progress = self._progress.get(item.id) if item.state is ItemState.SENDING else None
        if self._columns is None or self._columns[0] != width:
            self._columns = (width, columns_for(self.list.rows, width, self._now))
        return outbox_line(item, width, self._now, progress, self._columns[1])

    def _explain(self) -> None:
        item = self.letter
        if item is None:
            self.explained.explain()
            return
        words, facts = explanation(item, self._now)
        role = role_of(item.state) if item.needs_you else Role.TEXT
        self.explained.explain(Span(words, role), Span(facts, Role.DIM))
