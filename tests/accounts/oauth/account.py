"""Accounts of a provider, and what a user does there."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any
from urllib.request import HTTPRedirectHandler, HTTPSHandler, build_opener

from tests.support.authorization_server import CLIENT, USER
from tuimail.accounts.oauth.grant_store import keep_grant, place_of
from tuimail.accounts.oauth.values import Client, Grant
from tuimail.config.model import Account, Auth, Identity, OAuthSettings, Server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.authorization_server import AuthorizationServer


def account_at(issuer: str, ca_file: Path | None = None, **settings: Any) -> Account:
    """An account that takes its tokens from ``issuer``."""
    found = OAuthSettings(
        issuer, **{"client_id": CLIENT, "scopes": ("mail", "offline_access"), **settings}, ca_file=ca_file
    )
    return Account(
        "work",
        (Identity(USER),),
        Server("smtp.example.org", 465, username=USER, auth=Auth.OAUTH2),
        Server("imap.example.org", 993, username=USER, auth=Auth.OAUTH2),
        oauth=found,
    )


async def signed_in(account: Account, provider: AuthorizationServer) -> tuple[str, str]:
    """Store a grant that the provider knows; its refresh token and access token."""
    assert account.oauth is not None
    refresh, access = provider.new_grant()
    grant = Grant(refresh, Client(CLIENT), f"{provider.issuer}/token")
    await keep_grant(place_of(account, account.oauth), grant)
    return refresh, access


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_about: Any) -> None:
        return None


async def redirect_of(address: str, ca_file: Path) -> str:
    """Where the provider sends the browser that opens ``address``."""
    opener = build_opener(HTTPSHandler(context=ssl.create_default_context(cafile=str(ca_file))), _Stay())

    def look() -> str:
        from urllib.error import HTTPError

        try:
            opener.open(address, timeout=20)
        except HTTPError as answer:
            with answer:
                return str(answer.headers["Location"])
        raise AssertionError("it was not sent on")

    return await asyncio.to_thread(look)


async def visit(address: str) -> tuple[int, bytes]:
    """Open an address on this machine as a browser does: status and page."""
    port, _, target = address.removeprefix("http://127.0.0.1:").partition("/")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(f"GET /{target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    page = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(page.split()[1]), page
