"""The time limits of an IMAP session."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImapTimeouts:
    """How long to wait, in seconds."""

    connect: float = 20.0
    tls: float = 30.0
    clear: float = 30.0
    """From the connection to the end of STARTTLS in total."""
    reply: float = 60.0
    stall: float = 60.0
    """An upload without progress."""
    commit: float = 120.0
    """The reply to an uploaded letter."""
    goodbye: float = 2.0
