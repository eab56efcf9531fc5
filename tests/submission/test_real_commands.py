"""Letters handed to the real sendmail of Postfix, Exim, dma and nullmailer, and to msmtp."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.submission.conftest import BODY, Recorder, letter
from tests.submission.test_smtp import verdict
from tests.support.mail_commands import mail_command, msmtp
from tests.support.scripted_smtp import Close, Expect, Letter, ScriptedServer, Step, hello
from tuimail.submission.result import AccountProblem, Action, Reply, Stage
from tuimail.submission.sendmail import CommandSubmitter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.mail_commands import MailCommand

pytestmark = pytest.mark.real_servers

DOTTED = BODY + b"before\r\n.\r\n..\r\n.x\r\nafter\r\n"
TEXT = DOTTED.partition(b"\r\n\r\n")[2].decode().replace("\r\n", "\n")


@pytest.fixture(params=["postfix", "exim", "dma", "nullmailer"])
def command(request: pytest.FixtureRequest) -> Iterator[MailCommand]:
    with mail_command(request.param) as found:
        yield found


async def test_the_whole_text_is_queued_once_for_each(command: MailCommand) -> None:
    way = CommandSubmitter(command.argv)
    for count, address in enumerate(("bob@y.example", "eve@y.example"), 1):
        result = await way.submit(letter(address, body=DOTTED), Recorder())
        assert verdict(result) == (Action.OK, Stage.COMMITTING), result.dialogue
        assert len(command.queued()) == count
    assert all(text.endswith(TEXT) for text in command.queued())


@pytest.mark.parametrize("command", ["exim", "dma", "nullmailer"], indirect=True)
async def test_what_cannot_be_queued_is_tried_again(command: MailCommand) -> None:
    """Postfix's postdrop waits for its queue folder instead of giving up."""
    shutil.rmtree(command.store)
    command.store.touch()
    result = await CommandSubmitter(command.argv).submit(letter(body=DOTTED), Recorder())
    found = result.recipients["bob@example.net"]
    assert (found.action, found.tries, found.problem) == (Action.RETRY, 5, AccountProblem.SERVER), result.dialogue


async def test_postfix_says_that_a_letter_is_too_big() -> None:
    with mail_command("postfix") as command:
        way = CommandSubmitter(command.argv)
        result = await way.submit(letter(body=DOTTED + b"a line\r\n" * 20_000), Recorder())
        assert verdict(result)[0] is Action.MESSAGE
        assert "too big" in result.recipients["bob@example.net"].message
        assert command.queued() == []
        assert verdict(await way.submit(letter(body=DOTTED), Recorder()))[0] is Action.OK


async def told(server: ScriptedServer, *addresses: str) -> dict[str, tuple[Action, Reply | None]]:
    way = CommandSubmitter(msmtp(server.port))
    found: dict[str, tuple[Action, Reply | None]] = {}
    left = list(addresses)
    while left:
        result = await way.submit(letter(*left, body=DOTTED), Recorder())
        found |= {to: (each.action, each.reply) for to, each in result.recipients.items()}
        left = [to for to in left if found[to][0] is Action.SPLIT]
    return found


def script(*steps: Step) -> tuple[Step, ...]:
    return (*hello(), Expect("MAIL", "250 ok"), *steps)


TAKES = script(Expect("RCPT", "250 ok"), Expect("DATA", "354 go"), Letter())


async def test_msmtp_serves_the_others_when_one_is_refused() -> None:
    refuses = script(Expect("RCPT", "550 5.1.1 no such user"))
    greylists = script(Expect("RCPT", "450 4.2.0 greylisted"))
    async with ScriptedServer([refuses, TAKES, greylists, TAKES]) as server:
        found = await told(server, "nobody@y.example", "ann@y.example", "later@y.example", "bob@y.example")
    assert [action for action, _ in found.values()] == [Action.RECIPIENT, Action.OK, Action.RETRY, Action.OK]
    reply = found["nobody@y.example"][1]
    assert reply is not None
    assert "550 5.1.1 no such user" in reply.text
    stuffed = TEXT.replace("\n.", "\n..").replace("\n", "\r\n").encode()
    assert [each.endswith(stuffed) for each in server.letters] == [True, True]
    assert server.unexpected == []


@pytest.mark.parametrize(
    ("steps", "action"),
    [
        ((Close(),), Action.RETRY),
        (script(Close()), Action.RETRY),
        (script(Expect("RCPT", "250 ok"), Expect("DATA", "451 4.3.0 later")), Action.RETRY),
        (script(Expect("RCPT", "250 ok"), Expect("DATA", "354 go"), Letter("451 4.3.0 later")), Action.RETRY),
        (script(Expect("RCPT", "250 ok"), Expect("DATA", "354 go"), Letter("554 5.7.1 spam")), Action.MESSAGE),
        (script(Expect("RCPT", "250 ok"), Expect("DATA", "354 go"), Letter(""), Close()), Action.UNCERTAIN),
        (script(Expect("RCPT", "250 ok"), Expect("DATA", "354 go"), Letter("hello there")), Action.UNCERTAIN),
    ],
    ids=["no greeting", "after MAIL", "DATA later", "dot later", "dot refused", "dot lost", "dot garbled"],
)
async def test_msmtp_loses_its_server(steps: tuple[Step, ...], action: Action) -> None:
    async with ScriptedServer([steps, TAKES]) as server:
        assert (await told(server, "bob@y.example"))["bob@y.example"][0] is action
        assert (await told(server, "eve@y.example"))["eve@y.example"][0] is Action.OK


async def test_msmtp_does_not_find_its_server() -> None:
    async with ScriptedServer([TAKES]) as server:
        port = server.port
    way = CommandSubmitter(msmtp(port))
    assert verdict(await way.submit(letter(), Recorder()))[0] is Action.RETRY
    elsewhere = tuple(each.replace("127.0.0.1", "nosuch.invalid") for each in msmtp(port))
    result = await CommandSubmitter(elsewhere).submit(letter(), Recorder())
    assert verdict(result)[0] is Action.RETRY, result.dialogue
