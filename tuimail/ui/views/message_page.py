"""A received message as the lines of a page: header, text, files. Pure; ``page_layout`` breaks them into rows."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from tuimail.clock import DAY
from tuimail.dates.format_date import format_duration
from tuimail.dates.local_time import local_now
from tuimail.mail.message_text import Mark
from tuimail.mail.row_recipients import split_recipients
from tuimail.mail.size import format_size
from tuimail.mail.text import safe_line
from tuimail.ui.text.cells import TextRole, fit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from tuimail.cache.windows import IndexRow
    from tuimail.engine.message_reader import ReadMessage
    from tuimail.mail.list_headers import ListHeaders
    from tuimail.mail.message_text import FileInMessage, TextLine

LONGEST_QUOTE = 12
"""Quoted lines in a row that are shown; of more, only the first one is while quotes are folded."""
LABEL = 8
"""Cells of a label and the space behind it."""
ALL_FIELDS_HANG = 4
_NAME = 50
"""Cells of the name of a file."""

_QUOTES = re.compile(r"(?:>[ \t]?)+")
_NUMBER = re.compile(r"\[\d{1,4}\] ")
_QUOTE_ROLES = (TextRole.QUOTE_1, TextRole.QUOTE_2, TextRole.QUOTE_3)
_ROLES = {
    Mark.SIGNATURE: TextRole.SIGNATURE,
    Mark.LINK: TextRole.DIM,
    Mark.INVITATION: TextRole.STRONG,
    Mark.NOTICE: TextRole.ACCENT,
    Mark.ATTACHMENT: TextRole.DIM,
}


class PageOptions(NamedTuple):
    """How a message is shown."""

    all_fields: bool = False
    """The whole header."""
    folded: bool = True
    """Long quotes are folded."""


class PageLine(NamedTuple):
    """A line of the page, not wrapped."""

    text: str
    role: TextRole = TextRole.TEXT
    lead: str = ""
    """Drawn before the first row."""
    again: str = ""
    """Drawn before its other rows; as wide as ``lead``, or less."""
    lead_role: TextRole = TextRole.TEXT
    note: str = ""
    """Drawn at the right edge; the line has one row then."""
    origin: int = -1
    """Index of the line of the message; -1: it is of the header."""
    cut: int = 0
    """Characters of that line that are in ``lead``."""
    depth: int = 0
    """Of quoting."""


EMPTY = PageLine("")
BEING_READ = PageLine("Reading the message...", TextRole.DIM)


def page_lines(message: ReadMessage, options: PageOptions, *, now: float, zone: tzinfo | None = None) -> list[PageLine]:
    """Every line of the page."""
    lines = _all_fields(message) if options.all_fields else _header(message, now, zone)
    lines += [PageLine(f"({warning})", TextRole.ACCENT) for warning in message.warnings]
    lines.append(EMPTY)
    lines += _text(message.lines, folded=options.folded)
    while len(lines) > 1 and not lines[-1].text and not lines[-1].lead:
        lines.pop()
    return lines + _files(message.files)


# -- the header
def _header(message: ReadMessage, now: float, zone: tzinfo | None) -> list[PageLine]:
    width = max([LABEL, *(len(line.name) + 1 for line in message.people)])
    lines = [_labelled(line.name, line.value, width=width) for line in message.people]
    lines.append(_labelled("Subject", message.subject or "(no subject)", TextRole.STRONG, width=width))
    if message.date is not None:
        words = date_words(message.date.at, message.date.offset, now, zone)
        lines.append(_labelled("Date", words, width=width))
    listed = list_words(message.lists)
    if listed:
        lines.append(_labelled("List", listed, TextRole.DIM, width=width))
    return lines


def header_of_row(row: IndexRow, now: float, below: PageLine) -> list[PageLine]:
    """What an index knows of a message that is not read, and ``below`` in place of its text."""
    sender = f"{row.from_name} <{row.from_addr}>" if row.from_name else row.from_addr
    to, cc = split_recipients(row.recipients)
    lines = [_labelled("From", safe_line(sender))]
    lines += [_labelled(name, safe_line(", ".join(people))) for name, people in (("To", to), ("Cc", cc)) if people]
    lines.append(_labelled("Subject", safe_line(row.subject) or "(no subject)", TextRole.STRONG))
    return [*lines, _labelled("Date", date_words(row.date, None, now)), EMPTY, below]


def _labelled(name: str, value: str, role: TextRole = TextRole.TEXT, *, width: int = LABEL) -> PageLine:
    return PageLine(value, role, fit(name, width), " " * width, TextRole.DIM)


def _all_fields(message: ReadMessage) -> list[PageLine]:
    hang = " " * ALL_FIELDS_HANG
    return [PageLine(line.value, TextRole.TEXT, f"{line.name}: ", hang, TextRole.DIM) for line in message.fields]


def date_words(at: int, offset: int | None, now: float, zone: tzinfo | None = None) -> str:
    """As in "Monday 23 November 2026, 14:02 (3 days ago)".

    With the sender's clock where that shows another hour; ``offset`` is its minutes east of UTC, None: not known.
    """
    then = local_now(at, zone)
    words = f"{then:%A} {then.day} {then:%B %Y, %H:%M}"
    here = datetime.fromtimestamp(at, zone).astimezone(zone).utcoffset()
    if offset is not None and here is not None and here.total_seconds() != offset * 60:
        theirs = (at + offset * 60) % 86400
        words += f", {theirs // 3600:02}:{theirs // 60 % 60:02} {'-' if offset < 0 else '+'}"
        words += f"{abs(offset) // 60:02}{abs(offset) % 60:02}"
    past = now - at
    if past < -60:
        return f"{words} (in the future)"
    return f"{words} (now)" if past < 60 else f"{words} ({_age(past)} ago)"


def _age(seconds: float) -> str:
    """As ``format_duration``, in months and years where days say nothing any more."""
    if seconds < 60 * DAY:
        return format_duration(seconds)
    months = round(seconds / (365.25 * DAY / 12))
    return f"{months} months" if months < 24 else f"{months // 12} years"


def list_words(lists: ListHeaders) -> str:
    """What may be done about the list it came over; empty if it came over none."""
    return lists.line().removeprefix("List: ")


# -- the text
def _text(lines: Sequence[TextLine], *, folded: bool) -> list[PageLine]:
    shown: list[PageLine] = []
    at = 0
    while at < len(lines):
        end = at
        while folded and end < len(lines) and lines[end].depth:
            end += 1
        if end - at > LONGEST_QUOTE:
            shown.append(_line(lines[at], at)._replace(note=f"{end - at - 1} lines folded"))
            at = end
            continue
        for index in range(at, max(end, at + 1)):
            if lines[index].mark is not Mark.ATTACHMENT:
                shown.append(_line(lines[index], index))
        at = max(end, at + 1)
    return shown


def _line(line: TextLine, origin: int) -> PageLine:
    text = line.text
    if line.depth:
        role = _QUOTE_ROLES[(line.depth - 1) % len(_QUOTE_ROLES)]
        match = _QUOTES.match(text)
        marks = match[0] if match else ""
        return PageLine(text[len(marks) :], role, marks, marks, role, "", origin, len(marks), line.depth)
    role = _ROLES.get(line.mark, TextRole.TEXT)
    if line.mark is Mark.LINK:
        match = _NUMBER.match(text)
        number = match[0] if match else ""
        return PageLine(text[len(number) :], role, number, " " * len(number), TextRole.DIM, "", origin, len(number))
    if line.mark is Mark.NOTICE:
        return PageLine(f"({text})" if text else "", role, origin=origin)
    return PageLine(text, role, origin=origin)


# -- the files
def _files(files: Sequence[FileInMessage]) -> list[PageLine]:
    if not files:
        return []
    heading = "1 attachment" if len(files) == 1 else f"{len(files)} attachments"
    shown = [EMPTY, PageLine(heading, TextRole.ACCENT)]
    width = len(str(len(files)))
    widest = min(_NAME, max(cell_len(file_name(file)) for file in files))
    for number, file in enumerate(files, start=1):
        lead = f"{number:>{width + 1}}  "
        words = f"{fit(file_name(file), widest)}  {format_size(file.size):>7}"
        shown.append(PageLine(words, TextRole.TEXT, lead, " " * len(lead), TextRole.DIM))
    return shown


def file_name(file: FileInMessage) -> str:
    """What a file is called on the screen."""
    if file.name:
        return file.name
    return "(a message)" if file.is_message else f"({file.part.content_type[:60]})"
