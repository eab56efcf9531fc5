"""Which calls of a store may share one durable transaction, and what each of them came to."""

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
    """Whose calls may share a transaction (outbox/store/claims)."""

    def first(self, calls: Sequence[Callable[[], object]]) -> None:
        """Do what each of them must do whatever becomes of the transaction. Never raises."""
        ...

    def together(self, calls: Sequence[Callable[[], object]]) -> list[Outcome]:
        """Carry them out in order in one durable transaction, after ``first``; what each came to. Never raises.

        A call that fails undoes only itself; when the transaction whole cannot be stored, all of them failed.
        """
        ...


def joins(method: F) -> F:
    """Say that calls of this method of a Group may share a transaction with their neighbours."""
    method.joins = True  # type: ignore[attr-defined]
    return method


def group_of(work: Callable[[], object]) -> Group | None:
    """The Group of a ``partial`` of such a method, or None: it runs alone."""
    method = work.func if isinstance(work, partial) else work
    return getattr(method, "__self__", None) if getattr(method, "joins", False) else None
