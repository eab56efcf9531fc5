"""Which commands the key rows show: one for each slot. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.commands.table import MORE, commands_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tuimail.ui.commands.command import Command, Context


def in_slots(commands: Iterable[Command], fits: Callable[[Command], bool]) -> list[Command]:
    """Those that have a slot, in its order; of commands that share one, the first that fits, else the first."""
    by_slot: dict[int, Command] = {}
    for command in commands:
        if command.slot not in (0, MORE):
            there = by_slot.setdefault(command.slot, command)
            if there is not command and fits(command) and not fits(there):
                by_slot[command.slot] = command
    return [by_slot[slot] for slot in sorted(by_slot)]


def turning(context: Context) -> Command | None:
    """The command that shows the next page of the key rows."""
    return next((each for each in commands_for({context}) if each.slot == MORE), None)
