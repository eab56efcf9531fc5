"""Verbs on an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mail.text import safe_line
from tuimail.ui.actions.movement import LIST_VERBS
from tuimail.ui.views.rows import account_words

if TYPE_CHECKING:
    from tuimail.ui.screens.accounts import AccountsScreen
    from tuimail.ui.screens.frame import Verb


async def check_again(screen: AccountsScreen) -> None:
    """The user mended it."""
    row = screen.selected
    if row is None or row.account is None:
        screen.say("Select an account to check.")
        return
    await screen.program.engine.accounts.check_again(row.account.name)
    screen.say(f"Checking {safe_line(row.account.name)}; its letters go as soon as it may send.")
    screen.reload()


def open_(screen: AccountsScreen) -> None:
    """Everything about it, in full."""
    row = screen.selected
    if row is None:
        screen.say("No account is set up yet: this screen shows what to write, and into which file.")
        return
    words, facts = account_words(row, screen.program.engine.clock.now())
    title = "PROBLEM" if row.account is None else "ACCOUNT"
    screen.program.open_text(title, f"{words}\n\n{facts}")


VERBS: dict[str, Verb] = {**LIST_VERBS, "open": open_, "check-again": check_again}
