"""Verbs that move: over the lines of a list, through the lines of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuimail.ui.screens.frame import Verb
    from tuimail.ui.screens.listing import ListScreen
    from tuimail.ui.screens.paging import PagerScreen


def _previous(screen: ListScreen[Any]) -> None:
    screen.list.move(-1)


def _next(screen: ListScreen[Any]) -> None:
    screen.list.move(1)


def _page_up(screen: ListScreen[Any]) -> None:
    screen.list.move(-screen.list.page)


def _page_down(screen: ListScreen[Any]) -> None:
    screen.list.move(screen.list.page)


def _first(screen: ListScreen[Any]) -> None:
    screen.list.select(0)


def _last(screen: ListScreen[Any]) -> None:
    screen.list.select(len(screen.list.rows) - 1)


LIST_VERBS: dict[str, Verb] = {
    "previous": _previous,
    "next": _next,
    "page-up": _page_up,
    "page-down": _page_down,
    "first": _first,
    "last": _last,
}


def _line_up(screen: PagerScreen) -> None:
    screen.pager.scroll_lines(-1)


def _line_down(screen: PagerScreen) -> None:
    screen.pager.scroll_lines(1)


def _text_up(screen: PagerScreen) -> None:
    screen.pager.scroll_lines(-screen.pager.page)


def _text_down(screen: PagerScreen) -> None:
    screen.pager.scroll_lines(screen.pager.page)


def _top(screen: PagerScreen) -> None:
    screen.pager.scroll_home(animate=False)


def _bottom(screen: PagerScreen) -> None:
    screen.pager.scroll_end(animate=False)


PAGER_VERBS: dict[str, Verb] = {
    "previous": _line_up,
    "next": _line_down,
    "page-up": _text_up,
    "page-down": _text_down,
    "first": _top,
    "last": _bottom,
}
