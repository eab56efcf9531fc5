"""The table as Textual bindings.

A screen's class declares its bindings with a key that no terminal sends, so that one class serves every keymap;
``keyed`` puts the keys of the keymap in force in its place, once for each screen that opens. ``App.set_keymap`` is not
used: Textual would work it out anew several times for each key pressed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingsMap, BindingType

from tuimail.ui.commands.command import Context
from tuimail.ui.commands.table import commands_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.ui.commands.keymap import Keymap


def bindings_for(*contexts: Context) -> list[BindingType]:
    """Bindings of a screen that is in one of ``contexts`` at any time; prompts are always among them."""
    return [
        Binding(
            f"unbound-{command.id}",
            f"command('{command.id}')",
            command.title,
            id=command.id,
            priority=command.amid_typing,
        )
        for command in commands_for({*contexts, Context.PROMPT})
    ]


def keyed(bindings: Iterable[BindingType], keymap: Keymap) -> BindingsMap:
    """``bindings`` of the table under the keys that ``keymap`` gives them; those without a key are left out."""
    return BindingsMap(
        replace(binding, key=",".join(keys))
        for binding in bindings
        if isinstance(binding, Binding) and binding.id and (keys := keymap.keys.get(binding.id))
    )
