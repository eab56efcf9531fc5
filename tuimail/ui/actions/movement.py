"""Actions that move: over the lines of a list, through the lines of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimail.ui.protocols import Action, HasList, HasPager

LIST_ACTIONS: dict[str, Action[HasList]] = {
    "previous": lambda screen: screen.list.move(-1),
    "next": lambda screen: screen.list.move(1),
    "page-up": lambda screen: screen.list.move(-screen.list.page),
    "page-down": lambda screen: screen.list.move(screen.list.page),
    "first": lambda screen: screen.list.select(0),
    "last": lambda screen: screen.list.select(screen.list.count - 1),
}

PAGER_ACTIONS: dict[str, Action[HasPager]] = {
    "previous": lambda screen: screen.pager.scroll_lines(-1),
    "next": lambda screen: screen.pager.scroll_lines(1),
    "page-up": lambda screen: screen.pager.scroll_lines(-screen.pager.page),
    "page-down": lambda screen: screen.pager.scroll_lines(screen.pager.page),
    "first": lambda screen: screen.pager.scroll_home(animate=False),
    "last": lambda screen: screen.pager.scroll_end(animate=False),
}
