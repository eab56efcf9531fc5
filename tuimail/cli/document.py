"""An outbox item as the JSON document of the command-line contract. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cli.dates import format_timestamp
from tuimail.clock import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.mail.bounce import DeliveryReport
    from tuimail.mail.dsn import DeliveryStatus
    from tuimail.outbox.model.account_notice import AccountNotice
    from tuimail.outbox.model.item import OutboxItem, Recipient, TimelineEntry
    from tuimail.outbox.store.bounces import Matched


def item_document(item: OutboxItem) -> dict[str, object]:
    """The item; times are RFC 3339 in UTC, unset values are null."""
    return {
        "id": item.id,
        "state": str(item.state),
        "account": item.account,
        "identity": item.identity,
        "from": item.sender,
        "subject": item.subject,
        "message_id": item.message_id,
        "size": item.size,
        "queued_at": rfc3339(item.queued_at),
        "not_before": rfc3339(item.not_before),
        "attempts": item.attempts,
        "last_attempt_at": rfc3339(item.last_attempt_at),
        "next_attempt_at": rfc3339(item.next_attempt_at),
        "expires_at": rfc3339(item.expires_at),
        "last_reply": item.last_reply or None,
        "words": item.words,
        "trouble": str(item.trouble) if item.trouble else None,
        "needs_you": item.needs_you,
        "on_late": str(item.on_late) if item.on_late else None,
        "hold_until": rfc3339(item.hold_until),
        "notify": [str(each) for each in item.notify],
        "filing": {"state": str(item.filing.state), "words": item.filing.words},
        "recipients": [_recipient(recipient) for recipient in item.recipients],
    }


def paused_document(item: OutboxItem, notice: AccountNotice | None) -> dict[str, object]:
    """The item, and why its account is paused (null if it is not)."""
    return {**item_document(item), "account_notice": None if notice is None else notice_document(notice)}


def notice_document(notice: AccountNotice) -> dict[str, object]:
    """An account's problem and what to do about it."""
    return {
        "account": notice.account,
        "trouble": str(notice.trouble) if notice.trouble else None,
        "needs_you": notice.needs_you,
        "title": notice.title,
        "happened": notice.happened,
        "advice": notice.advice,
        "command": notice.command,
        "since": format_timestamp(notice.since) or None,
        "next_try": format_timestamp(notice.next_try) or None,
    }


def detail_document(
    item: OutboxItem, timeline: Sequence[TimelineEntry], dialogue: Sequence[str], notice: AccountNotice | None
) -> dict[str, object]:
    """The item with its history."""
    return {
        **paused_document(item, notice),
        "timeline": [
            {"at": rfc3339(entry.at), "words": entry.words, "stage": entry.stage or None, "reply": entry.reply or None}
            for entry in timeline
        ],
        "dialogue": list(dialogue),
    }


def _recipient(recipient: Recipient) -> dict[str, object]:
    reply = recipient.reply
    return {
        "address": recipient.address,
        "field": str(recipient.to.field),
        "state": str(recipient.state),
        "code": reply.code if reply and reply.code else None,
        "enhanced": reply.enhanced or None if reply else None,
        "text": reply.text if reply else None,
        "words": recipient.words,
        "report": _report(recipient.report) if recipient.report else None,
    }


def report_document(found: DeliveryReport, matched: Matched | None) -> dict[str, object]:
    """A delivery report and the letter it is about (null if it is about no letter of this outbox)."""
    return {
        "id": matched.item.id if matched else None,
        "subject": matched.item.subject if matched else None,
        "new": bool(matched and matched.news),
        "reported": [{"address": each.address, **_report(each.report)} for each in found.recipients],
    }


def _report(report: DeliveryStatus) -> dict[str, object]:
    return {
        "action": str(report.action),
        "status": report.status or None,
        "words": report.text,
        "mta": report.mta or None,
        "at": rfc3339(report.at),
    }
