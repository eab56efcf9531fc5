"""Received mail as the two faces see it: folders, messages, searches.

Nothing here needs an event loop: a command syncs and reads in its own thread, the app will do it in others.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from tuimail.cache.database import DamagedCacheError, NoCacheError, ReadableCache, WritableCache, set_aside
from tuimail.cache.folders import CachedMailbox, all_mailboxes
from tuimail.cache.kept import unkept_counts
from tuimail.cache.labels import EachOnce
from tuimail.cache.lookup import find, modseq_of, place_of, thread_name
from tuimail.cache.summaries import vanish
from tuimail.cache.windows import IndexOrder, IndexRow, rows_of_ids
from tuimail.coordination.sqlite import DamagedDatabaseError
from tuimail.engine.cache_place import cache_of
from tuimail.engine.configured_source import MailSources
from tuimail.engine.folder_rights import rights_in
from tuimail.engine.mail_source import NotKeptError
from tuimail.engine.server_hits import ServerHits
from tuimail.errors import NoSuchItemError, StorageError, UsageError
from tuimail.mail.message_ref import MessageRef
from tuimail.mailboxes.imap_errors import ImapError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from tuimail.cache.windows import Key
    from tuimail.cache.writer_lock import WriterLock
    from tuimail.config.model import Account, Config
    from tuimail.engine.mail_source import FoundAtServer, MailSource
    from tuimail.mail.pattern_tree import Pattern
    from tuimail.mailboxes.imap_search import Criteria
    from tuimail.paths import Paths

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FolderInfo:
    """A folder of an account."""

    account: str
    name: str
    special_use: str
    """sent, drafts, trash, archive, junk, or empty."""
    total: int
    unread: int
    kept: int
    """Messages that are on this machine: all, unless they are at a server."""
    rights: str = ""
    """What the user may do there (RFC 4314); empty: all, as far as is known."""


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message in a folder."""

    ref: MessageRef
    row: IndexRow
    message_id: str
    """In angle brackets; empty if it has none."""
    thread: str
    """Message-ID of the oldest known message of its thread; empty if it has none."""


def accounts_with_mail(config: Config, name: str = "") -> list[Account]:
    """The accounts whose mail can be read: all of them, or the one called ``name``.

    Raises:
        UsageError: there is none, or no such account.
    """
    readable = [each for each in config.accounts.values() if each.has_mail]
    if name and name not in config.accounts:
        raise UsageError(f"There is no account {name}.", hint=f"There are: {', '.join(config.accounts) or 'none'}.")
    found = [each for each in readable if name in ("", each.name)]
    if not found:
        raise UsageError(
            f"The account {name} has no mail to read." if name else "No account has mail to read.",
            hint="Name an IMAP server, a Maildir or an mbox in the config: [accounts.NAME.imap] with host, ...",
        )
    return found


@contextmanager
def received_mail(
    account: Account,
    paths: Paths,
    *,
    sources: MailSources | None = None,
    progress: Callable[[str, int], None] | None = None,
    index_seconds: float = 0.0,
    local: bool = False,
) -> Iterator[ReceivedMail]:
    """The mail of an account that has any to read, synced first unless another process does that.

    Args:
        account: whose mail.
        paths: where the cache is.
        sources: with the connections to servers; None: they are made and closed here.
        progress: called with a folder's name and the number of its new messages so far.
        index_seconds: how long texts may be indexed, for searches in them.
        local: no server is asked: its mail is what was read before.

    Raises:
        UsageError: it has none.
        StorageError: the mail or the cache cannot be read. A damaged cache is begun anew by the next call.
        ImapError: the server cannot be reached, and nothing was read from it before.
    """
    with ExitStack() as stack:
        if sources is None:
            sources = stack.enter_context(closing(MailSources(paths)))
        local = local and account.is_on_server
        source = sources.of(account, fetches=not local)
        folder, lock = cache_of(account, paths)
        offline: ImapError | None = None
        if not local and lock.acquire():
            try:
                _sync(account, folder, lock, source, progress, index_seconds)
            except ImapError as error:
                offline = error
                source = sources.of(account, fetches=False)  # to try once more would only take time
            finally:
                lock.release()
        try:
            mail = stack.enter_context(_opened(account, source, folder, lock))
        except NoCacheError:
            raise offline or NoCacheError from None
        if offline is not None and not mail.mailboxes:
            raise offline  # nothing was read yet
        mail.offline = offline
        yield mail


@contextmanager
def _opened(account: Account, source: MailSource, folder: Path, lock: WriterLock) -> Iterator[ReceivedMail]:
    """The mail as the cache has it; a damaged one is set aside."""
    cache = ReadableCache(folder)
    try:
        yield ReceivedMail(account, source, cache)
    except DamagedCacheError as error:
        if error.is_certain and lock.acquire():
            try:
                set_aside(folder)
            finally:
                lock.release()
        raise
    finally:
        cache.close()


