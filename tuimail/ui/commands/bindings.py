"""The table as Textual bindings.

A binding is made with a key that no terminal sends; the keymap in force puts the real ones in its place
(``App.set_keymap``, by the binding's id), so that one class serves every keymap.
"""

from __future__ import annotations

from textual.binding import Binding, BindingType

from tuimail.ui.commands.command import Context
from tuimail.ui.commands.table import commands_for


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
