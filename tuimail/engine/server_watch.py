"""Watches the inbox of an account on a server, and says how long a look at its other folders is good for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.mailboxes.imap_client import ImapClient

PAUSE = 300.0
"""Seconds between two looks at the folders that the server tells nothing of."""


class ServerWatch:
    """A MailWatch. Used by the thread of the account."""

    def __init__(self, client: ImapClient, changed: Callable[[], None]) -> None:
        """``changed`` is called, on another thread, when the server tells of a change."""
        self._client = client
        self._changed = changed

    def keep(self) -> None:
        """Watch; a connection that was lost is made again by itself. Raises ImapError: the client is closed."""
        self._client.watch("INBOX", self._changed)

    @property
    def pause(self) -> float:
        """Seconds until the next look where nothing is told."""
        return PAUSE

    def close(self) -> None:
        """The client is closed by whoever made it."""
