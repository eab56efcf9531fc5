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


@dataclass(frozen=True, slots=True)
class ClientTimes:
    """Of the connections of an account, in seconds."""

    interactive: float = 20.0
    """Without a byte of the server, while the user waits."""
    background: float = 60.0
    """The same while nobody waits."""
    renew: float = 540.0
    """After which IDLE is begun anew: routers forget a connection that is silent for ten minutes."""
    poll: float = 60.0
    """Between two NOOPs if the server has no IDLE."""
    quiet: float = 2.0
    """Without a command, after which IDLE begins on a connection that is shared with commands."""
    goodbye: float = 1.0
    """For all connections to log out."""
    retry: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
    """Between attempts to watch a mailbox again, each 20 % more or less."""
