"""Where tuimail keeps its files: XDG folders, 0700, files 0600.

Defines the layout of every folder; no other module joins path names below them::

    config/   config.toml keys.toml searches.toml themes/*.toml
    data/     outbox/  journal/  drafts/<id>/  unsent/  accounts/<name>/Maildir  correspondents.db  secrets
    cache/    may be deleted at any time
    state/    tuimail.log  outbox-witness  sign-in.json
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Paths:
    """The four folders and the names below them."""

    config_file: Path
    data: Path
    cache: Path
    state: Path

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Paths:
        """The XDG folders of this user; ``TUIMAIL_CONFIG`` names another config file.

        Raises:
            UsageError: there is no HOME, and the system has no home folder for this user.
        """
        env = os.environ if environ is None else environ
        home = Path(env.get("HOME") or _home_of_user())

        def base(variable: str, fallback: str) -> Path:
            value = env.get(variable, "")
            # The XDG specification: ignore a relative path in these variables.
            root = Path(value) if value.startswith("/") else home / fallback
            return root / "tuimail"

        named = env.get("TUIMAIL_CONFIG")
        config_file = _expanded(named) if named else base("XDG_CONFIG_HOME", ".config") / "config.toml"
        return cls(
            config_file=config_file,
            data=base("XDG_DATA_HOME", ".local/share"),
            cache=base("XDG_CACHE_HOME", ".cache"),
            state=base("XDG_STATE_HOME", ".local/state"),
        )

    @classmethod
    def under(cls, root: Path) -> Paths:
        """Everything below one private folder (the demo, the tests)."""
        return cls(root / "config" / "config.toml", root / "data", root / "cache", root / "state")

    @property
    def keys_file(self) -> Path:
        """The user's own keys, beside the config file."""
        return self.config_file.parent / "keys.toml"

    @property
    def searches_file(self) -> Path:
        """The user's saved searches, beside the config file."""
        return self.config_file.parent / "searches.toml"

    @property
    def themes(self) -> Path:
        """The user's own themes."""
        return self.config_file.parent / "themes"

    @property
    def outbox(self) -> Path:
        """Letters and the index database."""
        return self.data / "outbox"

    @property
    def journal(self) -> Path:
        """What is done to received mail, for all accounts."""
        return self.data / "journal"

    @property
    def drafts(self) -> Path:
        """One folder per draft."""
        return self.data / "drafts"

    @property
    def opened(self) -> Path:
        """Attachments handed to other programs."""
        return self.cache / "opened"

    @property
    def unsent(self) -> Path:
        """Standard input that could not be queued."""
        return self.data / "unsent"

    @property
    def correspondents(self) -> Path:
        """Addresses of earlier recipients."""
        return self.data / "correspondents.db"

    @property
    def secrets_file(self) -> Path:
        """Passwords, encrypted, where there is no keyring (config/password_file)."""
        return self.data / "secrets"

    @property
    def log_file(self) -> Path:
        """The log, without message text, addresses or secrets."""
        return self.state / "tuimail.log"

    @property
    def outbox_audit_log(self) -> Path:
        """The result of each letter, so that a restored outbox sends nothing again (outbox/store/audit_log)."""
        return self.state / "outbox-witness"

    @property
    def sign_in_file(self) -> Path:
        """The strongest mechanism that each account signed in with (sasl)."""
        return self.state / "sign-in.json"

    def account_maildir(self, account: str) -> Path:
        """The account's local Maildir (contains ``Sent`` if there is no server folder)."""
        return self.data / "accounts" / account / "Maildir"


def _home_of_user() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise UsageError("This user has no home folder.", hint="Name one with the variable HOME.") from None


def _expanded(named: str) -> Path:
    try:
        return Path(named).expanduser()
    except RuntimeError:
        return Path(named)  # ~nobody/x: a name like any other
