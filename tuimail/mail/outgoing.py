"""A letter frozen for sending: its exact bytes and its envelope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimail.mail.content import Content
    from tuimail.mail.envelope import Envelope


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """The result of compose/build, stored by the outbox; it is never serialised again."""

    content: Content
    """The message before dot-stuffing: only CRLF line ends, no line over 998 bytes, no Bcc."""
    envelope: Envelope
    message_id: str
    """With its angle brackets."""
    subject: str
    """Decoded, for the screen."""
    sender: str
    """The From field, decoded ("Ada Lovelace <ada@example.org>"), for the screen."""
    account: str
    """Name of the account that submits it."""
    identity: str
    """Address of the identity it is written as."""

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return self.content.size
