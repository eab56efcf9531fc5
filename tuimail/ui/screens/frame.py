"""The base of every screen: title bar, body, status line, two key rows; questions and commands.

A screen names its ``context``, its ``BINDINGS`` (``bindings_for(context)``) and yields its body from ``compose_body``.
What its commands do is in ``ui/actions``; ``ui/registry`` gives each screen its ``actions``. Textual calls the
``on_...`` handlers of every class of a screen, so those must not call ``super()``'s.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.binding import BindingsMap
from textual.containers import Vertical
from textual.screen import Screen

from tuimail.errors import TuimailError
from tuimail.events import Severity
from tuimail.ui.coalescer import Coalescer
from tuimail.ui.commands.bindings import keyed
from tuimail.ui.commands.command import Context
from tuimail.ui.commands.key_names import shown
from tuimail.ui.commands.slots import in_slots, turning
from tuimail.ui.commands.table import BY_ID, commands_for
from tuimail.ui.screens.prompts import Prompts
from tuimail.ui.textual_private import use_bindings
from tuimail.ui.widgets.key_rows import KeyEntry, KeyRows
from tuimail.ui.widgets.painting import ROLE_CLASSES
from tuimail.ui.widgets.status_line import StatusLine
from tuimail.ui.widgets.title_bar import TitleBar
from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from textual import events
    from textual.app import ComposeResult

    from tuimail.mail.message_ref import MessageRef
    from tuimail.ui.commands.command import Command
    from tuimail.ui.key_queue import Running
    from tuimail.ui.messages import OutboxChanged
    from tuimail.ui.protocols import Action, Program


HELP_COMMANDS = ("help", "compose-help", "dialog-help", "account-help")


class FrameScreen(Screen[None], inherit_bindings=False):
    """Base of every screen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(ROLE_CLASSES)

    SCREEN_NAME: ClassVar[str] = ""
    """For the title bar, in capitals."""
    CONTEXT: ClassVar[Context]
    """Where the user is on this screen; override ``context`` if that depends on the focus."""
    SHOWS_MAIL: ClassVar[bool] = False
    """It shows received mail alone, and does not wait for the outbox."""
    HELP: ClassVar[str] = ""
    """What this screen is for, for its help."""

    def __init__(self) -> None:
        super().__init__()
        self.actions: Mapping[str, Action[Any]] = {}
        """What the commands of this screen do, by id."""
        self.title_bar = TitleBar()
        self.status = StatusLine()
        self.key_rows = KeyRows()
        self.foot = Vertical(id="foot")
        self.prompts = Prompts(self)
        self._keyed = BindingsMap()
        self._keys_stale = False
        self._loading = Coalescer(self._load, first=self._readable)

    # -- the frame
    def compose(self) -> ComposeResult:
        """Title bar, body, status line, keys."""
        yield self.title_bar
        with Vertical(id="body"):
            yield from self.compose_body()
        with self.foot:
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
        self.title_bar.badge = self.program.outbox.badge
        self.refresh_keys()
        self.reload()

    def on_screen_resume(self) -> None:
        """What is shown may have changed meanwhile."""
        if self._keys_stale:
            self.refresh_keys()
        self.reload()
        self.program.undo.tick()

    @property
    def shows_countdown(self) -> bool:
        """Whether the status line may count down to the sending of a letter: where that can be undone."""
        # On messages undo is part of the command that takes marks back.
        undoing = self.knows(BY_ID["undo"]) or self.knows(BY_ID["undelete"])
        return self.prompts.current is None and undoing

    @property
    def heading(self) -> str:
        """What the title bar calls this screen."""
        return self.SCREEN_NAME

    @property
    def help_text(self) -> str:
        """What this screen is for."""
        return self.HELP

    @property
    def program(self) -> Program:
        """The app."""
        return cast("Program", self.app)

    @property
    def is_current(self) -> bool:
        """It is on top. Every screen fills the terminal; Textual would also paint the one beneath, and this again."""
        return bool(self.app.screen_stack) and self.app.screen_stack[-1] is self

    # -- what it shows
    async def load(self) -> None:
        """Read from the engine what the screen shows; called when it opens and when the outbox changed."""

    def reload(self) -> None:
        """Have ``load`` called soon; calls that come while it runs become one more run."""
        if self.is_mounted and self._loading.request():
            start_worker(self, self._loading.run, group="load", exit_on_error=False)

    async def _readable(self) -> None:
        startup = self.program.startup
        await (startup.mail_ready if self.SHOWS_MAIL else startup.ready).wait()

    async def _load(self) -> None:
        try:
            await self.load()
        except TuimailError as error:
            self.complain(error)

    async def loaded(self) -> None:
        """Wait until what was to be read is read; nothing will be, if the engine cannot be started."""
        if self.SHOWS_MAIL or await self.program.startup.whole() is None:
            await self._loading.idle.wait()

    def on_outbox_changed(self, _message: OutboxChanged) -> None:
        """The outbox is not what it was."""
        self.reload()

    def come_back_to(self, row: str | MessageRef) -> None:
        """A row (its id), or a received message, is about to be there again: lists select it then."""

    # -- commands
    @property
    def context(self) -> Context:
        """Where the user is on this screen, a question aside."""
        return self.CONTEXT

    def knows(self, command: Command) -> bool:
        """Whether ``command`` can be given here and now; while a question is open, only those that answer it."""
        here = self.context if self.prompts.current is None else Context.PROMPT
        return here in command.contexts or Context.EVERYWHERE in command.contexts

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
            self.prompts.answer(command_id)
            return
        if command_id not in ("more", "compose-more"):
            self.status.say("")
        action = self.actions.get(command_id)
        if action is None:
            self.not_defined(command.label)
            return
        self.carry_out(action)

    def carry_out(self, action: Action[Any]) -> None:
        """Run ``action`` on this screen; what it raises becomes a sentence. A coroutine outlives the screen.

        Keys wait until it has ended, or asks something.
        """
        try:
            result = action(self)
        except TuimailError as error:
            self.complain(error)
            return
        if inspect.isawaitable(result):
            running = self.program.keys.begin()
            self.app.run_worker(self._finish(result, running), group="actions", exit_on_error=True)

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
        known = (each for each in commands_for({self.context}) if self.knows(each))
        keyed_ones = (each for each in known if self.program.keymap.key(each.id))
        return tuple(map(self._entry, in_slots(keyed_ones, self.fits)))

    def _entry(self, command: Command) -> KeyEntry:
        return KeyEntry(command.id, self.program.keymap.key(command.id), self.label(command), self.fits(command))

    def refresh_keys(self) -> None:
        """Draw the key rows anew: another context, another selection, a question."""
        self._keys_stale = not self.is_current
        if self._keys_stale:
            return
        asking = self.prompts.current is not None
        more = None if asking else turning(self.context)
        self.key_rows.more = None if more is None else self._entry(more)
        self.key_rows.entries = self.prompts.key_entries() if asking else self.key_entries()

    def turn_keys(self) -> None:
        """Show the next page of the key rows."""
        self.key_rows.turn()

    def on_key_rows_pressed(self, event: KeyRows.Pressed) -> None:
        """A click on a key is that key."""
        event.stop()
        if self.prompts.current is not None:
            self.prompts.answer(event.entry_id)
        else:
            self.action_command(event.entry_id)

    def on_key(self, event: events.Key) -> None:
        """A key that means nothing here says so, as in pine."""
        if self.prompts.current is None and not self.takes(event.key) and event.key not in self.active_bindings:
            self.not_defined(shown(event.key))

    def takes(self, key: str) -> bool:
        """Whether ``key`` gives one of the screen's own commands now, or means something else here, done already."""
        return any(self.knows(BY_ID[each.id]) for each in self._keyed.key_to_bindings.get(key, ()) if each.id)

    def not_defined(self, name: str) -> None:
        """Say that ``name`` is no command of this screen."""
        help_key = next((self.program.keymap.key(each) for each in HELP_COMMANDS if self.knows(BY_ID[each])), "F1")
        self.say(f'Command "{name}" not defined for this screen.  Use {help_key} for help.', Severity.WARNING)

    # -- the status line
    def say(self, text: str, severity: Severity = Severity.INFO) -> None:
        """Put a sentence into the status line; ``text`` must be safe to draw (mail/text)."""
        self.status.say(text, severity)

    def complain(self, error: TuimailError) -> None:
        """Say what went wrong and what to do."""
        self.say(f"{error}  {error.hint}".strip(), Severity.ERROR)
