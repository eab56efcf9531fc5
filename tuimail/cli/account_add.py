"""``tuimail account add``: finds the servers of an address, signs in, and only then saves password and settings."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.accounts.setup.proposal import Proposal, ProposedServer, Reading, Sending, by_hand, of_found
from tuimail.accounts.setup.settings import account_of, faults, settings_of
from tuimail.accounts.setup.wording import listed
from tuimail.cli.account_document import account_document, finding_document
from tuimail.cli.account_proposal import lines_of_disclosures, lines_of_failures, lines_of_proposal
from tuimail.cli.output import is_terminal, print_error, print_json, print_line, print_note
from tuimail.cli.question import can_ask, confirmed
from tuimail.cli.session import run as run_loop
from tuimail.config.model import Config, SecretStore, Security
from tuimail.errors import EX_NOPERM, EX_OK, EX_UNAVAILABLE, AddressError, SecretError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from tuimail.accounts.finding import Finding
    from tuimail.accounts.setup.proving import Proof
    from tuimail.accounts.setup.saving import SavedAccount
    from tuimail.config.model import Account
    from tuimail.paths import Paths

TRIES = 3
"""How often a password is asked for."""
_YES = "Write --yes to go on without being asked."
_NOTHING = "Nothing was saved."
_BY_HAND = "Name the servers yourself: --imap HOST --smtp HOST"


def add(args: Namespace, config: Config, paths: Paths) -> int:
    """Add an account."""
    proposal = _proposal(args, config)
    if isinstance(proposal, int):
        return proposal
    if not proposal.source:
        _refuse_faults(proposal, config)  # what is wrong is what was typed, not what was found
    for line in lines_of_proposal(proposal):
        print_note(line)
    _refuse_faults(proposal, config)
    if args.dry_run:
        return _show(proposal, args, paths)
    if not _agreed(proposal, args):
        print_note(_NOTHING)
        return EX_NOPERM
    proof = _proven(proposal, paths)
    if not proof.proven and not _wanted_anyway(proof):
        return _failed(proof, args)
    from tuimail.accounts.setup.saving import save

    store = SecretStore(args.store) if args.store else None
    saved = run_loop(save(proof, paths, store=store, anyway=not proof.proven))
    return _done(proof, saved, args)


# -- what is to be added


def _proposal(args: Namespace, config: Config) -> Proposal | int:
    """The account as far as it is known; an exit code if it goes no further, for a reason that was told."""
    address = _address(args)
    servers_named = (args.imap or args.maildir or args.mbox) and (args.smtp or args.submission_command)
    taken = tuple(config.accounts)
    made = by_hand(address, taken, name=args.name) if servers_named else _found(address, args, taken)
    if isinstance(made, int):
        return made
    made = replace(made, password_command=args.password_command, ca_file=args.ca_file)
    if args.account:
        made = replace(made, account=args.account)
    if args.maildir or args.mbox:
        reading = Reading.MAILDIR if args.maildir else Reading.MBOX
        made = replace(made, reading=reading, path=args.maildir or args.mbox)
    if args.imap:
        made = replace(made, imap=_named(args.imap, 993))
    if args.smtp:
        made = replace(made, submission=_named(args.smtp, 465))
    if args.submission_command:
        made = replace(made, sending=Sending.COMMAND, command=args.submission_command)
    if args.user:
        imap, submission = (replace(each, username=args.user) for each in (made.imap, made.submission))
        made = replace(made, imap=imap, submission=submission)
    return made


def _address(args: Namespace) -> str:
    from tuimail.mail.address import parse_address

    text = args.address
    if not text:
        if not can_ask():
            raise UsageError("The address is missing.", hint="For example: tuimail account add ada@example.org")
        sys.stderr.write("Your address: ")
        sys.stderr.flush()
        text = sys.stdin.readline().strip()
    parsed = parse_address(text)
    if parsed.display_name and not args.name:
        args.name = parsed.display_name
    return parsed.addr_spec


def _found(address: str, args: Namespace, taken: tuple[str, ...]) -> Proposal | int:
    from tuimail.accounts.discovery import discover, planned

    disclosures = planned(address)
    if disclosures:
        for line in lines_of_disclosures(disclosures):
            print_note(line)
        if not args.yes and not confirmed("Look for them?", usually=True, hint=_YES):
            print_note(f"{_NOTHING} {_BY_HAND}")
            return EX_NOPERM
    report = run_loop(discover(address))
    if report.best is None:
        print_error("No servers were found for this address.", _BY_HAND)
        for line in lines_of_failures(report):
            print_note(line)
        if args.json:
            reasons = [{"source": each.source, "reason": each.reason} for each in report.failures]
            print_json({"account": None, "address": address, "saved": False, "failures": reasons})
        return EX_UNAVAILABLE
    return of_found(report.best, address, taken, name=args.name)


def _named(text: str, usual_port: int) -> ProposedServer:
    """The server of ``HOST[:PORT]``; how it is encrypted goes by its port."""
    from tuimail.config.account import STARTTLS_PORTS, is_address

    match = None if is_address(text) else re.fullmatch(r"\[?([^\[\]]+?)\]?:(\d{1,5})", text)
    host, port = (match[1], int(match[2])) if match else (text.strip("[]"), usual_port)
    return ProposedServer(host, str(port), Security.STARTTLS if port in STARTTLS_PORTS else Security.TLS)


def _refuse_faults(proposal: Proposal, config: Config) -> None:
    for field, words in faults(proposal, tuple(config.accounts)).items():
        sentence = f"{field.replace('.', ' ').replace('_', ' ')}: {words}"
        if field.endswith("sign_in"):
            raise SecretError(sentence, hint=" ".join(proposal.notes))
        if field == "address":
            raise AddressError(words, text=proposal.address)
        raise UsageError(sentence)


def _agreed(proposal: Proposal, args: Namespace) -> bool:
    """The user wants these servers. Hosts that unprotected DNS names are not covered by --yes."""
    if proposal.unconfirmed:
        return confirmed(
            f"Is it right that your password goes to {listed(proposal.unconfirmed)}?",
            usually=False,
            hint="If that is right, name them yourself: --imap HOST --smtp HOST",
        )
    return args.yes or confirmed("Is that right?", usually=True, hint=_YES)


# -- does it work


def _proven(proposal: Proposal, paths: Paths) -> Proof:
    """Ask for the password, and sign in; again while somebody can be asked and it is refused."""
    from tuimail.accounts.setup.proving import prove

    tries = TRIES if proposal.wants_password and can_ask() else 1
    while True:
        secret = _typed(proposal) if proposal.wants_password else ""
        proof = run_loop(prove(proposal, secret, paths.config_file, progress=_say))
        tries -= 1
        if not proof.refused or not tries:
            return proof


def _typed(proposal: Proposal) -> str:
    """What is typed without an echo, or the first line of a pipe."""
    what = "App password" if proposal.wants_app_password else "Password"
    if sys.stdin is None:
        raise UsageError("No password was given; nothing was saved.")
    if is_terminal(sys.stdin):
        from tuimail.cli.ask_secret import typed_secret

        secret = typed_secret(f"{what} of {proposal.address} for {listed(proposal.hosts)}: ")
    else:
        secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise UsageError("No password was given; nothing was saved.")
    return secret


def _say(finding: Finding) -> None:
    print_note(f"  {'ok' if finding.ok else '!!'}  {finding.server}  {finding.words}")
    if finding.hint and not finding.ok:
        print_note(f"      {finding.hint}")


def _wanted_anyway(proof: Proof) -> bool:
    return proof.offline and can_ask() and confirmed("Save it although it was not tried?", usually=False, hint="")


# -- what came of it


def _failed(proof: Proof, args: Namespace) -> int:
    if args.json:
        print_json(_document(proof.proposal, proof.account, proof, saved=None))
    print_note(_NOTHING)
    return EX_NOPERM if proof.refused else EX_UNAVAILABLE


def _done(proof: Proof, saved: SavedAccount, args: Namespace) -> int:
    for each in saved.troubles:
        print_note(each)
    account = proof.account
    if args.json:
        print_json(_document(proof.proposal, account, proof, saved=saved))
        return EX_OK
    works = "is saved, but was not tried,"
    if proof.proven:
        works = "reads and sends mail" if account.has_mail else "sends mail"
    then = f"sync {account.name}" if account.is_on_server else f"folders {account.name}"
    if not account.has_mail:
        then = f"compose --account {account.name}"
    print_line(f"{account.name} {works} as {account.identity.address}. Next: tuimail {then}")
    return EX_OK


def _show(proposal: Proposal, args: Namespace, paths: Paths) -> int:
    from tuimail.config.toml_edit import set_value

    if args.json:
        print_json(_document(proposal, account_of(proposal, paths.config_file), None, saved=None))
        return EX_OK
    for line in set_value("", ("accounts", proposal.account), settings_of(proposal)).splitlines():
        print_line(line)
    return EX_OK


def _document(
    proposal: Proposal, account: Account, proof: Proof | None, *, saved: SavedAccount | None
) -> dict[str, object]:
    config = saved.config if saved else Config(accounts={account.name: account})
    return {
        "account": proposal.account,
        "address": proposal.address,
        "source": proposal.source or None,
        "saved": saved is not None,
        "proven": proof.proven if proof else None,
        "stored": str(saved.stored) if saved and saved.stored else None,
        "notes": list(saved.troubles) if saved else [],
        "settings": account_document(config.accounts[account.name], config),
        "findings": [finding_document(each) for each in proof.findings] if proof else [],
    }
