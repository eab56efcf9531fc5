"""The problem of an account as one notice: what happened, what to do, which command. Pure.

However many letters wait, there is one notice for their account. A face adds its own key for "check again", which
tries one letter (one sign-in), where the notice is ``checkable``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.config.model import Auth, Rate, SubmissionCommand
from tuimail.dates.format_date import format_until
from tuimail.mail.text import safe_line
from tuimail.submission.result import AccountProblem

if TYPE_CHECKING:
    from tuimail.config.model import Account, Server
    from tuimail.outbox.model.item import AccountHealth


@dataclass(frozen=True, slots=True)
class AccountNotice:
    """Why letters of an account wait. Every text is safe to show."""

    account: str
    title: str
    """A few words: "work: the password was refused"."""
    happened: str
    """What happened, a sentence or two; a server's own words may be among them."""
    advice: str
    """What to do about it, a sentence."""
    command: str = ""
    """What to type at a shell for that; empty: nothing."""
    trouble: AccountProblem | None = None
    """None: the letters wait for a server that does not answer, or for the account's own pace."""
    since: float | None = None
    next_try: float | None = None
    """When one letter goes as a probe by itself; None: only when the user says so, or mended the account."""
    checkable: bool = True
    """"Check again" makes sense."""

    @property
    def needs_you(self) -> bool:
        """Its letters wait until the user does something."""
        return self.trouble is not None and self.next_try is None

    def what_to_do(self, now: float) -> str:
        """The advice, the command for it, and when the account is tried next, in one line."""
        command = f" ({self.command})" if self.command else ""
        later = f" Next try {format_until(self.next_try, now)}." if self.next_try is not None else ""
        return f"{self.advice.rstrip('.')}{command}.{later}"


def account_notice(health: AccountHealth, account: Account | None = None, now: float = 0.0) -> AccountNotice | None:
    """The notice of an account; None when it is well.

    Args:
        health: as the outbox keeps it.
        account: as in the config; None when it is not there (any more).
        now: seconds since the epoch; without it an account that keeps to its own pace needs no notice.
    """
    name = safe_line(health.account)
    happened = safe_line(health.words)
    if health.trouble is None:
        if not health.tries and health.probe_at is None:
            return _paced(health, account, name) if now and (health.paced_until or 0.0) > now else None
        return AccountNotice(
            account=health.account,
            title=f"{name}: {_host(account)} cannot be reached just now",
            happened=happened,
            advice="Nothing to do: it is tried again by itself.",
            command=f"tuimail account check {name}",
            since=health.since,
            next_try=health.probe_at,
        )
    title, advice, command = _advice(health.trouble, name, account)
    return AccountNotice(
        account=health.account,
        title=f"{name}: {title}",
        happened=happened,
        advice=advice,
        command=command,
        trouble=health.trouble,
        since=health.since,
        next_try=health.probe_at,
        checkable=health.trouble is not AccountProblem.MISSING,
    )


def _paced(health: AccountHealth, account: Account | None, name: str) -> AccountNotice:
    """The account has sent as much as it may."""
    own = account.rate if account else None
    server = Rate(health.rate_limit, health.rate_window) if health.rate_limit and health.rate_window else None
    limits = [f"{own} as you set it"] if own else []
    limits += [f"{server} as its server takes"] if server else []
    return AccountNotice(
        account=health.account,
        title=f"{name}: waits, to send no more than it may",
        happened=f"It sends at most {', and '.join(limits)}." if limits else "",
        advice="Nothing to do: letters go on by themselves.",
        next_try=health.paced_until,
        checkable=False,
    )


def _advice(trouble: AccountProblem, name: str, account: Account | None) -> tuple[str, str, str]:
    """Title, advice, command."""
    check = f"tuimail account check {name}"
    match trouble:
        case AccountProblem.SIGN_IN:
            return "the server refuses the sign-in", *_new_secret(name, account)
        case AccountProblem.SECRET:
            advice, command = _new_secret(name, account)
            if account is not None and account.token_servers:
                return "there is no token to sign in with", advice, command
            if command.startswith("tuimail account login"):
                advice = "Unlock the keyring, give the passphrase, or store the password; then check again."
            return "there is no password to sign in with", advice, command
        case AccountProblem.CERTIFICATE:
            return (
                "the server could not prove who it is",
                "Look at the clock and the network; a certificate of the server's own needs ca_file in the account.",
                check,
            )
        case AccountProblem.SECURITY:
            return (
                "the connection could not be secured",
                "Try another network, or set right port and security in the account. Nothing is sent in the clear.",
                check,
            )
        case AccountProblem.QUOTA:
            return "the provider's sending limit is reached", "Nothing to do: letters go on when it is over.", ""
        case AccountProblem.SERVER:
            return (
                f"{_host(account)} does not take letters from this account",
                "Set right the server's name and port in the account, then check again.",
                check,
            )
        case AccountProblem.MISSING:
            return (
                "this account is not in the config any more",
                "Put it back into the config, or edit its letters and choose another account.",
                "",
            )


def _new_secret(name: str, account: Account | None) -> tuple[str, str]:
    """What to do about a secret that is wrong or absent, and the command for it."""
    server = _server(account)
    if server is not None and server.password_command:
        what = "token" if server.auth is Auth.OAUTH2 else "password"
        program = safe_line(server.password_command[0].rpartition("/")[2])
        return f"Set right the {what} that {program} gives, then check again.", f"tuimail account check {name}"
    if account is not None and server in account.token_servers:
        return "Sign in again; the letters then go on by themselves.", f"tuimail account login {name}"
    if server is not None and server.auth is Auth.OAUTH2:
        return "Sign in anew where the token comes from, then check again.", f"tuimail account check {name}"
    return "Enter the password again; the letters then go on by themselves.", f"tuimail account login {name}"


def _server(account: Account | None) -> Server | None:
    if account is None or isinstance(account.submission, SubmissionCommand):
        return None
    return account.submission


def _host(account: Account | None) -> str:
    if account is None:
        return "its server"
    return safe_line(
        account.submission.argv[0] if isinstance(account.submission, SubmissionCommand) else account.submission.host
    )
