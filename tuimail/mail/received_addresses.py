"""Addresses of received header fields (RFC 5322 section 3.4): read tolerantly, never refused. Pure, bounded.

``mail/address`` is strict and for what a user types; here whatever a stranger wrote gives the best that can be had:
broken quotes, groups, comments, raw 8-bit text, encoded words with commas in them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from tuimail.mail.charset import decode
from tuimail.mail.encoded_word import decode_header

MOST_ADDRESSES = 1000
"""Addresses of a field that are read."""
_CACHED_LENGTH = 1000
"""Bytes of a field up to which its addresses are remembered: the same people write again."""

_ONE = re.compile(r'(?:"([^"\\]*+)"|([^"<>(),:;\\\[\]]*+)) *+<([^<>\s()",;:\\]++)>\Z')
"""What nearly all fields are: a name, and an address in angle brackets."""
_TOKEN = re.compile(
    r"""(?P<encoded>=\?[^?\s]{1,60}\?[bBqQ]\?[^?\s]*+\?=)
       |"(?P<quoted>(?:[^"\\]|\\.)*+)"
       |<(?P<angle>(?:[^<>"]|"[^"]*+")*+)>
       |<(?P<open>[^<>",;]*+)
       |(?P<literal>\[[^\[\]()<>,;"]*+\])
       |(?P<special>[,;:(])
       |(?P<word>[^",;:(<=\[]++|[^"])""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_PIECE = re.compile(r"[^()\\]++|\\.|.", re.DOTALL)
_AT_DOMAIN = re.compile(r'@[^\s,;<>()"]*+')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class ReceivedAddress(NamedTuple):
    """A mailbox, or what stood in its place. Decoded, not sanitised."""

    name: str
    address: str
    """As written, without its angle brackets; empty if there is none, as for the name of an empty group."""


def received_addresses(value: bytes) -> tuple[ReceivedAddress, ...]:
    """The addresses of an unfolded field, in order; the members of groups among them."""
    return _remembered(value) if len(value) <= _CACHED_LENGTH else _read(value)


@lru_cache(maxsize=8192)
def _remembered(value: bytes) -> tuple[ReceivedAddress, ...]:
    return _read(value)


def _read(value: bytes) -> tuple[ReceivedAddress, ...]:
    text, _ = decode(value, "")
    text = text.strip()
    match = _ONE.match(text)
    if match is not None:
        name = match[2] if match[1] is None else match[1]
        return (ReceivedAddress(_plain_name(name), match[3]),)
    return tuple(_List(text).read()) if text else ()


class _List:
    """Reads one field of any form."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: list[ReceivedAddress] = []
        self._pieces: list[str] = []
        self._comments: list[str] = []
        self._angle: str | None = None
        self._is_address = False
        """There is an @ among the pieces."""
        self._group = ""
        self._unclosed_comment = False

    def read(self) -> list[ReceivedAddress]:
        position = 0
        while position < len(self._text) and len(self._found) < MOST_ADDRESSES:
            match = _TOKEN.match(self._text, position)
            if match is None:
                # A quotation mark that is never closed: it says nothing, nor do those behind it.
                self._text = self._text[:position] + self._text[position:].replace('"', " ")
                continue
            position = match.end()
            kind = match.lastgroup
            if kind == "special":
                position = self._special(match[0], position)
            elif kind in ("angle", "open"):
                self._take_angle(match[kind])
            elif kind == "quoted":
                domain = _AT_DOMAIN.match(self._text, position)
                if domain is None:
                    self._pieces.append(_ESCAPED.sub(r"\1", match["quoted"]))
                else:
                    self._take_angle(match[0] + domain[0])
                    position = domain.end()
            else:
                self._pieces.append(match[0])
                self._is_address = self._is_address or "@" in match[0]
        if len(self._found) < MOST_ADDRESSES:
            self._end_of_address()
            self._end_of_group()
        return self._found

    def _special(self, char: str, position: int) -> int:
        """Where to go on."""
        if char == "(":
            return self._comment(position)
        if char == ":":
            if self._angle is None and not self._is_address:
                self._group = _plain_name("".join(self._pieces)) or self._group
                self._pieces.clear()
            else:
                self._pieces.append(char)
            return position
        self._end_of_address()
        if char == ";":
            self._end_of_group()
        return position

    def _comment(self, start: int) -> int:
        depth, position = 1, start
        while depth and position < len(self._text) and not self._unclosed_comment:
            match = _COMMENT_PIECE.match(self._text, position)
            if match is None:
                break
            position = match.end()
            depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth:
            self._unclosed_comment = True
            self._pieces.append("(")
            return start
        self._comments.append(_ESCAPED.sub(r"\1", self._text[start : position - 1]))
        return position

    def _take_angle(self, inside: str) -> None:
        """Of several addresses in brackets the last counts; the others are shown as part of the name."""
        if self._angle:
            self._pieces.append(f"<{self._angle}>")
        route = inside.strip()
        self._angle = route.rpartition(":")[2].strip() if route.startswith("@") else route

    def _end_of_address(self) -> None:
        words = "".join(self._pieces).strip()
        comment = " ".join(self._comments)
        angle = self._angle
        self._pieces.clear()
        self._comments.clear()
        self._angle = None
        self._is_address = False
        if angle is None:
            if not words and not comment:
                return
            words, angle = _bare_address(words)
        self._found.append(ReceivedAddress(_plain_name(words) or _plain_name(comment), angle or ""))
        # A group that has members needs no line of its own.
        self._group = ""

    def _end_of_group(self) -> None:
        if self._group:
            self._found.append(ReceivedAddress(self._group, ""))
            self._group = ""


def _bare_address(text: str) -> tuple[str, str]:
    """Name and address of what has no angle brackets: the last word with an @, or a word that stands alone."""
    words = text.split()
    if len(words) == 1:
        return "", words[0]
    for place in range(len(words) - 1, -1, -1):
        if "@" in words[place]:
            return " ".join(words[:place] + words[place + 1 :]), words[place]
    return text, ""


def _plain_name(text: str) -> str:
    return " ".join((decode_header(text) if "=?" in text else text).split())
