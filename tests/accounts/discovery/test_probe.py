"""Whether a mail server answers, encrypted and by its name; nothing about the user is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tuimail.accounts.discovery.probe import probe
from tuimail.accounts.discovery.values import DiscoveryError
from tuimail.config.model import Security

if TYPE_CHECKING:
    from tests.accounts.discovery.loopback_provider import LoopbackProvider

IMAP = b"* OK hello\r\n"
SMTP = b"220-hello\r\n220 there\r\n"


async def test_tls_from_the_start(provider: LoopbackProvider) -> None:
    await provider.mail_server(993, IMAP)
    await provider.mail_server(465, SMTP)
    await probe(provider.network, "imap.example.org", 993, Security.TLS, imap=True)
    await probe(provider.network, "smtp.example.org", 465, Security.TLS, imap=False)


async def test_starttls(provider: LoopbackProvider) -> None:
    await provider.mail_server(143, IMAP, starttls=b"* CAPABILITY IMAP4rev1\r\na1 OK go\r\n")
    await provider.mail_server(587, SMTP, starttls=b"220 go\r\n")
    await probe(provider.network, "imap.example.org", 143, Security.STARTTLS, imap=True)
    await probe(provider.network, "smtp.example.org", 587, Security.STARTTLS, imap=False)


@pytest.mark.parametrize(
    ("greeting", "starttls", "reason"),
    [
        (b"* BYE no\r\n", b"", "mail server"),
        (b"* PREAUTH in already\r\n", b"", "mail server"),
        (SMTP, b"", "mail server"),
        (b"* untagged\r\n" * 100, b"", "mail server"),
        (b"* " + b"x" * 20_000, b"", "mail server"),
        (IMAP, b"a1 NO\r\n", "mail server"),
    ],
)
async def test_what_is_no_such_server(
    provider: LoopbackProvider, greeting: bytes, starttls: bytes, reason: str
) -> None:
    port, security = (143, Security.STARTTLS) if starttls else (993, Security.TLS)
    await provider.mail_server(port, greeting, starttls=starttls)
    with pytest.raises(DiscoveryError, match=reason):
        await probe(provider.network, "imap.example.org", port, security, imap=True)


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_a_certificate_for_another_name(provider: LoopbackProvider, security: Security) -> None:
    port = 993 if security is Security.TLS else 143
    await provider.mail_server(port, IMAP, starttls=b"a1 OK go\r\n" if security is Security.STARTTLS else b"")
    with pytest.raises(DiscoveryError, match="issued for another name"):
        await probe(provider.network, "wrong.example.org", port, security, imap=True)


async def test_nobody_listens(provider: LoopbackProvider) -> None:
    with pytest.raises(DiscoveryError, match="does not answer at port 993"):
        await probe(provider.network, "imap.example.org", 993, Security.TLS, imap=True)
