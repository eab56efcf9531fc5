"""Settings as config-v1.1 files: those of the domain itself, and those of the database that Thunderbird uses (ISPDB).

The address is sent to the domain only, over HTTPS; the database is sent the domain.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from tuimail.accounts.discovery.autoconfig_xml import read_autoconfig
from tuimail.accounts.discovery.https import get
from tuimail.accounts.discovery.values import Disclosed

if TYPE_CHECKING:
    from tuimail.accounts.discovery.inquiry import Inquiry
    from tuimail.accounts.discovery.network import Network
    from tuimail.accounts.discovery.values import FoundAccount

ISPDB_HOST = "autoconfig.thunderbird.net"
ISPDB = "ISPDB"


async def look_at_host(inquiry: Inquiry, network: Network) -> None:
    """The settings at the host autoconfig of the domain, which is told the address.

    Raises:
        DiscoveryError: there are none that can be used.
    """
    address = quote(inquiry.user.address, safe="@")
    url = f"https://autoconfig.{inquiry.user.domain}/mail/config-v1.1.xml?emailaddress={address}"
    inquiry.finds(await _read(inquiry, network, url, site=inquiry.user.domain, what=Disclosed.ADDRESS))


async def look_at_well_known(inquiry: Inquiry, network: Network) -> None:
    """The settings at the domain's own web server, which is told nothing.

    Raises:
        DiscoveryError: there are none that can be used.
    """
    domain = inquiry.user.domain
    url = f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml"
    inquiry.finds(await _read(inquiry, network, url, site=domain, what=Disclosed.CONNECTION))


async def look_in_ispdb(inquiry: Inquiry, network: Network) -> None:
    """The entry of the domain in the ISPDB.

    Raises:
        DiscoveryError: there is none that can be used.
    """
    inquiry.finds(await from_ispdb(inquiry, network, inquiry.user.domain))


async def from_ispdb(inquiry: Inquiry, network: Network, domain: str) -> FoundAccount:
    """The settings that the ISPDB has for ``domain``.

    Raises:
        DiscoveryError: there are none that can be used.
    """
    url = f"https://{ISPDB_HOST}/v1.1/{domain}"
    return await _read(inquiry, network, url, site=ISPDB_HOST, what=Disclosed.DOMAIN)


async def from_provider(inquiry: Inquiry, network: Network, domain: str) -> FoundAccount:
    """The settings that the provider with this ``domain`` publishes; it is not told for whom.

    Raises:
        DiscoveryError: there are none that can be used.
    """
    url = f"https://autoconfig.{domain}/mail/config-v1.1.xml"
    return await _read(inquiry, network, url, site=domain, what=Disclosed.CONNECTION)


async def _read(inquiry: Inquiry, network: Network, url: str, *, site: str, what: Disclosed) -> FoundAccount:
    document = await get(network, url, site=site, asked=partial(inquiry.discloses, what=what))
    return read_autoconfig(document, inquiry.user, origin=inquiry.origin, source=inquiry.source)
