"""Searching the messages of an account by a pattern: the cache first, the message's own text where that must tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.errors import StorageError, UsageError
from tuimail.mail.message_text import message_text
from tuimail.mail.mime_tree import read_tree
from tuimail.mail.own_addresses import OwnAddresses
from tuimail.mail.pattern_match import MatchContext, folded, matches, untold
from tuimail.mail.pattern_tree import Flag, Term, TermKind, TermMode, ThreadHas
from tuimail.mail.summary import split_recipients

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Container, Sequence

    from tuimail.cache.windows import IndexRow
    from tuimail.config.model import Account
    from tuimail.mail.pattern_tree import Pattern


@dataclass(frozen=True, slots=True)
class _Recipient:
    name: str
    address: str
    copied: bool


class MessageSearch:
    """A pattern, and what is needed to answer it for one account."""

    def __init__(
        self, pattern: Pattern, account: Account, db: sqlite3.Connection, raw_of: Callable[[int], bytes]
    ) -> None:
        """``raw_of`` gives the bytes of the message with this id.

        Raises:
            UsageError: the pattern asks for what is not searched.
        """
        self._pattern = pattern
        self._db = db
        self._context = MatchContext(
            own=OwnAddresses(each.address for each in account.identities),
            answers={leaf: _answer(leaf, db, raw_of) for leaf in untold(pattern)},
        )

    def matches(self, row: IndexRow) -> bool:
        """Whether the message of ``row`` matches."""
        return matches(self._pattern, _Row(row, self._db), self._context) is True


class _Row:
    """A row of the cache as patterns look at it."""

    def __init__(self, row: IndexRow, db: sqlite3.Connection) -> None:
        self._row = row
        self._db = db
        self.id, self.flags, self.keywords, self.size = row.id, row.flags, row.keywords, row.size
        self.arrived, self.date = float(row.arrived), float(row.date)
        self.from_name, self.from_addr, self.subject = row.from_name, row.from_addr, row.subject
        self.list_id = row.list_id
        self.attached = None if row.attached is None else bool(row.attached)

    @property
    def message_id(self) -> str:
        """In angle brackets; read when a pattern asks for it."""
        return str(self._column("message_id"))

    @property
    def refs(self) -> str:
        """Message-IDs separated by spaces; read when a pattern asks for them."""
        return str(self._column("refs"))

    def _column(self, name: str) -> object:
        found = self._db.execute(f"SELECT {name} FROM message WHERE id = ?", (self.id,)).fetchone()  # noqa: S608
        return found[0] if found else ""

    @property
    def recipients(self) -> Sequence[_Recipient]:
        """Of To and Cc."""
        to, cc = split_recipients(self._row.recipients)
        return [*(_recipient(each, copied=False) for each in to), *(_recipient(each, copied=True) for each in cc)]


def _recipient(text: str, *, copied: bool) -> _Recipient:
    name, opened, address = text.rpartition(" <")
    return _Recipient(name, address.removesuffix(">"), copied) if opened else _Recipient("", text, copied)


def _answer(leaf: Pattern, db: sqlite3.Connection, raw_of: Callable[[int], bytes]) -> Container[int]:
    """The messages for which ``leaf`` is true, found out when they are asked for."""
    if isinstance(leaf, Term) and leaf.mode is not TermMode.REGEX:
        return _TextHas(leaf, raw_of)
    if leaf is Flag.DUPLICATE:
        return _ids(
            db,
            "SELECT id FROM message WHERE message_id IN (SELECT message_id FROM message WHERE message_id <> '' "
            "AND leaving IS NULL GROUP BY message_id HAVING count(*) > 1)",
        )
    if leaf is Flag.ALONE:
        return _ids(
            db,
            "SELECT id FROM message WHERE thread IN (SELECT thread FROM message GROUP BY thread HAVING count(*) = 1)",
        )
    what = "Regular expressions are" if isinstance(leaf, Term) else "Threads are"
    if not isinstance(leaf, Term | ThreadHas):
        what = "Collapsed threads are"
    raise UsageError(f"{what} not searched by commands.", hint="Search for words instead.")


def _ids(db: sqlite3.Connection, query: str) -> frozenset[int]:
    return frozenset(number for (number,) in db.execute(query))


class _TextHas:
    """The messages whose text has a word; each is read when it is asked for."""

    def __init__(self, term: Term, raw_of: Callable[[int], bytes]) -> None:
        self._kind = term.kind
        self._wanted = folded(term.text)
        self._raw_of = raw_of

    def __contains__(self, message: object) -> bool:
        if not isinstance(message, int):
            return False
        try:
            raw = self._raw_of(message)
        except StorageError:
            return False
        tree = read_tree(raw)
        header = raw[tree.header.start : tree.body].decode("utf-8", "replace")
        if self._kind is TermKind.HEADER:
            return self._wanted in folded(header)
        text = "\n".join(line.text for line in message_text(tree).lines)
        if self._kind is TermKind.WHOLE:
            text = f"{header}\n{text}"
        return self._wanted in folded(text)
