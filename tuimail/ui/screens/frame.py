"""The frame every screen stands in: title bar, body, status line, two key rows; questions and commands.

A screen names its ``context``, its ``BINDINGS`` (``bindings_for(context)``) and its ``verbs`` (command id -> function
taking the screen), and yields its body from ``compose_body``. Verbs live outside the screens, in ``ui/commands``.
Textual calls the ``on_...`` handlers of every class of a screen, so those must not call ``super()``'s.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingsMap
from textual.containers import Vertical
from textual.screen import Screen

from tuimail.errors import TuimailError
from tuimail.events import Severity
from tuimail.ui.actions import common
from tuimail.ui.commands.bindings import keyed
from tuimail.ui.commands.command import Context
from tuimail.ui.commands.key_names import shown
from tuimail.ui.commands.table import BY_ID, commands_for
from tuimail.ui.screens.asking import Asking
from tuimail.ui.textual_private import use_bindings
from tuimail.ui.widgets.key_rows import KeyEntry, KeyRows
from tuimail.ui.widgets.painting import ROLE_CLASSES
from tuimail.ui.widgets.status_line import StatusLine
from tuimail.ui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any

    from textual import events
    from textual.app import ComposeResult

    from tuimail.ui.app import TuimailApp
    from tuimail.ui.commands.command import Command
    from tuimail.ui.key_queue import Running
    from tuimail.ui.messages import OutboxChanged, Progressed

    Verb = Callable[[Any], Awaitable[None] | None]


class FrameScreen(Asking, Screen[None], inherit_bindings=False):
    """Base of every screen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(ROLE_CLASSES)

    SCREEN_NAME: ClassVar[str] = ""
    """For the title bar, in capitals."""
    CONTEXT: ClassVar[Context]
    """Where the user is on this screen; override ``context`` if that depends on the focus."""
    HELP: ClassVar[str] = ""
    """What this screen is for, for its help."""
    verbs: ClassVar[Mapping[str, Verb]] = {}
    """What the commands of this screen do. A verb that waits is a coroutine and runs beside the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.title_bar = TitleBar()
        self.status = StatusLine()
        self.key_rows = KeyRows()
        self._keyed = BindingsMap()
        self._stale = False
        self._idle = asyncio.Event()
        """Nothing is being read."""
        self._idle.set()

    # -- the frame
    def compose(self) -> ComposeResult:
        """Title bar, body, status line, keys."""
        yield self.title_bar
        with Vertical(id="body"):
            yield from self.compose_body()
        with Vertical(id="foot"):
            yield self.status
            yield self.key_rows

    def compose_body(self) -> ComposeResult:
        """The widgets between title bar and status line."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Show the frame at once; what it holds comes when the engine has it."""
        self.bind_keys()
        self.title_bar.screen_name = self.heading
        self.title_bar.accounts = ", ".join(self.program.engine.config.accounts)
        self.title_bar.badge = self.program.badge
        self.refresh_keys()
        self.reload()

    def on_screen_resume(self) -> None:
        """Somebody may have changed something meanwhile."""
        self.reload()
        self.program.tick_countdown()

    @property
    def tells_countdown(self) -> bool:
        """Whether the status line counts down to a letter's leaving: where it can be undone."""
        return self.prompt is None and self.knows(BY_ID["undo"])

    @property
    def heading(self) -> str:
        """What the title bar calls this screen."""
        return self.SCREEN_NAME

    @property
    def program(self) -> TuimailApp:
        """The app, as ours."""
        return cast("TuimailApp", self.app)

    # -- what it shows
    async def load(self) -> None:
        """Read from the engine what the screen shows; called when it opens and when the outbox changed."""

    def reload(self) -> None:
        """Have ``load`` called soon; calls that come while it runs become one more run."""
        self._stale = True
        if self._idle.is_set() and self.is_mounted:
            self._idle.clear()
            self.run_worker(self._load(), group="load", exit_on_error=False)

    async def _load(self) -> None:
        try:
            await self.program.engine_ready.wait()
            while self._stale:
                self._stale = False
                try:
                    await self.load()
                except TuimailError as error:
                    self.complain(error)
        finally:
            self._idle.set()

    async def loaded(self) -> None:
        """Wait until what was to be read is read; not while there is no engine to read from."""
        if self.program.engine_ready.is_set():
            await self._idle.wait()

    def on_outbox_changed(self, _message: OutboxChanged) -> None:
        """The outbox is not what it was."""
        self.reload()

    def come_back_to(self, row_id: str) -> None:
        """A row that had left is about to be there again: lists select it then."""

    def on_progressed(self, message: Progressed) -> None:
        """Bytes of a letter went out; screens that show it override this."""

    # -- commands
    @property
    def context(self) -> Context:
        """Where the user is on this screen, a question aside."""
        return self.CONTEXT

    @property
    def context_now(self) -> Context:
        """Where the user is: in a question, if one is open."""
        return Context.PROMPT if self.prompt is not None else self.context

    def knows(self, command: Command) -> bool:
        """Whether ``command`` can be given here and now."""
        return self.context_now in command.contexts or Context.EVERYWHERE in command.contexts

    def fits(self, command: Command) -> bool:  # noqa: ARG002 - for screens to override
        """Whether ``command`` makes sense for what is selected; else it is drawn dim and says why when given."""
        return True

    def label(self, command: Command) -> str:
        """What the key rows call ``command``."""
        return command.label

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Commands of other contexts are not there for Textual."""
        if action != "command":
            return super().check_action(action, parameters)
        command = BY_ID.get(str(parameters[0]))
        return command is not None and self.knows(command)

    def action_command(self, command_id: str) -> None:
        """Carry out a command, by key, click or palette."""
        command = BY_ID[command_id]
        if not self.knows(command):
            return
        if Context.PROMPT in command.contexts:
            self.answer_prompt(command_id)
            return
        if command_id not in ("more", "compose-more"):
            self.status.say("")
        verb = self.verbs.get(command_id) or common.VERBS.get(command_id)
        if verb is None:
            self.not_defined(command.label)
            return
        self.carry_out(verb)

    def carry_out(self, verb: Verb) -> None:
        """Run ``verb`` on this screen; what it raises becomes a sentence. A coroutine outlives the screen.

        Keys wait until it has ended, or asks something.
        """
        try:
            result = verb(self)
        except TuimailError as error:
            self.complain(error)
            return
        if inspect.isawaitable(result):
            running = self.program.keys.begin()
            self.app.run_worker(self._finish(result, running), group="verbs", exit_on_error=True)

    async def _finish(self, result: Awaitable[None], running: Running) -> None:
        with running:
            try:
                await result
            except TuimailError as error:
                self.program.complain(error)
            if self.is_attached:
                self.refresh_keys()

    # -- keys
    def bind_keys(self) -> None:
        """Give the screen's commands the keys of the keymap in force."""
        self._keyed = keyed(self.BINDINGS, self.program.keymap)
        use_bindings(self, self._keyed)

    def key_entries(self) -> tuple[KeyEntry, ...]:
        """What the two rows show for the context, by slot; of commands sharing a slot, the one that fits."""
        by_slot: dict[int, Command] = {}
        for command in commands_for({self.context}):
            if (
                not command.slot
                or command.slot == 1000
                or not self.knows(command)
                or not self.program.keymap.key(command.id)
            ):
                continue
            there = by_slot.get(command.slot)
            if there is None or (self.fits(command) and not self.fits(there)):
                by_slot[command.slot] = command
        return tuple(self._entry(by_slot[slot]) for slot in sorted(by_slot))

    def _entry(self, command: Command) -> KeyEntry:
        return KeyEntry(command.id, self.program.keymap.key(command.id), self.label(command), self.fits(command))

    def refresh_keys(self) -> None:
        """Draw the key rows anew: another context, another selection, a question."""
        if self.prompt is not None:
            self.key_rows.more = None
            self.key_rows.entries = self.prompt_entries()
            return
        more = next((each for each in commands_for({self.context}) if each.slot == 1000), None)
        self.key_rows.more = None if more is None else self._entry(more)
        self.key_rows.entries = self.key_entries()

    def turn_keys(self) -> None:
        """The next page of the key rows."""
        self.key_rows.turn()

    def on_key_rows_pressed(self, event: KeyRows.Pressed) -> None:
        """A click on a key is that key."""
        event.stop()
        if self.prompt is not None:
            self.answer_prompt(event.entry_id)
        else:
            self.action_command(event.entry_id)

    def on_key(self, event: events.Key) -> None:
        """A key that means nothing here says so, as in pine."""
        if self.prompt is None and not self._gives_command(event.key) and event.key not in self.active_bindings:
            self.not_defined(shown(event.key))

    def _gives_command(self, key: str) -> bool:
        """Whether ``key`` gives one of the screen's own commands now."""
        bound = self._keyed.key_to_bindings.get(key, ())
        return any(self.knows(BY_ID[each.id]) for each in bound if each.id)

    def not_defined(self, name: str) -> None:
        """Say that ``name`` is no command of this screen."""
        keys = self.program.keymap
        help_key = next(
            (keys.key(each) for each in ("help", "compose-help", "dialog-help") if self.knows(BY_ID[each])), "F1"
        )
        self.say(f'Command "{name}" not defined for this screen.  Use {help_key} for help.', Severity.WARNING)

    # -- the status line
    def say(self, text: str, severity: Severity = Severity.INFO) -> None:
        """Put a sentence into the status line; ``text`` must be safe to draw (mail/text)."""
        self.status.say(text, severity)

    def complain(self, error: TuimailError) -> None:
        """Say what went wrong and what to do."""
        self.say(f"{error}  {error.hint}".strip(), Severity.ERROR)
