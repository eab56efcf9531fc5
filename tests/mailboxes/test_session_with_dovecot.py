"""IMAP sessions against a real Dovecot: both kinds of TLS, sign-in, filing byte for byte."""

from __future__ import annotations

import asyncio
import dataclasses
import imaplib
import ssl
from typing import TYPE_CHECKING

import pytest

from tests.support.dovecot import ODD_PASSWORD, ODD_USER
from tuimail.config.model import Security, Server
from tuimail.mailboxes import sent_mail
from tuimail.mailboxes.folders import Mailbox
from tuimail.mailboxes.imap_connect import open_session
from tuimail.mailboxes.imap_errors import ImapError, ImapStage
from tuimail.mailboxes.mailbox_names import encode_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.certificates import Authority
    from tests.support.dovecot import Dovecot

pytestmark = pytest.mark.real_servers

LETTER = b"From: ada@example.org\r\nMessage-ID: <one@example.org>\r\nSubject: h\r\n\r\n.\r\n\xff end {3}\r\n* OK\r\n"


@pytest.fixture
def server(dovecot: Dovecot) -> Server:
    return Server(dovecot.host, dovecot.imaps, Security.TLS, username=dovecot.new_user(), ca_file=dovecot.ca_file)


def pieces(letter: bytes, length: int = 7) -> Iterator[bytes]:
    return (letter[start : start + length] for start in range(0, len(letter), length))


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_both_kinds_of_tls_lead_in(dovecot: Dovecot, server: Server, security: Security) -> None:
    port = dovecot.imaps if security is Security.TLS else dovecot.imap
    steps: list[ImapStage] = []
    session = await open_session(
        dataclasses.replace(server, port=port, security=security), dovecot.password, reached=steps.append
    )
    assert set(steps) == {
        ImapStage.CONNECT,
        ImapStage.TLS,
        ImapStage.GREETING,
        ImapStage.CAPABILITIES,
        ImapStage.SIGN_IN,
    }
    assert "SPECIAL-USE" in session.capabilities
    await session.close()
    assert session._link.lost is not None


@pytest.mark.parametrize("length", [7, 65536])
async def test_a_letter_is_filed_byte_for_byte_and_found_again(dovecot: Dovecot, server: Server, length: int) -> None:
    session = await open_session(server, dovecot.password)
    mailbox = await sent_mail.sent_mailbox(session)
    assert (mailbox.name, mailbox.listed) == ("Sent", False)
    progress: list[int] = []
    await sent_mail.put(
        session, mailbox, lambda: pieces(LETTER, length), len(LETTER), date=1_000_000_000.0, progress=progress.append
    )
    assert progress[-1] == len(LETTER)
    assert dovecot.letters(server.username, "Sent") == [LETTER]
    (path,) = dovecot.files(server.username, "Sent")
    assert path.name.endswith(":2,S")
    assert int(path.stat().st_mtime) == 1_000_000_000
    mailbox = await sent_mail.sent_mailbox(session)
    assert mailbox.listed
    assert "\\sent" in mailbox.attributes
    assert await sent_mail.holds(session, mailbox, "<one@example.org>")
    assert not await sent_mail.holds(session, mailbox, "<two@example.org>")
    await session.close()


async def test_a_made_mailbox_is_subscribed(dovecot: Dovecot, server: Server) -> None:
    session = await open_session(server, dovecot.password)
    await sent_mail.put(session, Mailbox("Sent"), lambda: [LETTER], len(LETTER), date=0.0)
    responses = await session.require("LSUB", '""', '"*"')
    assert any(response[0].endswith(b" Sent") for response in responses)
    await session.close()


