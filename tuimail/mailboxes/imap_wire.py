"""The IMAP wire format (RFC 3501, RFC 9051): splits the stream into responses, parses them, quotes. Pure.

Everything here is iterative and has limits: too much data from a server is an error and does not use up memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from collections.abc import Iterator

Response = tuple[bytes, ...]
"""One response: text, then literals and text alternately; without line ends and ``{n}``."""

Value = Union[None, bytes, "Atom", list["Value"]]
"""A parsed value: NIL, a string, an atom, or a list."""

LINE_LIMIT = 1024 * 1024
CLEAR_LINE_LIMIT = 8 * 1024
"""Bytes of a line before TLS."""
CLEAR_LIMIT = 64 * 1024
"""Bytes in all before TLS."""
SIGNED_IN_LIMIT = 16 * 1024 * 1024
"""Bytes of a line and of a response after the sign-in: a SEARCH of a mailbox with a million messages has 8 MB."""
LITERAL_LIMIT = 1024 * 1024
RESPONSE_LIMIT = 4 * 1024 * 1024
PIECES_LIMIT = 10_000
"""Texts and literals in one response."""
DEPTH_LIMIT = 32


class ImapSyntaxError(Exception):
    """The server's data is not IMAP, or exceeds a limit."""


class Atom(bytes):
    """A value written without quotes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Status:
    """A status response: OK, NO, BAD, BYE or PREAUTH (RFC 3501 section 7.1)."""

    verdict: str
    code: str = ""
    """The response code's name, upper case: TRYCREATE, OVERQUOTA, AUTHENTICATIONFAILED."""
    text: str = ""
    """The server's text; not sanitised."""
    arguments: str = ""
    """Of the response code: the numbers of ``[COPYUID 7 3:4 9:10]``; not sanitised."""


