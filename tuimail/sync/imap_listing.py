"""The list of an account's mailboxes and what STATUS says of them: one command where the server can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mailboxes.imap_folders import MOST_SINGLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.mailboxes.folders import Mailbox
    from tuimail.mailboxes.imap_values import FolderStatus
    from tuimail.sync.imap_server import ImapServer

FRESH = 10.0
"""Seconds for which what came with the list counts; what was read of other mailboxes meanwhile may have taken long."""


class ImapListing:
    """LIST and STATUS of one account, over many looks."""

    def __init__(self, server: ImapServer, passing: Callable[[], float]) -> None:
        """``passing`` tells seconds, to measure with."""
        self._server = server
        self._passing = passing
        self._told: dict[str, FolderStatus] = {}
        self._told_at: float | None = None

    def folders(self, *, wanted: int = 0) -> Sequence[Mailbox]:
        """The list; ``statuses`` will be asked for so many mailboxes. Raises ImapError."""
        self._told_at = None
        if wanted <= MOST_SINGLE:
            return self._server.folders()
        listed = self._server.folders_with_statuses()
        if listed.statuses is not None:
            self._told, self._told_at = listed.statuses, self._passing()
        return listed.mailboxes

    def statuses(self, wires: Sequence[str]) -> dict[str, FolderStatus]:
        """STATUS of mailboxes, once what came with the last list; refused ones are left out. Raises ImapError."""
        at, self._told_at = self._told_at, None
        if at is None or self._passing() - at > FRESH:
            return self._server.statuses(wires)
        return {wire: self._told[wire] for wire in wires if wire in self._told}
