"""Recognises the same letter frozen twice, and its bytes when they are read again. Pure, but for reading the letter."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING

from tuimail.mail.envelope import FAILURE_AND_DELAY
from tuimail.outbox.store.codec import dump, envelope_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tuimail.mail.content import Content
    from tuimail.mail.envelope import Envelope
    from tuimail.mail.outgoing import OutgoingMessage

_FRESH_FIELDS = re.compile(rb"(?im)^(?:resent-)?(?:date|message-id):[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n")
_BOUNDARY = re.compile(rb"(?i)\bboundary=(?:\"([^\"\r\n]{1,70})\"|([^\s;\"]{1,70}))")
_LONGEST_DECLARATION = 82
"""Bytes of ``boundary=``, two quotes, seventy letters, and the byte before it."""
_MOST_BOUNDARIES = 32
"""A letter of ours has one; what is attached to it may speak of any number, which are the same each time."""
_LONGEST_HEAD = 16_000_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What one look through a letter tells."""

    digest: str
    """SHA-256 of what the user wrote and to whom: without Date, Message-ID and the random MIME boundaries.

    Only these differ when one draft is frozen twice (RFC 5322 section 3.6, RFC 2046 section 5.1.1), or Resent-Date and
    Resent-Message-ID when a message is resent twice.
    """
    sha256: str
    """Of its exact bytes."""


def measure(message: OutgoingMessage) -> Measured:
    """Digest and SHA-256 of a letter, read piece by piece.

    Raises:
        OSError: its bytes cannot be read.
        AttachmentError: an attached file cannot be read, or is not what it was.
    """
    boundaries = _boundaries(message.content)
    exact = hashlib.sha256()
    digest = hashlib.sha256(dump([message.account, envelope_plain(_addressed(message.envelope))]).encode())
    for piece in reduce(_without, enumerate(boundaries), _undated(_seen(message.content, exact.update))):
        digest.update(piece)
    return Measured(digest.hexdigest(), exact.hexdigest())


def _seen(content: Content, see: Callable[[bytes], None]) -> Iterator[bytes]:
    for piece in content.chunks():
        see(piece)
        yield piece


def _undated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The head without its fresh fields and the body, each after a NUL."""
    start = bytearray()
    for piece in pieces:
        looked_at = max(len(start) - 3, 0)
        start += piece
        if start.find(b"\r\n\r\n", looked_at) >= 0 or len(start) > _LONGEST_HEAD:
            break
    head, _, body = bytes(start).partition(b"\r\n\r\n")
    yield b"\0" + _FRESH_FIELDS.sub(b"", head + b"\r\n") + b"\0" + body
    yield from pieces


def _boundaries(content: Content) -> list[bytes]:
    """The boundaries that are declared, in order, each once."""
    found: dict[bytes, None] = {}
    joined = b""
    for piece in content.chunks():
        tail = joined[-_LONGEST_DECLARATION:]
        joined = tail + piece
        _find_boundaries(found, joined, first=1 if tail else 0, last=False)
    _find_boundaries(found, joined, first=1, last=True)
    return list(found)[:_MOST_BOUNDARIES]


def _find_boundaries(found: dict[bytes, None], text: bytes, *, first: int, last: bool) -> None:
    """Those declared in ``text`` from ``first`` on; one that reaches its end may go on in the next piece."""
    # Base64 has none; to learn that takes the expression fifty times as long.
    if len(found) >= _MOST_BOUNDARIES or b"boundary=" not in text.lower():
        return
    for match in _BOUNDARY.finditer(text, first):
        if last or match.end() < len(text):
            found.setdefault(match[1] or match[2])


def _without(pieces: Iterator[bytes], numbered: tuple[int, bytes]) -> Iterator[bytes]:
    """``pieces`` with a plain name for a random boundary, wherever they are cut."""
    number, boundary = numbered
    held = b""
    for piece in pieces:
        *before, rest = (held + piece).split(boundary)
        # What may be the beginning of another one comes with the next piece.
        end = max(len(rest) - len(boundary) + 1, 0)
        held = rest[end:]
        yield (b"boundary %d" % number).join([*before, rest[:end]])
    yield held


def _addressed(envelope: Envelope) -> Envelope:
    """Who it is from and for; how it is to travel makes no other letter of it."""
    return replace(envelope, notify=FAILURE_AND_DELAY, hold_until=None)
