"""The parts of a received message (RFC 2045, RFC 2046) as a tree of offsets. Pure, bounded, never raises.

Nothing is copied or decoded: each part says where its header and body are in the message's bytes. What lies beyond the
limits stays raw and says so (``omitted``). Each byte is looked at once per level of nesting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tuimail.mail.mime_parameters import parse_parameters
from tuimail.mail.received_header import ReceivedHeader, read_header

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 20
"""Levels of parts within parts."""
MOST_PARTS = 500
"""Parts of a message that are told apart."""
MOST_LOOKALIKES = 20_000
"""Lines of a message that begin like a delimiter but are none, or that end no part."""

MESSAGE_TYPES = frozenset({"message/rfc822", "message/global", "message/news"})
PLAIN_ENCODINGS = frozenset({"", "7bit", "8bit", "binary"})
"""Transfer encodings that change nothing."""

_TYPE = re.compile(rb"\s*+\"?([\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127})(?![\w/])")
_TOKEN = re.compile(rb"[\w!#$&^.+-]{1,127}")
_DELIMITER_REST = re.compile(rb"(--)?[ \t]*+(?:\r\n|\n|\r|\Z)")


class Omitted(StrEnum):
    """Why a part was not looked into."""

    TOO_DEEP = "too deep"
    TOO_MANY = "too many parts"


@dataclass(frozen=True, slots=True, eq=False)
class ReceivedPart:
    """A header and its body, ``raw[header.start:end]``."""

    raw: bytes = field(repr=False)
    header: ReceivedHeader = field(repr=False)
    end: int
    number: str
    """As in IMAP (RFC 9051 section 6.4.5): "2.1"; empty for a multipart that is the whole message.

    A message within, if it is opened, counts as the only part of its part.
    """
    depth: int
    content_type: str
    """Type and subtype in lower case; what is missing or malformed is text/plain (RFC 2045 section 5.2)."""
    parameters: dict[str, str]
    """Of Content-Type; decoded, not sanitised."""
    disposition: str
    """"inline", "attachment" or another word in lower case; empty if there is none."""
    name: str
    """The file's name as the message gives it; decoded, not sanitised; empty if it gives none."""
    encoding: str
    """The transfer encoding in lower case; empty if there is none."""
    children: tuple[ReceivedPart, ...] = ()
    omitted: Omitted | None = None

    @property
    def body(self) -> int:
        """Offset of the body."""
        return self.header.body

    @property
    def charset(self) -> str:
        """As declared; empty if it is not."""
        return self.parameters.get("charset", "")

    @property
    def content_id(self) -> str:
        """Content-ID without its angle brackets; empty if there is none."""
        return self.header.value("content-id").decode("latin-1").strip("<> \t")

    @property
    def is_attachment(self) -> bool:
        """Whether the sender wants it to be a file."""
        return self.disposition == "attachment"


def read_tree(raw: bytes, *, open_messages: bool = False, most_parts: int = MOST_PARTS) -> ReceivedPart:
    """The whole message ``raw``; messages within it are opened too if ``open_messages``.

    Of ``most_parts`` parts each is told apart; what is behind them is one part, ``Omitted.TOO_MANY``.
    """
    return _Reader(raw, open_messages=open_messages, most_parts=most_parts).part(0, len(raw), depth=0, number="")


def read_embedded(part: ReceivedPart) -> ReceivedPart | None:
    """The message within ``part``, by offsets into the same bytes; None if it is none, or is encoded."""
    if part.content_type not in MESSAGE_TYPES or part.encoding not in PLAIN_ENCODINGS:
        return None
    return _Reader(part.raw, open_messages=False).part(part.body, part.end, depth=0, number="")


