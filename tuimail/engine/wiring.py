"""From an account's name to its way out, its secret and its identity."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from tuimail.config.model import Command
from tuimail.errors import ConfigError, MessageError

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft
    from tuimail.config.model import Account, Config, Identity
    from tuimail.events import Announcer
    from tuimail.paths import Paths
    from tuimail.submission.submitter import Submitter


class Wiring:
    """What the config says, as things that work."""

    def __init__(self, config: Config, paths: Paths, announcer: Announcer) -> None:
        self._config = config
        self._paths = paths
        self._announcer = announcer

    def bound(self, draft: Draft) -> tuple[Account, Identity]:
        """The account and identity a draft names; only an unnamed one gets the default (rule 13 of the outbox).

        Raises:
            ConfigError: the account is not in the config.
            MessageError: the account has no such identity.
        """
        if not self._config.accounts:
            raise ConfigError(
                "There is no account to send with.",
                hint=f"Describe one in {self._paths.config_file} (the README shows how).",
            )
        account = self._config.accounts.get(draft.account) if draft.account else self._config.default
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

    def submitter_for(self, name: str) -> Submitter | None:
        """The way out of an account, or None when there is no such account."""
        account = self._config.accounts.get(name)
        if account is None:
            return None
        from tuimail.submission.route import submitter_for

        return submitter_for(
            account,
            partial(self.secret, account),
            self._config.outbox,
        )

    async def secret(self, account: Account) -> str:
        """The password or token of the account's submission server. Raises SecretError."""
        if isinstance(account.submission, Command):
            return ""
        from tuimail.config.secrets import secret_for

        return await secret_for(account.submission, account.name, announce=self._announcer.announce)


def fingerprint(account: Account) -> str:
    """Changes with any setting of the account's way out."""
    return hashlib.sha256(repr(account.submission).encode()).hexdigest()
