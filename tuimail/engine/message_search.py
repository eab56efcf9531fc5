"""Searching the messages of an account by a pattern: in the cache, its full-text index, and what is not indexed."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from typing import TYPE_CHECKING

from tuimail.cache.database import ReadableCache
from tuimail.cache.pattern_search import READ_LIMIT, matching_ids, newest_keys, newest_matching
from tuimail.errors import StorageError
from tuimail.mail.own_addresses import OwnAddresses
from tuimail.mail.pattern_match import MatchContext
from tuimail.sync.fulltext_sync import FulltextSync

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
    from pathlib import Path

    from tuimail.cache.database import WritableCache
    from tuimail.cache.windows import IndexOrder, Key
    from tuimail.config.model import Account
    from tuimail.engine.mail_source import MailSource
    from tuimail.mail.pattern_tree import Pattern

    Told = Mapping[Pattern, Collection[int]]
    """What a server has found."""

log = logging.getLogger(__name__)


def search_messages(
    folder: Path,
    account: Account,
    source: MailSource,
    pattern: Pattern,
    mailbox: int | None,
    told: Told,
    uncertain: set[int],
) -> Iterator[int]:
    """The ids of the messages that match, the newest first, found as they are asked for.

    Args:
        folder: the account's cache.
        account: whose mail it is.
        source: where it is.
        pattern: what is looked for.
        mailbox: only there; None: everywhere.
        told: what a server has found (``ServerHits.of``).
        uncertain: gets the messages that are left out because it cannot be told how many attachments they have.

    Raises:
        UsageError: the pattern asks for what is not searched.
        StorageError: the cache cannot be read.
    """
    with closing(ReadableCache(folder)) as cache, closing(ReadableCache(folder)) as places:
        text_of = source.texts(places)
        context = _context(account, told)
        yield from newest_matching(
            cache,
            None if mailbox is None else [mailbox],
            pattern,
            context,
            raw_of=lambda message: text_of(message, READ_LIMIT),
            uncertain=uncertain,
        )


def matching_messages(
    cache: ReadableCache,
    account: Account,
    source: MailSource,
    pattern: Pattern,
    mailboxes: Sequence[int],
    order: IndexOrder,
    stopped: Callable[[], bool] | None,
    told: Told,
    uncertain: set[int],
) -> Sequence[int]:
    """The ids of the messages of mailboxes that match, the oldest first; ``cache`` is used by nobody else meanwhile.

    Raises:
        UsageError: the pattern asks for what is not searched.
        StorageError: the cache cannot be read.
        SearchStoppedError: ``stopped`` said so.
    """
    with closing(ReadableCache(cache.path.parent)) as places:
        text_of = source.texts(places)
        return matching_ids(
            cache,
            mailboxes,
            pattern,
            _context(account, told),
            raw_of=lambda message: text_of(message, READ_LIMIT),
            uncertain=uncertain,
            stopped=stopped,
            order=order,
        )


def newest_messages(
    cache: ReadableCache,
    account: Account,
    source: MailSource,
    pattern: Pattern,
    mailboxes: Sequence[int],
    order: IndexOrder,
    stopped: Callable[[], bool],
    told: Told,
    uncertain: set[int],
) -> Generator[Key, None, None]:
    """Their keys, the newest first, found as they are asked for; raises as ``matching_messages``."""
    with closing(ReadableCache(cache.path.parent)) as places:
        text_of = source.texts(places)
        yield from newest_keys(
            cache,
            mailboxes,
            pattern,
            _context(account, told),
            raw_of=lambda message: text_of(message, READ_LIMIT),
            uncertain=uncertain,
            stopped=stopped,
            order=order,
        )


def _context(account: Account, told: Told) -> MatchContext:
    return MatchContext(own=OwnAddresses(each.address for each in account.identities), at_server=told)


def index_texts(cache: WritableCache, source: MailSource, *, seconds: float, only_kept: bool = False) -> int:
    """Fill the full-text index for some time; returns how many messages it has not yet.

    ``only_kept``: those that are on this machine. A failure costs only speed: what is not indexed is read by a search.
    """

    def write(work: Callable[[sqlite3.Connection], None]) -> None:
        with cache.writing() as db:
            work(db)

    try:
        with (
            closing(ReadableCache(cache.path.parent)) as reader,
            closing(FulltextSync(reader, write, source.texts(reader), only_kept=only_kept)) as texts,
        ):
            texts.fill(time.monotonic() + seconds)
            return texts.missing()
    except StorageError as error:
        log.warning("the full-text index cannot be filled: %s", error)
        return 0
