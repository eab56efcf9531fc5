"""Text with placeholders: ``{name}``, ``{name|fallback if it is empty}``, and ``{{`` for a brace. Pure.

Nothing else is supported between braces: no attributes, no formats, no code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.errors import MessageError
from tuimail.mail.address_tokens import EDGES
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TOKEN = re.compile(r"\{\{|\{([^{}|\n]*)(?:\|([^{}\n]*))?\}|\{")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A placeholder for a value."""

    name: str
    """As in ``key``."""
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A text as pieces of text and placeholders, in order."""

    pieces: tuple[str | Placeholder, ...]

    @property
    def names(self) -> frozenset[str]:
        """The names of its placeholders."""
        return frozenset(piece.name for piece in self.pieces if isinstance(piece, Placeholder))

    def fill(self, values: Mapping[str, str], *, shape: Callable[[str], str] = str) -> str:
        """The text with ``values`` (by their ``key``), each through ``shape``. Raises KeyError for an unknown field."""
        return "".join(
            shape(values[piece.name] or piece.fallback) if isinstance(piece, Placeholder) else piece
            for piece in self.pieces
        )


def parse(text: str, where: str) -> Template:
    """Parse ``text``; ``where`` names it in an error ("subject", "text").

    Raises:
        MessageError: a brace is not closed, or there is no name in it.
    """
    pieces: list[str | Placeholder] = []
    position = 0
    for token in _TOKEN.finditer(text):
        pieces.append(text[position : token.start()])
        position = token.end()
        if token[0] == "{{":
            pieces.append("{")
        elif token[1] is not None and token[1].strip():
            pieces.append(Placeholder(key(token[1]), (token[2] or "").strip()))
        else:
            line = text.count("\n", 0, token.start()) + 1
            shown = safe_line(text[token.start() : token.start() + 20].split("\n", maxsplit=1)[0])
            raise MessageError(
                f'Line {line} of the {where} has a brace that is no field: "{shown}".',
                hint="A field is {name} or {name|fallback}; a brace itself is written {{.",
                field="body" if where == "text" else where,
            )
    pieces.append(text[position:])
    return Template(tuple(piece for piece in pieces if piece))


def key(name: str) -> str:
    """The form in which names are compared: white space and upper case are ignored."""
    return " ".join(name.strip(EDGES).split()).casefold()
