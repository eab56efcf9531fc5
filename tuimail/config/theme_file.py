"""Theme files: TOML -> ThemeFile. Pure except for finding and reading the files; independent of the UI.

::

    name = "pine"
    dark = true
    [colours]               the roles of the interface
    primary = "#88c0a8"
    [mail]                  the roles of mail; each may also name a colour above ("accent") and may be left out
    unread = "foreground"

Themes are looked for in the user's ``themes`` folder, then among our own (in the wheel, or in a source tree). A wrong
colour falls back alone; a file that cannot be read falls back to ``FALLBACK``, which suits every terminal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.config.model import Problem
from tuimail.config.reading import Source, read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuimail.config.reading import Table
    from tuimail.paths import Paths

COLOURS = {
    "primary": "ansi_green",
    "secondary": "ansi_cyan",
    "accent": "ansi_green",
    "foreground": "ansi_default",
    "background": "ansi_default",
    "surface": "ansi_default",
    "panel": "ansi_default",
    "success": "ansi_green",
    "warning": "ansi_yellow",
    "error": "ansi_red",
}
"""Every role of the interface, with the terminal's own colour for it."""

_NEEDED = ("background", "foreground", "primary")
_NEAR = {"secondary": "foreground", "accent": "primary", "surface": "background", "panel": "background"}
"""The role whose colour a missing role uses."""

MAIL = {
    "title": "foreground",
    "key": "accent",
    "label": "foreground",
    "dim": "secondary",
    "unread": "foreground",
    "flagged": "warning",
    "quote1": "primary",
    "quote2": "secondary",
    "quote3": "success",
    "link": "accent",
    "signature": "secondary",
    "held": "secondary",
    "queued": "foreground",
    "sending": "accent",
    "deferred": "warning",
    "blocked": "error",
    "failed": "error",
    "uncertain": "warning",
    "accepted": "success",
    "done": "success",
}
"""Every role of mail, with the role of the interface it falls back to, so that any theme will do. The last nine are
the outbox states."""

ANSI = frozenset(
    f"ansi_{bright}{colour}"
    for bright in ("", "bright_")
    for colour in ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
) | {"ansi_default"}
"""The terminal's own sixteen colours, and its default."""


@dataclass(frozen=True, slots=True)
class ThemeFile:
    """One theme. Every role has a value: ``#rrggbb`` or one of ANSI."""

    name: str
    dark: bool
    colours: Mapping[str, str]
    """Role of the interface (COLOURS) -> colour."""
    mail: Mapping[str, str]
    """Role of mail (MAIL) -> colour."""

    @property
    def ansi(self) -> bool:
        """Whether it uses the terminal's own sixteen colours."""
        return self.colours["background"] in ANSI


def load_theme(name: str, paths: Paths) -> tuple[ThemeFile, tuple[Problem, ...]]:
    """The theme ``name``, always complete, and the problems of its file."""
    files = theme_files(paths)
    file = files.get(name)
    if file is None:
        from tuimail.config.reading import nearest_to, shown

        problem = Problem(
            paths.config_file, 0, "ui.theme", f"There is no theme {shown(name)}.", nearest_to(name, files)
        )
        return FALLBACK, (problem,)
    source = Source(file)
    root = read_toml(source, part_of_program=file.parent == own_themes())
    theme = FALLBACK if root is None else _theme(root, name)
    return theme, tuple(source.problems)


def theme_files(paths: Paths) -> dict[str, Path]:
    """Name -> file of every theme; a user's theme overrides a built-in one of the same name."""
    found: dict[str, Path] = {}
    for folder in (own_themes(), paths.themes):
        try:
            files = sorted(folder.glob("*.toml")) if folder is not None else []
        except OSError:
            continue
        found.update((file.stem, file) for file in files)
    return dict(sorted(found.items()))


def own_themes() -> Path | None:
    """The folder of the themes that come with tuimail: inside the package, or beside it in a source tree."""
    package = Path(__file__).parent.parent
    return next((each for each in (package / "themes", package.parent / "themes") if each.is_dir()), None)


def _theme(root: Table, name: str) -> ThemeFile:
    name = root.text("name", name, check=lambda text: "" if text.strip() else "Must not be empty.")
    dark = root.flag("dark", default=True)
    colours: dict[str, str] = {}
    table = root.table("colours")
    if table is not None:
        for role in COLOURS:
            needed = "without it nothing can be drawn" if role in _NEEDED else ""
            colours[role] = _long(table.text(role, needed=needed, check=_colour_fault))
        table.finish()
    if not all(colours.get(role) for role in _NEEDED):
        if table is None:
            root.complain("colours", "There is no valid [colours] table.")
        return FALLBACK
    for role, fallback in COLOURS.items():
        colours[role] = colours[role] or colours.get(_NEAR.get(role, ""), "") or fallback
    mail: dict[str, str] = {}
    table = root.table("mail")
    for role, fallback in MAIL.items():
        written = table.text(role, check=_mail_colour_fault) if table is not None else ""
        mail[role] = colours.get(written) or _long(written) or colours[fallback]
    if table is not None:
        table.finish()
    root.finish()
    return ThemeFile(name, dark, colours, mail)


def _colour_fault(text: str) -> str:
    if re.fullmatch(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})", text) or text in ANSI:
        return ""
    return 'Must be a colour such as "#88c0a8" or "ansi_green".'


def _mail_colour_fault(text: str) -> str:
    if text in COLOURS or not _colour_fault(text):
        return ""
    return f'Must be a colour such as "#88c0a8" or "ansi_green", or one of {", ".join(COLOURS)}.'


def _long(colour: str) -> str:
    """``#rgb`` as ``#rrggbb``."""
    if len(colour) == 4 and colour.startswith("#"):
        return "#" + "".join(digit * 2 for digit in colour[1:]).lower()
    return colour.lower()


FALLBACK = ThemeFile("fallback", True, COLOURS, {role: COLOURS[fallback] for role, fallback in MAIL.items()})
"""The theme that is used if no other can be read: the terminal's own colours."""
