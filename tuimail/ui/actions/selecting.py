"""Actions that select text of a received message, and copy it. A reply to it is among the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from tuimail.ui.actions import common
from tuimail.ui.commands.table import BY_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.engine.message_reader import ReadMessage
    from tuimail.ui.protocols import Action, Frame
    from tuimail.ui.widgets.message_pager import MessagePager
    from tuimail.ui.widgets.pager_selection import PagerSelection

    class SelectsText(Frame, Protocol):
        """A screen with a message of which text can be selected."""

        last_key: str

        @property
        def pager(self) -> MessagePager:
            """Shows it."""
            ...

        async def settled_message(self) -> ReadMessage | None:
            """The message, once it is on the screen."""
            ...


COPIED = 100_000
"""Bytes that are copied at most: many terminals drop a longer OSC 52."""


async def select(screen: SelectsText) -> None:
    """Begin with a line."""
    if await screen.settled_message() is None or not screen.pager.selecting.start():
        screen.say("There is no text to select.")
        return
    _tell(screen)


def _tell(screen: SelectsText) -> None:
    """How much is selected, and what can be done with it."""
    selection = screen.pager.selecting.current
    if selection is None:
        return
    keys = screen.program.keymap
    count = "1 line" if selection.lines == 1 else f"{selection.lines:,} lines"
    ways = [f"{keys.key('copy-selection')} copies"]
    if screen.knows(BY_ID["reply"]):
        ways.append(f"{keys.key('reply')} replies to them" if selection.lines > 1 else f"{keys.key('reply')} replies")
    screen.say(f"{count} selected.  {', '.join(ways)}, {keys.key('end-selection')} ends selecting.")


def moving(move: Callable[[PagerSelection], None]) -> Action[SelectsText]:
    """Extend the selection, and say how much it is now."""

    def act(screen: SelectsText) -> None:
        move(screen.pager.selecting)
        _tell(screen)

    return act


def copy(screen: SelectsText) -> None:
    """Give the selected text to the clipboard."""
    keys = screen.program.keymap
    if screen.pager.selecting.current is None:
        screen.say(
            f"Nothing is selected.  {keys.key('select-text')} selects lines; press and drag the mouse to select text."
        )
        return
    text, cut = screen.pager.selecting.to_copy(COPIED)
    screen.program.copy_to_clipboard(text)
    count = "1 character" if len(text) == 1 else f"{len(text):,} characters"
    if cut:
        screen.say(f"Only the first {count} were copied: terminals take no more than {COPIED // 1000} KB.")
    else:
        screen.say(f"Copied {count} to the clipboard.")


def end(screen: SelectsText) -> None:
    """Select nothing."""
    screen.pager.selecting.clear()


def back(screen: SelectsText) -> None:
    """Escape ends what the mouse selected; else, and without a selection, close the screen."""
    if screen.last_key != "escape" or not screen.pager.selecting.clear():
        common.back(screen)


ACTIONS: dict[str, Action[Any]] = {
    "select-text": select,
    "copy-selection": copy,
    "end-selection": end,
    "select-up": moving(lambda selecting: selecting.move(-1)),
    "select-down": moving(lambda selecting: selecting.move(1)),
    "select-page-up": moving(lambda selecting: selecting.move_page(-1)),
    "select-page-down": moving(lambda selecting: selecting.move_page(1)),
    "select-to-top": moving(lambda selecting: selecting.move_to_edge(end=False)),
    "select-to-end": moving(lambda selecting: selecting.move_to_edge(end=True)),
    "back": back,
}
