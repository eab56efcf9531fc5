"""TLS as an IMAP client wants it (RFC 8314, RFC 9325)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from pathlib import Path


def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """Certificates and names are checked, TLS 1.2 at least; ``ca_file`` is trusted beside the system's authorities.

    Raises:
        OSError: ``ca_file`` cannot be read, or holds no certificate.
    """
    import ssl

    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
