"""The letter itself on the wire: dots, smuggling, slow readers, early replies, letters that change underfoot."""

from __future__ import annotations

import asyncio
import functools
import itertools
import re
from typing import TYPE_CHECKING

import aiosmtpd.smtp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.submission.conftest import BODY, Authority, Bytes, Recorder, impatient, letter, submitter
from tests.submission.test_smtp import DATA, MAIL, RCPT, verdict
from tests.support.scripted_smtp import (
    Close,
    HalfClose,
    Letter,
    ReadBytes,
    Reset,
    Say,
    ScriptedServer,
    Silence,
    Slowly,
    hello,
)
from tuimail.config.model import Security
from tuimail.submission.dot_stuffing import stuffed
from tuimail.submission.result import Action, Stage
from tuimail.submission.submitter import Letter as Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator

# A dot between any two line ends but the right ones, and a NUL that a server may leave out beside the dot.
LINE_ENDS = {"crlf": b"\r\n", "lf": b"\n", "cr": b"\r"}
SMUGGLING = {
    f"{before} {what} {after}": LINE_ENDS[before] + dot + LINE_ENDS[after]
    for before, after in itertools.product(LINE_ENDS, repeat=2)
    for what, dot in {"dot": b".", "nul-dot": b"\0.", "dot-nul": b".\0"}.items()
}


class Inbox:
    """An aiosmtpd handler that keeps envelopes."""

    def __init__(self) -> None:
        self.envelopes: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))  # type: ignore[attr-defined]
        return "250 OK"


@pytest.mark.parametrize("sequence", SMUGGLING.values(), ids=SMUGGLING)
async def test_no_sequence_ends_the_letter_early(sequence: bytes) -> None:
    smuggled = b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<victim@x.example>\r\nDATA\r\nsmuggled\r\n.\r\n"
    body = BODY + b"before" + sequence + smuggled
    inbox = Inbox()
    loop = asyncio.get_running_loop()
    factory = functools.partial(aiosmtpd.smtp.SMTP, inbox, hostname="mx.example", loop=loop)
    server = await loop.create_server(factory, "127.0.0.1", 0)
    async with server:
        way = submitter(server.sockets[0].getsockname()[1])
        result = await way.submit(letter(body=body), Recorder())
        await way.close()
    assert verdict(result) == (Action.OK, Stage.COMMITTING)
    ((sender, recipients, content),) = inbox.envelopes
    assert (sender, recipients) == ("ada@example.org", ["bob@example.net"])
    assert b"smuggled" in content
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", content)


@given(
    st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\0", b"\r\n", b"\r\n.\r\n"]), max_size=30), st.integers(1, 5)
)
def test_however_it_is_cut_only_crlf_and_doubled_dots_go_out(tokens: list[bytes], length: int) -> None:
    content = b"".join(tokens)
    wire = b"".join(data for _, data in stuffed(Bytes(content).chunks(length)))
    assert wire == b"".join(data for _, data in stuffed([content] if content else []))
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", wire)
    lines = wire.split(b"\r\n")
    assert lines.pop() == b""
    assert b"." not in lines
    unstuffed = b"".join(line.removeprefix(b".") + b"\r\n" for line in lines)
    expected = re.sub(rb"\r\n|\r|\n", b"\r\n", content.replace(b"\0", b""))
    assert unstuffed == (expected if not expected or expected.endswith(b"\r\n") else expected + b"\r\n")


@given(st.lists(st.binary(max_size=40).map(lambda line: re.sub(rb"[\r\n\0]", b"", line)), min_size=1))
def test_a_well_formed_letter_arrives_byte_for_byte(lines: list[bytes]) -> None:
    content = b"".join(line + b"\r\n" for line in lines)
    wire = b"".join(data for _, data in stuffed([content]))
    assert re.sub(rb"(?m)^\.", b"", wire) == content


@pytest.mark.parametrize("security", [Security.NONE, Security.TLS])
async def test_a_large_letter_arrives_whole(security: Security, authority: Authority) -> None:
    body = b"X-Line: " + b"x" * 60 + b"\r\n.dots\r\n" + BODY * 20_000
    script = (*hello(), MAIL, RCPT, DATA, Letter())
    async with ScriptedServer([script], tls=authority.server(), implicit=security is Security.TLS) as server:
        way = submitter(server.port, security=security, ca_file=authority.file)
        watcher = Recorder()
        result = await way.submit(letter(body=body), watcher)
        await way.close()
    assert verdict(result)[0] is Action.OK
    assert server.letters[0].replace(b"\r\n..", b"\r\n.") == body
    assert watcher.sent == sorted(watcher.sent)
    assert len(watcher.sent) > 10


