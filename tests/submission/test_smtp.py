"""A letter handed to a server: the dialogue, the verdicts, and every way it can break."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.submission.conftest import BODY, PATIENT, Recorder, impatient, letter, submitter
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
from tuimail.submission.quirks import Quirk
from tuimail.submission.result import Action, Stage, SubmissionResult

if TYPE_CHECKING:
    from tuimail.submission.wire import Timeouts

MAIL = Expect("MAIL", "250 2.1.0 ok")
RCPT = Expect("RCPT", "250 2.1.5 ok")
DATA = Expect("DATA", "354 go on")


async def send(
    *script: Step,
    recipients: tuple[str, ...] = (),
    timeouts: Timeouts = PATIENT,
    hold_until: float | None = None,
    **options: Any,
) -> tuple[SubmissionResult, ScriptedServer, Recorder]:
    """One letter to a server that plays ``script``."""
    watcher = Recorder()
    async with ScriptedServer([script]) as server:
        way = submitter(server.port, timeouts=timeouts, **options)
        result = await way.submit(letter(*recipients, hold_until=hold_until), watcher)
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


async def test_commands_are_pipelined_where_offered() -> None:
    result, server, _ = await send(
        *hello("PIPELINING"),
        MAIL,
        RCPT,
        Expect("RCPT", "550 5.1.1 who?"),
        DATA,
        Letter(),
        recipients=("a@x.example", "b@x.example"),
    )
    assert [each.action for each in result.recipients.values()] == [Action.OK, Action.RECIPIENT]
    assert not server.unexpected


async def test_parameters_are_sent_only_where_offered() -> None:
    _, server, _ = await send(*hello("SIZE 1000", "8BITMIME", "DSN", "SMTPUTF8"), MAIL, RCPT, DATA, Letter())
    assert server.lines[1] == f"MAIL FROM:<ada@example.org> SIZE={len(BODY)} RET=HDRS ENVID=item000001"
    assert server.lines[2] == "RCPT TO:<bob@example.net> NOTIFY=FAILURE,DELAY ORCPT=rfc822;bob@example.net"


async def test_eight_bit_and_international_letters_say_so() -> None:
    watcher = Recorder()
    async with ScriptedServer([(*hello("8BITMIME", "SMTPUTF8"), MAIL, RCPT, DATA, Letter())]) as server:
        way = submitter(server.port)
        result = await way.submit(letter("jürgen@x.example", smtputf8=True, eight_bit=True), watcher)
        await way.close()
    assert verdict(result)[0] is Action.OK
    assert server.lines[1:3] == ["MAIL FROM:<ada@example.org> BODY=8BITMIME SMTPUTF8", "RCPT TO:<jürgen@x.example>"]


@pytest.mark.parametrize(("extension", "smtputf8"), [("SIZE 10", False), ("SIZE 0", True)])
async def test_a_letter_the_server_cannot_take_is_not_even_begun(extension: str, smtputf8: bool) -> None:
    watcher = Recorder()
    async with ScriptedServer([hello(extension)]) as server:
        way = submitter(server.port)
        result = await way.submit(letter(smtputf8=smtputf8), watcher)
        await way.close()
    assert verdict(result) == (Action.MESSAGE, Stage.MAIL)
    assert not result.touched
    assert "touching" not in watcher.events
    assert server.verbs == ["EHLO", "QUIT"]


@pytest.mark.parametrize(
    "address", ["a@x.example> SIZE=1", "a@x.example\r\nRCPT TO:<b@x.example>", "a@x.example, b@x.example", "a b@x", ""]
)
async def test_an_address_that_would_smuggle_is_refused_alone(address: str) -> None:
    result, server, _ = await send(*hello(), MAIL, RCPT, DATA, Letter(), recipients=("good@x.example", address))
    assert result.recipients["good@x.example"].action is Action.OK
    assert result.recipients[address].action is Action.RECIPIENT
    assert server.verbs.count("RCPT") == 1


# -- refusals


async def test_accepted_and_refused_and_deferred_each_get_their_own_verdict() -> None:
    result, server, _ = await send(
        *hello(),
        MAIL,
        RCPT,
        Expect("RCPT", "550 5.1.1 unknown"),
        Expect("RCPT", "450 4.2.0 greylisted"),
        DATA,
        Letter(),
        recipients=("a@x.example", "b@x.example", "c@x.example"),
    )
    assert [each.action for each in result.recipients.values()] == [Action.OK, Action.RECIPIENT, Action.RETRY]
    assert server.dots == 1


@pytest.mark.parametrize("pipelining", [True, False])
async def test_nothing_is_sent_when_everyone_is_refused(pipelining: bool) -> None:
    refused = Expect("RCPT", "550 5.1.1 unknown")
    ending = (Expect("DATA", "554 5.5.1 no valid recipients"),) if pipelining else ()
    result, server, watcher = await send(
        *hello(*(["PIPELINING"] if pipelining else [])), MAIL, refused, *ending, Expect("RSET", "250 ok")
    )
    assert verdict(result) == (Action.RECIPIENT, Stage.RCPT)
    assert server.dots == 0
    assert "committing" not in watcher.events
    assert server.lines[-1] == "QUIT"


async def test_a_354_after_all_were_refused_is_answered_with_a_lone_dot() -> None:
    result, server, watcher = await send(
        *hello("PIPELINING"),
        MAIL,
        Expect("RCPT", "550 5.1.1 unknown"),
        DATA,
        Letter("250 2.0.0 delivered to nobody"),
        Expect("RSET", "250 ok"),
    )
    assert verdict(result) == (Action.RECIPIENT, Stage.RCPT)
    assert server.letters == [b""]
    assert "committing" not in watcher.events


async def test_too_many_recipients_are_split() -> None:
    full = Expect("RCPT", "452 4.5.3 too many recipients")
    result, _, _ = await send(
        *hello(), MAIL, RCPT, RCPT, full, full, DATA, Letter(), recipients=tuple(f"{n}@x.example" for n in "abcd")
    )
    assert [each.action for each in result.recipients.values()] == [Action.OK, Action.OK, Action.SPLIT, Action.SPLIT]
    assert result.recipient_limit == 2


async def test_hold_gives_it_to_nobody_when_one_is_refused() -> None:
    result, server, watcher = await send(
        *hello("PIPELINING"),
        MAIL,
        RCPT,
        Expect("RCPT", "550 5.1.1 unknown"),
        Expect("RSET", "250 ok"),
        recipients=("a@x.example", "b@x.example"),
        hold=True,
    )
    assert [each.action for each in result.recipients.values()] == [Action.MESSAGE, Action.RECIPIENT]
    assert "DATA" not in server.verbs
    assert "committing" not in watcher.events


async def test_hold_still_sends_when_nobody_is_refused() -> None:
    result, server, _ = await send(
        *hello("PIPELINING"), MAIL, RCPT, RCPT, DATA, Letter(), recipients=("a@x.example", "b@x.example"), hold=True
    )
    assert verdict(result)[0] is Action.OK
    assert server.dots == 1


async def test_relaying_denied_to_all_is_the_accounts_trouble() -> None:
    denied = Expect("RCPT", "554 5.7.1 relay access denied")
    result, _, _ = await send(
        *hello(), MAIL, denied, denied, Expect("RSET", "250"), recipients=("a@x.example", "b@y.example")
    )
    assert verdict(result) == (Action.ACCOUNT, Stage.RCPT)
    assert result.account is not None


@pytest.mark.parametrize("pipelining", [True, False])
async def test_421_among_the_recipients_keeps_what_was_said_before(pipelining: bool) -> None:
    result, server, _ = await send(
        *hello(*(["PIPELINING"] if pipelining else [])),
        MAIL,
        Expect("RCPT", "550 5.1.1 unknown"),
        RCPT,
        Expect("RCPT", "421 4.3.2 shutting down"),
        Close(),
        recipients=tuple(f"{n}@x.example" for n in "abcd"),
    )
    actions = [each.action for each in result.recipients.values()]
    assert actions == [Action.RECIPIENT, Action.RETRY, Action.RETRY, Action.RETRY]
    reply = result.recipients["b@x.example"].reply
    assert reply is not None
    assert reply.code == 421
    assert result.account is not None
    assert server.dots == 0


async def test_a_farewell_between_two_commands_is_heard() -> None:
    result, _, _ = await send(*hello(), MAIL, Expect("RCPT", "250 ok\n421 4.3.2 shutting down"), Close())
    assert verdict(result)[0] is Action.RETRY
    reply = result.recipients["bob@example.net"].reply
    assert reply is not None
    assert reply.code == 421
    assert result.account is not None


async def test_a_parameter_the_server_stumbles_over_is_left_out_at_once_and_for_good() -> None:
    watcher = Recorder()
    async with ScriptedServer(
        [
            (
                *hello("SIZE", "DSN"),
                Expect("MAIL", "555 5.5.4 unsupported: RET"), Expect("RSET", "250 ok"),
                MAIL, RCPT, DATA, Letter(),
                MAIL, RCPT, DATA, Letter(),
            )
        ]
    ) as server:  # fmt: skip
        way = submitter(server.port)
        first = await way.submit(letter(), watcher)
        await way.submit(letter(), Recorder())
        await way.close()
    assert verdict(first)[0] is Action.OK
    mails = [line for line in server.lines if line.startswith("MAIL")]
    assert ["RET=" in line for line in mails] == [True, False, False]
    assert all("SIZE=" in line for line in mails)
    assert watcher.events.count("touching") == 1


async def test_a_stubborn_server_gets_no_endless_retries() -> None:
    never = Expect("MAIL", "555 5.5.4 no")
    result, server, _ = await send(*hello("SIZE", "DSN"), never, never, never, never)
    assert verdict(result) == (Action.MESSAGE, Stage.MAIL)
    assert server.verbs.count("MAIL") == 2


# -- the connection breaks


BREAKS: list[tuple[str, tuple[Step, ...], Action, Stage]] = [
    ("greeting", (), Action.RETRY, Stage.GREETING),
    ("ehlo", (Say("220 hi"), Expect("EHLO")), Action.RETRY, Stage.EHLO),
    ("mail", (*hello(), Expect("MAIL")), Action.RETRY, Stage.MAIL),
    ("rcpt", (*hello(), MAIL, Expect("RCPT")), Action.RETRY, Stage.RCPT),
    ("data", (*hello(), MAIL, RCPT, Expect("DATA")), Action.RETRY, Stage.DATA),
    ("dot", (*hello(), MAIL, RCPT, DATA, Letter("")), Action.UNCERTAIN, Stage.COMMITTING),
]


@pytest.mark.parametrize(("name", "script", "action", "stage"), BREAKS, ids=[each[0] for each in BREAKS])
@pytest.mark.parametrize("breaking", [Close(), Reset(), Raw(b"\x16\x03\x01 not smtp\r\n"), Say("999 what?")])
async def test_a_break_is_uncertain_only_after_the_dot(
    name: str, script: tuple[Step, ...], action: Action, stage: Stage, breaking: Step
) -> None:
    result, server, _ = await send(*script, breaking)
    assert verdict(result) == (action, stage)
    assert server.dots == (1 if name == "dot" else 0)


@pytest.mark.parametrize(("name", "script", "action", "stage"), BREAKS, ids=[each[0] for each in BREAKS])
async def test_silence_times_out(name: str, script: tuple[Step, ...], action: Action, stage: Stage) -> None:
    seconds = {"mail": "envelope", "rcpt": "envelope", "data": "data", "dot": "commit"}.get(name, "hello")
    result, _, _ = await send(*script, Silence(), timeouts=impatient(**{seconds: 0.2}))
    assert verdict(result) == (action, stage)
    assert "in time" in next(iter(result.recipients.values())).message


@pytest.mark.parametrize(("answers", "stage"), [(0, Stage.MAIL), (1, Stage.RCPT), (2, Stage.RCPT), (3, Stage.DATA)])
async def test_pipelined_answers_that_stop_coming_are_another_try(answers: int, stage: Stage) -> None:
    told = [Say(text) for text in ("250 2.1.0 ok", "550 5.1.1 who?", "250 2.1.5 ok")[:answers]]
    people = ("a@x.example", "b@x.example")
    unread = (Expect("MAIL"), Expect("RCPT"), Expect("RCPT"), Expect("DATA"))
    timeouts = impatient(envelope=0.2, data=0.2)
    result, server, watcher = await send(
        *hello("PIPELINING"), *unread, *told, Silence(), recipients=people, timeouts=timeouts
    )
    first, second = result.recipients.values()
    assert first.action is (Action.RECIPIENT if answers >= 2 else Action.RETRY)
    assert (second.action, second.stage) == (Action.RETRY, stage)
    assert server.dots == 0
    assert "committing" not in watcher.events
    assert result.learnt == {Quirk.NO_PIPELINING: True}


async def test_a_354_for_the_dot_is_no_answer() -> None:
    result, _, _ = await send(*hello(), MAIL, RCPT, DATA, Letter("354 go on"))
    assert verdict(result) == (Action.UNCERTAIN, Stage.COMMITTING)


@pytest.mark.parametrize("stage", [Stage.GREETING, Stage.EHLO])
@pytest.mark.parametrize("piece", [b"250-more\r\n" * 50, b"x" * 4096])
async def test_an_endless_reply_is_cut_off(stage: Stage, piece: bytes) -> None:
    flood = (Raw(b"220-"), Flood(piece.replace(b"250", b"220"))) if stage is Stage.GREETING else (
        Say("220 hi"), Expect("EHLO"), Flood(piece)
    )  # fmt: skip
    result, _, _ = await send(*flood)
    assert verdict(result) == (Action.RETRY, stage)
    assert result.recipients["bob@example.net"].then is Action.ACCOUNT


async def test_an_endless_answer_to_the_dot_is_uncertain() -> None:
    result, _, _ = await send(*hello(), MAIL, RCPT, DATA, Letter(""), Flood(b"250-more\r\n" * 50))
    assert verdict(result) == (Action.UNCERTAIN, Stage.COMMITTING)


async def test_replies_one_byte_at_a_time_are_understood() -> None:
    result, _, _ = await send(
        Trickle("220-hello\n220 mx.example"),
        Expect("EHLO"),
        Trickle("250-mx.example\n250-PIPELINING\n250 DSN"),
        Expect("MAIL"),
        Trickle("250 2.1.0 ok"),
        Expect("RCPT"),
        Trickle("250-2.1.5 o\n250 2.1.5 k"),
        Expect("DATA"),
        Trickle("354 go on"),
        Letter(""),
        Trickle("250-2.0.0 fine\n250 2.0.0 queued"),
    )
    assert verdict(result) == (Action.OK, Stage.COMMITTING)


async def test_a_reply_out_of_order_ends_the_dialogue() -> None:
    result, server, _ = await send(*hello(), MAIL, Expect("RCPT", "354 go on"), Silence())
    assert verdict(result) == (Action.RETRY, Stage.RCPT)
    assert server.dots == 0


async def test_replies_nobody_asked_for_end_the_dialogue() -> None:
    result, server, _ = await send(Say("220 hi\n250 ok\n250 ok"), Silence())
    assert verdict(result) == (Action.RETRY, Stage.EHLO)
    assert server.dots == 0


async def test_control_characters_in_a_reply_never_reach_the_screen() -> None:
    refused = Expect("MAIL", "550 5.1.8 \x1b]0;owned\x07 go \x9b2J away")
    result, _, _ = await send(*hello(), refused, Expect("RSET", "250 ok"), Expect("QUIT", "221 bye"))
    reply = result.recipients["bob@example.net"].reply
    assert reply is not None
    assert reply.text.isprintable()
    assert all(line.isprintable() for line in result.dialogue)


# -- nobody there


async def test_a_closed_port_is_tried_again_later(unused_tcp_port: int) -> None:
    watcher = Recorder()
    result = await submitter(unused_tcp_port).submit(letter(), watcher)
    assert verdict(result) == (Action.RETRY, Stage.CONNECT)
    assert result.account is not None
    assert not result.touched
    assert "touching" not in watcher.events


async def test_an_unknown_host_becomes_the_accounts_trouble_in_the_end() -> None:
    result = await submitter(25, host="no-such-host.invalid").submit(letter(), Recorder())
    found = result.recipients["bob@example.net"]
    assert found.action is Action.RETRY
    assert "no-such-host.invalid" in found.message
    assert result.account is not None


async def test_a_cancelled_attempt_never_sends_the_dot() -> None:
    for stop in Stage:
        if stop in (Stage.TLS, Stage.STARTTLS, Stage.AUTH, Stage.COMMITTING):
            continue
        async with ScriptedServer([(*hello(), MAIL, RCPT, DATA, Letter())]) as server:
            way = submitter(server.port)
            watcher = Recorder()
            attempt = asyncio.create_task(way.submit(letter(body=BODY * 5000), watcher))

            def at(stage: Stage, stop: Stage = stop, attempt: asyncio.Task[SubmissionResult] = attempt) -> None:
                if stage is stop:
                    attempt.cancel()

            watcher.on_stage = at
            with pytest.raises(asyncio.CancelledError):
                await attempt
            await way.close()
            if stop is not Stage.CONNECT:
                await server.hung_up.wait()
            assert server.dots == 0, stop


async def test_a_mark_that_cannot_be_stored_keeps_the_dot_back() -> None:
    async def full() -> None:
        raise OSError("disk full")

    watcher = Recorder(on_committing=full)
    async with ScriptedServer([(*hello(), MAIL, RCPT, DATA, Letter())]) as server:
        way = submitter(server.port)
        with pytest.raises(OSError, match="disk full"):
            await way.submit(letter(), watcher)
        await server.hung_up.wait()
    assert server.dots == 0
    assert server.letters == [BODY.replace(b"\r\n.", b"\r\n..")]


async def test_an_attempt_that_cannot_be_counted_ends_untouched() -> None:
    async def full() -> None:
        raise OSError("disk full")

    async with ScriptedServer([(*hello(), MAIL, RCPT, DATA, Letter())]) as server:
        way = submitter(server.port)
        with pytest.raises(OSError, match="disk full"):
            await way.submit(letter(), Recorder(on_touching=full))
        await server.hung_up.wait()
    assert server.verbs == ["EHLO"]


KEEPS = "FUTURERELEASE 99999999999 9999-12-31T00:00:00Z"


async def test_a_letter_for_later_is_left_with_a_server_that_keeps_it() -> None:
    result, server, _ = await send(*hello(KEEPS), MAIL, RCPT, DATA, Letter(), hold_until=4e9)
    assert verdict(result) == (Action.OK, Stage.COMMITTING)
    assert "HOLDUNTIL=2096-10-02T07:06:40Z" in server.lines[1]


async def test_a_letter_for_later_is_not_shown_to_a_server_that_does_not_keep_it() -> None:
    result, server, _ = await send(*hello("FUTURERELEASE 60 2027-01-01T00:00:00Z"), hold_until=4e9)
    assert verdict(result) == (Action.KEEP, Stage.MAIL)
    assert not any(line.startswith("MAIL") for line in server.lines)
    assert not result.touched
    assert result.account is None


async def test_a_server_that_stumbles_over_the_time_does_not_get_the_letter_without_it() -> None:
    stumbles = Expect("MAIL", "501 5.5.4 HOLDUNTIL: no such parameter")
    bye = Expect("RSET", "250 ok"), Expect("QUIT", "221 bye")
    result, server, _ = await send(*hello(KEEPS), stumbles, *bye, hold_until=4e9)
    assert verdict(result) == (Action.KEEP, Stage.MAIL)
    assert sum(line.startswith("MAIL") for line in server.lines) == 1


async def test_odd_replies_are_understood_at_every_stage() -> None:
    result, server, _ = await send(
        Raw(b"\r\n220-mx.example\r\n\r\n220 ready\r\n"),
        Expect("EHLO"),
        Raw(b"250-mx.example\r\n250\tSIZE 1000\r\n"),
        Expect("MAIL"),
        Raw(b"\r\n250OK\r\n"),
        Expect("RCPT"),
        Raw(b"250-it\r\n251 goes on\r\n"),
        Expect("DATA"),
        Raw(b"354\tgo on\r\n"),
        Letter(""),
        Raw(b"250-taken\r\nby the queue\r\n250 4711\r\n"),
    )
    assert verdict(result) == (Action.OK, Stage.COMMITTING)
    reply = result.recipients["bob@example.net"].reply
    assert reply is not None
    assert reply.text == "taken by the queue 4711"
    assert not server.unexpected


async def test_a_greeting_that_ends_in_a_refusal_is_one() -> None:
    result, _, _ = await send(Raw(b"220-mx.example\r\n521 5.3.2 does not take mail\r\n"), Silence())
    told = result.recipients["bob@example.net"]
    assert (told.stage, told.reply and told.reply.code) == (Stage.GREETING, 521)


@pytest.mark.parametrize(
    "answer", [b"so what\r\n", b"250-yes\r\n550 or no\r\n", b"354 so what\r\n"], ids=["no code", "contradiction", "3yz"]
)
async def test_words_that_leave_a_doubt_after_the_dot_are_shown(answer: bytes) -> None:
    result, _, _ = await send(*hello(), MAIL, RCPT, DATA, Letter(""), Raw(answer), Silence())
    told = result.recipients["bob@example.net"]
    assert told.action is Action.UNCERTAIN
    assert ("so what" if b"so what" in answer else "yes or no") in f"{told.message} {told.reply}"
