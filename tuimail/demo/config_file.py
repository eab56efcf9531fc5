"""The demo's config as a file that other commands can read. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tuimail.config.model import Server

if TYPE_CHECKING:
    from tuimail.config.model import Account, Config

_HEAD = """\
# Written by "tuimail demo" at every start: the server's port is another one each time.
# Other commands can read the demo's mail with it: TUIMAIL_CONFIG=THIS-FILE tuimail folders
"""


def config_text(config: Config) -> str:
    """``config`` in TOML."""
    parts = [_HEAD, f"default_account = {_text(config.default_account)}\n"]
    parts += [_account(each) for each in config.accounts.values()]
    parts.append(f"[ui]\nkeymap = {_text(config.ui.keymap)}\ntheme = {_text(config.ui.theme)}\n")
    return "\n".join(parts)


def _account(account: Account) -> str:
    name, identity, server = account.name, account.identity, account.submission
    lines = [f"[accounts.{name}]", f"address = {_text(identity.address)}", f"name = {_text(identity.name)}"]
    if identity.signature:
        lines.append(f"signature = {_text(identity.signature)}")
    if isinstance(server, Server):
        lines += [
            f"[accounts.{name}.submission]",
            f"host = {_text(server.host)}",
            f"port = {server.port}",
            f"security = {_text(server.security)}",
            f"auth = {_text(server.auth)}",
        ]
    if account.maildir is not None:
        lines += [f"[accounts.{name}.maildir]", f"path = {_text(str(account.maildir))}"]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """A TOML string: JSON's are among them, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
