"""Where passwords are kept: the keyring, the encrypted file, or only in memory; and from one to another."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tuimail.config.beside_loop import answer_of
from tuimail.config.keyring_store import KeyringStore
from tuimail.config.model import SecretStore
from tuimail.config.password_file import PasswordFile
from tuimail.errors import SecretError, StorageError, WrongPassphraseError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from tuimail.config.model import SecretSettings, Server
    from tuimail.config.secret_questions import Questions

_Answer = TypeVar("_Answer")

COMMAND_VARIABLE = "TUIMAIL_PASSPHRASE_COMMAND"
"""Environment variable: a command line, split into words without a shell, whose first line of output is the passphrase.
It goes before ``passphrase_command``."""

COMMAND_LIMIT = 30.0
"""Seconds that command may take."""

LEAST_PASSPHRASE = 8
"""Characters."""

WORDS = {SecretStore.KEYRING: "keyring", SecretStore.FILE: "password file", SecretStore.MEMORY: "memory"}
"""A store in words."""


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What became of a password."""

    stored: SecretStore | None = None
    removed: list[SecretStore] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    """Why an older copy may be left, in words."""


class SecretStores:
    """The stores of this user. What a method raises is a SecretError, or a StorageError of the file."""

    def __init__(
        self,
        settings: SecretSettings,
        file: Path,
        questions: Questions,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._settings = settings
        self._questions = questions
        self._environ = environ
        self.keyring = KeyringStore(plaintext=settings.plaintext, answered_late=questions.tell)
        self.file = PasswordFile(file)

    @property
    def source(self) -> str:
        """What is asked for a password first, in words."""
        return WORDS.get(self._settings.store, "keyring")

    async def get(self, server: Server) -> str | None:
        """The stored password for ``server``; None if there is none.

        With ``auto`` the file is looked into as well, where there is one: after the keyring, or in its place.
        """
        service, user = service_of(server), server.username
        if self._settings.store is SecretStore.FILE:
            return await self._of_file(server) if self.file.exists else None
        if self._settings.store is SecretStore.MEMORY:
            return None
        trouble: SecretError | None = None
        value = None
        try:
            value = await self.keyring.get(service, user)
        except SecretError as error:
            trouble = error
        if not value and self._settings.store is SecretStore.AUTO and self.file.exists:
            value = await self._of_file(server)
        if not value and trouble is not None:
            raise trouble
        return value

    async def put(self, server: Server, value: str, *, to: SecretStore | None = None) -> StoreReport:
        """Store a password, read it back, and only then remove older copies from the other stores.

        ``to``: the store; None: the one of the settings.
        """
        service, user = service_of(server), server.username
        store = to if to not in (None, SecretStore.AUTO) else await self._usual()
        if store is SecretStore.KEYRING:
            await self.keyring.put(service, user, value)
            back = await self.keyring.get(service, user)
        elif store is SecretStore.FILE:
            await self._open_file(create=True)
            await self._in_file(lambda file: file.put(service, user, value))
            back = await self._in_file(lambda file: file.get(service, user))
        else:
            back = value
        if back != value:
            raise SecretError(f"The {WORDS[store]} does not give back what was stored.", hint="Choose another store.")
        report = await self.remove(server, besides=store)
        return StoreReport(store, report.removed, report.troubles)

    async def remove(self, server: Server, *, besides: SecretStore | None = None) -> StoreReport:
        """Remove the password from every store but ``besides``."""
        service, user = service_of(server), server.username
        report = StoreReport()

        async def try_one(store: SecretStore, work: Callable[[], Awaitable[bool]]) -> None:
            try:
                if await work():
                    report.removed.append(store)
            except (SecretError, StorageError) as error:
                report.troubles.append(f"An older copy may be in the {WORDS[store]}. {error}")

        async def of_file() -> bool:
            await self._open_file()
            return await self._in_file(lambda file: file.remove(service, user))

        if besides is not SecretStore.KEYRING and await self._has_keyring():
            await try_one(SecretStore.KEYRING, lambda: self.keyring.remove(service, user))
        if besides is not SecretStore.FILE and self.file.exists:
            await try_one(SecretStore.FILE, of_file)
        return report

    async def change_passphrase(self) -> None:
        """Ask for the passphrase and for a new one, and seal the file with that."""
        if not self.file.exists:
            raise SecretError("There is no password file.", hint="Make one: tuimail account login NAME --store file")
        await self._open_file()
        await self._with_new_passphrase(self.file.change_passphrase)

    async def _usual(self) -> SecretStore:
        """Where a password goes by the settings: with ``auto`` to the keyring if it can be used, else to the file."""
        if self._settings.store is not SecretStore.AUTO:
            return self._settings.store
        try:
            await self.keyring.backend_name()
        except SecretError:
            if self._questions.asker is None and not self._command():
                raise
            return SecretStore.FILE
        return SecretStore.KEYRING

    async def _has_keyring(self) -> bool:
        try:
            await self.keyring.backend_name()
        except SecretError:
            return False
        return True

    async def _of_file(self, server: Server) -> str | None:
        await self._open_file()
        return await self._in_file(lambda file: file.get(service_of(server), server.username))

    async def _in_file(self, work: Callable[[PasswordFile], _Answer]) -> _Answer:
        return await answer_of(lambda: work(self.file), name="password file")

    async def _open_file(self, *, create: bool = False) -> None:
        """Unlock the file: by the command for the passphrase, else by asking for it, once a run."""
        if not self.file.exists:
            if create:
                await self._with_new_passphrase(self.file.create, ask_for_new=not self._command())
            return
        if not await self._in_file(lambda file: file.is_locked()):
            return
        command = self._command()
        if command:
            passphrase = await self._printed_by(command)
            await self._in_file(lambda file: file.unlock(passphrase))
        else:
            file = self.file
            words = "Passphrase of the password file"
            await self._questions.ask("passphrase", words, file.unlock, known=lambda: not file.is_locked())

    async def _with_new_passphrase(self, use: Callable[[str], None], *, ask_for_new: bool = True) -> None:
        if not ask_for_new:
            passphrase = await self._printed_by(self._command())
            await self._in_file(lambda _file: use(passphrase))
            return
        typed: list[str] = []

        def first(text: str) -> None:
            if len(text) < LEAST_PASSPHRASE:
                raise WrongPassphraseError(f"It needs at least {LEAST_PASSPHRASE} characters.")
            typed.append(text)

        def second(text: str) -> None:
            if text != typed[-1]:
                raise WrongPassphraseError("It is not the same.")
            use(text)

        await self._questions.ask("new passphrase", "New passphrase of the password file", first)
        await self._questions.ask("new passphrase again", "The new passphrase again", second)

    def _command(self) -> tuple[str, ...]:
        """The command that prints the passphrase; empty if there is none."""
        line = self._environ.get(COMMAND_VARIABLE, "")
        if not line.strip():
            return self._settings.passphrase_command
        try:
            return tuple(shlex.split(line))
        except ValueError:
            raise SecretError(f"A quote is not closed in {COMMAND_VARIABLE}.", hint="Correct it.") from None

    async def _printed_by(self, command: tuple[str, ...]) -> str:
        from tuimail.config.password_command import first_line
        from tuimail.mail.text import safe_line

        name = f"The passphrase command {safe_line(command[0])}"
        return await first_line(command, name, limit=COMMAND_LIMIT, setting="passphrase_command")


def service_of(server: Server) -> str:
    """The service name of a server's password in every store."""
    return f"tuimail:{server.host}"
