"""Which calls of a store may share one durable transaction, and the result of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Failed:
    """A call that raised."""

    error: BaseException


Outcome = object
"""What a call returned, or Failed."""


class Group(Protocol):
    """What gives calls a transaction to share (outbox/store/open_outbox)."""

    def first(self, calls: Sequence[Callable[[], object]]) -> None:
        """Do what each call must leave behind even if the transaction fails. Never raises."""
        ...

    def together(self, calls: Sequence[Callable[[], object]]) -> list[Outcome]:
        """Carry them out in order in one durable transaction, after ``first``; the result of each. Never raises.

        A call that fails undoes only itself; when the transaction whole cannot be stored, all of them failed.
        """
        ...


def joins(method: F) -> F:
    """Say that calls of this method may share a transaction with their neighbours: those of its object's ``group``."""
    method.joins = True  # type: ignore[attr-defined]
    return method


def joins_after(first: Callable[..., int | None]) -> Callable[[F], F]:
    """The same for a method whose calls must leave something durable even if the transaction fails.

    ``first`` takes the arguments of the method and gives an open file that is to be made durable and closed, or None.
    It must not raise.
    """

    def mark(method: F) -> F:
        method.first = first  # type: ignore[attr-defined]
        return joins(method)

    return mark


def do_first(work: Callable[[], object]) -> int | None:
    """Do what the call of such a method must do first."""
    if not isinstance(work, partial) or not hasattr(work.func, "first"):
        return None
    file: int | None = work.func.first(work.func.__self__, *work.args, **work.keywords)  # type: ignore[attr-defined]
    return file


def group_of(work: Callable[[], object]) -> Group | None:
    """The Group of a ``partial`` of such a method, or None: it runs alone."""
    method = work.func if isinstance(work, partial) else work
    if not getattr(method, "joins", False):
        return None
    group: Group = method.__self__.group  # type: ignore[union-attr]
    return group
