"""The provider on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.accounts.discovery.loopback_provider import LoopbackProvider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.certificates import Authority, ServerCertificate


@pytest.fixture(scope="session")
def provider_certificate(authority: Authority) -> ServerCertificate:
    """For every host of the provider and of the ISPDB, but not for wrong.example.org."""
    hosts = ("autoconfig", "imap", "smtp", "mail", "a", "b", "c", "d")
    names = [f"{each}.example.org" for each in hosts]
    return authority.issue(
        "example.org", *names, "autoconfig.thunderbird.net", "autoconfig.provider.example", "other.example"
    )


@pytest.fixture
async def provider(provider_certificate: ServerCertificate, authority: Authority) -> AsyncIterator[LoopbackProvider]:
    async with LoopbackProvider(provider_certificate, authority.ca_file) as running:
        yield running
