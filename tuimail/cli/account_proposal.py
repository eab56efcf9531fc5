"""A new account in lines for the terminal: what will be sent to whom, what was found, what would be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.accounts.discovery.values import SignInKind
from tuimail.accounts.setup.proposal import Reading, Sending
from tuimail.accounts.setup.wording import app_password_made, disclosed, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuimail.accounts.discovery.values import Disclosure, DiscoveryReport
    from tuimail.accounts.setup.proposal import Proposal, ProposedServer

_KINDS = {
    SignInKind.PASSWORD: "a password",
    SignInKind.APP_PASSWORD: "an app password",
    SignInKind.OAUTH2: "OAuth 2",
    SignInKind.NONE: "nothing",
}


def lines_of_disclosures(planned: tuple[Disclosure, ...]) -> Iterator[str]:
    """What is sent to whom to find the servers."""
    yield "To find the servers of this address, tuimail sends"
    for each in disclosed(planned):
        yield f"  {each}"


def lines_of_failures(report: DiscoveryReport) -> Iterator[str]:
    """Why no source had servers."""
    for each in report.failures:
        yield f"  {each.source}: {each.reason}"
    for source in report.pending:
        yield f"  {source}: It did not answer in time."


def lines_of_proposal(proposal: Proposal) -> Iterator[str]:
    """The servers, where they come from, and what to know before a password is typed."""
    whose = f" for {proposal.provider}" if proposal.provider else ""
    yield f"Found{whose} (source: {proposal.source}):" if proposal.source else "The account:"
    if proposal.reading is Reading.IMAP:
        yield f"  reads from     {_server(proposal, proposal.imap)}"
    elif proposal.reading is not Reading.NONE:
        yield f"  reads from     {proposal.path}"
    if proposal.sending is Sending.SERVER:
        yield f"  sends through  {_server(proposal, proposal.submission)}"
    else:
        yield f"  sends through  {proposal.command}"
    for note in proposal.notes:
        yield f"  {note}"
    for note in proposal.said:
        yield f"  The provider says: {note}"
    if proposal.wants_app_password:
        yield f"  An app password is one for this program only; it is made {app_password_made(proposal)}"
    if proposal.hosts:
        token = all(each is SignInKind.OAUTH2 for each in proposal.sign_in)
        yield f"The {'access token' if token else 'password'} goes to {listed(proposal.hosts)}, encrypted."
    if proposal.unconfirmed:
        yield f"Only DNS names {listed(proposal.unconfirmed)}, which others could have changed on its way."


def _server(proposal: Proposal, server: ProposedServer) -> str:
    port = f":{server.port}" if server.port else ""
    user = f" as {server.username or proposal.address}" if server.sign_in is not SignInKind.NONE else ""
    return f"{server.host}{port} ({server.security}){user}, with {_KINDS[server.sign_in]}"
