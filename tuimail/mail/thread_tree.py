"""The lines of one thread: who answers whom (RFC 5256, and the algorithm of Jamie Zawinski). Pure, linear.

Which messages form a thread is known before; this orders them. What a message says of its own parent counts before
what others say, ids of messages that are not there hold their answers together, References that lead in a circle are
cut at the earliest message, and a copy with the same Message-ID stands below the first one. The order in which the
messages are given does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

DEPTH_DRAWN = 12
"""Levels that are drawn; what is deeper stands below the last of them."""
MOST_REFERENCES = 20
"""References of a message that are used: the last ones."""

BRANCH = "├─>"
LAST_BRANCH = "└─>"
TRUNK = "│ "
NO_TRUNK = "  "


class ThreadMember(Protocol):
    """What is known of a message of the thread."""

    @property
    def id(self) -> int:
        """Its number in the cache."""

    @property
    def message_id(self) -> str:
        """Empty if there is none."""

    @property
    def refs(self) -> str:
        """Message-IDs separated by spaces, the parent last."""

    @property
    def date(self) -> float:
        """Seconds since the epoch."""


Member = TypeVar("Member", bound=ThreadMember)


@dataclass(frozen=True, slots=True)
class ThreadLine(Generic[Member]):
    """A message in its place."""

    message: Member
    depth: int
    """Messages above it; 0: it begins the thread, or nothing of what it answers is there."""
    parent: int | None
    """The index of the line that it answers."""
    branch: str
    """What is drawn before it: trunks of ``TRUNK`` and ``NO_TRUNK``, then ``BRANCH`` or ``LAST_BRANCH``."""
    missing: bool
    """What it answers is not there; ``parent`` is the nearest message above that is."""
    duplicate: bool
    """An earlier message has the same Message-ID."""


def thread_lines(messages: Iterable[Member]) -> list[ThreadLine[Member]]:
    """The messages of one thread, each below the one it answers, answers by date."""
    rows = sorted(messages, key=lambda each: (each.date, each.id))
    places = _Places(rows)
    below: list[list[int]] = [[] for _ in rows]
    tops: list[int] = []
    parents = [places.present_parent(row) for row in range(len(rows))]
    for row, parent in enumerate(parents):
        (tops if parent is None else below[parent]).append(row)
    order: list[int] = []
    depths = [0] * len(rows)
    waiting = tops[::-1]
    while waiting:
        row = waiting.pop()
        order.append(row)
        for answer in reversed(below[row]):
            depths[answer] = depths[row] + 1
            waiting.append(answer)
    line_of = {row: line for line, row in enumerate(order)}
    return [
        ThreadLine(
            message=rows[row],
            depth=depths[row],
            parent=None if (parent := parents[row]) is None else line_of[parent],
            branch=branch,
            missing=places.parent_is_missing(row),
            duplicate=row in places.duplicates,
        )
        for row, branch in zip(order, _branches([depths[row] for row in order]), strict=True)
    ]


class _Places:
    """Finds the parent of each message.

    A place is a message or an id that is only mentioned. Places from ``len(rows)`` on have no message.
    """

    def __init__(self, rows: list[Member]) -> None:
        self.duplicates: set[int] = set()
        self._rows = len(rows)
        self._place: dict[str, int] = {}
        for row, message in enumerate(rows):
            name = message.message_id.strip()
            if name and self._place.setdefault(name, row) != row:
                self.duplicates.add(row)
        references = [self._references(message) for message in rows]
        self._parent: list[int | None] = [None] * (self._rows + len(self._place))
        self._root = list(range(len(self._parent)))
        self._present: dict[int, int | None] = {}
        for row in reversed(range(self._rows)):
            if row in self.duplicates:
                self._link(row, self._place[rows[row].message_id.strip()])
                continue
            for parent in reversed(references[row]):
                if self._link(row, parent):
                    break
        for named in references:
            for parent, answer in pairwise(named):
                if self._parent[answer] is None and (answer >= self._rows or not references[answer]):
                    self._link(answer, parent)

    def parent_is_missing(self, row: int) -> bool:
        parent = self._parent[row]
        return parent is not None and parent >= self._rows

    def present_parent(self, row: int) -> int | None:
        """The nearest message above."""
        passed: list[int] = []
        place = self._parent[row]
        while place is not None and place >= self._rows and place not in self._present:
            passed.append(place)
            place = self._parent[place]
        found = self._present[place] if place is not None and place >= self._rows else place
        self._present.update(dict.fromkeys(passed, found))
        return found

    def _references(self, message: ThreadMember) -> list[int]:
        own = message.message_id.strip()
        names = dict.fromkeys(message.refs.split()[-MOST_REFERENCES:])
        names.pop(own, None)
        return [self._place.setdefault(name, self._rows + len(self._place)) for name in names]

    def _link(self, answer: int, parent: int) -> bool:
        """Whether ``answer`` could be put below ``parent``: not if it stands above it."""
        top = self._top(parent)
        if top == answer:
            return False
        self._parent[answer] = parent
        self._root[answer] = top
        return True

    def _top(self, place: int) -> int:
        """The topmost place above; only such a place is ever linked, so it is remembered for all on the way."""
        root = self._root
        top = place
        while root[top] != top:
            top = root[top]
        while root[place] != top:
            root[place], place = top, root[place]
        return top


def _branches(depths: list[int]) -> list[str]:
    """What is drawn before each line, from the last to the first: a branch is the last if no other follows it."""
    branches: list[str] = []
    follows = [False] * (DEPTH_DRAWN + 1)
    for depth in reversed(depths):
        drawn = min(depth, DEPTH_DRAWN)
        trunks = "".join(TRUNK if follows[level] else NO_TRUNK for level in range(1, drawn))
        branches.append(trunks + (BRANCH if follows[drawn] else LAST_BRANCH) if drawn else "")
        follows[drawn] = True
        follows[drawn + 1 :] = [False] * (DEPTH_DRAWN - drawn)
    return branches[::-1]
