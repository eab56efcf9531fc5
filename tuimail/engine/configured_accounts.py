"""From an account's name to its identity, its submitter and its secrets."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tuimail.config.model import CONNECTIONS
from tuimail.errors import ConfigError, MessageError

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft
    from tuimail.config.model import Account, Auth, Config, Identity, Server
    from tuimail.events import Announcer
    from tuimail.paths import Paths
    from tuimail.submission.failover import Preference
    from tuimail.submission.submitter import Submitter


class Renewed(NamedTuple):
    """What differs between two configs; names of accounts."""

    accounts: frozenset[str]
    """Those that came, went, or have other settings."""
    sending: frozenset[str]
    """Those whose open connections are of the config before."""


class ConfiguredAccounts:
    """What the config says of the accounts, as objects that work. The config may be replaced at any time."""

    def __init__(self, config: Config, paths: Paths, announcer: Announcer) -> None:
        self.config = config
        """The one in force."""
        self._paths = paths
        self._announcer = announcer
        self._preferences: dict[str, Preference] = {}

    def replace(self, config: Config) -> Renewed:
        """Go by another config from now on; passwords of servers that are gone or asked for otherwise are forgotten.

        Returns:
            What differs.
        """
        from tuimail.config.secrets import forget

        before, self.config = self.config, config
        names = dict.fromkeys((*before.accounts, *config.accounts))
        changed = [each for each in names if before.accounts.get(each) != config.accounts.get(each)]
        for name in changed:
            self._preferences.pop(name, None)
            old, new = before.accounts.get(name), config.accounts.get(name)
            if old is not None and (new is None or _asks_otherwise(old, new)):
                forget(name)
        sending = names if before.outbox != config.outbox else changed
        return Renewed(frozenset(changed), frozenset(each for each in sending if each in before.accounts))

    def bound(self, draft: Draft) -> tuple[Account, Identity]:
        """The account and identity a draft names; only an unnamed one gets the default (rule 13 of the outbox).

        Raises:
            ConfigError: the account is not in the config.
            MessageError: the account has no such identity.
        """
        if not self.config.accounts:
            raise ConfigError(
                "There is no account to send with.",
                hint="Add one with: tuimail account add",
            )
        account = self.config.accounts.get(draft.account) if draft.account else self.config.default
        if account is None:
            raise ConfigError(f"There is no account {draft.account!r}.", hint="Choose another in the From line.")
        identity = account.identity_for(draft.identity) if draft.identity else account.identity
        if identity is None:
            raise MessageError(
                f"The account {account.name} has no identity {draft.identity}.",
                hint="Choose another in the From line, or add it to the account's aliases.",
                field="from",
            )
        return account, identity

    def chosen(self, name: str) -> Account:
        """The account the user names. Raises ConfigError when the config has none of this name."""
        if name not in self.config.accounts:
            listed = ", ".join(self.config.accounts) or "none"
            raise ConfigError(f"There is no account {name!r}.", hint=f"There are: {listed}.")
        return self.config.accounts[name]

    def get(self, name: str) -> Account | None:
        """The account ``name``; None when the config has none."""
        return self.config.accounts.get(name)

    def account(self, name: str) -> Account:
        """The account ``name``. Raises ConfigError when the config has none."""
        account = self.config.accounts.get(name)
        if account is None:
            raise ConfigError(
                f"The account {name!r} is not in the config any more.",
                hint=f"Put it back into {self._paths.config_file}, or edit the letter and choose another.",
            )
        return account

    def submitter_for(self, name: str) -> Submitter:
        """What submits the letters of an account. Raises ConfigError when there is no such account."""
        from tuimail.submission.route import submitter_for

        account = self.account(name)
        preference = None
        if account.fallback:
            from tuimail.submission.failover import Preference

            preference = self._preferences.setdefault(name, Preference())
        return submitter_for(account, partial(self._secret, account), self.config.outbox, preference)

    def connections(self, name: str) -> int:
        """How many letters of an account may be sent at the same time."""
        account = self.config.accounts.get(name)
        return CONNECTIONS if account is None else account.submission.connections

    async def imap_secret(self, account: Account) -> str:
        """The password or token of the account's IMAP server. Raises SecretError."""
        return await self._secret(account, account.imap)

    async def _secret(self, account: Account, server: Server | None) -> str:
        if server is None:
            return ""
        from tuimail.accounts.sign_in_secret import sign_in_secret

        return await sign_in_secret(account, server, announce=self._announcer.announce)


def fingerprint(account: Account) -> str:
    """Changes with any setting by which the account sends."""
    settings = repr(account.submission) + "".join(map(repr, account.fallback))
    if account.oauth is not None:
        settings += repr(account.oauth)
    return hashlib.sha256(settings.encode()).hexdigest()


def _asks_otherwise(before: Account, after: Account) -> bool:
    """A server that both have, by the same name, gets its password from elsewhere."""

    def ways(account: Account) -> dict[tuple[str, str], tuple[Auth, tuple[str, ...]]]:
        servers = (each for each in (*account.servers, account.imap) if each is not None)
        return {(each.host, each.username): (each.auth, each.password_command) for each in servers}

    old, new = ways(before), ways(after)
    return any(old[each] != new[each] for each in old.keys() & new.keys())
