"""The sanitiser: makes untrusted text safe to show in a terminal.

Nothing is dropped silently: a character that controls the terminal, reorders the line or is invisible is replaced by
its name (``^[``, ``<U+202E>``), so that the reader sees it.
"""

from __future__ import annotations

import re
import unicodedata

TAB_WIDTH = 8

_ZWNJ = "\u200c"
_ZWJ = "\u200d"
_TEXT_STYLE = "\ufe0e"
_EMOJI_STYLE = "\ufe0f"
_KEYCAP = "\u20e3"
_WITHOUT_WIDTH = _ZWJ + _EMOJI_STYLE
_VIRAMA = 9
"""Canonical combining class of the sign that joins Indic letters."""

# Everything that acts or hides: controls, line and paragraph separators, the format characters (category Cf), fillers
# and selectors that have no shape of their own, surrogates, the tag plane.
_SUSPECT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\ud800-\udfff]"
)


def safe_line(text: str) -> str:
    """``text`` as one line that is safe to show.

    Controls (C0, DEL, C1, line ends and tabs included), bidi overrides and invisible characters become visible; lone
    surrogates become U+FFFD. Joiners stay if a script or an emoji needs them.
    """
    if text.isascii() and text.isprintable():
        return text
    return _SUSPECT.sub(_shown, text)


def safe_text(text: str) -> str:
    r"""The same for several lines: ``\n`` stays, CRLF becomes ``\n``, tabs become spaces up to the next stop."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(safe_line(line.expandtabs(TAB_WIDTH)) for line in lines)


def hidden(text: str) -> list[int]:
    """Positions of the characters of ``text`` that ``safe_line`` makes visible, tabs and line ends apart."""
    if text.isascii() and text.isprintable():
        return []
    return [each.start() for each in _SUSPECT.finditer(text) if each.group() not in "\t\n" and not _belongs(each)]


def cells(text: str) -> int:
    """The width of ``text`` in terminal cells (considers East Asian wide and combining characters).

    Rich measures what Textual draws; this is for text that is written or wrapped without it.
    """
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char) or char in _WITHOUT_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def safe_json(document: str) -> str:
    """The JSON ``text`` of ``json.dumps`` with every unsafe character escaped; its value does not change.

    JSON itself escapes only C0; DEL, C1, bidi overrides and invisible characters would reach the terminal.
    """
    if document.isascii() and "\x7f" not in document:
        return document
    return _SUSPECT.sub(_json_escape, document)


def _json_escape(match: re.Match[str]) -> str:
    char = match.group()
    if char == "\n":  # between the values of an indented document
        return char
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _shown(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if _belongs(match):
        return char
    if code < 0x20 or code == 0x7F:
        return f"^{chr(code ^ 0x40)}"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"<U+{code:04X}>"


def _belongs(match: re.Match[str]) -> bool:
    """Whether a script or an emoji needs the invisible character here."""
    char, text = match.group(), match.string
    before = text[match.start() - 1] if match.start() else ""
    after = text[match.end()] if match.end() < len(text) else ""
    if not before:
        return False
    if char in (_TEXT_STYLE, _EMOJI_STYLE):
        return _pictures(before) or (before in "0123456789#*" and after == _KEYCAP)
    if char not in (_ZWJ, _ZWNJ) or not after:
        return False
    if unicodedata.combining(before) == _VIRAMA:
        return True
    if char == _ZWNJ:
        # Persian and its neighbours part letters of one word with it.
        return unicodedata.bidirectional(before) == unicodedata.bidirectional(after) == "AL"
    return (_pictures(before) or before == _EMOJI_STYLE) and _pictures(after)


def _pictures(char: str) -> bool:
    """Whether ``char`` can be (part of) an emoji."""
    if char in "\u203c\u2049\u2139\u3030" or "\u2190" <= char <= "\u21ff":
        return True
    return char > "\u00a8" and unicodedata.category(char) in {"So", "Sk"} and char != "\u2800"
