"""The screens that are open: what is said on the one on top, and what all of them are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tuimail.events import Severity
from tuimail.ui.key_queue import passed, refreshed
from tuimail.ui.messages import AccountsChanged, SettingsChanged
from tuimail.ui.screens.frame import FrameScreen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import App
    from textual.message import Message

    from tuimail.errors import TuimailError
    from tuimail.ui.widgets.title_bar import Badge


class Frames:
    """Those of ``app``."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app

    @property
    def top(self) -> FrameScreen | None:
        """The screen on top; None while the program starts or ends."""
        stack = self._app.screen_stack
        return stack[-1] if stack and isinstance(stack[-1], FrameScreen) else None

    def _all(self) -> list[FrameScreen]:
        return [screen for screen in self._app.screen_stack if isinstance(screen, FrameScreen)]

    # -- on the screen on top
    def say(self, text: str, severity: Severity = Severity.INFO) -> None:
        """Put a sentence (safe to draw) into the status line."""
        if self.top is not None:
            self.top.say(text, severity)

    def mention(self, text: str) -> None:
        """As ``say``, unless something is said already: it may be what can be undone."""
        if self.top is not None and not self.top.status.text:
            self.top.say(text)

    def complain(self, error: TuimailError) -> None:
        """Show an error and its hint."""
        if self.top is not None:
            self.top.complain(error)

    def ring(self) -> None:
        """Ring the terminal's bell."""
        self._app.bell()

    def post(self, message: Message) -> None:
        """Hand it ``message``."""
        if self.top is not None:
            self.top.post_message(message)

    def countdown_status(self) -> str | None:
        """What stands in the status line, where it may count down to the sending of a letter."""
        top = self.top
        return top.status.text if top is not None and top.shows_countdown else None

    async def settled(self) -> None:
        """Wait until it is mounted, has read what it shows, and the focus is where it was asked for."""
        screen, frame = self._app.screen, self.top
        await passed(self._app, screen)
        if frame is not None:
            await frame.loaded()
        await refreshed(screen)
        await passed(self._app)

    # -- on every screen
    def show_badge(self, badge: Badge) -> None:
        """Letters were counted."""
        for screen in self._all():
            screen.title_bar.badge = badge

    def accounts_changed(self) -> None:
        """The health of the accounts was read anew."""
        for screen in self._all():
            screen.post_message(AccountsChanged())

    def settings_changed(self, accounts: Iterable[str]) -> None:
        """The engine goes by another config, with these accounts. Screens beneath read it when they come up again."""
        for screen in self._all():
            screen.title_bar.accounts = ", ".join(accounts)
            screen.post_message(SettingsChanged())
        if self.top is not None:
            self.top.reload()
            self.top.refresh_keys()

    def keymap_changed(self) -> None:
        """Other keys give the commands now."""
        for screen in self._all():
            screen.bind_keys()
            screen.refresh_keys()
            screen.post_message(AccountsChanged())
