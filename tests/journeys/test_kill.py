"""The real program, killed or interrupted at every step of a submission, and started again.

The server says where the client stands, so each kill comes at its very moment; nothing here waits for time.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.journeys.program import account
from tests.support.scripted_smtp import Do, Expect, Letter, ReadBytes, Say, ScriptedServer, Silence, hello
from tests.support.streams import serving
from tuimail.cli.document import item_document
from tuimail.compose.draft import Draft
from tuimail.config.loader import load
from tuimail.engine import Engine
from tuimail.outbox.model.states import ItemState

if TYPE_CHECKING:
    import subprocess
    from collections.abc import AsyncIterator, Callable

    from tests.journeys.program import Program
    from tests.support.scripted_smtp import Step

pytestmark = pytest.mark.on_disk


TO = ("bob@example.net", "kim@example.net")

ACCEPTING: tuple[Step, ...] = (
    *hello("8BITMIME"),
    Expect("MAIL", "250 ok"),
    Expect("RCPT", "250 ok"),
    Expect("RCPT", "250 ok"),
    Expect("DATA", "354 go on"),
    Letter("250 2.0.0 queued as 1"),
)

BODY = "A line of the letter that is sent while somebody pulls the plug.\n" * 20_000


def until_half_the_body(act: Do) -> tuple[Step, ...]:
    return (*ACCEPTING[:-1], ReadBytes(400_000), act, Silence())


BEFORE_THE_DOT: dict[str, Callable[[Do], tuple[Step, ...]]] = {
    "connected": lambda act: (act, Silence()),
    "greeted": lambda act: (Say("220 mx.example ESMTP"), act, Silence()),
    "EHLO": lambda act: (Say("220 mx.example ESMTP"), Expect("EHLO"), act, Silence()),
    "MAIL": lambda act: (*hello(), Expect("MAIL"), act, Silence()),
    "first RCPT": lambda act: (*hello(), Expect("MAIL", "250 ok"), Expect("RCPT"), act, Silence()),
    "second RCPT": lambda act: (*ACCEPTING[:4], Expect("RCPT"), act, Silence()),
    "DATA": lambda act: (*ACCEPTING[:5], Expect("DATA"), act, Silence()),
    "354": lambda act: (*ACCEPTING[:6], act, Silence()),
    "half the body": until_half_the_body,
}
"""Moments at which the letter cannot have been delivered."""


class Started:
    """A process of the program, known to the server's script once it runs."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def signals(self, number: signal.Signals) -> Do:
        """A step that sends the signal."""

        def send() -> None:
            assert self.process is not None
            self.process.send_signal(number)

        return Do(send)


async def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Wait for its end: exit code and what it said; negative: the signal that killed it."""
    out, err = await asyncio.to_thread(process.communicate, timeout=60)
    assert b"Traceback" not in err, err.decode()
    return process.returncode, (out + err).decode()


@contextlib.asynccontextmanager
async def engine_of(program: Program) -> AsyncIterator[Engine]:
    """An engine of this process on the program's folders: quicker than a process for what is not on trial."""
    engine = Engine(load(program.paths), program.paths)
    await engine.start(run_outbox=False)
    try:
        yield engine
    finally:
        await engine.stop()


async def told(program: Program, item_id: str = "") -> dict[str, Any]:
    """The letter as JSON tells it: the only one, or the one of this id."""
    async with engine_of(program) as engine:
        (item,) = [
            each
            for each in await engine.outbox.query(lambda outbox: outbox.items(set(ItemState)))
            if each.id.startswith(item_id)
        ]
        document: dict[str, Any] = item_document(item)
        return document


async def broken_off(
    program: Program, server: ScriptedServer, started: Started, *words: str
) -> tuple[dict[str, Any], int]:
    """Queue a letter, run ``words`` until the script ends it; the letter afterwards, and the exit code."""
    program.configure(account(server.port))
    async with engine_of(program) as engine:
        queued = await engine.drafts.enqueue(Draft(to=", ".join(TO), subject="plug", body=BODY))
    started.process = program.start(*words)
    code, _ = await ended(started.process)
    return await told(program, queued.id), code


async def run_again(program: Program) -> dict[str, Any]:
    """A restart: one more ``outbox run``; the letter afterwards."""
    ran = await asyncio.to_thread(program.run, "outbox", "run")
    assert ran.code == 0, ran
    return await told(program)


