"""Usual names of servers, taken only where one answers with a valid certificate."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from tuimail.accounts.discovery.probe import probe
from tuimail.accounts.discovery.values import Disclosed, DiscoveryError, FoundAccount, FoundServer, Origin
from tuimail.config.model import Security

if TYPE_CHECKING:
    from tuimail.accounts.discovery.inquiry import Inquiry
    from tuimail.accounts.discovery.network import Network


class _Guess(NamedTuple):
    imap: bool
    label: str
    """Before the domain."""
    port: int
    security: Security


_GUESSES = (
    _Guess(True, "imap.", 993, Security.TLS),
    _Guess(True, "mail.", 993, Security.TLS),
    _Guess(True, "", 993, Security.TLS),
    _Guess(True, "imap.", 143, Security.STARTTLS),
    _Guess(True, "mail.", 143, Security.STARTTLS),
    _Guess(False, "smtp.", 465, Security.TLS),
    _Guess(False, "mail.", 465, Security.TLS),
    _Guess(False, "", 465, Security.TLS),
    _Guess(False, "smtp.", 587, Security.STARTTLS),
    _Guess(False, "mail.", 587, Security.STARTTLS),
)


async def guess(inquiry: Inquiry, network: Network) -> None:
    """Try all the names at the same time; what answered so far counts when the time is up.

    Raises:
        DiscoveryError: not both kinds of servers answered.
    """
    answered: set[_Guess] = set()
    reasons = await asyncio.gather(*(_try(inquiry, network, each, answered) for each in _GUESSES))
    if inquiry.found is None:
        kind = "IMAP" if not any(each.imap for each in answered) else "submission"
        first = next(reason for each, reason in zip(_GUESSES, reasons, strict=True) if each.imap is (kind == "IMAP"))
        raise DiscoveryError(f"No {kind} server answers at a usual name. {first}")


async def _try(inquiry: Inquiry, network: Network, each: _Guess, answered: set[_Guess]) -> str:
    """The reason why it did not answer, or nothing."""
    host = each.label + inquiry.user.domain
    try:
        inquiry.discloses(host, Disclosed.CONNECTION)
        await probe(network, host, each.port, each.security, imap=each.imap)
    except DiscoveryError as reason:
        return str(reason)
    answered.add(each)
    imap, submission = (_servers(inquiry, answered, imap=imap) for imap in (True, False))
    if imap and submission:
        inquiry.finds(FoundAccount(imap, submission, Origin.GUESS, inquiry.source))
    return ""


def _servers(inquiry: Inquiry, answered: set[_Guess], *, imap: bool) -> tuple[FoundServer, ...]:
    user = inquiry.user
    return tuple(
        FoundServer(each.label + user.domain, each.port, each.security, user.address)
        for each in _GUESSES
        if each in answered and each.imap is imap
    )
