"""Actions on an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tuimail.mail.text import safe_line
from tuimail.ui.actions.movement import LIST_ACTIONS
from tuimail.ui.actions.reread import reread
from tuimail.ui.requests import ShowText
from tuimail.ui.views.rows import account_summary

if TYPE_CHECKING:
    from tuimail.ui.protocols import Action, HasList, HasSelection
    from tuimail.ui.views.rows import AccountRow

    class AccountList(HasList, HasSelection[AccountRow], Protocol):
        """The list of accounts."""


async def check_again(screen: AccountList) -> None:
    """The user mended it."""
    row = screen.selected
    if row is None or row.account is None:
        screen.say("Select an account to check.")
        return
    await screen.program.engine.accounts.check_again(row.account.name)
    screen.say(f"Checking {safe_line(row.account.name)}; its letters go as soon as it may send.")
    screen.reload()


def open_(screen: AccountList) -> None:
    """Everything about it, in full."""
    row = screen.selected
    if row is None:
        screen.say("No account is set up yet: this screen shows what to write, and into which file.")
        return
    message, facts = account_summary(
        row, screen.program.engine.clock.now(), reread=screen.program.keymap.key("reread-config")
    )
    title = "PROBLEM" if row.account is None else "ACCOUNT"
    screen.program.navigation.open(ShowText(title, f"{message}\n\n{facts}"))


ACTIONS: dict[str, Action[AccountList]] = {
    **LIST_ACTIONS,
    "open": open_,
    "check-again": check_again,
    "reread-config": reread,
}
