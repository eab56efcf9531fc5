"""A proposal as settings of the config. Pure.

What is wrong with a field is what config/account finds wrong with the setting that it becomes.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.accounts.discovery.values import SignInKind
from tuimail.accounts.setup.proposal import Reading, Sending
from tuimail.config.account import account_name_fault, read_account
from tuimail.config.model import SentCopy
from tuimail.config.reading import Source, Table, shown
from tuimail.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection

    from tuimail.accounts.setup.proposal import Proposal, ProposedServer
    from tuimail.config.model import Account

_FIELDS = {"maildir.path": "path", "mbox.path": "path", "maildir": "path", "submission.command": "command"}
"""Settings whose field has another name."""
_SHARED = ("password_command", "ca_file")
"""Fields that become settings of both servers."""
_TOKEN = "OAuth 2 takes a command that prints an access token (password_command)."


def settings_of(proposal: Proposal) -> dict[str, object]:
    """The keys and tables of ``[accounts.NAME]``; a command with an open quote is one word."""
    settings: dict[str, object] = {"address": proposal.address}
    if proposal.name:
        settings["name"] = proposal.name
    if proposal.sending is Sending.COMMAND:
        settings["submission"] = {"command": _words(proposal.command)}
    else:
        settings["submission"] = _server(proposal, proposal.submission)
    if proposal.reading is Reading.IMAP:
        settings["imap"] = _server(proposal, proposal.imap)
    elif proposal.reading is not Reading.NONE:
        settings[proposal.reading.value] = {"path": proposal.path}
    if proposal.sent_copy is not SentCopy.AUTO:
        settings["sent"] = {"copy": proposal.sent_copy.value}
    return settings


def faults(proposal: Proposal, taken: Collection[str] = ()) -> dict[str, str]:
    """What is wrong, by field ("account", "address", "imap.host", "path", "password_command"); empty if nothing is.

    ``taken``: names of the accounts that there are.
    """
    found: dict[str, str] = {}
    if wrong := account_name_fault(proposal.account):
        found["account"] = wrong
    elif proposal.account in taken:
        found["account"] = f"There is an account {shown(proposal.account)} already."
    for field, text in (("command", proposal.command), ("password_command", proposal.password_command)):
        if text and _split(text) is None:
            found[field] = "A quote is not closed."
    servers = [("imap", proposal.imap)] * (proposal.reading is Reading.IMAP)
    servers += [("submission", proposal.submission)] * (proposal.sending is Sending.SERVER)
    for key, server in servers:
        if server.sign_in is SignInKind.OAUTH2 and not proposal.password_command.strip():
            found[f"{key}.sign_in"] = _TOKEN
    source = Source(Path("config.toml"))
    read_account(proposal.account, Table(source, (), settings_of(proposal)))
    for problem in source.problems:
        if not problem.warning:
            found.setdefault(_field(problem.key), problem.expected)
    return found


def account_of(proposal: Proposal, file: Path) -> Account:
    """The account that it will be in the config ``file``, from whose folder relative paths are seen.

    Raises:
        ConfigError: a field is wrong.
    """
    for field, words in faults(proposal).items():
        raise ConfigError(f"{field}: {words}", hint="Correct it first.")
    account = read_account(proposal.account, Table(Source(file), (), settings_of(proposal)))
    if account is None:
        raise AssertionError("an account without a fault can be used")
    return account


def _server(proposal: Proposal, server: ProposedServer) -> dict[str, object]:
    settings: dict[str, object] = {"host": server.host}
    port = server.port.strip()
    if port:
        settings["port"] = int(port) if port.isascii() and port.isdecimal() and len(port) < 6 else port
    settings["security"] = server.security.value
    if server.sign_in is SignInKind.NONE:
        settings["auth"] = "none"
    else:
        settings["username"] = server.username or proposal.address
        if server.sign_in is SignInKind.OAUTH2:
            settings["auth"] = "oauth2"
        if proposal.password_command.strip():
            settings["password_command"] = _words(proposal.password_command)
    if proposal.ca_file:
        settings["ca_file"] = proposal.ca_file
    return settings


def _field(key: str) -> str:
    """The field of the setting ``key``."""
    if key in _FIELDS:
        return _FIELDS[key]
    last = key.rpartition(".")[2]
    return last if last in _SHARED else key


def _split(text: str) -> list[str] | None:
    try:
        return shlex.split(text)
    except ValueError:
        return None


def _words(text: str) -> list[str]:
    words = _split(text)
    return [text] if words is None else words
