"""A letter's bytes, read piece by piece, so that a large one is never in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 65536
"""Bytes that are read at a time where nobody says otherwise."""


class Content(Protocol):
    """Bytes that come in order, and from the beginning each time they are asked for."""

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
    """All of ``content`` in memory; for what is known to be small."""
    return b"".join(content.chunks())
