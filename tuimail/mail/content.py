"""The bytes of a letter, read piece by piece so that a large letter is never in memory as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 65536
"""Default number of bytes per piece."""


class Content(Protocol):
    """A source of bytes that can be read from the beginning any number of times."""

    @property
    def size(self) -> int:
        """Bytes in all."""
        ...

    def chunks(self, length: int = PIECE) -> Iterator[bytes]:
        """The bytes in order, about ``length`` at a time.

        Raises:
            OSError: the file behind them cannot be read to its end.
            AttachmentError: an attached file cannot be read, or is not what it was.
        """
        ...


@dataclass(frozen=True, slots=True)
class InMemory:
    """A small content that is in memory."""

    data: bytes

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.data)

    def chunks(self, length: int = PIECE) -> Iterator[bytes]:
        """The bytes in order, at most ``length`` at a time."""
        for start in range(0, len(self.data), length):
            yield self.data[start : start + length]


@dataclass(frozen=True, slots=True)
class Joined:
    """Contents one after the other."""

    parts: tuple[Content, ...]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(part.size for part in self.parts)

    def chunks(self, length: int = PIECE) -> Iterator[bytes]:
        """The bytes in order, at most ``length`` at a time."""
        for part in self.parts:
            yield from part.chunks(length)


def whole(content: Content) -> bytes:
    """All of ``content`` in memory; only for small contents."""
    return b"".join(content.chunks())
