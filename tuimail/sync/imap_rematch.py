"""Recognises messages after UIDVALIDITY has changed (RFC 3501 section 2.3.1.1). Pure.

A message is the one that has its EMAILID (RFC 8474), or its Message-ID, size and INTERNALDATE, if exactly one row has.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.cache.uids import DetachedRow
    from tuimail.mail.summary import Summary


class Match(NamedTuple):
    """A row that a message is stored in already."""

    row: DetachedRow
    certain: bool
    """By EMAILID: its content is the same, too."""


class Rematch:
    """The detached rows of a mailbox; each is given away once."""

    def __init__(self, rows: Iterable[DetachedRow]) -> None:
        self._by_object: dict[str, list[DetachedRow]] = defaultdict(list)
        self._by_content: dict[tuple[str, int, int], list[DetachedRow]] = defaultdict(list)
        self._taken: set[int] = set()
        for row in rows:
            if row.objectid:
                self._by_object[row.objectid].append(row)
            if row.message_id:
                self._by_content[row.message_id, row.size, row.arrived].append(row)

    def __bool__(self) -> bool:
        return bool(self._by_object or self._by_content)

    def take(self, summary: Summary, objectid: str) -> Match | None:
        """The row of this message, if there is exactly one."""
        same = self._by_object.get(objectid, []) if objectid else []
        certain = bool(same)
        if not same and summary.message_id:
            content = self._by_content.get((summary.message_id, summary.size, summary.arrived), [])
            same = [each for each in content if not (each.objectid and objectid)]
        if len(same) != 1 or same[0].id in self._taken:
            return None
        self._taken.add(same[0].id)
        return Match(same[0], certain)
