"""Addresses written to before, for completion."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from tuimail.compose.correspondent import Correspondent
from tuimail.compose.correspondents_database import (
    DamagedError,
    open_database,
    prune,
    put,
    set_aside,
    storage_errors,
    writing,
)
from tuimail.errors import StorageError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from tuimail.mail.address import Address

log = logging.getLogger(__name__)

T = TypeVar("T")

FEW = 5000
"""Search terms with a prefix up to which all their people are looked at; beyond, the best people are tested for it."""

_LAST = "\U0010ffff"
"""Sorts after everything that may follow a prefix."""

_COUNT = """
SELECT COUNT(*) FROM (SELECT 1 FROM term WHERE own IN (:least, 1) AND term >= :from AND term < :to LIMIT :most)
"""
_IN_DOMAIN = "SELECT EXISTS (SELECT 1 FROM term WHERE own = 0 AND term >= :from AND term < :to)"
_OWN_TERM = "instr(own_terms, :{})"
_ANY_TERM = "(instr(own_terms, :{0}) OR instr(domain_terms, :{0}))"
# The unary plus keeps SQLite from walking through everybody in the order of rank.
_AMONG_FEW = """
SELECT id, address, name, weight, last FROM person
WHERE id IN (SELECT person FROM term WHERE own IN (:least, 1) AND term >= :from AND term < :to) AND {}
ORDER BY +rank DESC, id LIMIT :limit
"""
_AMONG_ALL = """
SELECT id, address, name, weight, last FROM person INDEXED BY person_by_rank
WHERE {} ORDER BY rank DESC, id LIMIT :limit
"""
_LATEST = "SELECT id, address, name, weight, last FROM person ORDER BY last DESC, rank DESC, id LIMIT :limit"


class Correspondents:
    """The database of them at ``path``; any number of processes may use it. An object is used on one thread."""

    def __init__(self, path: Path, *, tell: Callable[[str], None] = log.warning) -> None:
        """``tell`` gets a sentence for the user when the database was damaged and is begun anew."""
        self.path = path
        self._tell = tell
        self._db: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def remember(self, addresses: Iterable[Address], now: float) -> None:
        """Note that a letter went to ``addresses`` at ``now``.

        Raises:
            StorageError: the disk refuses.
        """
        wanted = list(addresses)

        def note(db: sqlite3.Connection) -> None:
            with writing(db):
                for address in wanted:
                    _note(db, address, now)
                prune(db)

        self._run(note)

    def complete(self, typed: str, limit: int = 8) -> list[str]:
        """At most ``limit`` addresses ("Ada Lovelace <ada@example.org>") that fit, best first.

        Every word of ``typed`` (one entry of the list, not the whole of it) begins a word of the name or of the part
        before the @, or the domain. Matches in name or local part come before those in the domain.
        """
        words = [word.lstrip("<\"'") for word in typed.casefold().split()]
        words = [word for word in words if word]
        if not words or limit < 1:
            return []

        def search(db: sqlite3.Connection) -> dict[int, str]:
            found = _matching(db, words, limit, everything=False)
            if len(found) < limit and any(_begins_a_domain(db, word) for word in words):
                more = _matching(db, words, limit + len(found), everything=True)
                found.update((number, text) for number, text in more.items() if number not in found)
            return found

        return list(self._read(search).values())[:limit]

    def latest(self, limit: int = 8) -> list[str]:
        """At most ``limit`` addresses of everybody, those written to last first."""

        def read(db: sqlite3.Connection) -> dict[int, str]:
            return _shown(db.execute(_LATEST, {"limit": max(limit, 0)}).fetchall())

        return list(self._read(read).values())

    def close(self) -> None:
        """Close the database; it is opened again when it is used."""
        db, self._db, self._file = self._db, None, None
        if db is not None:
            db.close()

    def _read(self, work: Callable[[sqlite3.Connection], dict[int, str]]) -> dict[int, str]:
        """What ``work`` returns; nothing when the disk refuses: completion is never worth an error."""
        try:
            return self._run(work)
        except StorageError as error:
            log.warning("%s", error)
            return {}

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return self._once(work)
        except DamagedError as error:
            self.close()
            aside = set_aside(self.path)
            self._tell(
                f"The list of people written to before was damaged ({error}). It is set aside as {aside.name}, "
                "and a new one is begun."
            )
        try:
            return self._once(work)
        except DamagedError as error:
            raise StorageError(
                f"The people written to before cannot be used: {error}.", hint="Check the disk."
            ) from error

    def _once(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with storage_errors():
            if self._db is not None and self._file != self._identity():
                self.close()  # another process set it aside
            if self._db is None:
                self._db = open_database(self.path)
                self._file = self._identity()
            return work(self._db)

    def _identity(self) -> tuple[int, int] | None:
        try:
            info = self.path.stat()
        except FileNotFoundError:
            return None
        return info.st_dev, info.st_ino


def _note(db: sqlite3.Connection, address: Address, now: float) -> None:
    key = address.key.casefold()
    row = db.execute("SELECT address, name, weight, last FROM person WHERE key = ?", (key,)).fetchone()
    known = None if row is None else Correspondent(*row)
    name = address.display_name or (known.name if known else "")
    put(db, key, Correspondent(address.addr_spec, name, known.written_to(now) if known else 1.0, now))


def _matching(db: sqlite3.Connection, words: Sequence[str], limit: int, *, everything: bool) -> dict[int, str]:
    """The best ``limit`` people for whom every word begins a term of their own, or (``everything``) any term."""
    least = 0 if everything else 1
    counts = [_terms_with(db, word, least) for word in words]
    rarest = min(range(len(words)), key=counts.__getitem__)
    values: dict[str, str | int] = {f"word{number}": f"\n{word}" for number, word in enumerate(words)}
    tests = " AND ".join((_ANY_TERM if everything else _OWN_TERM).format(name) for name in values)
    if counts[rarest] < FEW:
        values |= {"least": least, "from": words[rarest], "to": words[rarest] + _LAST}
        query = _AMONG_FEW.format(tests)
    else:
        query = _AMONG_ALL.format(tests)
    return _shown(db.execute(query, values | {"limit": limit}).fetchall())


def _terms_with(db: sqlite3.Connection, word: str, least: int, most: int = FEW) -> int:
    """How many search terms begin with ``word``, counted up to ``most``."""
    values = {"least": least, "from": word, "to": word + _LAST, "most": most}
    return int(db.execute(_COUNT, values).fetchone()[0])


def _begins_a_domain(db: sqlite3.Connection, word: str) -> bool:
    return bool(db.execute(_IN_DOMAIN, {"from": word, "to": word + _LAST}).fetchone()[0])


def _shown(rows: Sequence[tuple[int, str, str, float, float]]) -> dict[int, str]:
    """Texts to show, by number, in order; without what must not be shown."""
    people = ((number, Correspondent(*values)) for number, *values in rows)  # type: ignore[arg-type]
    return {number: str(person) for number, person in people if person.valid}
