"""The encrypted password file on the disk: locked until its passphrase was given, then open while the process runs.

Its methods block (they read, write, derive keys and wait for other processes), so they are called in threads. Only the
derived key is kept in memory, never the passphrase.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuimail import log
from tuimail.config import sealed_passwords
from tuimail.config.sealed_passwords import PasswordKey, derived, new_key, opened, parameters_of, sealed
from tuimail.durable import storage_error, write_durably
from tuimail.errors import SecretError, WrongPassphraseError
from tuimail.private_files import open_private, private_dir, read_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuimail.config.sealed_passwords import Passwords

PATIENCE = 10.0
"""Seconds to wait for another process that writes the file."""

_PAUSE = 0.02
"""Seconds between two looks at its lock."""


class PasswordFile:
    """One file. Any number of processes and threads may use it; each writes under a lock, the file as a whole."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._key: PasswordKey | None = None
        self._deriving = threading.Lock()

    @property
    def exists(self) -> bool:
        """A password was stored in it once."""
        return self.file.exists()

    def is_locked(self) -> bool:
        """Its passphrase was not given yet, or was changed since. Raises as ``unlock``, for damage."""
        try:
            self._content()
        except WrongPassphraseError:
            return True
        return False

    def unlock(self, passphrase: str) -> None:
        """Open it with ``passphrase``.

        Raises:
            WrongPassphraseError: it is another one.
            DamagedPasswordsError: the file cannot be read by anybody.
            SecretError: the disk refuses.
        """
        log.register_secret(passphrase)
        with self._deriving:
            raw = self._raw()
            key = derived(passphrase, parameters_of(raw))
            opened(raw, key)
            self._key = key

    def create(self, passphrase: str) -> None:
        """Write an empty file, unless there is one. Raises StorageError, SecretError."""
        log.register_secret(passphrase)
        key = new_key(passphrase)
        with self._alone():
            if self.exists:
                raise SecretError("There is a password file by now.", hint="Try again with its passphrase.")
            write_durably(self.file, sealed({}, key))
        self._key = key

    def change_passphrase(self, passphrase: str) -> None:
        """Seal it with another one, and a new salt; it has to be open. Raises as ``put``."""
        log.register_secret(passphrase)
        key = new_key(passphrase)
        with self._alone():
            write_durably(self.file, sealed(self._content(), key))
        self._key = key

    def get(self, service: str, username: str) -> str | None:
        """A password; None if there is none.

        Raises:
            WrongPassphraseError: it is locked.
            DamagedPasswordsError: the file cannot be read by anybody.
            SecretError: the disk refuses.
        """
        return self._content().get((service, username))

    def put(self, service: str, username: str, password: str) -> None:
        """Store a password durably. Raises as ``get``, and StorageError."""
        with self._alone():
            self._write({**self._content(), (service, username): password})

    def remove(self, service: str, username: str) -> bool:
        """Remove a password; whether there was one. Raises as ``put``."""
        with self._alone():
            kept = self._content()
            found = kept.pop((service, username), None) is not None
            if found:
                self._write(kept)
            return found

    def _content(self) -> Passwords:
        raw = self._raw()
        parameters = parameters_of(raw)
        key = self._key
        if key is None or key.parameters != parameters:
            raise WrongPassphraseError("The password file is locked.", hint="Give its passphrase.")
        return opened(raw, key)

    def _raw(self) -> bytes:
        try:
            return read_private(self.file, sealed_passwords.SIZE_LIMIT + 1)
        except OSError as error:
            raise SecretError(
                f"The password file {self.file} cannot be read: {error.strerror}.", hint="Check who owns it."
            ) from None

    def _write(self, passwords: Passwords) -> None:
        assert self._key is not None  # noqa: S101 - it was read with it a moment ago
        raw = sealed(passwords, self._key)
        if len(raw) > sealed_passwords.SIZE_LIMIT:
            raise SecretError("The password file would become too large.", hint="Remove passwords that are not used.")
        write_durably(self.file, raw)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process writes meanwhile. A lock of its own: the file itself is replaced by each write."""
        path = self.file.with_name(self.file.name + ".lock")
        private_dir(self.file.parent)
        try:
            descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise storage_error(path, error) from error
        try:
            _wait_for(descriptor)
            yield
        finally:
            os.close(descriptor)


def _wait_for(descriptor: int) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise SecretError("Another tuimail is writing the password file.", hint="Try again.") from None
            time.sleep(_PAUSE)
        except OSError:
            return  # a file system without locks
        else:
            return
