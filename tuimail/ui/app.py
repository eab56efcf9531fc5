"""The app: it wires engine, theme, keymap and the first screen, and nothing else."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App

from tuimail.config.keymap import load_keymap, load_keys
from tuimail.config.model import Problem
from tuimail.config.theme_file import load_theme
from tuimail.errors import TuimailError
from tuimail.events import Severity
from tuimail.mail.text import safe_line
from tuimail.ui.bridge import Bridge
from tuimail.ui.commands.keymap import keymap
from tuimail.ui.commands.table import TABLE
from tuimail.ui.desktop import Desktop
from tuimail.ui.key_queue import KeyQueue, passed, refreshed
from tuimail.ui.messages import AccountsChanged, Noted, OutboxChanged, Progressed
from tuimail.ui.navigation import Navigation
from tuimail.ui.noticing import Noticing
from tuimail.ui.safety import STRIP_ACTING, guard_input
from tuimail.ui.screens.frame import FrameScreen
from tuimail.ui.theme import mail_defaults, textual_theme
from tuimail.ui.widgets.title_bar import Badge

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from textual.filter import LineFilter
    from textual.screen import Screen

    from tuimail.compose.draft import Draft
    from tuimail.config.theme_file import ThemeFile
    from tuimail.demo.server import DemoServer
    from tuimail.engine import Engine
    from tuimail.outbox.model.account_notice import AccountNotice
    from tuimail.ui.commands.keymap import Keymap
    from tuimail.ui.key_queue import Running
    from tuimail.ui.notices import Announcement
    from tuimail.ui.text.cells import Line

PLAINEST = "ansi"
"""The theme that draws in the terminal's own sixteen colours."""


