"""Drafts, sent letters and accounts as one line each, and in a sentence. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tuimail.dates.format_date import format_day_time, format_duration
from tuimail.mail.dsn import DeliveryAction
from tuimail.mail.size import format_size
from tuimail.mail.text import safe_line
from tuimail.outbox.model.account_notice import account_notice
from tuimail.outbox.model.states import FilingState, RecipientState
from tuimail.ui.text.cells import Line, Span, TextRole, fit
from tuimail.ui.views.letters import ROOMY, WIDE, names, share_width, subject_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.compose.draft import Draft
    from tuimail.config.model import Account
    from tuimail.outbox.model.item import AccountHealth, OutboxItem

_WHEN = 18
_RESULT = 10
_SIZE = 7


def draft_line(draft: Draft, width: int, now: float) -> Line:
    """When, to whom, about what, and why it is here."""
    to, subject = _draft_columns(width)
    return (
        Span("   " + fit(format_day_time(draft.updated_at, now), _WHEN), TextRole.DIM),
        Span(fit(safe_line(draft.to) or "(nobody yet)", to) + "  "),
        Span(fit(safe_line(draft.subject) or _opening(draft), subject) + "  ", TextRole.STRONG),
        Span(
            fit("postponed" if draft.postponed else "recovered", 11),
            TextRole.DIM if draft.postponed else TextRole.ACCENT,
        ),
    )


def draft_titles(width: int) -> Line:
    """The names of the columns of drafts."""
    to, subject = _draft_columns(width)
    parts = ("   " + fit("Written", _WHEN), fit("To", to) + "  ", fit("Subject", subject))
    return tuple(Span(part, TextRole.DIM) for part in parts)


def _draft_columns(width: int) -> tuple[int, int]:
    """Cells for whom and what."""
    rest = width - 3 - _WHEN - 11
    to = rest * 2 // 5
    return to - 2, rest - to - 2


def _opening(draft: Draft) -> str:
    """A letter without a subject is known by its first words."""
    first = draft.body.strip().split("\n", 1)[0][:200]
    return f"({safe_line(first)})" if first else "(no subject)"


@dataclass(frozen=True, slots=True)
class SentColumns:
    """Cells of the columns of what was sent, the two between them not counted."""

    to: int
    subject: int
    result: int
    """0: there is no room for it."""
    account: int = 0
    """0: there is no room for it, nor for the size."""


def sent_columns(items: Sequence[OutboxItem], width: int) -> SentColumns:
    """Columns for ``items`` in ``width`` cells: as wide as what is in them, the room shared fairly when it is short."""
    result = 0 if width < WIDE else _RESULT
    account = 0
    room = width - 3 - _WHEN - 2 - (result + 2 if result else 0) - 1
    if width >= ROOMY:
        account = max(len("Account"), min(12, max((cell_len(safe_line(each.account)) for each in items), default=0)))
        room -= account + _SIZE + 4
    to = max((cell_len(names(each.recipients)) for each in items), default=0)
    subject = max((cell_len(subject_of(each)) for each in items), default=0)
    return SentColumns(*share_width(room, (max(2, to), max(7, subject))), result, account)


def sent_titles(columns: SentColumns) -> Line:
    """The names of the columns."""
    parts = [fit("Sent", _WHEN - 2), fit("To", columns.to), fit("Subject", columns.subject)]
    parts += [fit("Result", columns.result)] if columns.result else []
    parts += [fit("Account", columns.account), fit("Size", _SIZE, right=True)] if columns.account else []
    return (Span("   "), *(Span(part + "  ", TextRole.DIM) for part in parts))


def sent_result(item: OutboxItem) -> tuple[str, TextRole]:
    """What became of it in a word or two; the server's reply stands in the detail."""
    refused = item.count(RecipientState.REFUSED)
    actions = [each.report.action for each in item.recipients if each.report]
    came_back = actions.count(DeliveryAction.FAILED)
    if came_back:
        return ("bounced" if len(item.recipients) == 1 else f"{came_back} bounced"), TextRole.FAILED
    if refused:
        return f"{refused} refused", TextRole.FAILED
    if DeliveryAction.DELAYED in actions:
        return "delayed", TextRole.DEFERRED
    if actions and actions.count(DeliveryAction.DELIVERED) == len(item.recipients):
        return "delivered", TextRole.ACCEPTED
    return ("copy waits", TextRole.DIM) if item.filing.state is FilingState.DUE else ("accepted", TextRole.DIM)


