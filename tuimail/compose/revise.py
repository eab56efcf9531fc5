"""Turns a frozen letter back into a draft, so that it can be edited and sent again.

Exact for letters written by tuimail; what was to be resent becomes a draft that forwards it. Of letters of other
programs (``tuimail sendmail``) the first plain text becomes the text, and everything else becomes a file.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.compose.abridge import AbridgedText
from tuimail.compose.build import is_reserved
from tuimail.compose.content_type import MAIL, valid_content_type
from tuimail.compose.draft import Draft
from tuimail.compose.file_name import clean_name
from tuimail.compose.unpack import PackedFile, unpack
from tuimail.errors import AddressError
from tuimail.mail import flowed
from tuimail.mail.address import Address, parse_addresses
from tuimail.mail.charset import decode
from tuimail.mail.domain import unicode_domain
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.envelope import EnvelopeRecipient, RecipientField
from tuimail.mail.header import is_message_id, made_visible
from tuimail.mail.mime_tree import MESSAGE_TYPES, leaves, read_tree
from tuimail.mail.reply_header import forward_subject
from tuimail.mail.text import safe_line
from tuimail.mail.transfer_decoding import decode_transfer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tuimail.mail.content import Content
    from tuimail.mail.mime_tree import ReceivedPart
    from tuimail.mail.received_header import ReceivedField, ReceivedHeader

RESENT = ("resent-date", "resent-from", "resent-to", "resent-message-id")
"""What compose/resend puts before a message."""
MAX_PARTS = 1000
"""Parts that become files of their own; what is behind them becomes one."""
_ID = re.compile(r"<[^<>\s]+>")
_UNSOUND = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_END = re.compile(rb"\r\n|\n|\r")
ENDINGS = {"text/html": ".html", "text/plain": ".txt", **dict.fromkeys(MESSAGE_TYPES, ".eml")}


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
    if header.fields and header.fields[0].name in RESENT:
        forwards = _of_resent(header, content, recipients, folder)
        return replace(forwards, account=account, identity=identity, revises=revises, id=draft_id)
    text, verbatim, files = _parts(root, letter)
    return Draft(
        id=draft_id,
        account=account,
        identity=identity,
        to=typed_addresses(header, "to"),
        cc=typed_addresses(header, "cc"),
        bcc=", ".join(_bcc(each) for each in recipients if each.field is RecipientField.BCC),
        reply_to=typed_addresses(header, "reply-to"),
        subject=_line(header, "subject"),
        body=text,
        verbatim=verbatim,
        attachments=tuple(unpack(each, folder) for each in files),
        in_reply_to=next(iter(_ids(header, "in-reply-to")), ""),
        references=tuple(_ids(header, "references")),
        headers=tuple(_extra(header)),
        revises=revises,
    )


def _of_resent(
    header: ReceivedHeader, content: Content, recipients: Sequence[EnvelopeRecipient], folder: Path
) -> Draft:
    """The message that was resent, attached, for those it was resent to: its own To is not theirs."""
    first = next((each.start for each in header.fields if each.name not in RESENT), header.body)
    subject = forward_subject(_line(header, "subject"))
    attached = PackedFile(clean_name(f"{subject[:80].replace('/', '_')}.eml"), MAIL, "", _behind(content, first))
    return Draft(
        to=", ".join(map(_bcc, recipients)),
        subject=subject,
        attachments=(unpack(attached, folder),),
    )


def _behind(content: Content, start: int) -> Iterator[bytes]:
    """The bytes from ``start`` on."""
    for piece in content.chunks():
        yield piece[start:]
        start = max(start - len(piece), 0)


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


def typed_addresses(header: ReceivedHeader, name: str) -> str:
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


def _parts(root: ReceivedPart, letter: AbridgedText) -> tuple[str, bool, list[PackedFile]]:
    """The text, whether it is verbatim, and the files; they are read when they are written."""
    text: str | None = None
    verbatim = False
    files: list[PackedFile] = []
    for part in leaves(root):
        name = _file_name(part)
        if text is None and part.content_type == "text/plain" and not name:
            text, verbatim = _text(part, letter)
            continue
        if part.content_type.startswith("multipart/") and part.body == part.end:
            continue
        fallback = f"part-{len(files) + 1}{ENDINGS.get(part.content_type, '')}"
        described = _line(part.header, "content-description")
        kind = valid_content_type(part.content_type)
        files.append(PackedFile(name or fallback, kind, described, _body(part, letter)))
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
