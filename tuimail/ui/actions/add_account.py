"""Actions of the form of a new account, and the one that opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.requests import ShowAddAccount

if TYPE_CHECKING:
    from tuimail.ui.protocols import AccountSetup, Action, Frame


def add_account(screen: Frame) -> None:
    """Show the form."""
    screen.program.navigation.open(ShowAddAccount())


ACTIONS: dict[str, Action[AccountSetup]] = {
    "account-go-on": lambda screen: screen.go_on(),
    "account-by-hand": lambda screen: screen.by_hand(),
    "account-other": lambda screen: screen.other(),
    "account-look-up": lambda screen: screen.look_up(),
    "account-rare": lambda screen: screen.show_rare(),
    "account-leave": lambda screen: screen.leave(),
}
