"""Access tokens: renewed early, one renewal at a time, no new refresh token lost, and what ends a sign-in."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.accounts.oauth.account import account_at, signed_in
from tuimail.accounts.oauth.access_tokens import EARLY, AccessTokens
from tuimail.accounts.oauth.values import SignInAgainError
from tuimail.config.refused_tokens import refuse
from tuimail.errors import SecretError, TokenDelayedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.authorization_server import AuthorizationServer
    from tests.support.certificates import Authority
    from tests.support.secret_stores import MemoryKeyring
    from tuimail.config.model import Account
    from tuimail.paths import Paths


class Ticks:
    """Time that goes on when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def refresh_token(backend: MemoryKeyring) -> str:
    (written,) = backend.kept.values()
    return str(json.loads(written)["refresh_token"])


async def test_one_is_used_until_five_minutes_before_its_end(
    account: Account, provider: AuthorizationServer, paths: Paths
) -> None:
    await signed_in(account, provider)
    ticks = Ticks()
    tokens = AccessTokens(paths.data / "oauth", ticks)
    first = await tokens.token(account)
    ticks.now += 3600 - EARLY - 1
    assert await tokens.token(account) == first
    ticks.now += 1
    second = await tokens.token(account)
    assert second != first
    assert provider.grants.is_active(second)
    assert provider.count("/token") == 2


@pytest.mark.parametrize(
    ("written", "used"), [(60, 30.0), ("3600", 3300.0), (None, 3300.0), (-5, 3300.0), (True, 3300.0), (1e300, 3300.0)]
)
async def test_lifetimes_as_servers_write_them(
    account: Account, provider: AuthorizationServer, paths: Paths, written: object, used: float
) -> None:
    await signed_in(account, provider)
    provider.lifetime = written
    ticks = Ticks()
    tokens = AccessTokens(paths.data / "oauth", ticks)
    first = await tokens.token(account)
    ticks.now += used - 0.5
    assert await tokens.token(account) == first
    ticks.now += 1
    assert await tokens.token(account) != first


async def test_many_ask_and_one_renews(account: Account, provider: AuthorizationServer, paths: Paths) -> None:
    await signed_in(account, provider)
    tokens = AccessTokens(paths.data / "oauth")

    def elsewhere() -> str:
        return asyncio.run(tokens.token(account))

    found = await asyncio.gather(
        *(tokens.token(account) for _ in range(5)), *(asyncio.to_thread(elsewhere) for _ in range(3))
    )
    assert len(set(found)) == 1
    assert provider.count("/token") == 1


async def test_the_new_refresh_token_is_stored_before_the_next_renewal(
    account: Account, provider: AuthorizationServer, backend: MemoryKeyring, paths: Paths
) -> None:
    old, _ = await signed_in(account, provider)
    for count in range(1, 4):  # each by a process of its own: nothing is known but the store
        assert provider.grants.is_active(await AccessTokens(paths.data / "oauth").token(account))
        assert refresh_token(backend) == provider.grants.current["grant0"] != old
        assert provider.count("/token") == count
    assert not provider.grants.ended


async def test_a_server_that_does_not_rotate(
    account: Account, provider: AuthorizationServer, backend: MemoryKeyring, paths: Paths
) -> None:
    old, _ = await signed_in(account, provider)
    provider.rotates = False
    for _ in range(2):
        await AccessTokens(paths.data / "oauth").token(account)
    assert refresh_token(backend) == old


async def test_a_caller_that_gives_up_does_not_lose_the_new_refresh_token(
    account: Account, provider: AuthorizationServer, backend: MemoryKeyring, paths: Paths
) -> None:
    old, _ = await signed_in(account, provider)
    came, go = threading.Event(), threading.Event()

    def held(_fields: dict[str, str]) -> None:
        came.set()
        go.wait(30)

    provider.manners["/token"] = held
    tokens = AccessTokens(paths.data / "oauth")
    asking = asyncio.ensure_future(tokens.token(account))
    await asyncio.to_thread(came.wait, 30)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    go.set()
    token = await tokens.token(account)
    assert provider.count("/token") == 1
    assert provider.grants.is_active(token)
    assert refresh_token(backend) != old


