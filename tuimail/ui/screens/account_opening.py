"""The account that was just added is at work: its inbox is shown, and undo takes it away again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import StorageError
from tuimail.mail.text import safe_line
from tuimail.ui.requests import ShowIndex

if TYPE_CHECKING:
    from tuimail.accounts.setup.proving import Proof
    from tuimail.accounts.setup.saving import SavedAccount
    from tuimail.ui.protocols import Frame, Program


def open_account(program: Program, saved: SavedAccount, proof: Proof, *, inbox: bool) -> None:
    """Show its ``inbox`` if that is known here by now, else the main menu."""
    name = safe_line(saved.account)
    program.navigation.home()
    if inbox:
        program.places.opened = program.places.of(saved.account, "INBOX")
        program.navigation.open(ShowIndex(program.places.opened))

    async def step(_beneath: Frame) -> None:
        config, left = await saved.undo()
        program.navigation.home()
        try:
            await program.engine.reconfigure(config)
        except StorageError as error:
            program.complain(error)  # of the outbox: the account is gone all the same, and this step is done
            return
        forgotten = " ".join(map(safe_line, left)) or "Its password is forgotten."
        program.say(f"Undone: {name} is not set up any more.  {forgotten}")

    works = "is saved, but was not tried yet." if not proof.proven else "reads and sends mail now."
    if proof.proven and not proof.account.has_mail:
        works = "sends mail now."
    program.undo.offer(" ".join((f"{name} {works}", *map(safe_line, saved.troubles))), step)
