"""A thread as the user changed it: a message that begins one of its own, or answers another one than it says. Pure.

An edit also names messages on both sides of the cut as they were then, so that what arrives later, or in another order,
does not join the sides again whatever it refers to: a message belongs to the side of what it answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_NAMED = 100
"""Message-IDs that an edit keeps of each side."""


@dataclass(frozen=True, slots=True)
class ThreadEdit:
    """What the user wants for one message. All names are Message-IDs in angle brackets."""

    message_id: str
    parent: str = ""
    """What it answers; empty: it begins a thread."""
    below: tuple[str, ...] = ()
    """Answers to it, which go with it."""
    apart: tuple[str, ...] = ()
    """Messages of the thread that it was taken out of."""

    @classmethod
    def read(cls, message_id: str, parent: str, below: str, apart: str) -> ThreadEdit:
        """From what ``stored`` gave."""
        return cls(message_id, parent, tuple(below.split()), tuple(apart.split()))

    @property
    def stored(self) -> tuple[str, str, str, str]:
        """As columns of a table."""
        return self.message_id, self.parent, " ".join(self.below), " ".join(self.apart)

    @property
    def inside(self) -> tuple[str, ...]:
        """Its own side of the cut."""
        return (self.message_id, *self.below)

    @property
    def names(self) -> tuple[str, ...]:
        """Every message that it names."""
        return (*self.inside, *self.apart, *((self.parent,) if self.parent else ()))


class ThreadEdits:
    """All edits of an account."""

    def __init__(self, edits: Iterable[ThreadEdit]) -> None:
        self._edits = {each.message_id: each for each in edits}
        self.cuts = [(frozenset(each.inside), frozenset(each.apart)) for each in self._edits.values() if each.apart]
        """The two sides of each cut."""

    def references(self, message_id: str, refs: Sequence[str]) -> list[str]:
        """Those of ``refs``, the parent last, that connect a message with others."""
        edit = self._edits.get(message_id)
        if edit is not None:
            return [edit.parent] if edit.parent else []
        names = list(refs)
        for sides in self.cuts:
            names = _on_one_side(message_id, names, *sides)
        return names


def _on_one_side(own: str, names: list[str], inside: frozenset[str], apart: frozenset[str]) -> list[str]:
    """Without what is on the other side of a cut; where the message itself is unknown, its parent decides."""
    touched = {own, *names}
    if touched.isdisjoint(inside) or touched.isdisjoint(apart):
        return names
    for deciding in (own, names[-1]):
        if deciding in inside:
            return [each for each in names if each not in apart]
        if deciding in apart:
            return [each for each in names if each not in inside]
    return names[-1:]