@pytest.mark.parametrize("moment", BEFORE_THE_DOT)
async def test_killed_before_the_dot_the_letter_goes_once_after_a_restart(program: Program, moment: str) -> None:
    started = Started()
    script = BEFORE_THE_DOT[moment](started.signals(signal.SIGKILL))
    async with ScriptedServer([script, ACCEPTING]) as server:
        _, code = await broken_off(program, server, started, "outbox", "run")
        assert code == -signal.SIGKILL
        item = await run_again(program)
        assert (item["state"], server.dots) == ("done", 1), item
        assert item["message_id"].encode() in server.letters[-1]


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("greeted", signal.SIGTERM),
        ("greeted", signal.SIGINT),
        ("greeted", signal.SIGHUP),
        # How it comes does not matter later on.
        ("second RCPT", signal.SIGINT),
        ("half the body", signal.SIGTERM),
    ],
)
async def test_interrupted_before_the_dot_the_letter_is_put_back_at_once(
    program: Program, moment: str, number: signal.Signals
) -> None:
    started = Started()
    script = BEFORE_THE_DOT[moment](started.signals(number))
    async with ScriptedServer([script, ACCEPTING]) as server:
        item, code = await broken_off(program, server, started, "outbox", "run")
        assert code == {signal.SIGINT: 130}.get(number, 143)
        assert item["state"] == "queued"
        item = await run_again(program)
        assert (item["state"], server.dots) == ("done", 1)


async def test_killed_between_the_dot_and_the_answer_the_letter_is_flagged_and_not_sent_again(program: Program) -> None:
    started = Started()
    script = (*ACCEPTING[:-1], Letter(""), started.signals(signal.SIGKILL), Silence())
    async with ScriptedServer([script, ACCEPTING]) as server:
        await broken_off(program, server, started, "outbox", "run")
        item = await run_again(program)
        assert (item["state"], item["needs_you"]) == ("uncertain", True)
        assert {each["state"] for each in item["recipients"]} == {"uncertain"}
        await run_again(program)
        assert (server.dots, server.connections) == (1, 1)
        resent = await asyncio.to_thread(program.run, "outbox", "resolve", item["id"], "resend")
        assert resent.code == 0
        assert (await run_again(program))["state"] == "done"
        assert server.dots == 2
        assert server.letters[0] == server.letters[1], "the same bytes"


async def test_killed_after_the_dot_a_recipient_put_off_before_it_is_in_no_doubt(program: Program) -> None:
    put_off = (*ACCEPTING[:4], Expect("RCPT", "451 4.2.0 later"), Expect("DATA", "354 go on"), Letter(""))
    started = Started()
    script = (*put_off, started.signals(signal.SIGKILL), Silence())
    async with ScriptedServer([script, ACCEPTING]) as server:
        await broken_off(program, server, started, "outbox", "run")
        item = await run_again(program)
        states = {each["address"]: each["state"] for each in item["recipients"]}
        assert states[TO[0]] == "uncertain"
        assert states[TO[1]] in ("pending", "deferred"), "it was not in the transaction"


async def test_killed_right_after_the_answer_the_letter_is_sent_or_flagged(program: Program) -> None:
    started = Started()
    script = (*ACCEPTING, started.signals(signal.SIGKILL), Silence())
    async with ScriptedServer([script, ACCEPTING]) as server:
        await broken_off(program, server, started, "outbox", "run")
        item = await run_again(program)
        assert item["state"] in ("done", "uncertain")
        assert server.dots == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_interrupted_after_the_dot_the_answer_is_waited_for(program: Program, number: signal.Signals) -> None:
    started = Started()
    script = (*ACCEPTING[:-1], Letter(""), started.signals(number), Say("250 2.0.0 queued as 1"))
    async with ScriptedServer([script]) as server:
        item, _ = await broken_off(program, server, started, "outbox", "run")
        assert (item["recipients"][0]["state"], item["last_reply"]) == ("accepted", "250 2.0.0 queued as 1")
        assert (await run_again(program))["state"] == "done"
        assert server.dots == 1


async def test_interrupted_twice_after_the_dot_it_ends_and_flags_the_letter(program: Program) -> None:
    started = Started()
    again = asyncio.Event()
    script = (*ACCEPTING[:-1], Letter(""), started.signals(signal.SIGINT), Do(again.set), Silence())
    async with ScriptedServer([script, ACCEPTING]) as server:

        async def insist() -> None:
            await again.wait()
            assert started.process is not None
            while started.process.poll() is None:  # an impatient person
                started.process.send_signal(signal.SIGINT)
                await asyncio.sleep(0.2)

        insisting = asyncio.create_task(insist())
        await broken_off(program, server, started, "outbox", "run")
        await insisting
        item = await run_again(program)
        assert (item["state"], server.dots) == ("uncertain", 1)


