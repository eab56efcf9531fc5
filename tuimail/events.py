"""The events of the engine: plain tuples, which cost nothing at the start, with a plain subscribe().

Listeners are called in the engine's event loop, in order, and must return at once. An exception in a listener is
logged and does not affect the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tuimail.mail.message_ref import MessageRef

log = logging.getLogger(__name__)


class Severity(StrEnum):
    """The severity of a notice."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class ItemChanged(NamedTuple):
    """An outbox item was added or moved to another state (read it again by ``item_id``)."""

    item_id: str


class ItemProgress(NamedTuple):
    """``sent`` of ``total`` bytes of a letter are written; replaces the previous event."""

    item_id: str
    sent: int
    total: int


class ItemStage(NamedTuple):
    """An item being sent reached a stage of the dialogue ("signing in")."""

    item_id: str
    text: str


class NeedsYou(NamedTuple):
    """An item became failed, blocked or uncertain, has a question, or bounced: ring the bell."""

    item_id: str
    message: str


class AccountPaused(NamedTuple):
    """An account was paused: sign-in, certificate, quota, missing."""

    account: str
    message: str


class AccountResumed(NamedTuple):
    """An account works again."""

    account: str


class WaitingForSecret(NamedTuple):
    """The engine waits for a password from ``source`` ("keyring", or a command's name) until ``done``."""

    account: str
    source: str
    done: bool


class SecretGiven(NamedTuple):
    """The user typed a password or passphrase: what waited for one can go on."""


class Notice(NamedTuple):
    """A sentence for the status line."""

    text: str
    severity: Severity = Severity.INFO


class OutboxTouched(NamedTuple):
    """Another process changed the outbox: read it again."""


class MailChanged(NamedTuple):
    """The received mail of an account is not what it was: read again what is shown of it."""

    account: str


class ConfigChanged(NamedTuple):
    """The engine goes by another config; ``accounts`` came, went, or have other settings."""

    accounts: frozenset[str]


class NewMailArrived(NamedTuple):
    """Messages that the user has not seen came to folders whose new mail is told of."""

    messages: tuple[MessageRef, ...]
    """The newest first."""


Event = (
    ItemChanged
    | ItemProgress
    | ItemStage
    | NeedsYou
    | AccountPaused
    | AccountResumed
    | WaitingForSecret
    | SecretGiven
    | Notice
    | OutboxTouched
    | MailChanged
    | ConfigChanged
    | NewMailArrived
)
Listener = Callable[[Event], None]


class Announcer:
    """Passes each event to every listener."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every event from now on; the returned function unsubscribes it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def announce(self, event: Event) -> None:
        """Pass ``event`` to every listener."""
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                log.exception("a listener failed on %s", type(event).__name__)
