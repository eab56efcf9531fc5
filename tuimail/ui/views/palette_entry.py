"""What the palette can find: commands, screens, themes and keymaps. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EntryKind(StrEnum):
    """What an entry does with its ``name``."""

    COMMAND = "command"
    """Carries out the command of that id."""
    PLACE = "place"
    """Goes home, then carries out the command of the main menu of that id."""
    THEME = "theme"
    KEYMAP = "keymap"


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One thing that can be done."""

    kind: EntryKind
    name: str
    title: str
    """A verb and its object."""
    help: str
    """One sentence."""
    keys: str = ""

    @property
    def id(self) -> str:
        """Unique in the palette."""
        return f"{self.kind} {self.name}"

    def matches(self, typed: str) -> bool:
        """Whether every word typed occurs in what it is called or does."""
        text = f"{self.title} {self.help}".casefold()
        return all(word in text for word in typed.casefold().split())

    def matches_title(self, typed: str) -> bool:
        """Whether every word typed occurs in what it is called."""
        title = self.title.casefold()
        return all(word in title for word in typed.casefold().split())
