"""One letter in full: facts, recipients, timeline. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from tuimail.dates.format_date import format_day_time, format_planned
from tuimail.dates.local_time import zone_name
from tuimail.mail.dsn import DeliveryAction
from tuimail.mail.envelope import Notify
from tuimail.mail.size import format_size
from tuimail.mail.text import safe_line
from tuimail.outbox.marks import RECIPIENT_MARKS
from tuimail.outbox.model.states import CLAIMABLE, FilingState, ItemState, RecipientState
from tuimail.outbox.store.bounces import said
from tuimail.ui.text.cells import Line, Span, TextRole, fit, wrap
from tuimail.ui.views.letters import Progress, bar, explanation, role_of, state_text, subject_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.mail.dsn import DeliveryStatus
    from tuimail.outbox.model.item import OutboxItem, Recipient, TimelineEntry
    from tuimail.outbox.model.turn import Standing

MARGIN = "   "
LABEL = 10
_ROLES = {
    RecipientState.PENDING: TextRole.QUEUED,
    RecipientState.ACCEPTED: TextRole.ACCEPTED,
    RecipientState.DEFERRED: TextRole.DEFERRED,
    RecipientState.REFUSED: TextRole.FAILED,
    RecipientState.UNCERTAIN: TextRole.UNCERTAIN,
}
_REPORTED = {
    DeliveryAction.FAILED: TextRole.FAILED,
    DeliveryAction.DELAYED: TextRole.DEFERRED,
    DeliveryAction.DELIVERED: TextRole.ACCEPTED,
}


def details(
    item: OutboxItem,
    timeline: Sequence[TimelineEntry],
    dialogue: Sequence[str],
    width: int,
    now: float,
    progress: Progress | None = None,
    standing: Standing | None = None,
) -> list[Line]:
    """Every line of the detail screen."""
    lines = _facts(item, width, now, progress, standing)
    lines += [(), _heading("Recipients")]
    wide = max((len(recipient.address) for recipient in item.recipients), default=0)
    column = min(max(18, wide), max(18, width // 2 - 10))
    for recipient in item.recipients:
        lines += _recipient(recipient, column, width, now)
    zone = f" (times in {zone_name(timeline[-1].at, None)})" if timeline else ""
    lines += [(), _heading(f"What happened{zone}")]
    times = [format_day_time(entry.at, now) for entry in timeline]
    column = max((len(each) for each in times), default=0) + 1
    for time, entry in zip(times, timeline, strict=True):
        message = f"{entry.words}  {entry.reply}".strip()
        lines += _field(time, safe_line(message), width, label_width=column)
    if dialogue:
        lines += [(), _heading("The last dialogue")]
        lines += dialogue_lines(dialogue, width)
    return lines


def _facts(
    item: OutboxItem, width: int, now: float, progress: Progress | None, standing: Standing | None
) -> list[Line]:
    """What the letter is, its state and why, and its copy in Sent."""
    message, facts = explanation(item, now, standing)
    role = role_of(item.state)
    state = f"{item.state.value}" + (f"  {bar(progress.percent, 22)} {progress.percent} %" if progress else "")
    when = state_text(item, now)
    if not progress and when != item.state.value:
        state += f"  {when}"
    lines = [
        *_field("Subject", subject_of(item), width, TextRole.STRONG),
        *_field("From", safe_line(item.sender), width),
        *_field("State", state, width, role),
        *_field("", message, width, role if item.needs_you else TextRole.TEXT),
        *_field("", facts, width, TextRole.DIM),
        *_field("Letter", f"{format_size(item.size)}  {safe_line(item.message_id)}", width, TextRole.DIM),
    ]
    lines += _plans(item, width, now)
    if item.filing.state is not FilingState.NONE:
        filed = safe_line(item.filing.words) or {"due": "being filed", "skipped": "no copy wanted here"}.get(
            item.filing.state, "filed"
        )
        lines += _field("Sent copy", filed, width, TextRole.DIM)
    return lines


def _recipient(recipient: Recipient, column: int, width: int, now: float) -> list[Line]:
    """Address (in ``column`` cells), state and reply; below them what does not fit, a report, the reason."""
    mark, colour = RECIPIENT_MARKS[recipient.state], _ROLES[recipient.state]
    reply = safe_line(str(recipient.reply)) if recipient.reply else ""
    room = max(0, width - column - 18)
    fits = cell_len(reply) <= room
    lines: list[Line] = [
        (
            Span(f"{MARGIN}{mark} ", colour),
            Span(fit(safe_line(recipient.address), column) + "  "),
            Span(fit(recipient.state.value, 10), colour),
            Span(fit(reply if fits else "", room), TextRole.DIM),
        )
    ]
    below: list[tuple[str, TextRole]] = [] if fits else [(reply, TextRole.DIM)]
    if recipient.report:
        below.append((report_summary(recipient.report, now), _REPORTED.get(recipient.report.action, TextRole.DIM)))
    # That a letter was accepted is said by the state and the reply.
    if recipient.words and recipient.state is not RecipientState.ACCEPTED:
        below.append((safe_line(recipient.words), TextRole.DIM))
    lines += [(Span(f"{MARGIN}    {part}", role),) for text, role in below for part in wrap(text, width - 10)]
    return lines


def _plans(item: OutboxItem, width: int, now: float) -> list[Line]:
    """Which revision it is, when it may leave, how long it is tried, what was asked for."""
    lines: list[Line] = []
    if item.revision > 1:
        lines += _field("Revision", f"{item.revision}", width, TextRole.DIM)
    if item.hold_until is not None and item.hold_until > now:
        kept = f"The server keeps it until {format_day_time(item.hold_until, now)}."
        lines += _field("Leaves", kept, width, TextRole.TEXT)
    elif item.state is ItemState.HELD and item.not_before is not None:
        late = f"; if that was missed: {item.on_late}" if item.on_late is not None else ""
        lines += _field("Leaves", format_planned(item.not_before, now) + late, width, TextRole.DIM)
    if item.state in CLAIMABLE and item.expires_at is not None:
        lines += _field("Tried", f"until {format_day_time(item.expires_at, now)}", width, TextRole.DIM)
    if Notify.SUCCESS in item.notify:
        lines += _field("Report", "asked for when it is delivered", width, TextRole.DIM)
    return lines


def report_summary(report: DeliveryStatus, now: float) -> str:
    """What another server told about a recipient afterwards: "bounced at mx.example: 550 5.1.1 no such user, 09:41"."""
    return f"{safe_line(said(report))}, {format_day_time(report.at, now)}"


def dialogue_lines(dialogue: Sequence[str], width: int) -> list[Line]:
    """What was said, our words dim."""
    lines: list[Line] = []
    for line in dialogue:
        role = TextRole.DIM if line.startswith("C:") else TextRole.TEXT
        lines += [(Span(MARGIN + part, role),) for part in wrap(safe_line(line), width - 2 * len(MARGIN))]
    return lines


def _heading(text: str) -> Line:
    return (Span(MARGIN), Span(text, TextRole.ACCENT))


def _field(
    label: str, text: str, width: int, role: TextRole = TextRole.TEXT, *, label_width: int = LABEL
) -> list[Line]:
    """A labelled text, wrapped under itself."""
    room = max(10, width - len(MARGIN) - label_width - 2)
    return [
        (Span(MARGIN + fit(label if index == 0 else "", label_width) + " ", TextRole.DIM), Span(part, role))
        for index, part in enumerate(wrap(text, room))
    ]
