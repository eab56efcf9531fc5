"""Actions of the main menu: to the other screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tuimail.mail.text import safe_line
from tuimail.ui.actions import mail_places
from tuimail.ui.actions.add_account import add_account
from tuimail.ui.actions.movement import LIST_ACTIONS
from tuimail.ui.requests import ShowAccounts, ShowDrafts, ShowOutbox, ShowSent, ShowServer, ShowSetup

if TYPE_CHECKING:
    from collections.abc import Collection

    from tuimail.ui.commands.command import Command
    from tuimail.ui.protocols import Action, Frame, HasList, HasSelection, Program

    class Entry(Protocol):
        """A line of the menu."""

        @property
        def command(self) -> Command:
            """Carried out when the line is opened."""
            ...

    class Menu(HasList, HasSelection[Entry], Protocol):
        """The main menu."""


def open_(screen: HasSelection[Entry]) -> None:
    """Go to the selected place."""
    entry = screen.selected
    if entry is not None:
        screen.action_command(entry.command.id)


def go_outbox(screen: Frame) -> None:
    """Letters on their way."""
    screen.program.navigation.open(ShowOutbox())


def go_drafts(screen: Frame) -> None:
    """Postponed and recovered drafts."""
    screen.program.navigation.open(ShowDrafts())


def go_sent(screen: Frame) -> None:
    """What went out."""
    screen.program.navigation.open(ShowSent())


def go_accounts(screen: Frame) -> None:
    """Accounts."""
    screen.program.navigation.open(ShowAccounts())


def go_setup(screen: Frame) -> None:
    """The settings."""
    screen.program.navigation.open(ShowSetup())


def go_server(screen: Frame) -> None:
    """The demo's mail server."""
    server = screen.program.server
    if server is not None:
        screen.program.navigation.open(ShowServer(server))


async def check_again(screen: Frame) -> None:
    """Check all accounts that cannot send."""
    await check_accounts(screen.program)


async def check_accounts(program: Program, names: Collection[str] | None = None) -> None:
    """Have these accounts tried again (default: all that cannot send), and say so."""
    checked = await program.outbox.check(names)
    if checked:
        program.say(f"Checking {safe_line(', '.join(checked))}; the letters go as soon as they may.")
    else:
        program.say("No account is in trouble.")


PLACES: dict[str, Action[Frame]] = {
    **mail_places.PLACES,
    "go-outbox": go_outbox,
    "go-drafts": go_drafts,
    "go-sent": go_sent,
    "go-accounts": go_accounts,
    "go-setup": go_setup,
    "add-account": add_account,
    "go-server": go_server,
}

ACTIONS: dict[str, Action[Menu]] = {**LIST_ACTIONS, **PLACES, "open": open_, "check-again": check_again}
