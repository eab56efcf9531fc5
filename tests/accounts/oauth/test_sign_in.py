"""The user signs in: by the browser, by a pasted address, by a device code; and what is not taken for that."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.accounts.oauth.account import account_at, redirect_of, visit
from tests.support.authorization_server import CLIENT, USER
from tuimail.accounts.oauth import device
from tuimail.accounts.oauth.access_tokens import access_tokens
from tuimail.accounts.oauth.device import tokens_for
from tuimail.accounts.oauth.provider import provider_of
from tuimail.accounts.oauth.sign_in import Way, begin, sign_out
from tuimail.accounts.oauth.values import StrayAddressError
from tuimail.config import secrets
from tuimail.config.model import SecretSettings, SecretStore
from tuimail.errors import SecretError, TokenDelayedError

if TYPE_CHECKING:
    from tests.support.authorization_server import AuthorizationServer
    from tests.support.certificates import Authority
    from tests.support.secret_stores import MemoryKeyring
    from tuimail.config.model import Account
    from tuimail.paths import Paths


def stored(backend: MemoryKeyring) -> dict[str, object]:
    (written,) = backend.kept.values()
    found = json.loads(written)
    assert isinstance(found, dict)
    return found


async def test_by_the_browser(
    account: Account, provider: AuthorizationServer, authority: Authority, backend: MemoryKeyring, paths: Paths
) -> None:
    async with await begin(account) as going:
        asked = dict(parse_qsl(urlsplit(going.address).query))
        assert asked["scope"] == "mail offline_access"
        assert asked["login_hint"] == USER
        back = await redirect_of(going.address, authority.ca_file)
        finishing = asyncio.ensure_future(going.finish())
        status, page = await visit(back)
        assert status == 200
        assert b"You may close this page" in page
        assert asked["state"].encode() not in page
        assert await finishing
    token = await access_tokens().token(account)
    assert provider.grants.is_active(token)
    assert provider.grants.refresh[str(stored(backend)["refresh_token"])] == "grant0"
    assert token not in str(backend.kept)
    assert provider.count("/token") == 1  # the token of the sign-in is used


async def test_by_a_pasted_address(
    account: Account, provider: AuthorizationServer, authority: Authority, paths: Paths
) -> None:
    async with await begin(account, Way.BROWSER) as going:
        back = await redirect_of(going.address, authority.ca_file)
        with pytest.raises(StrayAddressError, match="not belong") as told:
            going.paste("http://127.0.0.1:1/?code=x&state=y")
        assert "whole address" in told.value.hint
        going.paste(f"  {back}\n")
        assert await going.finish()
    assert provider.grants.is_active(await access_tokens().token(account))


async def test_a_stray_page_does_not_end_the_sign_in(account: Account, authority: Authority, paths: Paths) -> None:
    async with await begin(account, Way.BROWSER) as going:
        back = await redirect_of(going.address, authority.ca_file)
        place = back.partition("?")[0]
        assert (await visit(f"{place}favicon.ico"))[0] == 404
        for query in ("?code=stolen&state=guess", "?error=access_denied&state=guess", "?", f"?{'x' * 4000}"):
            status, page = await visit(place + query)
            assert status == 400
            assert b"stolen" not in page
        assert (await visit(back))[0] == 200
        assert (await visit(back))[0] == 400  # only once
        assert await going.finish()


@pytest.mark.parametrize("change", ["iss=https%3A%2F%2Fother.example", ""])
async def test_an_answer_from_another_issuer_is_refused(
    account: Account, provider: AuthorizationServer, authority: Authority, paths: Paths, change: str
) -> None:
    async with await begin(account, Way.BROWSER) as going:
        back = await redirect_of(going.address, authority.ca_file)
        wrong = "&".join(each for each in back.split("&") if not each.startswith("iss="))
        with pytest.raises(SecretError, match="does not come from localhost"):
            going.paste(f"{wrong}&{change}" if change else wrong)
        with pytest.raises(SecretError, match="does not come from localhost"):
            await going.finish()
    assert provider.count("/token") == 0


async def test_the_user_says_no(account: Account, authority: Authority, paths: Paths) -> None:
    async with await begin(account, Way.BROWSER) as going:
        back = await redirect_of(going.address, authority.ca_file)
        fields = dict(parse_qsl(urlsplit(back).query))
        place = back.partition("?")[0]
        status, page = await visit(f"{place}?error=access_denied&state={fields['state']}&iss={fields['iss']}")
        assert (status, b"did not work" in page) == (200, True)
        with pytest.raises(SecretError, match="was not allowed"):
            await going.finish()


async def test_the_code_is_bound_to_this_program(
    account: Account, provider: AuthorizationServer, authority: Authority, paths: Paths
) -> None:
    """PKCE: a code that another sign-in was given for is of no use."""
    async with (
        await begin(account, Way.BROWSER) as mine,
        await begin(account, Way.BROWSER) as other,
    ):
        stolen = dict(parse_qsl(urlsplit(await redirect_of(other.address, authority.ca_file)).query))["code"]
        back = await redirect_of(mine.address, authority.ca_file)
        fields = dict(parse_qsl(urlsplit(back).query))
        mine.paste(back.replace(fields["code"], stolen))
        with pytest.raises(SecretError, match="not valid"):
            await mine.finish()
    assert provider.count("/token") == 1


async def test_the_program_registers_itself(
    provider: AuthorizationServer, authority: Authority, backend: MemoryKeyring, paths: Paths
) -> None:
    account = account_at(provider.issuer, authority.ca_file, client_id="")
    async with await begin(account, Way.BROWSER) as going:
        going.paste(await redirect_of(going.address, authority.ca_file))
        assert await going.finish()
    assert stored(backend)["client"] == {"id": "registered-1", "registered": True, "secret": ""}
    # The client is remembered: the next process renews as this client.
    access_tokens().forget(account)
    assert provider.grants.is_active(await access_tokens().token(account))
    assert provider.count("/register") == 1


async def test_without_registration_a_client_id_is_needed(
    provider: AuthorizationServer, authority: Authority, backend: MemoryKeyring, paths: Paths
) -> None:
    provider.metadata["registration_endpoint"] = None
    with pytest.raises(SecretError, match="no client_id") as told:
        await begin(account_at(provider.issuer, authority.ca_file, client_id=""))
    assert "Register a client at the provider" in told.value.hint


async def test_by_a_device_code(
    account: Account,
    provider: AuthorizationServer,
    backend: MemoryKeyring,
    paths: Paths,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    later = [(503, b""), (400, {"error": "slow_down"}), None]
    provider.manners["/token"] = lambda _fields: later.pop(0) if later else None

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 4:
            (code,) = provider.grants.devices
            provider.grants.devices[code] = True

    monkeypatch.setattr("tuimail.accounts.oauth.sign_in.tokens_for", partial(tokens_for, pause=pause))
    async with await begin(account, Way.DEVICE) as going:
        assert (going.user_code, going.address) == ("WDJB-MJHT", f"{provider.issuer}/go")
        assert going.whole_address.endswith("user_code=WDJB-MJHT")
        with pytest.raises(StrayAddressError):
            going.paste("x")
        assert await going.finish()
    assert pauses == [5.0, 10.0, 15.0, 15.0]
    assert stored(backend)["client"] == {"id": CLIENT, "registered": False}


@pytest.mark.parametrize(("error", "words"), [("expired_token", "in time"), ("access_denied", "not allowed")])
async def test_a_device_code_that_comes_to_nothing(
    account: Account, provider: AuthorizationServer, error: str, words: str
) -> None:
    async def pause(_seconds: float) -> None: ...

    assert account.oauth is not None
    server = await provider_of(account, account.oauth)
    code = replace(await device.device_code(server), life=20.0)
    provider.manners["/token"] = lambda _fields: (400, {"error": error})
    with pytest.raises(SecretError, match=words):
        await tokens_for(server, code, pause)
    provider.manners["/token"] = lambda _fields: (400, {"error": "authorization_pending"})
    with pytest.raises(SecretError, match="in time"):
        await tokens_for(server, code, pause)
    assert provider.count("/token") == 1 + 4


async def test_a_way_that_the_provider_does_not_offer(
    account: Account, provider: AuthorizationServer, paths: Paths
) -> None:
    provider.metadata["device_authorization_endpoint"] = None
    with pytest.raises(SecretError, match="device code"):
        await begin(account, Way.DEVICE)


async def test_endpoints_of_the_config_need_no_metadata(
    provider: AuthorizationServer, authority: Authority, backend: MemoryKeyring, paths: Paths
) -> None:
    ends = {f"{each}_endpoint": f"{provider.issuer}/{path}" for each, path in ENDS}
    account = account_at("", authority.ca_file, **ends)
    async with await begin(account) as going:
        going.paste(await redirect_of(going.address, authority.ca_file))
        assert await going.finish()
    assert not any("well-known" in path for path, _ in provider.requests)


ENDS = (("authorization", "authorize"), ("token", "token"))


async def test_openid_metadata(provider: AuthorizationServer, account: Account) -> None:
    assert account.oauth is not None
    known = provider.answer("/.well-known/oauth-authorization-server", {})
    provider.manners["/.well-known/oauth-authorization-server"] = lambda _fields: (404, b"")
    provider.manners["/.well-known/openid-configuration"] = lambda _fields: known
    assert (await provider_of(account, account.oauth)).endpoints.token == f"{provider.issuer}/token"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((200, {"issuer": "https://other.example", "token_endpoint": "https://other.example/t"}), "another issuer"),
        ((200, {"token_endpoint": "https://other.example/t"}), "another issuer"),
        ((200, b"[" * 100_000), "has no metadata"),
        ((200, b"[]"), "has no metadata"),
        ((302, b"https://other.example/"), "has no metadata"),
        ((200, b"x" * 300_000), "does not answer as a web server"),
        ((503, b""), "status 503"),
    ],
    ids=["other", "none", "deep", "list", "sent on", "large", "broken"],
)
async def test_metadata_that_is_not_used(
    account: Account, provider: AuthorizationServer, paths: Paths, answer: tuple[int, object], words: str
) -> None:
    provider.manners["/.well-known/oauth-authorization-server"] = lambda _fields: answer  # type: ignore[return-value, assignment]
    with pytest.raises(SecretError, match=words) as told:
        await begin(account)
    assert isinstance(told.value, TokenDelayedError) == (answer[0] == 503 or words.startswith("does not answer"))


@pytest.mark.parametrize(
    "url", ["http://localhost/token", "https://u@localhost/", "file:///etc/passwd", 7, "https://[x"]
)
async def test_an_endpoint_that_is_none(
    account: Account, provider: AuthorizationServer, paths: Paths, url: object
) -> None:
    provider.metadata["token_endpoint"] = url
    with pytest.raises(SecretError, match="names no token endpoint"):
        await begin(account)


async def test_a_server_that_is_not_trusted_learns_nothing(
    account: Account, provider: AuthorizationServer, paths: Paths
) -> None:
    assert account.oauth is not None
    stranger = replace(account, oauth=replace(account.oauth, ca_file=None))
    with pytest.raises(TokenDelayedError, match="cannot be trusted"):
        await begin(stranger)
    assert provider.requests == []


async def test_in_memory_only(
    account: Account, provider: AuthorizationServer, authority: Authority, backend: MemoryKeyring, paths: Paths
) -> None:
    secrets.configure(SecretSettings(SecretStore.MEMORY), paths.secrets_file)
    async with await begin(account, Way.BROWSER) as going:
        going.paste(await redirect_of(going.address, authority.ca_file))
        assert not await going.finish()
    assert backend.kept == {}
    access_tokens().forget(account)
    assert provider.grants.is_active(await access_tokens().token(account))


async def test_no_refresh_token(
    account: Account, provider: AuthorizationServer, authority: Authority, backend: MemoryKeyring, paths: Paths
) -> None:
    provider.manners["/token"] = lambda _fields: (200, {"access_token": "a", "token_type": "bearer"})
    async with await begin(account, Way.BROWSER) as going:
        going.paste(await redirect_of(going.address, authority.ca_file))
        with pytest.raises(SecretError, match="no refresh token") as told:
            await going.finish()
    assert "offline_access" in told.value.hint
    assert backend.kept == {}


async def test_signing_out(account: Account, authority: Authority, backend: MemoryKeyring, paths: Paths) -> None:
    async with await begin(account, Way.BROWSER) as going:
        going.paste(await redirect_of(going.address, authority.ca_file))
        await going.finish()
    await sign_out(account)
    assert backend.kept == {}
    with pytest.raises(SecretError, match="is not signed in"):
        await access_tokens().token(account)
