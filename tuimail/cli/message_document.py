"""A received message and a folder as the JSON documents of the command-line contract. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.clock import rfc3339
from tuimail.mail.flags import MessageFlags
from tuimail.mail.message_text import message_text
from tuimail.mail.row_recipients import split_recipients

if TYPE_CHECKING:
    from tuimail.engine.received_mail import FolderInfo, FoundMessage
    from tuimail.mail.mime_tree import ReceivedPart


def message_document(found: FoundMessage) -> dict[str, object]:
    """A message as a search lists it; ``attachments`` is null: that is not known before the message is read."""
    row = found.row
    to, cc = split_recipients(row.recipients)
    return {
        "id": str(found.ref),
        "account": found.ref.account,
        "folder": found.ref.folder,
        "uid": found.ref.key,
        "message_id": found.message_id,
        "date": rfc3339(float(row.date)),
        "arrived": rfc3339(float(row.arrived)),
        "from": sender(found),
        "to": to,
        "cc": cc,
        "subject": row.subject,
        "size": row.size,
        "flags": flag_names(row.flags, row.keywords),
        "thread": found.thread or None,
        "attachments": None,
    }


def read_document(found: FoundMessage, tree: ReceivedPart) -> dict[str, object]:
    """A message that was read."""
    return {
        **message_document(found),
        "attachments": [
            {"part": each.part.number, "name": each.name or None, "type": each.part.content_type, "size": each.size}
            for each in message_text(tree).files
        ],
    }


def folder_document(folder: FolderInfo) -> dict[str, object]:
    """A folder; ``kept`` is how many of its messages are on this machine."""
    return {
        "account": folder.account,
        "name": folder.name,
        "special_use": folder.special_use or None,
        "total": folder.total,
        "unread": folder.unread,
        "kept": folder.kept,
    }


def sender(found: FoundMessage) -> str:
    """``Ada Lovelace <ada@example.org>``, or what there is of it."""
    name, address = found.row.from_name, found.row.from_addr
    return f"{name} <{address}>" if name and address else address or name


def flag_names(flags: int, keywords: str) -> list[str]:
    """``["seen", "flagged", "$Work"]``."""
    names = [str(bit.name).lower() for bit in MessageFlags if flags & bit and bit is not MessageFlags.OLD]
    return names + keywords.split()
