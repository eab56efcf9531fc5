"""Asking for a folder by name, with completion and the one taken last."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tuimail.engine.typed_place import named_place
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.ui.protocols import Frame

HELP = "Type a part of the name; Tab completes it. Several accounts: account/folder."
MOVE_HELP = "Type a part of the name; Tab completes it. In another account: account:folder."


class Destination(NamedTuple):
    """A folder that messages go to."""

    account: str
    """Empty: that of each message."""
    folder: str

    @property
    def name(self) -> str:
        """``home:Archive``; not safe to show."""
        return f"{self.account}:{self.folder}" if self.account else self.folder


async def ask_folder(screen: Frame, question: str, account: str) -> Destination | None:
    """Ask for a folder of ``account``, or of another one that is named before a colon. The one taken last is offered.

    One that is not there is created after a question. Folders of other accounts are offered once something is typed.
    """
    mail = screen.program.engine.mail
    found = await mail.folders()
    folders = [each.name for each in found if each.account == account]
    others = [
        f"{each.account}:{each.name}"
        for each in found
        if each.account != account and not mail.is_read_only(each.account)
    ]

    async def complete(typed: str) -> Sequence[str]:
        return fitting(folders, typed) + (fitting(others, typed) if typed.strip() else [])

    last = screen.program.places.moved_to.get(account, "")
    wanted = await screen.prompts.ask(
        question,
        initial=last if last in (*folders, *others) else "",
        help_text=MOVE_HELP,
        complete=complete,
        shown_as=safe_line,
    )
    if wanted is None or not wanted.strip():
        return None
    wanted = wanted.strip()
    if wanted not in folders and wanted not in others:
        names = fitting(folders, wanted) or fitting(others, wanted)
        if len(names) == 1:
            wanted = names[0]
        elif not names and not await created(screen, *_place(screen, wanted, account)):
            return None
    screen.program.places.moved_to[account] = wanted
    return Destination("", wanted) if wanted in folders else _destination(screen, wanted, account)


def _destination(screen: Frame, name: str, own: str) -> Destination:
    account, folder = _place(screen, name, own)
    return Destination("" if account == own else account, folder)


def _place(screen: Frame, name: str, own: str) -> tuple[str, str]:
    """Account and folder of what was typed."""
    accounts = [each.name for each in screen.program.engine.mail.accounts]
    return named_place(name, accounts) or (own, name)


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
