"""The orders of the outbox as they are asked for, with Alpine's letters where it has them. Pure."""

from __future__ import annotations

from typing import NamedTuple

from tuimail.outbox.model.states import Order


class NamedOrder(NamedTuple):
    """One order."""

    key: str
    """The letter that chooses it."""
    label: str
    value: Order


ORDERS = (
    NamedOrder("n", "Need", Order.NEED),
    NamedOrder("g", "Going", Order.NEXT),
    NamedOrder("a", "Age", Order.AGE),
    NamedOrder("s", "Subject", Order.SUBJECT),
    NamedOrder("r", "Recipient", Order.RECIPIENT),
    NamedOrder("z", "Size", Order.SIZE),
    NamedOrder("c", "Account", Order.ACCOUNT),
    NamedOrder("t", "State", Order.STATE),
)


def order_name(wanted: Order) -> str:
    """As in "sorted by subject"."""
    return next(order.label.lower() for order in ORDERS if order.value is wanted)
