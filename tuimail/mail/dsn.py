"""What a delivery status notification says of a recipient (RFC 3464)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DeliveryAction(StrEnum):
    """The Action field (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """What became of one recipient after our server had accepted the letter."""

    action: DeliveryAction
    status: str
    """Enhanced status code (RFC 3463), "5.1.1"; empty when there is none."""
    text: str
    """The remote server's words, sanitised: "550 5.1.1 no such user"."""
    mta: str
    """Who said so, "mx.example"; empty when not told."""
    at: float
    """When it was reported, seconds since the epoch."""
