"""Passwords and tokens from a command, a store or the user, kept in memory while the process runs.

A process has one user, so there is one set of stores (``configure``) and of questions to the user. Secrets are never
logged, never shown by ``repr`` and never part of an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from tuimail import log
from tuimail.config.model import Auth, SecretSettings, SecretStore
from tuimail.config.secret_questions import Questions
from tuimail.errors import SecretError
from tuimail.events import WaitingForSecret

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tuimail.config.model import Server
    from tuimail.config.secret_stores import SecretStores, StoreReport
    from tuimail.events import Event

    Announce = Callable[[Event], None]

COMMAND_LIMIT = 30.0
"""Seconds a password command may take; long enough to type a passphrase."""

_Key = tuple[str, str, str]
"""Account, host, user name."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A password or token that ``repr`` does not show."""

    value: str = field(repr=False)


_known: dict[_Key, Secret] = {}
_flights: dict[_Key, asyncio.Task[str]] = {}
_settings = SecretSettings()
_file: Path | None = None
_stores: SecretStores | None = None

questions = Questions()
"""What the user is asked for."""


def configure(settings: SecretSettings, file: Path) -> None:
    """Where passwords are kept from now on; ``file`` is the encrypted one."""
    global _settings, _file, _stores
    if (settings, file) != (_settings, _file):
        _settings, _file, _stores = settings, file, None


def stores() -> SecretStores:
    """The stores of this user."""
    global _stores
    if _stores is None:
        from tuimail.config.secret_stores import SecretStores
        from tuimail.paths import Paths

        _stores = SecretStores(_settings, _file or Paths.from_environment().secrets_file, questions)
    return _stores


def folder() -> Path:
    """The folder of the encrypted file; locks that guard secrets are below it."""
    if _file is not None:
        return _file.parent
    from tuimail.paths import Paths

    return Paths.from_environment().secrets_file.parent


async def secret_for(server: Server, account_name: str, *, announce: Announce) -> str:
    """The password (or, with oauth2, the access token) for ``server``; empty if it needs none.

    Order: memory, ``password_command``, the store (with ``memory`` the user). Simultaneous callers share one request.

    Raises:
        SecretError: none is available; the text says why, the hint what to do.
    """
    if server.auth is Auth.NONE:
        return ""
    key = _key(server, account_name)
    if key in _known:
        return _known[key].value
    import asyncio

    loop = asyncio.get_running_loop()
    flight = _flights.get(key)
    if flight is None or flight.get_loop() is not loop or flight.done():
        flight = loop.create_task(_ask(server, account_name, announce))
        _flights[key] = flight
        flight.add_done_callback(lambda task: _landed(key, task))
    return await asyncio.shield(flight)


def remember(server: Server, account_name: str, value: str) -> None:
    """Use ``value`` from now on, in memory only (typed in by the user for this session)."""
    log.register_secret(value)
    _known[_key(server, account_name)] = Secret(value)


def forget(account_name: str) -> None:
    """Ask again next time: the account's sign-in was refused, or its password changed."""
    for key in [key for key in _known if key[0] == account_name]:
        del _known[key]


async def store_secret(
    server: Server,
    account_name: str,
    value: str,
    *,
    to: SecretStore | None = None,
    prove: Callable[[str], Awaitable[None]] | None = None,
) -> StoreReport:
    """Store a password, and remove older copies from the other stores once it was read back.

    Args:
        server: whose password it is.
        account_name: of the account.
        value: the password.
        to: the store; None: the one of the settings.
        prove: signs in with it, or raises; nothing is stored then.

    Raises:
        SecretError: the store cannot be used.
        StorageError: the disk refuses.
    """
    log.register_secret(value)
    if prove is not None:
        await prove(value)
    report = await stores().put(server, value, to=to)
    forget(account_name)
    if report.stored is SecretStore.MEMORY:
        remember(server, account_name, value)
    return report


async def stored_secret(server: Server) -> str | None:
    """The password that is stored by now, to be moved to another store. Raises SecretError."""
    value = await stores().get(server)
    log.register_secret(value or "")
    return value


async def remove_secret(server: Server, account_name: str) -> StoreReport:
    """Remove a password from every store, and from memory."""
    forget(account_name)
    return await stores().remove(server)


def _key(server: Server, account_name: str) -> _Key:
    return account_name, server.host, server.username


def _landed(key: _Key, task: asyncio.Task[str]) -> None:
    if _flights.get(key) is task:
        del _flights[key]
    if not task.cancelled():
        task.exception()  # marked as retrieved: asyncio would print the error if every caller was cancelled


async def _ask(server: Server, account_name: str, announce: Announce) -> str:
    command = server.password_command
    source = command[0].rpartition("/")[2] if command else stores().source
    announce(WaitingForSecret(account_name, source, done=False))
    try:
        if command:
            from tuimail.config.password_command import first_line
            from tuimail.mail.text import safe_line

            name = f"The password command {safe_line(command[0])} of account {account_name}"
            value = await first_line(command, name, limit=COMMAND_LIMIT)
        else:
            value = await _stored_or_typed(server, account_name)
    finally:
        announce(WaitingForSecret(account_name, source, done=True))
    remember(server, account_name, value)
    return value


async def _stored_or_typed(server: Server, account_name: str) -> str:
    if _settings.store is SecretStore.MEMORY:
        who = f"Password of {server.username} on {server.host}"
        key, use = _key(server, account_name), partial(remember, server, account_name)
        await questions.ask(f"password {key}", who, use, known=lambda: key in _known)
        if key not in _known:
            raise SecretError(f"{who}: it is not known any more.", hint="Check the account again.")
        return _known[key].value
    value = await stores().get(server)
    if not value:
        raise SecretError(
            f"The {stores().source} holds no password for {server.username or 'this user'} on {server.host}.",
            hint=f"Store it with: tuimail account login {account_name}; or set password_command in the config.",
        )
    return value
