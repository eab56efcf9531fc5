"""Commands that read the selected mailbox; messages are named by uid. Every coroutine raises ImapError."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mailboxes.imap_answers import read_search
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.mailboxes.imap_fetch import FetchedItems, is_fetch, read_fetch
from tuimail.mailboxes.imap_numbers import TOP_UID, write_sets
from tuimail.mailboxes.imap_search import Criteria
from tuimail.mailboxes.imap_wire import ImapSyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.mailboxes.imap_session import ImapSession
    from tuimail.mailboxes.imap_values import FetchedHeader, FlagState
    from tuimail.mailboxes.imap_wire import Response, Status

HEADER_FIELDS = (
    "DATE FROM SENDER SUBJECT TO CC REPLY-TO MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID LIST-POST MAIL-FOLLOWUP-TO "
    "CONTENT-TYPE AUTO-SUBMITTED X-PRIORITY"
)
"""What a summary is made of. Neither ENVELOPE, which lacks References, nor BODYSTRUCTURE: servers get them wrong."""
NO_SUCH_CHARACTERS = "This server cannot search for these characters."
PIECE = 256 * 1024
"""Bytes of a message that are fetched at a time."""
KEPT_LIMIT = 128 * 1024 * 1024
"""Bytes of FETCH responses to one command."""


class FetchGatherer:
    """Takes the FETCH responses of wanted messages while more arrive; a broken one costs its message only."""

    def __init__(self, wanted: Callable[[int], bool]) -> None:
        self._wanted = wanted
        self._kept = 0
        self.items: dict[int, FetchedItems] = {}
        """By uid; what several responses tell of one message is put together."""

    def take(self, response: Response) -> bool:
        """Take one untagged response; False if it was not asked for.

        Raises:
            ImapSyntaxError: an answer without end.
        """
        if not is_fetch(response):
            return False
        self._kept += 100 + sum(map(len, response[1::2]))
        if self._kept > KEPT_LIMIT:
            raise ImapSyntaxError("an answer without end")
        items = read_fetch(response)
        if items is None:
            return True
        if items.uid is None or not self._wanted(items.uid):
            return False
        known = self.items.get(items.uid)
        self.items[items.uid] = items if known is None else known.merged(items)
        return True


async def fetch(
    session: ImapSession, uids: str, items: str, wanted: Callable[[int], bool], stall: float, modifier: str = ""
) -> dict[int, FetchedItems]:
    """UID FETCH; what came of the ``wanted`` messages, by uid.

    Args:
        session: with the mailbox selected.
        uids: a set.
        items: such as ``(UID FLAGS)``.
        wanted: whether a uid is one of those; others' changes may come in between.
        stall: seconds without a byte of the server.
        modifier: such as ``(CHANGEDSINCE 7)``.
    """
    gatherer = FetchGatherer(wanted)
    words = [uids, items, *([modifier] if modifier else [])]
    status, _ = await session.stream("FETCH", *words, prefix="UID", stall=stall, sink=gatherer.take)
    if status.verdict != "OK":
        raise session.refusal("to hand over messages", status)
    return gatherer.items


def summary_items(capabilities: frozenset[str], *, modseq: bool, fields: str = HEADER_FIELDS) -> str:
    """The items of a summary, in the order that ``imap_fetch.read_usual`` knows."""
    words = ["UID FLAGS INTERNALDATE RFC822.SIZE"]
    if modseq:
        words.append("MODSEQ")
    if "OBJECTID" in capabilities:
        words.append("EMAILID")
    elif "X-GM-EXT-1" in capabilities:
        words.append("X-GM-MSGID")
    return f"({' '.join(words)} BODY.PEEK[HEADER.FIELDS ({fields})])"


async def headers(
    session: ImapSession, uids: Sequence[int], items: str, stall: float
) -> tuple[list[FetchedHeader], list[FlagState]]:
    """What summaries are made of; and flags of messages of which nothing else came, because they changed meanwhile."""
    found: dict[int, FetchedItems] = {}
    wanted = frozenset(uids)
    for each in write_sets(uids):
        found.update(await fetch(session, each, items, wanted.__contains__, stall))
    return sort_headers(found)


def sort_headers(found: dict[int, FetchedItems]) -> tuple[list[FetchedHeader], list[FlagState]]:
    """Those with a header; the flags of the others."""
    whole, rest = [], []
    for items in found.values():
        header = items.fetched_header()
        if header is not None:
            whole.append(header)
        elif (state := items.flag_state()) is not None:
            rest.append(state)
    return whole, rest


async def headers_from(session: ImapSession, first: int, items: str, stall: float) -> list[FetchedHeader]:
    """As ``headers``, of every message with a uid from ``first`` on."""
    found = await fetch(session, f"{first}:{TOP_UID}", items, lambda uid: uid >= first, stall)
    return sort_headers(found)[0]


async def flags(
    session: ImapSession, first: int, last: int, *, modseq: bool, changed_since: int, stall: float
) -> list[FlagState]:
    """Flags of a range of uids, or of those changed since a MODSEQ (RFC 7162 section 3.1.4.1)."""
    items = "(UID FLAGS MODSEQ)" if modseq else "(UID FLAGS)"
    modifier = f"(CHANGEDSINCE {changed_since})" if modseq and changed_since else ""
    found = await fetch(session, f"{first}:{last}", items, lambda uid: first <= uid <= last, stall, modifier)
    states = (each.flag_state() for each in found.values())
    return [state for state in states if state is not None]


async def there(session: ImapSession, uids: Sequence[int], stall: float) -> list[int]:
    """Those of ``uids`` that exist, ascending. By FETCH, as not every server's SEARCH is to be relied on."""
    found: set[int] = set()
    wanted = frozenset(uids)
    for each in write_sets(uids):
        found.update(await fetch(session, each, "(UID)", wanted.__contains__, stall))
    return sorted(found)


