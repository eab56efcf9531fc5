"""The access tokens of accounts: in memory only, renewed before they expire, one renewal at a time."""

from __future__ import annotations

import asyncio
import logging
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from tuimail.accounts.oauth.grant_store import grant_at, is_unstored, keep_grant, key_of, place_of
from tuimail.accounts.oauth.provider import own_client
from tuimail.accounts.oauth.refresh_lock import refresh_lock
from tuimail.accounts.oauth.token_requests import TokenEndpoint
from tuimail.accounts.oauth.values import Client, Grant, SignInAgainError, TokenAnswer
from tuimail.config.refused_tokens import is_refused, refuse
from tuimail.coordination.lock import Machine
from tuimail.errors import SecretError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tuimail.config.model import Account, OAuthSettings, Server

log = logging.getLogger(__name__)

EARLY = 300.0
"""Seconds before its end at which a token is renewed; of a short-lived one half its life."""


class _Held(NamedTuple):
    token: str
    until: float

    def __repr__(self) -> str:
        return f"_Held(until={self.until})"


class AccessTokens:
    """Those of this process. Its methods may be called on any thread."""

    def __init__(self, locks: Path, tick: Callable[[], float] | None = None) -> None:
        """``locks`` is a folder; ``tick`` gives seconds that go on while the computer sleeps."""
        self.locks = locks
        self._tick = tick or Machine().tick
        self._held: dict[str, _Held] = {}
        self._flights: dict[str, asyncio.Task[str]] = {}

    async def token(self, account: Account) -> str:
        """An access token that no server has refused and that does not expire soon.

        Raises:
            SignInAgainError: the user has to sign in again.
            TokenDelayedError: none can be had now.
            SecretError, StorageError: none can be had until the user does something.
        """
        settings = account.oauth
        if settings is None:
            raise SecretError(f"The account {account.name} has no [oauth] in the config.")
        key = key_of(place_of(account, settings))
        held = self._good(key)
        if held is not None:
            return held
        # It takes about 60 ms, for which the screen must not wait.
        await asyncio.to_thread(import_module, "oauthlib.oauth2")
        loop = asyncio.get_running_loop()
        flight = self._flights.get(key)
        if flight is None or flight.get_loop() is not loop or flight.done():
            # Nobody's giving up may cut a renewal in two: its new refresh token would be lost.
            flight = self._flights[key] = loop.create_task(self._renewed(account, settings), name="oauth-refresh")
            flight.add_done_callback(_retrieved)
        return await asyncio.shield(flight)

    def has(self, account: Account) -> bool:
        """Whether ``token`` gives one at once."""
        return account.oauth is not None and self._good(key_of(place_of(account, account.oauth))) is not None

    def keep(self, account: Account, answer: TokenAnswer) -> None:
        """Use the token of a sign-in that has just been made."""
        assert account.oauth is not None  # noqa: S101 - the account was signed in by it
        self._hold(key_of(place_of(account, account.oauth)), answer)

    def forget(self, account: Account) -> None:
        """The sign-in was removed."""
        if account.oauth is not None:
            self._held.pop(key_of(place_of(account, account.oauth)), None)

    def _good(self, key: str) -> str | None:
        held = self._held.get(key)
        good = held is not None and self._tick() < held.until and not is_refused(held.token)
        return held.token if held is not None and good else None

    def _hold(self, key: str, answer: TokenAnswer) -> None:
        early = min(EARLY, answer.lifetime / 2)
        self._held[key] = _Held(answer.access_token, self._tick() + answer.lifetime - early)

    async def _renewed(self, account: Account, settings: OAuthSettings) -> str:
        place = place_of(account, settings)
        key = key_of(place)
        async with refresh_lock(self.locks, key):
            held = self._good(key)  # another thread was faster
            if held is not None:
                return held
            grant = await grant_at(place)
            if grant is None:
                raise SignInAgainError(f"The account {account.name} is not signed in.", hint=_again(account))
            if is_unstored(place):
                await _keep(place, grant)
            answer = await self._answer(account, settings, place, grant)
            self._hold(key, answer)
            return answer.access_token

    async def _answer(self, account: Account, settings: OAuthSettings, place: Server, grant: Grant) -> TokenAnswer:
        own = await own_client(account, settings)
        try:
            try:
                answer = await _refreshed(grant, settings, own)
            except SignInAgainError:
                refuse(grant.refresh_token)
                # Another machine with the same store, or a lock that does not work: its newer one may be there.
                newer = await grant_at(place)
                if newer is None or newer.refresh_token == grant.refresh_token:
                    raise
                grant, answer = newer, await _refreshed(newer, settings, own)
        except SignInAgainError as error:
            raise SignInAgainError(str(error), hint=_again(account)) from None
        if answer.refresh_token and answer.refresh_token != grant.refresh_token:
            await _keep(place, Grant(answer.refresh_token, grant.client, grant.token_endpoint, grant.secret_in_header))
        return answer


async def _refreshed(grant: Grant, settings: OAuthSettings, own: Client | None) -> TokenAnswer:
    if is_refused(grant.refresh_token):
        raise SignInAgainError("The sign-in is not valid any more.")
    client = own or grant.client
    url = settings.token_endpoint or grant.token_endpoint
    return await TokenEndpoint(url, client, grant.secret_in_header, settings.ca_file).refresh(grant.refresh_token)


async def _keep(place: Server, grant: Grant) -> None:
    """A store that does not take the new one must not keep the account from working: it is tried again later."""
    try:
        await keep_grant(place, grant)
    except (SecretError, StorageError) as error:
        log.warning("the new refresh token is only in memory: %s", error)


def _again(account: Account) -> str:
    return f"Sign in again: tuimail account login {account.name}"


def _retrieved(task: asyncio.Task[str]) -> None:
    if not task.cancelled():
        task.exception()  # marked as retrieved: asyncio would print the error if every caller was cancelled


_tokens: AccessTokens | None = None


def access_tokens() -> AccessTokens:
    """The tokens of this process; their locks are beside what is stored."""
    global _tokens
    from tuimail.config.secrets import folder

    locks = folder() / "oauth"
    if _tokens is None or _tokens.locks != locks:
        _tokens = AccessTokens(locks)
    return _tokens
