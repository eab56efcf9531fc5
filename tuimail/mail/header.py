"""Writes header fields (RFC 5322 section 2.2, RFC 2047, RFC 2231, RFC 6532).

The standard library's writer cannot be used: it encodes long Message-IDs (which breaks threading), unquotes long names
with commas (which turns them into new recipients) and encodes domains. Lines are folded at 78 columns if possible (76
with encoded words) and never exceed 998 bytes.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from tuimail.errors import InjectionError
from tuimail.mail.address import quoted_phrase
from tuimail.mail.encoded_word import decode_header, encode_words
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tuimail.mail.address import Address

__all__ = [
    "address_field",
    "check_text",
    "decode_header",
    "id_field",
    "made_visible",
    "parameter",
    "structured_field",
    "text_field",
    "unfolded",
]

FOLD_AT = 78
ENCODED_LINE = 76
"""Maximum columns of a line with an encoded word (RFC 2047 section 2)."""
MAX_LINE = 998
_LONG_WORD = 900
"""A word longer than this cannot safely stand in one line and is encoded."""

_FOLD = re.compile(r"(?:\r\n|\n|\r)(?=[ \t])")
_LINE_END = re.compile(r"[\r\n]+")
_FIELD_NAME = re.compile(r"[!-9;-~]{1,76}\Z")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,990}>\Z")
_TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`{|}~-]+\Z")
_QUOTABLE = re.compile(r"[ !#-;=?-\[\]-~]*\Z")
_ATTRIBUTE_CHARS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~")
_PARAMETER_ROOM = 60


def check_text(name: str, value: str) -> None:
    """Refuse characters that could end the field or control a terminal.

    Raises:
        InjectionError: ``value`` contains CR, LF, NUL, another control character, a line separator or a lone surrogate.
    """
    for char in value:
        if _is_control(char):
            raise InjectionError(
                f"{safe_line(name)} holds a control character (U+{ord(char):04X}), so the letter cannot be sent.",
                hint="Take it out: a header field is one line of plain text.",
                field=name.casefold(),
            )


def unfolded(value: str, *, joint: str = " ") -> str:
    """A header value as a program hands it over, in one line: a line end before white space is a fold and goes away.

    Any other line end parts two values that belong together; ``joint`` stands in its place (RFC 5322 section 2.2.3).
    """
    return joint.join(_LINE_END.split(_FOLD.sub("", value.strip("\r\n"))))


def made_visible(value: str) -> str:
    """``value`` with the control characters that ``text_field`` refuses made visible (``^[``)."""
    return "".join(safe_line(char) if char != "\t" and _is_control(char) else char for char in value)


def text_field(name: str, value: str) -> bytes:
    """A field of free text (Subject): words that are not ASCII, or look encoded already, become encoded words.

    TAB is white space there (RFC 5322 section 3.2.5).

    Raises:
        InjectionError: a control character in ``name`` or ``value``.
    """
    _check_name(name)
    check_text(name, value.replace("\t", " "))
    return _folded(name, [_text_pieces(value, column=len(name) + 2)])


def address_field(name: str, addresses: Sequence[Address], *, if_none: str = "") -> bytes:
    """A field of addresses, folded between them; its value is ``if_none`` if there are none.

    Domains are written as A-labels. A local part that is not ASCII is written raw: such a letter needs SMTPUTF8.

    Raises:
        InjectionError: a control character.
    """
    _check_name(name)
    groups: list[list[str]] = []
    for address in addresses:
        check_text(name, address.display_name)
        check_text(name, address.local_part)
        check_text(name, address.domain)
        if address.display_name:
            room = ENCODED_LINE - len(name) - 2 if not groups else ENCODED_LINE
            groups.append([*_phrase_pieces(address.display_name, room), f" <{address.wire_spec()}>"])
        else:
            groups.append([f" {address.wire_spec()}"])
    for group in groups[:-1]:
        group[-1] += ","
    return _folded(name, groups or [[f" {if_none}"]])


def id_field(name: str, ids: Iterable[str]) -> bytes:
    """A field of Message-IDs (References), folded between them and never encoded, however long they are.

    Raises:
        InjectionError: one of them is not a Message-ID.
    """
    _check_name(name)
    pieces: list[str] = []
    for each in ids:
        if not is_message_id(each):
            raise InjectionError(
                f'"{safe_line(each)[:80]}" is not a Message-ID, so it cannot be used in {name}.', field=name.casefold()
            )
        pieces.append(f" {each}")
    return _folded(name, [[piece] for piece in pieces])


def is_message_id(text: str) -> bool:
    """Whether ``text`` is one Message-ID with its angle brackets that can stand in a header field as it is."""
    return _MESSAGE_ID.match(text) is not None


def structured_field(name: str, value: str, parameters: Iterable[str] = ()) -> bytes:
    """A field of ASCII tokens with parameters (Content-Type), folded between these.

    Raises:
        InjectionError: a control character.
    """
    _check_name(name)
    pieces = [value, *parameters]
    for piece in pieces:
        check_text(name, piece)
    last = len(pieces) - 1
    return _folded(name, [[f" {piece}{';' if n < last else ''}"] for n, piece in enumerate(pieces)])


def parameter(name: str, value: str) -> list[str]:
    """``name=value`` for a structured field, as RFC 2231 sections if it is not plain ASCII.

    A plain value is never split, however long, because many mail programs do not support continuations.
    """
    if _TOKEN.match(value):
        return [f"{name}={value}"]
    if _QUOTABLE.match(value) and "=?" not in value and value == value.strip() and len(value) < _LONG_WORD:
        return [f'{name}="{value}"']
    sections: list[str] = [""]
    for byte in value.encode():
        piece = chr(byte) if byte in _ATTRIBUTE_CHARS else f"%{byte:02X}"
        if len(sections[-1]) + len(piece) > _PARAMETER_ROOM:
            sections.append("")
        sections[-1] += piece
    if len(sections) == 1:
        return [f"{name}*=utf-8''{sections[0]}"]
    charset = "utf-8''"
    return [f"{name}*{n}*={'' if n else charset}{section}" for n, section in enumerate(sections)]


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}


def _check_name(name: str) -> None:
    if not _FIELD_NAME.match(name):
        raise InjectionError(
            f'"{safe_line(name)[:80]}" is not the name of a header field.',
            hint="Names are ASCII letters, digits and hyphens.",
            field=name.casefold(),
        )


def _text_pieces(value: str, *, column: int) -> list[str]:
    """``value`` in pieces that each begin with the white space before them; a fold may stand before any of them."""
    if not value:
        return [""]
    words = value.split(" ")
    wild = [n for n, word in enumerate(words) if _must_encode(word)]
    edges = value != value.strip(" \t")
    if not wild and not edges:
        return _spaced(words)
    # Readers differ on several spaces beside an encoded word: all of it becomes encoded then.
    first, last = (0, len(words) - 1) if edges or "  " in value else (wild[0], wild[-1])
    before = _spaced(words[:first])
    room = ENCODED_LINE - column - sum(map(len, before))
    encoded = encode_words(" ".join(words[first : last + 1]), first_room=room)
    return [*before, *(f" {word}" for word in encoded), *_spaced(words[last + 1 :])]


def _must_encode(word: str) -> bool:
    # A TAB at its edge could be left alone in a line, or be taken for that of a fold.
    odd = not word.isascii() or "=?" in word or "?=" in word or word != word.strip("\t")
    return odd or len(word) > _LONG_WORD


def _spaced(words: Sequence[str]) -> list[str]:
    """Words with one space before each; several spaces in a row stay with the word after them."""
    pieces: list[str] = []
    spaces = ""
    for word in words:
        spaces += " "
        if word:
            pieces.append(spaces + word)
            spaces = ""
    if spaces:
        pieces.append(spaces)
    return pieces


def _phrase_pieces(name: str, room: int) -> list[str]:
    """A display name: plain words, a quoted text in one piece, or encoded words, the first ``room`` columns long."""
    odd_space = name != name.strip(" ") or "  " in name
    if odd_space or len(name) > _LONG_WORD or any(_must_encode(word) for word in name.split(" ")):
        return [f" {word}" for word in encode_words(name, first_room=room)]
    quoted = quoted_phrase(name)
    return _spaced(quoted.split(" ")) if quoted == name else [f" {quoted}"]


def _folded(name: str, groups: Sequence[Sequence[str]]) -> bytes:
    """The field with its line end; a fold goes before a group that does not fit, then between its pieces."""
    lines: list[bytes] = []
    line = f"{name}:".encode("ascii")
    fresh = True  # nothing but the name, or nothing at all, stands in the line
    for group in groups:
        pieces = [piece.encode() for piece in group]
        if not fresh and len(line) + sum(map(len, pieces)) > _room(line, *pieces):
            lines.append(line)
            line, fresh = b"", True
        for piece in pieces:
            room = _room(line, piece)
            # What cannot be folded may be longer; an encoded word has a line of its own then, even below a long name.
            if len(line) + len(piece) > (MAX_LINE if fresh and room == FOLD_AT else room):
                lines.append(line)
                line = b""
            line += piece
            fresh = False
    lines.append(line)
    return b"\r\n".join(lines) + b"\r\n"


def _room(*pieces: bytes) -> int:
    """Columns of the line that ``pieces`` make."""
    return ENCODED_LINE if any(b"=?" in piece for piece in pieces) else FOLD_AT
