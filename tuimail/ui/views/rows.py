"""Drafts, sent letters and accounts as one line each, and in a sentence. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.mail.size import size_words
from tuimail.mail.text import safe_line
from tuimail.outbox.item import AccountHealth, FilingState, RecipientState
from tuimail.outbox.notice import account_notice
from tuimail.ui.views.letters import names, subject_of
from tuimail.ui.views.times import day_and_time, span, until
from tuimail.ui.widgets.cells import Line, Role, Span, fit

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft
    from tuimail.config.model import Account
    from tuimail.outbox.item import OutboxItem

_WHEN = 18


def draft_line(draft: Draft, width: int, now: float) -> Line:
    """When, to whom, about what, and why it is here."""
    rest = width - 3 - _WHEN - 11
    to = rest * 2 // 5
    return (
        Span("   " + fit(day_and_time(draft.updated_at, now), _WHEN), Role.DIM),
        Span(fit(safe_line(draft.to) or "(nobody yet)", to - 2) + "  "),
        Span(fit(safe_line(draft.subject) or _opening(draft), rest - to - 2) + "  ", Role.STRONG),
        Span(fit("postponed" if draft.postponed else "recovered", 11), Role.DIM if draft.postponed else Role.ACCENT),
    )


def _opening(draft: Draft) -> str:
    """A letter without a subject is known by its first words."""
    first = draft.body.strip().split("\n", 1)[0][:200]
    return f"({safe_line(first)})" if first else "(no subject)"


def sent_line(item: OutboxItem, width: int, now: float) -> Line:
    """When, to whom, about what, and what the server said."""
    refused = item.count(RecipientState.REFUSED)
    reply = f"{refused} refused" if refused else safe_line(item.last_reply)
    last = 0 if width < 72 else max(12, (width - _WHEN) // 5)
    rest = width - 3 - _WHEN - last - 1
    to = rest * 9 // 20
    return (
        Span("   " + fit(day_and_time(sent_at(item), now), _WHEN), Role.DIM),
        Span(fit(names(item.recipients), to - 2) + "  "),
        Span(fit(subject_of(item), rest - to - 2) + "  ", Role.STRONG),
        Span(fit(reply, last), Role.FAILED if refused else Role.DIM),
    )


def sent_at(item: OutboxItem) -> float:
    """When the last of its recipients was decided."""
    return max((each.decided_at for each in item.recipients if each.decided_at is not None), default=item.changed_at)


def sent_words(item: OutboxItem, now: float) -> tuple[str, str]:
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
    facts = f"{copy}  {safe_line(item.account)}{via} - {day_and_time(sent_at(item), now)} - {size_words(item.size)}"
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
        return (Span("   ! ", Role.FAILED), Span(fit(safe_line(row.problem), width - 6)))
    mark, role = ("#", Role.BLOCKED) if row.troubled else ("+", Role.ACCEPTED)
    health = row.health.trouble.replace("-", " ") if row.health and row.health.trouble else "may send"
    rest = width - 5 - 14 - 12
    address = rest // 2
    return (
        Span(f"   {mark} ", role),
        Span(fit(safe_line(row.account.name), 12) + "  ", Role.STRONG),
        Span(fit(row.account.identity.address, address - 2) + "  "),
        Span(fit(safe_line(row.account.via), rest - address - 2) + "  ", Role.DIM),
        Span(fit(health, 12), role),
    )


def account_words(row: AccountRow, now: float) -> tuple[str, str]:
    """What is the matter and what to do; the facts."""
    if row.account is None:
        return safe_line(row.problem), "What is valid in the file is used; put this right and start tuimail again."
    others = ", ".join(str(identity) for identity in row.account.identities)
    facts = f"{safe_line(others)} - Sent copy: {row.account.sent_copy}"
    health = row.health
    if health is not None and health.rate_limit and health.rate_window:
        facts += f" - at most {health.rate_limit} letters in {span(health.rate_window)}"
    notice = None if health is None else account_notice(health, row.account)
    if notice is None:
        return "Letters of this account may go.", facts
    since = f"  Since {day_and_time(notice.since, now)}." if notice.since else ""
    again = f"  Tried again {until(notice.next_try, now)}." if notice.next_try is not None else ""
    command = f"  {notice.command}" if notice.command else ""
    return f"{notice.happened or notice.title}{since}  {notice.advice}{again}{command}", facts
