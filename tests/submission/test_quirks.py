"""What a server does not bear although it offers it: found out in one dialogue, and not met again."""

from __future__ import annotations

import asyncio

import pytest

from tests.submission.conftest import BODY, Recorder, impatient, letter, submitter
from tests.support.scripted_smtp import Close, Expect, Letter, Say, ScriptedServer, Silence, Step, hello
from tuimail.submission.quirks import Quirk, takes_commands_past_dot
from tuimail.submission.result import Action

MAIL = Expect("MAIL", "250 2.1.0 ok")
RCPT = Expect("RCPT", "250 2.1.5 ok")
DATA = Expect("DATA", "354 go on")
RSET = Expect("RSET", "250 ok")
PLAIN = (MAIL, RCPT, DATA, Letter())
GROUP = (Expect("MAIL"), Expect("RCPT"), Expect("DATA"))


@pytest.mark.parametrize("reply", ["451 4.3.0 not now", "554 5.7.1 no"])
async def test_a_refused_data_is_followed_by_rset(reply: str) -> None:
    """RFC 5321 section 4.1.4: the transaction is still open, and the next MAIL would be nested in it."""
    async with ScriptedServer([(*hello(), MAIL, RCPT, Expect("DATA", reply), RSET, *PLAIN)]) as server:
        way = submitter(server.port)
        first = await way.submit(letter(), Recorder())
        second = await way.submit(letter(), Recorder())
        await way.close()
    assert first.recipients["bob@example.net"].action in (Action.RETRY, Action.MESSAGE)
    assert second.recipients["bob@example.net"].action is Action.OK
    assert (server.unexpected, server.connections, server.dots) == ([], 1, 1)


async def test_a_rset_that_is_refused_ends_the_connection() -> None:
    refused = (*hello(), MAIL, RCPT, Expect("DATA", "451 not now"), Expect("RSET", "502 what?"), Silence())
    async with ScriptedServer([refused, (*hello(), *PLAIN)]) as server:
        way = submitter(server.port)
        await way.submit(letter(), Recorder())
        second = await way.submit(letter(), Recorder())
        await way.close()
    assert second.recipients["bob@example.net"].action is Action.OK
    assert server.connections == 2


@pytest.mark.parametrize(
    "reply",
    ["500 what?", "501 syntax", "502 no", "504 5.5.4 NOTIFY", "553 5.5.4 ORCPT", "555 5.5.4 NOTIFY?"],
)
@pytest.mark.parametrize("people", [("a@x.example",), ("a@x.example", "b@x.example")])
async def test_a_recipient_refused_for_its_parameters_is_named_again_without(
    reply: str, people: tuple[str, ...]
) -> None:
    letters: tuple[Step, ...] = (MAIL, *[RCPT] * len(people), DATA, Letter())
    script: tuple[Step, ...] = (
        *hello("DSN"), MAIL, Expect("RCPT", reply), RSET,
        *letters, *letters,
    )  # fmt: skip
    quirks: set[Quirk] = set()
    async with ScriptedServer([script]) as server:
        way = submitter(server.port, quirks=quirks)
        first = await way.submit(letter(*people), Recorder())
        await way.submit(letter(*people), Recorder())
        await way.close()
    assert {each.action for each in first.recipients.values()} == {Action.OK}
    assert first.learnt == {Quirk.REFUSES_DSN: True}
    assert quirks == {Quirk.REFUSES_DSN}
    assert ["NOTIFY=" in line for line in server.lines if line.startswith("RCPT")].count(True) == 1
    assert not server.unexpected


async def test_a_group_refused_for_the_parameters_of_one_recipient_starts_again() -> None:
    people = ("a@x.example", "b@x.example")
    first = (
        *hello("DSN", "PIPELINING"), MAIL, RCPT, Expect("RCPT", "501 5.5.4 NOTIFY"), DATA, Silence(),
    )  # fmt: skip
    second = (*hello("DSN", "PIPELINING"), MAIL, RCPT, RCPT, DATA, Letter())
    async with ScriptedServer([first, second]) as server:
        way = submitter(server.port)
        result = await way.submit(letter(*people), Recorder())
        await way.close()
    assert {each.action for each in result.recipients.values()} == {Action.OK}
    assert (server.dots, server.connections) == (1, 2)


