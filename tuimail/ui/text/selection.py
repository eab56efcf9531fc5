"""What is selected of a text: from one stretch of it to another, over whole lines or parts of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tuimail.ui.text.graphemes import cluster_after, cluster_start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_BLANKS = (" ", "\t", "\u00a0", "\u3000")
_OPENING = "([{<\"'«“‘„"
_CLOSING = ")]}>\"'»”’“.,;:!?"


class TextPlace(NamedTuple):
    """Before a character of a line; places compare as they follow in the text."""

    line: int
    character: int


class Stretch(NamedTuple):
    """From a place up to another one; empty if both are the same."""

    start: TextPlace
    end: TextPlace


class SelectableLine(NamedTuple):
    """A line as it can be selected."""

    text: str
    added: Sequence[tuple[int, int]] = ()
    """Where characters are that do not belong to it, in order: start and end of each piece. They are never selected."""
    own: bool = True
    """It is of the text itself, and not of what stands around it."""


class TextSelection(NamedTuple):
    """What lies between two stretches, both included: where selecting began, and where it is now."""

    anchor: Stretch
    head: Stretch
    by_lines: bool = False
    """Keys select, line by line."""

    @property
    def start(self) -> TextPlace:
        """Where it begins."""
        return min(self.anchor.start, self.head.start)

    @property
    def end(self) -> TextPlace:
        """Where it ends."""
        return max(self.anchor.end, self.head.end)

    @property
    def lines(self) -> int:
        """How many lines have something of it."""
        return self.end.line - self.start.line + 1

    @property
    def is_empty(self) -> bool:
        """Nothing lies between; a line that keys selected counts even if there is nothing in it."""
        return self.start == self.end and not self.by_lines

    def extended(self, head: Stretch) -> TextSelection:
        """It reaches to ``head`` now."""
        return self._replace(head=head)

    def span(self, line: int, length: int) -> tuple[int, int] | None:
        """Start and end of what is selected of a line with so many characters; None if that is no part of it."""
        start, end = self.start, self.end
        if not start.line <= line <= end.line or self.is_empty:
            return None
        first = start.character if line == start.line else 0
        last = end.character if line == end.line else length
        return min(first, length), min(last, length)

    def texts(self, line: Callable[[int], SelectableLine], *, own: bool = False) -> Iterator[str]:
        """The selected text of each line, in order; ``own`` leaves out lines that are not of the text itself."""
        if self.is_empty:
            return
        for index in range(self.start.line, self.end.line + 1):
            given = line(index)
            span = self.span(index, len(given.text))
            if span is not None and (given.own or not own):
                yield "".join(given.text[first:last] for first, last in without(span, given.added))


def without(span: tuple[int, int], holes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of ``span``, without the ``holes`` (in order, none over another)."""
    start, end = span
    left = []
    for hole_start, hole_end in holes:
        if hole_end <= start:
            continue
        if hole_start >= end:
            break
        if hole_start > start:
            left.append((start, hole_start))
        start = min(hole_end, end)
    if start < end:
        left.append((start, end))
    return left


def whole_line(line: int, text: str) -> Stretch:
    """All of a line."""
    return Stretch(TextPlace(line, 0), TextPlace(line, len(text)))


def character_at(line: int, text: str, at: int) -> Stretch:
    """What a reader takes for the character at ``at``; empty at the end of the line."""
    start = cluster_start(text, min(at, len(text)))
    return Stretch(TextPlace(line, start), TextPlace(line, cluster_after(text, start)))


def word_at(line: int, text: str, at: int) -> Stretch:
    """The word at ``at``, addresses of mail and pages whole, without brackets and punctuation around it.

    Between words the blanks; on what is around a word that character alone.
    """
    if at >= len(text):
        return Stretch(TextPlace(line, len(text)), TextPlace(line, len(text)))
    if text[at] in _BLANKS:
        before, after = text[:at].rstrip("".join(_BLANKS)), text[at:].lstrip("".join(_BLANKS))
        return Stretch(TextPlace(line, len(before)), TextPlace(line, len(text) - len(after)))
    start = max(text.rfind(blank, 0, at) for blank in _BLANKS) + 1
    end = min((found for blank in _BLANKS if (found := text.find(blank, at)) >= 0), default=len(text))
    word = text[start:end]
    first = start + len(word) - len(word.lstrip(_OPENING))
    last = start + len(word.rstrip(_CLOSING))
    if not first <= at < last:
        return character_at(line, text, at)
    return Stretch(TextPlace(line, first), TextPlace(line, last))
