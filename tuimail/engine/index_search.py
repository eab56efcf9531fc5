"""Looking for messages from a place in an index: what is unread, what matches, the thread. On the reader's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cache.lookup import marked_rows, thread_rows, unread_rows
from tuimail.cache.thread_view import Threads
from tuimail.cache.threads import chunks, members
from tuimail.cache.views import index_row
from tuimail.cache.windows import rows_of_ids
from tuimail.engine.index_request import SortOrder
from tuimail.engine.received_mail import sent_beside
from tuimail.mail.thread_tree import thread_lines

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable

    from tuimail.cache.windows import IndexRow
    from tuimail.engine.index_request import IndexRequest
    from tuimail.engine.mail_index import IndexEntry, MessageIndex
    from tuimail.engine.mail_reader import MailReader
    from tuimail.mail.message_ref import MessageRef

NEARBY = 64
"""Rows read around one that is jumped to."""


def position(index: MessageIndex, row_id: str) -> int | None:
    """Where a row is; the rows around it are read. Raises StorageError."""
    place = index.view.position(row_id)
    if place is not None:
        index.view.window(place - NEARBY, place + NEARBY)
    return place


def unread_place(reader: MailReader, index: MessageIndex, row_id: str, *, backwards: bool) -> int | None:
    """Where the first unread message behind ``row_id`` is, or before it. Raises StorageError."""
    found = reader.first_unread(index, row_id, backwards=backwards)
    return None if found is None else position(index, found)


def next_of(index: MessageIndex, rows: Collection[str], row_id: str | None, step: int) -> int | None:
    """The place of the next of ``rows`` behind ``row_id``, or before it, round the end of the index.

    Raises:
        StorageError: the cache cannot be read.
    """
    wanted, count = frozenset(rows), index.count
    start = index.view.position(row_id) if row_id is not None else None
    at = (-1 if step > 0 else 0) if start is None else start
    for left in range(1, count + 1) if wanted else ():
        place = (at + left * step) % count
        if place % NEARBY == 0 or left == 1:
            index.view.window(place - NEARBY, place + 2 * NEARBY)
        entry = next(iter(index.entries(place, place + 1)), None)
        if entry is not None and entry.row_id in wanted:
            return place
    return None


def entries_of(reader: MailReader, rows: Iterable[str]) -> list[IndexEntry]:
    """The messages of these rows, as far as they are there. Raises StorageError."""
    ids: dict[str, list[int]] = {}
    for each in rows:
        account, _, number = each.rpartition(":")
        ids.setdefault(account, []).append(int(number))
    found: list[IndexEntry] = []
    for account, numbers in ids.items():
        mail = reader.mail(account)
        with mail.cache.reading() as db:
            for part in chunks(numbers):
                read = rows_of_ids(db, part)
                found += [reader.entry(mail, index_row(account, read[each])) for each in part if each in read]
    return found


def thread(reader: MailReader, ref: MessageRef, folder: str = "") -> list[IndexEntry]:
    """The messages of the thread of ``ref`` that lie in ``folder``, else in its own, by date. Raises TuimailError."""
    mail = reader.mail(ref.account)
    row = mail.message(ref).row
    mailbox = mail.mailbox(folder).id if folder else row.mailbox
    with mail.cache.reading() as db:
        rows = thread_rows(db, row.account, mailbox, row.thread)
        return [reader.entry(mail, each) for each in rows]


def parent_place(reader: MailReader, index: MessageIndex, ref: MessageRef) -> int | None:
    """Where the message that this one answers is in an index. Raises TuimailError."""
    mail = reader.mail(ref.account)
    row = mail.message(ref).row
    boxes = index.view.mailboxes if isinstance(index.view, Threads) else (row.mailbox,)
    with mail.cache.reading() as db:
        found = [each for each in members(db, row.thread) if each.mailbox in boxes]
    lines = thread_lines(found)
    line = next((each for each in lines if each.message.id == row.id), None)
    if line is None or line.parent is None:
        return None
    return position(index, f"{ref.account}:{lines[line.parent].message.id}")


def other_thread(reader: MailReader, index: MessageIndex, place: int, step: int) -> int | None:
    """The place of the first message of the next thread, or of the one before. Raises StorageError."""
    here = reader.read(index, place, place + 1)
    if not here:
        return None
    thread, found = here[0].row.thread, None
    at = place + step
    while 0 <= at < index.count:
        if at % NEARBY == 0 or at == place + step:
            index.view.window(at - NEARBY, at + 2 * NEARBY)
        entry = next(iter(index.entries(at, at + 1)), None)
        if entry is not None and entry.row.thread != thread:
            if step > 0 or found is not None:
                return at if step > 0 else found
            thread, found = entry.row.thread, at  # the thread before; its first message is sought
        elif found is not None:
            found = at
        at += step
    return found


def marked(reader: MailReader, index: MessageIndex) -> list[IndexEntry]:
    """What is marked to be deleted in the index's folder and what its threads show; of a search, what it found.

    Raises:
        StorageError: the cache cannot be read.
    """
    request = index.request
    found = _entries(reader, request, marked_rows)
    if request.search is not None:
        return [each for each in found if index.view.position(each.row_id) is not None]
    if request.order is SortOrder.THREAD and not request.several and request.limit is None:
        (mail,) = reader.listed(request)
        here = mail.mailbox(request.folder).id
        with mail.cache.reading() as db:
            for box in sent_beside(mail, here):
                rows = marked_rows(db, mail.account.name, box, shown_in=here)
                found += [reader.entry(mail, row)._replace(elsewhere=True) for row in rows]
    return found


def unread(reader: MailReader, request: IndexRequest) -> list[MessageRef]:
    """The unread messages of the request's folders. Raises StorageError."""
    return [each.ref for each in _entries(reader, request, unread_rows)]


def _entries(
    reader: MailReader, request: IndexRequest, read: Callable[[sqlite3.Connection, str, int], Iterable[IndexRow]]
) -> list[IndexEntry]:
    found: list[IndexEntry] = []
    for mail, boxes in reader.boxes(request):
        with mail.cache.reading() as db:
            for box in boxes:
                found += [reader.entry(mail, row) for row in read(db, mail.account.name, box.id)]
    return found
