"""``tuimail`` without a command: opens the app with the valid part of the config, at a folder if one is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cli.session import account_named, load_config, need_terminal, open_app
from tuimail.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from tuimail.config.model import Config
    from tuimail.paths import Paths


def run(argv: list[str], paths: Paths) -> int:
    """Open the app. Raises UsageError if there is no terminal, ConfigError if there is no such account."""
    named = _folder(argv)
    need_terminal()
    config = load_config(paths, quiet=True, on_screen=True)  # the app shows the problems itself
    return open_app(config, paths, folder=None if named is None else _place(config, paths, named))


def _folder(argv: list[str]) -> str | None:
    """What is behind -f; None: the main menu is wanted."""
    if not argv:
        return None
    option, *rest = argv
    name = rest[0] if len(rest) == 1 else ""
    if not name:
        raise UsageError(f"{option} is followed by the name of one folder.", hint="For example: tuimail -f INBOX")
    return name


def _place(config: Config, paths: Paths, named: str) -> tuple[str, str]:
    """Account and folder: ``account:folder``, or a folder of the default account."""
    from tuimail.engine.typed_place import named_place

    place = named_place(named, config.accounts)
    if place is None:
        place = account_named(config, paths, config.default_account).name, named
    found = config.accounts[place[0]]
    if not found.has_mail:
        raise ConfigError(
            f"The account {found.name} has no mail to read: no IMAP server, no Maildir and no mbox.",
            hint="Another one: tuimail -f ACCOUNT:FOLDER",
        )
    return place
