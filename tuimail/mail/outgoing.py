"""A letter frozen for sending: its exact bytes and its envelope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimail.mail.content import Content
    from tuimail.mail.envelope import Envelope


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What compose/build makes and the outbox stores; nothing re-serialises it afterwards."""

    content: Content
    """The letter as on the wire before dot-stuffing: CRLF line ends only, no line over 998 bytes, no Bcc."""
    envelope: Envelope
    message_id: str
    """With its angle brackets."""
    subject: str
    """Decoded, for the screen."""
    sender: str
    """The From field, decoded ("Ada Lovelace <ada@example.org>"), for the screen."""
    account: str
    """Name of the account it leaves through."""
    identity: str
    """Address of the identity it is written as."""

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return self.content.size
