"""What the runner announces about letters and accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.events import AccountPaused, AccountResumed, ItemChanged, NeedsYou, Notice, OutboxTouched, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.events import Announcer
    from tuimail.outbox.model.item import AccountHealth, OutboxItem
    from tuimail.outbox.store.queries import Version


def announce_changed(announcer: Announcer, items: Iterable[OutboxItem]) -> None:
    """Letters whose state changed without an attempt."""
    for item in items:
        announcer.announce(ItemChanged(item.id))
        if item.needs_you:
            announcer.announce(NeedsYou(item.id, item.words))


def announce_attempt(
    announcer: Announcer, item: OutboxItem, after: OutboxItem, before: AccountHealth, health: AccountHealth
) -> None:
    """What an attempt changed: ``item`` became ``after``, and the health of its account from ``before`` ``health``."""
    if health.trouble is not None and health.trouble != before.trouble:
        announcer.announce(AccountPaused(item.account, health.words))
    if health.trouble is None and before.trouble is not None:
        announcer.announce(AccountResumed(item.account))
        announcer.announce(OutboxTouched())
    if after.needs_you:
        announcer.announce(NeedsYou(after.id, after.words))
    if after.warned and not item.warned:
        message = f'"{after.subject}" could not be sent for four hours; tuimail goes on trying. {after.words}'
        announcer.announce(Notice(message.strip(), Severity.WARNING))


class OtherProcesses:
    """Announces that another process changed the outbox."""

    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer
        self._commits: int | None = None

    @property
    def seen(self) -> bool:
        """There was a first look, which later ones are compared with."""
        return self._commits is not None

    def look(self, version: Version) -> None:
        """Compare the version of the outbox with that of the last look."""
        before, self._commits = self._commits, version.others
        if before not in (None, version.others):
            self._announcer.announce(OutboxTouched())
