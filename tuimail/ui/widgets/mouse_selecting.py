"""Selecting text of the message that a pager shows with the mouse: characters, words, lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.text.selection import Stretch, TextSelection, whole_line, word_at

if TYPE_CHECKING:
    from textual.timer import Timer

    from tuimail.ui.views.page_layout import PageLayout
    from tuimail.ui.widgets.pager_selection import PagerSelection, ShowsPage

SCROLL_EVERY = 0.05
"""Seconds between the lines that the text moves by while the mouse is held beyond its edge."""


class MouseSelecting:
    """Makes what the mouse does a selection. Another message, or another width, ends what was begun."""

    def __init__(self, pager: ShowsPage, selecting: PagerSelection) -> None:
        self._pager = pager
        self._selecting = selecting
        self._pressed: Stretch | None = None
        """The character on which the button was pressed that is held."""
        self._pressed_on: PageLayout | None = None
        self._pointer = (0, 0)
        """Where the mouse was seen last, from the pager's corner."""
        self._dragged = False
        """The mouse went to another character since."""
        self.scrolling: Timer | None = None
        """Runs while the mouse is held beyond the edge."""

    def press(self, x: int, y: int) -> None:
        """A button went down on a cell: what was selected is not any more."""
        self._selecting.clear()
        self._pressed, self._dragged, self._pointer = self._under(x, y), False, (x, y)
        self._pressed_on = self._pager.page_layout

    def drag(self, x: int, y: int) -> None:
        """The mouse is on another cell, or beyond the edge, while the button is held."""
        self._pointer = (x, y)
        if not self._holds():
            return
        beyond = self._beyond()
        if beyond:
            self.scroll_on()
            if self.scrolling is None:
                self.scrolling = self._pager.set_interval(SCROLL_EVERY, self.scroll_on)
        else:
            self._stop_scrolling()
            self._extend()

    def scroll_on(self) -> None:
        """The mouse is held beyond the edge: move the text on, and select what comes into sight."""
        if self._holds():
            self._pager.scroll_lines(self._beyond())
            self._extend()

    def release(self) -> None:
        """The button is up again; what is selected stays."""
        self._pressed = None
        self._stop_scrolling()

    def click(self, x: int, y: int, times: int) -> None:
        """So many clicks on a cell: two select the word there, three the line."""
        layout = self._pager.page_layout
        if self._dragged or times < 2 or layout is None or not len(layout):
            return
        start = self._under(x, y).start
        text = self._selecting.line(start.line).text
        found = word_at(start.line, text, start.character) if times == 2 else whole_line(start.line, text)
        self._selecting.set(None if found.start == found.end else TextSelection(found, found))

    def _holds(self) -> bool:
        """The button is held, and what it was pressed on is still shown as it was."""
        if self._pressed is not None and self._pressed_on is not self._pager.page_layout:
            self.release()
        return self._pressed is not None

    def _beyond(self) -> int:
        """Lines by which the mouse is above (negative) or below the text."""
        y, height = self._pointer[1], self._pager.size.height
        return y if y < 0 else max(0, y - height + 1)

    def _extend(self) -> None:
        if self._pressed is None:
            return
        head = self._under(*self._pointer)
        if head != self._pressed or self._dragged:
            self._dragged = True
            selection = TextSelection(self._pressed, head)
            self._selecting.set(None if selection.is_empty else selection)

    def _under(self, x: int, y: int) -> Stretch:
        """The character at a cell; beyond the edge the first or last one in sight."""
        layout, pager = self._pager.page_layout, self._pager
        if layout is None or not len(layout):
            return whole_line(0, "")
        if y < 0:
            x, y = 0, 0
        elif y >= pager.size.height:
            x, y = pager.size.width, pager.size.height - 1
        row = y + int(pager.scroll_offset.y)
        return layout.character_at(row, x) if row < len(layout) else layout.character_at(len(layout) - 1, layout.width)

    def _stop_scrolling(self) -> None:
        if self.scrolling is not None:
            self.scrolling.stop()
            self.scrolling = None
