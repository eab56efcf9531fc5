"""The main menu: pine's centred list of places, each with its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.commands.table import BY_ID
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.text.cells import Line, Span, TextRole, fit
from tuimail.ui.views.sync_remarks import changes_note
from tuimail.ui.widgets.banner import Banner
from tuimail.ui.widgets.line_list import LineList
from tuimail.ui.widgets.title_bar import Badge

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from tuimail.journal.tally import JournalTally
    from tuimail.ui.messages import MailboxChanged

PLACES = (
    "help",
    "add-account",
    "compose",
    "go-index",
    "go-folders",
    "go-outbox",
    "go-drafts",
    "go-sent",
    "go-journal",
    "go-accounts",
    "go-setup",
    "go-server",
    "quit",
)
MAIL = frozenset({"go-index", "go-folders", "go-to-folder", "check-mail", "search-mail", "go-journal"})
"""There where an account has mail to read."""
_ENTRIES = {
    "help": ("HELP", "The keys, and the way of a letter"),
    "add-account": ("ADD ACCOUNT", "Read and write your mail here"),
    "compose": ("COMPOSE", "Write and send a letter"),
    "go-index": ("MESSAGE INDEX", "Read your mail"),
    "go-folders": ("FOLDER LIST", "All folders, and what is new"),
    "go-outbox": ("OUTBOX", "Letters on their way"),
    "go-drafts": ("DRAFTS", "Letters put aside"),
    "go-sent": ("SENT", "What went out, and when"),
    "go-journal": ("CHANGES", "What is still to be done to your mail"),
    "go-accounts": ("ACCOUNTS", "Who you write as"),
    "go-setup": ("SETUP", "Change how tuimail works"),
    "go-server": ("SERVER", "What the demo's mail server has"),
    "quit": ("QUIT", "Leave the program"),
}


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One entry of the menu."""

    command: Command
    key: str
    note: str = ""
    """What is there, in place of the general words ("3 waiting, 1 needs you")."""


def entry_line(entry: MenuEntry, width: int) -> Line:
    """The entry, centred in ``width`` cells."""
    name, purpose = _ENTRIES[entry.command.id]
    inner = min(64, width - 4)
    left = (width - inner) // 2
    wide = inner >= 52
    text = f"-  {entry.note or purpose}" if wide else entry.note or purpose
    head = Span(fit(f"  {entry.key}", 8 if wide else 5), TextRole.KEY)
    rest = inner - (8 if wide else 5) - (16 if wide else 11)
    return (
        Span(" " * left),
        head,
        Span(fit(name, 16 if wide else 11), TextRole.STRONG),
        Span(fit(text, rest), TextRole.DIM),
    )


class MainMenuScreen(ListScreen[MenuEntry]):
    """Where the program starts."""

    SCREEN_NAME = "MAIN MENU"
    CONTEXT = Context.MENU
    HELP = "Choose where to go: press its letter, or move to it and press Return."
    BINDINGS = bindings_for(Context.MENU)

    @property
    def _places(self) -> tuple[str, ...]:
        """The changes stand there only while there are any, adding an account only while there is none."""
        idle = set() if self._changes.any else {"go-journal"}
        if self.program.engine.config.accounts:
            idle.add("add-account")
        return tuple(each for each in PLACES if self.knows(BY_ID[each]) and each not in idle)

    @property
    def _changes(self) -> JournalTally:
        return self.program.engine.mail.journal.counted()

    def knows(self, command: Command) -> bool:
        """Mail is there where an account has some; the server's side in the demo only, which has its own account."""
        if command.id in MAIL and not self.program.engine.mail.accounts:
            return False
        elsewhere = "add-account" if self.program.server is not None else "go-server"
        return super().knows(command) and command.id != elsewhere

    def __init__(self) -> None:
        super().__init__()
        self.banner = Banner()

    def compose_body(self) -> ComposeResult:
        """Accounts in trouble, and the places."""
        yield self.banner
        yield self.list

    def fits(self, command: Command) -> bool:
        """A check is for accounts in trouble."""
        return command.id != "check-again" or self.program.outbox.can_check

    def make_list(self) -> LineList[MenuEntry]:
        """One line per place, spaced when there is room."""
        return LineList(entry_line, lambda entry: entry.command.id, spacing=2)

    def on_mount(self) -> None:
        """The menu needs no engine to be drawn."""
        self.list.show_all([self._entry_for(command_id) for command_id in self._places])
        self.list.select(2 if self.program.engine.mail.accounts else 1)

    def on_resize(self, event: events.Resize) -> None:
        """Blank lines between the entries only where they fit."""
        self._arrange(event.size.width, event.size.height)

    def on_accounts_changed(self) -> None:
        """An account may send again, or may not any more."""
        self._arrange(self.size.width, self.size.height)
        self.refresh_keys()

    def _arrange(self, width: int, height: int) -> None:
        lines = self.program.outbox.problem_lines(self.program.keymap.key("check-again"), width)
        self.banner.show(lines)
        above = len(lines) + 1 if lines else 0
        self.list.space(2 if height - above >= 2 * len(self._places) + 5 else 1)

    def on_mailbox_changed(self, _message: MailboxChanged) -> None:
        """Count again."""
        self.reload()

    async def loaded(self) -> None:
        """Numbers that come later hold up no key."""
        if self.program.startup.ready.is_set():
            await super().loaded()

    async def load(self) -> None:
        """Count what is in the outbox and among the drafts, and what is to be done to received mail."""
        engine = self.program.engine
        changes = await engine.mail.journal.count()
        self._arrange(self.size.width, self.size.height)
        drafts = len(await engine.drafts.available())
        notes = {"go-drafts": "" if not drafts else "1 letter" if drafts == 1 else f"{drafts} letters"}
        notes["go-journal"] = changes_note(changes)
        # Not the numbers of the title bar: at the start they may come later than this.
        folders = await engine.mail.folders()
        unread = sum(each.unread for each in folders if each.name == "INBOX")
        if unread:
            notes["go-index"] = f"{unread:,} unread"
        counts, tally = await engine.outbox.query(lambda outbox: (outbox.counts(), outbox.tally()))
        if any(counts.values()):
            badge = Badge(tally.waiting, tally.yours)
            notes["go-outbox"] = "".join(span.text for span in badge.line).strip()
        self.list.show_all([self._entry_for(command_id, notes.get(command_id, "")) for command_id in self._places])

    def _entry_for(self, command_id: str, note: str = "") -> MenuEntry:
        return MenuEntry(BY_ID[command_id], self.program.keymap.key(command_id), note)