@pytest.mark.parametrize("moment", ["EHLO", "half the body"])
async def test_send_killed_in_the_middle_has_the_letter_in_the_outbox(program: Program, moment: str) -> None:
    started = Started()
    script = BEFORE_THE_DOT[moment](started.signals(signal.SIGKILL))
    async with ScriptedServer([script, ACCEPTING]) as server:
        program.configure(account(server.port))
        (program.home / "body").write_text(BODY)
        started.process = program.start("send", *TO, "-s", "plug", "-i", "body")
        code, _ = await ended(started.process)
        assert code == -signal.SIGKILL
        item = await run_again(program)
        assert (item["state"], server.dots) == ("done", 1)


async def test_send_that_is_interrupted_says_that_the_letter_is_safe(program: Program) -> None:
    started = Started()
    async with ScriptedServer([BEFORE_THE_DOT["greeted"](started.signals(signal.SIGINT))]) as server:
        program.configure(account(server.port))
        started.process = program.start("send", *TO, "-s", "plug")
        code, said = await ended(started.process)
        assert code == 130
        assert "safe in the outbox" in said
        assert (await told(program))["state"] == "queued"


async def test_send_touches_no_other_letter(program: Program) -> None:
    one = (*hello(), Expect("MAIL", "250 ok"), Expect("RCPT", "250 ok"), Expect("DATA", "354 go on"), Letter())
    async with ScriptedServer([one]) as server:
        program.configure(account(server.port))
        await asyncio.to_thread(program.run, "send", "--queue", "kim@example.net", "-s", "first in the queue")
        ran = await asyncio.to_thread(program.run, "send", "bob@example.net", "-s", "mine")
        assert (ran.code, ran.out) == (0, "sent to bob@example.net: 250 2.0.0 queued as 1\n")
        states = {item["subject"]: item["state"] for item in await asyncio.to_thread(program.items)}
        assert states == {"mine": "done", "first in the queue": "queued"}
        assert server.dots == 1


@contextlib.asynccontextmanager
async def counting_server() -> AsyncIterator[tuple[int, Counter[str]]]:
    """A server that takes everything: its port, and how often it took each Message-ID."""
    taken: Counter[str] = Counter()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.example ESMTP\r\n")
        while line := (await reader.readline()).decode():
            if line.upper().startswith("DATA"):
                writer.write(b"354 go on\r\n")
                letter = await reader.readuntil(b"\r\n.\r\n")
                found = re.search(rb"^Message-ID: (\S+)", letter, re.MULTILINE | re.IGNORECASE)
                assert found is not None
                taken[found.group(1).decode()] += 1
            writer.write(b"250 ok\r\n")
            await writer.drain()
        writer.close()

    async with serving(serve) as port:
        yield port, taken


async def queue_letters(program: Program, count: int) -> set[str]:
    """Queue them in this process, which is quicker; their Message-IDs."""
    async with engine_of(program) as engine:
        return {
            (await engine.drafts.enqueue(Draft(to="bob@example.net", subject=f"{number}", body="hello\n"))).message_id
            for number in range(count)
        }


async def test_two_runs_at_once_send_each_of_sixty_letters_once(program: Program) -> None:
    async with counting_server() as (port, taken):
        program.configure(account(port))
        queued = await queue_letters(program, 60)
        runs = [program.start("outbox", "run") for _ in range(2)]
        for code, said in await asyncio.gather(*map(ended, runs)):
            assert code == 0, said
        assert taken == dict.fromkeys(queued, 1)
        assert {item["state"] for item in await asyncio.to_thread(program.items)} == {"done"}


async def test_a_run_that_is_killed_again_and_again_sends_each_letter_once_or_flags_it(program: Program) -> None:
    async with counting_server() as (port, taken):
        program.configure(account(port))
        queued = await queue_letters(program, 30)
        for _ in range(6):
            before, process = taken.total(), program.start("outbox", "run")
            while taken.total() < before + 4 and process.poll() is None:  # noqa: ASYNC110  it may end instead
                await asyncio.sleep(0)
            process.kill()
            await ended(process)
        ran = await asyncio.to_thread(program.run, "outbox", "run")
        assert ran.code == 0, ran
        states = {item["message_id"]: item["state"] for item in await asyncio.to_thread(program.items)}
    assert states.keys() == queued
    assert set(taken.values()) == {1}
    for message_id, state in states.items():
        assert (state == "done" and taken[message_id] == 1) or state == "uncertain"
