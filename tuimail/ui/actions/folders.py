"""Actions of the folder list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tuimail.engine.index_request import IndexRequest
from tuimail.mail.text import safe_line
from tuimail.ui.actions import menu
from tuimail.ui.actions.index import search_label
from tuimail.ui.actions.mail_places import PLACES, mark_all_read, show_folder, show_index
from tuimail.ui.actions.movement import LIST_ACTIONS

if TYPE_CHECKING:
    from tuimail.config.saved_searches import SavedSearch
    from tuimail.ui.protocols import Action, Frame, HasList, HasSelection
    from tuimail.ui.views.folder_lines import FolderRow

    class FolderList(HasList, HasSelection[FolderRow], Protocol):
        """The folder list."""

        searched: str


def open_folder(screen: FolderList) -> None:
    """Show the messages of the selected folder, or go to the place."""
    row = screen.selected
    if row is None or row.heading:
        screen.say("No folder is selected.")
    elif row.search is not None:
        show_index(screen, screen.program.places.found_by(row.search))
    elif row.command:
        menu.PLACES[row.command](screen)
    else:
        show_folder(screen, row.account, row.folder)


def _move(step: int, *, pages: bool = False) -> Action[FolderList]:
    """Moves over headings, which are no folders."""

    def move(screen: FolderList) -> None:
        shown = screen.list
        rows: list[FolderRow] = list(shown.source.window(0, shown.count))
        wanted = max(0, min(shown.cursor + step * (shown.page if pages else 1), shown.count - 1))
        ahead = range(wanted, shown.count) if step > 0 else range(wanted, -1, -1)
        found = next((at for at in ahead if not rows[at].heading), None)
        if found is not None:
            shown.select(found)

    return move


def next_new_folder(screen: FolderList) -> None:
    """Move to the next folder with unread messages, round the end."""
    rows: list[FolderRow] = list(screen.list.source.window(0, screen.list.count))
    at = screen.list.cursor
    order = [*range(at + 1, len(rows)), *range(at + 1)]
    found = next((each for each in order if rows[each].unread and rows[each].account), None)
    if found is None:
        screen.say("No folder has unread messages.")
    else:
        screen.list.select(found)


async def find_folder(screen: FolderList) -> None:
    """Ask for a part of a name and move to the next folder that has it."""
    wanted = await screen.prompts.ask(search_label(screen.searched))
    screen.searched = (wanted or "").strip() or screen.searched
    if wanted is None or not screen.searched:
        return
    rows: list[FolderRow] = list(screen.list.source.window(0, screen.list.count))
    at = screen.list.cursor
    order = [*range(at + 1, len(rows)), *range(at + 1)]
    matching = (each for each in order if screen.searched.casefold() in rows[each].name.casefold())
    found = next(matching, None)
    if found is None:
        screen.say(f"No folder is called like {safe_line(screen.searched)}.")
    else:
        screen.list.select(found)


async def create_folder(screen: FolderList) -> None:
    """Ask for a name and create the folder in the selected account."""
    row = screen.selected
    accounts = [each.name for each in screen.program.engine.mail.accounts]
    account = row.account if row is not None and row.account else accounts[0] if len(accounts) == 1 else ""
    if not account:
        screen.say("Move to a folder of the account first.")
        return
    name = await screen.prompts.ask(f"Name of the new folder of {safe_line(account)}", help_text="a/b is b below a.")
    if name is None or not name.strip():
        return
    await screen.program.engine.mail.mailboxes.create(account, name.strip())
    screen.come_back_to(f"{account}/{name.strip()}")
    screen.reload()
    screen.say(f"Created {safe_line(name.strip())}.")


async def rename_folder(screen: FolderList) -> None:
    """Ask for another name."""
    row = screen.selected
    if row is not None and row.search is not None:
        await _rename_search(screen, row.search.name)
        return
    if row is None or not row.account:
        screen.say("No folder is selected.")
        return
    name = await screen.prompts.ask(f"Rename {safe_line(row.folder)} to", initial=row.folder)
    if name is None or name.strip() in ("", row.folder):
        return
    await screen.program.engine.mail.mailboxes.rename(row.account, row.folder, name.strip())
    screen.program.places.renamed(row.account, row.folder, name.strip())
    screen.come_back_to(f"{row.account}/{name.strip()}")
    screen.reload()
    screen.say(f"Renamed to {safe_line(name.strip())}.")


async def delete_folder(screen: FolderList) -> None:
    """Delete the folder with everything in it, after a question; a search without what it finds."""
    row = screen.selected
    if row is not None and row.search is not None:
        await _delete_search(screen, row.search)
        return
    if row is None or not row.account:
        screen.say("No folder is selected.")
        return
    inside = f" and its {row.total:,} messages" if row.total else ""
    question = f"Delete the folder {safe_line(row.folder)}{inside} for good?"
    if await screen.prompts.ask_yes_no(question, default=False, help_text="This cannot be undone."):
        await screen.program.engine.mail.mailboxes.delete(row.account, row.folder)
        screen.program.places.renamed(row.account, row.folder, None)
        screen.reload()
        screen.say(f"Deleted the folder {safe_line(row.folder)}.")


async def _rename_search(screen: FolderList, before: str) -> None:
    name = await screen.prompts.ask(f"Rename the search {safe_line(before)} to", initial=before)
    if name is None or name.strip() in ("", before):
        return
    await screen.program.engine.searches.rename(before, name.strip())
    screen.come_back_to(f":search/{name.strip()}")
    screen.reload()
    screen.say(f"Renamed to {safe_line(name.strip())}.")


async def _delete_search(screen: FolderList, search: SavedSearch) -> None:
    """It can be undone, so there is no question."""
    searches, program = screen.program.engine.searches, screen.program
    await searches.remove(search.name)
    screen.reload()

    async def step(beneath: Frame) -> None:
        await searches.add(search)
        beneath.come_back_to(f":search/{search.name}")
        beneath.reload()
        program.say(f"Undone: {safe_line(search.name)} is there again.")

    program.undo.offer(f"Deleted the search {safe_line(search.name)}, but no message.", step)


async def read_folder(screen: FolderList) -> None:
    """Mark every message read."""
    row = screen.selected
    if row is None or not row.account:
        screen.say("No folder is selected.")
        return
    await mark_all_read(screen, IndexRequest(row.account, row.folder))


ACTIONS: dict[str, Action[FolderList]] = {
    **LIST_ACTIONS,
    **PLACES,
    "previous": _move(-1),
    "next": _move(1),
    "page-up": _move(-1, pages=True),
    "index-page-up": _move(-1, pages=True),
    "index-page-down": _move(1, pages=True),
    "open-folder": open_folder,
    "next-new-folder": next_new_folder,
    "find-folder": find_folder,
    "create-folder": create_folder,
    "rename-folder": rename_folder,
    "delete-folder": delete_folder,
    "read-folder": read_folder,
}
