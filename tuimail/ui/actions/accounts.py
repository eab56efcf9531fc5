"""Actions on an account."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from tuimail.config.writing import ConfigFile
from tuimail.mail.text import safe_line
from tuimail.ui.actions.add_account import add_account
from tuimail.ui.actions.movement import LIST_ACTIONS
from tuimail.ui.actions.reread import reread
from tuimail.ui.requests import ShowText
from tuimail.ui.views.rows import account_summary
from tuimail.ui.widgets.prompt import Choice

if TYPE_CHECKING:
    from tuimail.ui.protocols import Action, Frame, HasList, HasSelection
    from tuimail.ui.views.rows import AccountRow

    class AccountList(HasList, HasSelection[AccountRow], Protocol):
        """The list of accounts."""


REMOVING = "It is taken out of the settings; undo puts it back, but not a password that was removed as well."


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


async def remove(screen: AccountList) -> None:
    """Take it out of the config, after a question; its stored password too if the user wants that."""
    row = screen.selected
    if row is None or row.account is None:
        screen.say("Select an account to remove.")
        return
    from tuimail.accounts.setup.removal import forget_passwords, own_passwords, remove_account

    engine = screen.program.engine
    name, shown = row.account.name, safe_line(row.account.name)
    servers = own_passwords(row.account, engine.config)
    choices = [Choice("y", "Remove", "remove"), Choice("n", "No", "no")]
    if servers:
        choices.append(Choice("p", "Password too", "both"))
    question = f"Remove the account {shown}? Its letters in the outbox stay, and so does what the server has."
    answer = await screen.prompts.ask_choice(question, choices, default="no", help_text=REMOVING)
    if answer not in ("remove", "both"):
        return
    change = await asyncio.to_thread(remove_account, name, engine.paths)
    await engine.reconfigure(change.config)
    words = f"{shown} was removed."
    if answer == "both":
        forgotten = await forget_passwords(name, servers)
        where = f" from the {' and the '.join(forgotten.stores)}" if forgotten.stores else ""
        words = " ".join((f"{shown} and its password were removed{where}.", *map(safe_line, forgotten.troubles)))

    async def step(_beneath: Frame) -> None:
        undone = await asyncio.to_thread(ConfigFile(engine.paths.config_file).undo, change)
        await engine.reconfigure(undone.config)
        screen.program.say(f"Undone: {shown} is there again.")

    screen.program.undo.offer(words, step)
    screen.reload()


ACTIONS: dict[str, Action[AccountList]] = {
    **LIST_ACTIONS,
    "open": open_,
    "check-again": check_again,
    "reread-config": reread,
    "add-account": add_account,
    "remove-account": remove,
}
