"""The tokens of a typed address list (RFC 5322 section 3.2), each with its position for error messages."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from tuimail.errors import AddressError
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterator

EDGES = (
    " \t\u00a0\u00ad\u061c\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c"
    "\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u202f\u205f\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069"
    "\u3000\ufeff"
)
"""White space and zero-width characters, which a paste may leave at either end of an address or a name."""

_AROUND = EDGES + "\x85\u2028\u2029"

_TOKEN = re.compile(
    r"""(?P<space>[ \t]+)
       |(?P<quoted>"[^"\\]*+(?:\\.[^"\\]*+)*+")
       |(?P<literal>\[[^\[\]\\]*\])
       |(?P<special>[<>@,;:])
       |(?P<word>[^ \t"()<>@,;:\[\]\\]+)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_PIECE = re.compile(r"[^()\\]+|\\.|[()]", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_OPENERS = {
    '"': "the quotation mark is never closed",
    "(": "the parenthesis is never closed",
    "[": "the bracket is never closed",
    ")": "a closing parenthesis without an opening one",
    "]": "a closing bracket without an opening one",
    "\\": "a backslash may stand only in quotation marks",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a quoted text, a domain literal, a special character or a comment."""

    kind: str
    """word, quoted, literal, special, comment"""
    text: str
    """Unquoted."""
    position: int
    spaced: bool
    """White space stood before it."""


class Tokens:
    """Splits ``text`` into tokens; ``field`` is used in the errors."""

    def __init__(self, text: str, field: str) -> None:
        self.text = text
        self.field = field

    def tokens(self) -> Iterator[Token]:
        """The tokens in order; white space is noted at the one after it."""
        # Line and paragraph separators are white space around a list, and control characters within one.
        text, spaced = self.text.rstrip(_AROUND), False
        position = len(text) - len(text.lstrip(_AROUND))
        while position < len(text):
            if text[position] == "(":
                end = self._comment_end(position)
                inside = text[position + 1 : end - 1].replace("\t", " ")
                yield Token("comment", _ESCAPED.sub(r"\1", inside), position, spaced)
                position = end
                continue
            match = _TOKEN.match(text, position)
            if match is None:
                self.fail(_OPENERS[text[position]], position)
            kind = match.lastgroup or ""
            if kind == "space":
                spaced = True
            else:
                # TAB is white space within quotation marks too.
                piece = match.group().replace("\t", " ")
                self._refuse_controls(piece, position)
                value = _ESCAPED.sub(r"\1", piece[1:-1]) if kind == "quoted" else piece
                yield Token(kind, value, position, spaced)
                spaced = False
            position = match.end()

    def _comment_end(self, start: int) -> int:
        depth, position = 0, start
        while depth or position == start:
            match = _COMMENT_PIECE.match(self.text, position)
            if match is None:
                self.fail(_OPENERS["("], start)
            position = match.end()
            depth += {"(": 1, ")": -1}.get(match.group(), 0)
        self._refuse_controls(self.text[start:position].replace("\t", " "), start)
        return position

    def _refuse_controls(self, piece: str, position: int) -> None:
        if piece.isprintable():
            return
        for offset, char in enumerate(piece):
            if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}:
                self.fail(f"there is a control character (U+{ord(char):04X})", position + offset)

    def fail(self, what: str, position: int) -> NoReturn:
        """The error for the problem ``what`` at ``position``."""
        raise AddressError(
            f'"{_around(self.text, position)}": {safe_line(what)}{"" if what.endswith("?") else "."}',
            text=self.text,
            position=min(position, len(self.text)),
            field=self.field,
        )


def _around(text: str, position: int) -> str:
    """The list's item at ``position``, short enough for one line of the screen."""
    start = max(text.rfind(",", 0, position), text.rfind(";", 0, position)) + 1
    ends = [end for end in (text.find(",", position), text.find(";", position)) if end > start]
    item = safe_line(text[start : min(ends, default=len(text))].strip() or text.strip())
    return item if len(item) <= 60 else f"{item[:59]}…"
