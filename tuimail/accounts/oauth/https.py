"""Requests to an authorization server: HTTPS, verified, bounded in bytes and time, redirects not followed."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from tuimail.accounts.discovery.network import LONGEST_LINE, first_connected, hang_up, tls_reason
from tuimail.accounts.http_response import HttpResponse, UnwantedBodyError, read_response
from tuimail.errors import SecretError, TokenDelayedError
from tuimail.mail.text import safe_line
from tuimail.tls import certificate_host, tls_context, wire_host

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 30.0
"""Seconds that a request may take in all."""
MOST_ADDRESSES = 4

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class HttpsRequest(NamedTuple):
    """A POST with ``body``; a GET without."""

    url: str
    """https, checked."""
    body: str = ""
    content_type: str = FORM
    authorization: str = ""
    """The header field."""


async def send(request: HttpsRequest, ca_file: Path | None) -> HttpResponse:
    """The response.

    Raises:
        TokenDelayedError: the server cannot be reached, or does not answer as a web server does.
        SecretError: ``ca_file`` cannot be used.
    """
    parts = urlsplit(request.url)
    name, port = parts.hostname or "", parts.port or 443
    try:
        async with asyncio.timeout(LIMIT):
            return await _ask(request, name, port, ca_file)
    except TimeoutError:
        words = f"did not answer within {LIMIT:g} seconds"
    except asyncio.IncompleteReadError:
        words = "hung up in the middle of its answer"
    except OSError:
        words = "cannot be reached"
    except (asyncio.LimitOverrunError, ValueError):  # a line that is too long, or a number that is none
        words = "does not answer as a web server does"
    raise TokenDelayedError(f"The authorization server {safe_line(name)} {words}.", hint=_NETWORK)


_NETWORK = "Check the network; it is tried again later."


async def _ask(request: HttpsRequest, name: str, port: int, ca_file: Path | None) -> HttpResponse:
    import ssl

    try:
        context = await asyncio.to_thread(tls_context, ca_file)
    except OSError:
        raise SecretError(
            f"The certificates in {safe_line(str(ca_file))} cannot be used.", hint="Check ca_file in the config."
        ) from None
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(wire_host(name), port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))[:MOST_ADDRESSES]
    connected = await first_connected(addresses, port)
    try:
        reader, writer = await asyncio.open_connection(
            sock=connected, limit=LONGEST_LINE, ssl=context, server_hostname=certificate_host(name)
        )
    except ssl.SSLError as error:
        raise TokenDelayedError(
            f"The authorization server cannot be trusted. {tls_reason(error, safe_line(name))}", hint=_NETWORK
        ) from None
    try:
        writer.write(_encoded(request))
        await writer.drain()
        return await read_response(reader, wanted=lambda _status: True)
    except UnwantedBodyError:
        raise ValueError(name) from None
    finally:
        hang_up(writer)


def _encoded(request: HttpsRequest) -> bytes:
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    body = request.body.encode()
    lines = [f"{'POST' if body else 'GET'} {target} HTTP/1.1", f"Host: {parts.netloc}", f"Accept: {JSON}"]
    lines += ["Accept-Encoding: identity", "Connection: close"]
    if body:
        lines += [f"Content-Type: {request.content_type}", f"Content-Length: {len(body)}"]
    if request.authorization:
        lines.append(f"Authorization: {request.authorization}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def json_object(response: HttpResponse) -> dict[str, object] | None:
    """The JSON object in the body; None if it is anything else."""
    try:
        found = json.loads(response.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
