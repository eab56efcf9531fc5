"""A page of a message broken into rows for a width; a row is drawn when it is asked for. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, overload

from rich.cells import cell_len

from tuimail.ui.text.breaking import row_starts
from tuimail.ui.text.cells import Line, Span, TextRole, clip
from tuimail.ui.text.graphemes import clusters
from tuimail.ui.text.selection import Stretch, TextPlace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.ui.views.message_page import PageLine

MARGIN = " "
READABLE = 100
"""Cells a row of running text takes at most, on a wider screen."""
LONGEST_LEAD = 40
"""Cells; a longer lead (of what is quoted very often, of a field with a long name) becomes part of the text."""
REMEMBERED = 200
"""Lines whose breaks are remembered."""
_NO_PROSE = (" ", "+", "-", "@", "|", "\t")


class Highlight(NamedTuple):
    """Characters of a line that are drawn in another role."""

    start: int
    """Of its text; what is drawn before that has negative numbers."""
    end: int
    role: TextRole


class PageLayout(Sequence[Line]):
    """The rows of ``lines`` for ``width`` cells; ``highlights`` gives those of a line (by index), in any order."""

    def __init__(self, lines: Sequence[PageLine], width: int, highlights: Callable[[int], Sequence[Highlight]]) -> None:
        self.lines = [_fitting(line, width) if line.lead else line for line in lines]
        self.width = width
        self._highlights = highlights
        self._breaks: dict[int, list[int]] = {}
        self._rows = array("L", [0])
        """Where the rows of each line begin, and the number of all."""
        total = 0
        for line in self.lines:
            total += 1 if line.note else len(row_starts(line.text, self._room(line)))
            self._rows.append(total)

    def __len__(self) -> int:
        return self._rows[-1]

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> list[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | list[Line]:
        """One row, or several, as drawn now."""
        if isinstance(index, slice):
            return [self._row(row) for row in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._row(index)

    def line_at(self, row: int) -> int:
        """Index of the line that a row belongs to; the last one if there are fewer rows."""
        return max(0, min(bisect_right(self._rows, row) - 1, len(self.lines) - 1))

    def first_row(self, line: int) -> int:
        """The first row of a line."""
        return self._rows[min(max(line, 0), len(self.lines))]

    def row_of(self, line: int, offset: int) -> int:
        """The row of a line in which its character ``offset`` is."""
        if self.lines[line].note:
            return self.first_row(line)
        return self.first_row(line) + bisect_right(self._starts(line), offset) - 1

    def character_at(self, row: int, cell: int) -> Stretch:
        """The character at a cell of a row, counted from the beginning of the lead; empty beside the text."""
        index = self.line_at(row)
        line = self.lines[index]
        whole = line.lead + line.text
        if line.note:
            shown = self._words(line)
            start, text = 0, whole if cell - len(MARGIN) < cell_len(shown) else ""
            end = len(whole)
        else:
            starts, at = self._starts(index), row - self.first_row(index)
            start = len(line.lead) + starts[at]
            end = len(line.lead) + starts[at + 1] if at + 1 < len(starts) else len(whole)
            if at == 0:
                start = 0
            else:
                cell -= cell_len(line.again)
            text = whole[start:end]
        left = cell - len(MARGIN)
        for cluster in clusters(text):
            left -= cell_len(cluster)
            if left < 0:
                return Stretch(TextPlace(index, start), TextPlace(index, start + len(cluster)))
            start += len(cluster)
        return Stretch(TextPlace(index, end), TextPlace(index, end))

    def _room(self, line: PageLine) -> int:
        """Cells for the text of a line."""
        room = self.width - len(MARGIN) - (cell_len(line.lead) if line.lead else 0)
        if room > READABLE and not line.text.startswith(_NO_PROSE) and "  " not in line.text:
            room = READABLE
        return max(10, room)

    def _starts(self, index: int) -> list[int]:
        found = self._breaks.get(index)
        if found is None:
            if len(self._breaks) >= REMEMBERED:
                self._breaks.clear()
            line = self.lines[index]
            found = self._breaks[index] = row_starts(line.text, self._room(line))
        return found

    def _row(self, row: int) -> Line:
        index = self.line_at(row)
        line = self.lines[index]
        highlights = self._highlights(index)
        if line.note:
            return self._noted(line, highlights)
        starts = self._starts(index)
        at = row - self.first_row(index)
        start = starts[at]
        end = starts[at + 1] if at + 1 < len(starts) else len(line.text)
        lead = line.lead if at == 0 else line.again
        spans = [Span(MARGIN)]
        if lead:
            spans += _lead_spans(lead, line.lead_role, highlights if at == 0 else ())
        spans += _spans(line.text, start, end, line.role, highlights)
        if not line.text and any(each.end > 0 for each in highlights):
            spans.append(Span(" ", highlights[-1].role))
        return tuple(spans)

    def _words(self, line: PageLine) -> str:
        """What is shown of a line with a note."""
        return clip(line.lead + line.text, self._noted_room(line))

    def _noted_room(self, line: PageLine) -> int:
        return max(1, min(self.width, READABLE) - len(MARGIN) - len(line.note) - 2)

    def _noted(self, line: PageLine, highlights: Sequence[Highlight]) -> Line:
        words = self._words(line)
        gap = " " * (self._noted_room(line) - cell_len(words) + 2)
        return (
            Span(MARGIN),
            *_lead_spans(words, line.role, _shifted(highlights, len(line.lead) - len(words))),
            Span(gap),
            Span(line.note, TextRole.DIM),
        )


def _fitting(line: PageLine, width: int) -> PageLine:
    """``line`` with a lead that leaves room for text."""
    if cell_len(line.lead) <= min(LONGEST_LEAD, width // 2):
        return line
    return line._replace(text=line.lead + line.text, lead="", again="", cut=0)


def _shifted(highlights: Sequence[Highlight], by: int) -> list[Highlight]:
    return [Highlight(each.start + by, each.end + by, each.role) for each in highlights]


def _lead_spans(lead: str, role: TextRole, highlights: Sequence[Highlight]) -> list[Span]:
    """What is drawn before the text, which ends where the numbers of ``highlights`` are 0."""
    if not any(each.start < 0 and each.end > -len(lead) for each in highlights):
        return [Span(lead, role)]
    return _spans(lead, 0, len(lead), role, _shifted(highlights, len(lead)))


def _spans(text: str, start: int, end: int, role: TextRole, highlights: Sequence[Highlight]) -> list[Span]:
    """``text[start:end]`` without blanks at its end; later highlights lie over earlier ones."""
    within = [each for each in highlights if each.start < end and each.end > start]
    if not within:
        return [Span(text[start:end].rstrip(" "), role)]
    edges = sorted({start, end, *(min(max(edge, start), end) for each in within for edge in each[:2])})
    spans = []
    for left, right in pairwise(edges):
        found = role
        for each in within:
            if each.start <= left and right <= each.end:
                found = each.role
        spans.append(Span(text[left:right], found))
    return spans
