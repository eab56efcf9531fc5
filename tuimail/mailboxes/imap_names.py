"""A mailbox's name as an argument of a command."""

from __future__ import annotations

from tuimail.mailboxes.imap_errors import ImapError, ImapStage
from tuimail.mailboxes.imap_wire import Status, quoted


def wire_argument(wire: str) -> str:
    """``wire`` quoted.

    Raises:
        ImapError: it holds a line end or NUL; nothing was sent, the connection is fine.
    """
    try:
        return quoted(wire)
    except ValueError:
        raise ImapError(
            "A mailbox's name cannot contain line ends.", step=ImapStage.MAILBOX, status=Status("BAD"), lasting=True
        ) from None
