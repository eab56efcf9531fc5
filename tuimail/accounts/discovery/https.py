"""GET over HTTPS (RFC 9110, RFC 9112) for small files: bounded, a few redirects, and never to another site."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from tuimail.accounts.discovery.network import hang_up
from tuimail.accounts.discovery.values import DiscoveryError
from tuimail.accounts.http_response import HttpResponse, UnwantedBodyError, read_response
from tuimail.mail.domain import DomainError, ascii_domain
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.accounts.discovery.network import Network

MOST_REDIRECTS = 3
LONGEST_URL = 2_000
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ABSENT = frozenset({404, 410})


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
            url = urljoin(url, response.fields.get("location", ""))
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


async def _fetch(network: Network, place: _Place, asked: Callable[[str], None]) -> HttpResponse:
    reader, writer = await network.connect(place.host, 443)
    try:
        asked(place.host)
        request = f"GET {place.target} HTTP/1.1\r\nHost: {place.host}\r\nAccept-Encoding: identity\r\n"
        writer.write(f"{request}Accept: */*\r\nConnection: close\r\n\r\n".encode("ascii"))
        await writer.drain()
        # The body matters only of what was found.
        return await read_response(reader, wanted=lambda status: status == 200)
    except UnwantedBodyError as error:
        raise DiscoveryError(str(error)) from None
    except asyncio.IncompleteReadError:
        raise DiscoveryError(f"{place.host} hung up in the middle of its answer.") from None
    except OSError:
        raise DiscoveryError(f"{place.host} broke the connection.") from None
    except (asyncio.LimitOverrunError, ValueError):  # a line that is too long, or a number that is none
        raise DiscoveryError(f"{place.host} does not answer as a web server does.") from None
    finally:
        hang_up(writer)
