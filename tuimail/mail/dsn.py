"""The status of one recipient in a delivery status notification (RFC 3464)."""

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
    """The status of one recipient, reported after the submission server accepted the letter."""

    action: DeliveryAction
    status: str
    """Enhanced status code (RFC 3463), "5.1.1"; empty if there is none."""
    text: str
    """The remote server's text, sanitised: "550 5.1.1 no such user"."""
    mta: str
    """The reporting server, "mx.example"; empty if unknown."""
    at: float
    """When it was reported, seconds since the epoch."""
