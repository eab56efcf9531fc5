"""The notices that a delivery report gives. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.events import NeedsYou, Notice, Severity
from tuimail.mail.dsn import DeliveryAction

if TYPE_CHECKING:
    from tuimail.events import Event
    from tuimail.outbox.store.bounces import Matched

LOUD = {DeliveryAction.FAILED: Severity.ERROR, DeliveryAction.DELAYED: Severity.WARNING}
"""What is worth a notice; that all went well is seen at the letter."""


def bounce_notices(matched: Matched) -> list[Event]:
    """A notice for what is new and not good; a bounce rings the bell as well."""
    from tuimail.outbox.store.bounces import said

    events: list[Event] = []
    for each in matched.news:
        if each.report is not None and each.report.action in LOUD:
            words = f'"{matched.item.subject}" to {each.address}: {said(each.report)}'
            if each.report.action is DeliveryAction.FAILED:
                events.append(NeedsYou(matched.item.id, words))
            events.append(Notice(words, LOUD[each.report.action]))
    return events
