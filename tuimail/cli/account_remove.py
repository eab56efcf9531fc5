"""``tuimail account remove``: out of the config, and after a question its password out of the stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.accounts.setup.removal import forget_passwords, own_passwords, remove_account
from tuimail.cli.output import print_json, print_line, print_note
from tuimail.cli.question import confirmed
from tuimail.cli.session import run as run_loop
from tuimail.errors import EX_NOPERM, EX_OK

if TYPE_CHECKING:
    from argparse import Namespace

    from tuimail.config.model import Account, Config
    from tuimail.paths import Paths


def remove(args: Namespace, account: Account, config: Config, paths: Paths) -> int:
    """Remove ``account``; 77 if the user says no, or if a password may be left."""
    name = account.name
    servers = () if args.keep_password else own_passwords(account, config)
    hint = "Write --yes to go on without being asked."
    print_note(f"{name} goes out of {config.file}. Its letters in the outbox and what was read of it stay.")
    if args.dry_run:
        return _told(args, name, removed=False, stores=(), troubles=())
    if not args.yes:
        if not confirmed(f"Remove the account {name}?", usually=False, hint=hint):
            print_note("Nothing was removed.")
            return EX_NOPERM
        users = " and ".join(dict.fromkeys(each.username for each in servers))
        if servers and not confirmed(f"Remove the stored password of {users} too?", usually=False, hint=hint):
            servers = ()
    remove_account(name, paths)
    forgotten = run_loop(forget_passwords(name, servers))
    return _told(args, name, removed=True, stores=forgotten.stores, troubles=forgotten.troubles)


def _told(args: Namespace, name: str, *, removed: bool, stores: tuple[str, ...], troubles: tuple[str, ...]) -> int:
    for trouble in troubles:
        print_note(trouble)
    if args.json:
        print_json({"account": name, "removed": removed, "passwords": list(stores), "notes": list(troubles)})
    elif removed:
        also = f", and its password from the {' and the '.join(stores)}" if stores else ""
        print_line(f"{name} was removed{also}")
    return EX_NOPERM if troubles else EX_OK
