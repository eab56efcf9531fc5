"""A screen whose body is a list of letters, with the selected one explained beneath it, or in full beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from textual.containers import Horizontal, Vertical

from tuimail.errors import NoSuchItemError
from tuimail.ui.screens.listing import SIDE_BY_SIDE, ListScreen
from tuimail.ui.widgets.explanation import ExplanationPane
from tuimail.ui.widgets.letter_pane import LetterPane
from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from tuimail.ui.messages import Progressed

T = TypeVar("T")


class LetterListScreen(ListScreen[T]):
    """Base of the outbox and of what was sent."""

    DEFAULT_CSS = """
    LetterListScreen #beside { height: 1fr; }
    LetterListScreen #listed { width: 1fr; }
    LetterListScreen LetterPane { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.explanation_pane = ExplanationPane()
        self.pane = LetterPane()

    def compose_body(self) -> ComposeResult:
        """What concerns all letters; the list with its titles; what explains the selected letter."""
        yield from self.above()
        with Horizontal(id="beside"):
            with Vertical(id="listed"):
                yield self.titles
                yield self.list
                yield self.explanation_pane
            yield self.pane

    def above(self) -> Iterable[Widget]:
        """What stands above the list."""
        return ()

    @property
    def selected_id(self) -> str | None:
        """Of the selected letter."""
        raise NotImplementedError

    @property
    def side_by_side(self) -> bool:
        """There is room for the letter beside the list."""
        return self.size.width >= SIDE_BY_SIDE

    def on_resize(self, event: events.Resize) -> None:
        """One beneath the other, or side by side."""
        beside = event.size.width >= SIDE_BY_SIDE
        self.pane.display = beside
        self.pane.styles.width = event.size.width * 2 // 5
        self.explanation_pane.display = not beside
        self.explanation_pane.most = max(5, event.size.height // 3)
        self.look()

    def selection_changed(self) -> None:
        """Another letter, or the same one as it is now."""
        super().selection_changed()
        self.look()

    def look(self) -> None:
        """Have the selected letter read for the pane, if that is seen."""
        if self.side_by_side and self.is_mounted:
            start_worker(self, self._look, group="beside", exclusive=True, exit_on_error=False)

    async def _look(self) -> None:
        await self.program.startup.ready.wait()
        wanted = self.selected_id
        if wanted is None:
            self.pane.clear()
            return
        try:
            await self.pane.read(self.program.engine, wanted)
        except NoSuchItemError:
            self.pane.clear()

    def on_progressed(self, message: Progressed) -> None:
        """Move the bar of the letter beside the list."""
        self.pane.progressed(message.item_id, message.sent, message.total)
