"""``tuimail account``: adds, lists, checks and removes accounts; stores, moves and removes their passwords."""

from __future__ import annotations

import sys
from time import time
from typing import TYPE_CHECKING

from tuimail.accounts.finding import Step
from tuimail.cli.account_document import account_document, finding_document
from tuimail.cli.account_notices import notices_of
from tuimail.cli.account_options import add_options, remove_options
from tuimail.cli.dates import format_timestamp
from tuimail.cli.document import notice_document
from tuimail.cli.output import (
    BOLD,
    DIM,
    GREEN,
    RED,
    Style,
    print_json,
    print_line,
    print_note,
    print_table,
)
from tuimail.cli.parser import Parser
from tuimail.cli.session import account_named, engine_on, load_config, no_account, outbox_of
from tuimail.cli.session import run as run_loop
from tuimail.errors import EX_NOPERM, EX_OK, EX_UNAVAILABLE

if TYPE_CHECKING:
    from argparse import Namespace

    from tuimail.accounts.finding import Finding
    from tuimail.config.model import Account, Config
    from tuimail.paths import Paths

VERBS = {
    "add": "find the servers of an address, sign in, and save it",
    "list": "the accounts and where their letters leave",
    "check": "try each server: reachable? secure? signed in?",
    "remove": "take it out of the config, and its password out of the stores",
    "login": "store a password in the keyring or the encrypted file, or move it there",
    "logout": "remove the stored password",
    "passphrase": "change the passphrase of the encrypted file",
}
"""Verb -> its line in the help."""


def parser() -> Parser:
    """Its options."""
    listed = "\n".join(f"  {name:<10} {words}" for name, words in VERBS.items())
    made = Parser(
        prog="tuimail account",
        description=f"The accounts of the config.\n\n{listed}",
        examples=(
            "tuimail account add ada@example.org",
            "tuimail account list",
            "tuimail account check work",
            "tuimail account login work",
            "tuimail account login work --store file",
        ),
    )
    verbs = made.add_subparsers(dest="verb", metavar="VERB")
    for name, words in VERBS.items():
        sub = verbs.add_parser(name, description=f"{words[:1].upper()}{words[1:]}.")
        if name == "add":
            add_options(sub)
        if name == "remove":
            remove_options(sub)
        if name in ("check", "login", "logout"):
            sub.add_argument("name", nargs="?", default="", metavar="NAME", help="this account")
        if name in ("list", "check"):
            sub.add_argument("--json", action="store_true", help="print one JSON document")
        if name == "login":
            sub.add_argument(
                "--store",
                choices=("keyring", "file", "memory"),
                help="where; else as [secrets] in the config says",
            )
            sub.add_argument("--check", action="store_true", help="sign in first, and store nothing if that fails")
            sub.add_argument(
                "--paste", action="store_true", help="with OAuth 2: paste the address where the browser ends"
            )
            sub.add_argument("--device", action="store_true", help="with OAuth 2: type a code at the provider")
    return made


def run(argv: list[str], paths: Paths) -> int:
    """Run the command; without a verb, list."""
    args = parser().parse_args(argv if argv[:1] and argv[0] != "--json" else ["list", *argv])
    config = load_config(paths)
    if args.verb == "list":
        return _list(args, config, paths)
    if args.verb == "add":
        from tuimail.cli import account_add

        return account_add.add(args, config, paths)
    if args.verb == "passphrase":
        from tuimail.cli.account_login import change_passphrase

        return change_passphrase()
    accounts = [account_named(config, paths, args.name)] if args.name else list(config.accounts.values())
    if not accounts:
        raise no_account(config, paths)
    if args.verb == "remove":
        from tuimail.cli import account_remove

        return account_remove.remove(args, accounts[0], config, paths)
    if args.verb in ("login", "logout"):
        from tuimail.cli.account_login import Ways, login, logout

        account = account_named(config, paths, args.name) if args.name else config.default or accounts[0]
        if args.verb == "logout":
            return logout(account)
        way = Ways(args.store, args.check, args.paste, args.device)
        return login(account, config, paths, way)
    return run_loop(_check(args, config, paths, accounts))


def _list(args: Namespace, config: Config, paths: Paths) -> int:
    with outbox_of(config, paths) as outbox:
        notices = notices_of(outbox, config)
    if args.json:
        print_json(
            [
                {
                    **account_document(account, config),
                    "notice": notice_document(notices[account.name]) if account.name in notices else None,
                }
                for account in config.accounts.values()
            ]
        )
        return EX_OK
    if not config.accounts:
        raise no_account(config, paths)
    print_table(
        [
            (
                "*" if account is config.default else " ",
                account.name,
                str(account.identity),
                f"via {account.via}",
                _reads(account),
            )
            for account in config.accounts.values()
        ]
    )
    style = Style(sys.stdout)
    now = time()
    for notice in notices.values():
        since = f" (since {format_timestamp(notice.since)})" if notice.since is not None else ""
        print_line(f"{style('!!' if notice.needs_you else '..', RED, BOLD)}  {notice.title}{since}")
        for line in (notice.happened, notice.what_to_do(now)):
            print_line(f"    {style(line, DIM)}")
    return EX_OK


def _reads(account: Account) -> str:
    return f"imap {account.imap.host}:{account.imap.port}" if account.imap else ""


async def _check(args: Namespace, config: Config, paths: Paths, accounts: list[Account]) -> int:
    from tuimail.cli.account_check import check

    code = EX_OK
    documents: list[dict[str, object]] = []
    for account in accounts:
        if not args.json:
            print_line(f"{account.name}  {account.identity}")
        findings = await check(account, tell=_silent if args.json else say_finding, show=not args.json)
        good = all(finding.ok for finding in findings)
        code = code or verdict(findings)
        documents.append(
            {"account": account.name, "ok": good, "findings": [finding_document(each) for each in findings]}
        )
        if good and paths.outbox.is_dir():
            # The account works: clear its problem in the outbox, so that blocked letters are sent.
            async with engine_on(config, paths) as engine:
                if (await engine.accounts.health(account.name)).trouble is not None:
                    await engine.accounts.check_again(account.name)
                    print_note(f"Letters of {account.name} that were blocked go on with: tuimail outbox run")
    if args.json:
        print_json(documents[0] if args.name else documents)
    return code


def verdict(findings: tuple[Finding, ...]) -> int:
    """The exit code of a check: 77 if a sign-in or a secret failed, 69 for any other failure."""
    failed = [finding for finding in findings if not finding.ok]
    if not failed:
        return EX_OK
    return EX_NOPERM if any(finding.step is Step.SIGN_IN for finding in failed) else EX_UNAVAILABLE


def say_finding(finding: Finding) -> None:
    """Print one finding as a line, with its hint below."""
    style = Style(sys.stdout)
    mark = style("ok", GREEN) if finding.ok else style("!!", RED, BOLD)
    sys.stdout.write(f"  {mark}  {style(finding.server)}  {style(finding.words)}\n")
    if finding.hint and not finding.ok:
        sys.stdout.write(f"      {style(finding.hint, DIM)}\n")
    sys.stdout.flush()


def _silent(finding: Finding) -> None:
    del finding
