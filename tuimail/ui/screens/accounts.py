"""Accounts: whether each may send and why not, and what is wrong in the user's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.screens.listing import ListScreen
from tuimail.ui.text.cells import Span, TextRole
from tuimail.ui.views.rows import AccountRow, account_line, account_summary, account_titles
from tuimail.ui.widgets.explanation import ExplanationPane
from tuimail.ui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tuimail.ui.text.cells import Line


CHANGES = frozenset({"add-account", "remove-account"})
"""Commands that change the config."""


def first_steps(config_file: str, key: str, reread: str) -> str:
    """What to do when there is no account: the ``key`` that adds one, or what to write into which file.

    ``reread`` is the key that has the file read then.
    """
    return f"""\
There is no account yet. To add yours:  {key}  or  tuimail account add
To look around without one:  tuimail demo
Or put this, with your own names, into
{config_file}
[accounts.work]
address = "ada@example.org"
name = "Ada Lovelace"
[accounts.work.submission]
host = "smtp.example.org"
port = 465
security = "tls"
username = "ada"
password_command = ["pass", "show", "work"]

Then press {reread} here. To check it:  tuimail doctor"""


class AccountsScreen(ListScreen[AccountRow]):
    """One line per account, then one per problem of the configuration."""

    SCREEN_NAME = "ACCOUNTS"
    CONTEXT = Context.ACCOUNTS
    HELP = "Your accounts from the configuration file, whether their letters may go, and what is wrong in your files."
    BINDINGS = bindings_for(Context.ACCOUNTS)

    def __init__(self) -> None:
        super().__init__()
        self.explanation_pane = ExplanationPane()

    def make_list(self) -> LineList[AccountRow]:
        """One line per account or problem."""
        return LineList(account_line, lambda row: row.id)

    def on_mount(self) -> None:
        """Without an account, say how to make one."""
        key = self.program.keymap.key("add-account")
        self.list.empty = first_steps(str(self.program.engine.paths.config_file), key, self._reread)

    @property
    def _reread(self) -> str:
        """The key that has the file read again."""
        return self.program.keymap.key("reread-config") or "F2"

    def knows(self, command: Command) -> bool:
        """The demo keeps its account."""
        return super().knows(command) and (command.id not in CHANGES or self.program.server is None)

    def compose_body(self) -> ComposeResult:
        """The list, and the explanation."""
        yield self.titles
        yield self.list
        yield self.explanation_pane

    def title_line(self, width: int) -> Line:
        """Of accounts; problems of the configuration need none."""
        return account_titles(width) if self.program.engine.config.accounts else ()

    def fits(self, command: Command) -> bool:
        """Only an account that cannot send or read needs a check."""
        row = self.selected
        if command.id == "check-again":
            if row is None or row.account is None or row.health is None:
                return False
            return row.health.trouble is not None or bool(self.program.engine.mail.offline(row.account.name))
        if command.id == "remove-account":
            return row is not None and row.account is not None
        return command.id != "open" or row is not None

    async def load(self) -> None:
        """The health of every account."""
        engine = self.program.engine
        rows = [
            AccountRow(name, account, await engine.accounts.health(name))
            for name, account in engine.config.accounts.items()
        ]
        rows += [AccountRow(f"!{index}", problem=str(each)) for index, each in enumerate(self.program.problems)]
        self.list.show_all(rows)
        self._explain()

    def selection_changed(self) -> None:
        """Explain what is selected now."""
        super().selection_changed()
        self._explain()

    def _explain(self) -> None:
        row = self.selected
        self.explanation_pane.display = row is not None
        if row is None:
            self.explanation_pane.explain()
            return
        message, facts = account_summary(row, self.program.engine.clock.now(), reread=self._reread)
        self.explanation_pane.explain(
            Span(message, TextRole.FAILED if row.troubled else TextRole.TEXT), Span(facts, TextRole.DIM)
        )
