"""A letter of the outbox as one line, and in a sentence. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tuimail.dates.format_date import format_day_time, format_duration, format_until
from tuimail.mail.text import safe_line
from tuimail.outbox.marks import MARKS
from tuimail.outbox.model.states import ItemState, RecipientState
from tuimail.outbox.model.turn import standing_words, waits_its_turn
from tuimail.submission.result import Stage
from tuimail.ui.text.cells import Line, Span, TextRole, clip, fit, width_of
from tuimail.ui.views.replies import reply_summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.outbox.model.item import OutboxItem, Recipient
    from tuimail.outbox.model.turn import Standing

WIDE = 72
"""From so many cells on a line has all five columns."""

MARK = 5
"""Cells of the margin and the mark."""

GAP = 2
"""Cells between two columns."""

STATE = 14
"""Cells of a state, as in "tomorrow 08:00"; a date further off takes two more."""

LAST = 14
"""Cells of whose turn it is, or why it waits: "needs you", "server trouble"."""

AGE = 8
"""Cells of an age: "59 min", "120 days"."""

ROOMY = 90
"""From so many cells on a line names account and age as well."""

BAR = 12
"""Cells of a progress bar in the list."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of a letter is written."""

    sent: int = 0
    total: int = 0
    stage: str = ""
    """The stage of the dialogue."""

    @property
    def percent(self) -> int:
        """0 to 100."""
        return min(100, self.sent * 100 // self.total) if self.total else 0


def role_of(state: ItemState) -> TextRole:
    """The colour of a state."""
    return TextRole.DIM if state is ItemState.CANCELLED else TextRole(state.value)


def subject_of(item: OutboxItem) -> str:
    """Its subject, safe to draw, never empty."""
    return safe_line(item.subject) or "(no subject)"


def names(recipients: Sequence[Recipient], width: int = 0) -> str:
    """The first recipient, and how many more: "kim@grants.example +2".

    When ``width`` cells (0: any number) are too few, the address is cut, never the number.
    """
    if not recipients:
        return "(nobody)"
    first = safe_line(recipients[0].address)
    more = f" +{len(recipients) - 1}" if len(recipients) > 1 else ""
    return (clip(first, max(1, width - len(more))) if width else first) + more


def state_text(item: OutboxItem, now: float, progress: Progress | None = None) -> str:
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
            return format_until(item.next_attempt_at, now)
        case ItemState.HELD if item.not_before is not None:
            return format_until(item.not_before, now)
        case ItemState.ACCEPTED:
            return "sent, filing"
        case state:
            return state.value


def waits_for_text(item: OutboxItem, progress: Progress | None = None) -> str:
    """The last column: whose turn it is, or why it waits; in words, the server's reply stands in the detail."""
    if item.needs_you:
        return "needs you"
    if item.state is ItemState.SENDING:
        if progress is not None and progress.total:
            return bar(progress.percent, BAR)
        message = (
            progress.stage if progress is not None and progress.stage else item.stage.description if item.stage else ""
        )
        return _STAGES.get(message, message)
    if item.state is ItemState.HELD and item.not_before is None:
        return "until released"
    if item.state is ItemState.ACCEPTED:
        return "copy waits" if item.filing.attempts else ""
    if item.state is not ItemState.DEFERRED:
        return ""
    replies = [each.reply for each in item.open_recipients if each.reply]
    if not replies:
        return "unreachable" if item.stage in (None, Stage.CONNECT) else "no answer"
    return reply_summary(replies[0])


_STAGES = {
    Stage.CONNECT.description: "connecting",
    Stage.TLS.description: "securing it",
    Stage.GREETING.description: "greeting",
    Stage.EHLO.description: "greeting",
    Stage.AUTH.description: "signing in",
    Stage.MAIL.description: "sender",
    Stage.RCPT.description: "recipients",
    Stage.DATA.description: "the letter",
    Stage.BODY.description: "the letter",
    Stage.COMMITTING.description: "last answer",
}
"""Stages as a column has room for them."""


def bar(percent: int, width: int) -> str:
    """A progress bar that needs no colour: ``[######....]``."""
    inner = width - 2
    done = percent * inner // 100
    return f"[{'#' * done}{'.' * (inner - done)}]"


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of the columns of the outbox, the two between them not counted; they follow what stands in the list."""

    subject: int
    to: int
    state: int
    last: int
    """0: there is no room for it."""
    account: int = 0
    """0: there is no room for it, nor for the age."""


@dataclass(frozen=True, slots=True)
class ColumnWidths:
    """Cells that what stands in the columns would take."""

    subject: int = 0
    to: int = 0
    state: int = 0
    last: int = 0
    account: int = 0

    def at_least(self, other: ColumnWidths) -> ColumnWidths:
        """Room for both, so that columns do not jump while one scrolls."""
        return ColumnWidths(
            max(self.subject, other.subject),
            max(self.to, other.to),
            max(self.state, other.state),
            max(self.last, other.last),
            max(self.account, other.account),
        )


def widths_of(items: Sequence[OutboxItem], now: float) -> ColumnWidths:
    """What ``items`` would take."""
    return ColumnWidths(
        max((cell_len(subject_of(item)) for item in items), default=0),
        max((cell_len(names(item.recipients)) for item in items), default=0),
        max((cell_len(state_text(item, now)) for item in items), default=0),
        max((cell_len(waits_for_text(item)) for item in items), default=0),
        max((cell_len(safe_line(item.account)) for item in items), default=0),
    )


def columns_for(items: Sequence[OutboxItem], width: int, now: float) -> Columns:
    """Columns for ``items`` in ``width`` cells."""
    return columns_within(widths_of(items, now), width)


def columns_within(wants: ColumnWidths, width: int) -> Columns:
    """Columns in ``width`` cells: as wide as what is in them, the room shared fairly when it is short."""
    state = max(STATE, min(wants.state, STATE + 2))
    room = width - MARK - state - 1 - 2 * GAP
    if width < WIDE:
        return Columns(*share_width(room, (wants.subject, wants.to)), state, 0)
    room -= GAP
    last = LAST
    account = 0
    if width >= ROOMY:
        account = max(len("Account"), min(wants.account, 12))
        room -= account + AGE + 2 * GAP
    return Columns(*share_width(room - last, (wants.subject, wants.to)), state, last, account)


def outbox_titles(columns: Columns) -> Line:
    """The names of the columns."""
    gap = " " * GAP
    parts = [" " * MARK + fit("Subject", columns.subject), fit("To", columns.to), fit("State", columns.state)]
    parts += [fit("", columns.last)] if columns.last else []
    parts += [fit("Account", columns.account), fit("Age", AGE, right=True)] if columns.account else []
    return tuple(Span(part + gap, TextRole.DIM) for part in parts)


def share_width(room: int, wants: tuple[int, int]) -> tuple[int, int]:
    """``room`` for two that want so many cells: who wants less than half of it gets that, the other what is left."""
    one, two = wants
    half = room // 2
    if one + two <= room:
        return one, two
    if one <= half:
        return one, room - one
    if two <= room - half:
        return room - two, two
    return half, room - half


def outbox_line(
    item: OutboxItem,
    width: int,
    now: float,
    progress: Progress | None = None,
    columns: Columns | None = None,
    *,
    tagged: bool = False,
) -> Line:
    """One row of the outbox in ``width`` cells; ``columns`` as for the list it stands in, default: for it alone."""
    columns = columns or columns_for((item,), width, now)
    role = role_of(item.state)
    gap = " " * GAP
    line = (
        Span(" * " if tagged else "   ", TextRole.ACCENT),
        Span(f"{MARKS[item.state]} ", role),
        Span(fit(subject_of(item), columns.subject) + gap, TextRole.STRONG if item.needs_you else TextRole.TEXT),
        Span(fit(names(item.recipients, columns.to), columns.to) + gap, TextRole.DIM),
        Span(fit(state_text(item, now, progress), columns.state), role),
    )
    left = width - 1 - width_of(line)
    if not columns.last:
        return (*line, Span(" " * left))
    message = fit(waits_for_text(item, progress), columns.last)
    loud = role if item.needs_you or progress else TextRole.DIM
    if not columns.account:
        return (*line, Span(fit(gap + message, left), loud))
    age = fit(format_duration(max(0.0, now - item.queued_at)), AGE, right=True)
    rest = f"{gap}{fit(safe_line(item.account), columns.account)}{gap}{age}"
    return (*line, Span(gap + message, loud), Span(fit(rest, left - GAP - columns.last), TextRole.DIM))


def _telling_reply(item: OutboxItem) -> str:
    """The server's words about what is the matter: of a letter refused in part, not those to the others."""
    refused = (each.reply for each in item.recipients if each.state is RecipientState.REFUSED and each.reply)
    return str(next(refused, None) or item.last_reply) if item.state is ItemState.FAILED else item.last_reply


def explanation(item: OutboxItem, now: float, standing: Standing | None = None) -> tuple[str, str]:
    """Two sentences on a letter: what is the matter and what to do; and the facts.

    ``standing`` is that of a letter that waits for its turn; None: it is not known yet.
    """
    message = safe_line(item.words) or _state_sentence(item, now)
    if standing is not None and waits_its_turn(item, now):
        turn = standing_words(standing, now)
        message = f"{safe_line(item.words)} {turn}".strip()
    reply = _telling_reply(item)
    if reply and reply not in item.words:
        message += f"  {safe_line(reply)}"
    facts = [f"{safe_line(item.account)} via {safe_line(item.via)}" if item.via else safe_line(item.account)]
    facts.append(f"written {format_duration(now - item.queued_at)} ago")
    if item.attempts:
        facts.append("1 attempt" if item.attempts == 1 else f"{item.attempts} attempts")
    if item.state is ItemState.DEFERRED and item.expires_at is not None:
        facts.append(f"tried for {format_duration(item.expires_at - now)} more")
    return message, " - ".join(facts)


def _state_sentence(item: OutboxItem, now: float) -> str:
    """What a state means when the item itself says nothing."""
    match item.state:
        case ItemState.HELD if item.not_before is not None:
            return f"It will be sent {format_day_time(item.not_before, now)}."
        case ItemState.HELD:
            return "Held by you; release it when it is to go."
        case ItemState.QUEUED:
            return "It waits for its turn."
        case ItemState.SENDING:
            return f"Being sent: {item.stage.description}." if item.stage else "Being sent."
        case ItemState.ACCEPTED:
            return "The server has it; the copy for Sent is being filed."
        case ItemState.DONE:
            return "It was sent."
        case state:
            return f"It is {state.value}."
