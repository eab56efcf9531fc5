"""A home folder with one account whose server is a port of this machine, and letters for its outbox."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from tests.journeys.program import Program
from tuimail.config.loader import load
from tuimail.engine import Engine
from tuimail.mail.content import InMemory
from tuimail.mail.envelope import Envelope, EnvelopeRecipient
from tuimail.mail.outgoing import OutgoingMessage
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path

FROM, TO = "ada@example.org", "bob@example.net"
LINE = b"All work and no play makes Jack a dull boy. 0123456789 abcdefghijklmnop\r\n"


def content(number: int, size: int) -> bytes:
    """A letter of about ``size`` bytes."""
    head = (
        f"Date: Mon, 01 Jan 2029 00:00:00 +0000\r\nFrom: {FROM}\r\nTo: {TO}\r\nSubject: Letter {number}\r\n"
        f"Message-ID: <bench-{number}-{time.time_ns()}@example.org>\r\n\r\n"
    ).encode()
    return head + LINE * max(1, (size - len(head)) // len(LINE))


def home(folder: Path, port: int, *, connections: int = 0, more: str = "") -> Program:
    """A user whose only account hands over to ``port``, keeps no copy, and has no undo window."""
    program = Program(folder, {"PYTHONDONTWRITEBYTECODE": ""})
    limit = f"submission.connections = {connections}\n" if connections else ""
    program.configure(
        f'[accounts.work]\naddress = "{FROM}"\nsubmission.host = "127.0.0.1"\nsubmission.port = {port}\n'
        # smtp-sink takes commands past the dot as Postfix does, and does not say whose it is.
        f'submission.security = "none"\nsubmission.auth = "none"\nsubmission.pipeline_past_dot = true\n{limit}'
        f'sent.copy = "none"\n[outbox]\nundo_seconds = 0\n{more}'
    )
    return program


def fill(program: Program, letters: int, size: int) -> list[float]:
    """Queue so many letters through the engine; the seconds that each took until it was durable."""
    return asyncio.run(_fill(program, letters, size))


async def _fill(program: Program, letters: int, size: int) -> list[float]:
    engine = Engine(load(program.paths), program.paths)
    await engine.start(run_outbox=False)
    took = []
    try:
        for number in range(letters):
            body = content(number, size)
            start = time.perf_counter()
            await engine._outbox_store.run(
                partial(Store.enqueue, letter=Incoming(message(body, number), f"bench {number}"))
            )
            took.append(time.perf_counter() - start)
    finally:
        await engine.stop()
    return took


def message(body: bytes, number: int) -> OutgoingMessage:
    """``body`` as a frozen letter."""
    return OutgoingMessage(
        content=InMemory(body),
        envelope=Envelope(FROM, (EnvelopeRecipient(TO),)),
        message_id=f"<bench-{number}@example.org>",
        subject=f"Letter {number}",
        sender=f"Ada <{FROM}>",
        account="work",
        identity=FROM,
    )
