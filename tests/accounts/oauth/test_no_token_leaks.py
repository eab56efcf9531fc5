"""Tokens go through a renewal, a refusal and errors, and are found in no log, traceback, dialogue or file."""

from __future__ import annotations

import asyncio
import logging
import traceback
from functools import partial
from typing import TYPE_CHECKING

from tests.accounts.oauth.account import redirect_of, signed_in
from tests.accounts.oauth.test_servers import ERROR, NO, TOKEN, ignore
from tests.submission.conftest import Recorder, letter, submitter
from tests.support.scripted_smtp import Expect, ScriptedServer, hello
from tuimail.accounts.oauth.access_tokens import AccessTokens, access_tokens
from tuimail.accounts.oauth.grant_store import grant_at, place_of
from tuimail.accounts.oauth.sign_in import begin
from tuimail.accounts.sign_in_secret import sign_in_secret
from tuimail.errors import SecretError
from tuimail.log import logging_to
from tuimail.scrubber import _forms

if TYPE_CHECKING:
    import pytest

    from tests.support.authorization_server import AuthorizationServer
    from tests.support.certificates import Authority
    from tests.support.secret_stores import MemoryKeyring
    from tuimail.config.model import Account
    from tuimail.paths import Paths

CANARY = "canary-19ce-token-"


def holds(raw: bytes) -> bool:
    return any(form.encode() in raw for form in _forms(CANARY))


async def _all_ways(account: Account, provider: AuthorizationServer, authority: Authority, paths: Paths) -> list[str]:
    """A sign-in, renewals, a server that refuses, a sign-in that is over; everything that can be shown of it."""
    shown: list[str] = []
    somebody = logging.getLogger("somebody")
    async with await begin(account) as going:
        back = await redirect_of(going.address, authority.ca_file)
        assert CANARY in back
        going.paste(back)
        await going.finish()
    assert CANARY in await access_tokens().token(account)
    server = account.token_servers[0]
    # Some servers repeat what they did not understand.
    held = await access_tokens().token(account)
    script = (*hello("AUTH XOAUTH2"), Expect("AUTH XOAUTH2", ERROR), Expect("", NO), Expect("AUTH", f"535 bad {held}"))
    async with ScriptedServer([script]) as scripted:
        way = submitter(scripted.port, secret=partial(sign_in_secret, account, server, announce=ignore), **TOKEN)
        recorder = Recorder()
        result = await way.submit(letter(), recorder)
        shown += [repr(result), repr(vars(recorder))]
        await way.close()
    assert account.oauth is not None
    grant = await grant_at(place_of(account, account.oauth))
    assert grant is not None
    shown += [repr(grant), repr(access_tokens()._held), repr(vars(access_tokens()))]
    somebody.warning("%s, %s, %s", grant.refresh_token, held, [held])
    provider.manners["/token"] = lambda fields: (400, {"error": "invalid_grant", "error_description": str(fields)})
    try:
        await AccessTokens(paths.data / "oauth").token(account)
    except SecretError as error:
        shown += [*traceback.format_exception(error), error.hint]
        somebody.exception("failed")
    return shown


async def test_none_is_shown_or_written(
    account: Account,
    provider: AuthorizationServer,
    authority: Authority,
    backend: MemoryKeyring,
    paths: Paths,
    caplog: pytest.LogCaptureFixture,
) -> None:
    asyncio.get_running_loop().set_debug(True)
    provider.prefix = CANARY
    with logging_to(paths.log_file, level=logging.DEBUG):
        shown = await _all_ways(account, provider, authority, paths)
    caplog.clear()
    assert len(shown) > 6
    assert [each for each in shown if holds(each.encode())] == []
    root = paths.data.parent
    assert paths.log_file.stat().st_size > 0
    assert [each for each in root.rglob("*") if each.is_file() and holds(each.read_bytes())] == []
    assert CANARY in str(backend.kept)  # it is looked for where it is not, and is where it should be


async def test_what_is_looked_for_is_found(account: Account, provider: AuthorizationServer) -> None:
    provider.prefix = CANARY
    refresh, _ = await signed_in(account, provider)
    assert holds(repr(refresh).encode())
