"""The keymap in force, and reading others from the user's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.config.keymap import load_keymap, load_keys
from tuimail.config.model import Problem
from tuimail.ui.commands.keymap import keymap
from tuimail.ui.commands.table import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.paths import Paths
    from tuimail.ui.commands.keymap import Keymap


class Keymaps:
    """Begins with the keymap ``name``; ``changed`` is called when another one is used."""

    def __init__(self, name: str, paths: Paths, *, changed: Callable[[], object]) -> None:
        self._paths = paths
        self._changed = changed
        self.current, self.problems = self.load(name)

    def load(self, wanted: str) -> tuple[Keymap, list[Problem]]:
        """The keymap that ``[ui] keymap = wanted`` means, the user's own keys on top; reads files."""
        known = {command.id: command.contexts for command in TABLE}
        amid_typing = {command.id for command in TABLE if command.amid_typing}
        paths = self._paths
        name, of_file = load_keymap(wanted, paths.config_file.parent, known, amid_typing=amid_typing)
        own = load_keys(paths.keys_file, known, amid_typing=amid_typing)
        problems = [*of_file.problems, *own.problems]
        chosen = keymap(name, {**of_file.of(name), **own.of(name)})
        for command, taker in chosen.lost.items():
            file = paths.keys_file if taker in own.of(name) else of_file.file or paths.keys_file
            message = f"{command} has no key any more, since {taker} has its key: give {command} another one."
            problems.append(Problem(file, 0, taker, message, warning=True))
        return chosen, problems

    def use(self, chosen: Keymap) -> None:
        """Give commands by the keys of ``chosen`` from now on."""
        self.current = chosen
        self._changed()
