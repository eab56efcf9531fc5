"""What menu, lists and title bars say of changes that wait, and of what holds up the sync. Pure, quick to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from tuimail.journal.tally import JournalTally


def changes_note(tally: JournalTally) -> str:
    """``1 yours`` where some were refused, else ``3 wait``; empty when there are none."""
    if tally.refused:
        return f"{tally.refused:,} yours"
    return "" if not tally.waiting else "1 waits" if tally.waiting == 1 else f"{tally.waiting:,} wait"


def offline_remark(tally: JournalTally) -> str:
    """``offline, 3 wait``: what a server out of reach holds up."""
    if not tally.waiting:
        return "offline"
    return f"offline, {tally.waiting:,} {'waits' if tally.waiting == 1 else 'wait'}"


def sync_remarks(offline: str, paused: str, tally: JournalTally) -> list[str]:
    """For the title bar: that a server is out of reach, or why else nothing is synced."""
    if offline:
        return [offline_remark(tally)]
    reason = safe_line(paused.partition(":")[0].rstrip("."))
    return [f"sync waits: {reason[:1].lower()}{reason[1:]}"] if reason else []
