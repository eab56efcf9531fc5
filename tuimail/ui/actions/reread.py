"""The config file is read again, after the user changed it in an editor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.config.loader import load
from tuimail.config.writing import ConfigFile
from tuimail.events import Severity

if TYPE_CHECKING:
    from tuimail.config.model import Config
    from tuimail.paths import Paths
    from tuimail.ui.protocols import Frame


async def reread(screen: Frame) -> None:
    """Go by the file as it is now.

    Raises:
        ConfigError: it cannot be read or is not trusted; the settings stay as they are.
        StorageError: the outbox cannot be written; they are in force all the same.
    """
    program = screen.program
    config = await asyncio.to_thread(_read, program.engine.paths)
    try:
        await program.engine.reconfigure(config)
    finally:
        await program.look.follow(config.ui)
    screen.reload()
    faults = len(program.problems)
    if not faults:
        program.say("The configuration file was read again.")
    else:
        problems = "a problem" if faults == 1 else f"{faults} problems"
        program.say(f"The configuration file was read again; it has {problems}: see Accounts.", Severity.WARNING)


def _read(paths: Paths) -> Config:
    ConfigFile(paths.config_file).values()  # raises what makes the file unusable
    return load(paths)
