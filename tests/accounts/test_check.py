"""Checking an account: each step on each server, and what to do about the first that fails."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.loopback import free_ports
from tests.support.scripted_smtp import Close, Expect, Say, ScriptedServer, hello
from tuimail.accounts import advice
from tuimail.accounts.check import check_account
from tuimail.accounts.finding import Finding, Step
from tuimail.config.model import Account, Identity, Security, SentCopy, Server, SubmissionCommand
from tuimail.errors import SecretError
from tuimail.submission.classify import ReplyContext, classify, classify_failure
from tuimail.submission.failure import Failure
from tuimail.submission.reply_table import RULES, ReplyRule
from tuimail.submission.result import Action, Reply, Stage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postfix import Postfix

STEPS_TLS = [Step.CONNECT, Step.TLS, Step.GREETING, Step.SIGN_IN, Step.CAPABILITIES]
STEPS_STARTTLS = [Step.CONNECT, Step.GREETING, Step.TLS, Step.SIGN_IN, Step.CAPABILITIES]


def account(submission: Server | SubmissionCommand, **more: object) -> Account:
    return dataclasses.replace(Account("work", (Identity("ada@example.org"),), submission), **more)  # type: ignore[arg-type]


async def password(_server: Server) -> str:
    return "correct-horse"


async def wrong(_server: Server) -> str:
    return "wrong-canary"


def servers(postfix: Postfix, security: Security = Security.TLS) -> tuple[Server, Server]:
    user = postfix.new_user()
    smtp = postfix.submissions if security is Security.TLS else postfix.submission
    imap = postfix.dovecot.imaps if security is Security.TLS else postfix.dovecot.imap
    first, second = (Server("localhost", port, security, user, ca_file=postfix.ca_file) for port in (smtp, imap))
    return first, second


@pytest.mark.real_servers
@pytest.mark.parametrize(("security", "steps"), [(Security.TLS, STEPS_TLS), (Security.STARTTLS, STEPS_STARTTLS)])
async def test_a_good_account_passes_every_step(postfix: Postfix, security: Security, steps: list[Step]) -> None:
    smtp, imap = servers(postfix, security)
    told: list[Finding] = []
    findings = await check_account(account(smtp, imap=imap), password, progress=told.append)
    assert all(finding.ok for finding in findings), findings
    assert [finding.step for finding in findings if finding.server.endswith(f":{smtp.port}")] == steps
    imap_steps = {finding.step for finding in findings if finding.server.endswith(f":{imap.port}")}
    assert imap_steps == {*STEPS_TLS, Step.SENT}
    assert sorted(told, key=repr) == sorted(findings, key=repr)
    assert any(finding.words == "It takes letters up to 3.0 MB over TLS 1.3." for finding in findings)
    assert any(finding.words == '"Sent" is made when it is needed.' for finding in findings)


@pytest.mark.real_servers
async def test_a_wrong_password_is_found_on_both_sides_once(postfix: Postfix) -> None:
    smtp, imap = servers(postfix)
    findings = await check_account(account(smtp, imap=imap), wrong)
    failed = [finding for finding in findings if not finding.ok]
    assert [finding.step for finding in failed] == [Step.SIGN_IN, Step.SIGN_IN]
    assert not any("wrong-canary" in f"{finding}" for finding in findings)
    assert postfix.log().count("SASL") < 100


@pytest.mark.real_servers
async def test_an_untrusted_certificate_is_found_on_both_sides(postfix: Postfix) -> None:
    smtp, imap = (dataclasses.replace(server, ca_file=None) for server in servers(postfix))
    findings = await check_account(account(smtp, imap=imap), password)
    failed = [(finding.server, finding.step) for finding in findings if not finding.ok]
    assert failed == [(f"localhost:{smtp.port}", Step.TLS), (f"localhost:{imap.port}", Step.TLS)]


async def test_nobody_listening_says_what_to_check() -> None:
    smtp, imap = (Server("127.0.0.1", port, Security.TLS, "ada") for port in free_ports(2))
    findings = await check_account(account(smtp, imap=imap), password)
    assert [(finding.step, finding.ok) for finding in findings] == [(Step.CONNECT, False)] * 2
    assert findings[1].words.startswith("Nothing listens at 127.0.0.1:")
    assert all(finding.words for finding in findings)
    assert findings[1].hint


@pytest.mark.real_servers
async def test_a_locked_keyring_is_told(postfix: Postfix) -> None:
    async def locked(_server: Server) -> str:
        raise SecretError("The keyring is locked.", hint="Unlock it.")

    smtp, imap = servers(postfix)
    findings = await check_account(account(smtp, imap=imap), locked)
    failed = [finding for finding in findings if not finding.ok]
    assert [finding.step for finding in failed] == [Step.SIGN_IN, Step.SIGN_IN]
    assert all("keyring is locked" in finding.words for finding in failed)


@pytest.mark.real_servers
async def test_no_sent_folder_is_looked_for_when_no_copy_is_wanted(postfix: Postfix) -> None:
    smtp, imap = servers(postfix)
    findings = await check_account(account(smtp, imap=imap, sent_copy=SentCopy.NONE), password)
    assert Step.SENT not in {finding.step for finding in findings}


async def test_a_command_that_is_there(tmp_path: Path) -> None:
    script = tmp_path / "sendmail"
    script.write_text("#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    (finding,) = await check_account(account(SubmissionCommand((str(script), "-t"))), password)
    assert (finding.step, finding.ok) == (Step.COMMAND, True)


@pytest.mark.parametrize("exists", [True, False])
async def test_a_command_that_cannot_be_run(tmp_path: Path, exists: bool) -> None:
    script = tmp_path / "sendmail"
    if exists:
        script.touch(mode=0o600)
    (finding,) = await check_account(account(SubmissionCommand((str(script),))), password)
    assert not finding.ok
    assert finding.words == (f"{script} may not be run." if exists else f"There is no command {script}.")
    assert finding.hint


async def test_a_maildir_that_can_be_made_and_one_that_cannot(tmp_path: Path) -> None:
    sender = SubmissionCommand(("/bin/sh",))
    _, good = await check_account(account(sender, maildir=tmp_path / "new" / "Mail"), password)
    assert good.ok
    (tmp_path / "file").touch()
    _, bad = await check_account(account(sender, maildir=tmp_path / "file" / "Mail"), password)
    assert (bad.ok, bad.words) == (False, f"{tmp_path / 'file'} is not a folder.")


async def test_every_server_that_stands_in_is_tried() -> None:
    first, second = (Server("127.0.0.1", port, Security.NONE, "ada") for port in free_ports(2))
    findings = await check_account(account(first, fallback=(second,)), password)
    assert [(each.server, each.ok) for each in findings] == [
        (f"127.0.0.1:{first.port}", False),
        (f"127.0.0.1:{second.port}", False),
    ]


async def test_a_refused_password_is_not_shown_to_the_next_server() -> None:
    refuses = (*hello("AUTH PLAIN"), Expect("AUTH", "535 5.7.8 no"))
    async with ScriptedServer([refuses]) as one, ScriptedServer([refuses]) as other:
        first, second = (Server("127.0.0.1", each.port, Security.NONE, "ada") for each in (one, other))
        findings = await check_account(account(first, fallback=(second,)), password)
        assert (one.connections, other.connections) == (1, 0)
    assert not findings[-1].ok
    assert findings[-1].step is Step.SIGN_IN


LATER = re.compile("later|trying|tried again", re.IGNORECASE)


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("stage", [Stage.CONNECT, Stage.TLS, Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH])
def test_failure_advice_promises_no_later_attempt(failure: Failure, stage: Stage) -> None:
    """A letter is tried again by itself, a check is not."""
    if failure in (Failure.NO_FUTURE_RELEASE, Failure.TOO_BIG):
        return  # of a letter, which a check has none of
    server = Server("mx.example", 587, Security.STARTTLS, "ada")
    words, hint = advice.of_failure(classify_failure(stage, failure, ReplyContext(host="mx.example")), failure, server)
    assert not LATER.search(f"{words} {hint}"), (words, hint)


@pytest.mark.parametrize("row", RULES, ids=lambda row: row.name)
def test_no_refusal_sends_whoever_checks_away(row: ReplyRule) -> None:
    server = Server("mx.example", 587, Security.STARTTLS, "ada")
    for stage in row.stages & {Stage.CONNECT, Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH}:
        for code in row.codes:
            verdict = classify(stage, Reply(int(code.ljust(3, "0")), "", "Not now, \x1bdear"))
            if verdict.action is Action.OK:
                continue
            words, hint = advice.of_refusal(verdict, server)
            assert not LATER.search(f"{words} {hint}".replace("Not now", "")), (words, hint)
            assert words.endswith("Not now, ^[dear")


@pytest.mark.parametrize(
    ("script", "words", "hint"),
    [
        (
            (Say("421 4.3.2 We are full"),),
            "127.0.0.1 takes nobody in just now. It says: 421 4.3.2 We are full",
            "once more",
        ),
        ((Say("220 hello"), Close()), "127.0.0.1 hung up while greeting the server.", "Check host and port"),
        (
            (*hello("AUTH PLAIN"), Expect("AUTH", "454 4.7.0 too many login attempts")),
            "127.0.0.1 has seen too many sign-ins of this account. It says: 454 4.7.0 too many login attempts",
            "Wait 15 minutes",
        ),
        (
            (*hello("AUTH PLAIN"), Expect("AUTH", "535 5.7.8 correct-horse is wrong")),
            (
                "The server refused user name or password for ada; enter the password again. "
                "It says: 535 5.7.8 **** is wrong"
            ),
            "tuimail account login work",
        ),
    ],
    ids=["busy", "hangs up", "too many", "password"],
)
async def test_a_check_says_what_is_wrong_and_what_to_do_now(script: tuple[object, ...], words: str, hint: str) -> None:
    async with ScriptedServer([script]) as one:  # type: ignore[list-item]
        (*_, last) = await check_account(account(Server("127.0.0.1", one.port, Security.NONE, "ada")), password)
    assert not last.ok
    assert last.words == words
    assert hint in last.hint
