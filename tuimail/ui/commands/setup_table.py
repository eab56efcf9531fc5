"""The commands of SETUP: its place in the main menu, and what is done to a setting."""

from __future__ import annotations

from tuimail.ui.commands.command import Command, Context

_MENU = frozenset({Context.MENU})
_SETUP = frozenset({Context.SETUP})

SETUP = (
    Command("go-setup", "Setup", "Go to the settings", "Every setting, explained, and changed with a key.",
            _MENU, pine="s", mutt="S", slot=88),
    Command("change-setting", "Change", "Change the setting", "Asks for another value; yes and no change places.",
            _SETUP, pine="enter c x > right", mutt="enter right x", slot=12),
    Command("reset-setting", "Default", "Reset the setting to its default", "It is no longer in the file then.",
            _SETUP, pine="d delete", mutt="d", slot=20),
    Command("find-setting", "Where is", "Search the settings", "Asks for words, and moves to a setting that has them.",
            _SETUP, pine="w ctrl+w", mutt="/", slot=40),
    Command("reread-config", "Reread", "Read the configuration file again", "What was changed in it is at work then.",
            _SETUP | {Context.ACCOUNTS}, pine="r", mutt="r", slot=22),
)  # fmt: skip
