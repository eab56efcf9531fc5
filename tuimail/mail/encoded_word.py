"""Encoded words (RFC 2047): text that is not ASCII in a header field, written strictly and read tolerantly."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from tuimail.mail.charset import codec_of, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ENCODED_WORD = 75
_OPEN_Q, _OPEN_B, _CLOSE = "=?utf-8?q?", "=?utf-8?b?", "?="
_ROOM = MAX_ENCODED_WORD - len(_OPEN_Q) - len(_CLOSE)
_B_BYTES = _ROOM // 4 * 3
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
"""What Q may leave as it is everywhere, in a display name too (RFC 2047 section 5 (3))."""

_WORD = re.compile(r"=\?([A-Za-z0-9_.:()-]{1,40})(?:\*[^?\s]*)?\?([bBqQ])\?([^?\r\n]*)\?=")
_FOLD = re.compile(r"\r?\n(?=[ \t])|\r?\n\Z")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")


def encode_words(text: str, *, first_room: int = MAX_ENCODED_WORD) -> Iterator[str]:
    """``text`` as encoded words of at most 75 characters, Q or B, whichever is shorter; no character is ever split.

    ``first_room`` is how many columns the first of them may take, if that is less.
    """
    raw = text.encode()
    q_length = sum(1 if byte in _PLAIN or byte == 0x20 else 3 for byte in raw)
    quoted = q_length <= (len(raw) + 2) // 3 * 4
    room = min(MAX_ENCODED_WORD, max(first_room, 30)) - len(_OPEN_Q) - len(_CLOSE)
    piece, cost = bytearray(), 0
    for char in text:
        encoded = char.encode()
        more = sum(1 if byte in _PLAIN or byte == 0x20 else 3 for byte in encoded) if quoted else len(encoded)
        if piece and cost + more > (room if quoted else room // 4 * 3):
            yield _encoded(bytes(piece), quoted=quoted)
            piece.clear()
            cost, room = 0, _ROOM
        piece += encoded
        cost += more
    if piece:
        yield _encoded(bytes(piece), quoted=quoted)


def _encoded(raw: bytes, *, quoted: bool) -> str:
    if not quoted:
        return f"{_OPEN_B}{binascii.b2a_base64(raw, newline=False).decode('ascii')}{_CLOSE}"
    body = "".join("_" if byte == 0x20 else chr(byte) if byte in _PLAIN else f"={byte:02X}" for byte in raw)
    return f"{_OPEN_Q}{body}{_CLOSE}"


def decode_header(raw: str | bytes) -> str:
    """A header field's value, unfolded and with encoded words decoded.

    Tolerant: an encoded word with an unknown charset or a broken encoding is not changed; raw bytes are decoded as
    UTF-8, else as Latin-1. Never raises. The result may contain control characters: show it through
    :func:`tuimail.mail.text.safe_line`.
    """
    text = _FOLD.sub("", _to_text(raw))
    out: list[str] = []
    pending: list[bytes] = []  # words of one charset in a row may share a character
    pending_charset, pending_raw, end = "", "", 0

    def flush() -> None:
        if pending:
            out.append(_decode(b"".join(pending), pending_charset, pending_raw))
            pending.clear()

    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        charset = match[1].casefold()
        payload = _payload(match[2], match[3], charset)
        adjacent = bool(pending) and not between.strip(" \t")
        if not adjacent or charset != pending_charset or payload is None:
            flush()
            pending_raw = ""
        if not adjacent or payload is None:
            out.append(between)
        end = match.end()
        if payload is None:
            out.append(match[0])
            continue
        pending.append(payload)
        pending_charset = charset
        pending_raw = f"{pending_raw} {match[0]}" if pending_raw else match[0]
    flush()
    out.append(text[end:])
    return "".join(out)


def _payload(encoding: str, body: str, charset: str) -> bytes | None:
    try:
        if encoding in "qQ":
            # Some programs leave letters that are not ASCII as they are.
            raw = body.encode("ascii") if body.isascii() else body.encode(codec_of(charset) or "utf-8")
            return _HEX.sub(lambda match: bytes([int(match[1], 16)]), raw.replace(b"_", b" "))
        raw = body.encode("ascii")
        return binascii.a2b_base64(raw + b"=" * (-len(raw) % 4))
    except ValueError:
        return None


def _decode(raw: bytes, charset: str, written: str) -> str:
    text, known = decode(raw, charset)
    return text if known else written


def _to_text(raw: str | bytes) -> str:
    if isinstance(raw, str):
        if raw.isascii():
            return raw
        try:
            raw.encode()
        except UnicodeEncodeError:
            # The standard parser keeps raw bytes as surrogates.
            raw = raw.encode("utf-8", "surrogateescape") if _escaped_only(raw) else raw.encode("utf-8", "replace")
        else:
            return raw
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _escaped_only(text: str) -> bool:
    return all(not 0xD800 <= ord(char) <= 0xDFFF or 0xDC80 <= ord(char) <= 0xDCFF for char in text)
