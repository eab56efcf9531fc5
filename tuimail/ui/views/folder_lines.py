"""A folder as a line of the folder list. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.mail.text import safe_line
from tuimail.ui.text.cells import Line, Span, TextRole, fit, width_of

if TYPE_CHECKING:
    from tuimail.config.saved_searches import SavedSearch

_COUNT = 9
_USE = 9
USES = {"sent": "sent", "drafts": "drafts", "trash": "trash", "archive": "archive", "junk": "junk"}


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A folder, a place of the program (the outbox), or the heading of an account."""

    id: str
    name: str
    account: str = ""
    folder: str = ""
    """Name of the folder; empty: it is none."""
    command: str = ""
    """What opens it, if it is a place of the program."""
    heading: bool = False
    special_use: str = ""
    total: int | None = None
    unread: int = 0
    kept: int | None = None
    """How many of its messages are on this machine; None: all."""
    note: str = ""
    level: int = 0
    rights: str = ""
    """What the user may do in it (RFC 4314); empty: all, as far as is known."""
    search: SavedSearch | None = None
    """What it is in place of a folder."""


def folder_line(row: FolderRow, width: int) -> Line:
    """The row in ``width`` cells."""
    if row.heading:
        return (Span(fit(f"  {safe_line(row.name)}", width), TextRole.LABEL),)
    weight = TextRole.STRONG if row.unread else TextRole.TEXT
    room = width - 5 - 2 * (_COUNT + 1) - _USE - 2
    note = row.note or USES.get(row.special_use, "")
    total = "" if row.total is None else f"{row.total:,}"
    name = "  " * row.level + safe_line(row.name)
    kept = _kept(row, room - width_of((Span(name),)) - 2)
    return (
        Span("   N " if row.unread else "     ", TextRole.ACCENT),
        Span(fit(name, room - len(kept)), weight),
        Span(kept + "  ", TextRole.DIM),
        Span(fit(note, _USE), TextRole.DIM),
        Span(fit(f"{row.unread:,}" if row.unread else "", _COUNT, right=True) + " ", weight),
        Span(fit(total, _COUNT, right=True), TextRole.DIM),
    )


def _kept(row: FolderRow, room: int) -> str:
    """How much of it is on this machine, where that is not all and there is room for it."""
    if row.kept is None or row.total is None:
        return ""
    words = (f"{row.kept:,} of {row.total:,} kept", f"{row.kept:,} kept")
    return next((each for each in words if len(each) <= room), "")


def folder_titles(width: int) -> Line:
    """The names of the columns."""
    room = width - 5 - 2 * (_COUNT + 1) - _USE - 2
    parts = (fit("", 5), fit("Folder", room) + "  ", fit("", _USE), fit("Unread", _COUNT, right=True) + " ")
    return (Span("".join(parts) + fit("Total", _COUNT, right=True), TextRole.DIM),)