def walk(part: ReceivedPart) -> Iterator[ReceivedPart]:
    """``part`` and all parts within it, in the order of the message."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(one.children))


def leaves(part: ReceivedPart) -> Iterator[ReceivedPart]:
    """The parts that have no parts within them, in the order of the message."""
    return (each for each in walk(part) if not each.children)


class _Reader:
    """Reads one message, and counts."""

    def __init__(self, raw: bytes, *, open_messages: bool, most_parts: int = MOST_PARTS) -> None:
        self._raw = raw
        self._open_messages = open_messages
        self._most_parts = most_parts
        self._parts = 0
        self._lookalikes = 0

    def part(self, start: int, end: int, *, depth: int, number: str, default: str = "text/plain") -> ReceivedPart:
        self._parts += 1
        header = read_header(self._raw, start, end)
        value = header.value("content-type")
        match = _TYPE.match(value)
        content_type = match[1].decode("latin-1").lower() if match else default if not value else "text/plain"
        parameters = parse_parameters(value) if value else {}
        boundary = self._boundary(content_type, parameters)
        if not number and not boundary:
            number = "1"
        children, omitted = self._children(header, end, depth, number, content_type, boundary)
        disposition = header.value("content-disposition")
        file_name = parse_parameters(disposition).get("filename", "") if disposition else ""
        return ReceivedPart(
            self._raw,
            header,
            end,
            number,
            depth,
            content_type,
            parameters,
            _token(disposition),
            file_name or parameters.get("name", ""),
            _token(header.value("content-transfer-encoding")),
            children,
            omitted,
        )

    def _boundary(self, content_type: str, parameters: dict[str, str]) -> bytes:
        if not content_type.startswith("multipart/"):
            return b""
        # Blanks at the end of a boundary cannot survive (RFC 2046 section 5.1.1).
        return parameters.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()

    def _children(
        self, header: ReceivedHeader, end: int, depth: int, number: str, content_type: str, boundary: bytes
    ) -> tuple[tuple[ReceivedPart, ...], Omitted | None]:
        opened = self._open_messages and content_type in MESSAGE_TYPES
        if not boundary and not opened:
            return (), None
        if depth >= DEEPEST:
            return (), Omitted.TOO_DEEP
        if opened:
            encoding = _token(header.value("content-transfer-encoding"))
            if encoding not in PLAIN_ENCODINGS:
                return (), None
            if self._parts >= self._most_parts:
                return (), Omitted.TOO_MANY
            return (self.part(header.body, end, depth=depth + 1, number=f"{number}.1"),), None
        default = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
        found: list[ReceivedPart] = []
        for at, stop in self._sections(header.body, end, b"--" + boundary):
            inner = f"{number}.{len(found) + 1}" if number else f"{len(found) + 1}"
            if self._parts >= self._most_parts:
                found.append(self._rest(at, end, depth + 1, inner))
                break
            found.append(self.part(at, stop, depth=depth + 1, number=inner, default=default))
        return tuple(found), None

    def _rest(self, start: int, end: int, depth: int, number: str) -> ReceivedPart:
        """What is left of a multipart that has too many parts."""
        header = ReceivedHeader(self._raw, start, start, (), cut=False)
        kind = "application/octet-stream"
        return ReceivedPart(self._raw, header, end, number, depth, kind, {}, "attachment", "", "", (), Omitted.TOO_MANY)

    def _sections(self, body: int, end: int, delimiter: bytes) -> Iterator[tuple[int, int]]:
        """Start and end of each part between the delimiters; up to ``end`` if the closing one is missing."""
        raw, start, position = self._raw, -1, body
        while self._lookalikes < MOST_LOOKALIKES:
            at = raw.find(delimiter, position, end)
            if at < 0:
                break
            position = at + len(delimiter)
            rest = _DELIMITER_REST.match(raw, position, end)
            # The boundary may begin another one, or a line of text.
            if rest is None or (at > body and raw[at - 1] not in b"\r\n"):
                self._lookalikes += 1
                continue
            if 0 <= start < at:
                yield start, max(start, _before_line_end(raw, at))
            else:
                self._lookalikes += 1
            if rest[1]:
                return
            start = position = rest.end()
        if 0 <= start < end:
            yield start, end


def _before_line_end(raw: bytes, at: int) -> int:
    """Offset of the line end before ``at``, which belongs to the delimiter there (RFC 2046 section 5.1.1)."""
    return at - 2 if raw[at - 2 : at] == b"\r\n" else at - 1


def _token(value: bytes) -> str:
    match = _TOKEN.search(value)
    return match[0].decode("latin-1").lower() if match else ""
