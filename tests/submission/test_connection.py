"""Connections: TLS and its failures, STARTTLS and who tampers with it, reuse over several letters."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from tests.submission.conftest import PATIENT, SECRET, Authority, Recorder, impatient, letter, secret_of, submitter
from tests.submission.test_smtp import DATA, MAIL, RCPT, verdict
from tests.support.scripted_smtp import (
    Close,
    Expect,
    Letter,
    Raw,
    Say,
    ScriptedServer,
    Silence,
    Slowly,
    StartTls,
    Step,
    Trickle,
    hello,
)
from tuimail.config.model import Auth, Security
from tuimail.submission import connect as reach_module
from tuimail.submission.connect import interleaved
from tuimail.submission.result import AccountProblem, Action, Stage
from tuimail.tls import certificate_message, is_loopback, speaks_tls

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.submission.result import SubmissionResult

TAKEN: tuple[Step, ...] = (MAIL, RCPT, DATA, Letter())
GO_AHEAD = Expect("STARTTLS", "220 2.0.0 go ahead")
SIGN_IN: dict[str, Any] = {"auth": Auth.PASSWORD, "username": "ada"}


async def over_tls(
    context: ssl.SSLContext, ca_file: Path | None, *, security: Security, host: str = "127.0.0.1"
) -> tuple[SubmissionResult, ScriptedServer]:
    if security is Security.TLS:
        script: tuple[Step, ...] = (*hello(), *TAKEN)
    else:
        script = (*hello("STARTTLS"), GO_AHEAD, StartTls(), Expect("EHLO", "250 mx.example"), *TAKEN)
    async with ScriptedServer([script], tls=context, implicit=security is Security.TLS) as server:
        way = submitter(server.port, host=host, security=security, ca_file=ca_file)
        result = await way.submit(letter(), Recorder())
        await way.close()
    return result, server


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_a_trusted_server_gets_the_letter_over_tls(security: Security, authority: Authority) -> None:
    result, server = await over_tls(authority.server(), authority.file, security=security)
    assert verdict(result) == (Action.OK, Stage.COMMITTING)
    assert "TLS 1." in result.via
    assert server.dots == 1


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
@pytest.mark.parametrize(
    ("names", "expired", "trusted", "said"),
    [
        (("mx.elsewhere.example",), False, True, "another name"),
        ((), True, True, "expired. Your clock says"),
        ((), False, False, "ca_file"),
    ],
    ids=["wrong name", "expired", "unknown issuer"],
)
async def test_a_bad_certificate_holds_the_account_and_sends_nothing(
    security: Security, names: tuple[str, ...], expired: bool, trusted: bool, said: str, authority: Authority
) -> None:
    context = authority.server(*names, expired=expired)
    result, server = await over_tls(context, authority.file if trusted else None, security=security)
    found = result.recipients["bob@example.net"]
    assert found.action is Action.ACCOUNT
    assert found.problem is AccountProblem.CERTIFICATE
    assert said in found.message
    assert result.account == found
    assert not result.touched
    assert "MAIL" not in server.verbs
    assert "AUTH" not in server.verbs


async def test_tls_to_a_server_that_speaks_in_clear_is_tried_again(authority: Authority) -> None:
    async with ScriptedServer([(*hello(), Silence())]) as server:
        way = submitter(server.port, security=Security.TLS, ca_file=authority.file)
        result = await way.submit(letter(), Recorder())
    found = result.recipients["bob@example.net"]
    assert (found.action, found.stage, found.tries) == (Action.RETRY, Stage.TLS, 3)
    assert 'set security = "starttls"' in found.message


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.NONE])
async def test_a_server_that_waits_for_tls_is_named(
    authority: Authority, security: Security, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuimail.tls.SILENCE", 0.05)
    async with ScriptedServer([(*hello(), Silence())], tls=authority.server(), implicit=True) as server:
        result = await submitter(server.port, host="localhost", security=security).submit(letter(), Recorder())
    found = result.recipients["bob@example.net"]
    assert (found.action, found.stage, found.problem) == (Action.RETRY, Stage.GREETING, AccountProblem.SECURITY)
    assert 'set security = "tls"' in found.message


async def test_a_server_slow_to_greet_is_not_taken_for_one_that_waits_for_tls(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuimail.tls.SILENCE", 0.01)
    script = (*hello("STARTTLS"), GO_AHEAD, StartTls(), Expect("EHLO", "250 mx.example"), *TAKEN)
    asked = asyncio.Event()

    async def probe(_host: str, _port: int) -> bool:
        asked.set()
        return await speaks_tls("127.0.0.1", server.port)

    monkeypatch.setattr("tuimail.tls.speaks_tls", probe)
    async with ScriptedServer([(Slowly(asked), *script), (Say("220 hi"), Silence())], tls=authority.server()) as server:
        way = submitter(server.port, host="127.0.0.1", security=Security.STARTTLS, ca_file=authority.file)
        result = await way.submit(letter(), Recorder())
        await way.close()
    assert verdict(result) == (Action.OK, Stage.COMMITTING)


async def test_tls_1_1_is_not_spoken(authority: Authority) -> None:
    context = authority.server()
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    result, _ = await over_tls(context, authority.file, security=Security.TLS)
    assert verdict(result) == (Action.RETRY, Stage.TLS)


async def test_a_ca_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    way = submitter(9, security=Security.TLS, ca_file=tmp_path / "missing.pem")
    result = await way.submit(letter(), Recorder())
    found = result.recipients["bob@example.net"]
    assert found.problem is AccountProblem.CERTIFICATE
    assert "missing.pem" in found.message


@pytest.mark.parametrize(
    ("script", "action", "trouble"),
    [
        (hello(), Action.ACCOUNT, AccountProblem.SECURITY),
        ((*hello("STARTTLS"), Expect("STARTTLS", "502 5.5.1 no")), Action.ACCOUNT, AccountProblem.SECURITY),
        ((*hello("STARTTLS"), Expect("STARTTLS", "250 ok")), Action.ACCOUNT, AccountProblem.SECURITY),
        ((*hello("STARTTLS"), Expect("STARTTLS", "454 4.7.0 not now")), Action.RETRY, None),
        ((*hello("STARTTLS"), Expect("STARTTLS", "220 go\n250 injected")), Action.ACCOUNT, AccountProblem.SECURITY),
        ((*hello("STARTTLS"), Expect("STARTTLS", "220 go\n235"), Silence()), Action.ACCOUNT, AccountProblem.SECURITY),
        ((*hello("STARTTLS"), Expect("STARTTLS"), Raw(b"220 go\r\n250 in")), Action.ACCOUNT, AccountProblem.SECURITY),
        ((*hello("STARTTLS"), GO_AHEAD, Raw(b"in clear\r\n"), Silence()), None, AccountProblem.SECURITY),
        ((*hello("STARTTLS"), GO_AHEAD, Close()), Action.RETRY, AccountProblem.SECURITY),
        ((Say("220 hi\n250 mx\n220 go"), Expect("EHLO", "250 STARTTLS")), Action.RETRY, AccountProblem.SERVER),
    ],
    ids=[
        "stripped", "refused", "wrong code", "not now", "injected", "injected whole", "injected part", "no tls",
        "closed", "replies in advance",
    ],
)  # fmt: skip
async def test_without_tls_nothing_is_said_that_matters(
    script: tuple[Step, ...], action: Action | None, trouble: AccountProblem | None
) -> None:
    """Action None: depends on whether the bytes come before or during the handshake."""
    secret = secret_of(SECRET)
    async with ScriptedServer([script]) as server:
        way = submitter(server.port, security=Security.STARTTLS, secret=secret, **SIGN_IN)
        result = await way.submit(letter(), Recorder())
        await way.close()
    found = result.recipients["bob@example.net"]
    assert found.action is (action or found.action)
    assert found.problem is trouble
    assert not {"AUTH", "MAIL", "RCPT"} & set(server.verbs)
    assert secret.count == 0


async def test_what_was_said_in_clear_is_forgotten(authority: Authority) -> None:
    script = (
        *hello("STARTTLS", "AUTH PLAIN", "DSN", "SIZE 1"),
        GO_AHEAD,
        StartTls(),
        Expect("EHLO", "250-mx.example\n250 AUTH LOGIN"),
        Expect("AUTH LOGIN", "334 VXNlcm5hbWU6"),
        Expect("", "334 UGFzc3dvcmQ6"),
        Expect("", "235 2.7.0 ok"),
        *TAKEN,
    )
    async with ScriptedServer([script], tls=authority.server()) as server:
        way = submitter(server.port, security=Security.STARTTLS, ca_file=authority.file, **SIGN_IN)
        result = await way.submit(letter(), Recorder())
        await way.close()
    assert verdict(result)[0] is Action.OK
    assert "MAIL FROM:<ada@example.org>" in server.lines


# -- one connection, several letters


@pytest.mark.parametrize(
    "script",
    [
        pytest.param((Say("220 " + "x" * 9000),), id="a-long-line"),
        pytest.param((Say("\r\n".join(["220-" + "x" * 4000] * 20)), Say("220 x")), id="a-long-greeting"),
        pytest.param(
            (
                Say("\r\n".join(["220-" + "x" * 4000] * 9 + ["220 hi"])),
                Expect("EHLO", "\r\n".join(["250-" + "x" * 4000] * 9 + ["250 STARTTLS"])),
                Expect("STARTTLS", "500 should not be asked"),
            ),
            id="all-together",
        ),
    ],
)
async def test_before_tls_a_server_may_say_little(script: tuple[Step, ...]) -> None:
    async with ScriptedServer([script]) as server:
        result = await submitter(server.port, security=Security.STARTTLS).submit(letter(), Recorder())
    assert verdict(result) in ((Action.RETRY, Stage.GREETING), (Action.RETRY, Stage.EHLO))
    assert "STARTTLS" not in "".join(server.lines)


async def test_behind_tls_a_line_may_be_longer(authority: Authority) -> None:
    ehlo = Expect("EHLO", "250-mx.example\r\n250 X" + "x" * 9000)
    script = (*hello("STARTTLS"), GO_AHEAD, StartTls(), ehlo, *TAKEN)
    async with ScriptedServer([script], tls=authority.server()) as server:
        way = submitter(server.port, host="127.0.0.1", security=Security.STARTTLS, ca_file=authority.file)
        result = await way.submit(letter(), Recorder())
        await way.close()
    assert verdict(result) == (Action.OK, Stage.COMMITTING)


async def test_all_of_it_must_be_secured_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuimail.submission.handshake.CLEAR_SECONDS", 0.05)
    async with ScriptedServer([(*hello("STARTTLS"), Silence())]) as server:
        result = await submitter(server.port, security=Security.STARTTLS).submit(letter(), Recorder())
    assert verdict(result) == (Action.RETRY, Stage.STARTTLS)


async def test_a_connection_is_used_for_several_letters() -> None:
    async with ScriptedServer(
        [(*hello(), *TAKEN, *TAKEN, MAIL, Expect("RCPT", "550 5.1.1 no"), Expect("RSET", "250 ok"), *TAKEN)]
    ) as server:
        way = submitter(server.port)
        results = [await way.submit(letter(), Recorder()) for _ in range(4)]
        await way.close()
    assert [verdict(each)[0] for each in results] == [Action.OK, Action.OK, Action.RECIPIENT, Action.OK]
    assert server.connections == 1
    assert not server.unexpected


async def test_a_connection_is_retired_after_so_many_letters() -> None:
    async with ScriptedServer([(*hello(), *TAKEN, *TAKEN, Expect("QUIT", "221 bye"))]) as server:
        way = submitter(server.port, letters_per_connection=2)
        for _ in range(5):
            assert verdict(await way.submit(letter(), Recorder()))[0] is Action.OK
        await way.close()
    assert server.connections == 3


async def test_a_connection_idle_for_too_long_is_not_trusted() -> None:
    async with ScriptedServer([(*hello(), *TAKEN)]) as server:
        way = submitter(server.port, timeouts=impatient(idle=-1.0))
        for _ in range(2):
            assert verdict(await way.submit(letter(), Recorder()))[0] is Action.OK
        await way.close()
    assert server.connections == 2


@pytest.mark.parametrize("good_bye", [(Close(),), (Say("421 4.4.2 idle too long"), Close())])
async def test_a_connection_the_server_ended_meanwhile_is_made_anew(good_bye: tuple[Step, ...]) -> None:
    async with ScriptedServer([(*hello(), *TAKEN, *good_bye), (*hello(), *TAKEN)]) as server:
        way = submitter(server.port)
        assert verdict(await way.submit(letter(), Recorder()))[0] is Action.OK
        watcher = Recorder()
        assert verdict(await way.submit(letter(), watcher))[0] is Action.OK
        await way.close()
    assert server.connections == 2
    assert watcher.events.count("touching") == 1


async def test_a_connection_with_an_answer_too_many_is_not_used_again() -> None:
    first = (*hello(), MAIL, RCPT, DATA, Letter("250 ok\n250 eh?"), Silence())
    async with ScriptedServer([first, (*hello(), *TAKEN)]) as server:
        way = submitter(server.port)
        for _ in range(2):
            assert verdict(await way.submit(letter(), Recorder()))[0] is Action.OK
        await way.close()
    assert server.connections == 2


@pytest.mark.parametrize("answer", [Expect("MAIL", "421 4.4.2 idle too long"), Expect("MAIL")])
async def test_a_connection_that_dies_at_mail_is_made_anew_once(answer: Expect) -> None:
    async with ScriptedServer([(*hello(), *TAKEN, answer, Close()), (*hello(), *TAKEN)]) as server:
        way = submitter(server.port)
        await way.submit(letter(), Recorder())
        watcher = Recorder()
        assert verdict(await way.submit(letter(), watcher))[0] is Action.OK
        await way.close()
    assert server.connections == 2
    assert watcher.events.count("touching") == 1


async def test_a_fresh_connection_that_dies_at_mail_is_not_tried_twice() -> None:
    async with ScriptedServer([(*hello(), Expect("MAIL"), Close())]) as server:
        way = submitter(server.port)
        assert verdict(await way.submit(letter(), Recorder())) == (Action.RETRY, Stage.MAIL)
    assert server.connections == 1


async def test_closing_is_quick_even_when_the_server_is_not() -> None:
    async with ScriptedServer([(*hello(), *TAKEN, Expect("QUIT"), Silence())]) as server:
        way = submitter(server.port, timeouts=impatient(quit=0.1))
        await way.submit(letter(), Recorder())
        await way.close()
        await server.hung_up.wait()
    assert server.lines[-1] == "QUIT"


async def test_the_ehlo_name_is_the_configured_one_and_never_two_words() -> None:
    for name, said in (("laptop.example", "laptop.example"), ("a b", "[127.0.0.1]"), ("x\r\ny", "[127.0.0.1]")):
        async with ScriptedServer([(*hello(), *TAKEN)]) as server:
            way = submitter(server.port, ehlo_name=name)
            await way.submit(letter(), Recorder())
            await way.close()
        assert server.lines[0] == f"EHLO {said}"


async def test_a_slow_greeting_is_heard() -> None:
    async with ScriptedServer([(Trickle("220 patience"), *hello()[1:], *TAKEN)]) as server:
        way = submitter(server.port)
        assert verdict(await way.submit(letter(), Recorder()))[0] is Action.OK
        await way.close()


# -- words and addresses


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (10, "2033-05-18 03:33 UTC"),
        (9, "not valid yet"),
        (62, "mx.example"),
        (18, "self-signed"),
        (20, "ca_file"),
        (23, "revoked"),
    ],
)
def test_the_words_for_a_certificate_say_what_to_do(code: int, said: str) -> None:
    error = ssl.SSLCertVerificationError("bad")
    error.verify_code = code
    error.verify_message = "certificate revoked"
    assert said in certificate_message(error, "mx.example", now=2_000_000_000)


@pytest.mark.parametrize(
    ("address", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False),
     ("::1%lo", True), ("localhost", False), ("", False)],
)  # fmt: skip
def test_loopback_is_told_by_the_number(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback


def test_address_families_take_turns() -> None:
    found = [(family, 1, 6, "", (str(number),)) for number, family in enumerate([6, 6, 6, 4, 4])]
    assert [each[0] for each in interleaved(found)] == [6, 4, 6, 4, 6]


async def test_the_next_address_is_tried_when_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ScriptedServer([(*hello(), *TAKEN)]) as server:

        async def two(*_: object, **__: object) -> list[Any]:
            where = [("127.0.0.2", server.port), ("127.0.0.1", server.port)]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", each) for each in where]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two)
        way = submitter(server.port, host="mx.example")
        assert verdict(await way.submit(letter(), Recorder()))[0] is Action.OK
        await way.close()


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_a_trailing_dot_is_the_resolvers_alone(
    authority: Authority, security: Security, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, named = [], []

    async def resolve(name: str, port: int, **_: object) -> list[Any]:
        asked.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    context = authority.server("mx.example")
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    result, _ = await over_tls(context, authority.file, security=security, host="mx.example.")
    assert verdict(result) == (Action.OK, Stage.COMMITTING)
    assert (asked, named) == (["mx.example."], ["mx.example"])


async def test_a_silent_address_does_not_hold_up_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    async def connect(address: Any, seconds: float) -> socket.socket:
        tried.append(address)
        if len(tried) == 1:
            await asyncio.Event().wait()
        return socket.socket()

    async def resolve(*_: object) -> list[Any]:
        return [1, 2]

    monkeypatch.setattr(reach_module, "_connect", connect)
    monkeypatch.setattr(reach_module, "_resolve", resolve)
    monkeypatch.setattr(reach_module, "interleaved", list)
    monkeypatch.setattr(reach_module, "STAGGER", 0.001)
    with await reach_module.connect("mx.example", 25, PATIENT):
        assert tried == [1, 2]


@pytest.mark.parametrize(
    ("error", "action", "said"),
    [
        (socket.gaierror(socket.EAI_NONAME, ""), Action.RETRY, "no server named"),
        (socket.gaierror(socket.EAI_AGAIN, ""), Action.RETRY, "looked up just now"),
        (TimeoutError(), Action.RETRY, "looked up just now"),
    ],
)
async def test_names_that_cannot_be_looked_up(
    error: Exception, action: Action, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    result = await submitter(25, host="mx.example").submit(letter(), Recorder())
    assert verdict(result) == (action, Stage.CONNECT)
    assert said in result.recipients["bob@example.net"].message
