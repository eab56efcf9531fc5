"""A structured field with parameters (Content-Type, Content-Disposition) as received: RFC 2045, RFC 2231, RFC 2047.

Pure, bounded and tolerant: unclosed quotes, names with spaces and raw 8-bit text are read as well as they can be.
"""

from __future__ import annotations

import re
from itertools import islice

from tuimail.mail.charset import decode
from tuimail.mail.encoded_word import decode_header

LENGTH = 64 * 1024
"""Bytes of a field that are read."""
MOST_PARAMETERS = 60
"""Parameters, and sections of parameters, that are read."""

_PARAMETER = re.compile(
    r'(?:;\s*+|(?<=\S)\s++)([^\s;="]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)(?:"|\Z)|([^;]*+))', re.DOTALL
)
"""The semicolon is forgotten by some programs."""
_SECTION = re.compile(r"([^*]+)\*(?:(\d{1,3})(\*)?)?\Z")
_ESCAPED = re.compile(r'\\(["\\])')
"""Nothing else: the paths of Windows have single backslashes in some programs' names."""
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_WITH_SPACES = frozenset({"boundary", "filename", "name"})
"""Parameters of which a value without quotes may have spaces in it; of others the first word counts."""


def parse_parameters(value: bytes) -> dict[str, str]:
    """The parameters of ``value``, an unfolded field; names in lower case, values decoded. Not sanitised.

    A boundary has its raw bytes as surrogates (``surrogateescape``), because it is compared byte for byte.
    """
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in islice(_PARAMETER.finditer(value[:LENGTH].decode("latin-1")), MOST_PARAMETERS):
        name = match[1].lower()
        section = _SECTION.match(name)
        base = section[1] if section else name
        if match[2] is not None:
            written = _ESCAPED.sub(r"\1", match[2])
        else:
            written = match[3].strip() if base in _WITH_SPACES else match[3].partition(" ")[0].strip()
        if section is None:
            plain.setdefault(name, _text(name, written))
        else:
            encoded = section[2] is None or section[3] is not None
            sections.setdefault(base, {}).setdefault(int(section[2] or 0), (written, encoded))
    return {**plain, **{name: _joined(name, found) for name, found in sections.items()}}


def _text(name: str, written: str) -> str:
    raw = written.encode("latin-1")
    if name == "boundary":
        return raw.decode("utf-8", "surrogateescape")
    text, _ = decode(raw, "")
    return decode_header(text) if "=?" in text else text


def _joined(name: str, sections: dict[int, tuple[str, bool]]) -> str:
    """RFC 2231 sections in one: ``utf-8''%C3%A4`` and what continues it."""
    charset, raw = "", b""
    # Some programs put encoded words into sections. One that is escaped is meant as it is.
    words = any("=?" in written for written, _encoded in sections.values())
    for number in sorted(sections):
        written, encoded = sections[number]
        if not encoded:
            raw += written.encode("latin-1")
            continue
        if number == 0 and written.count("'") >= 2:
            charset, _, written = written.split("'", 2)
        raw += _PERCENT.sub(lambda match: bytes([int(match[1], 16)]), written.encode("latin-1"))
    if name == "boundary":
        return raw.decode("utf-8", "surrogateescape")
    text, _ = decode(raw, charset)
    return decode_header(text) if words else text
