"""What the engine's events become for the screens. Posted to the app, which hands them to every open screen."""

from __future__ import annotations

from textual.message import Message

from tuimail.events import Severity


class OutboxChanged(Message, bubble=False):
    """Items or accounts changed: read them again. A later one takes the place of an unread one."""

    def can_replace(self, message: Message) -> bool:
        """One is enough."""
        return isinstance(message, OutboxChanged)


class MailboxChanged(Message, bubble=False):
    """The received mail of an account changed: read it again. A later one takes the place of an unread one."""

    def __init__(self, account: str) -> None:
        super().__init__()
        self.account = account

    def can_replace(self, message: Message) -> bool:
        """One for each account is enough."""
        return isinstance(message, MailboxChanged) and message.account == self.account


class SettingsChanged(Message, bubble=False):
    """The engine goes by another config: accounts may have come, gone or changed."""


class AccountsChanged(Message, bubble=False):
    """What is known of the accounts' health was read anew."""


class Progressed(Message, bubble=False):
    """Where a letter being sent stands; a later one takes the place of an unread one of the same letter."""

    def __init__(self, item_id: str, *, sent: int = 0, total: int = 0, stage: str = "") -> None:
        super().__init__()
        self.item_id = item_id
        self.sent = sent
        self.total = total
        self.stage = stage
        """The stage, if that is what changed; else empty."""

    def again(self) -> Progressed:
        """The same, to be posted to another node."""
        return Progressed(self.item_id, sent=self.sent, total=self.total, stage=self.stage)

    def can_replace(self, message: Message) -> bool:
        """Newer bytes of the same letter."""
        return (
            isinstance(message, Progressed)
            and message.item_id == self.item_id
            and bool(message.stage) == bool(self.stage)
        )


class Noted(Message, bubble=False):
    """A sentence for the status line."""

    def __init__(self, text: str, severity: Severity = Severity.INFO) -> None:
        super().__init__()
        self.text = text
        self.severity = severity
