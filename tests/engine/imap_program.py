"""The program on an account of a real IMAP server, and another client of it."""

from __future__ import annotations

import imaplib
import ssl
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.engine.mail_support import Changes
from tests.ui.scene import config
from tuimail.config import secrets
from tuimail.config.model import KeepPolicy, Security, Server
from tuimail.engine import Engine
from tuimail.engine.index_request import IndexRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.dovecot import Dovecot
    from tuimail.config.model import Config
    from tuimail.paths import Paths

INBOX = IndexRequest("work")


@contextmanager
def new_account(dovecot: Dovecot, name: str = "work") -> Iterator[Server]:
    """The server of an account of this name, whose password is known meanwhile."""
    made = Server(dovecot.host, dovecot.imaps, Security.TLS, username=dovecot.new_user(), ca_file=dovecot.ca_file)
    secrets.remember(made, name, dovecot.password)
    try:
        yield made
    finally:
        secrets.forget(name)


def settings(server: Server, policy: KeepPolicy = KeepPolicy.RECENT) -> Config:
    """A config whose only account is there."""
    made = config()
    account = replace(made.accounts["work"], maildir=None, imap=server, policy={"*": policy})
    return replace(made, accounts={"work": account}, default_account="work")


@asynccontextmanager
async def running(paths: Paths, server: Server, policy: KeepPolicy = KeepPolicy.RECENT) -> AsyncIterator[Changes]:
    """The program on that account."""
    engine = Engine(settings(server, policy), paths)
    await engine.start(run_outbox=False)
    try:
        yield Changes(engine)
    finally:
        await engine.stop()


@contextmanager
def other_client(dovecot: Dovecot, server: Server, folder: str = "INBOX") -> Iterator[imaplib.IMAP4_SSL]:
    """Another program that is signed in to the same account."""
    context = ssl.create_default_context(cafile=str(dovecot.ca_file))
    with imaplib.IMAP4_SSL(dovecot.host, dovecot.imaps, ssl_context=context) as client:
        client.login(server.username, dovecot.password)
        client.select(folder)
        yield client


def deliver(client: imaplib.IMAP4_SSL, number: int, *, flags: str = "", folder: str = "INBOX", body: str = "") -> None:
    """Append a letter."""
    text = (
        f"From: kim@example.net\r\nTo: ada@example.org\r\nSubject: Letter {number}\r\n"
        f"Message-ID: <m{number}@example.net>\r\nDate: Thu, 01 Oct 2026 10:{number % 60:02}:00 +0000\r\n\r\n"
        f"{body or f'Text of {number}.'}\r\n"
    )
    client.append(folder, f"({flags})", "", text.encode())