async def test_a_store_that_does_not_take_the_new_one(
    account: Account,
    provider: AuthorizationServer,
    backend: MemoryKeyring,
    paths: Paths,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The server has ended the old one by then: the new one is kept in memory, used, and stored when it can be."""
    await signed_in(account, provider)
    put = backend.set_password

    def full(*_words: str) -> None:
        raise RuntimeError("no room")

    backend.set_password = full  # type: ignore[method-assign, assignment]
    tokens = AccessTokens(paths.data / "oauth", ticks := Ticks())
    assert provider.grants.is_active(await tokens.token(account))
    assert "only in memory" in caplog.text
    assert provider.grants.current["grant0"] not in caplog.text
    caplog.clear()
    ticks.now += 3600
    assert provider.grants.is_active(await tokens.token(account))
    caplog.clear()
    backend.set_password = put  # type: ignore[method-assign]
    ticks.now += 3600
    assert provider.grants.is_active(await tokens.token(account))
    assert refresh_token(backend) == provider.grants.current["grant0"]
    assert not provider.grants.ended


async def test_a_refused_token_is_renewed_at_once(
    account: Account, provider: AuthorizationServer, paths: Paths
) -> None:
    await signed_in(account, provider)
    tokens = AccessTokens(paths.data / "oauth")
    first = await tokens.token(account)
    refuse(first)
    second = await tokens.token(account)
    assert second != first
    assert await tokens.token(account) == second


async def test_a_revoked_sign_in_asks_for_another_and_the_server_only_once(
    account: Account, provider: AuthorizationServer, backend: MemoryKeyring, paths: Paths
) -> None:
    await signed_in(account, provider)
    provider.revoke()
    tokens = AccessTokens(paths.data / "oauth")
    for _ in range(3):
        with pytest.raises(SignInAgainError, match="not valid any more") as told:
            await tokens.token(account)
        assert told.value.hint == "Sign in again: tuimail account login work"
    assert provider.count("/token") == 1
    await signed_in(account, provider)  # in another process
    assert provider.grants.is_active(await tokens.token(account))


async def test_the_one_of_another_machine_is_used(
    account: Account, provider: AuthorizationServer, backend: MemoryKeyring, paths: Paths
) -> None:
    """The store is shared and the lock is not: what is stored meanwhile is tried before the user is asked."""
    await signed_in(account, provider)

    def overtaken(_fields: dict[str, str]) -> tuple[int, dict[str, object]]:
        del provider.manners["/token"]
        ((place, written),) = backend.kept.items()
        newer, _ = provider.new_grant()
        backend.kept[place] = json.dumps({**json.loads(written), "refresh_token": newer})
        return 400, {"error": "invalid_grant"}

    provider.manners["/token"] = overtaken
    assert provider.grants.is_active(await AccessTokens(paths.data / "oauth").token(account))
    assert provider.count("/token") == 2


async def test_not_signed_in(account: Account, provider: AuthorizationServer, paths: Paths) -> None:
    with pytest.raises(SignInAgainError, match="work is not signed in") as told:
        await AccessTokens(paths.data / "oauth").token(account)
    assert "tuimail account login work" in told.value.hint
    assert provider.requests == []


async def test_another_issuer_is_not_given_the_token(
    account: Account, provider: AuthorizationServer, paths: Paths
) -> None:
    await signed_in(account, provider)
    assert account.oauth is not None
    moved = replace(account, oauth=replace(account.oauth, issuer=f"{provider.issuer}/other"))
    with pytest.raises(SignInAgainError, match="is not signed in"):
        await AccessTokens(paths.data / "oauth").token(moved)


GOOD = {"access_token": "a", "token_type": "Bearer"}


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((503, b"busy"), TokenDelayedError, "status 503"),
        ((429, {"error": "slow_down"}), TokenDelayedError, "status 429"),
        ((400, {"error": "temporarily_unavailable"}), TokenDelayedError, "no token now"),
        ((200, b"<html>Sign in to this network"), TokenDelayedError, "does not answer as a token endpoint"),
        ((200, b"[" * 100_000), TokenDelayedError, "does not answer as a token endpoint"),
        ((200, b"7"), TokenDelayedError, "does not answer as a token endpoint"),
        ((200, b"x" * 300_000), TokenDelayedError, "does not answer as a web server"),
        ((200, {}), SecretError, "refused"),
        ((200, {**GOOD, "access_token": ["a"]}), SecretError, "refused"),
        ((200, {**GOOD, "access_token": "a\1b"}), SecretError, "cannot be one"),
        ((200, {**GOOD, "access_token": "a" * 20_000}), SecretError, "cannot be one"),
        ((200, {**GOOD, "refresh_token": "a\r\nb"}), SecretError, "cannot be one"),
        ((200, {**GOOD, "token_type": "mac"}), SecretError, "unknown kind"),
        ((401, {"error": "invalid_client"}), SecretError, "client id"),
        ((400, {"error": "odd\x1b[31m", "error_description": "no \x1b]52;c;x\x07"}), SecretError, "refused: no "),
        ((400, {"error": {"a": 1}}), SecretError, "refused"),
    ],
)
async def test_answers_that_are_no_token(
    account: Account,
    provider: AuthorizationServer,
    paths: Paths,
    answer: tuple[int, object],
    kind: type[SecretError],
    words: str,
) -> None:
    await signed_in(account, provider)
    provider.manners["/token"] = lambda _fields: answer  # type: ignore[return-value, assignment]
    tokens = AccessTokens(paths.data / "oauth")
    with pytest.raises(kind, match=words) as told:
        await tokens.token(account)
    assert isinstance(told.value, TokenDelayedError) == (kind is TokenDelayedError)
    assert str(told.value).isprintable()
    del provider.manners["/token"]
    assert provider.grants.is_active(await tokens.token(account))  # nothing was lost


async def test_a_silent_server(
    account: Account, provider: AuthorizationServer, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuimail.accounts.oauth.https.LIMIT", 0.3)
    await signed_in(account, provider)
    go = threading.Event()

    def held(_fields: dict[str, str]) -> None:
        go.wait(30)

    provider.manners["/token"] = held
    with pytest.raises(TokenDelayedError, match="did not answer within 0"):
        await AccessTokens(paths.data / "oauth").token(account)
    go.set()


async def test_no_server_at_all(
    authority: Authority, backend: MemoryKeyring, provider: AuthorizationServer, paths: Paths
) -> None:
    account = account_at(provider.issuer, authority.ca_file, token_endpoint="https://localhost:1/token")
    await signed_in(account, provider)
    with pytest.raises(TokenDelayedError, match="localhost cannot be reached"):
        await AccessTokens(paths.data / "oauth").token(account)


@pytest.mark.parametrize("methods", [["client_secret_basic"], ["client_secret_post"]])
async def test_the_secret_of_a_client_comes_from_its_command(
    provider: AuthorizationServer,
    authority: Authority,
    backend: MemoryKeyring,
    paths: Paths,
    tmp_path: Path,
    methods: list[str],
) -> None:
    from tests.accounts.oauth.account import redirect_of
    from tuimail.accounts.oauth.sign_in import begin

    provider.metadata["token_endpoint_auth_methods_supported"] = methods
    provider.grants.client_secret = "client+secret"
    (tmp_path / "secret").write_text("client+secret\n")
    command = ("/bin/cat", str(tmp_path / "secret"))
    account = account_at(provider.issuer, authority.ca_file, client_secret_command=command)
    async with await begin(account) as going:
        going.paste(await redirect_of(going.address, authority.ca_file))
        await going.finish()
    assert provider.grants.is_active(await AccessTokens(paths.data / "oauth").token(account))
    assert "client+secret" not in str(backend.kept)
    sent = [fields for path, fields in provider.requests if path == "/token"]
    assert all(("authorization" in each) == (methods == ["client_secret_basic"]) for each in sent)


async def test_a_store_that_holds_something_else(
    account: Account, provider: AuthorizationServer, backend: MemoryKeyring, paths: Paths
) -> None:
    await signed_in(account, provider)
    (place,) = backend.kept
    odd: Callable[[str], str] = lambda written: written.replace(f"{provider.issuer}/token", "http://other.example/")  # noqa: E731
    for written in ("", "x", "[]", "{}", "[" * 50_000, odd(backend.kept[place])):
        backend.kept[place] = written
        with pytest.raises(SecretError):
            await AccessTokens(paths.data / "oauth").token(account)
    assert provider.count("/token") == 0
