"""A letter being written. Pure; compose/draft_store keeps drafts on disk."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimail.mail.answered_message import AnsweredMessage
    from tuimail.mail.draft_copy import DraftCopy


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attached file."""

    path: str
    """Absolute path of the file; read when the letter is frozen."""
    name: str
    """The file name the receiver sees; without folders."""
    content_type: str
    """MIME type, for example ``application/pdf`` or ``message/rfc822``."""
    size: int
    """Bytes when it was attached."""
    description: str = ""
    modified_ns: int = 0
    """When the file was written, nanoseconds since the epoch, as it was when it was attached; 0: not known."""


def new_draft_id() -> str:
    """A new id: 16 lower-case hexadecimal digits."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Draft:
    """The content of the composer. Address fields are text as typed; compose/build parses them."""

    id: str = field(default_factory=new_draft_id)
    """The id of the draft: enqueueing the same id twice makes one letter."""
    account: str = ""
    identity: str = ""
    """Address of the identity; empty means the account's first."""
    to: str = ""
    cc: str = ""
    bcc: str = ""
    reply_to: str = ""
    subject: str = ""
    body: str = ""
    """Lines end in ``\\n``; paragraphs may be long (soft wrap), format=flowed breaks them."""
    verbatim: bool = False
    """``body`` is a program's or a file's, without the end of its last line: it arrives as it is and is not flowed."""
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    answers: AnsweredMessage | None = None
    """The received message that it answers or forwards."""
    draft_copy: DraftCopy | None = None
    r"""The same draft in a folder with special use \Drafts; deleted when the letter was accepted."""
    headers: tuple[tuple[str, str], ...] = ()
    """Extra header fields (name, decoded value)."""
    revises: str = ""
    """Id of the outbox item of which this is a new revision."""
    created_at: float = 0.0
    updated_at: float = 0.0
    revision: int = 0
    """The revision number of ``revises``; the letter frozen from this draft gets the next one."""
    postponed: bool = False
    """Postponed by the user; otherwise it is an autosave, offered as recovered."""

    @property
    def empty(self) -> bool:
        """The user has typed nothing worth keeping."""
        return not (self.to or self.cc or self.bcc or self.subject or self.body.strip() or self.attachments)