async def test_an_upload_may_take_longer_than_any_reply() -> None:
    """The reader stands still until the client has waited for it, with every reply's time-out far shorter."""
    gate = asyncio.Event()
    script = (*hello(), MAIL, RCPT, DATA, Slowly(gate), Letter())
    loop = asyncio.get_running_loop()
    async with ScriptedServer([script], receive_buffer=4096) as server:
        way = submitter(server.port, timeouts=impatient(hello=1, envelope=1, data=1, stall=30))
        watcher = Recorder()
        attempt = asyncio.create_task(way.submit(letter(body=BODY * 200_000), watcher))
        loop.call_later(1.2, gate.set)
        result = await attempt
        await way.close()
    assert verdict(result)[0] is Action.OK


async def test_a_reader_that_stops_for_good_gets_no_dot() -> None:
    script = (*hello(), MAIL, RCPT, DATA, Slowly(asyncio.Event()))
    async with ScriptedServer([script], receive_buffer=4096) as server:
        way = submitter(server.port, timeouts=impatient(stall=0.3))
        watcher = Recorder()
        result = await way.submit(letter(body=BODY * 200_000), watcher)
        assert verdict(result) == (Action.RETRY, Stage.BODY)
        assert "committing" not in watcher.events
        assert server.dots == 0
        await way.close()


@pytest.mark.parametrize("goes_on", [HalfClose(), Silence()])
@pytest.mark.parametrize(
    ("reply", "action"), [("552 5.3.4 too big", Action.MESSAGE), ("451 4.3.0 later", Action.RETRY)]
)
async def test_a_reply_in_the_middle_of_the_letter_is_taken(
    reply: str, action: Action, goes_on: HalfClose | Silence
) -> None:
    script = (*hello(), MAIL, RCPT, DATA, ReadBytes(20_000), Say(reply), goes_on)
    async with ScriptedServer([script], receive_buffer=4096) as server:
        way = submitter(server.port)
        watcher = Recorder()
        result = await way.submit(letter(body=BODY * 200_000), watcher)
        await way.close()
    assert verdict(result) == (action, Stage.BODY)
    assert "committing" not in watcher.events
    assert server.dots == 0
    assert result.recipients["bob@example.net"].reply is not None


async def test_a_break_in_the_middle_of_the_letter_is_another_try() -> None:
    script = (*hello(), MAIL, RCPT, DATA, ReadBytes(20_000), Reset())
    async with ScriptedServer([script], receive_buffer=4096) as server:
        way = submitter(server.port)
        watcher = Recorder()
        result = await way.submit(letter(body=BODY * 200_000), watcher)
    assert verdict(result) == (Action.RETRY, Stage.BODY)
    assert "committing" not in watcher.events
    assert result.account is None


async def test_a_break_while_the_mark_is_stored_is_another_try() -> None:
    """committing() is durable but the dot never left: not uncertain."""
    size = len(BODY.replace(b"\r\n.", b"\r\n.."))
    async with ScriptedServer([(*hello(), MAIL, RCPT, DATA, ReadBytes(size), Say("421 4.3.0 bye"), Close())]) as server:
        way = submitter(server.port)

        async def heard() -> None:
            await server.hung_up.wait()
            while not way._wire.early:  # noqa: ASYNC110 - what is waited for happens in the loop
                await asyncio.sleep(0)

        result = await way.submit(letter(), Recorder(on_committing=heard))
        await way.close()
    assert verdict(result) == (Action.RETRY, Stage.BODY)
    assert server.dots == 0


class Changing(Bytes):
    """A file that is shorter, longer or gone when it is read."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self.told = size

    @property
    def size(self) -> int:
        return self.told


class Gone(Bytes):
    def chunks(self, length: int = 65536) -> Iterator[bytes]:
        yield self.data
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize("content", [Changing(BODY, 500_000), Changing(BODY, 10), Gone(BODY)])
async def test_a_letter_that_cannot_be_read_to_its_end_is_not_sent(content: Bytes) -> None:
    async with ScriptedServer([(*hello(), MAIL, RCPT, DATA, Letter())]) as server:
        way = submitter(server.port)
        watcher = Recorder()
        result = await way.submit(Outgoing("x", letter().envelope, content), watcher)
        await server.hung_up.wait()
    assert verdict(result) == (Action.MESSAGE, Stage.BODY)
    assert "committing" not in watcher.events
    assert server.dots == 0
