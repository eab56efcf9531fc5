"""The embedded server takes letters and misbehaves on request."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING

import pytest

from tuimail.demo.server import HOST, DemoServer, subject_of

if TYPE_CHECKING:
    from collections.abc import Iterator

LETTER = b"From: a@b.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHello\r\n"


@pytest.fixture
def server() -> Iterator[DemoServer]:
    server = DemoServer(speed=100_000_000)
    server.start()
    yield server
    server.stop()


def send(server: DemoServer, *recipients: str, content: bytes = LETTER) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP(HOST, server.port, local_hostname="[127.0.0.1]", timeout=10) as client:
        return client.sendmail("ada@analytical.example", list(recipients), content)


def test_a_letter_arrives_and_can_be_seen(server: DemoServer) -> None:
    assert send(server, "bob@b.example") == {}
    (letter,) = server.received
    assert (letter.sender, letter.recipients) == ("ada@analytical.example", ("bob@b.example",))
    assert letter.subject == "Grüße"
    assert letter.content == LETTER
    assert letter.answered


@pytest.mark.parametrize(
    ("head", "subject"),
    [
        (b"SUBJECT:one\r\n two\r\n\tthree\r\n", "one two three"),
        (b"Subject: \xfc\r\n", "ü"),
        (b"Subject: a\x1b[31mb\r\n", "a^[[31mb"),
        (b"Subject: first\r\nSubject: second\r\n", "first"),
        (b"From: a@b.example\r\n", ""),
    ],
)
def test_a_subject_of_any_form(head: bytes, subject: str) -> None:
    assert subject_of(head + b"\r\nSubject: in the text\r\n") == subject


def test_a_large_letter_arrives_whole(server: DemoServer) -> None:
    content = LETTER + b"0123456789" * 7 + b"\r\n"
    content += (b"x" * 70 + b"\r\n") * 40_000
    send(server, "bob@b.example", content=content)
    assert server.received[0].content == content


def test_a_refused_recipient_is_named_and_the_others_get_the_letter(server: DemoServer) -> None:
    server.set(refused=frozenset({"kim@b.example"}))
    refused = send(server, "Kim@b.example", "pat@b.example")
    assert refused["Kim@b.example"][0] == 550
    assert server.received[0].recipients == ("pat@b.example",)


def test_down_refuses_connections_and_up_takes_them_on_the_same_port(server: DemoServer) -> None:
    port = server.port
    server.set(down=True)
    with pytest.raises(ConnectionRefusedError):
        send(server, "bob@b.example")
    server.set(down=False)
    assert server.port == port
    assert send(server, "bob@b.example") == {}


def test_a_swallowed_reply_keeps_the_letter_hangs_up_and_happens_once(server: DemoServer) -> None:
    server.set(swallow=True)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(server, "bob@b.example")
    assert [letter.answered for letter in server.received] == [False]
    assert not server.faults.swallow
    assert send(server, "bob@b.example") == {}


def test_a_busy_server_puts_the_sender_off(server: DemoServer) -> None:
    server.set(busy=True)
    with pytest.raises(smtplib.SMTPSenderRefused) as caught:
        send(server, "bob@b.example")
    assert caught.value.smtp_code == 451
    assert server.received == ()


def test_changes_are_announced(server: DemoServer) -> None:
    seen: list[int] = []
    server.on_change = lambda: seen.append(len(server.received))
    server.set(busy=True)
    server.set(busy=False)
    send(server, "bob@b.example")
    assert seen == [0, 0, 1]
