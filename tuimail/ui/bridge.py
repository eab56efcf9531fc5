"""Engine events -> Textual messages. The only place where the two meet."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail import events
from tuimail.events import Severity
from tuimail.mail.text import safe_line
from tuimail.ui.messages import MailboxChanged, Noted, OutboxChanged, Progressed, SettingsChanged

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Callable

    from textual.message import Message

PACE = 0.2
"""Seconds."""


def translate(event: events.Event) -> list[Message]:
    """The messages for one event."""
    match event:
        case events.ItemChanged() | events.OutboxTouched():
            return [OutboxChanged()]
        case events.ItemProgress(item_id, sent, total):
            return [Progressed(item_id, sent=sent, total=total)]
        case events.ItemStage(item_id, stage):
            return [Progressed(item_id, stage=safe_line(stage))]
        case events.NeedsYou(_, message):
            return [OutboxChanged(), Noted(safe_line(message), Severity.WARNING)]
        case events.AccountPaused(account, message):
            return [
                OutboxChanged(),
                Noted(safe_line(f"{account}: {message}  See Accounts."), Severity.WARNING),
            ]
        case events.AccountResumed(account):
            return [OutboxChanged(), Noted(safe_line(f"{account} may send again."))]
        case events.WaitingForSecret(account, source, done):
            text = "" if done else f"Waiting for {source}: the password of {account}."
            return [Noted(safe_line(text))]
        case events.MailChanged(account):
            return [MailboxChanged(account)]
        case events.SecretGiven():
            return []  # of what goes on then, other events tell
        case events.ConfigChanged():
            return [SettingsChanged(), OutboxChanged()]
        case events.NewMailArrived():
            return []  # ui/new_mail waits a moment, then tells
        case events.Notice(text, severity):
            return [Noted(safe_line(text), severity)]


class Bridge:
    """Posts every event's messages; of changes to letters one message at most every ``PACE`` seconds.

    While thousands of letters go out every second, the screens read what is in sight five times a second and no more.
    The first change after a pause is posted at once.
    """

    def __init__(self, announcer: events.Announcer, post: Callable[[Message], object]) -> None:
        self._post = post
        self._end = announcer.subscribe(self._listen)
        self._timer: TimerHandle | None = None
        self._held: OutboxChanged | None = None
        """A change to be told when the pause is over."""

    def close(self) -> None:
        """Listen no more."""
        self._end()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def flush(self) -> None:
        """Post what is held back, now."""
        held, self._held = self._held, None
        if held is not None:
            self._post(held)

    def _listen(self, event: events.Event) -> None:
        for message in translate(event):
            if not isinstance(message, OutboxChanged):
                self._post(message)
            elif self._timer is not None:
                self._held = message
            else:
                self._post(message)
                self._wait()

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(PACE, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._held is not None:
            self.flush()
            self._wait()