async def test_a_refusal_that_stays_without_parameters_is_the_recipients_and_teaches_nothing() -> None:
    no = Expect("RCPT", "501 no such form")
    async with ScriptedServer([(*hello("DSN"), MAIL, no, RSET, MAIL, no, RSET)]) as server:
        way = submitter(server.port)
        result = await way.submit(letter(), Recorder())
        await way.close()
    assert result.recipients["bob@example.net"].action is Action.RECIPIENT
    assert result.learnt == {}
    assert not server.unexpected


@pytest.mark.parametrize(
    "answer",
    [
        (Expect("MAIL", "250 ok"), Close()),
        (*GROUP, Close()),
        (MAIL, RCPT, Close()),
        (MAIL, Expect("RCPT", "503 5.5.1 one at a time")),
        (Expect("MAIL", "503 5.5.1 one at a time"),),
        (Expect("MAIL", "554 SMTP synchronization error"), Close()),
    ],
)
async def test_a_group_that_is_not_answered_goes_one_command_at_a_time(answer: tuple[Step, ...]) -> None:
    quirks: set[Quirk] = set()
    async with ScriptedServer([(*hello("PIPELINING"), *answer), (*hello("PIPELINING"), *PLAIN, *PLAIN)]) as server:
        way = submitter(server.port, quirks=quirks)
        first = await way.submit(letter(), Recorder())
        second = await way.submit(letter(), Recorder())
        await way.close()
    assert [each.recipients["bob@example.net"].action for each in (first, second)] == [Action.OK] * 2
    assert first.learnt == {Quirk.NO_PIPELINING: True}
    assert second.learnt == {}
    assert quirks == {Quirk.NO_PIPELINING}
    assert (server.connections, server.dots) == (2, 2)


async def test_what_a_group_out_of_step_was_answered_counts_for_nobody() -> None:
    """The server lost count, so its 550 may belong to another command; and nobody is there for a second try."""
    people = ("a@x.example", "b@x.example")
    group = (*hello("PIPELINING"), Expect("MAIL"), Expect("RCPT"), Expect("RCPT"), Expect("DATA"))
    answers = (Say("250 ok"), Say("550 5.1.1 who?"), Say("503 5.5.1 one at a time"))
    async with ScriptedServer([(*group, *answers, Silence()), (Close(),)]) as server:
        result = await submitter(server.port).submit(letter(*people), Recorder())
    assert server.connections == 2
    assert {each.action for each in result.recipients.values()} == {Action.RETRY}


async def test_a_letter_that_is_to_go_one_command_at_a_time_does_not_open_past_a_dot() -> None:
    """The one before it showed that groups are not to blame, while this one waited."""
    quirks = {Quirk.NO_PIPELINING}
    broken = (*hello("PIPELINING"), Expect("MAIL"), Close())
    async with ScriptedServer([broken, (*hello("PIPELINING"), *PLAIN, *PLAIN)]) as server:
        way = submitter(server.port, quirks=quirks, pipeline_past_dot=True)
        third = Recorder()

        async def third_is_ready() -> None:
            async with asyncio.timeout(5):
                while "touching" not in third.events:  # noqa: ASYNC110
                    await asyncio.sleep(0)

        watchers = [Recorder(), Recorder(on_committing=third_is_ready), third]
        tasks = [asyncio.create_task(way.submit(letter(), each)) for each in watchers]
        actions = [(await each).recipients["bob@example.net"].action for each in tasks]
        await way.close()
    assert actions == [Action.RETRY, Action.OK, Action.OK]
    assert not server.unexpected
    assert server.letters == [BODY.replace(b"\r\n.", b"\r\n..")] * 2


