"""A keymap in force: pine's or mutt's keys with the user's own on top."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuimail.config.keymap import key_name, meet
from tuimail.ui.commands import table
from tuimail.ui.commands.key_names import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuimail.ui.commands.command import Command


@dataclass(frozen=True, slots=True)
class Keymap:
    """Which keys give which command."""

    name: str
    """"pine" or "mutt"."""
    keys: Mapping[str, tuple[str, ...]]
    """Command id -> Textual key names, the shown one first. Empty: no key."""
    lost: Mapping[str, str] = field(default_factory=dict)
    """Commands left without a key by the user's own keys -> the command that has their key now."""

    def key(self, command_id: str) -> str:
        """The key the screen shows for a command ("^X", "S"); empty if it has none."""
        keys = self.keys.get(command_id, ())
        return shown(keys[0], upper=self.name == "pine") if keys else ""

    def all_keys(self, command_id: str) -> str:
        """Every key of a command, for the help screen ("S", "? F1 ^G")."""
        upper = self.name == "pine"
        names = (shown(key, upper=upper) for key in self.keys.get(command_id, ()))
        return " ".join(dict.fromkeys(names))


def keymap(name: str = "pine", own: Mapping[str, Sequence[str]] | None = None) -> Keymap:
    """The built-in keymap ``name`` with the user's ``own`` keys (command id -> keys) on top.

    A key of the user's takes itself away from any other command of the same screen. Whether a key can be a command's
    is for config/keymap to tell, with the line it is written in.
    """
    keys = {command.id: tuple(map(key_name, command.default_keys(name))) for command in table.TABLE}
    lost: dict[str, str] = {}
    for command_id, wanted in (own or {}).items():
        command = table.BY_ID[command_id]
        good = tuple(map(key_name, wanted))
        for other in table.TABLE:
            if other is not command and meet(command.contexts, other.contexts):
                left = tuple(key for key in keys[other.id] if key not in good)
                if keys[other.id] and not left:
                    lost[other.id] = command_id
                keys[other.id] = left
        keys[command_id] = good
        lost.pop(command_id, None)
    if name == "pine":
        keys = _either_case(keys)
    return Keymap(name, keys, lost)


def _either_case(keys: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Pine's single letters work as capitals too, unless the capital has a meaning of its own there."""
    users: dict[str, list[Command]] = {}
    for command in table.TABLE:
        for key in keys[command.id]:
            users.setdefault(key, []).append(command)
    wide = dict(keys)
    for command in table.TABLE:
        capitals = [key.swapcase() for key in keys[command.id] if len(key) == 1 and key.isalpha()]
        free = [
            key for key in capitals if not any(meet(command.contexts, other.contexts) for other in users.get(key, ()))
        ]
        wide[command.id] = (*keys[command.id], *free)
    return wide
