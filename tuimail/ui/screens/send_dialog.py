"""BEFORE SENDING: the letter as it would go, on one calm page."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.containers import VerticalScroll
from textual.widgets import Static

from tuimail.mail.size import format_size
from tuimail.mail.text import safe_line, safe_text
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Context
from tuimail.ui.commands.table import BY_ID
from tuimail.ui.protocols import Answer
from tuimail.ui.screens.frame import FrameScreen
from tuimail.ui.text.cells import wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tuimail.compose.draft import Draft
    from tuimail.compose.review import Review
    from tuimail.ui.commands.command import Command
    from tuimail.ui.widgets.key_rows import KeyEntry

LABEL = 13
MOST_RECIPIENTS = 200
"""Of one field; more are counted."""

FIRST_LINES = 12
"""Of the text that are shown, where the screen has 30 rows; fewer where it has fewer."""
LONGEST = 1000
"""Characters of one paragraph that are looked at."""

QUESTION = "Send message?"
WARNED = "There is a warning: read it, then send once more."
STORING = "Storing the letter in the outbox..."


class SendDialog(FrameScreen):
    """Shows a letter, once it is reviewed, and gives answers, until its owner closes it."""

    SCREEN_NAME: ClassVar[str] = "SEND"
    CONTEXT: ClassVar[Context] = Context.SEND_DIALOG
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for(Context.SEND_DIALOG)]
    HELP: ClassVar[str] = (
        "This is how the letter would go: who gets it, from which of your addresses, by which server. Sending stores "
        "it in the outbox and leaves the rest to the program; for a few seconds it can be taken back."
    )
    DEFAULT_CSS = """
    SendDialog #page { padding: 0 2; height: 1fr; scrollbar-size-vertical: 1; }
    SendDialog #page Static { height: auto; }
    SendDialog .warnings { color: $text-warning; margin-top: 1; }
    SendDialog .beginning { margin-top: 1; }
    """

    def __init__(self, draft: Draft, *, senders: int = 1) -> None:
        super().__init__()
        self.draft = draft
        self.review: Review | None = None
        """None while it is being made."""
        self._shown_at = 0.0
        """When the review was shown (seconds of the event loop's clock)."""
        self._senders = senders
        self._page = Static(markup=False)
        self._warnings = Static(markup=False, classes="warnings")
        self._beginning = Static(markup=False, classes="beginning")
        self._answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._storing = False

    def compose_body(self) -> ComposeResult:
        """One page that scrolls if it must."""
        with VerticalScroll(id="page"):
            yield self._page
            yield self._warnings
            yield self._beginning

    def on_resize(self) -> None:
        """Lines of another length."""
        self._draw()

    def show(self, draft: Draft, review: Review) -> None:
        """Show ``review`` of ``draft``."""
        self.draft, self.review = draft, review
        self._draw()
        self.ask_again()
        self._shown_at = asyncio.get_running_loop().time()

    def ask_again(self) -> None:
        """Show the question in the status line."""
        self.say(QUESTION)

    @contextmanager
    def storing(self) -> Iterator[None]:
        """The letter is being stored: answers mean nothing meanwhile."""
        self._storing = True
        self.say(STORING)
        try:
            yield
        finally:
            self._storing = False

    def _draw(self) -> None:
        if self.review is None:
            return
        # The page has two cells of padding at either side, and a scroll bar.
        width = self.app.size.width - 5
        self._page.update(page(self.draft, self.review, width))
        warnings = "\n".join(f"! {safe_line(finding.text)}" for finding in self.review.findings)
        self._warnings.update(Text(warnings))
        self._warnings.display = bool(warnings)
        self._beginning.update(beginning(self.draft.body, width, min(FIRST_LINES, max(2, self.app.size.height - 18))))

    async def answer(self) -> Answer:
        """What the user wants; waits for it."""
        with self.program.keys.waiting_for_person():
            return await self._answers.get()

    def give(self, answer: Answer) -> None:
        """Answer, unless the last answer is still being carried out."""
        if self._storing:
            self.say(STORING)
        elif self.review is None:
            self.say("The letter is still being looked at.")
        elif answer in (Answer.SEND, Answer.HOLD) and self.review.findings and self._unseen:
            # Typed ahead of the review: the warnings were not read yet.
            self.say(WARNED)
        elif self._answers.empty():
            self._answers.put_nowait(answer)

    @property
    def _unseen(self) -> bool:
        """Whether the key that is being carried out was typed before the review was shown."""
        return self.program.keys.typed_at < self._shown_at

    def knows(self, command: Command) -> bool:
        """Another sender needs a choice."""
        if command.id == "dialog-from" and self._senders < 2:
            return False
        return super().knows(command)

    def key_entries(self) -> tuple[KeyEntry, ...]:
        """Only what ``knows`` knows."""
        return tuple(entry for entry in super().key_entries() if self.knows(BY_ID[entry.id]))

    def close(self) -> None:
        """Close the dialog if it is on top."""
        if self.app.screen is self:
            self.program.navigation.back()


def page(draft: Draft, review: Review, width: int) -> Text:
    """The letter in lines of a label and a value, in ``width`` cells."""
    text = Text()
    _row(text, "From", [review.sender], width)
    _row(text, "By", [f"{review.account}, {review.via}"], width)
    text.append("\n")
    for label, recipients in (("To", review.to), ("Cc", review.cc), ("Bcc", review.bcc)):
        _row(text, label, recipients, width)
    text.append("\n")
    _row(text, "Subject", [draft.subject] if draft.subject.strip() else ["(none)"], width)
    _row(text, "Attachments", review.attachments or ["(none)"], width)
    _row(text, "Size", [f"about {format_size(review.size)}"], width)
    text.rstrip()
    return text


def beginning(body: str, width: int, most: int) -> Text:
    """The first ``most`` lines of the message text in ``width`` cells."""
    lines: list[str] = []
    for paragraph in body.lstrip("\n").split("\n", most)[:most]:
        lines += wrap(safe_text(paragraph[:LONGEST]), max(10, width - LABEL))
    text = Text()
    for index, line in enumerate(lines[:most]):
        text.append(f"{'Text' if index == 0 else '':<{LABEL}}", style="dim")
        text.append(line + "\n")
    if len(lines) > most or body.strip("\n").count("\n") >= most:
        text.append(f"{'':<{LABEL}}...\n", style="dim")
    text.rstrip()
    return text


def _row(text: Text, label: str, values: Sequence[str], width: int) -> None:
    """``values`` one below the other, folded beneath themselves; nothing when there are none."""
    for value in values[:MOST_RECIPIENTS]:
        for line in wrap(safe_line(value), max(10, width - LABEL)):
            text.append(f"{label:<{LABEL}}", style="dim")
            text.append(line + "\n")
            label = ""
    if len(values) > MOST_RECIPIENTS:
        text.append(f"{'':<{LABEL}}and {len(values) - MOST_RECIPIENTS} more\n")
