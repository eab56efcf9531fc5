"""What a command works on: the config, an engine for the time of the command, or the outbox alone."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from tuimail.cli.interrupts import run
from tuimail.cli.output import complain, is_terminal, note
from tuimail.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tuimail.compose.draft import Draft
    from tuimail.config.model import Account, Config
    from tuimail.engine import Engine
    from tuimail.outbox.store.store import Store
    from tuimail.paths import Paths

__all__ = [
    "account_named",
    "engine_on",
    "load_config",
    "need_terminal",
    "no_account",
    "open_app",
    "outbox_of",
    "run",
]


def load_config(paths: Paths, *, quiet: bool = False, on_screen: bool = False) -> Config:
    """The config; what is wrong in it is told on standard error, once, unless ``quiet``.

    Args:
        paths: Where the file is.
        quiet: Say nothing about what is wrong in it.
        on_screen: Whatever was wrong is shown to the user by the caller, even that the file is not used.

    Raises:
        ConfigError: others could have written the file, so nothing in it is used.
    """
    from tuimail.config.loader import load

    config = load(paths)
    if config.distrusted and not on_screen:
        raise ConfigError(str(config.problems[0]))
    if not quiet:
        for problem in config.problems:
            if not problem.warning:
                note(f"tuimail: {problem}")
    return config


def account_named(config: Config, paths: Paths, name: str) -> Account:
    """The account ``name``.

    Raises:
        ConfigError: there is no account at all, none of this name, or it is left out for a problem of its own.
    """
    if name in config.accounts:
        return config.accounts[name]
    prefix = f"accounts.{name}."
    if any(problem.key == prefix[:-1] or problem.key.startswith(prefix) for problem in config.problems):
        raise ConfigError(f"The account {name} is left out until its problem is mended.", hint=f"In {config.file}.")
    if not config.accounts:
        raise no_account(config, paths)
    from tuimail.config.reading import nearest_to, shown

    nearest = nearest_to(name, config.accounts)
    meant = f" Did you mean {nearest}?" if nearest else ""
    raise ConfigError(f"There is no account {shown(name)}.{meant}", hint=f"There are: {', '.join(config.accounts)}.")


def no_account(config: Config, paths: Paths) -> ConfigError:
    """What to say when nothing can be sent at all."""
    if config.problems:
        return ConfigError("No account can be used until the config is mended.", hint=f"In {config.file}.")
    return ConfigError(
        "No account is set up yet.",
        hint=f"Describe one in {paths.config_file} (the README shows how), or look around with: tuimail demo",
    )


@asynccontextmanager
async def engine_on(config: Config, paths: Paths, *, watch: bool = False) -> AsyncIterator[Engine]:
    """A started engine, stopped at the end whatever happens; with ``watch`` it keeps sending what becomes due."""
    from tuimail.engine import Engine

    engine = Engine(config, paths)
    try:
        await engine.start(run_outbox=watch, watch=watch)
        yield engine
    finally:
        await engine.stop()


def open_app(config: Config, paths: Paths, draft: Draft | None = None, *, words: str = "") -> int:
    """Open the screens, on ``draft`` in the composer if there is one, saying ``words`` there. Returns an exit code."""
    from tuimail.engine import Engine
    from tuimail.ui.run import run as run_app

    return run_app(Engine(config, paths), draft=draft, warning=words)


def need_terminal() -> None:
    """Refuse to draw into a pipe. Raises UsageError."""
    if sys.stdin is None or not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise UsageError("tuimail needs a terminal for its screens.", hint="For scripts: tuimail send --help")


@contextmanager
def outbox_of(config: Config, paths: Paths) -> Iterator[Store | None]:
    """The outbox without an engine, for looking at it quickly; None when there is none yet."""
    if not paths.outbox.is_dir():
        yield None
        return
    from tuimail.clock import SystemClock
    from tuimail.outbox.store.store import Store
    from tuimail.private_files import private_dir

    store = Store(private_dir(paths.outbox), SystemClock(), settings=config.outbox, audit_log=paths.outbox_audit_log)
    try:
        if store.notice:
            complain(store.notice)
        yield store
    finally:
        store.close()
