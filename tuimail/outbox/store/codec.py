"""Recipients, replies and envelopes as plain values for JSON: short rows, because most letters have one recipient.

Reading raises ValueError, KeyError, TypeError or IndexError for what was not written here; callers turn that into
"damaged".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tuimail.mail.dsn import DeliveryAction, DeliveryStatus
from tuimail.mail.envelope import FAILURE_AND_DELAY, Envelope, EnvelopeRecipient, Notify, RecipientField
from tuimail.outbox.model.item import Recipient
from tuimail.outbox.model.states import RecipientState
from tuimail.submission.result import Reply

if TYPE_CHECKING:
    from collections.abc import Iterable

_END_OF_TIME = 253_402_300_800
"""The year 10000; calendars end here."""

UNREADABLE = (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError)
"""What reading a damaged value raises."""


def dump(value: object) -> str:
    """JSON on one line, without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def reply_plain(reply: Reply | None) -> list[Any] | None:
    """A reply as [code, enhanced, text]."""
    return None if reply is None else [reply.code, reply.enhanced, reply.text]


def reply_of(plain: list[Any] | None) -> Reply | None:
    """The reply that ``reply_plain`` wrote."""
    return None if plain is None else Reply(int(plain[0]), str(plain[1]), str(plain[2]))


def recipients_plain(recipients: Iterable[Recipient]) -> list[Any]:
    """Recipients with everything known of them."""
    return [
        [
            each.to.address,
            each.to.field.value,
            each.to.name,
            each.state.value,
            reply_plain(each.reply),
            each.words,
            each.tries,
            each.decided_at,
            *_more(each),
        ]
        for each in recipients
    ]


def _more(recipient: Recipient) -> list[Any]:
    """What few recipients have, left out from the end: the report, the time of the next try."""
    report = None if recipient.report is None else report_plain(recipient.report)
    if recipient.next_attempt_at is not None:
        return [report, recipient.next_attempt_at]
    return [] if report is None else [report]


def recipients_of(plain: list[Any]) -> tuple[Recipient, ...]:
    """The recipients that ``recipients_plain`` wrote."""
    return tuple(
        Recipient(
            to=EnvelopeRecipient(str(address), RecipientField(field), str(name)),
            state=RecipientState(state),
            reply=reply_of(reply),
            words=str(words),
            tries=int(tries),
            decided_at=None if decided_at is None else float(decided_at),
            report=report_of(more[0]) if more and more[0] is not None else None,
            next_attempt_at=float(more[1]) if len(more) > 1 and more[1] is not None else None,
        )
        for address, field, name, state, reply, words, tries, decided_at, *more in plain
    )


def report_plain(report: DeliveryStatus) -> list[Any]:
    """What was reported of a recipient."""
    return [report.action.value, report.status, report.text, report.mta, report.at]


def report_of(plain: list[Any]) -> DeliveryStatus:
    """The report that ``report_plain`` wrote."""
    action, status, words, mta, at = plain
    return DeliveryStatus(DeliveryAction(action), str(status), str(words), str(mta), float(at))


def envelope_plain(envelope: Envelope) -> dict[str, Any]:
    """An envelope."""
    return {
        "sender": envelope.sender,
        "recipients": [[each.address, each.field.value, each.name] for each in envelope.recipients],
        "smtputf8": envelope.smtputf8,
        "eight_bit": envelope.eight_bit,
        **({} if envelope.notify == FAILURE_AND_DELAY else {"notify": [each.value for each in envelope.notify]}),
        **({} if envelope.hold_until is None else {"hold_until": envelope.hold_until}),
    }


def envelope_of(plain: dict[str, Any]) -> Envelope:
    """The envelope that ``envelope_plain`` wrote."""
    return Envelope(
        sender=str(plain["sender"]),
        recipients=tuple(
            EnvelopeRecipient(str(address), RecipientField(field), str(name))
            for address, field, name in plain["recipients"]
        ),
        smtputf8=bool(plain["smtputf8"]),
        eight_bit=bool(plain["eight_bit"]),
        notify=tuple(map(Notify, plain.get("notify", FAILURE_AND_DELAY))),
        hold_until=None if plain.get("hold_until") is None else parse_date(plain["hold_until"]),
    )


def parse_date(value: object) -> float:
    """Seconds since the epoch, of a year up to 9999. Raises ValueError for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _END_OF_TIME:
        raise ValueError("no moment")
    return float(value)
