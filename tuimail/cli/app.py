"""``tuimail`` without a command: open the app. It opens with whatever of the config is valid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cli.session import load_config, need_terminal, open_app

if TYPE_CHECKING:
    from tuimail.paths import Paths


def run(argv: list[str], paths: Paths) -> int:
    """Open the app. Raises UsageError when there is no terminal to draw on."""
    del argv
    need_terminal()
    return open_app(load_config(paths, quiet=True, on_screen=True), paths)  # the app shows the problems itself
