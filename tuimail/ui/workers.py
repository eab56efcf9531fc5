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
    node.run_worker(work, group=group, exclusive=exclusive, exit_on_error=exit_on_error)  # type: ignore[arg-type]