def forget_messages(account: Account, paths: Paths, places: Iterable[tuple[str, str]]) -> None:
    """Take messages (folder, key) out of the cache that were moved or deleted here.

    A sync believes that a file is gone only when the folder was still for seconds. Left to it when another process
    writes the cache, or when the cache cannot be written: the mail itself is changed already.
    """
    wanted = list(places)
    if not wanted:
        return
    folder, lock = cache_of(account, paths)
    if not lock.acquire():
        return
    try:
        with closing(WritableCache(folder, lock)) as cache, cache.writing() as db:
            found = [find(db, account.name, *place) for place in wanted]
            vanish(db, [row.id for row in found if row is not None])
    except StorageError as error:
        log.warning("the cache still lists what was moved or deleted: %s", error)
    finally:
        lock.release()


def _sync(
    account: Account,
    folder: Path,
    lock: WriterLock,
    source: MailSource,
    progress: Callable[[str, int], None] | None,
    index_seconds: float,
) -> None:
    """Bring the cache into step; one that turns out to be damaged is begun anew."""
    from tuimail.engine.message_search import index_texts

    for last in (False, True):
        cache = WritableCache(folder, lock)
        try:
            source.sync(cache).sync(progress=progress)
            if index_seconds:
                index_texts(cache, source, seconds=index_seconds, only_kept=account.is_on_server)
        except DamagedDatabaseError:
            if last:
                raise
            cache.close()
            set_aside(folder)
        else:
            return
        finally:
            cache.close()


