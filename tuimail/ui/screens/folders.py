"""The folder list: accounts and their folders, with what is unread; the outbox, drafts and sent letters among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.views.folder_lines import FolderRow, folder_line, folder_titles
from tuimail.ui.widgets.line_list import LineList

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tuimail.engine.received_mail import FolderInfo
    from tuimail.ui.messages import MailboxChanged
    from tuimail.ui.text.cells import Line

EMPTY = (
    "No account has mail to read here yet.\n"
    'Name a Maildir in the config: [accounts.NAME.maildir] with path = "~/Maildir"'
)
ON_FOLDER = frozenset({"rename-folder", "delete-folder", "read-folder"})


def folder_rows(folders: Sequence[FolderInfo], accounts: Sequence[str], outbox: str, drafts: int) -> list[FolderRow]:
    """The rows: all inboxes where there are several accounts, the places of the program, each account's folders."""
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
    rows += [
        FolderRow(":here", "On this machine", heading=True),
        FolderRow(":outbox", "Outbox", command="go-outbox", note=outbox),
        FolderRow(":drafts", "Postponed drafts", command="go-drafts", total=drafts),
        FolderRow(":sent", "Sent from here", command="go-sent"),
    ]
    return rows


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
        level=level,
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
        """Headings are no folders."""
        row = self.selected
        if command.id == "open-folder":
            return row is not None and not row.heading
        if command.id in ON_FOLDER:
            return row is not None and bool(row.folder and row.account)
        return True

    async def load(self) -> None:
        """Read the folders and count the letters on their way."""
        engine = self.program.engine
        folders = await engine.mail.folders()
        tally = await engine.outbox.query(lambda outbox: outbox.tally())
        drafts = len(await engine.drafts.available())
        waiting = f"{tally.waiting} waits" if tally.waiting == 1 else f"{tally.waiting} wait" if tally.waiting else ""
        note = f"{tally.yours} yours" if tally.yours else waiting
        first = not self.list.count
        if first:
            self.list.sought = self._start(folders)
        names = [each.name for each in engine.mail.accounts]
        self.list.show_all(folder_rows(folders, names, note, drafts))
        self.titles.refresh()

    def _start(self, folders: Sequence[FolderInfo]) -> str | None:
        opened = self.program.places.opened
        if opened.unified:
            return ":inboxes"
        wanted = f"{opened.account}/{opened.folder}"
        return wanted if any(f"{each.account}/{each.name}" == wanted for each in folders) else None

    def on_mailbox_changed(self, _message: MailboxChanged) -> None:
        """Other numbers."""
        self.reload()
