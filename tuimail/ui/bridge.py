"""Engine events -> Textual messages. The only place where the two meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail import events
from tuimail.events import Severity
from tuimail.mail.text import safe_line
from tuimail.ui.messages import Noted, OutboxChanged, Progressed

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message import Message


def translate(event: events.Event) -> list[Message]:
    """The messages for one event."""
    match event:
        case events.ItemChanged() | events.OutboxTouched():
            return [OutboxChanged()]
        case events.ItemProgress(item_id, sent, total):
            return [Progressed(item_id, sent=sent, total=total)]
        case events.ItemStage(item_id, words):
            return [Progressed(item_id, words=safe_line(words))]
        case events.NeedsYou(_, words):
            return [OutboxChanged(), Noted(safe_line(words), Severity.WARNING, bell=True)]
        case events.AccountTroubled(account, words):
            return [
                OutboxChanged(),
                Noted(safe_line(f"{account}: {words}  See Accounts."), Severity.WARNING, bell=True),
            ]
        case events.AccountMended(account):
            return [OutboxChanged(), Noted(safe_line(f"{account} may send again."))]
        case events.WaitingForSecret(account, source, done):
            text = "" if done else f"Waiting for {source}: the password of {account}."
            return [Noted(safe_line(text))]
        case events.Notice(text, severity):
            return [Noted(safe_line(text), severity)]


def connect(announcer: events.Announcer, post: Callable[[Message], object]) -> Callable[[], None]:
    """Post every event's messages with ``post``; the returned function ends that."""

    def listener(event: events.Event) -> None:
        for message in translate(event):
            post(message)

    return announcer.subscribe(listener)
