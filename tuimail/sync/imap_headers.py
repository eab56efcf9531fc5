"""Reads headers from an IMAP server that refuses some of them, or breaks the connection off at one. No cache.

A batch that is refused is halved until one message is left. A message counts as one that the server cannot deliver only
when others are delivered, or after it was refused several times: a server may be out of order for a moment.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from tuimail.mailboxes.imap_errors import ImapError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.mailboxes.imap_values import FetchedHeader, FlagState
    from tuimail.sync.imap_server import SelectedMailbox

log = logging.getLogger(__name__)

MOST_TRIES = 3
"""Of a message that is refused though nothing else was asked for."""
MOST_LOSSES = 5
"""Of the connection when nothing but this message was asked for; a bad network does that as well."""
_MOST_REFUSALS = 20
"""Of one batch, of which nothing was delivered."""


class ReadHeaders(NamedTuple):
    """What came of a batch; what is in none of these is gone."""

    headers: list[FetchedHeader]
    undeliverable: list[int]
    undecided: list[int]
    """They were refused, and are to be tried again."""
    flags: dict[int, FlagState] = {}  # noqa: RUF012 - never changed
    """Of those that are not delivered, as far as the server tells."""

    def with_flags(self, selected: SelectedMailbox) -> ReadHeaders:
        """The same with the flags of what is not delivered. Raises ImapError: the connection is lost."""
        flags: dict[int, FlagState] = {}
        for uid in self.undeliverable:
            try:
                flags.update((each.uid, each) for each in selected.flags(uid, uid))
            except ImapError as error:
                if error.status is None:
                    raise
        return self._replace(flags=flags) if flags else self


class HeaderReader:
    """For one mailbox, over many looks."""

    def __init__(self) -> None:
        self._tries: dict[int, int] = {}
        self._losses: dict[int, int] = {}
        self._suspects: set[int] = set()
        """The connection was lost when these were asked for."""

    def limit(self, uids: Sequence[int]) -> int:
        """How many of ``uids`` to read at once."""
        if self._suspects.isdisjoint(uids):
            return len(uids)
        return max(1, min(len(uids), len(self._suspects) // 2))

    def forget(self) -> None:
        """The uids name other messages now."""
        self._tries.clear()
        self._losses.clear()
        self._suspects.clear()

    def again(self, uid: int) -> None:
        """Try a message once more that the server could not deliver."""
        self._tries[uid] = MOST_TRIES - 1
        self._losses[uid] = MOST_LOSSES - 1

    def read(self, selected: SelectedMailbox, uids: Sequence[int]) -> ReadHeaders:
        """Headers of these messages.

        Raises:
            ImapError: the connection is lost, or the server refuses everything.
        """
        got: dict[int, FetchedHeader] = {}
        alone: list[int] = []
        refusals = 0
        wanted = set(uids)
        waiting = [list(uids)]
        while waiting:
            part = waiting.pop()
            if len(part) == 1 and self._losses.get(part[0], 0) >= MOST_LOSSES:
                self._tries[part[0]] = MOST_TRIES
                alone += part
                continue
            try:
                asked = set(part)
                found: dict[int, FetchedHeader] = {}
                for each in selected.headers(part):
                    if each.uid in asked:
                        found.setdefault(each.uid, each)
                lacking = [uid for uid in part if uid not in found]
                alone += selected.there(lacking) if lacking else []
            except ImapError as error:
                if error.status is None:
                    self._lost(part)
                    raise
                refusals += 1
                if refusals > _MOST_REFUSALS and not got:
                    raise
                half = len(part) // 2
                if half:
                    waiting += [part[half:], part[:half]]
                else:
                    alone += part
                continue
            self._suspects.difference_update(part)
            got.update(found)
        return self._judged(list(got.values()), [uid for uid in alone if uid in wanted and uid not in got])

    def _judged(self, got: list[FetchedHeader], alone: list[int]) -> ReadHeaders:
        undeliverable: list[int] = []
        undecided: list[int] = []
        for uid in dict.fromkeys(alone):
            self._tries[uid] = self._tries.get(uid, 0) + 1
            hopeless = got or self._tries[uid] >= MOST_TRIES
            (undeliverable if hopeless else undecided).append(uid)
        for each in got:
            self._tries.pop(each.uid, None)
            self._losses.pop(each.uid, None)
        if undeliverable:
            log.warning("the server does not deliver %d of %d messages", len(undeliverable), len(got) + len(alone))
        return ReadHeaders(got, undeliverable, undecided)

    def _lost(self, part: list[int]) -> None:
        self._suspects = set(part)
        if len(part) == 1:
            self._losses[part[0]] = self._losses.get(part[0], 0) + 1
