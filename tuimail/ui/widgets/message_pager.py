"""A received message to scroll through: folding, searching, and going from link to link."""

from __future__ import annotations

import asyncio
import re
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from textual.geometry import Size

from tuimail.ui.text.cells import TextRole
from tuimail.ui.views.message_page import PageOptions, page_lines
from tuimail.ui.views.page_layout import Highlight, PageLayout
from tuimail.ui.widgets.mouse_selecting import MouseSelecting
from tuimail.ui.widgets.pager import Pager
from tuimail.ui.widgets.pager_selection import PagerSelection
from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events

    from tuimail.engine.message_reader import LinkPlace, ReadMessage
    from tuimail.ui.views.message_page import PageLine

SOON = 2000
"""Lines of a message that are broken into rows at once; more of them are in a thread."""


class SearchHit(NamedTuple):
    """What a search found."""

    line: int
    """Index of the line of the page."""
    wrapped: bool
    """It went over the end of the message, or over its beginning."""


class _Made(NamedTuple):
    """What a layout was made of."""

    message: ReadMessage | None
    options: PageOptions
    width: int


class MessagePager(Pager):
    """Shows one message, or lines that say why there is none."""

    ALLOW_SELECT = False  # by Textual, which would take what is drawn

    # The width is the same whether or not there is a scroll bar: Textual does not tell when one comes.
    DEFAULT_CSS = "MessagePager { scrollbar-gutter: stable; }"

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        self.message: ReadMessage | None = None
        self.options = PageOptions()
        self.when_laid_out: Callable[[], None] = lambda: None
        """Called when all rows of the message are there."""
        self.chosen = 0
        """Number of the link that is selected; 0: none."""
        self._lines: Sequence[PageLine] = ()
        """Shown while there is no message."""
        self._made: _Made | None = None
        self.page_layout: PageLayout | None = None
        """The rows of what is shown."""
        self._words: re.Pattern[str] | None = None
        self._hit = -1
        """The line found last."""
        self._links_by_line: dict[int, list[tuple[int, LinkPlace]]] = {}
        self.selecting = PagerSelection(self)
        self.mouse = MouseSelecting(self, self.selecting)

    # -- what is shown
    def show_message(self, message: ReadMessage, *, keep_place: bool = False) -> None:
        """Show ``message`` from its top, or where it was if it is the same one in another form."""
        self.message = message
        self.selecting.clear()
        self.chosen, self._hit = 0, -1
        self._links_by_line = {}
        for number, place in message.places.items():
            self._links_by_line.setdefault(place.line, []).append((number, place))
        if not keep_place:
            self.page_layout = None
            self.scroll_to(y=0, animate=False, immediate=True, force=True)
        self._wrap()

    def show_lines(self, lines: Sequence[PageLine]) -> None:
        """Show ``lines`` in place of a message."""
        self.message, self._lines = None, lines
        self.selecting.clear()
        self.chosen, self._hit = 0, -1
        self.page_layout = self._made = None
        self.scroll_to(y=0, animate=False, immediate=True, force=True)
        self._wrap()

    def set_options(self, options: PageOptions) -> None:
        """Show it another way; the place in the text is kept."""
        self.options = options
        self._hit = -1
        self._wrap()

    @property
    def _width(self) -> int:
        """Cells beside the scroll bar."""
        return self.scrollable_content_region.width if self.size.width else 0

    @property
    def laid_out(self) -> bool:
        """All rows of the message are there."""
        return self._made == _Made(self.message, self.options, self._width)

    def _wrap(self) -> None:
        width = self._width
        if not width or (self.message is not None and self.laid_out and self.page_layout is not None):
            return
        message = self.message
        if message is None:
            self._use(PageLayout(self._lines, width, lambda _line: ()))
        elif len(message.lines) <= SOON:
            self._finish(self._lay_out(message, self.options, width))
        else:
            if self.page_layout is None:
                self._use(self._lay_out(message, self.options, width, most=SOON))
            start_worker(self, partial(self._lay_out_all, message, self.options, width), group="layout", exclusive=True)

    def _lay_out(self, message: ReadMessage, options: PageOptions, width: int, *, most: int = 0) -> PageLayout:
        lines = page_lines(message, options, now=self._clock())
        return PageLayout(lines[:most] if most else lines, width, self._highlights)

    async def _lay_out_all(self, message: ReadMessage, options: PageOptions, width: int) -> None:
        layout = await asyncio.to_thread(self._lay_out, message, options, width)
        if (message, options, width) == (self.message, self.options, self._width):
            self._finish(layout)

    def _finish(self, layout: PageLayout) -> None:
        self._made = _Made(self.message, self.options, self._width)
        self._use(layout)
        self.when_laid_out()

    def _use(self, layout: PageLayout) -> None:
        """Draw ``layout``, with the same line of the message at the top as before."""
        before = self.page_layout
        top = before.lines[before.line_at(self.scroll_offset.y)].origin if before and self.scroll_offset.y else -1
        self.page_layout = self.text = layout
        self.virtual_size = Size(0, len(layout))
        if top >= 0:
            row = next((at for at, line in enumerate(layout.lines) if line.origin >= top), 0)
            self.scroll_to(y=layout.first_row(row), animate=False, immediate=True, force=True)
        self.selecting.page_changed(before, layout)
        self.refresh()

    # -- moving
    @property
    def top(self) -> int:
        """Index of the line at the top of the screen."""
        return self.page_layout.line_at(self.scroll_offset.y) if self.page_layout is not None else 0

    def bring_into_sight(self, row: int) -> None:
        """Scroll no further than it takes to see ``row``."""
        first, height = self.scroll_offset.y, self.size.height
        if not first <= row < first + height:
            y = row if row < first else row - height + 1
            self.scroll_to(y=y, animate=False, immediate=True, force=True)

    def _reveal(self, row: int) -> None:
        """Scroll so that ``row`` is seen, with a third of the screen above it if it was not."""
        first = self.scroll_offset.y
        if not first <= row < first + self.size.height:
            self.scroll_to(y=row - self.size.height // 3, animate=False, immediate=True, force=True)
        self.refresh()

    def skip_quoted(self) -> bool:
        """Move behind the next quoted text; False if there is none."""
        layout = self.page_layout
        if layout is None:
            return False
        start = next((at for at in range(self.top, len(layout.lines)) if layout.lines[at].depth), -1)
        if start < 0:
            return False
        end = next((at for at in range(start, len(layout.lines)) if not layout.lines[at].depth), len(layout.lines) - 1)
        before = self.scroll_offset.y
        self.scroll_to(y=layout.first_row(end), animate=False, immediate=True, force=True)
        return self.scroll_offset.y != before

    # -- searching
    async def find(self, words: str, *, backwards: bool = False) -> SearchHit | None:
        """Move to the next line with ``words`` (case does not matter), from the one found last or from the top one.

        Folded quotes are unfolded if the words are there and nowhere else.
        """
        self._words = re.compile(re.escape(words), re.IGNORECASE)
        found = await self._found(backwards=backwards)
        if found is None and self.options.folded and self.message is not None:
            unfolded = page_lines(self.message, self.options._replace(folded=False), now=self._clock())
            if await asyncio.to_thread(_next_line, unfolded, self._words, -1, backwards=False) is not None:
                self.options = self.options._replace(folded=False)
                self._finish(await asyncio.to_thread(self._lay_out, self.message, self.options, self._width))
                found = await self._found(backwards=backwards)
        if found is None:
            self._words, self._hit = None, -1
        self.refresh()
        return found

    async def _found(self, *, backwards: bool) -> SearchHit | None:
        layout, words = self.page_layout, self._words
        if layout is None or words is None:
            return None
        start = self._hit if self._hit >= 0 else self.top + (0 if backwards else -1)
        found = await asyncio.to_thread(_next_line, layout.lines, words, start, backwards=backwards)
        if found is not None and layout is self.page_layout:
            self._hit = found.line
            match = words.search(layout.lines[found.line].text)
            self._reveal(layout.row_of(found.line, match.start() if match else 0))
        return found

    # -- links
    def choose_link(self, step: int) -> int:
        """Select the next link, or the one before; the number of it, 0 if there is none."""
        message, layout = self.message, self.page_layout
        if message is None or layout is None or not message.places:
            return 0
        placed = sorted(message.places, key=lambda number: message.places[number])
        if self.chosen in placed:
            at = (placed.index(self.chosen) + step) % len(placed)
        else:
            top = layout.lines[self.top].origin
            below = (index for index, number in enumerate(placed) if message.places[number].line >= top)
            at = next(below, 0) if step > 0 else next(below, 0) - 1
        self.select_link(placed[at])
        return self.chosen

    def select_link(self, number: int) -> bool:
        """Select a link by its number, and show it; False if there is none."""
        message, layout = self.message, self.page_layout
        if message is None or layout is None or not 0 < number <= len(message.links):
            return False
        self.chosen = number
        place = message.places.get(number)
        if place is not None:
            index = next((at for at, line in enumerate(layout.lines) if line.origin >= place.line), 0)
            self._reveal(layout.row_of(index, max(0, place.start - layout.lines[index].cut)))
        self.refresh()
        return True

    def _highlights(self, index: int) -> Sequence[Highlight]:
        layout = self.page_layout
        if layout is None or index >= len(layout.lines):
            return ()
        line, found = layout.lines[index], []
        for number, place in self._links_by_line.get(line.origin, ()):
            role = TextRole.CHOSEN if number == self.chosen else TextRole.LINK
            found.append(Highlight(max(0, place.start - line.cut), max(0, place.end - line.cut), role))
        if self._words is not None:
            found += [Highlight(*match.span(), TextRole.HIT) for match in self._words.finditer(line.text)]
        return [*found, *self.selecting.highlights(index)]

    # -- the mouse
    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Selecting begins."""
        if event.button == 1:
            self.capture_mouse()
            self.mouse.press(event.x, event.y)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The selection goes to where the mouse is."""
        self.mouse.drag(event.x, event.y)

    def on_mouse_up(self) -> None:
        """It stays."""
        self.let_go()

    def let_go(self) -> None:
        """The mouse selects no more."""
        self.mouse.release()
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Two clicks select a word, three a line."""
        self.mouse.click(event.x, event.y, event.chain)


def _next_line(lines: Sequence[PageLine], words: re.Pattern[str], start: int, *, backwards: bool) -> SearchHit | None:
    """The nearest line with ``words`` behind line ``start``, or before it; over the edge if need be."""
    count = len(lines)
    for distance in range(1, count + 1):
        index = (start - distance if backwards else start + distance) % count
        if words.search(lines[index].text):
            wrapped = (index >= start) if backwards else (index <= start)
            return SearchHit(index, wrapped)
    return None
