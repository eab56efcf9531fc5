"""Servers and networks that lie, stop, flood or tamper: an error in words, no secret in clear, nobody left waiting."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import inspect
import logging
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from aioimaplib import aioimaplib as lib

from tests.support.loopback import free_ports
from tests.support.scripted_imap import scripted_imap
from tuimail.config.model import Auth, Security, Server
from tuimail.errors import EX_UNAVAILABLE
from tuimail.mailboxes import sent_mail
from tuimail.mailboxes.folders import Mailbox
from tuimail.mailboxes.imap_connect import open_session
from tuimail.mailboxes.imap_errors import ImapError, ImapStage
from tuimail.mailboxes.imap_protocol import ImapProtocol
from tuimail.mailboxes.imap_timeouts import ImapTimeouts
from tuimail.tls import tls_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.certificates import Authority, ServerCertificate
    from tests.support.scripted_imap import Conversation

SECRET = "hunter2-canary"
PATIENT = ImapTimeouts(connect=30, tls=30, reply=30, clear=30, stall=30, commit=30, goodbye=0.2)
SHORT = ImapTimeouts(connect=5, tls=5, reply=0.2, stall=0.2, commit=0.2, goodbye=0.2)


def server(port: int, security: Security = Security.NONE, **more: object) -> Server:
    plain = Server("127.0.0.1", port, security, username="ada")
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]


async def no_opening(conversation: Conversation, first: bytes) -> None:
    await conversation.say(first)
    await conversation.until_closed()


async def test_words_before_tls_are_said_to_come_from_there() -> None:
    async with scripted_imap(lambda conversation: no_opening(conversation, b"* BYE overloaded")) as scripted:
        with pytest.raises(ImapError, match="refused the connection before it was secured"):
            await open_session(server(scripted.port, Security.STARTTLS), SECRET)


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (b"* BYE \x1b]52;c;x\x07 overloaded", r"refused the connection: \"\^\[\]52;c;x\^G overloaded\""),
        (b"220 mx.example.org ESMTP", "is not an IMAP server"),
        (b"HTTP/1.1 400 Bad Request", "is not an IMAP server"),
        (b"* NO not today", "is not an IMAP server"),
        (b"* OK hello\r\n* LIST () {99999999999}", "does not speak IMAP properly"),
        (b"x" * 3_000_000, "does not speak IMAP properly"),
        (b"* OK hello\r\ngarbage", "does not speak IMAP properly"),
        (b"* OK hello\r\nZZ9 OK never asked", "does not speak IMAP properly"),
    ],
)
async def test_bad_first_words_end_the_session(first: bytes, words: str) -> None:
    async with scripted_imap(lambda conversation: no_opening(conversation, first)) as scripted:
        with pytest.raises(ImapError, match=words):
            await open_session(server(scripted.port), SECRET)
    assert not any(SECRET.encode() in line for line in scripted.heard)


async def test_silence_ends_in_words() -> None:
    async with scripted_imap(lambda conversation: conversation.until_closed()) as scripted:
        with pytest.raises(ImapError, match="stopped answering while the greeting was due"):
            await open_session(server(scripted.port), SECRET, patience=SHORT)


async def test_nobody_listening_is_told_from_a_name_nobody_has() -> None:
    (port,) = free_ports(1)
    with pytest.raises(ImapError, match="Nothing listens at localhost:"):
        await open_session(server(port, host="localhost"), SECRET)
    with pytest.raises(ImapError, match=r"no server called no\.such\.host\.invalid"):
        await open_session(server(port, host="no.such.host.invalid"), SECRET)


# -- STARTTLS

TLS_CAPABLE = "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN"


async def test_stripped_starttls_sends_nothing_secret() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK [CAPABILITY IMAP4rev1 STARTTLS] hello")
        await conversation.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN", "TAG OK")
        assert await conversation.reader.read() == b""

    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError, match="offers no encryption") as caught:
            await open_session(server(scripted.port, Security.STARTTLS), SECRET)
    assert caught.value.step is ImapStage.TLS
    assert caught.value.lasting


async def test_preauth_in_clear_hangs_up() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* PREAUTH welcome")
        assert await conversation.reader.read() == b""

    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError, match="claims to be signed in before TLS"):
            await open_session(server(scripted.port, Security.STARTTLS), SECRET)


@pytest.mark.parametrize("verdict", ["NO not now", "BAD what"])
async def test_a_refused_starttls_goes_no_further(verdict: str) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.answer("CAPABILITY", TLS_CAPABLE, "TAG OK")
        await conversation.answer("STARTTLS", f"TAG {verdict}")
        assert await conversation.reader.read() == b""

    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError, match="refused STARTTLS"):
            await open_session(server(scripted.port, Security.STARTTLS), SECRET)


@pytest.mark.parametrize("glued", [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", b"* par", b"A9 OK logged in\r\n"])
@pytest.mark.parametrize("later", [False, True])
async def test_words_injected_before_the_encryption_end_it(
    certificate: ServerCertificate, authority: Authority, glued: bytes, later: bool
) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.answer("CAPABILITY", TLS_CAPABLE, "TAG OK")
        await conversation.hear("STARTTLS")
        ok = conversation.tag + b" OK go\r\n"
        if later:
            conversation.writer.write(ok)
            await conversation.writer.drain()
            conversation.writer.write(glued)
        else:
            conversation.writer.write(ok + glued)
        rest = await conversation.reader.read()
        assert SECRET.encode() not in rest
        # Whatever came is a TLS record, if anything.
        assert rest[:1] in (b"", b"\x16", b"\x15")

    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError):
            await open_session(server(scripted.port, Security.STARTTLS, ca_file=authority.ca_file), SECRET)


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
@pytest.mark.parametrize("fault", ["expired", "wrong-name"])
async def test_a_bad_certificate_is_refused(authority: Authority, security: Security, fault: str) -> None:
    bad = authority.issue(expired=True) if fault == "expired" else authority.issue("elsewhere.example.org")
    context = bad.context()

    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.answer("CAPABILITY", TLS_CAPABLE, "TAG OK")
        await conversation.answer("STARTTLS", "TAG OK go")
        await conversation.writer.start_tls(context)
        await conversation.until_closed()

    async with scripted_imap(script, context=context if security is Security.TLS else None) as scripted:
        with pytest.raises(ImapError, match="cannot be trusted") as caught:
            await open_session(server(scripted.port, security, ca_file=authority.ca_file), SECRET)
    assert caught.value.step is ImapStage.TLS
    assert not any(SECRET.encode() in line for line in scripted.heard)


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_a_trailing_dot_is_the_resolvers_alone(
    authority: Authority, security: Security, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, named = [], []
    context = authority.issue("mx.example").context()
    context.sni_callback = lambda _socket, name, _context: named.append(name)

    async def script(conversation: Conversation) -> None:
        if security is Security.STARTTLS:
            await conversation.say("* OK hello")
            await conversation.answer("CAPABILITY", TLS_CAPABLE, "TAG OK")
            await conversation.answer("STARTTLS", "TAG OK go")
            await conversation.writer.start_tls(context)
            await conversation.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR", "TAG OK")
            await conversation.answer("AUTHENTICATE", "TAG OK")
            await conversation.answer("CAPABILITY", "* CAPABILITY IMAP4rev1", "TAG OK")
        else:
            await conversation.welcome()
        await conversation.answer("LOGOUT", "TAG OK")

    async def resolve(name: str, port: int, **_: object) -> list[object]:
        asked.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    threads: list[threading.Thread] = []
    made = tls_context

    def watched(ca_file: Path | None = None) -> ssl.SSLContext:
        threads.append(threading.current_thread())
        return made(ca_file)

    async with scripted_imap(script, context=context if security is Security.TLS else None) as scripted:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        monkeypatch.setattr("tuimail.mailboxes.imap_connect.tls_context", watched)
        there = server(scripted.port, security, host="mx.example.", ca_file=authority.ca_file)
        session = await open_session(there, SECRET)
        await session.close()
    assert (asked, named) == (["mx.example."], ["mx.example"])
    assert threads
    assert threading.main_thread() not in threads  # it takes long: not on the loop


async def test_what_was_said_before_the_encryption_does_not_count_after_it(
    certificate: ServerCertificate, authority: Authority
) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello")
        await conversation.answer("CAPABILITY", TLS_CAPABLE, "TAG OK")
        await conversation.answer("STARTTLS", "TAG OK go")
        await conversation.writer.start_tls(certificate.context())
        await conversation.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=NTLM", "TAG OK")
        await conversation.until_closed()

    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError, match="no way to sign in"):
            await open_session(server(scripted.port, Security.STARTTLS, ca_file=authority.ca_file), SECRET)


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param(b"* OK " + b"x" * 9000, id="one-line"),
        pytest.param(b"\r\n".join([b"* OK " + b"x" * 1000] * 70), id="many-lines"),
        pytest.param(b"* LIST () {9000}", id="a-literal"),
    ],
)
async def test_before_tls_a_server_may_say_little(flood: bytes) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.hear("CAPABILITY")
        await conversation.say(flood)
        await conversation.until_closed()

    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError, match="does not speak IMAP properly"):
            await open_session(server(scripted.port, Security.STARTTLS), SECRET, patience=PATIENT)


async def test_behind_tls_it_may_say_more(certificate: ServerCertificate, authority: Authority) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.answer("CAPABILITY", TLS_CAPABLE, "TAG OK")
        await conversation.answer("STARTTLS", "TAG OK go")
        await conversation.writer.start_tls(certificate.context())
        much = [f"* OK {'x' * 9000}"] * 10
        await conversation.answer("CAPABILITY", *much, "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR", "TAG OK")
        await conversation.answer("AUTHENTICATE", "TAG OK")
        await conversation.answer("CAPABILITY", "* CAPABILITY IMAP4rev1", "TAG OK")
        await conversation.answer("LOGOUT", "TAG OK")

    async with scripted_imap(script) as scripted:
        session = await open_session(server(scripted.port, Security.STARTTLS, ca_file=authority.ca_file), SECRET)
        await session.close()


async def test_all_of_it_must_be_secured_in_time() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.until_closed()

    patience = dataclasses.replace(PATIENT, clear=0.05)
    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError, match="was not secured within") as caught:
            await open_session(server(scripted.port, Security.STARTTLS), SECRET, patience=patience)
    assert caught.value.step is ImapStage.TLS


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.NONE])
async def test_a_server_that_waits_for_tls_is_named(
    certificate: ServerCertificate, security: Security, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuimail.tls.SILENCE", 0.05)
    async with scripted_imap(
        lambda conversation: conversation.until_closed(), context=certificate.context()
    ) as scripted:
        with pytest.raises(ImapError, match="expects TLS from the first byte") as caught:
            await open_session(server(scripted.port, security), SECRET, patience=PATIENT)
    assert 'security = "tls"' in caught.value.hint
    assert caught.value.lasting


async def test_a_server_that_speaks_in_clear_is_named() -> None:
    async with scripted_imap(lambda conversation: no_opening(conversation, b"* OK hello")) as scripted:
        with pytest.raises(ImapError, match="does not start with TLS") as caught:
            await open_session(server(scripted.port, Security.TLS), SECRET, patience=PATIENT)
    assert 'security = "starttls"' in caught.value.hint


# -- signing in


async def test_a_password_is_not_sent_in_clear_beyond_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN", "TAG OK")
        assert await conversation.reader.read() == b""

    monkeypatch.setattr("tuimail.mailboxes.imap_session.ImapSession.peer", "192.0.2.1")
    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError, match="not encrypted"):
            await open_session(server(scripted.port), SECRET)


@pytest.mark.parametrize(
    ("capabilities", "auth", "command"),
    [
        ("AUTH=PLAIN SASL-IR AUTH=XOAUTH2", Auth.PASSWORD, "AUTHENTICATE PLAIN " + "AGFkYQBodW50ZXIyLWNhbmFyeQ=="),
        ("AUTH=CRAM-MD5", Auth.PASSWORD, f'LOGIN "ada" "{SECRET}"'),
        ("AUTH=XOAUTH2 AUTH=PLAIN SASL-IR", Auth.OAUTH2, "AUTHENTICATE XOAUTH2 "),
        ("AUTH=OAUTHBEARER SASL-IR", Auth.OAUTH2, "AUTHENTICATE OAUTHBEARER "),
    ],
)
async def test_the_way_to_sign_in_is_the_best_both_know(capabilities: str, auth: Auth, command: str) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.answer("CAPABILITY", f"* CAPABILITY IMAP4rev1 {capabilities}", "TAG OK")
        await conversation.answer(command, "TAG OK")
        await conversation.answer("CAPABILITY", "* CAPABILITY IMAP4rev1", "TAG OK")
        await conversation.answer("LOGOUT", "* BYE", "TAG OK")

    async with scripted_imap(script) as scripted:
        session = await open_session(server(scripted.port, auth=auth), SECRET)
        await session.close()


async def test_without_sasl_ir_the_answer_waits_for_the_challenge() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN", "TAG OK")
        assert await conversation.hear("AUTHENTICATE PLAIN") == b"AUTHENTICATE PLAIN"
        tag = conversation.tag
        await conversation.say("+ ")
        assert base64.b64decode(await conversation.reader.readline()) == f"\0ada\0{SECRET}".encode()
        conversation.tag = tag
        await conversation.say("TAG OK")
        await conversation.answer("CAPABILITY", "* CAPABILITY IMAP4rev1", "TAG OK")
        await conversation.until_closed()

    async with scripted_imap(script) as scripted:
        session = await open_session(server(scripted.port), SECRET)
        session.abort()


async def test_a_refused_token_is_a_refusal_not_a_hang() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2 AUTH=PLAIN", "TAG OK")
        await conversation.hear("AUTHENTICATE XOAUTH2")
        tag = conversation.tag
        await conversation.say("+ eyJzdGF0dXMiOiI0MDAifQ==")
        assert await conversation.reader.readline() == b"\r\n"
        conversation.tag = tag
        await conversation.say("TAG NO [AUTHENTICATIONFAILED] expired")
        # No second try with something weaker.
        assert await conversation.reader.read() == b""

    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError, match='refused the token: "expired"'):
            await open_session(server(scripted.port, auth=Auth.OAUTH2), SECRET)


async def test_a_server_that_cannot_sign_anybody_in_now_does_not_blame_the_password() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR", "TAG OK")
        await conversation.answer("AUTHENTICATE", "TAG NO [UNAVAILABLE] database down")

    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError, match="cannot sign anybody in now") as caught:
            await open_session(server(scripted.port), SECRET)
    assert not caught.value.lasting


@pytest.mark.parametrize("secret", ["a\r\nA1 DELETE INBOX", "a\0b"])
async def test_a_password_with_a_line_end_never_reaches_the_socket(secret: str) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.answer("CAPABILITY", "* CAPABILITY IMAP4rev1", "TAG OK")
        assert await conversation.reader.read() == b""

    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError, match="cannot be used"):
            await open_session(server(scripted.port), secret)


@pytest.mark.parametrize("capabilities", ["AUTH=PLAIN SASL-IR", ""])
async def test_no_secret_in_the_log_at_any_level(capabilities: str, caplog: pytest.LogCaptureFixture) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.answer("CAPABILITY", f"* CAPABILITY IMAP4rev1 {capabilities}", "TAG OK")
        await conversation.hear()
        await conversation.say(b"TAG NO you said " + conversation.heard[-1])

    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    secret = 'hunter2-"can\\ary'
    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError) as caught:
            await open_session(server(scripted.port), secret)
    encoded = base64.b64encode(f"\0ada\0{secret}".encode()).decode()
    assert scripted.heard
    for trace in (secret, encoded, "hunter2"):
        assert trace not in caplog.text
    assert encoded not in str(caught.value)


# -- filing


def letter(size: int = 1_000_000) -> Iterator[bytes]:
    return (b"x" * 1000 for _ in range(size // 1000))


async def put(port: int, patience: ImapTimeouts = SHORT) -> None:
    session = await open_session(server(port), SECRET, patience=ImapTimeouts(reply=5, stall=5, commit=5))
    session._patience = patience
    try:
        await sent_mail.put(session, Mailbox("Sent"), letter, 1_000_000, date=0.0)
    finally:
        session.abort()


async def test_a_link_that_dies_in_the_middle_of_the_upload_is_noticed() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.answer("APPEND", "+ go")
        await conversation.reader.readexactly(100_000)
        conversation.drop()

    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError, match="was lost") as caught:
            await put(scripted.port)
    assert caught.value.step is ImapStage.MAILBOX


async def test_a_link_that_dies_before_the_reply_is_noticed() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.answer("APPEND", "+ go")
        await conversation.reader.readexactly(1_000_002)

    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError, match="was lost"):
            await put(scripted.port, ImapTimeouts())


async def test_an_upload_that_stalls_is_given_up() -> None:
    async def script(conversation: Conversation) -> None:
        conversation.writer.transport.get_extra_info("socket").setsockopt(1, 8, 4096)
        await conversation.welcome()
        await conversation.answer("APPEND", "+ go")
        await asyncio.Event().wait()

    async def huge() -> None:
        session = await open_session(server(scripted.port), SECRET)
        session._patience = SHORT
        await sent_mail.put(session, Mailbox("Sent"), lambda: letter(100_000_000), 100_000_000, date=0.0)

    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError, match="stopped answering while filing the letter"):
            await huge()


async def test_a_refusal_in_the_middle_of_the_upload_ends_the_connection() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.answer("APPEND", "+ go")
        await conversation.reader.readexactly(1000)
        await conversation.say("TAG NO [OVERQUOTA] full")
        rest = await conversation.reader.read()
        assert len(rest) < 1_000_002

    session = None
    async with scripted_imap(script) as scripted:
        session = await open_session(server(scripted.port), SECRET)

        def slowly() -> Iterator[bytes]:
            import time

            for piece in letter():
                time.sleep(0.001)  # in the reading thread: a slow disk
                yield piece

        with pytest.raises(ImapError, match='"full"'):
            await sent_mail.put(session, Mailbox("Sent"), slowly, 1_000_000, date=0.0)
        assert session._link.lost is not None


async def test_a_file_that_shrank_is_never_appended() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.answer("APPEND", "+ go")
        assert len(await conversation.reader.read()) < 5000

    async with scripted_imap(script) as scripted:
        session = await open_session(server(scripted.port), SECRET)
        with pytest.raises(ImapError, match="changed"):
            await sent_mail.put(session, Mailbox("Sent"), lambda: [b"x" * 4000], 5000, date=0.0)


async def test_goodbye_in_the_middle_of_a_command_is_told_at_once() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.answer("LIST", "* BYE shutting down")

    async with scripted_imap(script) as scripted:
        session = await open_session(server(scripted.port), SECRET)
        with pytest.raises(ImapError, match='ended the session: "shutting down"'):
            await session.require("LIST", '""', '"*"')
        with pytest.raises(ImapError):
            await session.require("NOOP")


async def test_a_goodbye_at_the_sign_in_is_no_refused_password() -> None:
    """Courier, when its authentication daemon is down."""

    async def script(conversation: Conversation) -> None:
        await conversation.say("* OK hello")
        await conversation.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR", "TAG OK")
        await conversation.answer("AUTHENTICATE", "* BYE Temporary problem, please try again later")

    async with scripted_imap(script) as scripted:
        with pytest.raises(ImapError, match="Temporary problem") as caught:
            await open_session(server(scripted.port), SECRET)
        assert not caught.value.lasting
        assert caught.value.exit_code == EX_UNAVAILABLE


async def test_a_cancelled_command_ends_the_connection() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.hear("LIST")
        heard.set()
        await conversation.until_closed()

    heard = asyncio.Event()
    async with scripted_imap(script) as scripted:
        session = await open_session(server(scripted.port), SECRET)
        task = asyncio.create_task(session.command("LIST", '""', '"*"'))
        await heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert session._link.lost is not None


async def test_a_flood_of_small_answers_ends_in_an_error() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.hear("LIST")
        for _ in range(400):
            conversation.writer.write(b"* LIST () NIL x\r\n" * 1000)
            await conversation.writer.drain()

    async with scripted_imap(script) as scripted:
        session = await open_session(server(scripted.port), SECRET)
        with pytest.raises(ImapError, match="an answer without end"):
            await session.require("LIST", '""', '"*"')


async def test_a_mailbox_name_with_a_line_end_cannot_be_sent() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.answer("NOOP", "TAG OK")
        await conversation.until_closed()

    async with scripted_imap(script) as scripted:
        session = await open_session(server(scripted.port), SECRET)
        with pytest.raises(ImapError, match="line end"):
            await session.command("CREATE", "a\r\nA1 DELETE INBOX")
        await session.require("NOOP")
        session.abort()
    assert not any(b"DELETE" in line for line in scripted.heard)


def test_the_names_of_aioimaplib_we_lean_on_are_there() -> None:
    base = lib.IMAP4ClientProtocol
    for name in ("data_received", "connection_lost", "send", "execute", "new_tag", "_response_done"):
        assert inspect.isfunction(getattr(base, name)), name
    for name in ("data_received", "connection_lost", "send"):
        assert list(inspect.signature(getattr(ImapProtocol, name)).parameters) == list(
            inspect.signature(getattr(base, name)).parameters
        ), name
    assert {"pending_async_commands", "pending_sync_command", "state", "transport"} <= set(vars(base(None)))
    assert {"LIST", "CREATE", "EXAMINE", "SEARCH", "APPEND", "CLOSE", "STARTTLS", "AUTHENTICATE"} <= set(lib.Commands)
    assert "_exception" in inspect.getsource(lib.Command.wait)
