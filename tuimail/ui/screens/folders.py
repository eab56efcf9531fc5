"""The folder list: accounts and their folders, with what is unread; the outbox, drafts and sent letters among them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tuimail.events import Severity
from tuimail.mail.text import safe_line
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.commands.rights import forbids
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.screens.search_counts import SearchCounts
from tuimail.ui.views.folder_lines import FolderRow, folder_line, folder_titles
from tuimail.ui.views.sync_remarks import changes_note, sync_remarks
from tuimail.ui.widgets.line_list import LineList

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tuimail.config.model import Problem
    from tuimail.config.saved_searches import SavedSearch
    from tuimail.engine.index_request import IndexRequest
    from tuimail.engine.mail_index import FolderCounts
    from tuimail.engine.received_mail import FolderInfo
    from tuimail.ui.messages import MailboxChanged
    from tuimail.ui.text.cells import Line

EMPTY = (
    "No account has mail to read here yet.\n"
    "Name a server or a Maildir in the config: [accounts.NAME.imap] with host, or [accounts.NAME.maildir] with path"
)
ON_FOLDER = frozenset({"rename-folder", "delete-folder", "read-folder"})


def folder_rows(
    folders: Sequence[FolderInfo],
    accounts: Sequence[str],
    outbox: str,
    drafts: int,
    searches: Sequence[FolderRow] = (),
    *,
    changes: str = "",
) -> list[FolderRow]:
    """The rows: all inboxes where there are several accounts, their folders, searches, the places of the program."""
    inboxes = [each for each in folders if each.name == "INBOX"]
    rows = []
    if len(accounts) > 1:
        total, unread = sum(each.total for each in inboxes), sum(each.unread for each in inboxes)
        rows.append(FolderRow(":inboxes", "All inboxes", folder="INBOX", total=total, unread=unread))
    for account in accounts:
        if len(accounts) > 1:
            rows.append(FolderRow(f":{account}", account, heading=True))
        own = [each for each in folders if each.account == account]
        names = {each.name for each in own}
        rows += [_folder_row(each, names) for each in own]
    if searches:
        rows += [FolderRow(":searches", "Searches", heading=True), *searches]
    rows += [
        FolderRow(":here", "On this machine", heading=True),
        FolderRow(":outbox", "Outbox", command="go-outbox", note=outbox),
        *([FolderRow(":changes", "Changes waiting", command="go-journal", note=changes)] if changes else []),
        FolderRow(":drafts", "Postponed drafts", command="go-drafts", total=drafts),
        FolderRow(":sent", "Sent from here", command="go-sent"),
    ]
    return rows


def search_row(search: SavedSearch, counts: FolderCounts | None) -> FolderRow:
    """A saved search; its numbers where they are known."""
    total, unread = (None, 0) if counts is None else (counts.total, counts.unread)
    return FolderRow(f":search/{search.name}", search.name, search=search, total=total, unread=unread)


def _folder_row(folder: FolderInfo, names: Collection[str]) -> FolderRow:
    """A folder below another one that is listed is indented; else its name has all levels."""
    level = 0
    above, _, name = folder.name.rpartition("/")
    if above in names:
        level = folder.name.count("/")
    else:
        name = folder.name
    return FolderRow(
        f"{folder.account}/{folder.name}",
        name,
        folder.account,
        folder.name,
        special_use=folder.special_use,
        total=folder.total,
        unread=folder.unread,
        kept=None if folder.kept >= folder.total else folder.kept,
        level=level,
        rights=folder.rights,
    )


class FoldersScreen(ListScreen[FolderRow]):
    """One line per folder."""

    SCREEN_NAME = "FOLDER LIST"
    CONTEXT = Context.FOLDERS
    HELP = "Your folders: how many messages are unread, and how many there are. Return opens one."
    BINDINGS = bindings_for(Context.FOLDERS)

    def __init__(self) -> None:
        super().__init__()
        self.searched = ""
        """What was searched last."""
        self._counts = SearchCounts(self, self._request_of, self._show)
        self._searches: Sequence[SavedSearch] = ()
        self._rows: Callable[[Sequence[FolderRow]], list[FolderRow]] = list
        self._told: Problem | None = None

    def make_list(self) -> LineList[FolderRow]:
        """One line per folder."""
        return LineList(folder_line, lambda row: row.id, empty=EMPTY)

    def title_line(self, width: int) -> Line:
        """The columns."""
        return folder_titles(width)

    def compose_body(self):  # type: ignore[no-untyped-def]
        """Titles and list."""
        yield self.titles
        yield self.list

    def fits(self, command: Command) -> bool:
        """Headings are no folders, and a folder may forbid it."""
        row = self.selected
        if command.id == "open-folder":
            return row is not None and not row.heading
        if command.id in ON_FOLDER:
            searched = row is not None and row.search is not None and command.id != "read-folder"
            folder = row is not None and bool(row.folder and row.account) and not forbids(row.rights, command.id)
            return searched or folder
        return True

    async def load(self) -> None:
        """Read the folders and count the letters on their way."""
        engine = self.program.engine
        folders = await engine.mail.folders()
        tally = await engine.outbox.query(lambda outbox: outbox.tally())
        drafts = len(await engine.drafts.available())
        waiting = f"{tally.waiting} waits" if tally.waiting == 1 else f"{tally.waiting} wait" if tally.waiting else ""
        note = f"{tally.yours} yours" if tally.yours else waiting
        changes = await engine.mail.journal.count()
        saved = await engine.searches.all()
        if not self.list.count:
            self.list.sought = self._start(folders)
        names = [each.name for each in engine.mail.accounts]
        self._searches = saved.searches if names else ()
        self._rows = partial(folder_rows, folders, names, note, drafts, changes=changes_note(changes))
        self._show()
        self.show_position()
        self._counts.count(self._searches)
        problem = next(iter(saved.problems), None)
        if problem is not None and problem != self._told:
            self.say(safe_line(str(problem)), Severity.WARNING)
        self._told = problem

    def remarks(self) -> Sequence[str]:
        """Whether a server is out of reach, and what waits for it."""
        mail = self.program.engine.mail
        return sync_remarks(mail.offline(), mail.sync.stopped_by(""), mail.journal.counted())

    def _show(self) -> None:
        """The rows, with what was counted so far."""
        self.list.show_all(self._rows([search_row(each, self._counts.of(each)) for each in self._searches]))
        self.titles.refresh()

    def _request_of(self, search: SavedSearch) -> IndexRequest:
        return self.program.places.found_by(search)

    def _start(self, folders: Sequence[FolderInfo]) -> str | None:
        opened = self.program.places.opened
        if opened.search is not None:
            return f":search/{opened.search.name}"
        if opened.unified:
            return ":inboxes"
        wanted = f"{opened.account}/{opened.folder}"
        return wanted if any(f"{each.account}/{each.name}" == wanted for each in folders) else None

    def on_mailbox_changed(self, _message: MailboxChanged) -> None:
        """Other numbers."""
        self.reload()
