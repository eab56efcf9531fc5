"""What went wrong with the work of a thread, by the work; each sentence is told once until the work succeeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class WorkProblems:
    """Written by one thread, read by any."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """``changed`` is called when a problem has come or is over."""
        self._changed = changed
        self._sentences: dict[str, str] = {}

    def came(self, work: str, sentence: str) -> bool:
        """Something went wrong; whether the user does not know it yet."""
        if self._sentences.get(work) == sentence:
            return False
        unknown = sentence not in self._sentences.values()
        self._sentences[work] = sentence
        self._changed()
        return unknown

    def over(self, work: str) -> None:
        """The work has succeeded."""
        if self._sentences.pop(work, None):
            self._changed()

    def of(self, work: str) -> str:
        """What is wrong with it, in a sentence; empty: nothing."""
        return self._sentences.get(work, "")
