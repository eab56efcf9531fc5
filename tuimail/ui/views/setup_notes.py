"""A new account in notes for the screen: what is sent to whom, what was found, what the servers say. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.accounts.setup.wording import app_password_made, disclosed, listed
from tuimail.mail.text import safe_line
from tuimail.ui.text.cells import Line, Span, TextRole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.accounts.discovery.values import Disclosure, DiscoveryReport
    from tuimail.accounts.finding import Finding
    from tuimail.accounts.setup.proposal import Proposal

WELCOME = (
    "Type your address. tuimail finds the servers, shows them, and asks for the password only then. Nothing is "
    "sent before you have seen here what is sent to whom."
)
DONE, WRONG, WAITING, PLAIN = "  ok  ", "  !!  ", "  ..  ", "      "


def sentence(text: str, role: TextRole = TextRole.TEXT) -> Line:
    """A note without a mark."""
    return (Span(text, role),)


def planned_notes(address: str, planned: Sequence[Disclosure], key: str) -> list[Line]:
    """What the search would send to whom, before it does; ``key`` sets up the account by hand."""
    if not planned:
        return [sentence(f"The settings of {safe_line(address)} are built in: nothing is sent to find them.")]
    notes = [sentence("Return looks for the servers of this address. To find them, tuimail sends")]
    notes += [(Span(PLAIN), Span(safe_line(each), TextRole.DIM)) for each in disclosed(planned)]
    by_hand = f" {key} names the servers by hand, and nothing is sent." if key else ""
    return [*notes, sentence(f"No password is sent for that.{by_hand}")]


def progress_notes(report: DiscoveryReport | None, address: str) -> list[Line]:
    """How far the search is, source by source."""
    notes = [sentence(f"Looking for the servers of {safe_line(address)}, for 5 seconds at most.")]
    if report is None:
        return notes
    for found in report.accounts:
        notes.append((Span(DONE, TextRole.ACCEPTED), Span(f"{listed((found.source, *found.also))} has settings")))
    notes += [(Span(PLAIN), Span(f"{each.source}: {each.reason}", TextRole.DIM)) for each in report.failures]
    return notes + [(Span(WAITING), Span(each, TextRole.DIM)) for each in report.pending]


def nothing_notes(report: DiscoveryReport) -> list[Line]:
    """No source had settings, and why."""
    notes = [sentence("No servers were found for this address. Name them above; your provider's help pages have them.")]
    return notes + [(Span(PLAIN), Span(f"{each.source}: {each.reason}", TextRole.DIM)) for each in report.failures]


def proposal_notes(proposal: Proposal) -> list[Line]:
    """Where the settings come from, and what to know before a password is typed."""
    notes: list[Line] = []
    if proposal.wants_app_password:
        words = f"It takes an app password: one for this program only, made {app_password_made(proposal)}"
        notes.append(sentence(safe_line(words), TextRole.STRONG))
    notes += [sentence(safe_line(each)) for each in proposal.notes]
    if proposal.source and proposal.unconfirmed:
        hosts = safe_line(listed(proposal.unconfirmed))
        words = f"Only DNS names {hosts}, which others could have changed on its way: you are asked before it is used."
        notes.append(sentence(words, TextRole.STRONG))
    if hosts_named := tuple(filter(None, proposal.hosts)):
        notes.append(sentence(f"The password goes to {safe_line(listed(hosts_named))}."))
    notes += [(Span("The provider says: ", TextRole.DIM), Span(safe_line(each))) for each in proposal.said]
    if proposal.help_page:
        notes.append((Span("The provider's page: ", TextRole.DIM), Span(safe_line(proposal.help_page))))
    return notes


def finding_notes(findings: Sequence[Finding]) -> list[Line]:
    """What the servers said so far, server by server, while the sign-in goes on."""
    notes: list[Line] = []
    for server in dict.fromkeys(each.server for each in findings):
        notes.append(sentence(server, TextRole.STRONG))
        for each in findings:
            if each.server == server:
                mark = Span(DONE, TextRole.ACCEPTED) if each.ok else Span(WRONG, TextRole.FAILED)
                notes.append((mark, Span(each.words)))
    return [*notes, (Span(WAITING), Span("Signing in ...", TextRole.DIM))]


def refusal_notes(findings: Sequence[Finding]) -> list[Line]:
    """What does not work, and at which server; what works is not repeated."""
    wrong = [each for each in findings if not each.ok]
    works = [each.server for each in findings if each.server not in {other.server for other in wrong}]
    words = [each.words if each.server in each.words else f"{each.server}: {each.words}" for each in wrong]
    notes: list[Line] = [(Span(WRONG, TextRole.FAILED), Span(each)) for each in words]
    return notes + [(Span(DONE, TextRole.ACCEPTED), Span(f"{each}: all works.")) for each in dict.fromkeys(works)]


def what_to_do(findings: Sequence[Finding]) -> str:
    """The first thing to be done about what is wrong, in one sentence."""
    wrong = next((each for each in findings if not each.ok), None)
    return "" if wrong is None else wrong.hint or wrong.words
