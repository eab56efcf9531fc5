"""The letters of the outbox as rows of a list: the ids of all, and the letters near the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.outbox.model.states import ItemState
from tuimail.ui.text.cells import Line, Span, TextRole
from tuimail.ui.views.letters import (
    Columns,
    ColumnWidths,
    Progress,
    columns_within,
    outbox_line,
    state_text,
    widths_of,
)
from tuimail.ui.widgets.window import Window
from tuimail.ui.widgets.window_source import IdRows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.engine import Engine
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.model.states import Order
    from tuimail.ui.messages import Progressed


class OutboxRows:
    """However many letters there are, only those near the screen are read."""

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine
        self._letters: Window[OutboxItem] = Window(lambda item: item.id)
        self._progress: dict[str, Progress] = {}
        self._wants = ColumnWidths()
        self._states: tuple[str, ...] = ()
        """What was drawn last of the letters in sight."""

    def __getitem__(self, row: str) -> OutboxItem | None:
        """The letter, if it was read already."""
        return self._letters[row]

    @property
    def _now(self) -> float:
        return self._engine().clock.now()

    async def load(self, *, order: Order, matching: str, first_shown: Callable[[IdRows], int], height: int) -> IdRows:
        """Read all ids, and the letters of ``height`` rows from ``first_shown`` on, with a screen before and after."""
        outbox = self._engine().outbox
        ids = await outbox.query(lambda at: at.ids(order=order, matching=matching))
        source = IdRows(ids)
        self._letters.ids = ids
        near = self._letters.near(first_shown(source), height)
        items = await outbox.query(lambda at: at.items_of(near))
        self._letters.renew(ids, items)
        self._progress = {item.id: self._progress.get(item.id, Progress()) for item in items if _sending(item)}
        self._wants = self._wants.at_least(widths_of(items, self._now))
        return source

    def misses(self, first: int, height: int) -> bool:
        """Whether a letter of these rows is still to be read."""
        return bool(self._letters.missing(first, height))

    async def fill(self, first: int, height: int) -> bool:
        """Read the letters of these rows that were not; False if there are none."""
        missing = self._letters.missing(first, height)
        if not missing:
            return False
        items = await self._engine().outbox.query(lambda at: at.items_of(missing))
        self._letters.add(items, height=height)
        self._wants = self._wants.at_least(widths_of(items, self._now))
        return True

    def progressed(self, message: Progressed) -> bool:
        """Note how far a letter is; False if it was not read."""
        if self[message.item_id] is None:
            return False
        before = self._progress.get(message.item_id, Progress())
        if message.stage:
            self._progress[message.item_id] = Progress(before.sent, before.total, message.stage)
        else:
            self._progress[message.item_id] = Progress(message.sent, message.total, before.stage)
        return True

    def states_changed(self, in_sight: Sequence[str]) -> bool:
        """Whether a state in sight ("in 4 min") reads otherwise than at the last call."""
        now = self._now
        before = self._states
        self._states = tuple(state_text(item, now) for row in in_sight if (item := self[row]) is not None)
        return self._states != before

    def columns(self, width: int) -> Columns:
        """The columns in ``width`` cells."""
        return columns_within(self._wants, width)

    def line(self, row: str, width: int, *, tagged: bool) -> Line:
        """The row in ``width`` cells."""
        item = self[row]
        if item is None:
            return (Span("   …", TextRole.DIM),)
        progress = self._progress.get(row) if _sending(item) else None
        return outbox_line(item, width, self._now, progress, self.columns(width), tagged=tagged)


def _sending(item: OutboxItem) -> bool:
    return item.state is ItemState.SENDING