_STATUS = re.compile(rb"(?:\S+ )?(OK|NO|BAD|BYE|PREAUTH)(?: |$)", re.IGNORECASE)
_LITERAL = re.compile(rb"\{(\d{1,20})\+?\}$")
_ANNOUNCEMENT = 23
"""Maximum length in bytes of the announcement of a literal."""
_TOKEN = re.compile(rb'[ ]*(?:([()])|"([^"\\]*+(?:\\.[^"\\]*+)*+)"|([^ ()"]+))', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


class ResponseReader:
    """Splits a byte stream into responses; literals may contain any bytes, including line ends."""

    def __init__(
        self, *, line_limit: int = LINE_LIMIT, literal_limit: int = LITERAL_LIMIT, response_limit: int = RESPONSE_LIMIT
    ) -> None:
        self._line_limit = line_limit
        self._literal_limit = literal_limit
        self._response_limit = response_limit
        self._buffer = bytearray()
        self._searched = 0
        self._pieces: list[bytes] = []
        self._size = 0
        self._literal: int | None = None
        self._wordy = False
        """The current response ends in text for people."""

    def widen(self, line_limit: int, response_limit: int) -> None:
        """Accept longer lines and responses from now on: the server is the account's own."""
        self._line_limit, self._response_limit = line_limit, response_limit

    @property
    def pending(self) -> bool:
        """An incomplete response has been received."""
        return bool(self._buffer or self._pieces)

    def feed(self, data: bytes) -> Iterator[Response]:
        """The responses that ``data`` completes.

        Raises:
            ImapSyntaxError: a line, a literal or a response is over its limit; nothing can be read after that.
        """
        self._buffer += data
        while (piece := self._next_piece()) is not None:
            self._size += len(piece) + 1
            if self._size > self._response_limit or len(self._pieces) >= PIECES_LIMIT:
                raise ImapSyntaxError("a response without end")
            was_literal = self._literal is not None
            self._literal = None
            self._pieces.append(piece)
            if was_literal:
                continue
            if len(self._pieces) == 1:
                # Only once for each response: a long first line with many literals behind it would cost their product.
                self._wordy = piece[:1] == b"+" or _STATUS.match(piece) is not None
            # The words of a status or a continuation may end like the announcement of a literal.
            announced = None if self._wordy else _LITERAL.search(piece, max(0, len(piece) - _ANNOUNCEMENT))
            if announced:
                size = int(announced.group(1))
                if size > self._literal_limit:
                    raise ImapSyntaxError(f"a literal of {size} bytes")
                self._pieces[-1] = piece[: announced.start()]
                self._literal = size
                continue
            response = tuple(self._pieces)
            self._pieces = []
            self._size = 0
            yield response

    def _next_piece(self) -> bytes | None:
        buffer = self._buffer
        if self._literal is not None:
            if len(buffer) < self._literal:
                return None
            piece = bytes(buffer[: self._literal])
            del buffer[: self._literal]
            return piece
        end = buffer.find(b"\n", self._searched)
        if (len(buffer) if end < 0 else end) > self._line_limit:
            raise ImapSyntaxError("a line without end")
        if end < 0:
            self._searched = len(buffer)
            return None
        piece = bytes(buffer[:end]).removesuffix(b"\r")
        del buffer[: end + 1]
        self._searched = 0
        return piece


def clear_reader() -> ResponseReader:
    """A reader with the lower limits that apply before TLS."""
    return ResponseReader(line_limit=CLEAR_LINE_LIMIT, literal_limit=CLEAR_LINE_LIMIT, response_limit=CLEAR_LIMIT)


def parse(response: Response) -> list[Value]:
    """The values of a response (LIST, NAMESPACE, SEARCH), in order.

    Raises:
        ImapSyntaxError: unbalanced or too deep parentheses, an open quote.
    """
    top: list[Value] = []
    stack = [top]
    for index, piece in enumerate(response):
        if index % 2:
            stack[-1].append(piece)
            continue
        position = 0
        text = piece.rstrip(b" ")
        while position < len(text):
            token = _TOKEN.match(text, position)
            if token is None:
                raise ImapSyntaxError("a quote that is never closed")
            position = token.end()
            _put(stack, token)
    if len(stack) != 1:
        raise ImapSyntaxError("parentheses that do not match")
    return top


def _put(stack: list[list[Value]], token: re.Match[bytes]) -> None:
    bracket, quoted_text, atom = token.groups()
    if bracket == b"(":
        if len(stack) > DEPTH_LIMIT:
            raise ImapSyntaxError("parentheses nested too deeply")
        inner: list[Value] = []
        stack[-1].append(inner)
        stack.append(inner)
    elif bracket == b")":
        if len(stack) == 1:
            raise ImapSyntaxError("parentheses that do not match")
        stack.pop()
    elif atom is not None:
        stack[-1].append(None if atom.upper() == b"NIL" else Atom(atom))
    else:
        stack[-1].append(_ESCAPED.sub(rb"\1", quoted_text))


def parse_status(line: bytes) -> Status | None:
    """A status response, with or without its tag; None when the line is something else."""
    match = _STATUS.match(line)
    if match is None:
        return None
    rest = line[match.end() :].decode("utf-8", "replace")
    verdict = match.group(1).decode().upper()
    # No regex: one with two repeats side by side takes the square of a code that is never closed.
    code, bracket, words = rest[1:].partition("]") if rest.startswith("[") else ("", "", "")
    if not bracket or not code or code[0].isspace():
        return Status(verdict, "", rest.strip())
    name, *arguments = code.split(maxsplit=1)
    return Status(verdict, name.upper(), words.strip(), "".join(arguments))


def quoted(text: str) -> str:
    """``text`` as a quoted string (RFC 3501 section 4.3).

    Raises:
        ValueError: it holds CR, LF or NUL, which no quoted string can.
    """
    if any(char in text for char in "\r\n\0"):
        raise ValueError("a line end or NUL cannot be quoted")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
