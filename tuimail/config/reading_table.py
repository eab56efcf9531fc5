"""The ``[reading]`` table: how received mail is listed, read and opened."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tuimail.config.model import Deleting, ListOrder, ReadingSettings
from tuimail.config.reading import shown

if TYPE_CHECKING:
    from tuimail.config.reading import Table

NEVER = "never"
LONGEST_WAIT = 3600.0
"""Seconds."""
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/(?:\*|[a-z0-9][a-z0-9!#$&^_.+-]*)")


def read_reading(root: Table) -> ReadingSettings:
    """The settings in the table; defaults for what is absent or wrong."""
    usual = ReadingSettings()
    table = root.table("reading")
    if table is None:
        return usual
    settings = ReadingSettings(
        delete=table.choice("delete", Deleting.MARK),
        mark_seen=_mark_seen(table),
        order=table.choice("order", ListOrder.ARRIVAL),
        reverse=table.flag("reverse", usual.reverse),
        openers=_openers(table),
        print_command=table.argv("print"),
    )
    table.finish()
    return settings


def _mark_seen(table: Table) -> float | None:
    usual = ReadingSettings().mark_seen
    if not table.holds("mark_seen"):
        return usual
    value = table.values["mark_seen"]
    if value == NEVER:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST_WAIT:
        return float(value)
    table.complain(
        "mark_seen", f'Must be a number of seconds from 0 to {LONGEST_WAIT:g}, or "never", not {shown(value)}.'
    )
    return usual


def _openers(table: Table) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    openers = table.table("openers")
    if openers is None:
        return found
    for kind in openers.names():
        if not _TYPE.fullmatch(kind.lower()):
            openers.complain(kind, 'Must be a content type such as "application/pdf" or "image/*".')
            continue
        argv = openers.argv(kind)
        if argv:
            found[kind.lower()] = argv
    return found
