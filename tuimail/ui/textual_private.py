"""What is used of Textual beyond its documented interface, in one place; ``tests/ui/test_textual_private`` pins it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.binding import BindingsMap
    from textual.screen import Screen


def use_bindings(screen: Screen[Any], bindings: BindingsMap) -> None:
    """Let ``screen`` have these bindings and no others of its own."""
    screen._bindings = bindings  # noqa: SLF001 - Textual has a way to add bindings, none to take them away
