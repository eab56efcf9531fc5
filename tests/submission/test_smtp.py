"""A letter handed to a server: the dialogue, the verdicts, and every way it can break."""

from __future__ import annotations

import asyncio

import pytest

from tests.submission.conftest import BODY, Recorder, impatient, letter, submitter
from tests.support.scripted_smtp import (
    Close,
    Expect,
    Flood,
    Letter,
    Raw,
    Reset,
    Say,
    ScriptedServer,
    Silence,
    Step,
    Trickle,
    hello,
)
from tuimail.submission.result import Action, Stage, SubmissionResult
from tuimail.submission.wire import Timeouts

MAIL = Expect("MAIL", "250 2.1.0 ok")
RCPT = Expect("RCPT", "250 2.1.5 ok")
DATA = Expect("DATA", "354 go on")


async def send(
    *script: Step, recipients: tuple[str, ...] = (), timeouts: Timeouts | None = None, **options: object
) -> tuple[SubmissionResult, ScriptedServer, Recorder]:
    """One letter to a server that plays ``script``."""
    watcher = Recorder()
    extra = {"timeouts": timeouts} if timeouts else {}
    async with ScriptedServer([script]) as server:
        way = submitter(server.port, **extra, **options)
        result = await way.submit(letter(*recipients), watcher)
        await way.close()
        await server.hung_up.wait()
    return result, server, watcher


def verdict(result: SubmissionResult) -> tuple[Action, Stage]:
    """The one verdict everybody got."""
    (found,) = {(each.action, each.stage) for each in result.recipients.values()}
    return found


async def test_a_letter_is_accepted_with_dots_doubled() -> None:
    result, server, watcher = await send(*hello(), MAIL, RCPT, DATA, Letter("250 2.0.0 queued as 7"))
    assert verdict(result) == (Action.OK, Stage.COMMITTING)
    reply = result.recipients["bob@example.net"].reply
    assert reply is not None
    assert (reply.code, reply.enhanced, reply.text) == (250, "2.0.0", "queued as 7")
    assert server.letters == [BODY.replace(b"\r\n.hidden", b"\r\n..hidden")]
    assert server.lines[:4] == ["EHLO [127.0.0.1]", "MAIL FROM:<ada@example.org>", "RCPT TO:<bob@example.net>", "DATA"]
    assert result.touched
    assert result.account is None
    assert watcher.events == [
        "connect", "greeting", "ehlo", "touching", "mail", "rcpt", "data", "body", "committing", "committing",
    ]  # fmt: skip
    assert watcher.sent[-1] == len(BODY)
    assert server.lines[-1] == "QUIT"
