"""The provider of a domain of one's own, by the hosts that take its mail (MX records)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.accounts.discovery.autoconfig import from_ispdb, from_provider
from tuimail.accounts.discovery.providers import account_of, provider_by_mx
from tuimail.accounts.discovery.values import Disclosed, DiscoveryError, Origin

if TYPE_CHECKING:
    from tuimail.accounts.discovery.inquiry import Inquiry
    from tuimail.accounts.discovery.network import Network
    from tuimail.accounts.discovery.values import FoundAccount

_SECOND_LEVEL = frozenset({"ac", "ad", "co", "com", "ed", "edu", "gov", "go", "gr", "mil", "ne", "net", "or", "org"})
"""Labels below which some countries register names."""


async def look_up_provider(inquiry: Inquiry, network: Network) -> None:
    """The settings of the provider whose hosts take the domain's mail.

    Raises:
        DiscoveryError: there are none.
    """
    inquiry.discloses("DNS", Disclosed.DOMAIN)
    hosts = await network.resolver.mail_exchangers(inquiry.user.domain)
    if not hosts:
        raise DiscoveryError(f"{inquiry.user.domain} has no MX records.")
    for host in hosts:
        provider = provider_by_mx(host)
        if provider is not None:
            source = f"MX host's provider, {provider.name}"
            inquiry.finds(account_of(provider, inquiry.user, origin=Origin.MX, source=source))
            return
    inquiry.finds(await _published(inquiry, network, hosts[0]))


async def _published(inquiry: Inquiry, network: Network, host: str) -> FoundAccount:
    """What the provider itself or the ISPDB says; only a domain is sent, and not the user's."""
    domain = base_domain(host)
    if inquiry.is_own(host) or domain == inquiry.user.domain:
        raise DiscoveryError(f"{inquiry.user.domain} takes its mail itself.")
    tries = await asyncio.gather(
        from_provider(inquiry, network, domain), from_ispdb(inquiry, network, domain), return_exceptions=True
    )
    for each, by in zip(tries, (f"autoconfig.{domain}", "ISPDB"), strict=True):
        if not isinstance(each, BaseException):
            found = replace(each, source=f"MX host's provider, {by}")
            return replace(found, to_confirm=tuple(host for host in found.hosts if not inquiry.is_own(host)))
        if not isinstance(each, DiscoveryError):
            raise each
    raise DiscoveryError(f"Its mail goes to {host}, and nothing is known of {domain}.")


def base_domain(host: str) -> str:
    """The domain that ``host`` probably was registered under: its last two labels, or three below such as "co.uk".

    Only for looking settings up: nothing is trusted for being below it.
    """
    labels = host.split(".")
    three = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3 if three else -2 :])
