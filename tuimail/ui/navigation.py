"""Which screen comes next: the part of the app that opens and closes screens. Screens are imported when they open."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import App

from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.timer import Timer

    from tuimail.compose.draft import Draft
    from tuimail.mail.content import Content
    from tuimail.ui.app import TuimailApp
    from tuimail.ui.screens.frame import FrameScreen

    UndoStep = Callable[[FrameScreen], Awaitable[None] | None]


class Navigation(App[int], inherit_bindings=False):
    """Opens and closes screens, and keeps the one step that can be undone."""

    _undo: UndoStep | None = None
    _countdown: _Countdown | None = None
    _seconds: Timer | None = None

    @property
    def _program(self) -> TuimailApp:
        return cast("TuimailApp", self)

    def go_back(self) -> None:
        """Close the screen on top, never the last one."""
        if len(self.screen_stack) > 1:
            self.pop_screen()

    def go_home(self) -> None:
        """Close everything above the main menu."""
        for _ in self.screen_stack[1:]:
            self.pop_screen()

    def open_outbox(self) -> None:
        """The letters on their way."""
        from tuimail.ui.screens.outbox import OutboxScreen

        self.push_screen(OutboxScreen())

    def open_item(self, item_id: str) -> None:
        """One letter in full."""
        from tuimail.ui.screens.item import ItemScreen

        self.push_screen(ItemScreen(item_id))

    def open_drafts(self) -> None:
        """What was put aside."""
        from tuimail.ui.screens.drafts import DraftsScreen

        self.push_screen(DraftsScreen())

    def open_sent(self) -> None:
        """What went out."""
        from tuimail.ui.screens.sent import SentScreen

        self.push_screen(SentScreen())

    def open_accounts(self) -> None:
        """Accounts, and what is wrong with them."""
        from tuimail.ui.screens.accounts import AccountsScreen

        self.push_screen(AccountsScreen())

    def open_server(self) -> None:
        """The other end of the demo."""
        from tuimail.ui.screens.server import ServerScreen

        server = self._program.server
        if server is not None:
            self.push_screen(ServerScreen(server))

    def open_text(self, title: str, text: str) -> None:
        """A text to read; made safe here."""
        from tuimail.ui.screens.raw import TextScreen

        self.push_screen(TextScreen(title, text))

    def open_letter_text(self, content: Content) -> None:
        """A letter as its receiver reads it, and its bytes."""
        from tuimail.ui.screens.letter_text import LetterTextScreen

        self.push_screen(LetterTextScreen(content))

    def open_help(self, screen: FrameScreen) -> None:
        """Help for ``screen``."""
        from tuimail.ui.screens.help import HelpScreen

        self.push_screen(HelpScreen(screen))

    def open_palette(self, screen: FrameScreen) -> None:
        """Every command of ``screen``."""
        from tuimail.ui.screens.palette import PaletteScreen

        self.push_screen(PaletteScreen(screen))

    def open_composer(self, draft: Draft | None = None) -> None:
        """The composer on ``draft`` (owned by this process already), or on an empty letter."""
        from tuimail.ui.screens.compose import ComposeScreen

        self.push_screen(ComposeScreen(draft))

    # -- undo
    def offer_undo(self, text: str, step: UndoStep) -> None:
        """Say ``text`` (safe to draw) on the screen on top, and that ``step`` can take it back."""
        self._end_countdown()
        self._undo = step
        self._program.say(self._with_key(text))

    def count_down(self, words: Callable[[], str], step: UndoStep, until: float) -> None:
        """As ``offer_undo``, with words that change each second ``until`` a moment (seconds since the epoch).

        They come back to the status line of a list or a letter once that has nothing newer to say.
        """
        self._end_countdown()
        self._undo = step
        self._countdown = _Countdown(words, until)
        self._program.say(self._with_key(words()))
        self._countdown.said = self._with_key(words())
        if self._program.engine.clock.now() < until:
            self._seconds = self.set_interval(1.0, self.tick_countdown)

    def tick_countdown(self) -> None:
        """Say how long it can still be taken back, unless something newer is said; nothing moves afterwards."""
        countdown, frame = self._countdown, self._program.frame
        if countdown is None:
            return
        text = self._with_key(countdown.words())
        if frame is not None and frame.tells_countdown and frame.status.text in ("", countdown.said):
            frame.say(text)
        countdown.said = text
        if self._program.engine.clock.now() >= countdown.until:
            self._end_countdown()

    def _end_countdown(self) -> None:
        self._countdown = None
        if self._seconds is not None:
            self._seconds.stop()
            self._seconds = None

    def _with_key(self, text: str) -> str:
        return f"{text}  {self._program.keymap.key('undo')} to undo"

    def undo(self, screen: FrameScreen) -> None:
        """Take back the last step, once."""
        self._end_countdown()
        step, self._undo = self._undo, None
        if step is None:
            screen.say("There is nothing to undo.")
        else:
            screen.carry_out(step)


class _Countdown:
    """A step that can be taken back, and how long it takes until it is harder."""

    def __init__(self, words: Callable[[], str], until: float) -> None:
        self.words = words
        self.until = until
        self.said = ""
        """What the status line was told last."""


def quoted(text: str, fallback: str = "(no subject)") -> str:
    """A subject in quotes, safe to draw, as sentences of the status line name letters."""
    return f'"{safe_line(text)}"' if text.strip() else fallback
