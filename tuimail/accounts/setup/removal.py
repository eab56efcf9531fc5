"""An account leaves the config, and if the user wants it, its password leaves the stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.accounts.setup.saving import password_servers
from tuimail.config.writing import ConfigFile

if TYPE_CHECKING:
    from tuimail.config.model import Account, Config, Server
    from tuimail.config.writing import ConfigChange
    from tuimail.paths import Paths


@dataclass(frozen=True, slots=True)
class ForgottenPasswords:
    """What became of the passwords of an account."""

    stores: tuple[str, ...]
    """Where they were removed, in words."""
    troubles: tuple[str, ...]
    """Why one may be left, in sentences."""


def own_passwords(account: Account, config: Config) -> tuple[Server, ...]:
    """The servers of ``account`` whose stored password no other account of ``config`` uses."""
    shared = {
        (server.host, server.username)
        for other in config.accounts.values()
        if other.name != account.name
        for server in password_servers(other)
    }
    return tuple(each for each in password_servers(account) if (each.host, each.username) not in shared)


def remove_account(name: str, paths: Paths) -> ConfigChange:
    """Take the account out of the config; its letters in the outbox and its cache stay. Blocks.

    The result's ``config`` is for ``engine.reconfigure``, and ``ConfigFile.undo`` takes it.

    Raises:
        UsageError: there is no such account.
        ConfigError: the config cannot be changed.
        StorageError: the disk refuses.
    """
    return ConfigFile(paths.config_file).remove_account(name)


async def forget_passwords(account: str, servers: tuple[Server, ...]) -> ForgottenPasswords:
    """Remove the passwords of ``servers`` from every store, and from memory."""
    from tuimail.config.secret_stores import WORDS
    from tuimail.config.secrets import remove_secret

    reports = [await remove_secret(server, account) for server in servers]
    return ForgottenPasswords(
        tuple(dict.fromkeys(WORDS[each] for report in reports for each in report.removed)),
        tuple(dict.fromkeys(trouble for report in reports for trouble in report.troubles)),
    )
