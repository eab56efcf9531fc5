"""Ties a delivery report to its letter, long after the server had accepted it.

A forged report must not mark a letter: a report counts only for a recipient of the letter that the server accepted
not long ago, and only if it does not contradict the Message-ID of the letter it returns.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuimail.clock import DAY
from tuimail.mail.dsn import DeliveryAction, DeliveryStatus
from tuimail.outbox.model.states import RecipientState
from tuimail.outbox.store.rows import SELECT, row_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuimail.mail.bounce import DeliveryReport, RecipientReport
    from tuimail.outbox.model.item import OutboxItem, Recipient
    from tuimail.outbox.store.open_outbox import OpenOutbox
    from tuimail.outbox.store.rows import Row
    from tuimail.outbox.store.transaction import View

LATEST = 30 * DAY
"""Seconds after it was accepted in which a letter may come back."""

_RANK = {
    DeliveryAction.DELAYED: 0,
    DeliveryAction.RELAYED: 1,
    DeliveryAction.EXPANDED: 1,
    DeliveryAction.DELIVERED: 2,
    DeliveryAction.FAILED: 3,
}
"""A final report is not replaced by an earlier one that arrives late."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A report and its letter."""

    item: OutboxItem
    """As it is now."""
    told: tuple[Recipient, ...]
    """The recipients the report is about."""
    news: tuple[Recipient, ...]
    """Those of whom it says something new."""


class Bounces:
    """Delivery reports."""

    def __init__(self, outbox: OpenOutbox) -> None:
        self.outbox = outbox

    def report(self, found: DeliveryReport) -> Matched | None:
        """Note what ``found`` says at the letter it is about; None when it is about none of ours.

        The same report twice changes nothing; a delay that arrives after the failure does not hide it.
        """
        with self.outbox.reading() as view:
            if _about(view, found) is None:
                return None
        with self.outbox.writing() as tx:
            about = _about(tx, found)
            if about is None:
                return None
            row, told = about
            news = {place: report for place, report in told.items() if _is_news(row.item.recipients[place], report)}
            recipients = tuple(
                replace(each, report=news[place]) if place in news else each
                for place, each in enumerate(row.item.recipients)
            )
            item = replace(row.item, recipients=recipients)
            if news:
                tx.put(replace(row, item=item))
            for place, report in sorted(news.items()):
                name = f"{recipients[place].address} " if len(recipients) > 1 else ""
                tx.add_to_timeline(item.id, name + said(report))
        return Matched(
            item, tuple(recipients[place] for place in sorted(told)), tuple(recipients[place] for place in sorted(news))
        )


def _about(view: View, found: DeliveryReport) -> tuple[Row, dict[int, DeliveryStatus]] | None:
    """The letter a report is about, and which of its recipients it tells of."""
    for row, known in _candidates(view, found):
        told: dict[int, DeliveryStatus] = {}
        for reported in found.recipients:
            place = _place(row.item, reported, view.now, alone=known and len(found.recipients) == 1)
            if place is not None and (place not in told or _outranks(reported.report, told[place])):
                told[place] = reported.report
        if told:
            return row, told
    return None


def _candidates(view: View, found: DeliveryReport) -> Iterator[tuple[Row, bool]]:
    """Letters it may be about, and whether both id and Message-ID say so."""
    if found.envelope_id:
        values = view.db.execute(f"{SELECT} WHERE id = ?", (found.envelope_id,)).fetchone()
        row = None if values is None else row_of(values)
        if row is not None and found.message_id in ("", row.item.message_id):
            yield row, bool(found.message_id)
    if found.message_id:
        for row in view.rows("message_id = ? ORDER BY id DESC LIMIT 10", (found.message_id,)):
            yield row, False


def said(report: DeliveryStatus) -> str:
    """A report in words: "bounced at mx.example: 550 5.1.1 no such user"."""
    by = f" at {report.mta}" if report.mta else ""
    why = report.text or report.status
    words = {
        DeliveryAction.FAILED: f"bounced{by}",
        DeliveryAction.DELAYED: f"delayed{by}",
        DeliveryAction.DELIVERED: f"delivered{by}",
        DeliveryAction.RELAYED: f"handed on{by} to a server that does not report",
        DeliveryAction.EXPANDED: f"delivered to a list{by}",
    }[report.action]
    return f"{words}: {why}" if why and report.action in (DeliveryAction.FAILED, DeliveryAction.DELAYED) else words


def _place(item: OutboxItem, reported: RecipientReport, now: float, *, alone: bool) -> int | None:
    names = {_folded(each) for each in (reported.original, reported.address) if each}
    for place, each in enumerate(item.recipients):
        recent = each.decided_at is not None and now - each.decided_at <= LATEST
        if each.state is not RecipientState.ACCEPTED or not recent:
            continue
        # Forwarded on the way, it comes back under a name we never knew; then both ids must be ours.
        if _folded(each.address) in names or (alone and len(item.recipients) == 1):
            return place
    return None


def _folded(address: str) -> str:
    """Domains by their A-labels, letters of either case alike."""
    local, _, domain = address.rpartition("@")
    with contextlib.suppress(UnicodeError):
        domain = domain if domain.isascii() else domain.encode("idna").decode()
    return f"{local}@{domain}".casefold()


def _is_news(recipient: Recipient, report: DeliveryStatus) -> bool:
    return recipient.report is None or _outranks(report, recipient.report)


def _outranks(report: DeliveryStatus, before: DeliveryStatus) -> bool:
    if _RANK[report.action] != _RANK[before.action]:
        return _RANK[report.action] > _RANK[before.action]
    same = (report.action, report.status, report.text, report.mta)
    return same != (before.action, before.status, before.text, before.mta) and report.at > before.at
