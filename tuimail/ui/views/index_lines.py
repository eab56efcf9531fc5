"""A message as a line of an index: number, status, correspondent, subject, size, date. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.dates.format_date import format_short_date
from tuimail.mail.flags import ANSWERED, DELETED, FLAGGED, FORWARDED, OLD, SEEN
from tuimail.mail.own_addresses import OwnAddresses
from tuimail.mail.row_recipients import split_recipients
from tuimail.mail.size import format_short_size
from tuimail.mail.text import safe_line
from tuimail.ui.text.cells import Line, Span, TextRole, clip, fit, width_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuimail.engine.index_request import WideSearch
    from tuimail.engine.mail_index import IndexEntry

STATUS = 5
"""Cells of the marks: tagged, important, to you, status, and a space."""
_SIZE = 5
_DATE = 6
_GAP = 2
WITH_NUMBER = 60
"""From so many cells on a line has its number."""
WITH_SIZE = 72
"""From so many cells on a line has the size."""
WITH_ACCOUNT = 100
"""From so many cells on a line of several accounts or folders names its own."""
WITH_WORD = 24
"""From so many cells on a subject is followed by a word about its thread, and whether the message is here."""
_ACCOUNT = 10
_FOLDER = 14
_SHORT_FOLDER = 8
"""Cells of the folder's name where there is no column for it."""


@dataclass(frozen=True, slots=True)
class IndexColumns:
    """Cells of the columns, the gaps not counted; 0: there is no room for it."""

    number: int
    account: int
    folder: int
    name: int
    subject: int
    size: int
    in_folder: bool = False
    """There is no room for the folder but before the subject."""