def sent_line(item: OutboxItem, width: int, now: float, columns: SentColumns | None = None) -> Line:
    """When, to whom, about what, and what became of it; ``columns`` as for the list, default: for it alone."""
    columns = columns or sent_columns((item,), width)
    result, role = sent_result(item)
    line: Line = (
        Span("   " + fit(format_day_time(sent_at(item), now), _WHEN - 2) + "  ", TextRole.DIM),
        Span(fit(names(item.recipients, columns.to), columns.to) + "  "),
        Span(fit(subject_of(item), columns.subject), TextRole.STRONG),
    )
    if columns.result:
        line = (*line, Span("  " + fit(result, columns.result), role))
    if columns.account:
        size = fit(format_size(item.size), _SIZE, right=True)
        line = (*line, Span(f"  {fit(safe_line(item.account), columns.account)}  {size}", TextRole.DIM))
    return line


def sent_at(item: OutboxItem) -> float:
    """When the last of its recipients was decided."""
    return max((each.decided_at for each in item.recipients if each.decided_at is not None), default=item.changed_at)


def sent_summary(item: OutboxItem, now: float) -> tuple[str, str]:
    """What the server said and where the copy is; the facts."""
    accepted = item.count(RecipientState.ACCEPTED)
    whom = "its recipient" if len(item.recipients) == 1 else f"{accepted} of {len(item.recipients)} recipients"
    said = f": {safe_line(item.last_reply)}" if item.last_reply else "."
    copy = {
        FilingState.DUE: "The copy for Sent is being filed.",
        FilingState.FILED: safe_line(item.filing.words) or "A copy was filed.",
        FilingState.SKIPPED: "No copy was filed here.",
        FilingState.NONE: "",
    }[item.filing.state]
    via = f" via {safe_line(item.via)}" if item.via else ""
    facts = f"{copy}  {safe_line(item.account)}{via} - {format_day_time(sent_at(item), now)} - {format_size(item.size)}"
    return f"Accepted for {whom}{said}", facts.strip()


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account, or a problem of the configuration."""

    id: str
    account: Account | None = None
    health: AccountHealth | None = None
    problem: str = ""

    @property
    def troubled(self) -> bool:
        """Something is to be done."""
        return bool(self.problem) or (self.health is not None and self.health.trouble is not None)


def account_line(row: AccountRow, width: int) -> Line:
    """Name, address, way out, health; or a problem with its file and line."""
    if row.account is None:
        return (Span("   ! ", TextRole.FAILED), Span(fit(safe_line(row.problem), width - 6)))
    mark, role = ("#", TextRole.BLOCKED) if row.troubled else ("+", TextRole.ACCEPTED)
    health = row.health.trouble.replace("-", " ") if row.health and row.health.trouble else "may send"
    address, way = _account_columns(width)
    return (
        Span(f"   {mark} ", role),
        Span(fit(safe_line(row.account.name), 12) + "  ", TextRole.STRONG),
        Span(fit(row.account.identity.address, address) + "  "),
        Span(fit(safe_line(row.account.via), way) + "  ", TextRole.DIM),
        Span(fit(health, 12), role),
    )


def account_titles(width: int) -> Line:
    """The names of the columns of accounts."""
    address, way = _account_columns(width)
    parts = ("     " + fit("Account", 12), fit("Address", address), fit("Sends via", way), "State")
    return tuple(Span(part + "  ", TextRole.DIM) for part in parts)


def _account_columns(width: int) -> tuple[int, int]:
    """Cells for the address and the way out."""
    rest = width - 5 - 14 - 12
    address = rest // 2
    return address - 2, rest - address - 2


def account_summary(row: AccountRow, now: float, *, reread: str) -> tuple[str, str]:
    """What is the matter and what to do; the facts. ``reread``: the key that has the config file read again."""
    if row.account is None:
        return safe_line(row.problem), f"What is valid in the file is used; put this right, then press {reread}."
    others = ", ".join(str(identity) for identity in row.account.identities)
    facts = f"{safe_line(others)} - Sent copy: {row.account.sent_copy}"
    if row.account.in_clear:
        facts += f" - not encrypted to {safe_line(', '.join(row.account.in_clear))}"
    health = row.health
    if health is not None and health.rate_limit and health.rate_window:
        facts += f" - at most {health.rate_limit} letters in {format_duration(health.rate_window)}"
    notice = None if health is None else account_notice(health, row.account)
    if notice is None:
        return "Letters of this account may go.", facts
    since = f"  Since {format_day_time(notice.since, now)}." if notice.since else ""
    return f"{notice.happened or notice.title}{since}  {notice.what_to_do(now)}", facts