class ReceivedMail:
    """The received mail of one account, open for reading."""

    def __init__(self, account: Account, source: MailSource, cache: ReadableCache) -> None:
        self.account = account
        self.cache = cache
        self.hits = ServerHits()
        """What its server has found in texts that are not here."""
        self.offline: ImapError | None = None
        """Why its server could not be asked: what is here may not be all."""
        self.uncertain: set[int] = set()
        """Messages that the last search left out because it cannot be told how many attachments they have."""
        self._source = source
        self._read_at = -1
        """Version of the cache that the mailboxes were read from."""
        self._read: dict[int, CachedMailbox] = {}

    @property
    def mailboxes(self) -> dict[int, CachedMailbox]:
        """The mailboxes by id, as the cache has them now."""
        version = self.cache.version()
        if version != self._read_at:
            with self.cache.reading() as db:
                self._read = {each.id: each for each in all_mailboxes(db)}
            self._read_at = version
        return self._read

    def folders(self) -> list[FolderInfo]:
        """The folders: INBOX, those with a special use, the others by name."""
        uses = ("", "drafts", "sent", "archive", "junk", "trash")

        def order(each: CachedMailbox) -> tuple[bool, int, str]:
            return each.name != "INBOX", uses.index(each.special) or len(uses), each.name.casefold()

        elsewhere: dict[int, int] = {}
        if self.account.is_on_server:
            with self.cache.reading() as db:
                elsewhere = unkept_counts(db)
        return [
            FolderInfo(
                self.account.name,
                each.name,
                each.special,
                each.total,
                each.unread,
                max(each.total - elsewhere.get(each.id, 0), 0),
                rights_in(self.account, each),
            )
            for each in sorted(self.mailboxes.values(), key=order)
        ]

    def search(self, pattern: Pattern, folder: str = "") -> Iterator[FoundMessage]:
        """The messages that match, the newest first; of ``folder`` alone if one is named.

        Raises:
            UsageError: there is no such folder, or the pattern asks for what is not searched.
        """
        from tuimail.engine.message_search import search_messages

        mailbox = self.mailbox(folder).id if folder else None
        told, once = self.hits.of(self, pattern), self.each_once()
        self.uncertain = set()
        folder_of_cache = self.cache.path.parent
        for number in search_messages(
            folder_of_cache, self.account, self._source, pattern, mailbox, told, self.uncertain
        ):
            if not once.passes(number):
                continue
            with self.cache.reading() as db:
                row = rows_of_ids(db, [number]).get(number)
            if row is not None:
                with suppress(NoSuchItemError):
                    yield self._found(IndexRow._make((self.account.name, *row)))

    def matching(
        self,
        pattern: Pattern,
        mailboxes: Sequence[int],
        *,
        order: IndexOrder = IndexOrder.ARRIVAL,
        stopped: Callable[[], bool] | None = None,
    ) -> Sequence[int]:
        """The ids of the messages of these mailboxes that match, the oldest first.

        Raises:
            UsageError: the pattern asks for what is not searched.
            StorageError: the cache cannot be read.
            SearchStoppedError: ``stopped`` said so.
        """
        from tuimail.engine.message_search import matching_messages

        told, self.uncertain = self.hits.of(self, pattern), set()
        return matching_messages(
            self.cache, self.account, self._source, pattern, mailboxes, order, stopped, told, self.uncertain
        )

    def newest(
        self, pattern: Pattern, mailboxes: Sequence[int], *, order: IndexOrder, stopped: Callable[[], bool]
    ) -> Generator[Key, None, None]:
        """Keys of the same, the newest first, found as they are asked for; to be closed. Raises as ``matching``."""
        from tuimail.engine.message_search import newest_messages

        told, self.uncertain = self.hits.of(self, pattern), set()
        return newest_messages(
            self.cache, self.account, self._source, pattern, mailboxes, order, stopped, told, self.uncertain
        )

    def each_once(self) -> EachOnce:
        """For one list of its messages: lets each of them pass once where folders are labels. Raises StorageError."""
        return EachOnce(self.cache)

    def search_server(self, wire: str, criteria: Criteria) -> FoundAtServer:
        """What its server finds in the texts of a mailbox; blocks. Raises ImapError."""
        return self._source.search(wire, criteria)

    def ask_server(self, pattern: Pattern, folder: str = "") -> str:
        """Ask its server for what texts have that are not here; why not all was asked, in words. Blocks for seconds.

        Raises:
            UsageError: there is no such folder.
            StorageError: the cache cannot be read.
        """
        from tuimail.engine.server_search import ask, questions

        boxes = [self.mailbox(folder)] if folder else list(self.mailboxes.values())
        return ask(self, questions(self, boxes, pattern, self.hits), self.hits)

    def message(self, ref: MessageRef) -> FoundMessage:
        """The message that ``ref`` names. Raises NoSuchItemError if there is none."""
        with self.cache.reading() as db:
            row = find(db, self.account.name, ref.folder, ref.key)
        if row is None:
            raise NoSuchItemError(f"There is no message {ref}.", hint="Look for it with: tuimail search PATTERN --json")
        return self._found(row)

    def has(self, name: str) -> bool:
        """There is a folder of this name."""
        return any(each.name.casefold() == name.casefold() for each in self.mailboxes.values())

    def folder_name(self, name: str) -> str:
        """The folder of this name, however it is capitalised. Raises UsageError: there is none."""
        return self.mailbox(name).name

    def open(self, found: FoundMessage) -> BinaryIO:
        """The message's bytes.

        Raises:
            StorageError: it was deleted meanwhile, or cannot be read.
            NotKeptError: it is not on this machine, and was not to be fetched, or could not be.
        """
        with self.cache.reading() as db:
            near = modseq_of(db, found.row.id)
        try:
            return self._source.open(found.ref.folder, found.ref.key, near=near)
        except NotKeptError as error:
            if self.offline is None:
                raise
            raise unreachable(self.offline) from error
        except ImapError as error:
            raise unreachable(error) from error

    def mailbox(self, name: str) -> CachedMailbox:
        """The folder of this name, however it is capitalised. Raises UsageError: there is none."""
        for each in self.mailboxes.values():
            if each.name.casefold() == name.casefold():
                return each
        names = ", ".join(each.name for each in self.folders()[:20])
        raise UsageError(f"The account {self.account.name} has no folder {name!r}.", hint=f"There are: {names}.")

    def _found(self, row: IndexRow) -> FoundMessage:
        with self.cache.reading() as db:
            place, thread = place_of(db, row.id), thread_name(db, row.thread)
        if place is None:
            raise NoSuchItemError("The message was deleted meanwhile.")
        ref = MessageRef(self.account.name, place.mailbox, place.emailid)
        return FoundMessage(ref, row, place.message_id, thread)


def unreachable(error: ImapError) -> NotKeptError:
    """The error of a message that is only at the server, which could not be asked; the exit code is that of why."""
    made = NotKeptError(f"The letter is not on this machine, and {_lower(error)}", hint=error.hint)
    made.exit_code = error.exit_code
    return made


def _lower(error: ImapError) -> str:
    """Its sentence behind another one; names of servers stay as they are."""
    said = str(error)
    first = said.partition(" ")[0]
    return said[:1].lower() + said[1:] if first in ("The", "There", "Nothing", "No") else said


def sent_beside(mail: ReceivedMail, mailbox: int) -> list[int]:
    """The Sent folders whose messages are shown in the threads of a mailbox; among those of Sent no others are."""
    found = [number for number, each in mail.mailboxes.items() if each.special == "sent"]
    return [] if mailbox in found else found


def uncertain_sentence(mails: Iterable[ReceivedMail]) -> str:
    """What is to be said of messages that the last search left out; empty if there are none."""
    count = sum(len(each.uncertain) for each in mails)
    if not count:
        return ""
    messages = "1 message is" if count == 1 else f"{count:,} messages are"
    return f"{messages} left out: how many attachments there are is not known until the whole message is here."