def index_columns(width: int, count: int, *, accounts: bool = False, folders: bool = False) -> IndexColumns:
    """The columns of a list of ``count`` rows in ``width`` cells; it has rows of several ``accounts``, ``folders``."""
    number = max(2, len(f"{count:,}")) if width >= WITH_NUMBER else 0
    size = _SIZE if width >= WITH_SIZE else 0
    account = _ACCOUNT if accounts and width >= WITH_ACCOUNT else 0
    folder = _FOLDER if folders and width >= WITH_ACCOUNT else 0
    taken = sum(each + _GAP for each in (number, account, folder, size) if each)
    room = width - STATUS - _DATE - 1 - taken - 2 * _GAP - 1
    name = max(8, min(28, room * 3 // 10))
    return IndexColumns(number, account, folder, name, max(4, room - name), size, folders and not folder)


def index_titles(columns: IndexColumns, *, to: bool = False) -> Line:
    """The names of the columns; ``to``: messages of ours, so that it is receivers that are named."""
    parts = [fit("", STATUS)]
    parts += [fit("No", columns.number, right=True) + " " * _GAP] if columns.number else []
    parts += [fit("Account", columns.account) + " " * _GAP] if columns.account else []
    parts += [fit("Folder", columns.folder) + " " * _GAP] if columns.folder else []
    parts += [fit("To" if to else "From", columns.name) + " " * _GAP, fit("Subject", columns.subject) + " "]
    parts += [" " * _GAP + fit("Size", columns.size, right=True)] if columns.size else []
    parts += [" " * _GAP + fit("Date", _DATE, right=True)]
    return (Span("".join(parts), TextRole.DIM),)


@dataclass(frozen=True, slots=True)
class SearchState:
    """How far a search through several folders is."""

    search: WideSearch
    searching: bool = False
    broken_off: bool = False


def index_banner(
    syncing: str, limit: str, shown: int, total: int, key: str, width: int, state: SearchState | None = None
) -> list[Line]:
    """What stands above the list: what is being read for the first time, searched, and what it is limited to."""
    lines: list[Line] = []
    if syncing:
        lines.append((Span(f"   Reading {safe_line(syncing)}", TextRole.DIM),))
    if state is not None:
        lines.append(_search_line(state, shown, key, width))
    if limit:
        tail = f"   {shown:,} of {total:,}   " if state is None else "   "
        what = clip(safe_line(limit), max(4, width - len(tail) - 24))
        head = (Span("   Show only: ", TextRole.DIM), Span(what, TextRole.STRONG), Span(tail, TextRole.DIM))
        lines.append((*head, Span(key, TextRole.KEY), Span(" all")))
    return lines


def searched_places(search: WideSearch) -> str:
    """Where it looks, in words that are safe to draw."""
    names = [safe_line(each) for each in search.folders]
    where = " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:]))) if names else "all folders"
    whose = ", ".join(safe_line(each) for each in search.accounts)
    return f"{where} of {whose}" if whose else where


def _search_line(state: SearchState, shown: int, key: str, width: int) -> Line:
    """Where it looks, how many were found so far, and how it is stopped."""
    found = f"   {shown:,} found"
    tail: Line = ()
    if state.searching:
        found += " so far, still searching   "
        tail = (Span(key, TextRole.KEY), Span(" stop"))
    elif state.broken_off:
        found += "; the search was broken off"
    elif not state.search.folders:
        found += "; not in junk and trash"
    where = clip(f"In {searched_places(state.search)}", max(8, width - len(found) - sum(map(_cells, tail)) - 4))
    return (
        Span(f"   {where}", TextRole.DIM),
        Span(found, TextRole.DIM if not state.searching else TextRole.TEXT),
        *tail,
    )


def _cells(span: Span) -> int:
    return len(span.text)


def status_mark(flags: int) -> str:
    """One letter: marked to be Deleted, Answered, Forwarded, New (not shown before), Old (unread all the same)."""
    if flags & DELETED:
        return "D"
    if flags & ANSWERED:
        return "A"
    if flags & FORWARDED:
        return "F"
    if not flags & SEEN:
        return "O" if flags & OLD else "N"
    return " "


def correspondent(entry: IndexEntry, own: OwnAddresses) -> str:
    """Whom it is from; of a message of ours, whom it is to. Safe to draw."""
    row = entry.row
    if entry.elsewhere or row.from_addr in own:
        to, cc = split_recipients(row.recipients)
        names = [_short_name(each) for each in (*to, *cc)]
        more = f" +{len(names) - 1}" if len(names) > 1 else ""
        return safe_line(f"To: {names[0]}{more}") if names else "To: (nobody)"
    return safe_line(row.from_name or row.from_addr) or "(unknown)"


def is_to_me(entry: IndexEntry, own: OwnAddresses) -> bool:
    """One of our addresses is among To."""
    to, _ = split_recipients(entry.row.recipients)
    return any(_address(each) in own for each in to)


def _short_name(recipient: str) -> str:
    name, opened, address = recipient.rpartition(" <")
    return (name or address.removesuffix(">")) if opened else recipient


def _address(recipient: str) -> str:
    _, opened, address = recipient.rpartition(" <")
    return address.removesuffix(">") if opened else recipient


def index_line(
    entry: IndexEntry,
    number: int,
    columns: IndexColumns,
    now: float,
    own: Mapping[str, OwnAddresses],
    *,
    tagged: bool = False,
    away: bool = False,
) -> Line:
    """The line of a message.

    Args:
        entry: the message.
        number: its number in the list, from 1.
        columns: the widths.
        now: seconds since the epoch.
        own: the addresses of each account.
        tagged: the user has tagged it.
        away: it cannot be opened now: it is at a server that is out of reach.
    """
    row = entry.row
    mine = own.get(row.account) or OwnAddresses()  # of several accounts, a message that is gone belongs to none
    deleted, unread = bool(row.flags & DELETED), not row.flags & SEEN
    weight = TextRole.DIM if deleted or away or entry.elsewhere else TextRole.STRONG if unread else TextRole.TEXT
    marks = f"{'X' if tagged else ' '}{'*' if row.flags & FLAGGED else ' '}{'+' if is_to_me(entry, mine) else ' '}"
    status = status_mark(row.flags | SEEN if entry.elsewhere else row.flags)
    line = [
        Span(marks, TextRole.ACCENT),
        Span(f"{status} ", TextRole.STRONG if weight is TextRole.STRONG else TextRole.DIM),
    ]
    if columns.number:
        line.append(Span(fit(f"{number:,}", columns.number, right=True) + " " * _GAP, TextRole.DIM))
    if columns.account:
        line.append(Span(fit(safe_line(row.account), columns.account) + " " * _GAP, TextRole.DIM))
    if columns.folder:
        line.append(Span(fit(safe_line(entry.ref.folder), columns.folder) + " " * _GAP, TextRole.DIM))
    line += [
        Span(fit(correspondent(entry, mine), columns.name) + " " * _GAP, weight),
        *_subject(entry, columns, weight, away=away),
        Span("@" if row.attached else " ", TextRole.DIM),
    ]
    if columns.size:
        line.append(Span(" " * _GAP + fit(format_short_size(row.size), columns.size, right=True), TextRole.DIM))
    line.append(Span(" " * _GAP + fit(format_short_date(row.date, now), _DATE, right=True), TextRole.DIM))
    return tuple(line)


def _subject(entry: IndexEntry, columns: IndexColumns, weight: TextRole, *, away: bool) -> Line:
    """The branch of the thread or the folder, the subject, how many messages are behind it, and what else is said."""
    width = columns.subject
    more = f" +{entry.hidden}" if entry.hidden else ""
    if width >= WITH_WORD:
        more += (" muted" if entry.muted else "") + (" not here" if away else "")
    before = entry.branch[-(width // 2) :] if len(entry.branch) > width // 2 else entry.branch
    if columns.in_folder and entry.ref.folder != "INBOX" and width > 2 * _SHORT_FOLDER:
        before = clip(safe_line(entry.ref.folder.rpartition("/")[2]), _SHORT_FOLDER) + "/ "
    text = safe_line(entry.row.subject) or "(no subject)"
    room = width - width_of((Span(before),)) - len(more)
    return (Span(before, TextRole.DIM), Span(fit(text, room), weight), Span(more, TextRole.ACCENT))
