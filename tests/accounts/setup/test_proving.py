"""Proving: a real Postfix and Dovecot let it in, or say why not; nothing is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.loopback import free_ports
from tests.support.scripted_smtp import Expect, ScriptedServer, hello
from tuimail.accounts.finding import Finding, Step
from tuimail.accounts.setup.proposal import Proposal, ProposedServer, Reading, Sending, by_hand
from tuimail.accounts.setup.proving import prove
from tuimail.config.model import Security
from tuimail.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postfix import Postfix


def real(postfix: Postfix) -> Proposal:
    """A new user of the real servers."""
    user = postfix.new_user()
    return replace(
        by_hand(user, account="work"),
        imap=ProposedServer("localhost", str(postfix.dovecot.imaps), username=user),
        submission=ProposedServer("localhost", str(postfix.submission), Security.STARTTLS, user),
        ca_file=str(postfix.ca_file),
    )


@pytest.mark.real_servers
async def test_all_that_works_is_told_with_what_the_servers_offer(postfix: Postfix, tmp_path: Path) -> None:
    told: list[Finding] = []
    proof = await prove(real(postfix), postfix.password, tmp_path / "config.toml", progress=told.append)
    assert proof.proven
    assert (proof.refused, proof.offline) == (False, False)
    assert sorted(map(repr, told)) == sorted(map(repr, proof.findings))
    words = " ".join(each.words for each in proof.findings)
    assert "It takes letters up to 3.0 MB over TLS" in words
    assert "It offers IDLE, CONDSTORE, QRESYNC, MOVE, SPECIAL-USE and UIDPLUS." in words
    assert '"Sent" is made when it is needed.' in words
    assert postfix.password not in repr(proof) + words
    assert not (tmp_path / "config.toml").exists()


@pytest.mark.real_servers
async def test_a_wrong_password_is_refused_at_both_servers_with_what_to_do(postfix: Postfix, tmp_path: Path) -> None:
    proof = await prove(real(postfix), "wrong-canary", tmp_path / "config.toml")
    failed = [each for each in proof.findings if not each.ok]
    assert [each.step for each in failed] == [Step.SIGN_IN, Step.SIGN_IN]
    assert all("Type the password again" in each.hint for each in failed)
    assert proof.refused
    assert not proof.offline
    assert "canary" not in repr(proof)


@pytest.mark.real_servers
async def test_an_unknown_authority_is_no_trouble_of_the_network(postfix: Postfix, tmp_path: Path) -> None:
    proof = await prove(replace(real(postfix), ca_file=""), postfix.password, tmp_path / "config.toml")
    assert {each.step for each in proof.findings if not each.ok} == {Step.TLS}
    assert not proof.proven
    assert not proof.offline
    assert not proof.refused


@pytest.mark.real_servers
async def test_a_command_for_the_password_is_run_once_for_both_servers(postfix: Postfix, tmp_path: Path) -> None:
    script = tmp_path / "print"
    script.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\necho {postfix.password}\n")
    script.chmod(0o755)
    proof = await prove(replace(real(postfix), password_command=str(script)), "", tmp_path / "config.toml")
    assert proof.proven, proof
    assert (tmp_path / "runs").read_text() == "run\n"


async def test_servers_that_nobody_reaches(tmp_path: Path) -> None:
    imap, smtp = free_ports(2)
    proposal = replace(
        by_hand("ada@example.org"),
        imap=ProposedServer("127.0.0.1", str(imap)),
        submission=ProposedServer("127.0.0.1", str(smtp)),
    )
    proof = await prove(proposal, "correct-horse", tmp_path / "config.toml")
    assert proof.offline
    assert {each.step for each in proof.findings} == {Step.CONNECT}


async def test_without_a_password_no_server_is_signed_in_to(tmp_path: Path) -> None:
    async with ScriptedServer([(*hello("AUTH PLAIN"),)]) as server:
        proposal = replace(
            by_hand("ada@example.org"),
            reading=Reading.NONE,
            submission=ProposedServer("127.0.0.1", str(server.port), Security.NONE),
        )
        proof = await prove(proposal, "", tmp_path / "config.toml")
    assert proof.refused
    assert proof.findings[-1].words.endswith("There is no password yet. Type it.")


async def test_microsoft_s_refusal_is_told_with_its_page(tmp_path: Path) -> None:
    said = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
    async with ScriptedServer([(*hello("AUTH PLAIN"), Expect("AUTH", said))]) as server:
        proposal = replace(
            by_hand("ada@example.org"),
            reading=Reading.NONE,
            submission=ProposedServer("127.0.0.1", str(server.port), Security.NONE),
        )
        proof = await prove(proposal, "correct-horse", tmp_path / "config.toml")
    assert proof.refused
    assert "https://aka.ms/smtp_auth_disabled" in proof.findings[-1].hint


@pytest.mark.parametrize("there", [True, False])
async def test_an_mbox_is_looked_at(tmp_path: Path, there: bool) -> None:
    mbox = tmp_path / "mbox"
    if there:
        mbox.touch()
    proposal = replace(
        by_hand("ada@example.org"), reading=Reading.MBOX, path=str(mbox), sending=Sending.COMMAND, command="/bin/sh"
    )
    proof = await prove(proposal, "", tmp_path / "config.toml")
    assert proof.proven is there
    assert not proof.offline
    assert proof.findings[-1].step is Step.MAILBOX


async def test_a_proposal_with_a_fault_is_not_tried(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Must be a server"):
        await prove(by_hand("ada@example.org"), "x", tmp_path / "config.toml")
