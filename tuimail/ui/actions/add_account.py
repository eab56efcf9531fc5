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
    "setup-go-on": lambda screen: screen.go_on(),
    "setup-by-hand": lambda screen: screen.by_hand(),
    "setup-other": lambda screen: screen.other(),
    "setup-look-up": lambda screen: screen.look_up(),
    "setup-rare": lambda screen: screen.show_rare(),
    "setup-leave": lambda screen: screen.leave(),
}
