"""The objects a command works with: the config, an engine while the command runs, or the outbox alone."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from tuimail.cli.interrupts import run
from tuimail.cli.output import is_terminal, print_error, print_note
from tuimail.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from tuimail.compose.draft import Draft
    from tuimail.config.model import Account, Config
    from tuimail.engine import Engine
    from tuimail.engine.received_mail import ReceivedMail
    from tuimail.outbox.store.store import Store
    from tuimail.paths import Paths

__all__ = [
    "account_named",
    "engine_on",
    "load_config",
    "need_terminal",
    "no_account",
    "note_offline",
    "open_app",
    "outbox_of",
    "run",
]


def load_config(paths: Paths, *, quiet: bool = False, on_screen: bool = False) -> Config:
    """The config; prints its problems to standard error unless ``quiet``.

    Args:
        paths: Where the file is.
        quiet: Do not print problems.
        on_screen: The caller shows all problems to the user, including an untrusted file.

    Raises:
        ConfigError: other users can write to the file, so it is not used.
    """
    from tuimail.config.loader import load

    config = load(paths)
    if config.distrusted and not on_screen:
        raise ConfigError(str(config.problems[0]))
    if not quiet:
        for problem in config.problems:
            if not problem.warning:
                print_note(f"tuimail: {problem}")
    if not on_screen:
        from tuimail.config import secrets

        secrets.configure(config.secrets, paths.secrets_file)
        secrets.questions.asker = None
        if is_terminal(sys.stdin) and is_terminal(sys.stderr):
            from tuimail.cli.ask_secret import ask_on_terminal

            secrets.questions.asker = ask_on_terminal
    return config


def account_named(config: Config, paths: Paths, name: str) -> Account:
    """The account ``name``.

    Raises:
        ConfigError: there are no accounts, none of this name, or this one is invalid.
    """
    if name in config.accounts:
        return config.accounts[name]
    prefix = f"accounts.{name}."
    if any(problem.key == prefix[:-1] or problem.key.startswith(prefix) for problem in config.problems):
        raise ConfigError(f"The account {name} is not used until its problem is fixed.", hint=f"In {config.file}.")
    if not config.accounts:
        raise no_account(config, paths)
    from tuimail.config.reading import nearest_to, shown

    nearest = nearest_to(name, config.accounts)
    meant = f" Did you mean {nearest}?" if nearest else ""
    raise ConfigError(f"There is no account {shown(name)}.{meant}", hint=f"There are: {', '.join(config.accounts)}.")


def no_account(config: Config, paths: Paths) -> ConfigError:
    """The error when there is no usable account."""
    if config.problems:
        return ConfigError("No account can be used until the config is fixed.", hint=f"In {config.file}.")
    return ConfigError(
        f"No account is set up yet in {paths.config_file}.",
        hint="Add one with: tuimail account add; or look around with: tuimail demo",
    )


@asynccontextmanager
async def engine_on(config: Config, paths: Paths, *, watch: bool = False, sync: bool = False) -> AsyncIterator[Engine]:
    """A started engine, stopped at the end whatever happens.

    Args:
        config: whose accounts.
        paths: where everything is.
        watch: it keeps sending what becomes due.
        sync: it keeps received mail in step.
    """
    from tuimail.engine import Engine

    engine = Engine(config, paths)
    try:
        await engine.start(run_outbox=watch, watch=watch, sync=sync)
        yield engine
    finally:
        await engine.stop()


def open_app(
    config: Config,
    paths: Paths,
    draft: Draft | None = None,
    *,
    folder: tuple[str, str] | None = None,
    words: str = "",
) -> int:
    """Open the app, with ``draft`` and the notice ``words`` in the composer, or at a folder. Returns an exit code."""
    from tuimail.engine import Engine
    from tuimail.ui.run import run as run_app

    return run_app(Engine(config, paths), draft=draft, folder=folder, warning=words)


def note_offline(mails: Iterable[ReceivedMail]) -> None:
    """Say of which accounts the server could not be asked, and that the answer is what is on this machine."""
    told = {each.account.name: str(each.offline) for each in mails if each.offline is not None}
    for account, why in told.items():
        print_note(f"tuimail: {account} is offline: {why} This is what is on this machine.")


def need_terminal() -> None:
    """Raises UsageError unless standard input and output are terminals."""
    if sys.stdin is None or not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise UsageError("tuimail needs a terminal for its screens.", hint="For scripts: tuimail send --help")


@contextmanager
def outbox_of(config: Config, paths: Paths) -> Iterator[Store | None]:
    """The outbox without an engine, for quick read access; None if there is none yet."""
    if not paths.outbox.is_dir():
        yield None
        return
    from tuimail.clock import SystemClock
    from tuimail.outbox.store.store import Store
    from tuimail.private_files import private_dir

    store = Store(private_dir(paths.outbox), SystemClock(), settings=config.outbox, audit_log=paths.outbox_audit_log)
    try:
        if store.notice:
            print_error(store.notice)
        yield store
    finally:
        store.close()
