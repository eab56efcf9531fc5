"""config.toml -> Config. An error becomes a Problem, and only the smallest unit around it is ignored.

A wrong setting falls back to its default, a wrong submission server disables its account, a file that is not TOML gives
an empty Config. The content of a file never raises an error.
"""

from __future__ import annotations

import shlex
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.config.account import account_name_fault, read_account
from tuimail.config.model import (
    MOST_UNDO_SECONDS,
    Account,
    Config,
    DelayedSending,
    DeliveryReports,
    OutboxSettings,
    SecretSettings,
    SecretStore,
    SubmissionCommand,
    UiSettings,
    WhenLate,
    WhenRefused,
    WhenUncertain,
)
from tuimail.config.reading import Source, Table, dotted, nearest_to, parse_toml, read_toml, shown
from tuimail.config.reading_table import read_reading

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.config.toml_edit import Keys
    from tuimail.paths import Paths

KEYMAPS = ("pine", "mutt")


def load(paths: Paths) -> Config:
    """The user's config; empty if there is no file, or if other users can write to it."""
    file = paths.config_file
    source = Source(file)
    if not file.exists():
        if file.is_symlink():
            source.complain((), "It is a broken link.")
        return Config(problems=tuple(source.problems))
    root = read_toml(source)
    config = _config(source, root)
    return _private(config, file) if root is not None else config


def parse(text: str, file: Path) -> Config:
    """The config in ``text``; ``file`` is only used in problems. Pure."""
    source = Source(file)
    return _config(source, parse_toml(source, text))


def fault_of(path: Keys, value: object, file: Path) -> str:
    """What is wrong with ``value`` (as TOML has it) as the setting at ``path``; empty if nothing is. Pure.

    Looked at by itself: a value that is wrong only beside others passes. ``file`` is that of ``parse``.
    """
    for key in reversed(path[1:]):
        value = [*({} for _ in range(key)), value] if isinstance(key, int) else {key: value}
    source, own = Source(file), dotted(path)
    _config(source, Table(source, (), {str(path[0]): value}))
    faults = (each for each in source.problems if not each.warning)
    return next(
        (each.expected for each in faults if each.key == own or each.key.startswith((f"{own}[", f"{own}."))), ""
    )


def _config(source: Source, root: Table | None) -> Config:
    if root is None:
        return Config(problems=tuple(source.problems), file=source.file, distrusted=source.distrusted)
    default = root.text("default_account")
    accounts = _accounts(root)
    outbox = _outbox(root)
    ui = _ui(root)
    reading = read_reading(root)
    secrets = _secrets(root)
    root.finish()
    if default and default not in accounts:
        written = root.values.get("accounts")
        if isinstance(written, dict) and default in written:
            root.complain("default_account", f"The account {shown(default)} is not used; see its own problem.")
        else:
            root.complain(
                "default_account", f"There is no account {shown(default)}.", nearest=nearest_to(default, accounts)
            )
        default = ""
    return Config(
        accounts=accounts,
        default_account=default or next(iter(accounts), ""),
        outbox=outbox,
        ui=ui,
        reading=reading,
        secrets=secrets,
        problems=tuple(sorted(source.problems, key=lambda problem: problem.line)),
        file=source.file,
    )


def _accounts(root: Table) -> dict[str, Account]:
    found: dict[str, Account] = {}
    tables = root.table("accounts")
    if tables is None:
        return found
    for name in tables.names():
        wrong = account_name_fault(name)
        if wrong:
            tables.complain(name, wrong)
            continue
        table = tables.table(name)
        account = read_account(name, table) if table is not None else None
        if account is not None:
            found[name] = account
    return found


def _outbox(root: Table) -> OutboxSettings:
    usual = OutboxSettings()
    table = root.table("outbox")
    if table is None:
        return usual
    settings = OutboxSettings(
        undo_seconds=table.number("undo_seconds", usual.undo_seconds, least=0, most=MOST_UNDO_SECONDS, unit="seconds"),
        when_uncertain=table.choice("when_uncertain", WhenUncertain.ASK),
        when_some_refused=table.choice("when_some_refused", WhenRefused.SEND),
        when_late=table.choice("when_late", WhenLate.SEND),
        later=table.choice("later", DelayedSending.HERE),
        delivery_reports=table.choice("delivery_reports", DeliveryReports.TROUBLE),
    )
    table.finish()
    return settings


def _ui(root: Table) -> UiSettings:
    usual = UiSettings()
    table = root.table("ui")
    if table is None:
        return usual
    settings = UiSettings(
        keymap=table.text("keymap", usual.keymap, check=_keymap_fault),
        theme=table.text("theme", usual.theme, check=_not_empty),
        editor=table.text("editor", usual.editor, check=_not_empty),
        bell=table.flag("bell", usual.bell),
        notifications=table.choice("notifications", usual.notifications),
    )
    table.finish()
    return settings


def _secrets(root: Table) -> SecretSettings:
    table = root.table("secrets")
    if table is None:
        return SecretSettings()
    settings = SecretSettings(
        store=table.choice("store", SecretStore.AUTO),
        plaintext=table.flag("plaintext", False),
        passphrase_command=table.argv("passphrase_command"),
    )
    if settings.plaintext:
        table.warn("plaintext", "Passwords may be kept where others can read them.")
    table.finish(meant={"passphrase": "A passphrase does not belong in this file: use passphrase_command."})
    return settings


def _keymap_fault(name: str) -> str:
    if name in KEYMAPS or name.endswith(".toml") or "/" in name:
        return ""
    close = nearest_to(name, KEYMAPS)
    return f'Must be "pine", "mutt" or the path of a keys file, not {shown(name)}.' + (
        f" Did you mean {close}?" if close else ""
    )


def _not_empty(text: str) -> str:
    return "" if text.strip() else "Must not be empty."


def _private(config: Config, file: Path) -> Config:
    """Warn if others may read a file with commands, which may contain secrets."""
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except OSError:
        return config
    if not mode & 0o044 or not (
        config.secrets.passphrase_command or any(_holds_command(account) for account in config.accounts.values())
    ):
        return config
    source = Source(file)
    source.complain((), f"Others may read this file; run: chmod 600 {shlex.quote(str(file))}", warning=True)
    return replace(config, problems=(*source.problems, *config.problems))


def _holds_command(account: Account) -> bool:
    """Whether using the account runs a program the file names."""
    if account.oauth is not None and account.oauth.client_secret_command:
        return True
    servers = (account.submission, account.imap, *account.fallback)
    return any(
        isinstance(each, SubmissionCommand) or (each is not None and bool(each.password_command)) for each in servers
    )
