"""Several servers in order: what moves a letter to the next, and what never does."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.submission.conftest import Asked, Recorder, impatient, letter, secret_of, submitter
from tests.support.loopback import free_ports
from tests.support.scripted_smtp import Close, Expect, Letter, Reset, Say, ScriptedServer, Silence, Step, hello
from tuimail.config.model import Account, Auth, Identity, Security, Server, SubmissionCommand
from tuimail.submission.failover import STAY, FailoverSubmitter, Preference
from tuimail.submission.result import AccountProblem, Action, Stage, SubmissionResult
from tuimail.submission.route import submitter_for
from tuimail.submission.sendmail import CommandSubmitter
from tuimail.submission.smtp import SmtpSubmitter

if TYPE_CHECKING:
    from tests.submission.conftest import Authority

TAKES: tuple[Step, ...] = (
    *hello(),
    Expect("MAIL", "250 ok"),
    Expect("RCPT", "250 ok"),
    Expect("DATA", "354 go"),
    Letter(),
)


async def send(
    *scripts: tuple[Step, ...] | None, preference: Preference | None = None, **options: Any
) -> tuple[SubmissionResult, list[ScriptedServer | None], list[int]]:
    """One letter by servers that play ``scripts`` (None: nothing listens there); the result, the servers, the ports."""
    options.setdefault("timeouts", impatient(quit=5.0, hello=5.0))
    async with AsyncExitStack() as stack:
        servers = [
            None if each is None else await stack.enter_async_context(ScriptedServer([each])) for each in scripts
        ]
        ports = [free_ports(1)[0] if each is None else each.port for each in servers]
        way = FailoverSubmitter([(f"127.0.0.1:{port}", submitter(port, **options)) for port in ports], preference)
        result = await way.submit(letter(), Recorder())
        await way.close()
    return result, servers, ports


def action(result: SubmissionResult) -> Action:
    (found,) = {each.action for each in result.recipients.values()}
    return found


@pytest.mark.parametrize(
    "first",
    [
        None,
        (Say("421 4.3.2 too busy"), Close()),
        (Say("450 4.7.1 later"),),
        (Say("554 5.3.2 go away"),),
        (Say("* OK IMAP4 ready"),),
        (Reset(),),
        (Say("220 mx ESMTP"), Expect("EHLO", "550 5.7.1 not you")),
        (Say("220 mx ESMTP"), Expect("EHLO", "451 4.3.0 later")),
        (Say("220 mx ESMTP"), Expect("EHLO"), Close()),
    ],
)
async def test_what_is_the_hosts_own_trouble_moves_the_letter_to_the_next(first: tuple[Step, ...] | None) -> None:
    result, servers, ports = await send(first, TAKES)
    assert action(result) is Action.OK
    assert result.account is None
    assert servers[1] is not None
    assert len(servers[1].letters) == 1
    assert result.via.startswith(f"127.0.0.1:{ports[1]}")


async def test_a_host_that_stays_silent_is_left() -> None:
    result, _, _ = await send((Silence(),), TAKES, timeouts=impatient(hello=0.05, quit=5.0))
    assert action(result) is Action.OK


async def test_a_broken_tls_handshake_moves_the_letter_to_the_next(authority: Authority) -> None:
    async with (
        ScriptedServer([(Say("220 no TLS here"),)]) as plain,
        ScriptedServer([TAKES], tls=authority.server(), implicit=True) as good,
    ):
        options: dict[str, Any] = {"security": Security.TLS, "ca_file": authority.file}
        way = FailoverSubmitter([("a", submitter(plain.port, **options)), ("b", submitter(good.port, **options))])
        result = await way.submit(letter(), Recorder())
        await way.close()
    assert action(result) is Action.OK


async def test_the_dialogue_shows_both_servers() -> None:
    result, _, ports = await send((Say("554 5.3.2 go away"),), TAKES)
    lines = list(result.dialogue)
    assert lines.index(f"(127.0.0.1:{ports[0]})") < lines.index("S: 554 5.3.2 go away")
    assert lines.index("S: 554 5.3.2 go away") < lines.index(f"(127.0.0.1:{ports[1]})") < lines.index("C: DATA")


SIGN_IN: dict[str, Any] = {"auth": Auth.PASSWORD, "username": "ada"}


@pytest.mark.parametrize("reply", ["535 5.7.8 no", "454 4.7.0 later", "534 5.7.9 app password", "421 4.7.0 bye"])
async def test_a_refused_sign_in_is_never_tried_elsewhere(reply: str) -> None:
    secret = secret_of("hush")
    refuses = (*hello("AUTH PLAIN"), Expect("AUTH", reply))
    result, servers, _ = await send(refuses, TAKES, secret=secret, **SIGN_IN)
    assert action(result) in (Action.REAUTH, Action.ACCOUNT, Action.RETRY)
    assert servers[1] is not None
    assert servers[1].connections == 0
    assert secret.count == 1


async def test_a_server_that_hangs_up_at_the_sign_in_is_not_left() -> None:
    result, servers, _ = await send((*hello("AUTH PLAIN"), Expect("AUTH"), Close()), TAKES, **SIGN_IN)
    assert action(result) is Action.RETRY
    assert servers[1] is not None
    assert servers[1].connections == 0


async def test_a_certificate_that_cannot_be_trusted_is_shown_and_not_passed_by(authority: Authority) -> None:
    async with (
        ScriptedServer([TAKES], tls=authority.server("other.example"), implicit=True) as wrong,
        ScriptedServer([TAKES], tls=authority.server(), implicit=True) as good,
    ):
        options: dict[str, Any] = {"security": Security.TLS, "ca_file": authority.file}
        way = FailoverSubmitter([("a", submitter(wrong.port, **options)), ("b", submitter(good.port, **options))])
        result = await way.submit(letter(), Recorder())
        await way.close()
    assert result.account is not None
    assert result.account.problem is AccountProblem.CERTIFICATE
    assert good.connections == 0


async def test_a_missing_starttls_is_shown_and_not_passed_by() -> None:
    result, servers, _ = await send(hello("SIZE 1000"), TAKES, security=Security.STARTTLS)
    assert result.account is not None
    assert result.account.problem is AccountProblem.SECURITY
    assert servers[1] is not None
    assert servers[1].connections == 0


@pytest.mark.parametrize(
    "rest",
    [
        (Expect("MAIL", "451 4.3.0 later"), Expect("RSET", "250 ok"), Expect("QUIT", "221 bye")),
        (Expect("MAIL", "421 4.3.0 bye"), Close()),
        (Expect("MAIL"), Close()),
        (Expect("MAIL", "250 ok"), Expect("RCPT", "250 ok"), Expect("DATA", "354 go"), Letter(""), Close()),
    ],
)
async def test_after_mail_the_letter_stays_with_its_server(rest: tuple[Step, ...]) -> None:
    result, servers, _ = await send((*hello(), *rest), TAKES)
    assert action(result) in (Action.RETRY, Action.UNCERTAIN)
    assert result.touched
    assert servers[1] is not None
    assert servers[1].connections == 0


async def test_when_no_server_can_be_reached_all_are_named_and_it_is_tried_again() -> None:
    result, _, ports = await send((Say("220 mx"), Expect("EHLO", "550 no")), None)
    assert result.account is not None
    assert result.account.action is Action.RETRY
    assert result.account.stage is Stage.CONNECT
    assert f"127.0.0.1:{ports[0]}: " in result.account.message
    assert set(result.recipients.values()) == {result.account}


async def test_the_one_that_worked_is_asked_first_for_a_while() -> None:
    preference = Preference()
    async with ScriptedServer([(Say("554 no"),)]) as first, ScriptedServer([TAKES]) as second:
        for _ in range(2):
            way = FailoverSubmitter([("a", submitter(first.port)), ("b", submitter(second.port))], preference)
            assert action(await way.submit(letter(), Recorder())) is Action.OK
            await way.close()
    assert (first.connections, second.connections) == (1, 2)


def test_the_first_is_asked_first_again_after_a_while() -> None:
    preference = Preference()
    preference.worked(1, 100.0)
    assert preference.order(3, 100.0) == [1, 0, 2]
    preference.worked(1, 500.0)  # goes on working: that does not make it the first for ever
    assert preference.order(3, 100.0 + STAY) == [0, 1, 2]


def test_a_server_that_was_taken_out_of_the_list_is_not_preferred() -> None:
    preference = Preference()
    preference.worked(2, 100.0)
    assert preference.order(2, 101.0) == [0, 1]


async def test_cancelled_it_goes_to_no_other_server() -> None:
    async with ScriptedServer([(Silence(),)]) as first, ScriptedServer([TAKES]) as second:
        way = FailoverSubmitter([("a", submitter(first.port)), ("b", submitter(second.port))])
        greeting = asyncio.Event()
        watcher = Recorder(on_stage=lambda stage: greeting.set() if stage is Stage.GREETING else None)
        task = asyncio.create_task(way.submit(letter(), watcher))
        await greeting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await way.close()
        assert second.connections == 0


def test_an_account_goes_the_way_its_config_names() -> None:
    me = (Identity("ada@example.org"),)
    first = Server("smtp.example.org", 465, username="ada")
    second = Server("smtp2.example.org", 465, username="ada")
    asked: list[Server] = []

    async def secret(server: Server) -> str:
        asked.append(server)
        return "hush"

    assert isinstance(submitter_for(Account("a", me, first), secret), SmtpSubmitter)
    assert isinstance(submitter_for(Account("a", me, first, fallback=(second,)), secret), FailoverSubmitter)
    assert isinstance(submitter_for(Account("a", me, SubmissionCommand(("sendmail",))), secret), CommandSubmitter)
    assert asked == []


async def test_servers_that_share_a_user_share_the_password() -> None:
    me = (Identity("ada@example.org"),)
    secret = Asked(["hush"])
    servers: list[str] = []

    async def stored(server: Server) -> str:
        servers.append(server.host)
        return await secret()

    async with ScriptedServer([(*hello("AUTH PLAIN"), Expect("AUTH", "235 ok"), *TAKES[2:])]) as good:
        common: dict[str, Any] = {"security": Security.NONE, "username": "ada"}
        first = Server("localhost", free_ports(1)[0], **common)
        second = Server("127.0.0.1", good.port, **common)
        way = submitter_for(Account("a", me, first, fallback=(second,)), stored)
        assert action(await way.submit(letter(), Recorder())) is Action.OK
        await way.close()
    assert servers == ["localhost"]


async def test_a_letter_withdrawn_behind_another_is_not_moved_on() -> None:
    class Withdraws:
        pipeline_depth = 2

        async def submit(self, letter: object, watcher: object) -> SubmissionResult:
            return SubmissionResult({}, withdrawn=True)

        async def close(self) -> None:
            pass

    preference = Preference(1, 0.0)
    async with ScriptedServer([TAKES]) as other:
        way = FailoverSubmitter([("a", Withdraws()), ("b", submitter(other.port))], preference)
        assert (await way.submit(letter(), Recorder())).withdrawn
        await way.close()
        assert other.connections == 0
    assert way.pipeline_depth == 2
    assert preference == Preference(1, 0.0)
