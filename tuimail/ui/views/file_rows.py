"""The files of a message as the rows of a list. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.mail.size import format_size
from tuimail.mail.text import safe_line
from tuimail.ui.text.cells import Line, Span, TextRole, fit
from tuimail.ui.views.message_page import file_name

if TYPE_CHECKING:
    from tuimail.mail.message_text import FileInMessage

_NUMBER, _SIZE = 4, 8


@dataclass(frozen=True, slots=True, eq=False)
class FileRow:
    """A file of the list."""

    number: int
    file: FileInMessage
    doubt: str = ""
    """In what its content, its name and its type contradict each other."""

    @property
    def row_id(self) -> str:
        """The same as long as the list is open."""
        return f"{self.number}"

    @property
    def name(self) -> str:
        """For sentences, safe to show."""
        return file_name(self.file)


def _widths(width: int) -> tuple[int, int]:
    """Cells of the name and of the type."""
    room = max(20, width - _NUMBER - _SIZE - 7)
    kind = min(40, room * 2 // 5)
    return room - kind, kind


def file_line(row: FileRow, width: int) -> Line:
    """Number, name, size, type, and what is odd about it."""
    name_width, kind_width = _widths(width)
    kind = "message" if row.file.is_message else safe_line(row.file.part.content_type)
    words = [Span(fit(kind, kind_width), TextRole.DIM)]
    if row.doubt:
        words = [Span(fit(f"{row.doubt}!", kind_width), TextRole.FAILED)]
    return (
        Span(fit(str(row.number), _NUMBER, right=True) + "  ", TextRole.DIM),
        Span(fit(row.name, name_width) + " ", TextRole.STRONG),
        Span(fit(format_size(row.file.size), _SIZE, right=True) + "  "),
        *words,
    )


def file_titles(width: int) -> Line:
    """The names of the columns."""
    name_width, kind_width = _widths(width)
    titles = f"{'No':>{_NUMBER}}  {fit('Name', name_width)} {'Size':>{_SIZE}}  {fit('Type', kind_width)}"
    return (Span(titles, TextRole.DIM),)
