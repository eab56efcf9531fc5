"""Mail servers take the tokens: Dovecot, which asks the authorization server, and an SMTP server by a script."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.accounts.oauth.account import account_at, signed_in
from tests.submission.conftest import Recorder, letter, submitter
from tests.submission.test_smtp import DATA, MAIL, RCPT, verdict
from tests.support.authorization_server import USER, running_authorization_server
from tests.support.dovecot import running_dovecot
from tests.support.scripted_imap import Conversation, scripted_imap
from tests.support.scripted_smtp import Expect, Letter, ScriptedServer, hello
from tuimail.accounts.oauth.access_tokens import access_tokens
from tuimail.accounts.sign_in_secret import sign_in_secret
from tuimail.config.model import Auth, Security, Server
from tuimail.config.refused_tokens import is_refused
from tuimail.engine.imap_account_client import imap_client
from tuimail.errors import TokenDelayedError
from tuimail.events import WaitingForSecret
from tuimail.mailboxes.imap_connect import open_session, sign_in
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.submission.result import AccountProblem, Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.authorization_server import AuthorizationServer
    from tests.support.certificates import Authority, ServerCertificate
    from tests.support.dovecot import Dovecot
    from tests.support.secret_stores import MemoryKeyring
    from tuimail.config.model import Account
    from tuimail.events import Event


def ignore(event: Event) -> None:
    del event


# -- IMAP


class Introspected:
    """A Dovecot, and the authorization server that it asks at the time: one is shared by the tests of a process."""

    def __init__(self, dovecot: Dovecot, asked: AuthorizationServer) -> None:
        self.dovecot = dovecot
        self.asked = asked


@pytest.fixture(scope="module")
def introspected(authority: Authority, certificate: ServerCertificate) -> Iterator[Introspected]:
    with (
        running_authorization_server(None) as asked,
        running_dovecot(certificate, authority.ca_file, introspection=f"{asked.issuer}/introspect") as dovecot,
    ):
        yield Introspected(dovecot, asked)


@pytest.fixture
def imap_account(provider: AuthorizationServer, account: Account, introspected: Introspected) -> Account:
    """One whose tokens Dovecot takes."""
    introspected.asked.grants = provider.grants
    dovecot = introspected.dovecot
    server = Server(dovecot.host, dovecot.imaps, Security.TLS, USER, Auth.OAUTH2, ca_file=dovecot.ca_file)
    return replace(account, imap=server)


@pytest.mark.real_servers
async def test_dovecot_takes_the_token_and_a_revoked_one_is_renewed(
    imap_account: Account, provider: AuthorizationServer, introspected: Introspected
) -> None:
    await signed_in(imap_account, provider)
    server = imap_account.imap
    assert server is not None
    secret = partial(sign_in_secret, imap_account, server, announce=ignore)
    session = await sign_in(server, secret)
    await session.close()
    assert introspected.asked.count("/introspect") > 0
    token = await secret()
    assert provider.count("/token") == 1
    del provider.grants.access[token]  # the provider has ended this one, not the sign-in
    session = await sign_in(server, secret)
    await session.close()
    assert is_refused(token)
    assert provider.count("/token") == 2


@pytest.mark.real_servers
@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_each_mechanism(
    imap_account: Account, provider: AuthorizationServer, monkeypatch: pytest.MonkeyPatch, mechanism: str
) -> None:
    from tuimail.mailboxes import imap_connect
    from tuimail.mailboxes.sign_in import SignIn, choose

    chosen: list[str] = []

    def only(server: Server, capabilities: frozenset[str], secret: str) -> SignIn | None:
        way = choose(server, {f"AUTH={mechanism}"} & capabilities, secret)
        assert way is not None
        chosen.append(way.mechanism)
        return way

    monkeypatch.setattr(imap_connect, "choose", only)
    await signed_in(imap_account, provider)
    assert imap_account.imap is not None
    session = await open_session(imap_account.imap, await access_tokens().token(imap_account))
    await session.close()
    with pytest.raises(ImapError, match="refused the token"):
        await open_session(imap_account.imap, "guessed")
    assert chosen == [mechanism, mechanism]


@pytest.mark.real_servers
async def test_a_revoked_sign_in_is_told_once_and_clearly(imap_account: Account, provider: AuthorizationServer) -> None:
    await signed_in(imap_account, provider)
    await access_tokens().token(imap_account)
    provider.revoke()
    with pytest.raises(ImapError, match="not valid any more") as told:
        await read(imap_account)
    assert told.value.hint == "Sign in again: tuimail account login work"
    assert told.value.lasting


async def read(account: Account) -> None:
    """As the engine does: on a loop of the client's own."""
    client = imap_client(account, ignore)
    try:
        await asyncio.to_thread(client.folders)
    finally:
        await asyncio.to_thread(client.close)


@pytest.mark.real_servers
async def test_mail_is_read_with_a_token(imap_account: Account, provider: AuthorizationServer) -> None:
    await signed_in(imap_account, provider)
    await read(imap_account)
    assert provider.count("/token") == 1


