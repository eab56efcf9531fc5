"""Files over HTTPS from servers that nobody knows: bounded, within one site, to public addresses, always verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.accounts.discovery.loopback_provider import DOMAIN, page, redirect
from tuimail.accounts.discovery.https import get
from tuimail.accounts.discovery.network import is_public
from tuimail.accounts.discovery.values import DiscoveryError
from tuimail.accounts.http_response import MOST_BYTES

if TYPE_CHECKING:
    from tests.accounts.discovery.loopback_provider import LoopbackProvider


async def fetch(provider: LoopbackProvider, url: str = "https://a.example.org/x", site: str = DOMAIN) -> bytes:
    return await get(provider.network, url, site=site, asked=lambda _host: None)


CHUNKED = "Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    "response",
    [
        page(b"hello"),
        page(b"hello", length=False),
        page(b"3;x=1\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", fields=CHUNKED, length=False),
        b"HTTP/1.0 200 fine\r\n\r\nhello",
    ],
    ids=["length", "until the end", "chunked", "1.0"],
)
async def test_a_file(provider: LoopbackProvider, response: bytes) -> None:
    provider.pages["a.example.org/x"] = response
    assert await fetch(provider, "https://a.example.org/x?q=1") == b"hello"
    assert provider.requests == ["a.example.org/x?q=1"]


async def test_redirects_within_the_site_are_followed(provider: LoopbackProvider) -> None:
    provider.pages["a.example.org/x"] = redirect("https://example.org/y")
    provider.pages["example.org/y"] = redirect("/z?q=1")
    provider.pages["example.org/z"] = page(b"hello")
    assert await fetch(provider) == b"hello"
    assert provider.requests == ["a.example.org/x", "example.org/y", "example.org/z?q=1"]


async def test_not_for_ever(provider: LoopbackProvider) -> None:
    provider.pages["a.example.org/x"] = redirect("/x")
    with pytest.raises(DiscoveryError, match="more than 3"):
        await fetch(provider)
    assert len(provider.requests) == 4


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("https://other.example/x", "not part of example.org"),
        ("https://notexample.org/x", "not part of example.org"),
        ("https://example.org.other.example/x", "not part of example.org"),
        ("//other.example/x", "not part of example.org"),
        ("http://b.example.org/x", "without encryption"),
        ("file:///etc/passwd", "not valid"),
        ("https://b.example.org:8443/x", "another port"),
        ("https://b.example.org@b.example.org/x", "user name"),
        ("https://127.0.0.1/x", "not valid"),
        ("https://[::1]/x", "not valid"),
        ("https://[x/", "not valid"),
        ("https://b.example.org/\x01", "not valid"),
        ("https://b.example.org/" + "x" * 3000, "not valid"),
        ("https://b.example.org:99999999/", "not valid"),
    ],
)
async def test_redirects_elsewhere_are_not(provider: LoopbackProvider, location: str, reason: str) -> None:
    provider.pages["a.example.org/x"] = redirect(location)
    with pytest.raises(DiscoveryError, match=reason):
        await fetch(provider)
    assert provider.requests == ["a.example.org/x"]


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (page(b"", status="404 Not Found"), "no settings"),
        (page(b"", status="503 Busy"), "status 503"),
        (page(b"", status="302 Found"), "more than 3"),
        (page(b"x", fields="Content-Encoding: gzip\r\n"), "compressed"),
        (page(b"x" * (MOST_BYTES + 1)), "256 KiB"),
        (page(b"x" * (MOST_BYTES + 1), length=False), "256 KiB"),
        (page(b"40001\r\n", fields=CHUNKED, length=False), "256 KiB"),
        (page(b"1\r\nx\r\n" * 5000 + b"0\r\n\r\n", fields=CHUNKED, length=False), "web server"),
        (page(b"-1\r\n", fields=CHUNKED, length=False), "web server"),
        (page(b"1\r\nxy", fields=CHUNKED, length=False), "hung up|web server"),
        (page(b"x", fields="Transfer-Encoding: gzip, chunked\r\n", length=False), "web server"),
        (page(b"", fields="Content-Length: 99999999999999\r\n", length=False), "web server"),
        (page(b"", fields="Content-Length: +1\r\n", length=False), "web server"),
        (page(b"", fields="Content-Length: 7\r\n", length=False), "hung up"),
        (page(b"", fields="X: y\r\n" * 101), "web server"),
        (page(b"", fields=f"X: {'y' * 9000}\r\n"), "web server"),
        (b"HTTP/1.1 2xx\r\n\r\n", "web server"),
        (b"SSH-2.0-x\r\n", "web server"),
        (b"x" * 20_000, "web server"),
        (b"", "hung up"),
    ],
)
async def test_what_is_refused(provider: LoopbackProvider, response: bytes, reason: str) -> None:
    provider.pages["a.example.org/x"] = response
    with pytest.raises(DiscoveryError, match=reason):
        await fetch(provider)


async def test_a_certificate_for_another_name(provider: LoopbackProvider) -> None:
    with pytest.raises(DiscoveryError, match="It was issued for another name"):
        await fetch(provider, "https://wrong.example.org/x")
    assert provider.requests == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"])
async def test_a_strangers_name_for_an_address_of_this_network(provider: LoopbackProvider, address: str) -> None:
    provider.resolver.elsewhere["other.example"] = (address,)
    with pytest.raises(DiscoveryError, match="no public address"):
        await fetch(provider, "https://other.example/x", site="other.example")
    assert provider.requests == []


async def test_a_name_that_does_not_exist(provider: LoopbackProvider) -> None:
    provider.resolver.elsewhere["a.example.org"] = ()
    with pytest.raises(DiscoveryError, match="has no address in DNS"):
        await fetch(provider)


async def test_one_address_that_leads_nowhere_costs_nothing(provider: LoopbackProvider) -> None:
    provider.pages["a.example.org/x"] = page(b"hello")
    provider.resolver.elsewhere["a.example.org"] = ("127.0.0.2", "127.0.0.1")
    assert await fetch(provider) == b"hello"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("192.168.1.1", False),
        ("172.16.0.1", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("192.0.2.1", False),
        ("::", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::8.8.8.8", True),
        ("fe80::1%eth0", False),
        ("ff02::1", False),
        ("not an address", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public
