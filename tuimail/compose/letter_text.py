"""A letter as its receiver sees it: decoded header and text, and the names of files. Pure except for reading it.

No content raises an error, and only text and small parts are in memory. The result is not sanitised: the caller must
show it through mail/text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.compose.abridge import AbridgedText
from tuimail.mail import flowed
from tuimail.mail.charset import decode
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.mime_tree import leaves, read_tree
from tuimail.mail.part_text import beginning, plain_line_ends
from tuimail.mail.transfer_decoding import decode_transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuimail.mail.content import Content
    from tuimail.mail.mime_tree import ReceivedPart

LONGEST = 1_000_000
"""Bytes of text that are shown, of all text parts together."""
SHOWN = ("From", "Reply-To", "To", "Cc", "Subject", "Date")
"""Fields of the head, in this order."""
HTML_ONLY = "(This letter has its text as HTML only; tuimail does not draw that. The bytes show it as it is written.)"

_NAME = 1000
"""Characters of a file's name that are looked at."""


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
    letter = read_tree(outline.text)
    head = tuple(
        (name, decode_header(letter.header.value(name.lower()))) for name in SHOWN if name.lower() in letter.header
    )
    texts: list[str] = []
    files: list[FilePart] = []
    html = cut = False
    room = LONGEST
    for part in leaves(letter):
        name = file_name(part)
        if _is_text(part) and not name:
            raw, more = beginning(_body(part, outline), room)
            texts.append(_text(part, raw, cut=more))
            room -= len(raw)
            cut = cut or more
        else:
            html = html or part.content_type == "text/html"
            files.append(FilePart(name, part.content_type, sum(map(len, _body(part, outline)))))
    text = "\n".join(filter(None, texts))
    return LetterText(head, text or (HTML_ONLY if html else ""), tuple(files), cut)


def file_name(part: ReceivedPart) -> str:
    """The name of the file that ``part`` is, without folders; empty when it has none."""
    return part.name[:_NAME].replace("\\", "/").rstrip("/").rpartition("/")[2].strip()


def _is_text(part: ReceivedPart) -> bool:
    """Whether ``part`` is plain text to be read; a multipart without a delimiter is."""
    kind = part.content_type
    is_plain = kind == "text/plain" or (kind.startswith("multipart/") and part.omitted is None)
    return is_plain and not part.is_attachment


def _body(part: ReceivedPart, outline: AbridgedText) -> Iterator[bytes]:
    """What the body of ``part`` encodes, piece by piece."""
    return decode_transfer(outline.restored(part.raw[part.body : part.end]), part.encoding)


def _text(part: ReceivedPart, raw: bytes, *, cut: bool) -> str:
    """``raw``, the decoded body, by the charset and the format of ``part``."""
    text = plain_line_ends(decode(raw, part.charset, cut=cut)[0])
    if part.parameters.get("format", "").lower() == "flowed":
        text = flowed.decode(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
    return text.rstrip("\n")
