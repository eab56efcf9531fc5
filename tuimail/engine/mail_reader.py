"""Reads the caches of all accounts, on the thread of the reader: folders, indexes, single messages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.cache.database import NoCacheError
from tuimail.cache.stored_names import read_name
from tuimail.cache.thread_edits import muted_threads
from tuimail.cache.thread_view import Arranged, Threads
from tuimail.cache.threads import chunks
from tuimail.cache.views import Folder, ListedIds, ListedOfSeveral, Merged, index_row
from tuimail.cache.windows import Column, IndexOrder, rows_of_ids, sorted_ids
from tuimail.engine.folder_rights import rights_in
from tuimail.engine.index_request import IndexRequest, SortOrder
from tuimail.engine.mail_index import FolderCounts, IndexEntry, MessageIndex
from tuimail.engine.opened_mail import OpenedMail
from tuimail.engine.received_mail import ReceivedMail, sent_beside
from tuimail.errors import NoSuchItemError, StorageError
from tuimail.mail.message_ref import MessageRef
from tuimail.mail.thread_tree import thread_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from tuimail.cache.folders import CachedMailbox
    from tuimail.cache.thread_view import ThreadRow
    from tuimail.cache.threads import Member
    from tuimail.cache.views import IndexView
    from tuimail.cache.windows import IndexRow, Key
    from tuimail.engine.configured_source import MailSources
    from tuimail.engine.mail_accounts import MailAccounts
    from tuimail.engine.received_mail import FolderInfo
    from tuimail.engine.server_hits import ServerHits
    from tuimail.paths import Paths

    Place = tuple[str, int]
    """Account and id of a message."""

INBOX = "INBOX"
ORDERS = {SortOrder.ARRIVAL: IndexOrder.ARRIVAL, SortOrder.DATE: IndexOrder.DATE}
"""Those in which the messages of several folders can be listed."""
_COLUMNS = {
    SortOrder.SUBJECT: Column.SUBJECT,
    SortOrder.FROM: Column.CORRESPONDENT,
    SortOrder.TO: Column.RECIPIENTS,
    SortOrder.SIZE: Column.SIZE,
    SortOrder.FLAGGED: Column.FLAGGED,
    SortOrder.UNREAD: Column.UNREAD,
}


def arrange(messages: Sequence[Member]) -> Sequence[Arranged]:
    """The messages of a thread, each below the one it answers."""
    return [Arranged(line.message.id, line.depth, line.branch) for line in thread_lines(messages)]


def _rights(mails: Iterable[ReceivedMail]) -> dict[Place, str]:
    """What the folders allow, by account and number."""
    return {
        (each.account.name, number): rights_in(each.account, box)
        for each in mails
        for number, box in each.mailboxes.items()
    }


def _muted(mail: ReceivedMail) -> Collection[int]:
    with mail.cache.reading() as db:
        return muted_threads(db).values()


class MailReader:
    """The received mail of all accounts, open for reading. Used by one thread."""

    def __init__(
        self, accounts: MailAccounts, paths: Paths, sources: MailSources, hits: ServerHits | None = None
    ) -> None:
        """``hits`` is what servers have found, shared by several readers."""
        self._accounts = accounts
        self._opened = OpenedMail(accounts, paths, sources, hits)

    def close(self) -> None:
        """Close what is open."""
        self._opened.close()

    def has(self, account: str) -> bool:
        """There is an account of this name."""
        return self._accounts.get(account) is not None

    def mail(self, account: str) -> ReceivedMail:
        """The mail of an account; opened again when its cache was replaced.

        Raises:
            NoCacheError: nothing of it was read yet, or it is not in the config any more.
            StorageError: the cache cannot be read.
        """
        return self._opened.of(account)

    def folders(self) -> list[FolderInfo]:
        """The folders of all accounts, as far as anything of them was read."""
        found: list[FolderInfo] = []
        for account in self._accounts:
            try:
                found += self.mail(account.name).folders()
            except NoCacheError:
                continue
        return found

    def index(
        self,
        request: IndexRequest,
        *,
        first: int,
        height: int,
        wanted: Iterable[str],
        seek: MessageRef | None,
        places: Sequence[Place] | None = None,
    ) -> MessageIndex:
        """Make an index, with the rows near the cursor read.

        Args:
            request: what is listed.
            first: row that is at the top of the screen, if none of ``wanted`` is found; negative: counted from the
                end.
            height: rows on the screen.
            wanted: ids of rows that may be selected; the first one that is there is.
            seek: a message to be selected before them.
            places: what the request is limited to (``chosen``); None: it is not limited.

        Raises:
            UsageError: there is no such folder, or the limit asks for what is not searched.
            StorageError: the cache cannot be read.
        """
        mails = self.listed(request)
        view = self._view(request, mails, places)
        names = {(each.account.name, number): box.name for each in mails for number, box in each.mailboxes.items()}
        boxes = [] if request.search is not None else [box for _, found in self.boxes(request) for box in found]
        total = view.count if request.search is not None else sum(each.total for each in boxes)
        index = MessageIndex(
            request,
            view,
            names,
            _rights(mails),
            FolderCounts(total, sum(each.unread for each in boxes)),
            boxes[0].special if len(boxes) == 1 else "",
            muted=frozenset((each.account.name, thread) for each in mails for thread in _muted(each)),
        )
        sought = self._ids_of(seek)
        ids = [*sought, *wanted]
        positions = {row_id: place for row_id in ids if (place := view.position(row_id)) is not None}
        start = next(iter(positions), None)
        missed = seek is not None and start not in sought
        if start is None:
            start = (None if request.search is not None else self.first_unread(index)) or self._newest(index)
            place = view.position(start) if start is not None else None
            if start is not None and place is not None:
                positions[start] = place
        near = next(iter(positions.values()), first)
        view.window(near - height, near + 2 * height)
        if near - first > height or first > near:  # the place on the screen is kept while it can be
            view.window(first - height, first + 2 * height)
        return replace(index, positions=positions, start=start, missed=missed)

    def first_unread(self, index: MessageIndex, row_id: str | None = None, *, backwards: bool = False) -> str | None:
        """The row of the first unread message behind ``row_id``; without one, from the top. Raises StorageError."""
        view = index.view
        if isinstance(view, Folder):
            return view.next_unread(row_id, backwards=backwards)
        at = view.position(row_id) if row_id is not None else None
        numbers = range(view.count) if at is None else range(at + 1, view.count)
        if backwards:
            numbers = range((view.count if at is None else at) - 1, -1, -1)
        for number in numbers:
            entry = next(iter(self.read(index, number, number + 1)), None)
            if entry is not None and not entry.row.flags & 1 and not entry.elsewhere:
                return str(entry.row_id)
        return None

    def read(self, index: MessageIndex, first: int, end: int) -> list[IndexEntry]:
        """Read rows of an index. Raises StorageError."""
        index.view.window(first, end)
        return [each for each in index.entries(first, end) if each is not None]

    def entry(self, mail: ReceivedMail, row: IndexRow) -> IndexEntry:
        """A row with the reference of its message. Raises StorageError."""
        folder = mail.mailboxes[row.mailbox].name
        return IndexEntry(row, MessageRef(row.account, folder, read_name(row.emailid)))

    def _ids_of(self, ref: MessageRef | None) -> list[str]:
        if ref is None:
            return []
        try:
            return [self.mail(ref.account).message(ref).row.row_id]
        except (NoSuchItemError, StorageError):
            return []

    def listed(self, request: IndexRequest) -> list[ReceivedMail]:
        """The accounts of a request, as far as anything of them was read."""
        search = request.search
        if search is None and not request.unified:
            return [self.mail(request.account)]
        found = []
        for name in [each.name for each in self._accounts]:
            if search is not None and search.accounts and name not in search.accounts:
                continue
            try:
                found.append(self.mail(name))
            except NoCacheError:
                continue
        return found

    def boxes(self, request: IndexRequest) -> list[tuple[ReceivedMail, list[CachedMailbox]]]:
        """The folders of a request by account, as far as they are there. Raises StorageError."""
        mails, search = self.listed(request), request.search
        if search is None:
            return [(each, [each.mailbox(request.folder)]) for each in mails if each.has(request.folder)]
        named = frozenset(each.casefold() for each in search.folders)

        def wanted(box: CachedMailbox) -> bool:
            return box.name.casefold() in named if named else box.special not in ("junk", "trash")

        found = [(mail, [each for each in mail.mailboxes.values() if wanted(each)]) for mail in mails]
        return [(mail, boxes) for mail, boxes in found if boxes]

    def _newest(self, index: MessageIndex) -> str | None:
        """The row at the end where the newest are."""
        last = 0 if index.request.reverse else index.count - 1
        return next((each.row_id for each in self.read(index, last, last + 1)), None)

    def _view(
        self, request: IndexRequest, mails: Sequence[ReceivedMail], places: Sequence[Place] | None
    ) -> IndexView[IndexRow | ThreadRow]:
        if places is not None:
            caches, names = [each.cache for each in mails], [each.account.name for each in mails]
            return ListedOfSeveral(caches, names, places, newest_first=request.reverse)
        if request.unified:
            order = ORDERS.get(request.order, IndexOrder.DATE)
            members = [self._folder(each, request, order) for each in mails if each.has(INBOX)]
            return Merged(members, newest_first=request.reverse)
        (mail,) = mails
        number = mail.mailbox(request.folder).id
        if request.order in ORDERS:
            return self._folder(mail, request, ORDERS[request.order])
        if request.order is SortOrder.THREAD:
            return Threads(
                mail.cache,
                request.account,
                number,
                sent=sent_beside(mail, number),
                collapsed=request.collapsed,
                except_for=request.except_for,
                arrange=arrange,
                newest_first=request.reverse,
            )
        with mail.cache.reading() as db:
            ids = sorted_ids(db, number, _COLUMNS[request.order])
        return ListedIds(mail.cache, request.account, ids, newest_first=request.reverse)

    def _folder(self, mail: ReceivedMail, request: IndexRequest, order: IndexOrder) -> Folder:
        number = mail.mailbox(request.folder).id
        return Folder(mail.cache, mail.account.name, number, order, newest_first=request.reverse)

    def chosen(self, request: IndexRequest, stopped: Callable[[], bool] | None = None) -> list[Place]:
        """The messages that a request is limited to, by arrival or date.

        Raises:
            UsageError: there is no such folder, or the limit asks for what is not searched.
            StorageError: the cache cannot be read.
            SearchStoppedError: ``stopped`` said so.
        """
        order = ORDERS.get(request.order, IndexOrder.DATE)
        pattern = request.pattern
        found: list[tuple[ReceivedMail, Sequence[int]]] = []
        for mail, boxes in self.boxes(request):
            ids = mail.matching(pattern, [each.id for each in boxes], order=order, stopped=stopped)
            if request.only is not None:
                ids = [number for number in ids if f"{mail.account.name}:{number}" in request.only]
            if request.several:
                ids = mail.each_once().newest(ids)
            found.append((mail, ids))
        if len(found) == 1:
            ((mail, ids),) = found
            return [(mail.account.name, number) for number in ids]
        keyed: list[tuple[Key, str, int]] = []
        for mail, ids in found:
            with mail.cache.reading() as db:
                for part in chunks(ids):
                    rows = (index_row(mail.account.name, row) for row in rows_of_ids(db, part).values())
                    keyed += [(row.key(order), row.account, row.id) for row in rows]
        return [(account, number) for _, account, number in sorted(keyed)]
