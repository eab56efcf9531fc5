"""A letter of the outbox as one line, and in a sentence. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.mail.text import safe_line
from tuimail.outbox.item import ItemState, RecipientState
from tuimail.ui.views.times import day_and_time, span, until
from tuimail.ui.widgets.cells import Line, Role, Span, fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.outbox.item import OutboxItem, Recipient

MARKS = {
    ItemState.FAILED: "!",
    ItemState.UNCERTAIN: "?",
    ItemState.BLOCKED: "#",
    ItemState.SENDING: "~",
    ItemState.DEFERRED: ".",
    ItemState.QUEUED: ".",
    ItemState.HELD: "z",
    ItemState.ACCEPTED: "+",
    ItemState.DONE: "+",
    ItemState.CANCELLED: "x",
}
"""State at a glance, without colour."""

WIDE = 72
"""From so many cells on a line has all five columns."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of a letter is written."""

    sent: int = 0
    total: int = 0
    words: str = ""
    """The stage of the dialogue."""

    @property
    def percent(self) -> int:
        """0 to 100."""
        return min(100, self.sent * 100 // self.total) if self.total else 0


def role_of(state: ItemState) -> Role:
    """The colour of a state."""
    return Role.DIM if state is ItemState.CANCELLED else Role(state.value)


def subject_of(item: OutboxItem) -> str:
    """Its subject, safe to draw, never empty."""
    return safe_line(item.subject) or "(no subject)"


def names(recipients: Sequence[Recipient]) -> str:
    """The first recipient, and how many more: "kim@grants.example +2"."""
    if not recipients:
        return "(nobody)"
    first = safe_line(recipients[0].address)
    return first if len(recipients) == 1 else f"{first} +{len(recipients) - 1}"


def state_words(item: OutboxItem, now: float, progress: Progress | None = None) -> str:
    """What is the matter with it, and when it goes on, in at most some fourteen cells."""
    match item.state:
        case ItemState.FAILED:
            refused = item.count(RecipientState.REFUSED)
            return f"{refused} refused" if refused else "failed"
        case ItemState.BLOCKED:
            return item.trouble.replace("-", " ") if item.trouble else "blocked"
        case ItemState.SENDING:
            return f"sending {progress.percent} %" if progress and progress.total else "sending"
        case ItemState.DEFERRED if item.next_attempt_at is not None:
            return until(item.next_attempt_at, now)
        case ItemState.HELD if item.not_before is not None:
            return until(item.not_before, now)
        case ItemState.ACCEPTED:
            return "sent, filing"
        case state:
            return state.value


def last_words(item: OutboxItem, progress: Progress | None = None) -> str:
    """The last column: whose turn it is, or what the server said last."""
    if item.needs_you:
        return "needs you"
    if item.state is ItemState.SENDING:
        if progress is not None and progress.total:
            return bar(progress.percent, 12)
        if progress is not None and progress.words:
            return progress.words
        return item.stage.words if item.stage else ""
    if item.state is ItemState.HELD and item.not_before is None:
        return "until you release it"
    return safe_line(item.last_reply)


def bar(percent: int, width: int) -> str:
    """A progress bar that needs no colour: ``[######....]``."""
    inner = width - 2
    done = percent * inner // 100
    return f"[{'#' * done}{'.' * (inner - done)}]"


def outbox_line(item: OutboxItem, width: int, now: float, progress: Progress | None = None) -> Line:
    """One row of the outbox in ``width`` cells."""
    role = role_of(item.state)
    mark = Span(f"   {MARKS[item.state]} ", role)
    state = state_words(item, now, progress)
    if width < WIDE:
        rest = width - 5 - 15 - 1
        subject = rest * 3 // 5
        return (
            mark,
            Span(fit(subject_of(item), subject - 1) + " ", Role.STRONG if item.needs_you else Role.TEXT),
            Span(fit(names(item.recipients), rest - subject - 1) + " ", Role.DIM),
            Span(fit(state, 15), role),
        )
    rest = width - 5 - 15 - 1
    last = min(34, max(14, rest // 4))
    rest -= last
    subject = rest * 11 // 20
    return (
        mark,
        Span(fit(subject_of(item), subject - 2) + "  ", Role.STRONG if item.needs_you else Role.TEXT),
        Span(fit(names(item.recipients), rest - subject - 2) + "  ", Role.DIM),
        Span(fit(state, 14) + " ", role),
        Span(fit(last_words(item, progress), last), role if item.needs_you or progress else Role.DIM),
    )


def explanation(item: OutboxItem, now: float) -> tuple[str, str]:
    """Two sentences on a letter: what is the matter and what to do; and the facts."""
    words = safe_line(item.words) or _plain_words(item, now)
    if item.last_reply and item.last_reply not in item.words:
        words += f"  {safe_line(item.last_reply)}"
    facts = [f"{safe_line(item.account)} via {safe_line(item.via)}" if item.via else safe_line(item.account)]
    facts.append(f"written {span(now - item.queued_at)} ago")
    if item.attempts:
        facts.append("1 attempt" if item.attempts == 1 else f"{item.attempts} attempts")
    if item.state is ItemState.DEFERRED and item.expires_at is not None:
        facts.append(f"tried for {span(item.expires_at - now)} more")
    return words, " - ".join(facts)


def _plain_words(item: OutboxItem, now: float) -> str:
    """What a state means when the item itself says nothing."""
    match item.state:
        case ItemState.HELD if item.not_before is not None:
            return f"It will be sent {day_and_time(item.not_before, now)}."
        case ItemState.HELD:
            return "Held by you; release it when it is to go."
        case ItemState.QUEUED:
            return "It goes next."
        case ItemState.SENDING:
            return f"Being sent: {item.stage.words}." if item.stage else "Being sent."
        case ItemState.ACCEPTED:
            return "The server has it; the copy for Sent is being filed."
        case ItemState.DONE:
            return "It was sent."
        case state:
            return f"It is {state.value}."
