"""A letter that opens behind the dot of the one before it: every order in which that can go wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.submission.conftest import BODY, Recorder, letter, submitter
from tests.support.scripted_smtp import (
    Close,
    Do,
    Expect,
    Letter,
    Raw,
    Reset,
    Say,
    ScriptedServer,
    Silence,
    Slowly,
    Step,
    hello,
)
from tuimail.config.model import Auth
from tuimail.submission.result import Action, SubmissionResult

if TYPE_CHECKING:
    from collections.abc import Sequence

MAIL = Expect("MAIL", "250 2.1.0 ok")
RCPT = Expect("RCPT", "250 2.1.5 ok")
DATA = Expect("DATA", "354 go on")
OPENED = (Expect("MAIL"), Expect("RCPT"), Expect("DATA"))
"""What comes behind a dot, before the server answers any of it."""
TAKEN = "250 2.0.0 queued"
GO_ON = "250 ok\r\n250 ok\r\n354 go on\r\n"
PIPELINING = hello("PIPELINING")
FRESH = (*PIPELINING, MAIL, RCPT, DATA, Letter())


class SmtpProtocol:
    """Two letters handed in, the second while the first is on its way."""

    def __init__(self, server: ScriptedServer, **options: Any) -> None:
        self.way = submitter(server.port, pipeline_past_dot=True, **options)
        self.waits = asyncio.Event()
        self.first = Recorder(on_committing=self.second_waits)
        self.second = Recorder()
        self.behind: asyncio.Task[SubmissionResult] | None = None

    async def second_waits(self) -> None:
        """The mark of the first is stored when the second is ready."""
        async with asyncio.timeout(5):
            while "touching" not in self.second.events and not self.waits.is_set():  # noqa: ASYNC110
                await asyncio.sleep(0)

    async def run(self, *recipients: str) -> tuple[Action, Action]:
        before = asyncio.create_task(self.way.submit(letter(), self.first))
        self.behind = asyncio.create_task(self.way.submit(letter(*recipients), self.second))
        results = await before, await self.behind
        await self.way.close()
        return action(results[0]), action(results[1])


def action(result: SubmissionResult) -> Action:
    (found,) = {each.action for each in result.recipients.values()}
    return found


async def two(*scripts: Sequence[Step], recipients: tuple[str, ...] = ()) -> tuple[Any, ScriptedServer, SmtpProtocol]:
    async with ScriptedServer(scripts) as server:
        line = SmtpProtocol(server)
        actions = await line.run(*recipients)
    return actions, server, line


async def test_the_next_letter_opens_in_one_write_with_the_dot() -> None:
    """The server does not answer the dot before it has read the commands behind it."""
    actions, server, line = await two(
        (*PIPELINING, MAIL, RCPT, DATA, Letter(""), *OPENED, Say(TAKEN), Raw(GO_ON.encode()), Letter())
    )
    assert actions == (Action.OK, Action.OK)
    assert not server.unexpected
    assert len(server.letters) == 2
    assert (line.first.events.count("committing"), line.second.events.count("touching")) == (2, 1)


async def test_each_letter_keeps_its_own_dialogue() -> None:
    async with ScriptedServer(
        [
            (
                *PIPELINING, MAIL, RCPT, DATA, Letter(""), *OPENED,
                Say("250 first"), Raw(GO_ON.encode()), Letter("250 second"),
            )
        ]
    ) as server:  # fmt: skip
        line = SmtpProtocol(server)
        before = asyncio.create_task(line.way.submit(letter(), line.first))
        behind = asyncio.create_task(line.way.submit(letter(), line.second))
        first, second = await before, await behind
        await line.way.close()
    assert first.dialogue[-2:] == ("C: .", "S: 250 first")
    assert second.dialogue[0].startswith("C: MAIL")
    assert second.dialogue[-1] == "S: 250 second"
    assert "S: 250 first" not in second.dialogue


async def test_nothing_opens_behind_a_dot_without_pipelining() -> None:
    async with ScriptedServer([(*hello(), MAIL, RCPT, DATA, Letter(), MAIL, RCPT, DATA, Letter())]) as server:
        line = SmtpProtocol(server)
        line.waits.set()
        assert await line.run() == (Action.OK, Action.OK)
    assert line.first.events[-1] == "committing"
    assert not server.unexpected


async def test_nothing_opens_behind_a_dot_when_all_or_none_get_a_letter() -> None:
    script = (*PIPELINING, *(MAIL, RCPT, DATA, Letter()) * 2)
    async with ScriptedServer([script]) as server:
        line = SmtpProtocol(server, hold=True)
        line.waits.set()
        assert await line.run() == (Action.OK, Action.OK)
    assert not server.unexpected


async def test_nothing_opens_behind_the_last_letter_of_a_connection() -> None:
    async with ScriptedServer([FRESH, FRESH]) as server:
        line = SmtpProtocol(server, letters_per_connection=1)
        line.waits.set()
        assert await line.run() == (Action.OK, Action.OK)
    assert server.connections == 2


@pytest.mark.parametrize(
    "end",
    [
        (Say(TAKEN), Say("421 4.7.0 enough of this connection"), Close()),
        (Say(TAKEN), Close()),
        (Say(TAKEN), Reset()),
    ],
    ids=["421", "close", "reset"],
)
async def test_accepted_and_then_hung_up_sends_the_next_on_a_fresh_connection(end: tuple[Step, ...]) -> None:
    actions, server, line = await two((*PIPELINING, MAIL, RCPT, DATA, Letter(""), *OPENED, *end), FRESH)
    assert actions[1] is Action.OK
    # A reset may overtake the answer: then nobody knows.
    assert actions[0] is Action.OK or isinstance(end[-1], Reset)
    assert server.connections == 2
    assert line.second.events.count("touching") == 1


@pytest.mark.parametrize("end", [(Close(),), (Raw(b"\x00gibberish\r\n"), Close())], ids=["lost", "garbage"])
async def test_an_answer_that_is_lost_leaves_only_the_first_in_doubt(end: tuple[Step, ...]) -> None:
    actions, server, _ = await two((*PIPELINING, MAIL, RCPT, DATA, Letter(""), *OPENED, *end), FRESH)
    assert actions == (Action.UNCERTAIN, Action.OK)
    assert server.connections == 2


async def test_421_for_the_dot_withdraws_the_next() -> None:
    async with ScriptedServer(
        [(*PIPELINING, MAIL, RCPT, DATA, Letter(""), *OPENED, Say("421 4.3.2 shutting down"), Close()), FRESH]
    ) as server:
        line = SmtpProtocol(server)
        before = asyncio.create_task(line.way.submit(letter(), line.first))
        behind = asyncio.create_task(line.way.submit(letter(), line.second))
        first, second = await before, await behind
        await line.way.close()
    assert action(first) is Action.RETRY
    assert first.account is not None
    assert (second.withdrawn, dict(second.recipients)) == (True, {})
    assert server.connections == 1


async def test_a_letter_refused_at_its_dot_does_not_harm_the_next() -> None:
    actions, server, _ = await two(
        (*PIPELINING, MAIL, RCPT, DATA, Letter(""), *OPENED, Say("554 5.7.1 spam"), Raw(GO_ON.encode()), Letter())
    )
    assert actions == (Action.MESSAGE, Action.OK)
    assert (server.connections, len(server.letters)) == (1, 2)


async def test_a_sender_refused_behind_the_dot_is_the_next_letters_own() -> None:
    actions, server, _ = await two(
        (
            *PIPELINING, MAIL, RCPT, DATA, Letter(""), *OPENED,
            Say(TAKEN), Say("550 5.7.1 not this sender"), Say("503 no"), Say("503 no"), Expect("RSET", "250 ok"),
        )
    )  # fmt: skip
    assert actions == (Action.OK, Action.MESSAGE)
    assert server.dots == 1


async def test_all_recipients_refused_behind_the_dot_send_nothing() -> None:
    actions, server, line = await two(
        (
            *PIPELINING, MAIL, RCPT, DATA, Letter(""), *OPENED,
            Say(TAKEN), Say("250 ok"), Say("550 5.1.1 who?"), Say("554 5.5.1 nobody"), Expect("RSET", "250 ok"),
        )
    )  # fmt: skip
    assert actions == (Action.OK, Action.RECIPIENT)
    assert (server.dots, server.connections) == (1, 1)
    assert line.second.events.count("committing") == 0


async def test_a_server_that_awaits_a_letter_for_nobody_gets_none() -> None:
    """A lone dot would be an empty letter, to whoever the server still has in mind: the connection is dropped."""
    actions, server, _ = await two(
        (
            *PIPELINING, MAIL, RCPT, DATA, Letter(""), *OPENED,
            Say(TAKEN), Say("250 ok"), Say("550 5.1.1 who?"), Say("354 go on"), Silence(),
        )
    )  # fmt: skip
    assert actions == (Action.OK, Action.RECIPIENT)
    assert server.dots == 1
    assert "RSET" not in server.verbs


async def test_a_server_that_forgets_what_came_behind_the_dot_is_not_tempted_again() -> None:
    forgetful = (*PIPELINING, MAIL, RCPT, DATA, Letter(""), *OPENED, Say(TAKEN), Close())
    plain = (*PIPELINING, *(MAIL, RCPT, DATA, Letter()) * 2)
    async with ScriptedServer([forgetful, plain]) as server:
        line = SmtpProtocol(server)
        line.waits.clear()
        watchers = [line.first, line.second, Recorder()]
        tasks = [asyncio.create_task(line.way.submit(letter(), each)) for each in watchers]
        assert [action(await each) for each in tasks] == [Action.OK] * 3
        await line.way.close()
    assert server.connections == 2
    assert not server.unexpected


async def test_the_next_letter_given_up_does_not_harm_the_one_before() -> None:
    """It has opened already: the answer to the first is awaited, then the connection is dropped."""
    opened, gone = asyncio.Event(), asyncio.Event()
    answers = (Say(TAKEN), Raw(GO_ON.encode()), Silence())
    script = (*PIPELINING, MAIL, RCPT, DATA, Letter(""), *OPENED, Do(opened.set), Slowly(gone), *answers)
    async with ScriptedServer([script, FRESH]) as server:
        line = SmtpProtocol(server)
        before = asyncio.create_task(line.way.submit(letter(), line.first))
        behind = asyncio.create_task(line.way.submit(letter(), line.second))
        await opened.wait()
        behind.cancel()
        with pytest.raises(asyncio.CancelledError):
            await behind
        gone.set()
        assert action(await before) is Action.OK
        await server.hung_up.wait()
        assert action(await line.way.submit(letter(), Recorder())) is Action.OK
        await line.way.close()
    assert server.letters[0] == BODY.replace(b"\r\n.", b"\r\n..")
    assert (server.connections, server.dots) == (2, 2)


async def test_a_letter_given_up_while_it_waits_leaves_the_line() -> None:
    async with ScriptedServer([(*PIPELINING, *(MAIL, RCPT, DATA, Letter()) * 2)]) as server:
        line = SmtpProtocol(server)
        line.waits.set()
        before = asyncio.create_task(line.way.submit(letter(), line.first))
        behind = asyncio.create_task(line.way.submit(letter(), line.second))
        await asyncio.sleep(0)
        behind.cancel()
        assert action(await before) is Action.OK
        assert action(await line.way.submit(letter(), Recorder())) is Action.OK
        await line.way.close()
    assert server.connections == 1


async def test_a_letter_that_cannot_be_counted_does_not_open() -> None:
    async def full() -> None:
        line.waits.set()
        raise OSError("disk full")

    async with ScriptedServer([FRESH]) as server:
        line = SmtpProtocol(server)
        line.second = Recorder(on_touching=full)
        before = asyncio.create_task(line.way.submit(letter(), line.first))
        behind = asyncio.create_task(line.way.submit(letter(), line.second))
        assert action(await before) is Action.OK
        with pytest.raises(OSError, match="disk full"):
            await behind
        await line.way.close()
    assert server.verbs == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]


async def test_a_wrong_password_is_tried_once_however_many_wait() -> None:
    script = (*hello("AUTH PLAIN"), Expect("AUTH", "535 5.7.8 bad credentials"), Silence())
    async with ScriptedServer([script]) as server:
        way = submitter(server.port, auth=Auth.PASSWORD, username="ada")
        tasks = [asyncio.create_task(way.submit(letter(), Recorder())) for _ in range(3)]
        first, *others = [await each for each in tasks]
        await way.close()
    assert action(first) is Action.REAUTH
    assert all(each.withdrawn for each in others)
    assert server.verbs.count("AUTH") == 1
