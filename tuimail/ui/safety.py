"""The last nets between what others wrote and the terminal: a filter for the output, a filter for pasted text.

Everything is made safe where it enters a view (mail/text); these two only catch what a later mistake would let through.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.filter import LineFilter

from tuimail.ui.early_keys import EarlyKeys, pending
from tuimail.ui.textual_private import filter_input

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.color import Color

_ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
"""C0, DEL, C1, bidi marks and overrides, line separators: all 0 cells wide. U+200D stays, emoji are made with it."""

_PASTE_OPENS = "\x1b[200~"
_PASTE_CLOSES = "\x1b[201~"
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class StripActing(LineFilter):
    """Drops from every segment what would act on the terminal."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """The same segments, harmless."""
        return [
            Segment(_ACTING.sub("", segment.text), segment.style) if _ACTING.search(segment.text) else segment
            for segment in segments
        ]


STRIP_ACTING = StripActing()
"""One object for all frames: Textual keeps a filtered line by the filter that made it."""


class PasteCleaner:
    """Removes control characters from bracketed pastes in a terminal's input stream, across reads.

    Textual turns an escape inside a paste into key presses, so that a clipboard could give commands.
    """

    def __init__(self) -> None:
        self._pasting = False
        self._held = ""

    def feed(self, data: str) -> str:
        """The stream as it may be parsed; a paste marker cut in two by a read is held back until it is whole."""
        data = self._held + data
        self._held = ""
        out: list[str] = []
        while data:
            marker = _PASTE_CLOSES if self._pasting else _PASTE_OPENS
            before, found, rest = data.partition(marker)
            if not found:
                # A marker inside a paste may be cut in two by the read; outside, keys must not be held back.
                keep = _overlap(before, marker) if self._pasting else 0
                self._held = before[len(before) - keep :]
                before = before[: len(before) - keep]
            out.append(_NOT_TEXT.sub("", before) if self._pasting else before)
            if not found:
                break
            out.append(marker)
            self._pasting = not self._pasting
            data = rest
        return "".join(out)


def _overlap(text: str, marker: str) -> int:
    """How many characters at the end of ``text`` could begin ``marker``."""
    return next((size for size in range(len(marker) - 1, 0, -1) if text.endswith(marker[:size])), 0)


def guard_input() -> None:
    """Have Textual parse cleaned pastes, Return as Return from the first key on, and Alt with any letter as that.

    Call before the app runs; calling it again changes nothing.
    """
    filter_input(_input_filter)


def _input_filter() -> Callable[[str], str]:
    cleaner = PasteCleaner()
    early = EarlyKeys(pending(sys.__stdin__.fileno()) if sys.__stdin__ is not None else 0)
    return lambda data: cleaner.feed(early.feed(data))
