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
from tuimail.compose.content_type import UNKNOWN, valid_content_type
from tuimail.compose.draft import Attachment, Draft
from tuimail.compose.file_name import clean_name, stored_name
from tuimail.durable import fsync_folder, storage_error
from tuimail.errors import AddressError, AttachmentError
from tuimail.mail import flowed
from tuimail.mail.address import Address, parse_addresses
from tuimail.mail.charset import decode
from tuimail.mail.domain import unicode_domain
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.envelope import EnvelopeRecipient, RecipientField
from tuimail.mail.header import is_message_id, made_visible
from tuimail.mail.mime_tree import MESSAGE_TYPES, leaves, read_tree
from tuimail.mail.text import safe_line
from tuimail.mail.transfer_decoding import decode_transfer
from tuimail.private_files import open_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tuimail.mail.content import Content
    from tuimail.mail.mime_tree import ReceivedPart
    from tuimail.mail.received_header import ReceivedField, ReceivedHeader

MAX_PARTS = 1000
"""Parts that become files of their own; what is behind them becomes one."""
_ID = re.compile(r"<[^<>\s]+>")
_UNSOUND = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_ENDINGS = {"text/html": ".html", "text/plain": ".txt", **dict.fromkeys(MESSAGE_TYPES, ".eml")}


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
    root = read_tree(letter.text, most_parts=MAX_PARTS)
    header = root.header
    text, verbatim, files = _parts(root, letter)
    return Draft(
        id=draft_id,
        account=account,
        identity=identity,
        to=_addresses(header, "to"),
        cc=_addresses(header, "cc"),
        bcc=", ".join(_bcc(each) for each in recipients if each.field is RecipientField.BCC),
        reply_to=_addresses(header, "reply-to"),
        subject=_line(header, "subject"),
        body=text,
        verbatim=verbatim,
        attachments=tuple(_stored(each, folder) for each in files),
        in_reply_to=next(iter(_ids(header, "in-reply-to")), ""),
        references=tuple(_ids(header, "references")),
        headers=tuple(_extra(header)),
        revises=revises,
    )


def _values(header: ReceivedHeader, name: str) -> list[bytes]:
    """Every field called ``name`` (lower case)."""
    return [_value(header, field) for field in header.fields if field.name == name]


def _value(header: ReceivedHeader, field: ReceivedField) -> bytes:
    """Its value with the blanks it was folded at, so that it is the one that was written."""
    return _LINE_END.sub(b"", header.raw[field.value : field.end]).lstrip(b" \t")


def _line(header: ReceivedHeader, name: str) -> str:
    return "".join(_visible_line(each) for each in _values(header, name)[:1])


def _visible_line(value: str | bytes) -> str:
    return made_visible(decode_header(value))


def _addresses(header: ReceivedHeader, name: str) -> str:
    """The list as typed: names decoded, domains in Unicode; an unreadable list stays for the user to correct."""
    shown: list[str] = []
    for raw in _values(header, name):
        try:
            addresses = parse_addresses(decode(raw, "")[0])
        except AddressError:
            shown.append(_visible_line(raw))
            continue
        shown += [_typed(address) for address in addresses]
    return ", ".join(each for each in shown if each)


def _typed(address: Address) -> str:
    name = _visible_line(address.display_name) if "=?" in address.display_name else address.display_name
    return str(Address(name, address.local_part, unicode_domain(address.domain)))


def _bcc(recipient: EnvelopeRecipient) -> str:
    try:
        (address,) = parse_addresses(recipient.address)
    except (AddressError, ValueError):
        return recipient.address
    return str(Address(recipient.name, address.local_part, unicode_domain(address.domain)))


def _ids(header: ReceivedHeader, name: str) -> Iterator[str]:
    for raw in _values(header, name):
        yield from (each for each in _ID.findall(decode(raw, "")[0]) if is_message_id(each))


def _extra(header: ReceivedHeader) -> Iterator[tuple[str, str]]:
    """Fields that neither tuimail nor servers write."""
    for field in header.fields:
        if not is_reserved(field.name):
            written = header.raw[field.start : field.start + len(field.name)]
            yield written.decode("ascii"), _visible_line(_value(header, field))


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    content_type: str
    description: str
    data: Iterable[bytes]


def _parts(root: ReceivedPart, letter: AbridgedText) -> tuple[str, bool, list[_File]]:
    """The text, whether it is verbatim, and the files; they are read when they are written."""
    text: str | None = None
    verbatim = False
    files: list[_File] = []
    for part in leaves(root):
        name = _file_name(part)
        if text is None and part.content_type == "text/plain" and not name:
            text, verbatim = _text(part, letter)
            continue
        if part.content_type.startswith("multipart/") and part.body == part.end:
            continue
        fallback = f"part-{len(files) + 1}{_ENDINGS.get(part.content_type, '')}"
        described = _line(part.header, "content-description")
        files.append(_File(name or fallback, valid_content_type(part.content_type), described, _body(part, letter)))
    return text or "", verbatim, files


def _text(part: ReceivedPart, letter: AbridgedText) -> tuple[str, bool]:
    """The text for the composer, and whether it is verbatim."""
    decoded, _ = decode(b"".join(_body(part, letter)), part.charset)
    text = decoded.replace("\r\n", "\n").removesuffix("\n")
    flows = part.parameters.get("format", "").lower() == "flowed"
    if flows:
        text = flowed.decode(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
    return text if _sound(text) else _visible(text), not flows


def _body(part: ReceivedPart, letter: AbridgedText) -> Iterator[bytes]:
    """What the body of ``part`` encodes, piece by piece."""
    return decode_transfer(letter.restored(part.raw[part.body : part.end]), part.encoding)


def _visible(text: str) -> str:
    """``text`` as the composer takes it: what it does not hold becomes visible, tabs and line ends stay."""
    return re.sub(_UNSOUND, lambda found: safe_line(found[0]), text)


def _sound(text: str) -> bool:
    """Text that compose/build takes as it is."""
    return not _UNSOUND.search(text)


def _file_name(part: ReceivedPart) -> str:
    return clean_name(part.name) if part.name.strip() else ""


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
