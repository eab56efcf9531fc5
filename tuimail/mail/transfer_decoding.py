"""Transfer encodings (RFC 2045 section 6, and uuencode), decoded piece by piece. Pure; no content raises an error."""

from __future__ import annotations

import binascii
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NO_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))


def decode_transfer(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """``pieces`` without their transfer encoding, given in lower case; those of an unknown one do not change."""
    if encoding == "base64":
        return from_base64(pieces)
    if encoding == "quoted-printable":
        return from_quoted_printable(pieces)
    if encoding in _UUENCODE:
        return from_uuencode(pieces)
    return iter(pieces)


def from_base64(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Decode ``pieces``; characters that are not base64 are skipped, and a missing end is not an error."""
    held = b""
    for piece in pieces:
        letters, padding, _ = (held + piece.translate(None, _NO_BASE64)).partition(b"=")
        fitting = len(letters) - len(letters) % 4
        held = letters[fitting:]
        yield binascii.a2b_base64(letters[:fitting])
        if padding:
            break
    if len(held) > 1:
        yield binascii.a2b_base64(held + b"=" * (4 - len(held)))


_HELD = 65536
"""Bytes of one encoded line that are kept together; RFC 2045 section 6.7 allows 76."""


def from_quoted_printable(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Decode ``pieces`` line by line; a line longer than ``_HELD`` is decoded before its end."""
    held = b""
    for piece in pieces:
        joined = held + piece
        cut = joined.rfind(b"\n") + 1
        if len(joined) - cut > _HELD:
            escape = joined.rfind(b"=", len(joined) - 2)
            cut = escape if escape >= 0 else len(joined)
        held = joined[cut:]
        yield binascii.a2b_qp(joined[:cut])
    yield binascii.a2b_qp(held)


_UUENCODE = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})
_UU_LINE = 100
"""Bytes of a line that are kept; the longest has 62."""
_BEGIN = b"begin "


def from_uuencode(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Decode the file in ``pieces``; they do not change if they do not begin as one."""
    source = iter(pieces)
    start = b""
    for piece in source:
        start = (start + piece).lstrip()
        if len(start) >= len(_BEGIN):
            break
    if not start.startswith(_BEGIN):
        yield start
        yield from source
        return
    lines = _uu_lines(chain((start,), source))
    next(lines)
    for line in lines:
        if line == b"end":
            return
        if line:
            yield _uu_decoded(line)


def _uu_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        *lines, held = (held + piece).split(b"\n")
        held = held[:_UU_LINE]
        yield from (line.rstrip(b"\r") for line in lines)
    yield held


def _uu_decoded(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        pass
    # Some programs write more behind it than its first character says.
    length = (line[0] - 32) & 63
    try:
        return binascii.a2b_uu(line[: 1 + (length * 4 + 2) // 3])
    except binascii.Error:
        return b""
