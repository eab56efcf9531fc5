"""What is used of Textual beyond its documented interface; ``tests/ui/test_textual_private`` pins it.

For its text area see ``textual_text_area``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.binding import BindingsMap
    from textual.message import Message
    from textual.screen import Screen


def use_bindings(screen: Screen[Any], bindings: BindingsMap) -> None:
    """Let ``screen`` have these bindings and no others of its own."""
    screen._bindings = bindings  # noqa: SLF001 - Textual has a way to add bindings, none to take them away


def filter_input(make_filter: Callable[[], Callable[[str], str]]) -> None:
    """Have what Textual's Linux driver reads pass a filter before it is parsed; ``make_filter`` makes one a terminal.

    Call before the app runs; a second call changes nothing.
    """
    from textual.drivers import linux_driver

    driver: Any = linux_driver
    parser: Any = driver.XTermParser
    if getattr(parser, "filtered", False):
        return

    class FilteredParser(parser):  # type: ignore[misc]
        filtered = True

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._filter = make_filter()

        def feed(self, data: str) -> Iterable[Message]:
            # An empty read is Textual's end of input and must arrive as it is.
            clean = self._filter(data) if data else data
            messages: Iterable[Message] = super().feed(clean) if clean or not data else ()
            return messages

    driver.XTermParser = FilteredParser
