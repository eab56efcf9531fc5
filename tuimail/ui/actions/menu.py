"""Verbs of the main menu: to the other screens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.actions.movement import LIST_VERBS

if TYPE_CHECKING:
    from tuimail.ui.screens.frame import Verb
    from tuimail.ui.screens.main_menu import MainMenuScreen


def open_(screen: MainMenuScreen) -> None:
    """Go to the selected place."""
    place = screen.selected
    if place is not None:
        screen.action_command(place.command.id)


def go_outbox(screen: MainMenuScreen) -> None:
    """Letters on their way."""
    screen.program.open_outbox()


def go_drafts(screen: MainMenuScreen) -> None:
    """Letters put aside."""
    screen.program.open_drafts()


def go_sent(screen: MainMenuScreen) -> None:
    """What went out."""
    screen.program.open_sent()


def go_accounts(screen: MainMenuScreen) -> None:
    """Accounts."""
    screen.program.open_accounts()


def go_server(screen: MainMenuScreen) -> None:
    """The other end, in the demo."""
    screen.program.open_server()


async def check_again(screen: MainMenuScreen) -> None:
    """The user mended the accounts."""
    await screen.program.check_accounts()


VERBS: dict[str, Verb] = {
    **LIST_VERBS,
    "open": open_,
    "check-again": check_again,
    "go-outbox": go_outbox,
    "go-drafts": go_drafts,
    "go-sent": go_sent,
    "go-accounts": go_accounts,
    "go-server": go_server,
}
