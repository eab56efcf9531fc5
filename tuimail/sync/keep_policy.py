r"""What is kept on this machine of the folders of a server, and for how long. Pure."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING, NamedTuple

from tuimail.clock import DAY
from tuimail.config.model import KeepPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

RECENT = 90 * DAY
"""Seconds after its arrival for which a message of a folder with the policy ``recent`` is kept, read or not."""
MOST = 1024**3
"""Bytes of an account's messages; those of folders of which all is kept do not count."""
FREE = 1024**3
"""Bytes of the disk that are left to others."""
MARGIN = 128 * 1024**2
"""Bytes that must be free besides for another message to be fetched: else one would be fetched and removed in turn."""
LARGEST = 50 * 1024**2
"""Bytes of a message that is fetched before somebody opens it, where not all is kept."""

_INBOX = "INBOX"
_REST = "*"


def policy_for(
    policies: Mapping[str, KeepPolicy], name: str, special: str, *, is_view: bool = False, is_unsteady: bool = False
) -> KeepPolicy:
    r"""What is kept of a folder.

    Args:
        policies: the user's own, by name of the folder; ``*`` is for the others, but not for views and junk.
        name: of the folder, as it is shown.
        special: its special use.
        is_view: it shows messages of other folders once more (``\All`` and ``\Flagged``, RFC 6154).
        is_unsteady: the server numbers its messages anew again and again: what is kept would be fetched each time.
    """
    own = policies.get(name)
    if own is None:
        folded = name.casefold()
        own = next((policy for each, policy in policies.items() if each != _REST and each.casefold() == folded), None)
    if own is None:
        own = KeepPolicy.NONE if is_view or special == "junk" else policies.get(_REST, KeepPolicy.RECENT)
    if is_unsteady and own is not KeepPolicy.NONE:
        return KeepPolicy.HEADERS
    # INBOX is always listed.
    return KeepPolicy.HEADERS if own is KeepPolicy.NONE and name == _INBOX else own


class KeptFile(NamedTuple):
    """A message that is kept and may be removed."""

    message: int
    """Its id in the cache."""
    path: Path
    size: int
    used: float
    """When it was opened last, or when it arrived."""


class KeptRoom:
    """How much is kept of one account, and what makes room for something else: what was opened longest ago."""

    def __init__(self, removable: Iterable[KeptFile], pinned: int, *, most: int = MOST, free: int = FREE) -> None:
        """Begin with what is kept.

        Args:
            removable: what may be removed.
            pinned: bytes of what counts as well and is never removed.
            most: bytes that may be kept.
            free: bytes of the disk that are left to others.
        """
        self._removable = sorted(removable, key=lambda each: each.used, reverse=True)
        """What goes first is at the end."""
        self._total = pinned + sum(each.size for each in self._removable)
        self._most = most
        self._free = free

    @property
    def total(self) -> int:
        """Bytes that count."""
        return self._total

    def surplus(self, free: int) -> list[KeptFile]:
        """What is to be removed because there is too much, or because only ``free`` bytes of the disk are left."""
        going: list[KeptFile] = []
        freed = 0
        while self._removable and (self._total > self._most or free + freed < self._free):
            freed += self._removable[-1].size
            going.append(self._take())
        return going

    def make(self, size: int, arrived: float, free: int) -> list[KeptFile] | None:
        """What is to be removed for a message of ``size`` bytes; None: it is worth less than what would have to go.

        Args:
            size: of the message.
            arrived: when it arrived: what was opened, or arrived, after that stays.
            free: bytes that are free on the disk.
        """
        if not self.has_disk(size, free):
            return None
        needed = self._total + size - self._most
        count = 0
        while needed > 0:
            count += 1
            if count > len(self._removable) or self._removable[-count].used >= arrived:
                return None
            needed -= self._removable[-count].size
        return [self._take() for _ in range(count)]

    def has_disk(self, size: int, free: int) -> bool:
        """Whether ``size`` more bytes leave enough of the disk to others."""
        return free - size >= self._free + MARGIN

    def add(self, size: int, file: KeptFile | None = None) -> None:
        """One more is kept; ``file`` if it may be removed."""
        self._total += size
        if file is not None:
            insort(self._removable, file, key=lambda each: -each.used)

    def _take(self) -> KeptFile:
        file = self._removable.pop()
        self._total -= file.size
        return file
