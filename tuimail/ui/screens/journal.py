"""Changes waiting: what is still to be done to received mail, and what was refused, for the user to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.engine.mail_journal import JournalEntry
from tuimail.journal.action import UNDECIDED, ActionState
from tuimail.journal.decisions import can_be_redirected
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.text.cells import Span, TextRole
from tuimail.ui.views.journal_lines import change_explanation, change_line, change_titles
from tuimail.ui.views.sync_remarks import sync_remarks
from tuimail.ui.widgets.explanation import ExplanationPane
from tuimail.ui.widgets.line_list import LineList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from tuimail.ui.messages import MailboxChanged
    from tuimail.ui.text.cells import Line


class JournalScreen(ListScreen[JournalEntry]):
    """One line per change, and beneath the list why the selected one is where it is."""

    SCREEN_NAME = "CHANGES WAITING"
    CONTEXT = Context.JOURNAL
    HELP = (
        "Changes of your mail that are not done yet: those refused stand first, and wait for you. Those of the last "
        "week that came to nothing are at the end."
    )
    BINDINGS = bindings_for(Context.JOURNAL)

    def __init__(self) -> None:
        super().__init__()
        self.explanation_pane = ExplanationPane()

    def make_list(self) -> LineList[JournalEntry]:
        """One line per change."""
        return LineList(
            lambda entry, width: change_line(entry, width, self.program.engine.clock.now()),
            lambda entry: str(entry.action.id),
            empty="Nothing waits: your mailboxes are as you want them.",
        )

    def compose_body(self) -> ComposeResult:
        """The list, and the explanation."""
        yield self.titles
        yield self.list
        yield self.explanation_pane

    def title_line(self, width: int) -> Line:
        """The columns."""
        return change_titles(width)

    def fits(self, command: Command) -> bool:
        """What is decided is only to be read."""
        if command.id in ("retry-change", "drop-change"):
            return self.selected is not None and self.selected.action.state in UNDECIDED
        if command.id == "move-change":
            return self.selected is not None and can_be_redirected(self.selected.action)
        if command.id == "delete-change":
            return self.selected is not None and self.selected.can_be_deleted
        return command.id != "open" or self.selected is not None

    async def load(self) -> None:
        """Read the journal."""
        journal = self.program.engine.mail.journal
        entries = await journal.entries()
        await journal.count()
        self.list.show_all(entries)
        self.list.refresh()  # the times shown move on
        self.refresh_keys()
        self.show_position()
        self._explain()

    def remarks(self) -> Sequence[str]:
        """Whether a server is out of reach, and what waits for it."""
        mail = self.program.engine.mail
        return sync_remarks(mail.offline(), mail.sync.stopped_by(""), mail.journal.counted())

    def on_mailbox_changed(self, _message: MailboxChanged) -> None:
        """Some may be done."""
        self.reload()

    def selection_changed(self) -> None:
        """Explain what is selected now."""
        super().selection_changed()
        self._explain()

    def _explain(self) -> None:
        entry = self.selected
        self.explanation_pane.display = entry is not None
        if entry is None:
            self.explanation_pane.explain()
            return
        message, facts = change_explanation(entry, self.program.engine.clock.now())
        role = TextRole.FAILED if entry.action.state is ActionState.REFUSED else TextRole.TEXT
        self.explanation_pane.explain(Span(message, role), Span(facts, TextRole.DIM))
