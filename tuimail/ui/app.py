"""The app: it wires engine, theme, keymap and screens, and passes on what the engine announces."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App
from textual.filter import ANSIToTruecolor

from tuimail.events import Severity
from tuimail.mail.text import safe_line
from tuimail.ui.bridge import Bridge
from tuimail.ui.desktop import Desktop
from tuimail.ui.frames import Frames
from tuimail.ui.garbage import IdleCollector
from tuimail.ui.key_queue import KeyQueue
from tuimail.ui.keymaps import Keymaps
from tuimail.ui.look import Look
from tuimail.ui.mail_places import MailPlaces
from tuimail.ui.messages import MailboxChanged, Noted, OutboxChanged, Progressed, SettingsChanged
from tuimail.ui.navigation import Navigation
from tuimail.ui.notifier import Notifier
from tuimail.ui.outbox_status import OutboxStatus
from tuimail.ui.requests import ShowIndex
from tuimail.ui.safety import STRIP_ACTING
from tuimail.ui.secret_prompts import SecretPrompts
from tuimail.ui.startup import Startup
from tuimail.ui.textual_private import end_with_report
from tuimail.ui.theme import mail_defaults
from tuimail.ui.themes import Themes, no_color
from tuimail.ui.undo import Undo
from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.filter import LineFilter
    from textual.screen import Screen

    from tuimail.compose.draft import Draft
    from tuimail.config.model import Problem
    from tuimail.demo.server import DemoServer
    from tuimail.engine import Engine
    from tuimail.errors import TuimailError
    from tuimail.ui.commands.keymap import Keymap
    from tuimail.ui.key_queue import Running


class TuimailApp(App[int], inherit_bindings=False):
    """The interface of one engine. It starts the engine after the first paint; ``ui/run`` stops it."""

    TITLE = "tuimail"
    CSS_PATH = "look.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[Any]] = []

    def __init__(
        self,
        engine: Engine,
        *,
        draft: Draft | None = None,
        server: DemoServer | None = None,
        folder: tuple[str, str] | None = None,
        warning: str = "",
    ) -> None:
        """``folder``: account and name of the one whose index is shown first, in place of the main menu."""
        super().__init__(ansi_color=True if no_color() else None)
        self.engine = engine
        self.server = server
        self.frames = Frames(self)
        self.navigation = Navigation(self)
        self.collector = IdleCollector()
        self.keys = KeyQueue(self, deliver=super().on_event, catch_up=self._catch_up, collector=self.collector)
        self.startup = Startup(self, draft=draft, warning=warning, shown=self._shown)
        self.themes = Themes(self, engine.paths)
        self.keymaps = Keymaps(engine.config.ui.keymap, engine.paths, changed=self.frames.keymap_changed)
        self.look = Look(self.themes, self.keymaps, engine.config.ui)
        self.outbox = OutboxStatus(engine, self.frames)
        self.places = MailPlaces(engine)
        self._first: ShowIndex | None = None
        if folder is not None:
            self.places.opened = self.places.of(*folder)
            self._first = ShowIndex(self.places.opened)
        self.undo = Undo(self.frames, key=lambda: self.keymap.key("undo"), clock=engine.clock, every=self.set_interval)
        self.secret_prompts = SecretPrompts(self, lambda: self.frames.top)
        self.bridge: Bridge | None = None
        # The theme is known before anything is parsed, so the style sheet is parsed once, with the theme's colours.
        self.stylesheet.set_variables(self.get_css_variables())
        self._parsed_for: str | None = self.theme

    def refresh_css(self, animate: bool = True) -> None:
        """Nothing for the theme chosen at start, for which Textual asks once its styles are applied already."""
        parsed_for, self._parsed_for = self._parsed_for, None
        if parsed_for != self.theme:
            super().refresh_css(animate)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """A colour for every mail role in any theme."""
        return mail_defaults(self.current_theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, then the filter for control characters.

        Without the one that replaces the terminal's own colours: only a theme that wants these has any, and to look for
        them in every line takes a quarter of the time of a page.
        """
        own = (each for each in super().get_line_filters() if not isinstance(each, ANSIToTruecolor))
        return [*own, STRIP_ACTING]

    def get_default_screen(self) -> Screen[Any]:
        """The main menu, or the folder that was asked for."""
        return self.navigation.first(self._first)

    def on_mount(self) -> None:
        """Listen to the engine; start it after the first paint."""
        self.bridge = Bridge(self.engine.announcer, self.post_message)
        self.outbox.notifier = Notifier(self.engine, self.frames, count=self.outbox.show_new, show=Desktop().show)
        # What is typed while the program starts is for the screen it starts with.
        self.call_after_refresh(self._painted, self.keys.begin())

    def _painted(self, starting: Running) -> None:
        self.secret_prompts.open()
        start_worker(self, partial(self.startup.run, starting), group="engine")

    def on_unmount(self) -> None:
        """Listen no more."""
        self.keys.close()
        self.secret_prompts.close()
        for listener in (self.bridge, self.outbox.notifier):
            if listener is not None:
                listener.close()

    def _fatal_error(self) -> None:
        """Nobody handled an exception. Textual's own report shows local variables, so letters and passwords, too."""
        import traceback

        from tuimail import log

        self.bell()
        end_with_report(self, "\n".join(map(safe_line, log.redact(traceback.format_exc()).splitlines())))

    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes go through the queue, everything else its own way."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self.keys.put(event)
        else:
            await super().on_event(event)

    async def _shown(self) -> None:
        """Wait until the screen on top shows what it has to show, and is painted."""
        await self.frames.settled()
        painted = asyncio.Event()
        self.call_after_refresh(painted.set)
        await painted.wait()

    async def _catch_up(self) -> None:
        """Wait until the screen on top shows what it has to show."""
        if self.bridge is not None:
            self.bridge.flush()
        await self.frames.settled()

    @property
    def problems(self) -> list[Problem]:
        """What is wrong in the user's files."""
        return [*self.engine.config.problems, *self.look.problems]

    @property
    def keymap(self) -> Keymap:
        """The keymap in force."""
        return self.keymaps.current

    def on_outbox_changed(self, _message: OutboxChanged) -> None:
        """Count again, and tell the screen on top; those beneath read it when they come up again."""
        if self.startup.ready.is_set() and self.outbox.counting.request():
            start_worker(self, self.outbox.counting.run, group="badge")
        self.frames.post(OutboxChanged())

    def on_mailbox_changed(self, message: MailboxChanged) -> None:
        """Tell the screen on top; those beneath read it when they come up again."""
        self.frames.post(MailboxChanged(message.account))

    def on_settings_changed(self, _message: SettingsChanged) -> None:
        """Tell all screens; theme and keymap follow."""
        self.frames.settings_changed(tuple(self.engine.config.accounts))
        start_worker(self, partial(self.look.follow, self.engine.config.ui), group="look")

    def on_progressed(self, message: Progressed) -> None:
        """Tell the screen on top."""
        self.frames.post(message.again())

    def on_noted(self, message: Noted) -> None:
        """Say it where the user looks."""
        self.say(message.text, message.severity)

    def say(self, text: str, severity: Severity = Severity.INFO) -> None:
        """Put a sentence (safe to draw) into the status line."""
        self.frames.say(text, severity)

    def complain(self, error: TuimailError) -> None:
        """Show an error and its hint."""
        self.frames.complain(error)
