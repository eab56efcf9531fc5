"""Passwords in the keyring of the desktop.

The only module that uses keyring. A keyring may block while its dialog is open, so it is called in a thread with a
timeout of ten seconds; and a backend may be a plain text file, so only secure backends are accepted, unless the user
wants another one.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from tuimail import log
from tuimail.config.beside_loop import answer_of
from tuimail.errors import SecretError

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyring.backend import KeyringBackend

KEYRING_LIMIT = 10.0
"""Seconds a keyring may take."""

MOST_WAITING = 4
"""Calls that may hang at the same time; with more, nothing is asked."""

SAFE_BACKENDS = ("SecretService", "libsecret", "kwallet", "macOS", "Windows")
"""Modules of ``keyring.backends`` that keep secrets encrypted and ask for a passphrase in a dialog of their own."""

INSTEAD = "set password_command, or use the encrypted file: tuimail account login --store file"

_EMPTY = {"keyring.backends.fail", "keyring.backends.null"}
"""Backends that keep nothing."""

_Answer = TypeVar("_Answer")


class KeyringStore:
    """The keyring; ``plaintext`` accepts one that is not known to keep passwords safe, if there is no other.

    Its methods raise SecretError: the keyring is absent, locked, not a safe one, fails, or does not answer.
    """

    def __init__(self, *, plaintext: bool = False, answered_late: Callable[[], None] = lambda: None) -> None:
        """``answered_late`` is called on a thread when a call succeeds that nobody waits for any more."""
        self._plaintext = plaintext
        self._answered_late = answered_late
        self._waiting = threading.Semaphore(MOST_WAITING)

    async def backend_name(self) -> str:
        """The module of the backend in use."""
        return await self._ask(_module)

    async def get(self, service: str, username: str) -> str | None:
        """A password; None if there is none."""
        return await self._ask(lambda backend: backend.get_password(service, username))

    async def put(self, service: str, username: str, password: str) -> None:
        """Store a password."""
        await self._ask(lambda backend: backend.set_password(service, username, password))

    async def remove(self, service: str, username: str) -> bool:
        """Remove a password; whether there was one."""

        def work(backend: KeyringBackend) -> bool:
            # Deleting what is not there raises the same error as a failure.
            if backend.get_password(service, username) is None:
                return False
            backend.delete_password(service, username)
            return True

        return await self._ask(work)

    async def _ask(self, ask: Callable[[KeyringBackend], _Answer]) -> _Answer:
        """What ``ask`` gets of the keyring: a dialog left open must hold up neither the loop nor our exit."""
        if not self._waiting.acquire(blocking=False):
            raise SecretError(
                "The keyring has not answered the last questions.",
                hint=f"Unlock it (look for its dialog), or {INSTEAD}.",
            )

        given_up = threading.Event()

        def work() -> _Answer:
            try:
                answer = ask(safe_backend(plaintext=self._plaintext))
            except SecretError:
                raise
            except BaseException as trouble:  # noqa: BLE001  backends raise whatever their libraries do, EOFError included
                raise _in_words(trouble) from None
            finally:
                self._waiting.release()
            if given_up.is_set():
                self._answered_late()  # its dialog was answered: it is unlocked now
            return answer

        try:
            return await answer_of(work, name="keyring", limit=KEYRING_LIMIT)
        except TimeoutError:
            given_up.set()
            raise SecretError(
                f"The keyring gave no answer within {KEYRING_LIMIT:g} seconds.",
                hint=f"Unlock it (look for its dialog) and try again, or {INSTEAD}.",
            ) from None


def safe_backend(*, plaintext: bool = False) -> KeyringBackend:
    """The active keyring backend if it is a secure one. Raises SecretError.

    Of a chain of backends it is the first secure one, asked by itself: the chain would go on to an insecure one.
    """
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
            hint=f"Start one (GNOME Keyring, KWallet, KeePassXC), or {INSTEAD}.",
        )
    if modules <= _EMPTY:
        raise SecretError(
            "The keyring is switched off (its null backend is chosen).",
            hint=f"Choose a real one in keyringrc.cfg or PYTHON_KEYRING_BACKEND, or {INSTEAD}.",
        )
    if plaintext:
        return next(backend for backend in chained if _module(backend) not in _EMPTY)
    name = sorted(modules - _EMPTY)[0]
    raise SecretError(
        f"The keyring in use ({name}) is not known to keep passwords safe, so it was not used.",
        hint=f"Start a real one (GNOME Keyring, KWallet, KeePassXC), or {INSTEAD}.",
    )


def is_safe_name(module: str) -> bool:
    """A backend of this module keeps passwords encrypted."""
    parent, _, rest = module.partition("keyring.backends.")
    return not parent and rest.split(".")[0] in SAFE_BACKENDS


def _is_safe(backend: object) -> bool:
    return is_safe_name(_module(backend))


def _module(backend: object) -> str:
    return type(backend).__module__


def _in_words(trouble: BaseException) -> SecretError:
    """A SecretError for a backend's exception, whose text comes from another program."""
    from keyring import errors

    from tuimail.mail.text import safe_line

    if isinstance(trouble, errors.NoKeyringError):
        return SecretError("There is no keyring on this machine.", hint=f"Start one, or {INSTEAD}.")
    if isinstance(trouble, errors.KeyringLocked | errors.InitError | EOFError):
        return SecretError("The keyring is locked.", hint=f"Unlock it and try again, or {INSTEAD}.")
    said = log.redact(safe_line(str(trouble)))[:200]
    return SecretError(
        f"The keyring failed ({type(trouble).__name__}{': ' + said if said else ''}).",
        hint=f"Try again, or {INSTEAD}.",
    )
