"""The outbox: letters on their way, and those that need you."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import NoSuchItemError
from tuimail.outbox.model.states import Order
from tuimail.outbox.model.turn import waits_its_turn
from tuimail.ui.commands import letters
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Command, Context
from tuimail.ui.screens.letter_list import LetterListScreen
from tuimail.ui.screens.outbox_rows import OutboxRows
from tuimail.ui.text.cells import Line, Span, TextRole, clip, width_of
from tuimail.ui.views.letters import (
    explanation,
    outbox_titles,
    role_of,
)
from tuimail.ui.views.orders import order_name
from tuimail.ui.widgets.banner import Banner
from tuimail.ui.widgets.line_list import LineList
from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual import events
    from textual.widget import Widget

    from tuimail.outbox.model.item import OutboxItem
    from tuimail.outbox.model.turn import Standing
    from tuimail.ui.messages import Progressed


EMPTY = "Nothing is waiting. What you send passes through here."


class OutboxScreen(LetterListScreen[str]):
    """The list (of ids; ``rows`` has the letters), and beneath it why the selected letter is where it is."""

    SCREEN_NAME = "OUTBOX"
    CONTEXT = Context.OUTBOX
    HELP = "Letters on their way. Those that need you stand first; the lines beneath the list say why, and what to do."
    BINDINGS = bindings_for(Context.OUTBOX)

    def __init__(self) -> None:
        super().__init__()
        self.banner = Banner()
        self.rows = OutboxRows(lambda: self.program.engine)
        self.tagged: set[str] = set()
        self.applying = False
        """The next command acts on the tagged letters."""
        self.order = Order.NEED
        self.matching = ""
        """What the letters shown hold; empty shows all."""
        self._all = 0
        """How many letters there are, shown or not."""
        self._targets: tuple[str, ...] | None = None
        """What the command being given acts on, in place of the selected letter."""
        self._standing: Standing | None = None
        """Of the selected letter, if it waits for its turn."""

    def make_list(self) -> LineList[str]:
        """One line per letter."""
        return LineList(self._draw, str, empty=EMPTY)

    def above(self) -> Iterable[Widget]:
        """What concerns all letters."""
        return (self.banner,)

    def title_line(self, _width: int) -> Line:
        """The columns as they are now."""
        return outbox_titles(self.rows.columns(self.list.size.width))

    @property
    def selected_id(self) -> str | None:
        """The row is the id."""
        return self.selected

    def on_mount(self) -> None:
        """Times like "in 4 min" move on while one looks; what scrolls into sight is read."""
        self.set_interval(1.0, self.tick)
        self.watch(self.list, "scroll_y", self._scrolled, init=False)

    def on_resize(self, _event: events.Resize) -> None:
        """The banner is cut to the width."""
        self.show_banner()

    # -- what the actions are about
    @property
    def letter(self) -> OutboxItem | None:
        """The letter under the cursor, if it was read already."""
        return None if self.selected is None else self.rows[self.selected]

    def targets(self) -> tuple[str, ...]:
        """The tagged letters in the order of the list, when a command is applied to them; else the one selected."""
        if self._targets is not None:
            return self._targets
        return () if self.selected is None else (self.selected,)

    def fits(self, command: Command) -> bool:
        """By the state of the selected letter; while a command is being chosen for tagged ones, whether it can be."""
        if self.applying:
            return command.id in letters.ON_SEVERAL or command.id in ("help", "back", "apply")
        match command.id:
            case "apply":
                return bool(self.tagged)
            case "check-again":
                return letters.fits(command, self.letter) or self.program.outbox.can_check
        return letters.fits(command, self.letter)

    def label(self, command: Command) -> str:
        """Some keys mean a little more at times."""
        match command.id:
            case "back" if self.matching:
                return "Show all"
            case "tag" if self.selected in self.tagged:
                return "Untag"
        return letters.label(command, self.letter)

    def action_command(self, command_id: str) -> None:
        """Give a command to the tagged letters, if that was asked for; going back ends what narrows the list first."""
        applying, self.applying = self.applying, False
        if applying and command_id == "back":
            self.show_tagged()
            self.refresh_keys()
            return
        if command_id == "back" and self.matching and self.prompts.current is None:
            self.carry_out(lambda _screen: self.narrow(""))
            return
        if applying and command_id in letters.ON_SEVERAL:
            self._targets = tuple(row for row in self.list.source.window(0, self.list.count) if row in self.tagged)
        elif applying and command_id in letters.ON_LETTERS:
            self.say("That takes one letter at a time.")
            self.refresh_keys()
            return
        super().action_command(command_id)
        self._targets = None
        if applying:
            self.refresh_keys()

    def show_tagged(self) -> None:
        """Say how many are tagged, and what for."""
        keys = self.program.keymap
        count = len(self.tagged)
        self.say(f"{count:,} tagged.  {keys.key('apply')} applies a command to them." if count else "None is tagged.")
        self.show_position()
        self.list.refresh()
        self.refresh_keys()

    async def narrow(self, pattern: str) -> None:
        """Show only letters that hold ``pattern``; all when empty."""
        before, self.matching = self.matching, pattern
        try:
            await self.load()
        except Exception:
            self.matching = before
            raise
        if not pattern:
            self.say("All letters are shown.")

    # -- what is shown
    async def load(self) -> None:
        """The ids of all letters, and the letters near the screen."""
        matching, shown = self.matching, self.list
        source = await self.rows.load(
            order=self.order, matching=matching, first_shown=shown.first_shown, height=shown.page
        )
        self._all = source.count if not matching else await self._count()
        if self.tagged:
            self.tagged &= set(source.ids)
        shown.empty = "No letter holds that." if matching else EMPTY
        shown.show(source)
        shown.refresh()  # the letters may have changed, and the times shown move on
        await self._stand()
        self.show_position()
        self.show_banner()
        self._explain()

    async def _count(self) -> int:
        counts = await self.program.engine.outbox.query(lambda outbox: outbox.counts())
        return sum(counts.values())

    def _scrolled(self) -> None:
        """Read what came into sight."""
        if self.rows.misses(self.list.first_seen, self.list.page + 1):
            start_worker(self, self._fill, group="fill", exclusive=True, exit_on_error=False)

    async def _fill(self) -> None:
        if await self.rows.fill(self.list.first_seen, self.list.page + 1):
            self.titles.refresh()
            self.list.refresh()
            self._explain()
            self.refresh_keys()
            if self._standing is None:
                await self._stand()

    def tick(self) -> None:
        """Draw again only if a word on the screen changed."""
        if self.rows.states_changed(self.list.in_sight):
            self.list.refresh()
            self.refresh_keys()
            self._explain()

    def on_progressed(self, message: Progressed) -> None:
        """Move the bar of a letter being sent, if it is in sight."""
        if self.rows.progressed(message):
            self.list.refresh()

    def selection_changed(self) -> None:
        """Explain what is selected now."""
        super().selection_changed()
        self._standing = None
        self._explain()
        if self.letter is not None and waits_its_turn(self.letter, self._now):
            start_worker(self, self._stand, group="stand", exclusive=True, exit_on_error=False)

    async def _stand(self) -> None:
        """Ask what goes before the selected letter, and what holds its account."""
        item = self.letter
        if item is None or not waits_its_turn(item, self._now):
            self._standing = None
            return
        try:
            found = await self.program.engine.outbox.standing(item)
        except NoSuchItemError:  # it has just left
            return
        if self.selected == item.id:
            self._standing = found
            self._explain()

    def on_accounts_changed(self) -> None:
        """An account may send again, or may not any more."""
        self.show_banner()
        self.refresh_keys()

    def show_banner(self) -> None:
        """Accounts in trouble, and what the list is narrowed to."""
        width = self.size.width
        lines = self.program.outbox.problem_lines(self.program.keymap.key("check-again"), width)
        if self.matching:
            count = f"{self.list.count:,} of {self._all:,}"
            head: Line = (Span("   Show only: ", TextRole.DIM),)
            tail: Line = (
                Span(f"   {count}   ", TextRole.DIM),
                Span(self.program.keymap.key("back"), TextRole.KEY),
                Span(" all"),
            )
            pattern = clip(self.matching, max(4, width - width_of(head) - width_of(tail) - 2))
            lines = [*lines, (*head, Span(pattern, TextRole.STRONG), *tail)]
        self.banner.show(lines)

    def remarks(self) -> Sequence[str]:
        """Tags and order."""
        parts = [f"{len(self.tagged):,} tagged"] if self.tagged else []
        if self.order is not Order.NEED:
            parts.append(f"by {order_name(self.order)}")
        return parts

    @property
    def _now(self) -> float:
        return self.program.engine.clock.now()

    def _draw(self, row: str, _width: int) -> Line:
        return self.rows.line(row, self.list.size.width, tagged=row in self.tagged)

    def _explain(self) -> None:
        item = self.letter
        if item is None:
            self.explanation_pane.explain()
            return
        message, facts = explanation(item, self._now, self._standing)
        role = role_of(item.state) if item.needs_you else TextRole.TEXT
        self.explanation_pane.explain(Span(message, role), Span(facts, TextRole.DIM))
