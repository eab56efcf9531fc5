"""Passwords and tokens from a command or the keyring, kept in memory while the process runs.

The only module that uses keyring. A keyring may block while its dialog is open, so it is called in a thread with a
timeout of ten seconds; and a backend may be a plain text file, so only secure backends are accepted. Secrets are never
logged, never shown by ``repr`` and never part of an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tuimail import log
from tuimail.config.model import Auth
from tuimail.errors import SecretError
from tuimail.events import WaitingForSecret

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyring.backend import KeyringBackend

    from tuimail.config.model import Server
    from tuimail.events import Event

    Announce = Callable[[Event], None]

COMMAND_LIMIT = 30.0
"""Seconds a password command may take; long enough to type a passphrase."""

KEYRING_LIMIT = 10.0
"""Seconds a keyring may take."""

SAFE_BACKENDS = ("SecretService", "libsecret", "kwallet", "macOS", "Windows")
"""Modules of ``keyring.backends`` that keep secrets encrypted and ask for a passphrase in a dialog of their own."""

_INSTEAD = "set password_command in the config"

_Answer = TypeVar("_Answer")
_Key = tuple[str, str, str]
"""Account, host, user name."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A password or token that ``repr`` does not show."""

    value: str = field(repr=False)


_known: dict[_Key, Secret] = {}
_flights: dict[_Key, asyncio.Task[str]] = {}


async def secret_for(server: Server, account_name: str, *, announce: Announce) -> str:
    """The password (or, with oauth2, the access token) for ``server``; empty if it needs none.

    Order: memory, ``password_command``, the keyring. Simultaneous callers share one request.

    Raises:
        SecretError: none is available; the text says why, the hint what to do.
    """
    if server.auth is Auth.NONE:
        return ""
    key = _key(server, account_name)
    if key in _known:
        return _known[key].value
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


async def store_secret(server: Server, account_name: str, value: str) -> None:
    """Put ``value`` into the keyring.

    Raises:
        SecretError: the keyring is absent, locked, not a safe one, or does not answer.
    """
    log.register_secret(value)
    forget(account_name)
    await _keyring(lambda backend: backend.set_password(service_of(server), server.username, value))


def service_of(server: Server) -> str:
    """The service name of the secret in the keyring."""
    return f"tuimail:{server.host}"


def _key(server: Server, account_name: str) -> _Key:
    return account_name, server.host, server.username


def _landed(key: _Key, task: asyncio.Task[str]) -> None:
    if _flights.get(key) is task:
        del _flights[key]
    if not task.cancelled():
        task.exception()  # marked as retrieved: asyncio would print the error if every caller was cancelled


async def _ask(server: Server, account_name: str, announce: Announce) -> str:
    command = server.password_command
    source = command[0].rpartition("/")[2] if command else "keyring"
    announce(WaitingForSecret(account_name, source, done=False))
    try:
        if command:
            from tuimail.config.password_command import first_line

            value = await first_line(command, account_name, limit=COMMAND_LIMIT)
        else:
            value = await _from_keyring(server, account_name)
    finally:
        announce(WaitingForSecret(account_name, source, done=True))
    remember(server, account_name, value)
    return value


async def _from_keyring(server: Server, account_name: str) -> str:
    value = await _keyring(lambda backend: backend.get_password(service_of(server), server.username))
    if not value:
        raise SecretError(
            f"The keyring holds no password for {server.username or 'this user'} on {server.host}.",
            hint=f"Store it with: tuimail account login {account_name}; or set password_command in the config.",
        )
    return value


async def _keyring(ask: Callable[[KeyringBackend], _Answer]) -> _Answer:
    """What ``ask`` gets of the keyring, asked in a daemon thread: a dialog left open must not hold up our exit."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_Answer] = loop.create_future()

    def settle(value: _Answer | None, error: SecretError | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(value)  # type: ignore[arg-type]  # None only where _Answer allows it

    def work() -> None:
        value, error = None, None
        try:
            value = ask(_safe_backend())
        except SecretError as told:
            error = told
        except BaseException as trouble:  # noqa: BLE001  backends raise whatever their libraries do, EOFError included
            error = _in_words(trouble)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nothing waits for the result
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=work, name="keyring", daemon=True).start()
    try:
        async with asyncio.timeout(KEYRING_LIMIT):
            return await answer
    except TimeoutError:
        raise SecretError(
            f"The keyring gave no answer within {KEYRING_LIMIT:g} seconds.",
            hint=f"Unlock it (look for its dialog) and try again, or {_INSTEAD}.",
        ) from None


def _safe_backend() -> KeyringBackend:
    """The active keyring backend if it is a secure one. Raises SecretError."""
    import keyring

    chosen = keyring.get_keyring()
    chained = list(getattr(chosen, "backends", ())) if _module(chosen) == "keyring.backends.chainer" else [chosen]
    for backend in chained:
        if _is_safe(backend):
            return backend
    modules = {_module(backend) for backend in chained}
    if modules <= {"keyring.backends.fail"}:
        raise SecretError(
            "There is no keyring on this machine (or none for this session).",
            hint=f"Start one (GNOME Keyring, KWallet, KeePassXC), or {_INSTEAD}.",
        )
    if modules <= {"keyring.backends.fail", "keyring.backends.null"}:
        raise SecretError(
            "The keyring is switched off (its null backend is chosen).",
            hint=f"Choose a real one in keyringrc.cfg or PYTHON_KEYRING_BACKEND, or {_INSTEAD}.",
        )
    name = sorted(modules - {"keyring.backends.fail"})[0]
    raise SecretError(
        f"The keyring in use ({name}) is not known to keep passwords safe, so it was not used.",
        hint=f"Start a real one (GNOME Keyring, KWallet, KeePassXC), or {_INSTEAD}.",
    )


def _is_safe(backend: object) -> bool:
    parent, _, rest = _module(backend).partition("keyring.backends.")
    return not parent and rest.split(".")[0] in SAFE_BACKENDS


def _module(backend: object) -> str:
    return type(backend).__module__


def _in_words(trouble: BaseException) -> SecretError:
    """A SecretError for a backend's exception, whose text comes from another program."""
    from keyring import errors

    from tuimail.mail.text import safe_line

    if isinstance(trouble, errors.NoKeyringError):
        return SecretError("There is no keyring on this machine.", hint=f"Start one, or {_INSTEAD}.")
    if isinstance(trouble, errors.KeyringLocked | errors.InitError | EOFError):
        return SecretError("The keyring is locked.", hint=f"Unlock it and try again, or {_INSTEAD}.")
    said = log.redact(safe_line(str(trouble)))[:200]
    return SecretError(
        f"The keyring failed ({type(trouble).__name__}{': ' + said if said else ''}).",
        hint=f"Try again, or {_INSTEAD}.",
    )
