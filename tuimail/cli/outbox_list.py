"""An outbox as aligned lines for people. Pure but for the colours of the stream.

::

    ! Grant renewal    kim@grants.example +2    refused: 550 5.1.1 no such user     needs you    x7k2p
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cli.dates import format_until
from tuimail.cli.output import BOLD, CYAN, DIM, GREEN, MAGENTA, RED, YELLOW, fit
from tuimail.mail.text import cells, safe_line
from tuimail.outbox.marks import MARKS
from tuimail.outbox.model.states import ItemState, RecipientState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.cli.output import Style
    from tuimail.outbox.model.item import OutboxItem

COLOURS = {
    ItemState.HELD: CYAN,
    ItemState.QUEUED: "",
    ItemState.SENDING: GREEN,
    ItemState.DEFERRED: YELLOW,
    ItemState.BLOCKED: RED,
    ItemState.FAILED: RED,
    ItemState.UNCERTAIN: MAGENTA,
    ItemState.ACCEPTED: GREEN,
    ItemState.DONE: GREEN,
    ItemState.CANCELLED: DIM,
}

NAMED = 5
"""Maximum number of recipients that a sentence names."""

SHARES = {"subject": 0.34, "to": 0.3, "state": 0.36}
"""The shares of the flexible columns in the width that the fixed ones leave."""


def recipients_of(item: OutboxItem) -> str:
    """The recipients as in "kim@grants.example +2"; one that needs the user comes first."""
    order = (RecipientState.REFUSED, RecipientState.UNCERTAIN)
    listed = sorted(item.recipients, key=lambda each: each.state not in order)
    if not listed:
        return ""
    more = f" +{len(listed) - 1}" if len(listed) > 1 else ""
    return listed[0].address + more


def names_of(item: OutboxItem) -> str:
    """All recipients in one line, or the first of many and how many more there are."""
    named = [each.address for each in item.recipients[:NAMED]]
    more = len(item.recipients) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def state_of(item: OutboxItem) -> str:
    """The state and why, in a few words."""
    refused = item.count(RecipientState.REFUSED)
    if item.state is ItemState.FAILED and 0 < refused < len(item.recipients):
        return f"{refused} of {len(item.recipients)} refused"
    if item.state in (ItemState.FAILED, ItemState.DEFERRED) and item.last_reply:
        return f"{item.state}: {item.last_reply}"
    if item.state is ItemState.BLOCKED and item.trouble:
        return f"blocked: {item.trouble}"
    if item.state is ItemState.SENDING and item.stage:
        return item.stage.description
    return str(item.state)


def when_of(item: OutboxItem, now: float) -> str:
    """When it continues, or that it waits for the user."""
    if item.needs_you:
        return "needs you"
    if item.state is ItemState.HELD:
        return format_until(item.not_before, now) or "until released"
    if item.state is ItemState.DEFERRED:
        return format_until(item.next_attempt_at, now)
    return ""


def lines(items: Sequence[OutboxItem], now: float, *, width: int, style: Style) -> list[str]:
    """One line per item: mark, subject, recipients, state, next try, id."""
    rows = [
        (
            item,
            (
                safe_line(item.subject) or "(no subject)",
                safe_line(recipients_of(item)),
                safe_line(state_of(item)),
                when_of(item, now),
                item.id,
            ),
        )
        for item in items
    ]
    needed = [max((cells(row[place]) for _, row in rows), default=0) for place in range(5)]
    widths = _widths(needed, width)
    drawn: list[str] = []
    for item, row in rows:
        colour = COLOURS[item.state]
        subject, to, state, when, name = (fit(cell, columns) for cell, columns in zip(row, widths, strict=True))
        drawn.append(
            "  ".join(
                (
                    style(MARKS[item.state], colour, BOLD) + " " + style(subject, BOLD if item.needs_you else ""),
                    style(to),
                    style(state, colour),
                    style(when, BOLD if item.needs_you else ""),
                    style(name, DIM),
                )
            ).rstrip()
        )
    return drawn


def totals(items: Sequence[OutboxItem]) -> str:
    """As in "3 waiting, 1 needs you"."""
    yours = sum(item.needs_you for item in items)
    waiting = len(items) - yours
    parts = [f"{waiting} waiting"] if waiting else []
    parts += [f"{yours} need{'s' if yours == 1 else ''} you"] if yours else []
    return ", ".join(parts)


def _widths(needed: list[int], width: int) -> list[int]:
    """Columns for subject, recipients, state, when, id in ``width``; the last two are never cut."""
    free = width - 2 - 4 * 2 - needed[3] - needed[4]
    if sum(needed[:3]) <= free:
        return needed
    widths = [min(need, max(6, int(free * share))) for need, share in zip(needed, SHARES.values(), strict=False)]
    for place in range(3):  # what one column does not need, the others get
        spare = free - sum(widths)
        if spare > 0:
            widths[place] = min(needed[place], widths[place] + spare)
    return [*widths, needed[3], needed[4]]
