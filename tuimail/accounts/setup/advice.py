"""What a refused sign-in means at a provider, and what to do: the words of a finding for somebody who sets up. Pure.

A check of an account that is in the config speaks of its settings; here there are none yet, and pages of the provider
are known.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from tuimail.accounts.discovery.values import SignInKind
from tuimail.accounts.finding import Step

if TYPE_CHECKING:
    from tuimail.accounts.finding import Finding
    from tuimail.accounts.setup.proposal import Proposal


class _Refusal(NamedTuple):
    """What a server says, and what that means."""

    said: re.Pattern[str]
    hint: str
    """``{page}``: where an app password is made; ``{settings}``: the provider's settings."""


def _refusal(said: str, hint: str) -> _Refusal:
    return _Refusal(re.compile(said, re.IGNORECASE), hint)


_REFUSALS = (
    _refusal(
        r"SmtpClientAuthentication is disabled",
        "Microsoft has sending from mail programs switched off for this mailbox: its administrator switches on "
        '"Authenticated SMTP" (https://aka.ms/smtp_auth_disabled).',
    ),
    _refusal(
        r"basic authentication is disabled|\b5\.7\.139\b|basicauthblocked",
        "Microsoft takes no password here, but only OAuth 2: a command that prints an access token "
        "(--password-command) and a client id of your own.",
    ),
    _refusal(
        r"application-specific password|app(lication)?[ -]password|\b5\.7\.9\b|InvalidSecondFactor",
        "It wants an app password, not the usual one: make one {page}.",
    ),
    _refusal(
        r"enabled? (for )?imap|imap (access )?(is |has been )?(disabled|switched off|not enabled)"
        r"|does not have access rights to this service",
        "The provider has IMAP switched off for this mailbox: switch it on {settings}.",
    ),
    _refusal(
        r"log ?in via (your )?web browser|web login required|\b5\.7\.14\b",
        "The provider wants you to sign in with a web browser first; then try again.",
    ),
    _refusal(
        r"too many|rate limit|temporarily|try again later",
        "The provider takes no more sign-ins just now: wait a quarter of an hour.",
    ),
)


def advised(finding: Finding, proposal: Proposal) -> Finding:
    """The finding with what to do now; as it is unless it is a refused sign-in."""
    if finding.ok or finding.step is not Step.SIGN_IN:
        return finding
    page = f"at {proposal.app_password_page}" if proposal.app_password_page else "in the provider's settings"
    settings = "in its settings on the web"
    if proposal.help_page:
        settings += f" ({proposal.help_page})"
    for each in _REFUSALS:
        if each.said.search(finding.words):
            return replace(finding, hint=each.hint.format(page=page, settings=settings))
    if proposal.password_command.strip():
        hint = "Check the user name, and what the password command prints."
    elif proposal.wants_app_password:
        hint = f"It takes an app password, not the usual one: make one {page}. Else check the user name."
    elif SignInKind.APP_PASSWORD in (*proposal.imap.offered, *proposal.submission.offered):
        hint = f"Type the password again; with two-factor sign-in it takes an app password, made {page}."
    else:
        hint = "Type the password again, or check the user name; some providers want an app password."
    return replace(finding, hint=hint)
