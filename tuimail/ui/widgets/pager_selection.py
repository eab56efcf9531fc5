"""What is selected of the message that a pager shows; keys select it line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mail.message_text import Mark
from tuimail.mail.text import safe_text
from tuimail.ui.text.cells import TextRole
from tuimail.ui.text.selection import SelectableLine, Stretch, TextSelection, whole_line, without
from tuimail.ui.views.page_layout import Highlight

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from textual.geometry import Offset, Size
    from textual.timer import Timer

    from tuimail.engine.message_reader import ReadMessage
    from tuimail.ui.views.page_layout import PageLayout

    class ShowsPage(Protocol):
        """The widget that shows the text."""

        message: ReadMessage | None
        page_layout: PageLayout | None

        @property
        def size(self) -> Size:
            """Its cells."""
            ...

        @property
        def scroll_offset(self) -> Offset:
            """The row at its top."""
            ...

        @property
        def top(self) -> int:
            """Index of the line at its top."""
            ...

        @property
        def page(self) -> int:
            """Rows to move by for a page."""
            ...

        def scroll_lines(self, count: int) -> None:
            """Move so many rows down."""
            ...

        def bring_into_sight(self, row: int) -> None:
            """Scroll no further than it takes."""
            ...

        def set_interval(self, interval: float, callback: Callable[[], None]) -> Timer:
            """Call again and again."""
            ...

        def refresh(self) -> object:
            """Draw anew."""
            ...


class PagerSelection:
    """What is selected of a MessagePager's text. Each call costs what the lines in sight cost, but for the texts."""

    def __init__(self, pager: ShowsPage) -> None:
        self._pager = pager
        self.current: TextSelection | None = None
        """Nothing is selected: None."""
        self.when_changed: Callable[[], None] = lambda: None
        """Called when something is selected where nothing was, or the other way round, or by other means."""
        self._text_of: tuple[PageLayout, range] | None = None

    @property
    def by_keys(self) -> bool:
        """Keys select now."""
        return self.current is not None and self.current.by_lines

    def clear(self) -> bool:
        """Select nothing; False if nothing was selected."""
        had = self.current is not None
        self.set(None)
        return had

    def set(self, selection: TextSelection | None) -> None:
        """Select something else."""
        before, self.current = self.current, selection
        if before == selection:
            return
        self._pager.refresh()
        if (before is None, before and before.by_lines) != (selection is None, selection and selection.by_lines):
            self.when_changed()

    # -- the lines
    def line(self, index: int) -> SelectableLine:
        """A line of the page; numbers that were put behind links are no part of it."""
        layout, message = self._pager.page_layout, self._pager.message
        if layout is None or index >= len(layout.lines):
            return SelectableLine("", own=False)
        line = layout.lines[index]
        if message is None or line.origin < 0:
            return SelectableLine(line.lead + line.text, own=False)
        mark = message.lines[line.origin].mark
        return SelectableLine(line.lead + line.text, message.numbers.get(line.origin, ()), mark is not Mark.NOTICE)

    def _own_lines(self) -> range:
        """The lines between header and files."""
        layout = self._pager.page_layout
        if layout is None:
            return range(0)
        if self._text_of is None or self._text_of[0] is not layout:
            count = len(layout.lines)
            first = next((at for at in range(count) if layout.lines[at].origin >= 0), count)
            last = next((at for at in range(count - 1, first - 1, -1) if layout.lines[at].origin >= 0), first - 1)
            self._text_of = layout, range(first, last + 1)
        return self._text_of[1]

    # -- keys
    def start(self) -> bool:
        """Begin anew with one line: where the selection of lines ends, else the top one of the text in sight.

        False if there is no text.
        """
        own = self._own_lines()
        if not own or self._pager.page_layout is None:
            return False
        top = self.current.head.start.line if self.current and self.by_keys else self._pager.top
        line = self._whole(min(max(top, own.start), own.stop - 1))
        self.set(TextSelection(line, line, by_lines=True))
        return True

    def move(self, by: int) -> None:
        """Extend by so many lines (negative: up)."""
        if self.current is not None:
            self._move_to(self.current.head.start.line + by)

    def move_page(self, by: int) -> None:
        """Extend by so many pages, one line at least."""
        layout, current = self._pager.page_layout, self.current
        if layout is None or current is None:
            return
        head = current.head.start.line
        line = layout.line_at(max(0, layout.first_row(head) + by * self._pager.page))
        self._move_to(line if line != head else head + (1 if by > 0 else -1))

    def move_to_edge(self, *, end: bool) -> None:
        """Extend to the beginning or the end of the text."""
        own = self._own_lines()
        self._move_to(own.stop - 1 if end else own.start)

    def _move_to(self, line: int) -> None:
        own, layout, current = self._own_lines(), self._pager.page_layout, self.current
        if layout is None or current is None or not own:
            return
        before = current.head.start.line
        line = min(max(line, own.start), own.stop - 1)
        self.set(current.extended(self._whole(line)))
        self._pager.bring_into_sight(layout.first_row(line + 1) - 1 if line > before else layout.first_row(line))

    def _whole(self, index: int) -> Stretch:
        return whole_line(index, self.line(index).text)

    # -- what is selected
    def highlights(self, index: int) -> Sequence[Highlight]:
        """What is selected of a line, to be drawn; from the beginning of its text without what is drawn before it."""
        layout = self._pager.page_layout
        if self.current is None or layout is None or not self.current.start.line <= index <= self.current.end.line:
            return ()
        line, lead = self.line(index), len(layout.lines[index].lead)
        span = self.current.span(index, len(line.text))
        if span is None:
            return ()
        if not line.text:
            return (Highlight(0, 1, TextRole.SELECTED),)
        return [Highlight(first - lead, last - lead, TextRole.SELECTED) for first, last in without(span, line.added)]

    def to_quote(self) -> str:
        """What is selected of the message's own text, each line whole however it is wrapped; empty if nothing is."""
        return "" if self.current is None else "\n".join(self.current.texts(self.line, own=True))

    def to_copy(self, limit: int) -> tuple[str, bool]:
        """What is selected, without control characters, in ``limit`` bytes of UTF-8, and whether there is more."""
        pieces: list[str] = []
        room = limit
        for text in self.current.texts(self.line) if self.current is not None else ():
            piece = safe_text(f"\n{text}" if pieces else text)
            taken = piece.encode(errors="replace")
            pieces.append(taken[:room].decode(errors="ignore"))
            room -= len(taken)
            if room < 0:
                return "".join(pieces), True
        return "".join(pieces), False

    def page_changed(self, before: PageLayout | None, after: PageLayout) -> None:
        """The page has other lines, or other rows: what is selected of the text stays, of the rest it does not."""
        current = self.current
        if current is None or before is None or before.lines == after.lines:
            return
        own = self._own_lines()
        origins = [before.lines[each].origin for each in (current.start.line, current.end.line)]
        if min(origins) < 0 or not own:
            self.clear()
            return
        moved = {origin: at for at in own if (origin := after.lines[at].origin) in origins}
        if len(moved) < len(set(origins)):
            self.clear()
            return

        def there(stretch: Stretch) -> Stretch:
            return Stretch(*(each._replace(line=moved[before.lines[each.line].origin]) for each in stretch))

        self.set(current._replace(anchor=there(current.anchor), head=there(current.head)))
