"""Actions that move: over the lines of a list, through the lines of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.ui.protocols import Action, HasList, HasPager


def _scroll(by: Callable[[HasList], int], *, jump: bool = False) -> Action[HasList]:
    """Scroll by so many rows, as mutt does; at the end ``jump`` moves the selection instead."""

    def scroll(screen: HasList) -> None:
        rows = by(screen)
        if screen.list.scroll_rows(rows):
            return
        if jump:
            screen.list.move(rows)
        else:
            screen.say("There is nothing further down." if rows > 0 else "There is nothing further up.")

    return scroll


SCROLLING: dict[str, Action[HasList]] = {
    "half-up": _scroll(lambda screen: -max(1, screen.list.page // 2), jump=True),
    "half-down": _scroll(lambda screen: max(1, screen.list.page // 2), jump=True),
    "scroll-up": _scroll(lambda _screen: -1),
    "scroll-down": _scroll(lambda _screen: 1),
}

LIST_ACTIONS: dict[str, Action[HasList]] = {
    "previous": lambda screen: screen.list.move(-1),
    "next": lambda screen: screen.list.move(1),
    "page-up": lambda screen: screen.list.move(-screen.list.page),
    "page-down": lambda screen: screen.list.move(screen.list.page),
    "first": lambda screen: screen.list.select(0),
    "last": lambda screen: screen.list.select(screen.list.count - 1),
    **SCROLLING,
}

PAGER_ACTIONS: dict[str, Action[HasPager]] = {
    "previous": lambda screen: screen.pager.scroll_lines(-1),
    "next": lambda screen: screen.pager.scroll_lines(1),
    "page-up": lambda screen: screen.pager.scroll_lines(-screen.pager.page),
    "page-down": lambda screen: screen.pager.scroll_lines(screen.pager.page),
    "first": lambda screen: screen.pager.scroll_home(animate=False),
    "last": lambda screen: screen.pager.scroll_end(animate=False),
}
