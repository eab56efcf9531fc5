"""What a check of an account found: one line per server and step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """The steps towards a working server, in the order they are shown."""

    COMMAND = "command"
    """The local command is there."""
    CONNECT = "connect"
    TLS = "tls"
    GREETING = "greeting"
    CAPABILITIES = "capabilities"
    SIGN_IN = "sign-in"
    SENT = "sent"
    """Where copies of sent letters go."""
    MAILBOX = "mailbox"
    """Received mail on this machine can be read."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that works or does not. Every text is safe to show."""

    server: str
    """"smtp.example.org:465", a command, or a folder."""
    step: Step
    ok: bool
    words: str
    """What was found, one sentence."""
    hint: str = ""
    """What to do when it is not ok; may be part of ``words`` already."""
