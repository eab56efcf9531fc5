"""Turns a frozen letter back into a draft, so that it can be edited and sent again.

Exact for letters written by tuimail. For letters of other programs (``tuimail sendmail``) the first plain text becomes
the text, and everything else becomes a file.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.compose.abridge import AbridgedText
from tuimail.compose.attachment import attach
from tuimail.compose.build import is_reserved
from tuimail.compose.content_type import MAIL, UNKNOWN, valid_content_type
from tuimail.compose.draft import Attachment, Draft
from tuimail.compose.file_name import clean_name, stored_name
from tuimail.durable import fsync_folder, storage_error
from tuimail.errors import AddressError, AttachmentError
from tuimail.mail import flowed
from tuimail.mail.address import Address, parse_addresses
from tuimail.mail.domain import unicode_domain
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.envelope import EnvelopeRecipient, RecipientField
from tuimail.mail.header import is_message_id, made_visible
from tuimail.mail.text import safe_line
from tuimail.mail.transfer_decoding import from_base64, from_quoted_printable
from tuimail.private_files import open_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from email.message import Message
    from pathlib import Path

    from tuimail.mail.content import Content

MAX_PARTS = 1000
_ID = re.compile(r"<[^<>\s]+>")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_UNSOUND = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_FOLD = re.compile(r"\r?\n")


def draft_from_letter(
    content: Content,
    recipients: Sequence[EnvelopeRecipient],
    folder: Path,
    *,
    account: str,
    identity: str,
    revises: str = "",
    draft_id: str,
) -> Draft:
    """The draft that ``content`` was frozen from.

    Args:
        content: The letter.
        recipients: Of its envelope, the only source for hidden ones.
        folder: The draft's folder, in which attached files are written under safe names, 0600.
        account: Name of the account that would have sent it.
        identity: Address it was written as.
        revises: Id of the outbox item it comes from.
        draft_id: Id of the new draft.

    Only its text and small parts are in memory.

    Raises:
        StorageError: the disk refuses a file.
        OSError: the letter cannot be read.
    """
    letter = AbridgedText(content)
    message = _parsed(letter.text)
    text, verbatim, files = _parts(message, letter)
    return Draft(
        id=draft_id,
        account=account,
        identity=identity,
        to=_addresses(message, "To"),
        cc=_addresses(message, "Cc"),
        bcc=", ".join(_bcc(each) for each in recipients if each.field is RecipientField.BCC),
        reply_to=_addresses(message, "Reply-To"),
        subject=_line(message, "Subject"),
        body=text,
        verbatim=verbatim,
        attachments=tuple(_stored(each, folder) for each in files),
        in_reply_to=next(iter(_ids(message, "In-Reply-To")), ""),
        references=tuple(_ids(message, "References")),
        headers=tuple(_extra(message)),
        revises=revises,
    )


def _parsed(content: bytes) -> Message:
    """By the standard parser under its oldest policy, the only one that does not raise on hostile mail."""
    from email import message_from_bytes, policy
    from email.parser import BytesHeaderParser

    try:
        return message_from_bytes(content, policy=policy.compat32)
    except RecursionError:
        # Hundreds of mails within each other: its head, and all the rest as one file.
        return BytesHeaderParser(policy=policy.compat32).parsebytes(content)


def _raw(message: Message, name: str) -> list[str]:
    """Every field called ``name``, unfolded, its raw bytes as the UTF-8 they mostly are."""
    found: list[str] = []
    for key, value in message.raw_items():
        if key.casefold() == name.casefold():
            raw = str(value).encode("utf-8", "surrogateescape")
            found.append(_FOLD.sub("", raw.decode("utf-8", "replace")))
    return found


def _line(message: Message, name: str) -> str:
    return "".join(made_visible(decode_header(each)) for each in _raw(message, name)[:1])


def _addresses(message: Message, name: str) -> str:
    """The list as typed: names decoded, domains in Unicode; an unreadable list stays for the user to correct."""
    shown: list[str] = []
    for raw in _raw(message, name):
        try:
            addresses = parse_addresses(raw)
        except AddressError:
            shown.append(made_visible(decode_header(raw)))
            continue
        shown += [_typed(address) for address in addresses]
    return ", ".join(each for each in shown if each)


def _typed(address: Address) -> str:
    name = made_visible(decode_header(address.display_name)) if "=?" in address.display_name else address.display_name
    return str(Address(name, address.local_part, unicode_domain(address.domain)))


def _bcc(recipient: EnvelopeRecipient) -> str:
    try:
        (address,) = parse_addresses(recipient.address)
    except (AddressError, ValueError):
        return recipient.address
    return str(Address(recipient.name, address.local_part, unicode_domain(address.domain)))


def _ids(message: Message, name: str) -> Iterator[str]:
    for raw in _raw(message, name):
        yield from (each for each in _ID.findall(raw) if is_message_id(each))


def _extra(message: Message) -> Iterator[tuple[str, str]]:
    """Fields that neither tuimail nor servers write."""
    for key, value in message.raw_items():
        if not is_reserved(key):
            raw = str(value).encode("utf-8", "surrogateescape")
            yield key, made_visible(decode_header(raw.decode("utf-8", "replace")))


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    content_type: str
    description: str
    data: Iterable[bytes]


def _parts(message: Message, letter: AbridgedText) -> tuple[str, bool, list[_File]]:
    """The text, whether it is verbatim, and the files; they are read when they are written."""
    text: str | None = None
    verbatim = False
    files: list[_File] = []
    raw = _sections(message, letter.text)
    for part in _leaves(message):
        content_type = part.get_content_type()
        name = _file_name(part)
        if text is None and content_type == "text/plain" and not name:
            text, verbatim = _text(part, letter)
            continue
        ending = {"text/html": ".html", "text/plain": ".txt", MAIL: ".eml"}.get(content_type, "")
        fallback = f"part-{len(files) + 1}{ending}"
        if content_type.startswith("message/"):
            # Where the cuts do not agree with the parser's the writer gets all of the letter.
            data = letter.restored(raw.get(id(part), letter.text))
        elif content_type.startswith("multipart/") and not _decoded(part):
            data = letter.restored(letter.text)  # a multipart without parts: the user gets all of it
        else:
            data = _file_of(part, letter)
        described = made_visible(decode_header(str(part.get("Content-Description", ""))))
        files.append(_File(name or fallback, valid_content_type(content_type), described, data))
    return text or "", verbatim, files


def _leaves(message: Message) -> Iterator[Message]:
    """Parts that hold no others, in order; an embedded mail is one of them. Not recursive, and bounded."""
    waiting, seen = [message], 0
    while waiting and seen < MAX_PARTS:
        part = waiting.pop()
        seen += 1
        inner = part.get_payload()
        if isinstance(inner, list) and not part.get_content_type().startswith("message/"):
            waiting.extend(each for each in reversed(inner) if not isinstance(each, str))
        else:
            yield part


def _text(part: Message, letter: AbridgedText) -> tuple[str, bool]:
    """The text for the composer, and whether it is verbatim."""
    charset = str(part.get_content_charset("utf-8"))
    raw = b"".join(_file_of(part, letter))
    try:
        decoded = raw.decode(charset)
    except (LookupError, ValueError):
        decoded = raw.decode("utf-8", "replace")
    text = decoded.replace("\r\n", "\n").removesuffix("\n")
    flows = str(part.get_param("format", "")).casefold() == "flowed"
    if flows:
        text = flowed.decode(text, delete_space=str(part.get_param("delsp", "")).casefold() == "yes")
    return text if _sound(text) else _visible(text), not flows


def _visible(text: str) -> str:
    """``text`` as the composer takes it: what it does not hold becomes visible, tabs and line ends stay."""
    return re.sub(_UNSOUND, lambda found: safe_line(found[0]), text)


def _sound(text: str) -> bool:
    """Text that compose/build takes as it is."""
    return not _UNSOUND.search(text)


def _file_name(part: Message) -> str:
    from email.utils import collapse_rfc2231_value

    try:
        value = part.get_param("filename", header="content-disposition") or part.get_param("name")
        # Message.get_filename would take off blanks that belong to the name.
        name = collapse_rfc2231_value(value) if value else ""
    except (ValueError, LookupError, TypeError):
        return ""
    return clean_name(name if isinstance(value, tuple) else decode_header(name)) if name.strip() else ""


def _decoded(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _file_of(part: Message, letter: AbridgedText) -> Iterator[bytes]:
    """What the body of ``part`` encodes, piece by piece if it is long."""
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().casefold()
    # Without the field the body comes as it is.
    fields = part.get_all("Content-Transfer-Encoding", [])
    del part["Content-Transfer-Encoding"]
    body = _decoded(part)
    for field in fields:
        part["Content-Transfer-Encoding"] = field
    if not letter.shortens(body):
        yield _decoded(part)
    elif encoding == "base64":
        yield from from_base64(letter.restored(body))
    elif encoding == "quoted-printable":
        yield from from_quoted_printable(letter.restored(body))
    elif encoding in {"", "7bit", "8bit", "binary"}:
        yield from letter.restored(body)
    else:
        # Something from before MIME (uuencode): rare, and only the standard parser knows it.
        part.set_payload(b"".join(letter.restored(body)).decode("ascii", "surrogateescape"))
        yield _decoded(part)


def _sections(message: Message, content: bytes) -> dict[int, bytes]:
    """The undecoded bodies of the parts by the id of the parsed ones: the parser rewrites embedded mails.

    Writing a parsed mail anew takes the square of its length, or all of the stack.
    """
    found: dict[int, bytes] = {}
    waiting = [(message, content)]
    while waiting and len(found) < MAX_PARTS:
        part, raw = waiting.pop()
        _, *body = _BLANK_LINE.split(raw, maxsplit=1)
        if not body:
            continue
        found[id(part)] = body[0]
        inner, boundary = part.get_payload(), part.get_boundary()
        if not isinstance(inner, list) or not boundary or part.get_content_maintype() != "multipart":
            continue
        delimiter = re.escape(b"--" + boundary.encode("utf-8", "replace"))
        pieces = re.split(rb"(?:\A|\r?\n)" + delimiter + rb"(?:--)?[ \t]*+(?=\r?\n|\Z)", raw)[1 : len(inner) + 1]
        if len(pieces) == len(inner):
            waiting.extend(
                (each, piece) for each, piece in zip(inner, pieces, strict=True) if not isinstance(each, str)
            )
    return found


def _stored(unpacked: _File, folder: Path) -> Attachment:
    """Write a file into ``folder`` under a name that is free and safe; durable before the draft names it."""
    base = stored_name(unpacked.name)
    stem, dot, ending = base.rpartition(".")
    for number in range(1, 10_000):
        path = folder / (base if number == 1 else f"{stem}-{number}{dot}{ending}" if stem else f"{base}-{number}")
        try:
            descriptor = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            continue
        except OSError as error:
            raise storage_error(path, error) from error
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in unpacked.data:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            path.unlink(missing_ok=True)
            raise storage_error(path, error) from error
        fsync_folder(folder)
        found = attach(path)
        kept = unpacked.content_type if unpacked.content_type != UNKNOWN else found.content_type
        return Attachment(found.path, unpacked.name, kept, found.size, unpacked.description)
    raise AttachmentError(
        f"{safe_line(unpacked.name)} cannot be unpacked: too many files of that name.", path=str(folder / base)
    )
