"""DNS by dnspython, asked of a name server on this machine."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from tuimail.accounts.discovery.dns_resolver import MOST_RECORDS, DnsResolver
from tuimail.accounts.discovery.network import ServiceRecord
from tuimail.accounts.discovery.values import DiscoveryError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Zone = dict[tuple[str, str], list[str]]


class NameServer(asyncio.DatagramProtocol):
    """Answers from a zone: (name, type) -> records; a name that is not in it does not exist."""

    def __init__(self) -> None:
        self.zone: Zone = {}
        self.fails_for: set[str] = set()
        """Types of records that it fails at."""
        self.asked: list[str] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        question = dns.message.from_wire(data)
        (asked,) = question.question
        name, kind = asked.name.to_text(omit_final_dot=True), asked.rdtype.name
        self.asked.append(name)
        answer = dns.message.make_response(question, recursion_available=True)
        if kind in self.fails_for:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif (name, kind) in self.zone:
            answer.answer.append(dns.rrset.from_text_list(asked.name, 60, "IN", kind, self.zone[name, kind]))
        elif not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    running = NameServer()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: running, local_addr=("127.0.0.1", 0)
    )
    yield running
    transport.close()


@pytest.fixture
def resolver(server: NameServer) -> DnsResolver:
    asking = dns.asyncresolver.Resolver(configure=False)
    asking.nameservers = ["127.0.0.1"]
    asking.port = server.transport.get_extra_info("sockname")[1]
    asking.search = [dns.name.from_text("search.example.")]
    return DnsResolver(asking)


async def test_addresses_of_both_families_take_turns(server: NameServer, resolver: DnsResolver) -> None:
    server.zone = {("a.example", "A"): ["192.0.2.1", "192.0.2.2"], ("a.example", "AAAA"): ["2001:db8::1"]}
    found = await resolver.addresses("a.example")
    assert set(found[:2]) in ({"192.0.2.1", "2001:db8::1"}, {"192.0.2.2", "2001:db8::1"})
    assert len(found) == 3


async def test_one_family_may_fail(server: NameServer, resolver: DnsResolver) -> None:
    server.zone = {("a.example", "A"): ["192.0.2.1"]}
    server.fails_for = {"AAAA"}
    assert await resolver.addresses("a.example") == ("192.0.2.1",)


async def test_no_such_name(server: NameServer, resolver: DnsResolver) -> None:
    assert await resolver.addresses("absent.example") == ()
    assert await resolver.service("_imaps._tcp.absent.example") == ()
    assert await resolver.mail_exchangers("absent.example") == ()
    # The name is the whole name: a domain of the network's own is not tried.
    assert not any("search" in name for name in server.asked)


async def test_a_name_server_that_fails(server: NameServer, resolver: DnsResolver) -> None:
    server.fails_for = {"A", "AAAA", "SRV", "MX"}
    for each in (resolver.addresses("a.example"), resolver.service("a.example"), resolver.mail_exchangers("a.example")):
        with pytest.raises(DiscoveryError, match="name servers do not answer"):
            await each


async def test_names_of_this_machine_are_not_asked_for(server: NameServer, resolver: DnsResolver) -> None:
    assert await resolver.addresses("autoconfig.here.localhost") == ("::1", "127.0.0.1")
    assert server.asked == []


@pytest.mark.parametrize("name", ["a..example", "a" * 64 + ".example", "x." * 200 + "example"])
async def test_a_name_that_cannot_be_asked_for(resolver: DnsResolver, name: str) -> None:
    with pytest.raises(DiscoveryError):
        await resolver.service(name)


async def test_services(server: NameServer, resolver: DnsResolver) -> None:
    server.zone = {
        ("_imaps._tcp.a.example", "SRV"): ["0 1 993 IMAP.a.example.", "5 0 993 bad_name.example."],
        ("_imap._tcp.a.example", "SRV"): ["0 0 0 ."],
    }
    assert await resolver.service("_imaps._tcp.a.example") == (ServiceRecord(0, 1, 993, "imap.a.example"),)
    assert await resolver.service("_imap._tcp.a.example") == (ServiceRecord(0, 0, 0, ""),)


async def test_mail_exchangers_by_preference(server: NameServer, resolver: DnsResolver) -> None:
    server.zone = {("a.example", "MX"): ["20 b.example.", "10 A.example."], ("none.example", "MX"): ["0 ."]}
    assert await resolver.mail_exchangers("a.example") == ("a.example", "b.example")
    assert await resolver.mail_exchangers("none.example") == ()


async def test_only_so_many_records_are_looked_at(server: NameServer, resolver: DnsResolver) -> None:
    server.zone = {("a.example", "MX"): [f"{n} m{n}.example." for n in range(100)]}
    # All of them fit into one datagram, which never leaves this machine.
    assert len(await resolver.mail_exchangers("a.example")) == MOST_RECORDS


async def test_a_computer_without_settings_for_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    def unconfigured() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.asyncresolver, "Resolver", unconfigured)
    with pytest.raises(DiscoveryError, match="no settings for DNS"):
        await DnsResolver.of_system(within=1.0)


def test_it_is_imported_only_when_dns_is_asked() -> None:
    code = "import sys, tuimail.accounts.discovery; sys.exit('dns' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
