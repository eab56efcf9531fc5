"""Whether the server of an account can be reached, and when it is tried again."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuimail.sync.reconnect import Reconnect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tuimail.mailboxes.imap_errors import ImapError

log = logging.getLogger(__name__)


class ServerState:
    """Written by the thread of the account, read by any."""

    def __init__(
        self,
        account: str,
        tell: Callable[[str], None],
        announce: Callable[[], None],
        came_back: Callable[[str], None] = lambda _account: None,
    ) -> None:
        """Nothing is known yet.

        Args:
            account: its name.
            tell: called with what the user has to mend, in a sentence.
            announce: called when the server got out of reach, or is back.
            came_back: called with the account's name when it is back.
        """
        self._account = account
        self._tell = tell
        self._announce = announce
        self._came_back = came_back
        self._reconnect = Reconnect()
        self.looking = False
        """A look goes on."""
        self.offline: ImapError | None = None
        """Why it cannot be reached; None: it can, or there is none."""
        self.failed: ImapError | None = None
        """Why it could not be reached in the look that goes on, or in the last one."""

    @contextmanager
    def look(self) -> Iterator[None]:
        """Around a look."""
        self.looking = True
        self.failed = None
        try:
            yield
        finally:
            self.looking = False

    def lost(self, error: ImapError) -> None:
        """It cannot be reached, or refuses."""
        self.failed = error
        before, self.offline = self.offline, error
        if str(before) == str(error):
            return
        log.warning("mail of %s: %s", self._account, error)
        if error.lasting:
            self._tell(f"{self._account}: {error}  {error.hint}".strip())
        self._announce()

    def reached(self) -> None:
        """It answers, if there is one."""
        if self.offline is not None:
            self.offline = None
            self._reconnect.succeeded()
            self._announce()
            self._came_back(self._account)

    def try_now(self) -> bool:
        """The network may be back: whether the server may be tried at once. A refused sign-in goes on waiting."""
        if self.failed is not None and self.failed.lasting:
            return False
        self._reconnect.succeeded()
        return True

    def pause(self) -> float | None:
        """Seconds until it is tried again, after a look that failed; None: the look did not fail."""
        return None if self.failed is None else self._reconnect.failed(lasting=self.failed.lasting)
