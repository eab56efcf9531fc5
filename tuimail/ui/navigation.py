"""Which screen comes next: the stack of screens, opened by request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from tuimail.ui.registry import screen_for
from tuimail.ui.requests import ShowMainMenu
from tuimail.ui.textual_private import switchable

if TYPE_CHECKING:
    from textual.app import App

    from tuimail.ui.protocols import Request
    from tuimail.ui.screens.frame import FrameScreen

S = TypeVar("S")


class Navigation:
    """Opens and closes screens of ``app``. The main menu is below all others; it is made when it is needed."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._has_menu = True

    def first(self, request: Request[Any] | None) -> FrameScreen:
        """The screen that the program starts with; None: the main menu."""
        self._has_menu = request is None
        return screen_for(ShowMainMenu()) if request is None else switchable(screen_for(request))

    def open(self, request: Request[S]) -> S:
        """Open a screen on top."""
        screen = screen_for(request)
        self._app.push_screen(screen)
        return cast("S", screen)

    def return_to(self, kind: type[S]) -> S | None:
        """Close every screen above the lowest one of this kind, and return that; None: there is none.

        ``kind`` may be a runtime-checkable Protocol. Nothing is closed if no screen is of that kind.
        """
        stack = self._app.screen_stack
        for height, screen in enumerate(stack, 1):
            if isinstance(screen, kind):
                for _ in stack[height:]:
                    self._app.pop_screen()
                return screen
        return None

    def back(self) -> None:
        """Close the screen on top, never the main menu."""
        if len(self._app.screen_stack) > 1:
            self._app.pop_screen()
        else:
            self._show_menu()

    def home(self) -> None:
        """Close everything above the main menu."""
        for _ in self._app.screen_stack[1:]:
            self._app.pop_screen()
        self._show_menu()

    def _show_menu(self) -> None:
        if not self._has_menu:
            self._app.switch_screen(self.first(None))
