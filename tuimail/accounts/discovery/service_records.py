"""Servers by SRV records (RFC 6186, RFC 8314 section 5.1). DNS is not protected: the user confirms other domains."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.accounts.discovery.values import Disclosed, DiscoveryError, FoundAccount, FoundServer, Origin
from tuimail.config.model import Security

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.accounts.discovery.inquiry import Inquiry
    from tuimail.accounts.discovery.network import Network, ServiceRecord

# Encrypted from the start before STARTTLS (RFC 8314 section 3).
_IMAP = (("_imaps", Security.TLS), ("_imap", Security.STARTTLS))
_SUBMISSION = (("_submissions", Security.TLS), ("_submission", Security.STARTTLS))


async def look_up_services(inquiry: Inquiry, network: Network) -> None:
    """The servers that the SRV records of the domain name.

    Raises:
        DiscoveryError: they do not name both kinds.
    """
    domain = inquiry.user.domain
    inquiry.discloses("DNS", Disclosed.DOMAIN)
    asked = (*_IMAP, *_SUBMISSION)
    answers = await asyncio.gather(
        *(network.resolver.service(f"{label}._tcp.{domain}") for label, _ in asked), return_exceptions=True
    )
    failures = [each for each in answers if isinstance(each, BaseException)]
    offers = [
        (() if isinstance(answer, BaseException) else answer, security)
        for answer, (_, security) in zip(answers, asked, strict=True)
    ]
    imap = _servers(offers[:2], inquiry.user.address, f"{domain} says that it offers no IMAP.")
    submission = _servers(offers[2:], inquiry.user.address, f"{domain} says that it takes no letters for sending.")
    if failures and not (imap and submission):
        raise failures[0]
    if not imap or not submission:
        missing = [what for what, found in (("IMAP", imap), ("submission", submission)) if not found]
        raise DiscoveryError(f"{domain} has no SRV records for {' and '.join(missing)}.")
    hosts = dict.fromkeys(each.host for each in (*imap, *submission))
    to_confirm = tuple(host for host in hosts if not inquiry.is_own(host))
    inquiry.finds(FoundAccount(imap, submission, Origin.SRV, inquiry.source, to_confirm=to_confirm))


def _servers(
    offers: Sequence[tuple[Sequence[ServiceRecord], Security]], username: str, refusal: str
) -> tuple[FoundServer, ...]:
    """All that are offered, the preferred one first.

    Raises:
        DiscoveryError: the records say that nothing is offered ("." as the target); with the text ``refusal``.
    """
    servers = [
        FoundServer(record.target, record.port, security, username)
        for records, security in offers
        for record in by_preference(records)
    ]
    if not servers and any(records for records, _ in offers):
        raise DiscoveryError(refusal)
    return tuple(dict.fromkeys(servers))


def by_preference(records: Sequence[ServiceRecord]) -> list[ServiceRecord]:
    """The usable ``records``: by priority, then by weight.

    RFC 2782 has clients choose by chance in proportion to the weights. This choice is made once and written down, so it
    is the most likely one and the same each time.
    """
    usable = [each for each in records if each.target and 0 < each.port < 65536]
    return sorted(usable, key=lambda each: (each.priority, -each.weight, each.target))
