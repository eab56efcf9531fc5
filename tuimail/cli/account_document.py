"""An account, and what a check of it found, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.config.model import Auth, SecretStore, Server, SubmissionCommand

if TYPE_CHECKING:
    from tuimail.accounts.finding import Finding
    from tuimail.config.model import Account, Config


def account_document(account: Account, config: Config) -> dict[str, object]:
    """The account as JSON; never a secret, nor the command that prints one."""
    store = "keyring" if config.secrets.store is SecretStore.AUTO else str(config.secrets.store)
    return {
        "name": account.name,
        "default": account is config.default,
        "identities": [{"address": each.address, "name": each.name} for each in account.identities],
        "submission": _way_document(account.submission, store),
        "fallback": [_way_document(each, store) for each in account.fallback],
        "rate": str(account.rate) if account.rate else None,
        "imap": _way_document(account.imap, store) if account.imap else None,
        "maildir": str(account.maildir) if account.maildir else None,
        "mbox": str(account.mbox) if account.mbox else None,
        "sent_copy": str(account.sent_copy),
    }


def _way_document(way: Server | SubmissionCommand, store: str) -> dict[str, object]:
    if isinstance(way, SubmissionCommand):
        return {"command": list(way.argv)}
    return {
        "host": way.host,
        "port": way.port,
        "security": str(way.security),
        "username": way.username,
        "auth": str(way.auth),
        "secret": "none" if way.auth is Auth.NONE else "command" if way.password_command else store,
    }


def finding_document(finding: Finding) -> dict[str, object]:
    """One finding as JSON."""
    return {
        "server": finding.server,
        "step": finding.step,
        "ok": finding.ok,
        "words": finding.words,
        "hint": finding.hint,
    }