@pytest.mark.parametrize("name", ["Gesendete Nachrichten", "Entwürfe & Co", 'a "quoted" \\ name', "送信済み", "x/y z"])
async def test_mailbox_names_of_all_kinds(dovecot: Dovecot, server: Server, name: str) -> None:
    session = await open_session(server, dovecot.password)
    mailbox = Mailbox(encode_name(name))
    await sent_mail.put(session, mailbox, lambda: [LETTER], len(LETTER), date=0.0)
    assert await sent_mail.holds(session, mailbox, "<one@example.org>")
    await session.close()


async def test_a_user_name_and_password_that_need_quoting(dovecot: Dovecot, server: Server) -> None:
    session = await open_session(dataclasses.replace(server, username=ODD_USER), ODD_PASSWORD)
    await session.close()


async def test_a_wrong_password_is_told_apart(server: Server) -> None:
    with pytest.raises(ImapError, match="refused the user name or password") as caught:
        await open_session(server, "wrong")
    assert caught.value.step is ImapStage.SIGN_IN
    assert caught.value.lasting
    assert caught.value.exit_code == 77


async def test_a_full_mailbox_says_so(dovecot: Dovecot, server: Server) -> None:
    session = await open_session(dataclasses.replace(server, username=dovecot.full_user()), dovecot.password)
    with pytest.raises(ImapError, match="is full"):
        await sent_mail.put(session, Mailbox("INBOX"), lambda: [LETTER], len(LETTER), date=0.0)
    assert session._link.lost is None
    await session.close()


async def test_a_large_letter_does_not_hold_up_the_loop(dovecot: Dovecot, server: Server) -> None:
    letter = LETTER + b"0123456789" * 1_000_000 + b"\r\n"
    session = await open_session(server, dovecot.password)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    other = asyncio.create_task(others())
    await sent_mail.put(session, Mailbox("INBOX"), lambda: pieces(letter, 65536), len(letter), date=0.0)
    other.cancel()
    assert turns > len(letter) // 65536
    assert dovecot.letters(server.username) == [letter]
    await session.close()


async def test_thousands_of_lines_in_one_answer_are_read(dovecot: Dovecot, server: Server) -> None:
    client = imaplib.IMAP4_SSL(
        dovecot.host, dovecot.imaps, ssl_context=ssl.create_default_context(cafile=str(dovecot.ca_file))
    )
    client.login(server.username, dovecot.password)
    for number in range(30):
        client.create(f'"a * b {number} ) {{5}}"')
    client.logout()
    session = await open_session(server, dovecot.password)
    responses = await session.require("LIST", '""', '"*"')
    assert sum(b"a * b" in b"".join(response) for response in responses) == 30
    await session.close()


async def test_concurrent_commands_wait_for_each_other(dovecot: Dovecot, server: Server) -> None:
    session = await open_session(server, dovecot.password)
    answers = await asyncio.gather(*(session.command("LIST", '""', '"*"') for _ in range(20)))
    assert all(status.verdict == "OK" and responses for status, responses in answers)
    await session.close()


async def test_a_certificate_of_an_unknown_authority_is_refused(server: Server, dovecot: Dovecot) -> None:
    for security, port in [(Security.TLS, dovecot.imaps), (Security.STARTTLS, dovecot.imap)]:
        stranger = dataclasses.replace(server, ca_file=None, security=security, port=port)
        with pytest.raises(ImapError, match="cannot be trusted") as caught:
            await open_session(stranger, dovecot.password)
        assert caught.value.step is ImapStage.TLS
        assert caught.value.lasting


async def test_tls_against_a_clear_port_is_explained(server: Server, dovecot: Dovecot) -> None:
    with pytest.raises(ImapError, match="does not start with TLS") as caught:
        await open_session(dataclasses.replace(server, port=dovecot.imap), dovecot.password)
    assert "starttls" in caught.value.hint


async def test_a_ca_file_that_is_none_is_explained(server: Server, authority: Authority) -> None:
    missing = authority.ca_file.parent / "missing.pem"
    with pytest.raises(ImapError, match=r"missing\.pem cannot be used"):
        await open_session(dataclasses.replace(server, ca_file=missing), "x")
