"""``tuimail account login``, ``logout`` and ``passphrase``: passwords stored, moved and removed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from tuimail.cli.output import is_terminal, print_line, print_note
from tuimail.cli.session import engine_on
from tuimail.cli.session import run as run_loop
from tuimail.config.model import Auth, SecretStore, Server
from tuimail.errors import EX_NOPERM, EX_OK, ConfigError, SecretError, StorageError, UsageError
from tuimail.submission.result import AccountProblem

if TYPE_CHECKING:
    from tuimail.config.model import Account, Config
    from tuimail.paths import Paths


class Ways(NamedTuple):
    """What was asked for."""

    store: str | None = None
    """Where passwords go; None: as the config says."""
    check: bool = False
    """Store them only after a sign-in with them."""
    paste: bool = False
    device: bool = False


def login(account: Account, config: Config, paths: Paths, ways: Ways) -> int:
    """Store the passwords of ``account``, or move them to a store; sign in at its provider if it has one."""
    if account.token_servers:
        from tuimail.cli.account_sign_in import sign_in

        if ways.store or ways.check:
            raise UsageError("--store and --check are for passwords; this account signs in at its provider.")
        run_loop(sign_in(account, paste=ways.paste, device=ways.device))
    elif ways.paste or ways.device:
        raise UsageError(f"{account.name} has no [oauth] in the config: --paste and --device do not fit.")
    if _by_user(account) or not account.token_servers:
        _store_passwords(account, config, ways)
    if paths.outbox.is_dir():
        run_loop(_let_go(account, config, paths))
    return EX_OK


def _store_passwords(account: Account, config: Config, ways: Ways) -> None:
    to = SecretStore(ways.store) if ways.store else None
    if config.secrets.plaintext and to in (None, SecretStore.KEYRING):
        print_note("Passwords may be kept where others can read them ([secrets] plaintext in the config).")
    for mine in _needed(account):
        secret = _typed(mine, to)
        if ways.check:
            run_loop(_sign_in(account, secret))
        said = run_loop(_store(mine, account.name, secret, to))
        print_line(f"{said} for {_who(mine)}")
    used = config.secrets.store
    if to not in (None, used) and (used is not SecretStore.AUTO or to is SecretStore.MEMORY):
        print_note(f'tuimail looks there once the config says: [secrets] store = "{to}"')


def logout(account: Account) -> int:
    """Remove the passwords and the sign-in of ``account`` from every store; 77 if one may be left."""
    code = EX_OK
    if account.token_servers:
        from tuimail.cli.account_sign_in import sign_out_of

        run_loop(sign_out_of(account))
    for mine in _by_user(account) if account.token_servers else _needed(account):
        removed, troubles = run_loop(_remove(mine, account.name))
        for trouble in troubles:
            print_note(trouble)
            code = EX_NOPERM
        places = " and the ".join(removed)
        print_line(f"removed from the {places} for {_who(mine)}" if places else f"nothing is stored for {_who(mine)}")
    return code


def change_passphrase() -> int:
    """Change the passphrase of the encrypted file."""
    from tuimail.config.secrets import stores

    run_loop(stores().change_passphrase())
    print_line("the passphrase was changed")
    return EX_OK


def _by_user(account: Account) -> list[list[Server]]:
    """The servers of ``account`` with a stored password, those with one user name together."""
    own = [each for each in account.servers if account.secret_server(each) == each]
    servers = [
        way
        for way in (*own, account.imap)
        if isinstance(way, Server) and way.auth is not Auth.NONE and not way.password_command
    ]
    servers = [each for each in servers if each not in account.token_servers]
    names = dict.fromkeys(server.username for server in servers)
    return [[server for server in servers if server.username == name] for name in names]


def _needed(account: Account) -> list[list[Server]]:
    """The same. Raises ConfigError when there are none."""
    found = _by_user(account)
    if not found:
        raise ConfigError(
            f"The account {account.name} needs no stored password.",
            hint="It signs in with its password_command, or not at all.",
        )
    return found


def _who(servers: list[Server]) -> str:
    return f"{servers[0].username} on {' and '.join(dict.fromkeys(server.host for server in servers))}"


def _typed(servers: list[Server], to: SecretStore | None) -> str:
    """A password: typed without an echo, or the first line of a pipe. If it is empty, the stored one is moved."""
    prompt = f"Password of {_who(servers)}"
    if is_terminal(sys.stdin):
        from getpass import getpass

        secret = getpass(f"{prompt}{' (Return: the stored one)' if to else ''}: ")
    else:
        secret = sys.stdin.readline().rstrip("\r\n")
    if not secret and to is not None:
        return run_loop(_stored(servers))
    if not secret:
        raise UsageError("No password was given; nothing was stored.")
    return secret


async def _stored(servers: list[Server]) -> str:
    from tuimail.config.secrets import stored_secret

    for server in servers:
        value = await stored_secret(server)
        if value:
            return value
    raise UsageError("No password was given, and none is stored.")


async def _sign_in(account: Account, secret: str) -> None:
    """Raises SecretError when a server of the account refuses ``secret``, or could not be asked."""
    from tuimail.accounts.check import check_account
    from tuimail.log import register_secret

    async def typed(_server: Server) -> str:
        return secret

    register_secret(secret)
    for finding in await check_account(account, typed):
        if not finding.ok:
            raise SecretError(f"Nothing was stored. {finding.server}: {finding.words}", hint=finding.hint)


async def _store(servers: list[Server], name: str, secret: str, to: SecretStore | None) -> str:
    """What was done, in words."""
    from tuimail.config.secret_stores import WORDS
    from tuimail.config.secrets import store_secret

    said = ""
    for server in servers:
        try:
            report = await store_secret(server, name, secret, to=to)
        except SecretError as error:
            raise SecretError(f"Nothing was stored. {error}", hint=error.hint) from None
        except StorageError as error:
            raise StorageError(f"Nothing was stored. {error}", hint=error.hint) from None
        for trouble in report.troubles:
            print_note(trouble)
        store = report.stored or SecretStore.MEMORY
        said = f"stored in the {WORDS[store]}" if store is not SecretStore.MEMORY else "stored nowhere"
        if report.removed:
            said += f", removed from the {' and the '.join(WORDS[each] for each in report.removed)}"
    return said


async def _remove(servers: list[Server], name: str) -> tuple[list[str], list[str]]:
    """The stores that it was removed from, and why it may be left in others."""
    from tuimail.config.secret_stores import WORDS
    from tuimail.config.secrets import remove_secret

    reports = [await remove_secret(server, name) for server in servers]
    removed = dict.fromkeys(WORDS[each] for report in reports for each in report.removed)
    return list(removed), list(dict.fromkeys(trouble for report in reports for trouble in report.troubles))


async def _let_go(account: Account, config: Config, paths: Paths) -> None:
    """Release what the old password blocked: the new one has not been refused."""
    async with engine_on(config, paths) as engine:
        if (await engine.accounts.health(account.name)).trouble in (AccountProblem.SIGN_IN, AccountProblem.SECRET):
            await engine.accounts.check_again(account.name)
            print_note(f"Letters of {account.name} that were blocked go on with: tuimail outbox run")
