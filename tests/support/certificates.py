"""Certificates of a private authority, made anew for every test run (trustme)."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """PEM files as servers want them."""

    chain: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """A server-side context, for scripted servers."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


class Authority:
    """A certificate authority nobody trusts but who is told to (``ca_file``)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = trustme.CA(organization_name="tuimail tests")
        self.ca_file = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(self.ca_file)

    def issue(self, *names: str, expired: bool = False) -> ServerCertificate:
        """A certificate for ``names`` (default: this machine's loopback names)."""
        names = names or LOOPBACK_NAMES
        now = datetime.now(UTC)
        until = now - timedelta(days=1) if expired else now + timedelta(days=30)
        leaf = self._authority.issue_cert(*names, not_before=now - timedelta(days=60), not_after=until)
        stem = f"{names[0]}{'-expired' if expired else ''}".replace(":", "_").replace("*", "star")
        certificate = ServerCertificate(self._folder / f"{stem}.pem", self._folder / f"{stem}.key")
        certificate.chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        leaf.private_key_pem.write_to_path(certificate.key)
        certificate.key.chmod(0o600)
        return certificate
