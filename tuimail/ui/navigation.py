"""Which screen comes next: the stack of screens, opened by request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from tuimail.ui.registry import screen_for

if TYPE_CHECKING:
    from textual.app import App

    from tuimail.ui.protocols import Request

S = TypeVar("S")


class Navigation:
    """Opens and closes screens of ``app``."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app

    def open(self, request: Request[S]) -> S:
        """Open a screen on top."""
        screen = screen_for(request)
        self._app.push_screen(screen)
        return cast("S", screen)

    def back(self) -> None:
        """Close the screen on top, never the last one."""
        if len(self._app.screen_stack) > 1:
            self._app.pop_screen()

    def home(self) -> None:
        """Close everything above the main menu."""
        for _ in self._app.screen_stack[1:]:
            self._app.pop_screen()
