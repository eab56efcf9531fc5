"""The parts of a letter (RFC 2045, 2046): text, files, and the two together. Pure.

Everything is 7-bit, so that no relay has to convert it: text unchanged or quoted-printable, files as base64. Text is in
memory; files are read from disk when the letter is written (compose/transfer).
"""

from __future__ import annotations

import binascii
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.compose.content_type import MAIL, UNKNOWN, valid_content_type
from tuimail.compose.transfer import Base64, as_embedded_mail, holds, is_utf8
from tuimail.errors import MessageError
from tuimail.mail import flowed
from tuimail.mail.content import InMemory, Joined
from tuimail.mail.header import MAX_LINE, check_text, parameter, structured_field, text_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.compose.draft import Attachment
    from tuimail.mail.content import Content


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""What nobody types: every control character but TAB and the line end, and halves of characters."""
_NEVER_TEXT = re.compile("[\x00\ud800-\udfff]")
_FROM = re.compile(rb"^From ", re.MULTILINE)
_UNSAFE = re.compile(rb"[^\t -~]|[ \t]\Z|\AFrom ")
"""In a line as it is: what is no printable ASCII, a blank at its end, or the beginning that mailbox files quote."""


@dataclass(frozen=True, slots=True)
class MimePart:
    """One MIME part."""

    fields: tuple[bytes, ...]
    """The Content-* fields with their line ends."""
    body: Content
    """Encoded, CRLF only."""

    def after(self, head: bytes) -> Joined:
        """The part with ``head`` before it, as in a letter."""
        return Joined((InMemory(b"".join((head, *self.fields, b"\r\n"))), self.body))


def text_part(text: str) -> MimePart:
    r"""``text`` (paragraphs separated by ``\n``) as text/plain, format=flowed.

    Raises:
        MessageError: a control character that is not allowed in text; ``field`` is "body".
    """
    _check(text, _CONTROLS)
    lines = flowed.encode(text).split("\n")
    raw = "\n".join(lines).encode()
    charset = "us-ascii" if raw.isascii() else "utf-8"
    plain = raw.isascii() and all(len(line) <= MAX_LINE for line in lines)
    encoded = raw if plain else binascii.b2a_qp(raw, istext=True)
    return MimePart(
        (
            structured_field("Content-Type", "text/plain", [f"charset={charset}", "format=flowed"]),
            structured_field("Content-Transfer-Encoding", "7bit" if plain else "quoted-printable"),
        ),
        InMemory(encoded.replace(b"\n", b"\r\n") + b"\r\n"),
    )


def verbatim_part(text: str) -> MimePart:
    r"""``text`` (lines separated by ``\n``) as text/plain that arrives as it is, every character of it.

    Quoted-printable keeps what does not survive as it is on the way: blanks at the end of a line, control characters,
    long lines, and a line that begins with "From ", which a mailbox file would quote. RFC 5322 section 2.3 allows no
    bare CR and section 3.5 no NUL; a CR is encoded, a NUL refused.

    Raises:
        MessageError: a NUL or a lone surrogate; ``field`` is "body".
    """
    _check(text, _NEVER_TEXT)
    lines = text.encode().split(b"\n")
    plain = not any(map(_needs_encoding, lines))
    encoded = lines if plain else [_quoted_printable(line) for line in lines]
    charset = "us-ascii" if text.isascii() else "utf-8"
    return MimePart(
        (
            structured_field("Content-Type", "text/plain", [f"charset={charset}"]),
            structured_field("Content-Transfer-Encoding", "7bit" if plain else "quoted-printable"),
        ),
        InMemory(b"\r\n".join(encoded) + b"\r\n"),
    )


def file_part(attachment: Attachment, file: Content) -> MimePart:
    """A file as an attachment.

    A mail goes as message/rfc822 if it may: RFC 2046 section 5.2.1 forbids base64 there, so it must be 7-bit with
    lines of at most 998 bytes, and its line ends become CRLF. Any other mail goes as an ordinary file with its name
    (``.eml``), byte for byte: every receiver can open that, while message/global is known to few.
    """
    content_type = valid_content_type(attachment.content_type)
    if content_type == MAIL:
        mail = as_embedded_mail(file)
        if mail is not None:
            fields = [structured_field("Content-Type", MAIL), structured_field("Content-Transfer-Encoding", "7bit")]
            return MimePart((*fields, *_named(attachment)), mail)
    if content_type.startswith("message/"):
        content_type = UNKNOWN
    charset = ["charset=utf-8"] if content_type.startswith("text/") and is_utf8(file) else []
    return MimePart(
        (
            structured_field("Content-Type", content_type, charset),
            structured_field("Content-Transfer-Encoding", "base64"),
            *_named(attachment),
        ),
        Base64(file),
    )


def mixed(parts: Sequence[MimePart]) -> MimePart:
    """``parts`` as multipart/mixed, with a boundary that occurs in none of them."""
    boundary = _boundary(parts)
    delimiter = b"--" + boundary.encode("ascii")
    pieces: list[Content] = []
    for part in parts:
        pieces.append(part.after((b"\r\n" if pieces else b"") + delimiter + b"\r\n"))
    body = Joined((*pieces, InMemory(b"\r\n" + delimiter + b"--\r\n")))
    return MimePart((structured_field("Content-Type", "multipart/mixed", [f'boundary="{boundary}"']),), body)


def _boundary(parts: Sequence[MimePart]) -> str:
    """A boundary with ``=_``, which occurs neither in base64 nor in quoted-printable; other parts are searched."""
    readable = [part.after(b"") for part in parts if not isinstance(part.body, Base64)]
    while True:
        boundary = f"=_{secrets.token_hex(15)}"
        if not any(holds(each, boundary.encode("ascii")) for each in readable):
            return boundary


def _named(attachment: Attachment) -> list[bytes]:
    check_text("Attachment", attachment.name)
    fields = [structured_field("Content-Disposition", "attachment", parameter("filename", attachment.name))]
    if attachment.description:
        fields.append(text_field("Content-Description", attachment.description))
    return fields


def _needs_encoding(line: bytes) -> bool:
    return len(line) > MAX_LINE or _UNSAFE.search(line) is not None


def _quoted_printable(line: bytes) -> bytes:
    """One line (RFC 2045 section 6.7)."""
    encoded = binascii.b2a_qp(line, istext=False).replace(b"\n", b"\r\n")
    return _FROM.sub(b"F=\r\nrom ", encoded)


def _check(text: str, refused: re.Pattern[str]) -> None:
    found = refused.search(text)
    if found:
        raise MessageError(
            f"Line {text.count(chr(10), 0, found.start()) + 1} of the text contains a control character "
            f"(U+{ord(found[0]):04X}).",
            hint="Delete it and send again.",
            field="body",
        )
