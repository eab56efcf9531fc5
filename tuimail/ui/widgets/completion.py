"""Completing the address being typed: which part of the field that is, and the list under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tuimail.ui.text.cells import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.geometry import Size

VISIBLE = 8
"""Candidates that are seen at a time."""
_LEFT = 8
"""Cells of the fields' labels that the list leaves in sight."""
_LEAST = 30
"""Cells, for what the frame says."""


@dataclass(frozen=True, slots=True)
class TypedAddress:
    """The address the cursor is in: characters ``start`` to ``end`` of the field."""

    start: int
    end: int
    text: str


def address_at(text: str, column: int) -> TypedAddress:
    """The part of the address list ``text`` between the separators around ``column``.

    A comma within quotes, a comment or angle brackets does not separate.
    """
    start = 0
    quoted = False
    depth = 0
    skip = False
    end = len(text)
    for index, char in enumerate(text):
        if skip:
            skip = False
        elif char == "\\" and (quoted or depth):
            skip = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif quoted:
            continue
        elif char in "(<":
            depth += 1
        elif char in ")>":
            depth = max(0, depth - 1)
        elif char in ",;" and not depth:
            if index >= column:
                end = index
                break
            start = index + 1
    raw = text[start:end]
    lead = len(raw) - len(raw.lstrip())
    return TypedAddress(start + lead, start + lead + len(raw.strip()), raw.strip())


def with_candidate(text: str, typed: TypedAddress, candidate: str) -> tuple[str, int]:
    """``text`` with ``candidate`` in place of ``typed`` only, ready for the next address; and the cursor's column."""
    before, after = text[: typed.start], text[typed.end :]
    if before and not before.endswith(" "):
        before += " "
    if not after.strip():
        after = ", "
        return before + candidate + after, len(before) + len(candidate) + 2
    return before + candidate + after, len(before) + len(candidate)


def already_there(typed: str, candidates: Sequence[str]) -> bool:
    """Whether ``typed`` is a whole candidate or its address, so that there is nothing to complete."""
    wanted = typed.casefold()
    return any(wanted in (each.casefold(), addr_spec(each).casefold()) for each in candidates)


def addr_spec(address: str) -> str:
    """The bare address in ``Name <address>``."""
    return address[address.rindex("<") + 1 : -1] if address.endswith(">") and "<" in address else address


class CompletionList(Widget):
    """Candidates in a frame over what lies below, eight at a time; the keys stay with the field.

    The frame keeps them from being taken for the values of the fields that they cover, in any number of colours.
    """

    DEFAULT_CSS = """
    CompletionList {
        overlay: screen;
        constrain: none inside;
        display: none;
        width: auto;
        height: auto;
        margin-left: 8;
        background: $panel;
        color: $foreground;
        border: round $accent;
        border-title-color: $accent;
    }
    CompletionList > .completion--here { text-style: reverse; }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"completion--here"}
    ALLOW_SELECT = False

    candidates: reactive[tuple[str, ...]] = reactive((), layout=True)
    here = reactive(0)

    class Chosen(Message):
        """A candidate was clicked."""

        def __init__(self, candidate: str) -> None:
            super().__init__()
            self.candidate = candidate

    @property
    def shown(self) -> bool:
        """There is something to choose from."""
        return bool(self.candidates)

    @property
    def choice(self) -> str:
        """The candidate the bar is on."""
        return self.candidates[self.here]

    fits = ""
    """The text of the field the candidates are for."""

    def offer(self, candidates: Sequence[str], *, fits: str = "") -> None:
        """Show ``candidates`` for the text ``fits``, or nothing."""
        self.fits = fits
        self.here = 0
        self.candidates = tuple(candidates)
        self.border_title = "Written to before"
        self.styles.max_width = max(20, self.app.size.width - _LEFT - 2)
        self._tell_place()
        self.display = self.shown

    def move(self, step: int) -> None:
        """Move the bar, round the ends."""
        self.here = (self.here + step) % len(self.candidates)
        self._tell_place()

    def _tell_place(self) -> None:
        many = f"{self.here + 1} of {len(self.candidates)}, " if len(self.candidates) > VISIBLE else ""
        self.border_subtitle = f"{many}Tab takes it"

    @property
    def first(self) -> int:
        """Number of the candidate on the first row."""
        return max(0, min(self.here - VISIBLE // 2, len(self.candidates) - VISIBLE))

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002 - Textual's signature
        """Wide enough for every candidate, so that moving the bar moves nothing else."""
        return max(_LEAST, 2 + max(map(cell_len, self.candidates), default=0))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - likewise
        """A row for each, up to VISIBLE."""
        return min(len(self.candidates), VISIBLE)

    def render(self) -> Text:
        """One candidate a row."""
        width = self.size.width - 2
        lines = []
        for index, candidate in enumerate(self.candidates[self.first : self.first + VISIBLE], start=self.first):
            line = Text(f" {fit(candidate, width)} ", no_wrap=True)
            if index == self.here:
                line.stylize(self.get_component_rich_style("completion--here", partial=True) or Style(reverse=True))
            lines.append(line)
        return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)

    def on_click(self, event: events.Click) -> None:
        """Take the one under the mouse."""
        event.stop()
        row = event.y - self.gutter.top
        if 0 <= row < min(len(self.candidates), VISIBLE):
            self.post_message(self.Chosen(self.candidates[self.first + row]))