async def test_silence_to_a_group_makes_the_next_try_one_command_at_a_time() -> None:
    quirks: set[Quirk] = set()
    script = (*hello("PIPELINING"), Expect("MAIL", "250 ok"), Silence())
    async with ScriptedServer([script, (*hello("PIPELINING"), *PLAIN)]) as server:
        way = submitter(server.port, quirks=quirks, timeouts=impatient(envelope=0.1))
        first = await way.submit(letter(), Recorder())
        second = await submitter(server.port, quirks=quirks).submit(letter(), Recorder())
        await way.close()
    assert first.recipients["bob@example.net"].action is Action.RETRY
    assert second.recipients["bob@example.net"].action is Action.OK
    assert (quirks, server.connections) == ({Quirk.NO_PIPELINING}, 2)


async def test_421_to_a_group_makes_the_next_try_one_command_at_a_time() -> None:
    quirks: set[Quirk] = set()
    script = (*hello("PIPELINING"), MAIL, Expect("RCPT", "421 4.7.0 protocol error"), Close())
    async with ScriptedServer([script]) as server:
        result = await submitter(server.port, quirks=quirks).submit(letter(), Recorder())
    assert result.recipients["bob@example.net"].action is Action.RETRY
    assert quirks == {Quirk.NO_PIPELINING}


async def test_groups_are_not_blamed_for_what_happens_without_them_too() -> None:
    quirks = {Quirk.NO_PIPELINING}
    script = (*hello("PIPELINING"), MAIL, Expect("RCPT"), Close())
    async with ScriptedServer([script]) as server:
        result = await submitter(server.port, quirks=quirks).submit(letter(), Recorder())
    assert result.learnt == {Quirk.NO_PIPELINING: False}
    assert quirks == set()


async def test_a_setting_turns_pipelining_off() -> None:
    async with ScriptedServer([(*hello("PIPELINING"), *PLAIN)]) as server:
        way = submitter(server.port, pipelining=False)
        result = await way.submit(letter(), Recorder())
        await way.close()
    assert result.recipients["bob@example.net"].action is Action.OK
    assert result.learnt == {}
    assert not server.unexpected


@pytest.mark.parametrize(
    ("introduction", "known"),
    [
        ("mx.example ESMTP Postfix (Debian/GNU)", True),
        ("mx.example ESMTP Exim 4.96 Fri, 27 Nov 2026", True),
        ("mx.example ESMTP Sendmail 8.17.1/8.17.1; Fri", True),
        ("mx.example Dovecot ready.", False),
        ("mx.example ESMTP ready", False),
    ],
)
def test_which_servers_take_commands_past_the_dot(introduction: str, known: bool) -> None:
    assert takes_commands_past_dot(introduction) is known


async def test_a_connection_that_breaks_at_a_dot_with_commands_behind_ends_that_for_good() -> None:
    quirks: set[Quirk] = set()
    breaks = (*hello("PIPELINING"), MAIL, RCPT, DATA, Letter(""), *GROUP, Close())
    fresh = (*hello("PIPELINING"), *PLAIN, *PLAIN, *PLAIN)
    async with ScriptedServer([breaks, fresh]) as server:
        way = submitter(server.port, quirks=quirks, pipeline_past_dot=True)
        second = Recorder()

        async def second_waits() -> None:
            async with asyncio.timeout(5):
                while "touching" not in second.events:  # noqa: ASYNC110
                    await asyncio.sleep(0)

        watchers = [Recorder(on_committing=second_waits), second, Recorder(), Recorder()]
        tasks = [asyncio.create_task(way.submit(letter(), each)) for each in watchers]
        results = [await each for each in tasks]
        await way.close()
    actions = [each.recipients["bob@example.net"].action for each in results]
    assert actions == [Action.UNCERTAIN, Action.OK, Action.OK, Action.OK]
    assert quirks == {Quirk.NOTHING_PAST_DOT}
    assert not server.unexpected
