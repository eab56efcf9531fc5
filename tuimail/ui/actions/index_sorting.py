"""Actions that sort the message index. The letters of the question are those of the program the keymap is of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.engine.index_request import SortOrder
from tuimail.ui.widgets.prompt import Choice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.ui.protocols import Action, MessageList

ORDERS = (
    Choice("a", "Arrival", SortOrder.ARRIVAL),
    Choice("d", "Date", SortOrder.DATE),
    Choice("h", "tHread", SortOrder.THREAD),
    Choice("s", "Subject", SortOrder.SUBJECT),
    Choice("f", "From", SortOrder.FROM),
    Choice("t", "To", SortOrder.TO),
    Choice("z", "siZe", SortOrder.SIZE),
    Choice("i", "Important", SortOrder.FLAGGED),
    Choice("u", "Unread", SortOrder.UNREAD),
    Choice("r", "Reverse", "reverse"),
)
MUTT_ORDERS = (
    Choice("r", "aRrival", SortOrder.ARRIVAL),
    Choice("d", "Date", SortOrder.DATE),
    Choice("t", "Thread", SortOrder.THREAD),
    Choice("s", "Subject", SortOrder.SUBJECT),
    Choice("f", "From", SortOrder.FROM),
    Choice("o", "tO", SortOrder.TO),
    Choice("z", "siZe", SortOrder.SIZE),
    Choice("i", "Important", SortOrder.FLAGGED),
    Choice("u", "Unread", SortOrder.UNREAD),
)
"""Without "reverse": a key of its own asks for a reversed order there."""


async def sort(screen: MessageList) -> None:
    """Ask for an order."""
    request = screen.request
    wanted = await screen.prompts.ask_choice("Sort by?", _orders(screen), default=request.order)
    if wanted == "reverse":
        await _show_sorted(screen, request.order, reverse=not request.reverse)
    elif wanted is not None:
        order = SortOrder(wanted)
        # Another order stays reversed, but for where a key of its own reverses.
        stays = request.reverse and not _like_mutt(screen)
        await _show_sorted(screen, order, reverse=not request.reverse if order is request.order else stays)


async def sort_reverse(screen: MessageList) -> None:
    """Ask for an order, and show the last first."""
    orders = [each for each in _orders(screen) if each.value != "reverse"]
    wanted = await screen.prompts.ask_choice("Sort in reverse by?", orders, default=screen.request.order)
    if wanted is not None:
        await _show_sorted(screen, SortOrder(wanted), reverse=True)


def _orders(screen: MessageList) -> Sequence[Choice]:
    return MUTT_ORDERS if _like_mutt(screen) else ORDERS


def _like_mutt(screen: MessageList) -> bool:
    return screen.program.keymap.name == "mutt"


async def _show_sorted(screen: MessageList, order: SortOrder, *, reverse: bool) -> None:
    if screen.request.several and order not in (SortOrder.ARRIVAL, SortOrder.DATE):
        screen.say("Messages of several folders are sorted by arrival or date.")
        return
    await screen.show_request(replace(screen.request, order=order, reverse=reverse))
    screen.say(f"Sorted by {order}{', reversed' if reverse else ''}.")


ACTIONS: dict[str, Action[MessageList]] = {"sort-index": sort, "sort-reverse": sort_reverse}
