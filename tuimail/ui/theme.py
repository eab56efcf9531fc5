"""Theme files as Textual themes, with a colour for every mail role whatever the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.theme import BUILTIN_THEMES, Theme

from tuimail.config.theme_file import MAIL

if TYPE_CHECKING:
    from tuimail.config.theme_file import ThemeFile

PREFIX = "mail-"
"""Mail roles are CSS variables: ``$mail-failed``."""


def textual_theme(file: ThemeFile) -> Theme:
    """``file`` as Textual wants it, its mail roles as variables."""
    variables = {PREFIX + role: colour for role, colour in file.mail.items()}
    if file.ansi:
        # Textual's own widgets want more variables of a theme that draws in the terminal's colours.
        variables = {**BUILTIN_THEMES["ansi-dark" if file.dark else "ansi-light"].variables, **variables}
    colours = file.colours
    return Theme(
        name=f"tuimail-{file.name}",
        primary=colours["primary"],
        secondary=colours["secondary"],
        accent=colours["accent"],
        foreground=colours["foreground"],
        background=colours["background"],
        surface=colours["surface"],
        panel=colours["panel"],
        success=colours["success"],
        warning=colours["warning"],
        error=colours["error"],
        dark=file.dark,
        ansi=file.ansi,
        variables=variables,
    )


def mail_defaults(theme: Theme) -> dict[str, str]:
    """Variables for the mail roles that ``theme`` (any Textual theme) does not know, from its own colours."""
    near = {
        "primary": theme.primary,
        "secondary": theme.secondary or theme.primary,
        "accent": theme.accent or theme.primary,
        "foreground": theme.foreground or ("#e0e0e0" if theme.dark else "#1f1f1f"),
        "success": theme.success or theme.primary,
        "warning": theme.warning or theme.primary,
        "error": theme.error or theme.primary,
    }
    return {PREFIX + role: near[fallback] for role, fallback in MAIL.items()}
