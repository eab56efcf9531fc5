"""A letter as its receiver sees it: decoded header and text, and the names of files. Pure except for reading it.

No content raises an error, and only text and small parts are in memory. The result is not sanitised: the caller must
show it through mail/text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from tuimail.compose.abridge import AbridgedText
from tuimail.mail import flowed
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.parts import leaves, read_part
from tuimail.mail.transfer_decoding import from_base64, from_quoted_printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tuimail.mail.content import Content
    from tuimail.mail.parts import ParsedPart

LONGEST = 1_000_000
"""Bytes of text that are shown, of all text parts together."""
MOST_FILES = 1000
"""Files that are listed."""
SHOWN = ("From", "Reply-To", "To", "Cc", "Subject", "Date")
"""Fields of the head, in this order."""
HTML_ONLY = "(This letter has its text as HTML only; tuimail does not draw that. The bytes show it as it is written.)"

_MOST_PARAMETERS = 100
_NAME = 1000
"""Characters of a file's name that are looked at."""
_PARAMETER = re.compile(r";\s*+([\w!#$&^.+*%-]{1,60})\s*+=\s*+(?:\"((?:[^\"\\]|\\.){0,2000}+)\"|([^\s;\"]{0,2000}))")
_SECTION = re.compile(r"([^*]+)\*(?:(\d{1,3})(\*?))?")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_REFUSED = re.compile(r"utf.?7|escape|idna|punycode|undefined|mbcs|oem|charmap", re.IGNORECASE)
"""Codecs of Python that are no charsets of mail, and UTF-7."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file that is in the letter."""

    name: str
    """As the letter gives it, decoded; empty if it gives none."""
    content_type: str
    size: int
    """Bytes, once its transfer encoding is undone."""


@dataclass(frozen=True, slots=True)
class LetterText:
    """The content as the receiver sees it. Not sanitised."""

    fields: tuple[tuple[str, str], ...]
    """Name and value, decoded and unfolded; of SHOWN those that the letter has."""
    text: str
    """Its plain text, with plain line ends and each flowed paragraph in one line."""
    files: tuple[FilePart, ...]
    """In the order of the letter."""
    cut: bool
    """There is more text than LONGEST."""


def letter_text(content: Content) -> LetterText:
    """The content as the receiver of ``content`` sees it.

    Blocks while it reads all of it. Raises what ``content.chunks`` raises.
    """
    outline = AbridgedText(content)
    letter = read_part(outline.text)
    head = tuple((name, decode_header(letter.fields[name.lower()])) for name in SHOWN if name.lower() in letter.fields)
    texts: list[str] = []
    files: list[FilePart] = []
    html = cut = False
    room = LONGEST
    for part in islice(leaves(letter), MOST_FILES):
        name = file_name(part)
        if part.content_type == "text/plain" and not name and not _is_attached(part):
            raw, more = _beginning(outline.restored(part.body), room)
            texts.append(_decoded(replace(part, body=raw)))
            room -= len(raw)
            cut = cut or more
        else:
            html = html or part.content_type == "text/html"
            size = sum(map(len, _unpacked(part, outline.restored(part.body))))
            files.append(FilePart(name, part.content_type, size))
    text = "\n".join(texts)
    return LetterText(head, text or (HTML_ONLY if html else ""), tuple(files), cut)


def parameters(value: str) -> dict[str, str]:
    """The parameters of a structured field, names in lower case, as RFC 2231 or RFC 2047 encodes them decoded."""
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in islice(_PARAMETER.finditer(value), _MOST_PARAMETERS):
        written = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
        name = match[1].lower()
        section = _SECTION.fullmatch(name)
        if section is None:
            plain.setdefault(name, decode_header(written))
        else:
            encoded = section[2] is None or bool(section[3])
            sections.setdefault(section[1], {}).setdefault(int(section[2] or 0), (written, encoded))
    return {**plain, **{name: _joined(found) for name, found in sections.items()}}


def file_name(part: ParsedPart) -> str:
    """The name of the file that ``part`` is, without folders; empty when it has none."""
    name = parameters(part.fields.get("content-disposition", "")).get("filename", "")
    name = name or parameters(part.fields.get("content-type", "")).get("name", "")
    return name[:_NAME].replace("\\", "/").rstrip("/").rpartition("/")[2].strip()


def _joined(sections: dict[int, tuple[str, bool]]) -> str:
    """RFC 2231 sections in one: ``utf-8''%C3%A4`` and what continues it."""
    charset = "utf-8"
    raw = b""
    for number in sorted(sections):
        written, encoded = sections[number]
        if encoded and number == 0 and written.count("'") >= 2:
            charset, _language, written = written.split("'", 2)
        data = written.encode("utf-8", "replace")
        raw += _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), data) if encoded else data
    return _in_charset(raw, charset)


def _is_attached(part: ParsedPart) -> bool:
    return part.fields.get("content-disposition", "").lstrip()[:10].lower() == "attachment"


def _beginning(pieces: Iterable[bytes], most: int) -> tuple[bytes, bool]:
    """At most ``most`` bytes of ``pieces``, whole lines where it has lines, and whether there are more."""
    found = bytearray()
    for piece in pieces:
        found += piece
        if len(found) > most:
            return bytes(found[: found.rfind(b"\n", 0, most) + 1 or most]), True
    return bytes(found), False


def _unpacked(part: ParsedPart, pieces: Iterator[bytes]) -> Iterable[bytes]:
    if part.encoding == "base64":
        return from_base64(pieces)
    return from_quoted_printable(pieces) if part.encoding == "quoted-printable" else pieces


def _decoded(part: ParsedPart) -> str:
    """The text of a part, by its charset and its format."""
    declared = parameters(part.fields.get("content-type", ""))
    raw = b"".join(_unpacked(part, iter((part.body,))))
    text = _in_charset(raw, declared.get("charset", "")).replace("\r\n", "\n").replace("\r", "\n")
    if declared.get("format", "").lower() == "flowed":
        text = flowed.decode(text, delete_space=declared.get("delsp", "").lower() == "yes")
    return text.rstrip("\n")


def _in_charset(raw: bytes, charset: str) -> str:
    """``raw`` decoded; where no charset is said, or none we know, as UTF-8, else as Latin-1. Never raises."""
    charset = charset.strip()[:40]
    if not _REFUSED.search(charset) and charset.lower() not in ("", "us-ascii", "ascii"):
        try:
            return raw.decode(charset, "replace")
        except (LookupError, ValueError):
            pass
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
