"""Forgets what is long over: tombstones, and the bytes of letters that were cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.clock import DAY
from tuimail.outbox.model.item import SENT_BY_USER
from tuimail.outbox.store.transaction import discard_letter

if TYPE_CHECKING:
    from tuimail.outbox.store.open_outbox import OpenOutbox

KEEP_CANCELLED_DAYS = 7.0
"""How long the bytes of a letter that was cancelled, or resolved by the user, are kept so that this can be undone."""


def prune(outbox: OpenOutbox, *, keep_days: float = 180.0) -> int:
    """Forget tombstones older than that, and the bytes of letters cancelled a week ago. How many were forgotten."""
    with outbox.reading() as view:
        stale = view.rows(
            "(state = 'cancelled' OR state = 'done' AND instr(recipients, ?) > 0) AND changed_at < ?",
            (SENT_BY_USER, view.now - KEEP_CANCELLED_DAYS * DAY),
        )
        old = view.rows("state IN ('done', 'cancelled') AND changed_at < ?", (view.now - keep_days * DAY,))
    if old:
        with outbox.writing() as tx:
            for row in old:
                for table, column in (("item", "id"), ("timeline", "item"), ("dialogue", "item")):
                    tx.db.execute(f"DELETE FROM {table} WHERE {column} = ?", (row.item.id,))  # noqa: S608
    for row in (*stale, *old):
        discard_letter(outbox.folder, row.item, for_good=True)
    return len(old)
