"""Whether a message may be a delivery report, by its header alone. Pure; ``mail/bounce`` reads those that may be."""

from __future__ import annotations

_OTHER_KINDS = (b"disposition-notification", b"feedback-report")
"""Of multipart/report: receipts (RFC 8098) and complaints (RFC 5965)."""
_LONGEST = 1000
"""Bytes of Content-Type that are looked at."""
_DAEMONS = frozenset({"mailer-daemon", "mailerdaemon", "mail-daemon"})
_WORDS = ("deliver", "fail", "returned", "bounce", "zugestellt", "zustellbar")
"""What stands in the subjects of reports of a postmaster, who writes other letters too."""


def may_be_report(content_type: bytes, sender: str, subject: str) -> bool:
    """A report (RFC 3464), or a letter of a mail server as before there were reports.

    Args:
        content_type: the field of the header.
        sender: the address of From.
        subject: decoded.
    """
    kind = content_type[:_LONGEST].lower()
    if kind.startswith(b"multipart/report"):
        return not any(each in kind for each in _OTHER_KINDS)
    name = sender.partition("@")[0].casefold()
    if name in _DAEMONS:
        return True
    return name == "postmaster" and any(word in subject.casefold() for word in _WORDS)
