"""Somebody written to: how likely to be written to again, and by what typed text to be found. Pure."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.errors import InjectionError
from tuimail.mail.address import quoted_phrase
from tuimail.mail.domain import unicode_domain
from tuimail.mail.header import check_text

if TYPE_CHECKING:
    from collections.abc import Sequence

HALF_LIFE = 60 * 86400.0
"""Seconds after which having written to somebody counts half."""

_BREAKS = re.compile(r"[\s._+'\"(),-]+")
_FIRST_VERSION = 1


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

    @property
    def valid(self) -> bool:
        """It can be shown and ranked."""
        try:
            if not f"{self.name}{self.address}".isprintable():  # far quicker than the checks, and stricter
                check_text("name", self.name)
                check_text("address", self.address)
            return "@" in self.address and self.weight > 0 and math.isfinite(self.rank)
        except (InjectionError, TypeError, ValueError):
            return False

    def written_to(self, now: float) -> float:
        """The weight after one more letter at ``now``."""
        return 1.0 + self.weight * 2 ** (-max(0.0, now - self.last) / HALF_LIFE)

    def __str__(self) -> str:
        return f"{quoted_phrase(self.name)} <{self.address}>" if self.name else self.address


def search_terms(person: Correspondent) -> tuple[Sequence[str], Sequence[str]]:
    """What may be typed to find a person, in lower case, each from its beginning on.

    First what is the person's own, words of the name and parts before the @; then what everybody at the domain has.
    """
    address, name = person.address.casefold(), person.name.casefold()
    local, _, domain = address.rpartition("@")
    shown = unicode_domain(domain).casefold()
    own = [address, local, *_BREAKS.split(local), name, *name.split(), *_BREAKS.split(name)]
    shared = [domain, f"@{domain}", *domain.split(".")[:-1], shown, f"@{shown}"]
    return _longest(own), _longest(shared)


def _longest(terms: Sequence[str]) -> Sequence[str]:
    """Without those with which another one begins: who types them finds that one as well."""
    ordered = sorted(set(terms))
    return [term for term, after in zip(ordered, [*ordered[1:], ""], strict=True) if not after.startswith(term)]


def read_first_version(content: bytes) -> dict[str, Correspondent]:
    """The people of a file that tuimail 0.1 wrote, by their key. Raises ValueError: it is damaged."""
    document = json.loads(content)
    if not isinstance(document, dict) or document.get("version") != _FIRST_VERSION:
        raise ValueError("not a list of correspondents")
    people: dict[str, Correspondent] = {}
    try:
        for key, entry in document["people"].items():
            person = Correspondent(entry["address"], entry["name"], float(entry["weight"]), float(entry["last"]))
            if not person.valid:
                raise ValueError("an entry that cannot be")
            people[key] = person
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error
    return people
