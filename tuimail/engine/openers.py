"""How a file of a content type is opened: by the user's setting, a filter to text, mailcap, the desktop."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.config.mailcap import entry_for, read_mailcaps
from tuimail.engine.programs import has_display

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuimail.config.mailcap import MailcapEntry

FILTERS = {
    "application/pdf": ("pdftotext", "-layout", "-q", "-", "-"),
    "text/rtf": ("unrtf", "--text", "--nopict"),
    "application/rtf": ("unrtf", "--text", "--nopict"),
    "application/msword": ("catdoc",),
}
"""Programs that make text of their standard input, by content type; used where they are installed."""
PATH = "%s"
"""Stands for the path of the file."""


@dataclass(frozen=True, slots=True)
class Opener:
    """A program, and how it is run."""

    argv: tuple[str, ...]
    output: bool = False
    """Its output is the text to be read."""
    terminal: bool = False
    """It needs the terminal."""

    @property
    def wants_input(self) -> bool:
        """It reads its standard input, not a file."""
        return PATH not in self.argv

    def on(self, path: str) -> list[str]:
        """The command for a file."""
        return [path if word == PATH else word for word in self.argv]


def choose_opener(
    kind: str, settings: Mapping[str, Sequence[str]], environ: Mapping[str, str], *, outside: bool = False
) -> Opener | None:
    """What opens a file of type ``kind`` here; None if nothing does. Blocks.

    ``outside``: not as text on this screen, unless nothing else is there.
    """
    display = has_display(environ)
    configured = settings.get(kind) or settings.get(kind.partition("/")[0] + "/*")
    if configured:
        argv = tuple(configured)
        return Opener(argv if PATH in argv else (*argv, PATH), terminal=not display)
    inside = FILTERS.get(kind)
    filtered = Opener(inside, output=True) if inside is not None and shutil.which(inside[0]) else None
    if filtered is not None and not outside:
        return filtered
    entries = [each for each in read_mailcaps(environ, display=display) if shutil.which(each.argv[0])]
    entry = entry_for(entries if not outside else [each for each in entries if not each.copious_output], kind)
    if entry is not None:
        return _of_mailcap(entry, display=display)
    desktop = "open" if sys.platform == "darwin" else "xdg-open"
    if display and shutil.which(desktop):
        return Opener((desktop, PATH))
    return filtered


def _of_mailcap(entry: MailcapEntry, *, display: bool) -> Opener:
    if entry.copious_output:
        return Opener(entry.argv, output=True)
    return Opener(entry.argv, terminal=entry.needs_terminal or not display)
