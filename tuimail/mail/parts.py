"""Splits an untrusted message into headers and bodies (RFC 5322, RFC 2045, RFC 2046). Pure.

The standard library's parser, as_string() and as_bytes() take quadratic time for some messages. Here every byte is
processed once per level of nesting, and nothing raises.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD_LIMIT = 256 * 1024
"""Maximum number of bytes of a header that are read."""
VALUE_LIMIT = 64 * 1024
"""Maximum number of characters of a field that are kept."""
DEEPEST = 5
"""Maximum depth of nested multiparts."""
MOST = 1000
"""Maximum number of parts of a multipart, and of lines that look like a delimiter."""

_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)")
_BOUNDARY = re.compile(r";\s*+boundary\s*+=\s*+(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_TYPE = re.compile(r"\s*+([\w!#$&^.+-]{1,100}/[\w!#$&^.+-]{1,100})")


@dataclass(frozen=True, slots=True)
class ParsedPart:
    """A header and its body."""

    fields: dict[str, str] = field(default_factory=dict)
    """Name in lower case -> value, unfolded; of several fields of one name the first. Not sanitised, not decoded."""
    body: bytes = b""
    """Not decoded, with LF line ends."""

    @property
    def content_type(self) -> str:
        """Type and subtype in lower case; "text/plain" by default."""
        match = _TYPE.match(self.fields.get("content-type", ""))
        return match[1].lower() if match else "text/plain"

    @property
    def encoding(self) -> str:
        """The transfer encoding in lower case; empty if there is none."""
        return self.fields.get("content-transfer-encoding", "").strip().lower()

    @property
    def data(self) -> bytes:
        """The decoded body; unchanged if it cannot be decoded."""
        if self.encoding == "base64":
            try:
                return binascii.a2b_base64(self.body)
            except binascii.Error:
                return self.body
        return binascii.a2b_qp(self.body) if self.encoding == "quoted-printable" else self.body

    @property
    def text(self) -> str:
        """The decoded body as UTF-8 text with LF line ends."""
        return _plain_line_ends(self.data).decode("utf-8", "replace")


def read_part(raw: bytes) -> ParsedPart:
    """``raw`` as header and body. A line that is not a field ends the header, as an empty line does."""
    raw = _plain_line_ends(raw)
    fields: dict[str, str] = {}
    position = raw.find(b"\n") + 1 if raw.startswith(b"From ") else 0
    while position < min(len(raw), HEAD_LIMIT) and (match := _FIELD.match(raw, position)):
        name = match[1].decode("ascii").lower()
        if name not in fields:
            value = match[2][:VALUE_LIMIT].decode("utf-8", "replace")
            fields[name] = value.replace("\n", "").strip()
        position = match.end()
    return ParsedPart(fields, raw[position:].removeprefix(b"\n"))


def leaves(part: ParsedPart, depth: int = 0) -> Iterator[ParsedPart]:
    """The parts without further parts, in order; an embedded message is a leaf."""
    boundary = _boundary_of(part)
    if not boundary or depth >= DEEPEST:
        yield part
        return
    for section in _sections(part.body, boundary):
        yield from leaves(read_part(section), depth + 1)


def _boundary_of(part: ParsedPart) -> bytes:
    if not part.content_type.startswith("multipart/"):
        return b""
    match = _BOUNDARY.search(part.fields["content-type"])
    return (match[1] or match[2]).rstrip().encode("utf-8", "replace") if match else b""


def _sections(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """The bytes between the delimiters; up to the end if the closing one is missing."""
    text = b"\n" + body
    needle = b"\n--" + boundary
    start, at = -1, text.find(needle)
    for _ in range(MOST):
        if at < 0:
            break
        end = text.find(b"\n", at + len(needle))
        end = len(text) if end < 0 else end
        rest = text[at + len(needle) : end].rstrip(b" \t")
        if rest in (b"", b"--"):
            if start >= 0:
                yield text[start:at]
            if rest:
                return
            start = end + 1
        # The line end of one delimiter may be the one before the next.
        at = text.find(needle, end)
    if start >= 0:
        yield text[start:]


def _plain_line_ends(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data
