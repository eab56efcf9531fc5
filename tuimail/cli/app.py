"""``tuimail`` without a command: opens the app with the valid part of the config."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cli.session import load_config, need_terminal, open_app

if TYPE_CHECKING:
    from tuimail.paths import Paths


def run(argv: list[str], paths: Paths) -> int:
    """Open the app. Raises UsageError if there is no terminal."""
    del argv
    need_terminal()
    return open_app(load_config(paths, quiet=True, on_screen=True), paths)  # the app shows the problems itself
