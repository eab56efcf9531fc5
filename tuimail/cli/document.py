"""An outbox item as the JSON document of the command-line contract. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.clock import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.outbox.item import OutboxItem, Recipient, TimelineEntry


def item_document(item: OutboxItem) -> dict[str, object]:
    """The item; times are RFC 3339 in UTC, what is not set is null."""
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
        "filing": {"state": str(item.filing.state), "words": item.filing.words},
        "recipients": [_recipient(recipient) for recipient in item.recipients],
    }


def detail_document(item: OutboxItem, timeline: Sequence[TimelineEntry], dialogue: Sequence[str]) -> dict[str, object]:
    """The item with its history."""
    return {
        **item_document(item),
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
    }
