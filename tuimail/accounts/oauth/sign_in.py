"""A sign-in of the user at the provider, as a face runs it: begin, show, finish.

::

    async with await begin(account, Way.BROWSER) as going:
        show(going.address, going.user_code)     # going.paste(text) as soon as the user pastes an address
        await going.finish()                     # the tokens are there, the refresh token is stored
"""

from __future__ import annotations

import asyncio
import secrets
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import urlsplit

from tuimail import log
from tuimail.accounts.oauth.access_tokens import access_tokens
from tuimail.accounts.oauth.device import DeviceCode, device_code, tokens_for
from tuimail.accounts.oauth.grant_store import is_unstored, keep_grant, key_of, place_of, remove_grant
from tuimail.accounts.oauth.provider import AuthorizationServer, provider_of
from tuimail.accounts.oauth.redirect_address import Expected, code_in
from tuimail.accounts.oauth.redirect_listener import RedirectListener
from tuimail.accounts.oauth.refresh_lock import refresh_lock
from tuimail.accounts.oauth.values import Grant, StrayAddressError, TokenAnswer
from tuimail.errors import SecretError

if TYPE_CHECKING:
    from types import TracebackType

    from tuimail.config.model import Account, OAuthSettings

BROWSER_LIMIT = 600.0
"""Seconds that the user has in the browser; a code lives no longer (RFC 6749 section 4.1.2)."""


class Way(StrEnum):
    """How the user signs in."""

    BROWSER = "browser"
    """In a browser, which comes back to this machine; or the user pastes the address where it ended."""
    DEVICE = "device"
    """In a browser on any machine, with a code to type."""


class _Flow(Protocol):
    """One way."""

    address: str
    user_code: str
    whole_address: str

    def paste(self, text: str) -> None: ...

    async def tokens(self) -> TokenAnswer: ...

    def close(self) -> None: ...


class ProviderSignIn:
    """One sign-in under way. Close it, or use it with ``async with``."""

    def __init__(self, account: Account, provider: AuthorizationServer, flow: _Flow) -> None:
        self._account = account
        self._provider = provider
        self._flow = flow

    @property
    def address(self) -> str:
        """What the user opens in a browser; https, ASCII."""
        return self._flow.address

    @property
    def user_code(self) -> str:
        """What the user types there; empty with ``Way.BROWSER``."""
        return self._flow.user_code

    @property
    def whole_address(self) -> str:
        """The address with the code in it, for a link; empty if there is none."""
        return self._flow.whole_address

    def paste(self, text: str) -> None:
        """The address where the browser ended. Raises SecretError: it is not that of this sign-in; paste another."""
        self._flow.paste(text)

    async def finish(self) -> bool:
        """Wait for the user, and store what the provider gives; whether it was stored and is not only in memory.

        Raises:
            SecretError, StorageError: it did not work; the text says why.
        """
        answer = await self._flow.tokens()
        settings = self._provider.settings
        if not answer.refresh_token:
            raise SecretError(
                "The provider lets tuimail in only once: it gave no refresh token.",
                hint='Add "offline_access" to scopes in the config, if the provider has it, and sign in again.',
            )
        ends = self._provider.endpoints
        grant = Grant(answer.refresh_token, self._provider.client, ends.token, ends.secret_in_header)
        place = place_of(self._account, settings)
        async with refresh_lock(access_tokens().locks, key_of(place)):
            # A renewal of the old grant in another process must not be stored over the new one.
            await keep_grant(place, grant)
        access_tokens().keep(self._account, answer)
        return not is_unstored(place)

    def close(self) -> None:
        """Wait no more."""
        self._flow.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


