"""A letter in full, as a text to scroll: on a screen of its own, or beside the list it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.outbox.model.states import ItemState
from tuimail.outbox.model.turn import waits_its_turn
from tuimail.ui.views.details import details
from tuimail.ui.views.letters import Progress
from tuimail.ui.widgets.pager import Pager

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.engine import Engine
    from tuimail.outbox.model.item import OutboxItem, TimelineEntry
    from tuimail.outbox.model.turn import Standing
    from tuimail.ui.text.cells import Line


class LetterPane(Pager):
    """Shows the letter that was read last."""

    def __init__(self) -> None:
        super().__init__()
        self.letter: OutboxItem | None = None
        """None until one is read."""
        self._timeline: Sequence[TimelineEntry] = ()
        self._dialogue: Sequence[str] = ()
        self._standing: Standing | None = None
        self._progress: Progress | None = None
        self._now = 0.0

    async def read(self, engine: Engine, item_id: str) -> None:
        """Read a letter and its history, and show them; the place in the text is kept if it is the same letter.

        Raises:
            NoSuchItemError: it is gone.
        """
        letter, timeline, dialogue = await engine.outbox.query(
            lambda outbox: (outbox.item(item_id), outbox.timeline(item_id), outbox.dialogue(item_id))
        )
        now = engine.clock.now()
        standing = await engine.outbox.standing(letter) if waits_its_turn(letter, now) else None
        if self.letter is None or self.letter.id != letter.id:
            self._progress = None
            self.scroll_to(y=0, animate=False, immediate=True)
        if letter.state is not ItemState.SENDING:
            self._progress = None
        self.letter, self._timeline, self._dialogue, self._standing, self._now = (
            letter,
            timeline,
            dialogue,
            standing,
            now,
        )
        self.show(self._lines)

    def clear(self) -> None:
        """Show nothing."""
        self.letter = None
        self.show(self._lines)

    def progressed(self, item_id: str, sent: int, total: int) -> None:
        """Move the bar, if the letter is the one shown."""
        if self.letter is not None and self.letter.id == item_id and total:
            self._progress = Progress(sent, total)
            self.show(self._lines)

    def _lines(self, width: int) -> Sequence[Line]:
        if self.letter is None:
            return ()
        return details(self.letter, self._timeline, self._dialogue, width, self._now, self._progress, self._standing)
