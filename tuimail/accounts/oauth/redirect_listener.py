"""Receives the redirect of a provider on 127.0.0.1 (RFC 8252 section 7.3): a free port, a few bounded requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.accounts.discovery.network import hang_up
from tuimail.accounts.oauth.redirect_address import LONGEST
from tuimail.accounts.oauth.values import StrayAddressError
from tuimail.errors import SecretError

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 10.0
"""Seconds that a request may take."""
MOST_CONNECTIONS = 8
"""At the same time; browsers open some that they do not use."""
MOST_FIELDS = 100

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>tuimail</title><p>{words}</p></html>"""
_DONE = "You may close this page and go back to tuimail."
_FAILED = "The sign-in did not work. tuimail says why."
_STRAY = "This page does not belong to a sign-in that tuimail waits for."


class RedirectListener:
    """Listens from ``open`` to ``close``."""

    def __init__(self, take: Callable[[str], None]) -> None:
        """``take`` is told the path and query of each request, and raises SecretError for what it does not want."""
        self._take = take
        self._server: asyncio.Server | None = None
        self._open = 0

    async def open(self) -> int:
        """The port. Raises SecretError: there is none."""
        try:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LONGEST)
        except OSError:
            raise SecretError("No port is free to receive the browser.", hint="Use a device code instead.") from None
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= MOST_CONNECTIONS:
            hang_up(writer)
            return
        self._open += 1
        try:
            async with asyncio.timeout(PATIENCE):
                status, words = self._answer(await _target(reader))
                writer.write(_response(status, words))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._open -= 1
            hang_up(writer)

    def _answer(self, target: str) -> tuple[str, str]:
        if target.partition("?")[0] != "/":
            return "404 Not Found", _STRAY
        try:
            self._take(target)
        except StrayAddressError:
            return "400 Bad Request", _STRAY
        except SecretError:
            return "200 OK", _FAILED
        return "200 OK", _DONE


async def _target(reader: asyncio.StreamReader) -> str:
    """Path and query of a GET. Raises ValueError for anything else."""
    words = (await reader.readuntil(b"\r\n")).decode("ascii").split()
    if len(words) != 3 or words[0] != "GET" or not words[1].startswith("/"):
        raise ValueError("not a GET")
    for _ in range(MOST_FIELDS):
        if not (await reader.readuntil(b"\r\n")).strip():
            return words[1]
    raise ValueError("too many fields")


def _response(status: str, words: str) -> bytes:
    """Nothing of the request is in the page, and no other site learns its address."""
    body = _PAGE.format(words=words).encode()
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
        "Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\n"
    ).encode("ascii") + body
