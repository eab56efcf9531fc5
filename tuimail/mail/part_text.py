"""What a part of a received message contains: its bytes and its text. Bounded; no content raises an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.mail.charset import decode
from tuimail.mail.mime_tree import MESSAGE_TYPES, PLAIN_ENCODINGS, read_embedded, read_tree
from tuimail.mail.text import safe_text
from tuimail.mail.transfer_decoding import decode_transfer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tuimail.mail.mime_tree import ReceivedPart

TEXT_LIMIT = 1024 * 1024
"""Bytes of a part that are read as text."""
MESSAGE_LIMIT = 32 * 1024 * 1024
"""Bytes of a message that is opened although it is encoded."""
PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class PartText:
    """A part as text."""

    text: str
    known: bool
    """The declared charset is one that can be read."""
    cut: bool
    """There is more than the limit."""


def part_bytes(part: ReceivedPart) -> Iterator[bytes]:
    """The body, transfer decoding undone, in pieces; broken or unknown encodings give what can be had."""
    raw = (part.raw[at : min(at + PIECE, part.end)] for at in range(part.body, part.end, PIECE))
    return decode_transfer(raw, part.encoding)


def part_beginning(part: ReceivedPart, limit: int) -> tuple[bytes, bool]:
    """At most ``limit`` bytes of the decoded body, and whether there are more."""
    return beginning(part_bytes(part), limit)


def beginning(source: Iterable[bytes], limit: int) -> tuple[bytes, bool]:
    """At most ``limit`` bytes of ``source``, and whether there are more; reads no further than it must."""
    pieces: list[bytes] = []
    size = 0
    for piece in source:
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            return b"".join(pieces)[:limit], True
    return b"".join(pieces), False


def part_size(part: ReceivedPart) -> int:
    """Bytes of the decoded body; estimated from the length of what is encoded."""
    size = part.end - part.body
    return size * 57 // 78 if part.encoding == "base64" else size


def decoded_text(part: ReceivedPart, limit: int = TEXT_LIMIT) -> PartText:
    """The text of ``part`` for further decoding (HTML, calendar). Not sanitised."""
    raw, cut = part_beginning(part, limit)
    text, known = decode(raw, part.charset, cut=cut)
    return PartText(text.removeprefix("\ufeff"), known, cut)


def part_text(part: ReceivedPart, limit: int = TEXT_LIMIT) -> PartText:
    """The text of ``part``, safe to show, with LF line ends.

    It is sanitised after decoding, because a charset can bring control characters that no byte shows (ISO-2022).
    """
    found = decoded_text(part, limit)
    return PartText(safe_text(plain_line_ends(found.text)), found.known, found.cut)


def plain_line_ends(text: str) -> str:
    """``text`` with LF for CRLF and CR."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def embedded_message(part: ReceivedPart) -> ReceivedPart | None:
    """The message within ``part``, decoded if need be; None if ``part`` is no message/rfc822."""
    if part.content_type not in MESSAGE_TYPES:
        return None
    if part.encoding in PLAIN_ENCODINGS:
        return read_embedded(part)
    raw, _ = part_beginning(part, MESSAGE_LIMIT)
    return read_tree(raw)