async def begin(account: Account, way: Way | None = None) -> ProviderSignIn:
    """Begin a sign-in; ``way`` None: by the browser if the provider offers that.

    Raises:
        SecretError: the provider does not offer this, or is out of reach.
    """
    provider = await provider_of(account, _settings(account))
    ends = provider.endpoints
    if way is None:
        way = Way.BROWSER if ends.authorization else Way.DEVICE
    if not (ends.authorization if way is Way.BROWSER else ends.device):
        words = "sign in by a browser on this machine" if way is Way.BROWSER else "sign in by a device code"
        raise SecretError(
            f"{provider.settings.authority} does not let programs {words}.",
            hint="Choose the other way, or write the endpoint into the config.",
        )
    flow: _Flow
    if way is Way.DEVICE:
        flow = _DeviceFlow(provider, await device_code(provider))
    else:
        flow = await _BrowserFlow(provider, place_of(account, provider.settings).username).open()
    return ProviderSignIn(account, provider, flow)


async def sign_out(account: Account) -> None:
    """Remove the refresh token from every store. Raises SecretError."""
    place = place_of(account, _settings(account))
    async with refresh_lock(access_tokens().locks, key_of(place)):
        await remove_grant(place)
    access_tokens().forget(account)


def _settings(account: Account) -> OAuthSettings:
    if account.oauth is None:
        raise SecretError(f"The account {account.name} has no [oauth] in the config.")
    return account.oauth


class _BrowserFlow:
    """The authorization code flow with PKCE (RFC 7636), state, and the issuer (RFC 9207)."""

    user_code = ""
    whole_address = ""

    def __init__(self, provider: AuthorizationServer, user: str) -> None:
        self.address = ""
        self._provider = provider
        self._user = user
        ends = provider.endpoints
        host = urlsplit(ends.authorization).hostname or ""
        self._expected = Expected(secrets.token_urlsafe(32), host, ends.issuer, ends.names_itself)
        self._verifier = secrets.token_urlsafe(48)
        self._redirect = ""
        self._code: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._listener = RedirectListener(self._take)
        log.register_secret(self._verifier)

    async def open(self) -> Self:
        """Listen, and make the address."""
        from oauthlib.oauth2 import WebApplicationClient

        self._redirect = f"http://127.0.0.1:{await self._listener.open()}/"
        client = WebApplicationClient(self._provider.client.id)
        self.address = client.prepare_request_uri(
            self._provider.endpoints.authorization,
            redirect_uri=self._redirect,
            scope=list(self._provider.settings.scopes) or None,
            state=self._expected.state,
            code_challenge=client.create_code_challenge(self._verifier, "S256"),
            code_challenge_method="S256",
            login_hint=self._user,
        )
        return self

    def paste(self, text: str) -> None:
        """An address that the user pasted."""
        self._take(text)

    async def tokens(self) -> TokenAnswer:
        """The tokens, after the browser came back."""
        try:
            async with asyncio.timeout(BROWSER_LIMIT):
                code = await self._code
        except TimeoutError:
            raise SecretError("Nobody signed in within ten minutes.", hint="Begin again.") from None
        finally:
            self.close()
        return await self._provider.token_endpoint.exchange(code, redirect_uri=self._redirect, verifier=self._verifier)

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()
        if not self._code.done():
            self._code.cancel()
        elif not self._code.cancelled():
            self._code.exception()  # marked as retrieved: asyncio would print it if nobody finishes

    def _take(self, address: str) -> None:
        if self._code.done():
            raise StrayAddressError("The browser came back already.")
        try:
            code = code_in(address, self._expected)
        except StrayAddressError:
            raise
        except SecretError as error:
            self._code.set_exception(error)
            raise
        self._code.set_result(code)


class _DeviceFlow:
    """A device code (RFC 8628)."""

    def __init__(self, provider: AuthorizationServer, code: DeviceCode) -> None:
        self._provider = provider
        self._code = code
        self.address = code.address
        self.user_code = code.user_code
        self.whole_address = code.whole_address

    def paste(self, text: str) -> None:
        """There is nothing to paste."""
        del text
        raise StrayAddressError("Type the code at the provider; nothing is to be pasted here.")

    async def tokens(self) -> TokenAnswer:
        """The tokens, after the user typed the code."""
        return await tokens_for(self._provider, self._code)

    def close(self) -> None:
        """Nothing is open."""
