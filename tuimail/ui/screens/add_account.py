"""ADD ACCOUNT: one form that fills as you go, from the address to the inbox.

What takes time runs beside the screen, which answers keys meanwhile.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from tuimail.accounts.setup.proposal import Proposal
from tuimail.accounts.setup.settings import faults
from tuimail.errors import AddressError
from tuimail.events import Severity
from tuimail.mail.text import safe_line
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Context
from tuimail.ui.screens.account_sign_in import AccountSignIn
from tuimail.ui.screens.frame import FrameScreen
from tuimail.ui.screens.server_search import ServerSearch
from tuimail.ui.screens.setup_stage import GOING_ON, SetupStage
from tuimail.ui.views import setup_notes
from tuimail.ui.widgets.account_form import AccountForm
from tuimail.ui.widgets.form_fields import OptionChoice
from tuimail.ui.widgets.notes_pane import NotesPane
from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tuimail.ui.commands.command import Command
    from tuimail.ui.text.cells import Line

_WORK = "account-setup"
LEAVING = "Leave without adding the account? What you typed is forgotten."
CANCELLED = "Cancelled. Nothing was saved, and what you typed is still there."
TURNING = "Space changes it."


class AddAccountScreen(FrameScreen):
    """Finds the servers, has them confirmed, signs in, saves, and opens the inbox."""

    SCREEN_NAME: ClassVar[str] = "ADD ACCOUNT"
    CONTEXT: ClassVar[Context] = Context.ADD_ACCOUNT
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for(Context.ADD_ACCOUNT)]
    HELP: ClassVar[str] = (
        "Type your address and your name; Return finds the servers. Look at what was found, change what you like "
        "(Space changes what stands between < and >), type the password. Return signs in to both servers. Only when "
        "that worked is the account saved, its password stored, and your inbox opened. Undo takes it all back."
    )
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    AddAccountScreen #body { overflow-y: auto; scrollbar-size-vertical: 1; }
    AddAccountScreen FieldLabel { color: $mail-dim; text-style: none; }
    AddAccountScreen FieldLabel.-here { color: $mail-title; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.stage = SetupStage.ADDRESS
        self.turn = 0
        self.form = AccountForm(Proposal(), done=partial(self.action_command, "account-go-on"))
        self.notes = NotesPane()
        self.search = ServerSearch(self)
        self.signing_in = AccountSignIn(self)

    # -- the frame
    def compose_body(self) -> ComposeResult:
        """The form, and what is to be said about it."""
        yield self.form
        yield self.notes

    def on_mount(self) -> None:
        """Passwords go where those of the other accounts are."""
        self.form.store.value = self.program.engine.config.secrets.store
        self.search.show_planned()

    def fits(self, command: Command) -> bool:
        """Whether it means something at this stage."""
        match command.id:
            case "account-go-on":
                return self.stage in (SetupStage.ADDRESS, SetupStage.SETTINGS)
            case "account-by-hand":
                return self.stage in (SetupStage.ADDRESS, SetupStage.LOOKING)
            case "account-other":
                return self.stage is SetupStage.SETTINGS and len(self.search.found) > 1
            case "account-look-up" | "account-rare":
                return self.stage is SetupStage.SETTINGS
        return super().fits(command)

    def label(self, command: Command) -> str:
        """The next step, by its name."""
        if command.id == "account-go-on":
            return "Look up" if self.stage in (SetupStage.ADDRESS, SetupStage.LOOKING) else "Sign in"
        if command.id == "account-rare" and self.form.rich:
            return "Fewer"
        return super().label(command)

    @property
    def taken(self) -> tuple[str, ...]:
        """Names of the accounts that there are."""
        return tuple(self.program.engine.config.accounts)

    # -- what is typed
    def on_account_form_address_changed(self) -> None:
        """Say what would be sent to whom."""
        if self.stage is SetupStage.ADDRESS:
            self.search.show_planned()

    def on_account_form_left(self, event: AccountForm.Left) -> None:
        """A field was left: say what is wrong with it."""
        idle = self.stage in (SetupStage.ADDRESS, SetupStage.SETTINGS) and self.prompts.current is None
        if not idle or (event.field is self.form.address and not self.form.address.value.strip()):
            return
        if event.field is self.form.address:
            self._tidy_address()
        wrong = self.form.show_faults(faults(self.form.snapshot(), self.taken), (event.field,))
        if wrong:
            self.say(safe_line(wrong), Severity.WARNING)

    def on_choice_field_changed(self) -> None:
        """Another of those found; or another way, which may need another password."""
        if self.stage is not SetupStage.SETTINGS:
            return
        if self.form.here is self.form.found:
            self.search.show(self.form.found.value)
        else:
            self.say("")
            self.notes.show(setup_notes.proposal_notes(self.form.snapshot()))

    def on_mailbox_changed(self) -> None:
        """The account that was just saved has read something."""
        self.signing_in.mail_came.set()

    def on_descendant_focus(self) -> None:
        """Say how a choice is changed."""
        focused = self.focused
        several = isinstance(focused, OptionChoice) and len(focused.options) > 1
        if several and not self.status.text:
            self.say(TURNING)
        elif not several and self.status.text == TURNING:
            self.say("")

    def _tidy_address(self) -> None:
        """``Ada <ada@example.org>`` is a name and an address."""
        from tuimail.mail.address import parse_address

        try:
            parsed = parse_address(self.form.address.value)
        except AddressError:
            return
        if parsed.display_name:
            self.form.address.value = parsed.addr_spec
            if not self.form.own_name.value.strip():
                self.form.own_name.value = parsed.display_name

    def address_is_right(self) -> bool:
        """Complain about the address if it cannot be one."""
        self._tidy_address()
        wrong = faults(self.form.snapshot()).get("address")
        if wrong:
            self.complain_of("address", wrong)
        return not wrong

    def complain_of(self, key: str, words: str) -> None:
        """Put the cursor where the fault ``key`` is, and say what is wrong."""
        field = self.form.field_of(key)
        field.mark(wrong=True)
        self.form.focus_on(field)
        self.say(safe_line(words), Severity.ERROR)

    def point_at_next(self) -> None:
        """Put the cursor where something is missing: mostly the password."""
        for key, words in faults(self.form.snapshot(), self.taken).items():
            self.complain_of(key, words)
            return
        self.say("")
        password = self.form.password
        self.form.focus_on(password if password.display else self.form.shown[-1])

    # -- from stage to stage
    async def go_on(self) -> None:
        """Find the servers; once they are there, sign in."""
        if self.stage is SetupStage.ADDRESS:
            self.search.look_up()
        elif self.stage is SetupStage.SETTINGS:
            await self.signing_in.sign_in()
        else:
            self.say(f"{GOING_ON[self.stage]}  {self.program.keymap.key('account-leave')} cancels.")

    def look_up(self) -> None:
        """Find the servers."""
        self.search.look_up()

    def other(self) -> None:
        """Show what else was found."""
        self.search.other()

    def by_hand(self) -> None:
        """Let the user name the servers; a search that is going on is ended."""
        if self.stage is SetupStage.LOOKING:
            self._stop()
        self.search.by_hand()

    def show_rare(self) -> None:
        """Show or hide the fields that few need."""
        if self.stage is not SetupStage.SETTINGS:
            self.say("They come with the servers.")
            return
        self.form.rich = not self.form.rich
        self.form.show_fields()
        if self.form.here not in self.form.shown:
            self.point_at_next()
        self.refresh_keys()

    def show_settings(self, proposal: Proposal, notes: Sequence[Line]) -> None:
        """Show all settings, to be changed."""
        self.stage = SetupStage.SETTINGS
        self.form.put(proposal)
        self.notes.show(notes)
        self.refresh_keys()

    def begin(self, stage: SetupStage, work: Callable[[int], Coroutine[Any, Any, None]]) -> None:
        """Go on to ``stage`` and do ``work`` beside the screen; what is typed meanwhile goes nowhere."""
        self.turn += 1
        self.stage = stage
        self.set_focus(self.notes)
        self.say(GOING_ON[stage])
        self.refresh_keys()
        start_worker(self, partial(work, self.turn), group=f"{_WORK} {stage}", exclusive=True)

    def back_to_settings(self) -> None:
        """What was begun has ended, without a new account."""
        self.stage = SetupStage.SETTINGS
        self.point_at_next()
        self.refresh_keys()

    def _stop(self) -> None:
        """End the search or the sign-in."""
        self.turn += 1
        self.workers.cancel_group(self, f"{_WORK} {self.stage}")
        if self.stage is SetupStage.LOOKING and self.search.before is SetupStage.ADDRESS:
            self.stage = SetupStage.ADDRESS
            self.search.show_planned()
            self.form.focus_on(self.form.address)
        else:
            self.back_to_settings()
            self.notes.show(setup_notes.proposal_notes(self.form.snapshot()))
        self.refresh_keys()

    async def leave(self) -> None:
        """End what is going on; else leave, after a question if there is something to lose."""
        if self.stage in (SetupStage.LOOKING, SetupStage.TRYING):
            self._stop()
            self.say(CANCELLED)
        elif self.stage is SetupStage.SAVING:
            self.say(GOING_ON[self.stage])
        elif self.stage is SetupStage.ADDRESS or await self.prompts.ask_yes_no(LEAVING, default=False):
            self.form.password.clear()
            self.program.navigation.back()
