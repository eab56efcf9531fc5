"""The From line: which of one's own addresses a letter is from, and by which account it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tuimail.mail.text import safe_line
from tuimail.ui.widgets.header_field import FieldLabel
from tuimail.ui.widgets.text_editor import leave

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tuimail.config.model import Config, Identity


@dataclass(frozen=True, slots=True)
class Sender:
    """One identity of one account."""

    account: str
    identity: Identity

    def __str__(self) -> str:
        return f"{safe_line(str(self.identity))}  ({self.account})"


def senders(config: Config) -> tuple[Sender, ...]:
    """Everybody one can write as, the default account's identities first."""
    accounts = sorted(config.accounts.values(), key=lambda account: account is not config.default)
    return tuple(Sender(account.name, each) for account in accounts for each in account.identities)


class SenderChoice(Widget, can_focus=True):
    """Shows one sender of several; left and right change it."""

    DEFAULT_CSS = """
    SenderChoice { height: 1; width: 1fr; }
    SenderChoice:focus { text-style: reverse; }
    """
    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,ctrl+b", "turn(-1)", show=False),
        Binding("right,ctrl+f,space", "turn(1)", show=False),
        Binding("enter,tab,down,ctrl+n", "leave(1)", show=False, priority=True),
        Binding("shift+tab,up,ctrl+p", "leave(-1)", show=False, priority=True),
    ]

    here = reactive(0)

    class Changed(Message):
        """Another sender was chosen."""

        def __init__(self, before: Sender, now: Sender) -> None:
            super().__init__()
            self.before = before
            self.now = now

    def __init__(self, choices: tuple[Sender, ...], here: int) -> None:
        super().__init__()
        self.choices = choices
        self.set_reactive(SenderChoice.here, here)

    def render(self) -> Text:
        """``Ada <ada@example.org>  (work)``."""
        text = str(self.choices[self.here]) if self.choices else "nobody: there is no account yet"
        return Text(text, no_wrap=True, overflow="ellipsis")

    def action_turn(self, step: int) -> None:
        """Choose the next or the previous sender."""
        if len(self.choices) > 1:
            before = self.choices[self.here]
            self.here = (self.here + step) % len(self.choices)
            self.post_message(self.Changed(before, self.choices[self.here]))

    def action_leave(self, step: int) -> None:
        """To the next field or the one before."""
        leave(self, step)


class IdentityField(Horizontal):
    """The label and the choice."""

    DEFAULT_CSS = """
    IdentityField { height: 1; width: 1fr; }
    """

    def __init__(self, choices: tuple[Sender, ...], account: str, address: str) -> None:
        super().__init__(id="field-from")
        self.label = FieldLabel("From")
        self.choice = SenderChoice(choices, _index(choices, account, address))

    def compose(self) -> ComposeResult:
        """Label and choice."""
        yield self.label
        yield self.choice

    def offer(self, choices: tuple[Sender, ...]) -> None:
        """Other choices; what was chosen stays, even if it is not among them: whoever sends says so."""
        chosen = self.sender
        if chosen is not None:
            own = chosen.account, chosen.identity.address.casefold()
            if own not in [(each.account, each.identity.address.casefold()) for each in choices]:
                choices = (chosen, *choices)
        self.choice.choices = choices
        self.choice.here = 0 if chosen is None else _index(choices, chosen.account, chosen.identity.address)
        self.choice.refresh()

    @property
    def focus_target(self) -> Widget:
        """What takes the keys of this field."""
        return self.choice

    @property
    def sender(self) -> Sender | None:
        """Who the letter is from; None when no account is set up."""
        return self.choice.choices[self.choice.here] if self.choice.choices else None


def _index(choices: tuple[Sender, ...], account: str, address: str) -> int:
    """The place of what the draft names; an account without an address means its first."""
    wanted = address.casefold()
    for index, each in enumerate(choices):
        if each.account == account and wanted in ("", each.identity.address.casefold()):
            return index
    return next((index for index, each in enumerate(choices) if each.identity.address.casefold() == wanted), 0)
