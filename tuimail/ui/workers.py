"""Work beside a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from textual.dom import DOMNode


def start_worker(
    node: DOMNode,
    work: Callable[[], Coroutine[Any, Any, object]],
    *,
    group: str,
    exclusive: bool = False,
    exit_on_error: bool = True,
) -> None:
    """Run ``work`` until ``node`` goes, or until the next of ``group`` if it is ``exclusive``.

    It is a function and no coroutine: a worker may be cancelled before it begins, and nothing would await it then.
    """
    # Without a description Textual makes one of ``repr(work)``, which may hold a message of a hundred thousand lines.
    node.run_worker(
        work,  # type: ignore[arg-type]
        group=group,
        description=group,
        exclusive=exclusive,
        exit_on_error=exit_on_error,
    )
