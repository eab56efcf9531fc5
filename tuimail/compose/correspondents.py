"""Addresses written to before, for completion."""

from __future__ import annotations

import heapq
import json
import logging
import math
import re
from bisect import bisect_left
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tuimail.durable import write_durably
from tuimail.errors import InjectionError
from tuimail.mail.address import quoted_phrase
from tuimail.mail.domain import unicode_domain
from tuimail.mail.header import check_text
from tuimail.private_files import private_dir, read_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tuimail.mail.address import Address

log = logging.getLogger(__name__)

VERSION = 1
MAX_PEOPLE = 20_000
LARGEST = 50_000_000
"""Bytes of the file that are read; it has less than a fifth of that with MAX_PEOPLE."""
HALF_LIFE = 60 * 86400.0
"""Seconds after which having written to somebody counts half."""

_BREAKS = re.compile(r"[\s._+'\"(),-]+")


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Somebody written to."""

    address: str
    """addr-spec as last written."""
    name: str
    weight: float
    """Letters, each counting half after ``HALF_LIFE``, as of ``last``."""
    last: float
    """Seconds since the epoch."""

    @property
    def rank(self) -> float:
        """Orders people by how often and how lately; comparable at any time, since all decay alike."""
        return math.log2(self.weight) + self.last / HALF_LIFE

    def __str__(self) -> str:
        return f"{quoted_phrase(self.name)} <{self.address}>" if self.name else self.address


class Correspondents:
    """The file of them at ``path``; any number of processes may use it, the last one to write wins."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._people: dict[str, Correspondent] = {}
        self._ordered: list[str] = []
        self._personal = _Index(())
        self._everything = _Index(())
        self._read: tuple[int, int, int] | None = None

    def remember(self, addresses: Iterable[Address], now: float) -> None:
        """Note that a letter went to ``addresses`` at ``now``.

        Raises:
            StorageError: the disk refuses.
        """
        self._refresh()
        for address in addresses:
            key = address.key.casefold()
            known = self._people.get(key)
            name = address.display_name or (known.name if known else "")
            weight = 1.0
            if known:
                weight += known.weight * 2 ** (-max(0.0, now - known.last) / HALF_LIFE)
            self._people[key] = Correspondent(address.addr_spec, name, weight, now)
        best = sorted(self._people.items(), key=lambda pair: pair[1].rank, reverse=True)[:MAX_PEOPLE]
        self._people = dict(best)
        document = {"version": VERSION, "people": {key: asdict(person) for key, person in self._people.items()}}
        private_dir(self.path.parent)
        write_durably(self.path, json.dumps(document, indent=0).encode("ascii"))
        self._read = self._signature()
        self._index()

    def complete(self, typed: str, limit: int = 8) -> list[str]:
        """At most ``limit`` addresses ("Ada Lovelace <ada@example.org>") that fit, best first.

        Every word of ``typed`` (one entry of the list, not the whole of it) begins a word of the name or of the part
        before the @, or the domain. Matches in name or local part come before those in the domain.
        """
        self._refresh()
        words = [word.lstrip("<\"'") for word in typed.casefold().split()]
        words = [word for word in words if word]
        if not words or limit < 1:
            return []
        found = self._personal.matching(words, limit)
        if len(found) < limit:
            more = self._everything.matching(words, limit + len(found))
            found += [number for number in more if number not in set(found)]
        return [self._ordered[number] for number in found[:limit]]

    def latest(self, limit: int = 8) -> list[str]:
        """At most ``limit`` addresses of everybody, those written to last first."""
        self._refresh()
        return [str(each) for each in heapq.nlargest(max(limit, 0), self._people.values(), key=lambda each: each.last)]

    def _index(self) -> None:
        people = sorted(self._people.values(), key=lambda person: person.rank, reverse=True)
        self._ordered = [str(person) for person in people]
        keys = [_keys(person) for person in people]
        self._personal = _Index((key, n) for n, (own, _domain) in enumerate(keys) for key in own)
        self._everything = _Index((key, n) for n, (own, domain) in enumerate(keys) for key in {*own, *domain})

    def _refresh(self) -> None:
        """Read the file again if another process wrote it."""
        signature = self._signature()
        if signature == self._read:
            return
        self._read = signature
        if signature is None:
            self._people = {}
        else:
            try:
                self._people = _decoded(read_private(self.path, LARGEST))
            except (ValueError, RecursionError) as error:
                self._set_aside(error)
            except OSError as error:
                log.warning("%s cannot be read: %s", self.path, error)
                return
        self._index()

    def _set_aside(self, error: Exception) -> None:
        aside = self.path.with_name(f"{self.path.name}.damaged")
        log.warning("%s is damaged (%s) and set aside as %s", self.path, error, aside.name)
        self._people = {}
        self._read = None
        try:
            self.path.replace(aside)
        except OSError as failure:
            log.warning("it could not be set aside: %s", failure)

    def _signature(self) -> tuple[int, int, int] | None:
        try:
            info = self.path.stat()
        except OSError:
            return None
        return info.st_mtime_ns, info.st_size, info.st_ino


class _Index:
    """What may be typed, sorted, and the number of the person each entry stands for; low numbers are the best."""

    def __init__(self, entries: Iterable[tuple[str, int]]) -> None:
        pairs = sorted(entries)
        self._keys = [key for key, _number in pairs]
        self._numbers = [number for _key, number in pairs]

    def matching(self, words: Sequence[str], limit: int) -> list[int]:
        """The first ``limit`` numbers for which every word begins some entry."""
        ranges = []
        for word in words:
            start = bisect_left(self._keys, word)
            ranges.append((start, bisect_left(self._keys, word + "\U0010ffff", start)))
        ranges.sort(key=lambda pair: pair[1] - pair[0])
        start, end = ranges[0]
        found = set(self._numbers[start:end])
        for start, end in ranges[1:]:
            found.intersection_update(self._numbers[start:end])
        return heapq.nsmallest(limit, found)


def _keys(person: Correspondent) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What may be typed: words of the name and parts before the @; then the domain and its labels."""
    address, name = person.address.casefold(), person.name.casefold()
    local, _, domain = address.rpartition("@")
    own = dict.fromkeys([address, local, *_BREAKS.split(local), name, *name.split(), *_BREAKS.split(name)])
    shown = unicode_domain(domain).casefold()
    wide = dict.fromkeys([domain, f"@{domain}", *domain.split(".")[:-1], shown, f"@{shown}"])
    return tuple(key for key in own if key), tuple(key for key in wide if key)


def _decoded(content: bytes) -> dict[str, Correspondent]:
    document = json.loads(content)
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise ValueError("not a list of correspondents of this version")
    people: dict[str, Correspondent] = {}
    try:
        for key, entry in document["people"].items():
            person = Correspondent(entry["address"], entry["name"], float(entry["weight"]), float(entry["last"]))
            check_text("name", person.name)
            check_text("address", person.address)
            if "@" not in person.address or not person.weight > 0 or not math.isfinite(person.rank):
                raise ValueError("an entry that cannot be")
            people[key] = person
    except (InjectionError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error
    return people
