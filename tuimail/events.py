"""What the engine announces: frozen values, plain subscribe().

Listeners are called in the engine's event loop, in order, and must return at once; one that raises is
logged and does not stop the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

log = logging.getLogger(__name__)


class Severity(StrEnum):
    """How loud a notice is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ItemChanged:
    """An outbox item was added or moved to another state (read it again by ``item_id``)."""

    item_id: str


@dataclass(frozen=True, slots=True)
class ItemProgress:
    """``sent`` of ``total`` bytes of a letter are written; supersedes the one before."""

    item_id: str
    sent: int
    total: int


@dataclass(frozen=True, slots=True)
class ItemStage:
    """An item being sent reached a stage of the dialogue, in words ("signing in")."""

    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class NeedsYou:
    """An item became failed, blocked or uncertain, asks something, or came back: ring the bell."""

    item_id: str
    message: str


@dataclass(frozen=True, slots=True)
class AccountPaused:
    """An account is paused: sign-in, certificate, quota, missing."""

    account: str
    message: str


@dataclass(frozen=True, slots=True)
class AccountResumed:
    """The trouble of an account is over."""

    account: str


@dataclass(frozen=True, slots=True)
class WaitingForSecret:
    """A password is being asked of ``source`` ("keyring", or a command's name); ``done`` ends the wait."""

    account: str
    source: str
    done: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the status line."""

    text: str
    severity: Severity = Severity.INFO


@dataclass(frozen=True, slots=True)
class OutboxTouched:
    """Another process changed the outbox: read it again."""


Event = (
    ItemChanged
    | ItemProgress
    | ItemStage
    | NeedsYou
    | AccountPaused
    | AccountResumed
    | WaitingForSecret
    | Notice
    | OutboxTouched
)
Listener = Callable[[Event], None]


class Announcer:
    """Hands each event to every listener."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every event from now on; the returned function ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def announce(self, event: Event) -> None:
        """Hand ``event`` to every listener."""
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                log.exception("a listener failed on %s", type(event).__name__)
