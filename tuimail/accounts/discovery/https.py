"""GET over HTTPS (RFC 9110, RFC 9112) for small files: bounded, a few redirects, and never to another site."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from tuimail.accounts.discovery.network import hang_up
from tuimail.accounts.discovery.values import DiscoveryError
from tuimail.mail.domain import DomainError, ascii_domain
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.accounts.discovery.network import Network

MOST_BYTES = 256 * 1024
"""Of a body."""
MOST_REDIRECTS = 3
MOST_FIELDS = 100
"""Lines of a header."""
LONGEST_URL = 2_000
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ABSENT = frozenset({404, 410})


class _Response(NamedTuple):
    status: int
    location: str
    body: bytes


class _Place(NamedTuple):
    host: str
    target: str
    """Path and query."""


async def get(network: Network, url: str, *, site: str, asked: Callable[[str], None]) -> bytes:
    """The file at ``url``.

    Args:
        network: makes the connections.
        url: https, without user name or port.
        site: redirects lead to this domain or below it, and nowhere else.
        asked: told each host just before a request is sent to it.

    Raises:
        DiscoveryError: there is no such file, or it was not fetched: the reason.
    """
    for _ in range(MOST_REDIRECTS + 1):
        place = _place(url, site)
        response = await _fetch(network, place, asked)
        if response.status == 200:
            return response.body
        if response.status in _ABSENT:
            raise DiscoveryError(f"{place.host} has no settings for mail programs.")
        if response.status not in _REDIRECTS:
            raise DiscoveryError(f"{place.host} answers with status {response.status}.")
        try:
            url = urljoin(url, response.location)
        except ValueError:
            raise DiscoveryError(f"{place.host} sends on to a URL that is not valid.") from None
    raise DiscoveryError(f"It is sent on more than {MOST_REDIRECTS} times.")


def _place(url: str, site: str) -> _Place:
    """Where ``url`` leads, if it is an https URL within ``site``."""
    try:
        parts = urlsplit(url) if len(url) <= LONGEST_URL and _is_visible(url) else urlsplit("")
        host = ascii_domain(parts.hostname or "").casefold()
        port = parts.port
    except (ValueError, DomainError):
        raise DiscoveryError("It is sent on to a URL that is not valid.") from None
    if parts.scheme != "https":
        raise DiscoveryError(f"It is sent on to {safe_line(host)} without encryption, which is not followed.")
    if host != site and not host.endswith("." + site):
        raise DiscoveryError(f"It is sent on to {safe_line(host)}, which is not part of {site}; that is not followed.")
    if "@" in parts.netloc or port not in (None, 443):
        raise DiscoveryError(f"It is sent on to another port or with a user name at {safe_line(host)}.")
    return _Place(host, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def _is_visible(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


async def _fetch(network: Network, place: _Place, asked: Callable[[str], None]) -> _Response:
    reader, writer = await network.connect(place.host, 443)
    try:
        asked(place.host)
        request = f"GET {place.target} HTTP/1.1\r\nHost: {place.host}\r\nAccept-Encoding: identity\r\n"
        writer.write(f"{request}Accept: */*\r\nConnection: close\r\n\r\n".encode("ascii"))
        await writer.drain()
        return await _response(reader)
    except asyncio.IncompleteReadError:
        raise DiscoveryError(f"{place.host} hung up in the middle of its answer.") from None
    except OSError:
        raise DiscoveryError(f"{place.host} broke the connection.") from None
    except (asyncio.LimitOverrunError, ValueError):  # a line that is too long, or a number that is none
        raise DiscoveryError(f"{place.host} does not answer as a web server does.") from None
    finally:
        hang_up(writer)


async def _response(reader: asyncio.StreamReader) -> _Response:
    """Raises ValueError for what is not HTTP."""
    status = _status(await reader.readuntil(b"\r\n"))
    fields = await _fields(reader)
    if fields.get("content-encoding", "identity").casefold() != "identity":
        raise DiscoveryError("The file is compressed, which was not asked for.")
    # The body matters only of what was found.
    body = await _body(reader, fields) if status == 200 else b""
    return _Response(status, fields.get("location", ""), body)


def _status(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise ValueError(line)
    return int(rest[:3])


async def _fields(reader: asyncio.StreamReader) -> dict[str, str]:
    fields: dict[str, str] = {}
    for _ in range(MOST_FIELDS):
        line = (await reader.readuntil(b"\r\n")).decode("latin-1").strip()
        if not line:
            return fields
        name, _, value = line.partition(":")
        fields[name.casefold()] = value.strip()
    raise ValueError("too many fields")


async def _body(reader: asyncio.StreamReader, fields: dict[str, str]) -> bytes:
    if "transfer-encoding" in fields:
        if fields["transfer-encoding"].casefold() != "chunked":
            raise ValueError(fields["transfer-encoding"])
        return await _chunks(reader)
    length = fields.get("content-length")
    if length is not None:
        return await reader.readexactly(_within(_number(length, 10), 0))
    pieces: list[bytes] = []
    size = 0
    while piece := await reader.read(16_384):
        size += _within(len(piece), size)
        pieces.append(piece)
    return b"".join(pieces)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """A chunked body (RFC 9112 section 7.1); what follows it is not read."""
    pieces: list[bytes] = []
    size = 0
    while True:
        line = await reader.readuntil(b"\r\n")
        length = _number(line.partition(b";")[0].decode("ascii").strip(), 16)
        if not length:
            return b"".join(pieces)
        size += _within(length, size)
        # Tiny chunks would cost far more memory and time than the bytes they hold.
        if len(pieces) > MOST_BYTES // 64:
            raise ValueError("too many chunks")
        pieces.append(await reader.readexactly(length))
        if await reader.readexactly(2) != b"\r\n":
            raise ValueError("no line end after a chunk")


def _number(text: str, base: int) -> int:
    if not 0 < len(text) <= 8 or not text.isalnum():
        raise ValueError(text)
    return int(text, base)


def _within(more: int, so_far: int) -> int:
    if so_far + more > MOST_BYTES:
        raise DiscoveryError(f"The file is larger than {MOST_BYTES // 1024} KiB.")
    return more
