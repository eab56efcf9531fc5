"""The parts of a letter (RFC 2045, 2046): text, files, and the two together. Pure.

Everything is 7-bit, so that no relay has to convert it: text as it is or quoted-printable, files as base64.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.compose.content_type import MAIL, UNKNOWN, looks_like_mail, valid_content_type
from tuimail.errors import MessageError
from tuimail.mail import flowed
from tuimail.mail.header import MAX_LINE, check_text, parameter, structured_field, text_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tuimail.compose.draft import Attachment

_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Part:
    """One MIME part."""

    fields: tuple[bytes, ...]
    """The Content-* fields with their line ends."""
    body: bytes
    """Encoded, CRLF only."""

    def __bytes__(self) -> bytes:
        return b"".join((*self.fields, b"\r\n", self.body))


def text_part(text: str) -> Part:
    r"""``text`` (paragraphs separated by ``\n``) as text/plain, format=flowed.

    Raises:
        MessageError: a control character that text does not hold; ``field`` is "body".
    """
    _check(text)
    lines = flowed.encode(text).split("\n")
    raw = "\n".join(lines).encode()
    charset = "us-ascii" if raw.isascii() else "utf-8"
    plain = raw.isascii() and all(len(line) <= MAX_LINE for line in lines)
    encoded = raw if plain else binascii.b2a_qp(raw, istext=True)
    return Part(
        (
            structured_field("Content-Type", "text/plain", [f"charset={charset}", "format=flowed"]),
            structured_field("Content-Transfer-Encoding", "7bit" if plain else "quoted-printable"),
        ),
        encoded.replace(b"\n", b"\r\n") + b"\r\n",
    )


def file_part(attachment: Attachment, data: bytes) -> Part:
    """A file as an attachment.

    A mail goes as message/rfc822 if it may: RFC 2046 section 5.2.1 forbids base64 there, so it must be 7-bit with
    lines of at most 998 bytes, and its line ends become CRLF. Any other mail goes as an ordinary file with its name
    (``.eml``), byte for byte: every receiver can open that, while message/global is known to few.
    """
    content_type = valid_content_type(attachment.content_type)
    if content_type == MAIL:
        mail = _LINE_END.sub(b"\r\n", data)
        if _may_be_embedded(mail):
            fields = [structured_field("Content-Type", MAIL), structured_field("Content-Transfer-Encoding", "7bit")]
            return Part((*fields, *_named(attachment)), mail)
    if content_type.startswith("message/"):
        content_type = UNKNOWN
    charset = ["charset=utf-8"] if content_type.startswith("text/") and _is_utf8(data) else []
    return Part(
        (
            structured_field("Content-Type", content_type, charset),
            structured_field("Content-Transfer-Encoding", "base64"),
            *_named(attachment),
        ),
        base64.encodebytes(data).replace(b"\n", b"\r\n"),
    )


def mixed(parts: Sequence[Part]) -> Part:
    """``parts`` one after the other as multipart/mixed, with a boundary that stands in none of them."""
    rendered = [bytes(part) for part in parts]
    boundary = _boundary(rendered)
    delimiter = b"--" + boundary.encode("ascii")
    pieces = [piece for part in rendered for piece in (b"\r\n" + delimiter + b"\r\n", part)]
    body = b"".join([*pieces, b"\r\n" + delimiter + b"--\r\n"])
    return Part((structured_field("Content-Type", "multipart/mixed", [f'boundary="{boundary}"']),), body[2:])


def _boundary(rendered: Iterable[bytes]) -> str:
    """``=_`` occurs neither in base64 nor in quoted-printable; embedded mails are looked through."""
    parts = tuple(rendered)
    while True:
        boundary = f"=_{secrets.token_hex(15)}"
        if not any(boundary.encode("ascii") in part for part in parts):
            return boundary


def _named(attachment: Attachment) -> list[bytes]:
    check_text("Attachment", attachment.name)
    fields = [structured_field("Content-Disposition", "attachment", parameter("filename", attachment.name))]
    if attachment.description:
        fields.append(text_field("Content-Description", attachment.description))
    return fields


def _may_be_embedded(mail: bytes) -> bool:
    if not mail.isascii() or b"\0" in mail or not looks_like_mail(mail):
        return False
    return all(len(line) <= MAX_LINE for line in mail.split(b"\r\n"))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _check(text: str) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if line.isprintable():
            continue
        for char in line:
            if char != "\t" and unicodedata.category(char) in {"Cc", "Cs"}:
                raise MessageError(
                    f"Line {number} of the text holds a control character (U+{ord(char):04X}).",
                    hint="Delete it and send again.",
                    field="body",
                )