async def test_a_provider_out_of_reach_does_not_hold_the_account(
    authority: Authority, backend: MemoryKeyring, provider: AuthorizationServer
) -> None:
    account = account_at(provider.issuer, authority.ca_file, token_endpoint="https://localhost:1/token")
    await signed_in(account, provider)
    with pytest.raises(ImapError, match="cannot be reached") as told:
        await read(account)
    assert not told.value.lasting


async def test_one_token_is_not_tried_twice() -> None:
    """As when it comes from a command: what the server refused and gets again is not sent again."""

    async def refuses(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2", "TAG OK")
        await conversation.answer("AUTHENTICATE XOAUTH2", "+ eyJzdGF0dXMiOiI0MDAifQ==")
        await conversation.reader.readline()
        await conversation.say("TAG NO bad token")
        await conversation.until_closed()

    async def same() -> str:
        return "same-token"

    async with scripted_imap(refuses) as scripted:
        server = Server("127.0.0.1", scripted.port, Security.NONE, USER, Auth.OAUTH2)
        with pytest.raises(ImapError, match="refused the token"):
            await sign_in(server, same)
        assert scripted.connections == 1


# -- SMTP


def bearer(token: str) -> str:
    return base64.b64encode(f"user={USER}\1auth=Bearer {token}\1\1".encode()).decode()


ERROR = "334 " + base64.b64encode(b'{"status":"401"}').decode()
OK = "235 2.7.0 ok"
NO = "535 5.7.8 no"


async def test_smtp_renews_a_refused_token_once(account: Account, provider: AuthorizationServer) -> None:
    await signed_in(account, provider)
    used = await access_tokens().token(account)
    script = (
        *hello("AUTH XOAUTH2"),
        Expect(f"AUTH XOAUTH2 {bearer(used)}", ERROR),
        Expect("", NO),
        Expect("AUTH XOAUTH2", OK),
        *(MAIL, RCPT, DATA, Letter()),
    )
    async with ScriptedServer([script]) as scripted:
        server = account.token_servers[0]
        way = submitter(scripted.port, secret=partial(sign_in_secret, account, server, announce=ignore), **TOKEN)
        result = await way.submit(letter(), Recorder())
        await way.close()
    assert verdict(result)[0] is Action.OK
    assert not scripted.unexpected
    assert provider.count("/token") == 2
    fresh = await access_tokens().token(account)
    assert fresh != used


TOKEN: dict[str, Any] = {"auth": Auth.OAUTH2, "username": USER}


async def test_smtp_holds_the_account_when_the_sign_in_is_over(account: Account, provider: AuthorizationServer) -> None:
    await signed_in(account, provider)
    await access_tokens().token(account)
    provider.revoke()
    script = (*hello("AUTH XOAUTH2"), Expect("AUTH XOAUTH2", ERROR), Expect("", NO))
    async with ScriptedServer([script]) as scripted:
        server = account.token_servers[0]
        way = submitter(scripted.port, secret=partial(sign_in_secret, account, server, announce=ignore), **TOKEN)
        result = await way.submit(letter(), Recorder())
        await way.close()
    (found,) = result.recipients.values()
    assert (found.action, found.problem) == (Action.ACCOUNT, AccountProblem.SECRET)
    assert "tuimail account login work" in found.message
    assert scripted.verbs.count("AUTH") == 1


async def test_smtp_waits_for_a_provider_out_of_reach() -> None:
    async def late() -> str:
        raise TokenDelayedError("The authorization server login.example.org cannot be reached.")

    async with ScriptedServer([(*hello("AUTH XOAUTH2"),)]) as scripted:
        way = submitter(scripted.port, secret=late, **TOKEN)
        result = await way.submit(letter(), Recorder())
        await way.close()
    (found,) = result.recipients.values()
    assert (found.action, found.problem) == (Action.RETRY, None)
    assert "login.example.org" in found.message
    assert scripted.verbs.count("AUTH") == 0


async def test_a_renewal_is_announced_and_a_token_at_hand_is_not(
    account: Account, provider: AuthorizationServer
) -> None:
    await signed_in(account, provider)
    server = account.token_servers[0]
    events: list[Event] = []
    for _ in range(2):
        await sign_in_secret(account, server, announce=events.append)
    assert events == [WaitingForSecret("work", "provider", done=each) for each in (False, True)]


def test_the_library_is_imported_only_by_a_flow() -> None:
    modules = ("tuimail.accounts.sign_in_secret", "tuimail.accounts.oauth.sign_in", "tuimail.cli.account_sign_in")
    code = f"import sys, {', '.join(modules)}; sys.exit('oauthlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


async def test_both_servers_share_one_token(account: Account, provider: AuthorizationServer) -> None:
    await signed_in(account, provider)
    tokens = await asyncio.gather(*(sign_in_secret(account, each, announce=ignore) for each in account.token_servers))
    assert len(tokens) == 2
    assert len(set(tokens)) == 1
    assert provider.count("/token") == 1


async def test_a_command_that_gives_the_token_goes_before(account: Account, provider: AuthorizationServer) -> None:
    server = replace(account.token_servers[0], password_command=("/bin/echo", "by-command"))
    account = replace(account, submission=server)
    assert await sign_in_secret(account, server, announce=ignore) == "by-command"
    assert provider.requests == []
