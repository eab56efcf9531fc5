"""Actions that go somewhere among the folders, from any screen; and those on a whole folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.mail.text import safe_line
from tuimail.ui.actions.folder_names import ask_place
from tuimail.ui.actions.mail_search import ANYWHERE
from tuimail.ui.protocols import ShowsFolder
from tuimail.ui.requests import ShowDrafts, ShowFolders, ShowIndex, ShowJournal

if TYPE_CHECKING:
    from tuimail.engine.index_request import IndexRequest
    from tuimail.ui.protocols import Action, Frame


def show_folder(screen: Frame, account: str, folder: str) -> None:
    """Show the messages of a folder; ``account`` empty: of all inboxes."""
    show_index(screen, screen.program.places.of(account, folder))


def show_index(screen: Frame, request: IndexRequest) -> None:
    """Show messages."""
    screen.program.places.opened = request
    screen.program.navigation.open(ShowIndex(request))


def go_index(screen: Frame) -> None:
    """The folder opened last, else the inbox."""
    if not screen.program.engine.mail.accounts:
        screen.say("No account has mail to read here: see Folder list.")
        return
    show_index(screen, screen.program.places.opened)


def go_folders(screen: Frame) -> None:
    """The folder list."""
    screen.program.navigation.home()
    screen.program.navigation.open(ShowFolders())


async def go_to_folder(screen: Frame) -> None:
    """Ask for a folder and show it: in the index that is open already, which takes a third of the time of a new one."""
    place = await ask_place(screen, "Go to folder")
    if place is None:
        return
    program = screen.program
    index = program.navigation.return_to(ShowsFolder)  # type: ignore[type-abstract]
    if index is None:
        program.navigation.home()
        show_folder(screen, *place)
        return
    program.places.opened = program.places.of(*place)
    await index.show_folder(program.places.opened)


def recall(screen: Frame) -> None:
    """The drafts."""
    screen.program.navigation.open(ShowDrafts())


def go_journal(screen: Frame) -> None:
    """The changes of mail that wait."""
    screen.program.navigation.open(ShowJournal())


async def check_mail(screen: Frame) -> None:
    """Look for new mail now, and say what there is."""
    mail = screen.program.engine.mail
    screen.say("Looking for new mail.")
    before = sum(each.unread for each in await mail.folders())
    await mail.look()
    more = sum(each.unread for each in await mail.folders()) - before
    screen.say(f"{more:,} new {'message' if more == 1 else 'messages'}." if more > 0 else "No new mail.")


async def new_mail_folders(screen: Frame) -> None:
    """Say which folders have unread messages, inboxes first, as many as the line has room for."""
    found = [each for each in await screen.program.engine.mail.folders() if each.unread]
    found = [each for each in found if each.special_use not in ("junk", "trash")]
    found.sort(key=lambda each: each.name != "INBOX")
    several = len(screen.program.engine.mail.accounts) > 1
    names = [
        f"{f'{safe_line(each.account)}/' if several else ''}{safe_line(each.name)} ({each.unread:,})" for each in found
    ]
    screen.say(f"Unread mail in {', '.join(names)}." if names else "No folder has unread messages.")


async def mark_all_read(screen: Frame, request: IndexRequest) -> None:
    """Mark every message of a folder read; it can be undone."""
    program = screen.program
    count, commands = await program.engine.mail.mark_all_read(request)
    name = safe_line(request.folder)
    if not commands:
        screen.say(f"No message of {name} is unread.")
        return

    async def step(_beneath: Frame) -> None:
        await program.engine.mail.undo(commands)
        program.say(f"Undone: {count:,} messages of {name} are unread again.")

    program.undo.offer(f"{count:,} messages of {name} marked read.", step)


PLACES: dict[str, Action[Frame]] = {
    **ANYWHERE,
    "go-index": go_index,
    "go-folders": go_folders,
    "go-to-folder": go_to_folder,
    "recall": recall,
    "go-journal": go_journal,
    "check-mail": check_mail,
    "new-mail-folders": new_mail_folders,
}
