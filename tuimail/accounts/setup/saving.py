"""Saves an account that was proven: its password goes to a store, then its settings to the config. Both or neither."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuimail.accounts.setup.settings import settings_of
from tuimail.config import secrets
from tuimail.config.loader import load
from tuimail.config.model import Auth, SecretStore, Server
from tuimail.config.writing import ConfigFile
from tuimail.errors import ConfigError, SecretError, StorageError, TuimailError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.accounts.setup.proving import Proof
    from tuimail.config.model import Account, Config
    from tuimail.config.writing import ConfigChange
    from tuimail.paths import Paths


@dataclass(frozen=True, slots=True)
class SavedAccount:
    """An account that is in the config now."""

    config: Config
    """For ``engine.reconfigure``."""
    account: str
    """Its name."""
    stored: SecretStore | None
    """Where its password is; None: it has none that is stored."""
    troubles: tuple[str, ...]
    """What the user should know, in sentences."""
    _paths: Paths = field(repr=False)
    _changes: tuple[ConfigChange, ...] = field(repr=False)
    _passwords: _Passwords = field(repr=False)

    async def undo(self) -> tuple[Config, tuple[str, ...]]:
        """Take it out of the config again, and its password out of the store.

        Returns:
            The config as it is then, and why a password may be left, in sentences.

        Raises:
            ConfigError: the config was changed meanwhile; nothing is undone.
            StorageError: the disk refuses.
        """
        config = await asyncio.to_thread(_undo, self._paths, self._changes)
        return config, tuple(await self._passwords.take_back())


async def save(proof: Proof, paths: Paths, *, store: SecretStore | None = None, anyway: bool = False) -> SavedAccount:
    """Save the account of ``proof``.

    Args:
        proof: all worked.
        paths: where the config and the encrypted file are.
        store: where the password goes; None: as ``[secrets]`` says.
        anyway: the user wants it although a server could not be reached.

    Raises:
        ConfigError: it was not proven; or the config cannot be changed.
        SecretError: the password cannot be stored.
        StorageError: the disk refuses.
    Nothing is saved then; where a password may be left, the hint says so.
    """
    if not proof.proven and not (anyway and proof.offline):
        raise ConfigError("The account was not saved: it does not work yet.", hint="Correct it, and try again.")
    before = await asyncio.to_thread(load, paths)
    passwords = _Passwords(proof)
    setting, note = _store_setting(before, store if passwords.servers else None)
    try:
        troubles = await passwords.store(store)
        writing = asyncio.create_task(asyncio.to_thread(_write, proof, paths, setting))
        try:
            changes = await asyncio.shield(writing)
        except asyncio.CancelledError:
            with suppress(TuimailError):
                await asyncio.to_thread(_undo, paths, await writing)
            raise
    except BaseException as error:
        left = await passwords.take_back()
        if isinstance(error, TuimailError) and left:
            error.hint = " ".join(filter(None, (error.hint, *left)))
        raise
    config = changes[-1].config
    notes = (*troubles, *filter(None, (note,)))
    return SavedAccount(config, proof.account.name, passwords.stored, notes, paths, changes, passwords)


def password_servers(account: Account) -> tuple[Server, ...]:
    """Those with a stored password: each host and user name once."""
    own = [each for each in account.servers if account.secret_server(each) == each]
    found = [
        each
        for each in (*own, account.imap)
        if isinstance(each, Server) and each.auth is not Auth.NONE and not each.password_command
    ]
    return tuple({(each.host, each.username): each for each in found}.values())


class _Passwords:
    """Those of one account in the stores, and what was there before."""

    def __init__(self, proof: Proof) -> None:
        self._account = proof.account.name
        self._secret = proof.secret
        self.servers = password_servers(proof.account)
        self.stored: SecretStore | None = None
        self._before: dict[Server, str | None] = {}

    async def store(self, to: SecretStore | None) -> list[str]:
        """Store them; why an older copy may be left, in sentences."""
        troubles: list[str] = []
        for server in self.servers:
            earlier = None
            with suppress(SecretError, StorageError):
                earlier = await secrets.stored_secret(server)
            self._before[server] = earlier
            report = await secrets.store_secret(server, self._account, self._secret.value, to=to)
            self.stored = report.stored
            troubles += report.troubles
        if self.stored is SecretStore.MEMORY:
            for server in self.servers:  # each one that is stored makes those before it forgotten
                secrets.remember(server, self._account, self._secret.value)
        return list(dict.fromkeys(troubles))

    async def take_back(self) -> list[str]:
        """Put back what was there before; why one may be left, in sentences."""
        left: list[str] = []
        for server, earlier in self._before.items():
            try:
                if earlier is None:
                    left += (await secrets.remove_secret(server, self._account)).troubles
                else:
                    left += (await secrets.store_secret(server, self._account, earlier)).troubles
            except (SecretError, StorageError) as error:
                left.append(f"The password may be left where it was stored. {error}")
        self._before.clear()
        return list(dict.fromkeys(left))


def _store_setting(config: Config, store: SecretStore | None) -> tuple[str, str]:
    """The ``[secrets] store`` to be written so that the password is found again, or a sentence about it.

    The first account may choose for all; a later one does not change where those before it have theirs.
    """
    used = config.secrets.store
    found = store in (None, used) or (used is SecretStore.AUTO and store is not SecretStore.MEMORY)
    if found or store is None:
        return "", ""
    if not config.accounts:
        return store.value, ""
    return "", f'tuimail looks there once the config says: [secrets] store = "{store.value}"'


def _write(proof: Proof, paths: Paths, store: str) -> tuple[ConfigChange, ...]:
    file = ConfigFile(paths.config_file)
    changes = [file.set("secrets.store", store)] if store else []
    try:
        changes.append(file.add_account(proof.account.name, settings_of(proof.proposal)))
    except TuimailError:
        with suppress(TuimailError):
            _undo(paths, changes)
        raise
    if store:
        secrets.configure(changes[-1].config.secrets, paths.secrets_file)
    return tuple(changes)


def _undo(paths: Paths, changes: Sequence[ConfigChange]) -> Config:
    file = ConfigFile(paths.config_file)
    undone = [file.undo(each) for each in reversed(changes)]
    config = undone[-1].config if undone else load(paths)
    secrets.configure(config.secrets, paths.secrets_file)
    return config