async def search(session: ImapSession, criteria: str | Criteria, stall: float) -> list[int]:
    """The uids that match, ascending; in ranges where the server has ESEARCH (RFC 4731).

    Other characters than ASCII go as UTF-8. A server that does not know the charset (RFC 3501 section 6.4.4) is asked
    for words of ASCII once more, with their charset named.
    """
    extended = bool(session.capabilities & {"ESEARCH", "IMAP4REV2"})
    said = Criteria(criteria) if isinstance(criteria, str) else criteria

    async def ask(options: str) -> tuple[Status, list[Response]]:
        words = options + said.head
        return await session.stream("SEARCH", words, prefix="UID", stall=stall, literals=said.literals)

    status, responses = await ask("RETURN (ALL) " if extended else "")
    if status.verdict == "BAD" and extended:
        status, responses = await ask("")
    if status.code == "BADCHARSET":
        if said.literals:
            raise ImapError(NO_SUCH_CHARACTERS, step=session.step, status=status)
        status, responses = await ask("CHARSET US-ASCII ")
    if status.verdict != "OK":
        raise session.refusal("to search", status)
    try:
        return read_search(responses)
    except ImapSyntaxError as error:
        raise session.broken(str(error)) from None


class BodyPieces:
    """Asks for a message in pieces (RFC 3501 section 6.4.5); a server that ignores the offset sends all of it."""

    def __init__(self, uid: int, offset: int) -> None:
        self._uid = uid
        self._offset = offset
        """Of the next piece."""
        self._size: int | None = None
        self.ended = False
        """There is no more, or the message is gone."""

    async def next(self, session: ImapSession, stall: float) -> bytes | None:
        """The next piece, which may be empty at the end; None: the message is gone."""
        known = "" if self._size is not None else " RFC822.SIZE"
        section = f"BODY.PEEK[]<{self._offset}.{PIECE}>"
        found = await fetch(session, str(self._uid), f"(UID{known} {section})", self._uid.__eq__, stall)
        items = found.get(self._uid)
        if items is None or items.body is None:
            self.ended = True
            return None
        if self._size is None:
            self._size = items.size or 0
        return self._cut(items.body, items.origin)

    def _cut(self, body: bytes, origin: int | None) -> bytes:
        ignored = origin is None and (len(body) > PIECE or (self._offset > 0 and len(body) == self._size))
        if ignored or (origin == 0 and self._offset > 0):
            self.ended = True
            return body[self._offset :]
        body = body[:PIECE]
        self._offset += len(body)
        # A size that is too large (Exchange) costs one more command, which brings nothing.
        self.ended = not body or (len(body) < PIECE and self._offset >= (self._size or 0))
        return body
