"""DNS by dnspython, on the event loop: no thread is left behind when the time is up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tuimail.accounts.discovery.network import ServiceRecord
from tuimail.accounts.discovery.values import DiscoveryError
from tuimail.mail.domain import DomainError, ascii_domain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dns.asyncresolver import Resolver

MOST_RECORDS = 16
"""Records of one answer that are looked at."""
LOOPBACK = ("::1", "127.0.0.1")


class DnsResolver:
    """Asks the name servers that this computer uses."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    @classmethod
    async def of_system(cls, within: float) -> DnsResolver:
        """With the settings of the system; each question is given up after ``within`` seconds.

        Raises:
            DiscoveryError: the system names no name servers.
        """
        return cls(await asyncio.to_thread(_system_resolver, within))

    async def addresses(self, host: str) -> tuple[str, ...]:
        """See ``NameResolver``. Names below localhost are this machine's without asking (RFC 6761 section 6.3)."""
        if host == "localhost" or host.endswith(".localhost"):
            return LOOPBACK
        answers = await asyncio.gather(self._ask(host, "AAAA"), self._ask(host, "A"), return_exceptions=True)
        failures = [each for each in answers if isinstance(each, BaseException)]
        found = [each.address for records in answers if not isinstance(records, BaseException) for each in records]
        if failures and not found:
            raise failures[0]  # one kind alone may fail
        # One of each family among the first: one family may lead nowhere.
        return tuple(sorted(found, key=lambda address: _turn(found, address)))

    async def service(self, name: str) -> tuple[ServiceRecord, ...]:
        """See ``NameResolver``."""
        found = []
        for each in await self._ask(name, "SRV"):
            target = _name(each.target)
            if target is not None:
                found.append(ServiceRecord(each.priority, each.weight, each.port, target))
        return tuple(found)

    async def mail_exchangers(self, domain: str) -> tuple[str, ...]:
        """See ``NameResolver``. A null MX (RFC 7505) is none."""
        records = sorted(await self._ask(domain, "MX"), key=lambda each: each.preference)
        return tuple(filter(None, (_name(each.exchange) for each in records)))

    async def _ask(self, name: str, kind: str) -> list[Any]:
        import dns.exception
        import dns.name
        import dns.resolver

        try:
            # from_text makes it a full name: the network's own domain is not tried behind it.
            answer = await self._resolver.resolve(dns.name.from_text(name), kind)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, ValueError):
            raise DiscoveryError("The name servers do not answer.") from None
        return list(_first(answer))


def _turn(found: list[str], address: str) -> int:
    """Its place among the addresses of its family."""
    return [each for each in found if (":" in each) == (":" in address)].index(address)


def _first(records: Iterable[Any]) -> Iterable[Any]:
    for count, record in enumerate(records):
        if count == MOST_RECORDS:
            return
        yield record


def _name(name: Any) -> str | None:
    """A host in an answer in lower case; empty for the root; None if it is no host name."""
    text = name.to_text(omit_final_dot=True)
    if text in {".", "@", ""}:
        return ""
    try:
        return ascii_domain(text).casefold()
    except DomainError:
        return None


def _system_resolver(within: float) -> Resolver:
    import dns.asyncresolver
    import dns.exception

    try:
        resolver = dns.asyncresolver.Resolver()
    except (dns.exception.DNSException, OSError):
        raise DiscoveryError("This computer has no settings for DNS.") from None
    resolver.lifetime = within
    return resolver
