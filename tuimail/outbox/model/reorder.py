"""Moving a letter among those that wait: who gets which rank. Pure.

Of the letters due the one with the lowest rank goes first, and with the same rank the one with the lower id. A move
gives the ranks that are there to the letters in their new order, so that all others stay where they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.outbox.model.states import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.outbox.model.item import OutboxItem

STEP = 1.0
"""Between the first or last rank and one before or behind it; ranks are seconds since the epoch at first."""

APART = 1e-3
"""Between two ranks that were the same; far above what a float of today's time can tell apart."""


def moved(waiting: Sequence[OutboxItem], item_id: str, place: Place) -> dict[str, float]:
    """The new ranks, by id, of those ``waiting`` whose rank changes when ``item_id`` is moved to ``place``.

    UP and DOWN change places with the neighbour on the list, which shows those that need the user apart. Who is at
    the end already stays there.

    Args:
        waiting: Letters of one account, the moved one among them, in any order.
        item_id: The letter to move.
        place: Where to.
    """
    order = sorted(waiting, key=lambda each: (each.rank, each.id))
    at = next(index for index, each in enumerate(order) if each.id == item_id)
    item = order[at]
    if place is Place.FIRST:
        return {} if at == 0 else {item_id: order[0].rank - STEP}
    if place is Place.LAST:
        return {} if at == len(order) - 1 else {item_id: order[-1].rank + STEP}
    steps = range(at - 1, -1, -1) if place is Place.UP else range(at + 1, len(order))
    other = next((index for index in steps if order[index].needs_you == item.needs_you), None)
    if other is None:
        return {}
    ranks = [each.rank for each in order]
    order[at], order[other] = order[other], order[at]
    found: dict[str, float] = {}
    before = (float("-inf"), "")
    for each, rank in zip(order, ranks, strict=True):
        # Where two ranks are the same, the second moves on a little, and so do those it runs into.
        new = rank if (rank, each.id) > before else before[0] + APART
        if new != each.rank:
            found[each.id] = new
        before = (new, each.id)
    return found
