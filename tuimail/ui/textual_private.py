"""What is used of Textual beyond its documented interface; ``tests/ui/test_textual_private`` pins it.

For its text area see ``textual_text_area``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.app import App
    from textual.binding import BindingsMap
    from textual.events import Key
    from textual.message import Message
    from textual.screen import Screen

S = TypeVar("S", bound="Screen[Any]")

_ALT_LETTER = re.compile(r"\x1b[a-z]")
_SEQUENCES = re.compile(r"\x1b[a-z]|\x1b[^\x1b]*|[^\x1b]+")
"""No terminal begins anything else with an escape and a small letter."""


def use_bindings(screen: Screen[Any], bindings: BindingsMap) -> None:
    """Let ``screen`` have these bindings and no others of its own."""
    screen._bindings = bindings  # noqa: SLF001 - Textual has a way to add bindings, none to take them away


def switchable(screen: S) -> S:
    """Let a screen that the app starts with be replaced by another: ``switch_screen`` expects that it was pushed."""
    screen._push_result_callback(screen, None)  # noqa: SLF001 - what push_screen does
    return screen


def end_with_report(app: App[Any], report: str) -> None:
    """End ``app`` after an exception that nobody handled; ``report`` is printed once the terminal is as it was."""
    from rich.text import Text

    app._exit_renderables.append(Text(report))  # noqa: SLF001 - Textual's own report shows local variables
    app._close_messages_no_wait()  # noqa: SLF001 - the last thing that Textual does with it, too


def filter_input(make_filter: Callable[[], Callable[[str], str]]) -> None:
    """Have what Textual's Linux driver reads pass a filter before it is parsed; ``make_filter`` makes one a terminal.

    Alt with a letter is that, whatever comes right before and after it; Textual takes Alt with B for Ctrl with Left,
    and an Alt key that repeats for "^" and the letter.

    Alt (Esc before the key) is kept with every key: Textual drops it before marks, and takes Alt with F or B for Ctrl
    with an arrow.
    Call before the app runs; a second call changes nothing.
    """
    from textual.drivers import linux_driver
    from textual.events import Key

    driver: Any = linux_driver
    parser: Any = driver.XTermParser
    if getattr(parser, "filtered", False):
        return

    class FilteredParser(parser):  # type: ignore[misc]
        filtered = True
        _timeout_time: float | None

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._filter = make_filter()

        def feed(self, data: str) -> Iterable[Message]:
            # An empty read is Textual's end of input and must arrive as it is.
            if not data:
                yield from super().feed(data)
                return
            for piece in _SEQUENCES.findall(self._filter(data)):
                if piece.startswith("\x1b") and self._timeout_time is not None:
                    # What waits for more is complete: another sequence begins.
                    self._timeout_time = 0.0
                    yield from self.tick()
                if _ALT_LETTER.fullmatch(piece):
                    yield from self._sequence_to_key_events(piece[1], alt=True)
                else:
                    yield from super().feed(piece)

        def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
            for event in super()._sequence_to_key_events(sequence, alt=alt):
                lost = alt and not event.key.startswith("alt+")
                yield Key(f"alt+{event.key}", event.character) if lost else event

    driver.XTermParser = FilteredParser
