"""How far the form of a new account is, and what the parts of its screen see of each other."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    from tuimail.accounts.setup.proposal import Proposal
    from tuimail.errors import TuimailError
    from tuimail.events import Severity
    from tuimail.ui.protocols import Action, Asks, Program
    from tuimail.ui.text.cells import Line
    from tuimail.ui.widgets.account_form import AccountForm
    from tuimail.ui.widgets.notes_pane import NotesPane


class SetupStage(StrEnum):
    """How far the form is."""

    ADDRESS = "address"
    """Whose account it is."""
    LOOKING = "looking"
    SETTINGS = "settings"
    """Everything can be changed."""
    TRYING = "trying"
    SAVING = "saving"


GOING_ON = {
    SetupStage.LOOKING: "The servers are being looked for.",
    SetupStage.TRYING: "The sign-in is going on.",
    SetupStage.SAVING: "The account is being saved.",
}


class SetupHost(Protocol):
    """The screen, as its parts see it."""

    stage: SetupStage
    form: AccountForm
    notes: NotesPane
    turn: int
    """Counts what was begun or cancelled: what ends in another turn than it began in counts for nothing."""

    @property
    def program(self) -> Program:
        """The app."""
        ...

    @property
    def prompts(self) -> Asks:
        """Asks on this screen."""
        ...

    @property
    def taken(self) -> tuple[str, ...]:
        """Names of the accounts that there are."""
        ...

    def begin(self, stage: SetupStage, work: Callable[[int], Coroutine[Any, Any, None]]) -> None:
        """Go on to ``stage`` and do ``work`` (given the turn) beside the screen."""
        ...

    def show_settings(self, proposal: Proposal, notes: Sequence[Line]) -> None:
        """Show all settings, to be changed."""
        ...

    def back_to_settings(self) -> None:
        """What was begun has ended, without a new account."""
        ...

    def address_is_right(self) -> bool:
        """Complain about the address if it cannot be one."""
        ...

    def point_at_next(self) -> None:
        """Put the cursor where something is missing: mostly the password."""
        ...

    def complain_of(self, key: str, words: str) -> None:
        """Put the cursor where the fault ``key`` is, and say what is wrong."""
        ...

    def carry_out(self, action: Action[Any]) -> None:
        """Run ``action``, which may ask something."""
        ...

    def say(self, text: str, severity: Severity = ...) -> None:
        """Put a sentence (safe to draw) into the status line."""
        ...

    def complain(self, error: TuimailError) -> None:
        """Show an error and its hint."""
        ...
