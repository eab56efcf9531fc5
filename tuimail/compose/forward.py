"""Drafts that pass a received message on, and such that begin with what it says; with its files.

Files are written into the folder of the draft. What cannot be shown of the message (too many parts, too deep) goes
along as a file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.compose.answer import own_addresses, sender_for
from tuimail.compose.content_type import MAIL, valid_content_type
from tuimail.compose.draft import Draft
from tuimail.compose.file_name import clean_name
from tuimail.compose.quote import forwarded_text, signed
from tuimail.compose.revise import ENDINGS, RESENT, draft_from_letter, typed_addresses
from tuimail.compose.unpack import PackedFile, unpack
from tuimail.mail.answered_message import AnsweredMessage, AnswerKind
from tuimail.mail.content import InMemory
from tuimail.mail.draft_copy import DraftCopy
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.message_text import message_text
from tuimail.mail.mime_tree import leaves, walk
from tuimail.mail.part_text import part_bytes
from tuimail.mail.received_addresses import received_addresses
from tuimail.mail.reply_header import forward_subject
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tuimail.compose.answer import OriginalMessage
    from tuimail.compose.draft import Attachment
    from tuimail.config.model import Account, Config, Identity
    from tuimail.mail.message_text import FileInMessage
    from tuimail.mail.mime_tree import ReceivedPart
    from tuimail.mail.received_header import ReceivedHeader

SEPARATOR = "---------- Forwarded message ----------"
SHOWN = ("Date", "From", "To", "Cc", "Subject")
"""Fields above a message that is forwarded within the text."""
_TITLE = 80
"""Characters of a subject that name a file."""


def forward(
    original: OriginalMessage, config: Config, folder: Path, *, attached: bool, draft_id: str, now: float
) -> Draft:
    """The draft that forwards ``original``, within its text or ``attached`` to it byte for byte.

    Args:
        original: The message.
        config: For the identity that forwards it.
        folder: The draft's, for the files.
        attached: As message/rfc822.
        draft_id: Id of the new draft.
        now: Seconds since the epoch.

    Raises:
        ConfigError: there is no account.
        StorageError: the disk refuses a file.
    """
    root = original.root
    account, identity = sender_for(original, config)
    if attached:
        text = ""
        files: Iterable[PackedFile] = [_whole(root)]
    else:
        shown = message_text(root)
        block = "\n".join(_head(root.header))
        text = f"\n\n{SEPARATOR}\n{block}\n\n{forwarded_text(shown)}\n"
        files = _files(shown.files)
    return Draft(
        id=draft_id,
        account=account.name,
        identity=identity.address,
        subject=forward_subject(decode_header(root.header.value("subject"))),
        body=signed(text, identity.signature),
        attachments=_unpacked(files, folder),
        answers=AnsweredMessage(original.ref, AnswerKind.FORWARDED),
        created_at=now,
        updated_at=now,
    )


def edit_as_new(original: OriginalMessage, config: Config, folder: Path, *, draft_id: str, now: float) -> Draft:
    """A draft of what ``original`` says, to the same people; nothing in it refers to the message.

    Bcc, Reply-To and the thread are those of the user's own messages only. Of text in several forms the one that is
    shown is taken. Arguments and errors as of ``forward``.
    """
    root = original.root
    draft = _of_message(root, *sender_for(original, config), folder, draft_id=draft_id, now=now)
    own = own_addresses(config)
    senders = _senders(root)
    if senders and all(each in own for each in senders):
        return replace(draft, bcc=typed_addresses(root.header, "bcc"))
    return replace(draft, reply_to="", in_reply_to="", references=())


def continue_draft(original: OriginalMessage, config: Config, folder: Path, *, draft_id: str, now: float) -> Draft:
    r"""The draft that ``original``, a message in a folder with special use \Drafts, is: any client's.

    All that it says is kept: it is the user's own. It is written as the identity in its From, if the account of the
    folder has that, else as the account's first. Arguments and errors as of ``forward``.
    """
    root = original.root
    account, identity = sender_for(original, config)
    home = config.accounts.get(original.ref.account, account)
    found = next(filter(None, map(home.identity_for, _senders(root))), None)
    if home is not account or found is not None:
        account, identity = home, found or home.identity
    draft = _of_message(root, account, identity, folder, draft_id=draft_id, now=now)
    copy = DraftCopy.of(original.ref)
    return replace(draft, bcc=typed_addresses(root.header, "bcc"), draft_copy=copy)


def _of_message(
    root: ReceivedPart, account: Account, identity: Identity, folder: Path, *, draft_id: str, now: float
) -> Draft:
    """A draft of what it says, to the same people, without Bcc; of text in several forms the one that is shown."""
    exact = _is_plain(root)
    content = root.raw[root.header.start : root.end] if exact else _header_alone(root.header)
    draft = draft_from_letter(
        InMemory(content), (), folder, account=account.name, identity=identity.address, draft_id=draft_id
    )
    draft = replace(draft, headers=(), created_at=now, updated_at=now)
    if not exact:
        shown = message_text(root)
        attachments = _unpacked(_files(shown.files), folder)
        draft = replace(draft, body=forwarded_text(shown), verbatim=False, attachments=attachments)
    return draft


def _senders(root: ReceivedPart) -> list[str]:
    return [each.address for value in root.header.values("from") for each in received_addresses(value)]


def _head(header: ReceivedHeader) -> Iterator[str]:
    for name in SHOWN:
        value = safe_line(" ".join(decode_header(header.value(name.lower())).split()))
        if value:
            yield f"{name}: {value}"


def _is_plain(root: ReceivedPart) -> bool:
    """It is a text, and files perhaps, in no other form: compose/revise gives it back exactly."""
    first = next(leaves(root))
    return (
        not any(each.name in RESENT for each in root.header.fields)
        and first.content_type == "text/plain"
        and not first.is_attachment
        and not any(each.content_type == "multipart/alternative" or each.omitted for each in walk(root))
    )


def _header_alone(header: ReceivedHeader) -> bytes:
    """The fields that neither describe the content nor say who resent it."""
    kept = (each for each in header.fields if not each.name.startswith(("content-", "resent-")))
    return b"".join(header.raw[each.start : each.end] for each in kept) + b"\r\n"


def _whole(root: ReceivedPart) -> PackedFile:
    title = _title(root.header) or "message"
    return PackedFile(clean_name(f"{title}.eml"), MAIL, "", [root.raw[root.header.start : root.end]])


def _title(header: ReceivedHeader) -> str:
    subject = decode_header(header.value("subject")[:1000])[:_TITLE]
    return safe_line(subject).replace("/", "_").replace("\\", "_").strip()


def _files(files: Iterable[FileInMessage]) -> Iterator[PackedFile]:
    for each in files:
        part = each.part
        name = clean_name(part.name) if part.name.strip() else ""
        if not name and each.name and each.is_message:
            name = clean_name(f"{each.name[:_TITLE].replace('/', '_')}.eml")
        name = name or f"part-{part.number or 1}{ENDINGS.get(part.content_type, '')}"
        described = safe_line(decode_header(part.header.value("content-description")))
        yield PackedFile(name, valid_content_type(part.content_type), described, part_bytes(part))


def _unpacked(files: Iterable[PackedFile], folder: Path) -> tuple[Attachment, ...]:
    return tuple(unpack(each, folder) for each in files)
