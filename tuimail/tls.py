"""TLS to a mail server (RFC 8314, RFC 9325, RFC 9525): always verified, failures explained in a sentence."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING

from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

SILENCE = 3.0
"""Seconds of silence after which the client checks whether the server expects TLS."""

# X509_verify_cert(3): the errors that a user can do something about.
_NOT_YET_VALID = 9
_EXPIRED = 10
_SELF_SIGNED = 18
_SELF_SIGNED_IN_CHAIN = 19
_UNKNOWN_ISSUER = frozenset({2, 20, 21})
_HOSTNAME_MISMATCH = 62
_ADDRESS_MISMATCH = 64


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """A context that trusts the system's authorities and, beside them, those in ``ca_file``. TLS 1.2 or newer.

    Reads files; call it in a thread.

    Raises:
        OSError: ``ca_file`` cannot be read or holds no certificate (ssl.SSLError).
    """
    import ssl

    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


def wire_host(host: str) -> str:
    """``host`` in ASCII (RFC 5891), for the resolver; a trailing dot (fully qualified) stays.

    Raises:
        UnicodeError: it is not a valid name.
    """
    if host.isascii():
        return host
    import idna

    return idna.encode(host, uts46=True).decode("ascii")


def certificate_host(host: str) -> str:
    """``host`` as certificates and SNI name it (RFC 6066 section 3): in ASCII, without a trailing dot.

    Raises:
        UnicodeError: it is not a valid name.
    """
    return wire_host(host).removesuffix(".")


def is_loopback(address: str) -> bool:
    """Whether the numeric ``address`` of a peer is this machine. Names are not resolved: DNS could be spoofed."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


async def speaks_tls(host: str, port: int, *, within: float = 1.5) -> bool:
    """Whether a TLS server answers there. Nothing is sent over the connection, so no certificate is verified.

    Args:
        host: as in the account.
        port: TCP port.
        within: seconds to wait for an answer.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(within):
            _reader, writer = await asyncio.open_connection(
                wire_host(host), port, ssl=context, server_hostname=certificate_host(host)
            )
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")
    except (OSError, ValueError):  # includes timeouts and invalid names
        return False
    writer.transport.abort()
    return True


def is_no_tls(error: ssl.SSLError) -> bool:
    """Whether the peer answered the handshake with something that is not TLS: it starts unencrypted."""
    return (error.reason or "") in {"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL"}


def certificate_message(error: ssl.SSLCertVerificationError, host: str, now: float | None = None) -> str:
    """Why a certificate was refused and what to do, in a sentence or two. ``now``: the current time, for tests."""
    code = getattr(error, "verify_code", 0)
    clock = datetime.fromtimestamp(time.time() if now is None else now, UTC).strftime("%Y-%m-%d %H:%M UTC")
    if code == _EXPIRED:
        return f"It has expired. Your clock says {clock}; if that is right, the server's owner must renew it."
    if code == _NOT_YET_VALID:
        return f"It is not valid yet. Your clock says {clock}; set it if that is wrong."
    if code in (_HOSTNAME_MISMATCH, _ADDRESS_MISMATCH):
        return f"It was issued for another name than {host}; check the server's name in the account."
    if code in (_SELF_SIGNED, _SELF_SIGNED_IN_CHAIN):
        return "It is self-signed; if the server is yours, name its certificate as ca_file in the account."
    if code in _UNKNOWN_ISSUER:
        return "Its issuer is not trusted by this computer; if the server is yours, name its authority as ca_file."
    return safe_line(f"The reason: {getattr(error, 'verify_message', '') or error}.")[:300]
