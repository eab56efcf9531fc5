"""A search through several folders, on the thread that searches: what is found is told as it is found, newest first."""

from __future__ import annotations

import heapq
import sqlite3
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from tuimail.cache.lookup import unread_among
from tuimail.cache.pattern_search import SearchStoppedError
from tuimail.cache.windows import IndexOrder
from tuimail.engine.mail_index import FolderCounts
from tuimail.engine.mail_reader import ORDERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tuimail.cache.windows import Key
    from tuimail.engine.index_request import IndexRequest
    from tuimail.engine.mail_reader import MailReader, Place
    from tuimail.engine.received_mail import ReceivedMail

    Report = Callable[[Sequence[Place]], None]
    """Called with what was found so far, the oldest first."""

FIRST = 500
"""Messages after which what was found is told at once."""
SOON = 0.1
"""Seconds after which it is told for the first time, if that is sooner."""
SELDOM = 2.0
"""Seconds between two times at most: at first it is told more often."""


class _Progress:
    """Tells what was found, seldom enough; asked whether to stop, also while nothing is found."""

    def __init__(self, report: Report, stopped: Callable[[], bool]) -> None:
        self._report = report
        self._stopped = stopped
        self._wait = SOON
        self._due = time.monotonic() + SOON
        self._told = 0
        self.found: list[Place] = []
        """The newest first."""

    def add(self, place: Place) -> None:
        self.found.append(place)
        if len(self.found) == FIRST and not self._told:
            self._tell()

    def stopped(self) -> bool:
        if len(self.found) > self._told and time.monotonic() >= self._due:
            self._tell()
        time.sleep(0)  # the interface may want the interpreter
        return self._stopped()

    def _tell(self) -> None:
        self._told = len(self.found)
        self._report(self.found[::-1])
        self._wait = min(2 * self._wait, SELDOM)
        self._due = time.monotonic() + self._wait


def find(reader: MailReader, request: IndexRequest, report: Report, stopped: Callable[[], bool]) -> list[Place]:
    """The messages that a request lists, the oldest first by its order; ``report`` is called meanwhile.

    Raises:
        UsageError: the pattern asks for what is not searched.
        StorageError: the cache cannot be read.
        SearchStoppedError: ``stopped`` said so.
    """
    order = ORDERS.get(request.order, IndexOrder.DATE)
    progress = _Progress(report, stopped)
    with ExitStack() as stack:
        streams = []
        for mail, boxes in reader.boxes(request):
            ids = [each.id for each in boxes]
            found = mail.newest(request.pattern, ids, order=order, stopped=progress.stopped)
            keys = stack.enter_context(closing(found))
            streams.append(_keyed(mail, keys))
        for _, account, number in heapq.merge(*streams, reverse=True):
            if request.only is None or f"{account}:{number}" in request.only:
                progress.add((account, number))
    return progress.found[::-1]


def _keyed(mail: ReceivedMail, keys: Iterable[Key]) -> Iterator[tuple[Key, str, int]]:
    """With the account; of the labels of a message only the first that is found."""
    once = mail.each_once()
    for key in keys:
        try:
            passes = once.passes(key[1])
        except sqlite3.OperationalError:  # the query that is asked whether to stop need not be the search's own
            raise SearchStoppedError from None
        if passes:
            yield key, mail.account.name, key[1]


def count(reader: MailReader, request: IndexRequest, stopped: Callable[[], bool]) -> FolderCounts:
    """How many messages a request finds, and how many of them are unread; raises as ``find``."""
    places = reader.chosen(request, stopped)
    unread = 0
    for mail in reader.listed(request):
        with mail.cache.reading() as db:
            unread += unread_among(db, [number for account, number in places if account == mail.account.name])
    return FolderCounts(len(places), unread)
