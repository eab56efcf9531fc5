"""What the threads of received mail have to tell, passed on to the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tuimail.events import MailChanged, NewMailArrived, Notice, Severity

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from tuimail.events import Announcer
    from tuimail.mail.message_ref import MessageRef

T = TypeVar("T")


class MailNews:
    """Its methods may be called from any thread, also before the loop runs and when it is closed."""

    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer
        self.loop: asyncio.AbstractEventLoop | None = None
        self.look_at_reports: Callable[[str], None] = _nothing
        """Called on the loop with an account whose new messages may be delivery reports."""
        self.came_back: Callable[[str], None] = _nothing
        """Called on the loop with an account whose server can be reached again."""

    def changed(self, account: str) -> None:
        """The mail of an account is not what it was."""
        self._soon(self._announcer.announce, MailChanged(account))

    def told(self, sentence: str) -> None:
        """Something went wrong."""
        self._soon(self._announcer.announce, Notice(sentence, Severity.WARNING))

    def arrived(self, messages: Sequence[MessageRef]) -> None:
        """There is new mail that the user is to be told of."""
        self._soon(self._announcer.announce, NewMailArrived(tuple(messages)))

    def reports_wait(self, account: str) -> None:
        """New messages of an account may be delivery reports."""
        self._soon(self.look_at_reports, account)

    def server_back(self, account: str) -> None:
        """The server of an account can be reached again."""
        self._soon(self.came_back, account)

    def _soon(self, call: Callable[[T], None], value: T) -> None:
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(call, value)


def _nothing(_account: str) -> None:
    pass
