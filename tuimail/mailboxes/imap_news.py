"""Gathers what a server tells of the selected mailbox without being asked. Pure; what is kept is bounded."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tuimail.mailboxes.imap_answers import read_count, read_vanished
from tuimail.mailboxes.imap_fetch import is_fetch, read_fetch
from tuimail.mailboxes.imap_values import FlagState, News
from tuimail.mailboxes.imap_wire import ImapSyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.mailboxes.imap_wire import Response

MOST_KEPT = 20_000
"""Changed messages, and ranges of messages that are gone; of more is only said that there were some."""


class NewsGatherer:
    """Takes untagged responses whatever command runs, until they are asked for."""

    def __init__(self, heard: Callable[[], None] = lambda: None) -> None:
        """``heard`` is called after each response that told something."""
        self._heard = heard
        self._vanished: list[tuple[int, int]] = []
        self._changed: dict[int, FlagState] = {}
        self._gone = False
        self._unnamed = False
        self._exists: int | None = None

    def take(self, response: Response) -> bool:
        """Take one untagged response; False if it tells nothing of a mailbox."""
        count = read_count(response)
        if count is not None:
            if count.word == "EXISTS":
                self._exists = count.number
            elif count.word == "EXPUNGE":
                self._gone = True
                if self._exists:
                    self._exists -= 1
        elif response[0][:10].upper() == b"* VANISHED":
            self._take_vanished(response)
        elif is_fetch(response):
            self._take_fetch(response)
        else:
            return False
        self._heard()
        return True

    def missed(self) -> None:
        """Something may have happened that the server did not tell."""
        self._gone = self._unnamed = True

    def add_flags(self, state: FlagState) -> None:
        """The flags of a message have changed."""
        if state.uid in self._changed or len(self._changed) < MOST_KEPT:
            self._changed[state.uid] = state
        else:
            self._unnamed = True

    def taken(self) -> News:
        """All since the last call."""
        news = News(tuple(self._vanished), tuple(self._changed.values()), self._gone, self._exists, self._unnamed)
        self._vanished, self._changed = [], {}
        self._gone, self._unnamed, self._exists = False, False, None
        return news

    def _take_vanished(self, response: Response) -> None:
        vanished = None
        if response[0].count(b",") < MOST_KEPT:
            with contextlib.suppress(ImapSyntaxError):
                vanished = read_vanished(response)
        if vanished is None or len(self._vanished) + len(vanished.ranges) > MOST_KEPT:
            self._gone = True
            return
        self._vanished.extend(vanished.ranges)
        if self._exists is not None:
            # As of EXPUNGE: the server need not say EXISTS again (RFC 7162 section 3.2.10).
            self._exists = max(0, self._exists - sum(last - first + 1 for first, last in vanished.ranges))

    def _take_fetch(self, response: Response) -> None:
        items = read_fetch(response)
        state = items.flag_state() if items is not None else None
        if state is not None:
            self.add_flags(state)
        elif items is None or items.flags is not None:
            # Without QRESYNC servers name the message by number alone.
            self._unnamed = True
