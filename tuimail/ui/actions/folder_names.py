"""Asking for a folder by name, with completion and the one taken last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.ui.protocols import Frame

HELP = "Type a part of the name; Tab completes it. Several accounts: account/folder."


async def ask_folder(screen: Frame, question: str, account: str) -> str | None:
    """Ask for a folder of ``account``; its name, or None. The one taken last is offered.

    One that is not there is created after a question.
    """
    folders = [each.name for each in await screen.program.engine.mail.folders() if each.account == account]

    async def complete(typed: str) -> Sequence[str]:
        return fitting(folders, typed)

    last = screen.program.places.moved_to.get(account, "")
    wanted = await screen.prompts.ask(
        question, initial=last if last in folders else "", help_text=HELP, complete=complete, shown_as=safe_line
    )
    if wanted is None or not wanted.strip():
        return None
    wanted = wanted.strip()
    if wanted not in folders:
        found = fitting(folders, wanted)
        if len(found) == 1:
            wanted = found[0]
        elif not found and not await created(screen, account, wanted):
            return None
    screen.program.places.moved_to[account] = wanted
    return wanted


async def created(screen: Frame, account: str, name: str) -> bool:
    """Create a folder if the user wants it; did they?

    Raises:
        TuimailError: it cannot be created.
    """
    if not await screen.prompts.ask_yes_no(f"There is no folder {safe_line(name)}.  Create it?", default=False):
        screen.say("Nothing was changed.")
        return False
    await screen.program.engine.mail.mailboxes.create(account, name)
    return True


async def ask_place(screen: Frame, question: str) -> tuple[str, str] | None:
    """Ask for a folder of any account: account and name. With several accounts ``account/folder`` is typed."""
    found = await screen.program.engine.mail.folders()
    several = len({each.account for each in found}) > 1
    places = {(f"{each.account}/{each.name}" if several else each.name): (each.account, each.name) for each in found}

    async def complete(typed: str) -> Sequence[str]:
        return fitting(list(places), typed)

    wanted = await screen.prompts.ask(question, help_text=HELP, complete=complete, shown_as=safe_line)
    if wanted is None or not wanted.strip():
        return None
    names = fitting(list(places), wanted.strip())
    exact = next((each for each in places if each.casefold() == wanted.strip().casefold()), None)
    if exact is None and not names:
        screen.say(f"There is no folder {safe_line(wanted.strip())}.")
        return None
    return places[exact or names[0]]


def fitting(names: Sequence[str], typed: str) -> list[str]:
    """Names that begin with what was typed, then those that have it somewhere."""
    wanted = typed.strip().casefold()
    first = [each for each in names if each.casefold().startswith(wanted)]
    return first + [each for each in names if wanted in each.casefold() and each not in first]
