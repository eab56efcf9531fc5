"""What the send dialog shows before a letter goes. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say before sending."""

    field: str
    """"to", "cc", "bcc", "subject", "body", "attachment", "from"."""
    text: str
    fatal: bool = False
    """The letter cannot go like this; otherwise it is a warning."""


@dataclass(frozen=True, slots=True)
class Review:
    """The letter as it would go."""

    sender: str
    account: str
    via: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    attachments: tuple[str, ...]
    """"budget.ods (48 KB)"."""
    size: int
    """About how many bytes it will be on the wire."""
    findings: tuple[Finding, ...] = ()

    @property
    def fatal(self) -> bool:
        """It cannot go like this."""
        return any(finding.fatal for finding in self.findings)