class TuimailApp(Navigation, App[int], inherit_bindings=False):
    """One engine's face in the terminal. It starts the engine after the first paint; ``run`` stops it."""

    TITLE = "tuimail"
    CSS_PATH = "look.tcss"
    ENABLE_COMMAND_PALETTE = False
    NOTIFICATION_TIMEOUT = 8
    BINDINGS: ClassVar[list[Any]] = []

    def __init__(
        self, engine: Engine, *, draft: Draft | None = None, server: DemoServer | None = None, words: str = ""
    ) -> None:
        monochrome = "NO_COLOR" in os.environ
        super().__init__(ansi_color=True if monochrome else None)
        self.engine = engine
        self.keys = KeyQueue(self, deliver=super().on_event, catch_up=self._catch_up)
        self.engine_ready = asyncio.Event()
        self.not_started: TuimailError | None = None
        """Why there is no engine, and will be none."""
        self.badge = Badge()
        self.first_draft = draft
        self.first_words = words
        """A warning to say on the first screen, before anything else."""
        """Opened in the composer at start."""
        self.server = server
        """The demo's embedded server, to be looked at from its own side."""
        self.problems: list[Problem] = list(engine.config.problems)
        """What is wrong in the user's files, for the accounts screen."""
        self._choose_theme(monochrome=monochrome)
        self._choose_keys()
        self.when_painted: Callable[[], None] = lambda: None
        """Called once, after the first paint."""
        self.notices: tuple[AccountNotice, ...] = ()
        """Accounts whose letters wait, and why; those that need the user first."""
        self.bridge: Bridge | None = None
        self.noticing: Noticing | None = None
        self._counting = self._uncounted = False
        # The theme is known before anything is parsed, so the style sheet is parsed once, with the theme's colours.
        self.stylesheet.set_variables(self.get_css_variables())
        self._parsed_for: str | None = self.theme

    def refresh_css(self, animate: bool = True) -> None:
        """Nothing for the theme chosen at start, for which Textual asks once its styles are applied already."""
        parsed_for, self._parsed_for = self._parsed_for, None
        if parsed_for != self.theme:
            super().refresh_css(animate)

    # -- wiring
    def _choose_theme(self, *, monochrome: bool) -> None:
        if monochrome:
            self.theme = "ansi-dark"
            return
        self.problems += self.use_theme(self.engine.config.ui.theme)

    def use_theme(self, name: str) -> Sequence[Problem]:
        """Draw in ``name``: a theme file of the user's, one of ours, or one of Textual's. Gives what is wrong in it.

        Where the terminal has sixteen colours, shades cannot be told apart there, and the theme of the terminal's own
        colours is drawn instead.
        """
        if self.console.color_system == "standard":
            name = PLAINEST
        if name in self.available_themes:
            self.theme = name
            return ()
        file, problems = load_theme(name, self.engine.paths)
        self.draw_in(file)
        return problems

    def draw_in(self, file: ThemeFile) -> None:
        """Draw in the theme that ``file`` describes, from now on."""
        theme = textual_theme(file)
        self.register_theme(theme)
        self.theme = theme.name

    @property
    def shades(self) -> bool:
        """Themes can be told apart here: there are more than sixteen colours, and they are wanted."""
        return self.console.color_system != "standard" and "NO_COLOR" not in os.environ

    def _choose_keys(self) -> None:
        chosen, problems = self.keys_called(self.engine.config.ui.keymap)
        self.problems += problems
        self.use_keys(chosen)

    def keys_called(self, wanted: str) -> tuple[Keymap, list[Problem]]:
        """The keymap that ``[ui] keymap = wanted`` means, the user's own keys on top; reads files."""
        known = {command.id: command.contexts for command in TABLE}
        amid_typing = {command.id for command in TABLE if command.amid_typing}
        paths = self.engine.paths
        name, of_file = load_keymap(wanted, paths.config_file.parent, known, amid_typing=amid_typing)
        own = load_keys(paths.keys_file, known, amid_typing=amid_typing)
        problems = [*of_file.problems, *own.problems]
        chosen = keymap(name, {**of_file.of(name), **own.of(name)})
        for command, taker in chosen.lost.items():
            file = paths.keys_file if taker in own.of(name) else of_file.file or paths.keys_file
            words = f"{command} has no key any more, since {taker} has its key: give {command} another one."
            problems.append(Problem(file, 0, taker, words, warning=True))
        return chosen, problems

    def use_keys(self, chosen: Keymap) -> None:
        """Give commands by the keys of ``chosen`` from now on, on every screen."""
        self.keymap = chosen
        for screen in self._frames():
            screen.bind_keys()
            screen.refresh_keys()
            screen.post_message(AccountsChanged())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """A colour for every mail role in any theme."""
        return mail_defaults(self.current_theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, then the net for control characters."""
        return [*super().get_line_filters(), STRIP_ACTING]

    def get_default_screen(self) -> Screen[Any]:
        """The main menu."""
        from tuimail.ui.screens.main_menu import MainMenuScreen

        return MainMenuScreen()

    # -- life
    def on_mount(self) -> None:
        """Show the frame, then start the engine."""
        self.bridge = Bridge(self.engine.announcer, self.post_message)
        self.noticing = Noticing(self.engine, ring=self._ring, tell=self._tell_summary, show=Desktop().show)
        # What is typed while the program starts is for the screen it starts with.
        self.call_after_refresh(self._painted, self.keys.begin())

    def _painted(self, starting: Running) -> None:
        self.when_painted()
        self.run_worker(self._start(starting), group="engine")

    async def _start(self, starting: Running) -> None:
        with starting:
            await self._start_engine()

    async def _start_engine(self) -> None:
        try:
            await self.engine.start()
        except TuimailError as error:
            self.not_started = error
            self.complain(error)
            return
        self.engine_ready.set()
        await self._count()
        if self.first_draft is not None:
            self.open_composer(self.first_draft)
            if not self.engine.config.accounts and not self.first_words:
                return  # the composer says so itself
        if self.first_words:
            self.say(safe_line(self.first_words), Severity.WARNING)
        elif self.problems:
            if len(self.problems) == 1:
                words = f"{safe_line(str(self.problems[0]))}  See Accounts."
            else:
                words = f"There are {len(self.problems)} problems in your configuration: see Accounts."
            self.say(words, Severity.WARNING)
        elif not self.engine.config.accounts:
            self.say("There is no account yet: Accounts says how to make one.")

    def on_unmount(self) -> None:
        """Listen no more."""
        self.keys.close()
        if self.bridge is not None:
            self.bridge.close()
        if self.noticing is not None:
            self.noticing.close()

    # -- keys
    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes go through the queue, everything else its own way."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self.keys.put(event)
        else:
            await super().on_event(event)

    async def _catch_up(self) -> None:
        """Wait until the screen on top is mounted, has read what it shows, and the focus is where it was asked for."""
        if self.bridge is not None:
            self.bridge.flush()
        top = self.screen
        await passed(self)
        await passed(top)
        if isinstance(top, FrameScreen):
            await top.loaded()
        await refreshed(top)
        await passed(self)

    # -- what the engine says
    async def on_outbox_changed(self, _message: OutboxChanged) -> None:
        """Count again, and tell the screen on top; those beneath read it when they come up again."""
        self._recount()
        frame = self.frame
        if frame is not None:
            frame.post_message(OutboxChanged())

    def _recount(self) -> None:
        """Have the letters counted soon; calls that come meanwhile become one more count."""
        self._uncounted = True
        if not self._counting:
            self._counting = True
            self.run_worker(self._count_all(), group="badge")

    async def _count_all(self) -> None:
        try:
            while self._uncounted:
                self._uncounted = False
                await self._count()
        finally:
            self._counting = False

    def on_progressed(self, message: Progressed) -> None:
        """Tell the screen on top."""
        frame = self.frame
        if frame is not None:
            frame.post_message(Progressed(message.item_id, sent=message.sent, total=message.total, words=message.words))

    def on_noted(self, message: Noted) -> None:
        """Say it where the user looks."""
        self.say(message.text, message.severity)

    async def _count(self) -> None:
        if not self.engine_ready.is_set():
            return
        counts, tally = await self.engine.outbox.query(lambda outbox: (outbox.counts(), outbox.tally()))
        self.badge = Badge(tally.waiting, tally.yours)
        for screen in self._frames():
            screen.title_bar.badge = self.badge
        await self._examine()
        if self.noticing is not None:
            await self.noticing.counted(counts, tally.yours)

    def _ring(self) -> None:
        self.bell()

    def _tell_summary(self, summary: Announcement) -> None:
        self.say(f"{summary.title}: {summary.body}")

    async def _examine(self) -> None:
        """Look at the health of every account."""
        from tuimail.outbox.model.account_notice import account_notice

        found = []
        for name, account in self.engine.config.accounts.items():
            notice = account_notice(await self.engine.accounts.health(name), account)
            if notice is not None:
                found.append(notice)
        notices = tuple(sorted(found, key=lambda notice: not notice.needs_you))
        if notices != self.notices:
            self.notices = notices
            for screen in self._frames():
                screen.post_message(AccountsChanged())

    def trouble_lines(self, width: int) -> list[Line]:
        """The accounts in trouble, for the top of a screen."""
        from tuimail.ui.views.troubles import trouble_lines

        return trouble_lines(self.notices, self.keymap.key("check-again"), width) if self.notices else []

    async def check_accounts(self, names: Collection[str] | None = None) -> None:
        """The user mended these accounts; default: all in trouble."""
        wanted = sorted(names) if names else [each.account for each in self.notices if each.checkable]
        if not wanted:
            self.say("No account is in trouble.")
            return
        for name in wanted:
            await self.engine.accounts.check_again(name)
        listed = safe_line(", ".join(wanted))
        self.say(f"Checking {listed}; the letters go as soon as they may.")

    # -- the status line of the screen on top
    @property
    def frame(self) -> FrameScreen | None:
        """The frame on top; None while the program starts or ends."""
        top = self.screen_stack[-1] if self.screen_stack else None
        return top if isinstance(top, FrameScreen) else None

    def _frames(self) -> list[FrameScreen]:
        return [screen for screen in self.screen_stack if isinstance(screen, FrameScreen)]

    def say(self, text: str, severity: Severity = Severity.INFO) -> None:
        """Put a sentence (safe to draw) into the status line of whatever screen is on top."""
        frame = self.frame
        if frame is not None:
            frame.say(text, severity)

    def complain(self, error: TuimailError) -> None:
        """Say what went wrong on the screen on top."""
        frame = self.frame
        if frame is not None:
            frame.complain(error)


def run(engine: Engine, *, draft: Draft | None = None, server: DemoServer | None = None, words: str = "") -> int:
    """Run the app on ``engine`` (not started) until the user quits, then stop the engine. Returns an exit code."""
    guard_input()
    # Nearly all that is made until the first paint stays: looking through it for garbage is time lost.
    gc.disable()

    async def main() -> int:
        app = TuimailApp(engine, draft=draft, server=server, words=words)
        app.when_painted = _collect_garbage
        # A closed terminal or a shutdown quits, so that an open draft is saved.
        for number in (signal.SIGHUP, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, app.exit)
        try:
            return await app.run_async() or app.return_code or 0
        finally:
            await engine.stop()

    try:
        return asyncio.run(main())
    finally:
        gc.enable()


def _collect_garbage() -> None:
    """From now on, but never among what is there already."""
    gc.freeze()
    gc.enable()
