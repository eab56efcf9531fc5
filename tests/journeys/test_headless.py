"""The real program as scripts run it, against real Postfix with TLS and sign-in and real Dovecot."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.journeys.conftest import Correspondence
from tests.support.loopback import free_ports

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.program import Program
    from tests.support.postfix import Postfix

pytestmark = pytest.mark.real_servers

TEXT = "Dear Bob,\n\n.a line that begins with a dot\nFrom here on all is well: äöü 你好.\n" + "word " * 300 + "\n"


@pytest.fixture
def ada(postfix: Postfix, program: Program) -> Correspondence:
    """Ada, whose program it is; her config is written."""
    made = Correspondence(postfix.new_user("ada"), postfix.new_user("bob"), program.paths, postfix)
    made.write_config()
    return made


def test_send_delivers_byte_for_byte_and_files_the_same_bytes(
    ada: Correspondence, program: Program, tmp_path: Path
) -> None:
    figures = tmp_path / "Größen & Zahlen.ods"
    figures.write_bytes(bytes(range(256)) * 300)
    subject = "Grüße, 你好 and a very long subject that has to be folded at least once on its way"
    ran = program.run("send", f"Bob Müller <{ada.bob}>", "-s", subject, "-a", str(figures), "--json", text=TEXT)
    assert ran.code == 0, ran
    assert (ran.document["state"], ran.document["filing"]["state"]) == ("done", "filed")
    (read,) = ada.dovecot.wait_for_letters(ada.bob)
    (filed,) = ada.dovecot.letters(ada.ada, "Sent")
    assert read.endswith(filed)
    assert ran.document["message_id"].encode() in filed
    shown = program.run("outbox", "show", ran.document["id"], "--json")
    assert shown.code == 0, shown
    assert (shown.document["size"], shown.document["subject"]) == (len(filed), subject)
    assert ada.postfix.password not in shown.out + json.dumps(ran.document)
    assert {each["state"] for each in shown.document["recipients"]} == {"accepted"}
    assert shown.document["recipients"][0]["code"] == 250


def test_without_imap_the_copy_is_kept_here_and_shown_raw(ada: Correspondence, program: Program) -> None:
    ada.write_config(imap=False)
    ran = program.run("send", ada.bob, "-s", "raw", "--json", text=TEXT)
    assert ran.code == 0, ran
    (read,) = ada.dovecot.wait_for_letters(ada.bob)
    program.shell(f"tuimail outbox show {ran.document['id']} --raw > raw")
    raw = (program.home / "raw").read_bytes()
    assert read.endswith(raw)
    assert len(raw) == ran.document["size"]


def test_what_is_queued_goes_with_run(ada: Correspondence, program: Program) -> None:
    queued = program.run("send", "--queue", ada.bob, "-s", "later", "--json")
    assert (queued.code, queued.document["state"]) == (0, "queued")
    raw = program.run("outbox", "show", queued.document["id"], "--raw").out
    ran = program.run("outbox", "run", "--json")
    assert [(each["id"], each["state"]) for each in ran.document] == [(queued.document["id"], "done")]
    (read,) = ada.dovecot.wait_for_letters(ada.bob)
    assert read.decode().replace("\r\n", "\n").endswith(raw.replace("\r\n", "\n"))
    assert program.run("outbox", "list").out == ""
    again = program.run("outbox", "run", "--json")
    assert again.document == []


def test_a_server_that_is_down_gets_it_when_it_is_up(ada: Correspondence, program: Program) -> None:
    ada.write_config(port=free_ports(1)[0])
    down = program.run("send", ada.bob, "-s", "patience", "--json")
    assert (down.code, down.document["state"], down.document["attempts"]) == (0, "deferred", 0)
    assert program.run("send", ada.bob, "-s", "waited for", "--wait").code == 75
    assert program.run("outbox", "run", "--json").document == [], "nothing is due yet"
    retried = program.run("outbox", "retry", "--all", "--json")
    assert {each["state"] for each in retried.document} == {"queued"}
    assert {each["state"] for each in program.run("outbox", "run", "--json").document} <= {"deferred", "queued"}
    ada.write_config()
    assert program.run("outbox", "retry", "--all").code == 0
    ran = program.run("outbox", "run", "--json")
    assert [each["state"] for each in ran.document] == ["done", "done"]
    assert len(ada.dovecot.wait_for_letters(ada.bob, 2)) == 2


def test_a_refused_recipient_is_told_with_the_servers_words(ada: Correspondence, program: Program) -> None:
    ran = program.run("send", ada.bob, "nobody@example.org", "-s", "to two", "--json")
    assert (ran.code, ran.document["state"], ran.document["needs_you"]) == (69, "failed", True)
    told = {each["address"]: (each["state"], each["code"], each["enhanced"]) for each in ran.document["recipients"]}
    assert told == {
        ada.bob: ("accepted", 250, told[ada.bob][2]),
        "nobody@example.org": ("refused", 550, "5.1.1"),
    }
    assert len(ada.dovecot.wait_for_letters(ada.bob)) == 1
    said = program.run("send", "nobody@example.org", "-s", "to nobody")
    assert said.code == 69
    assert "nobody@example.org: 550 5.1.1" in said.err


def test_check_and_doctor_find_good_servers_good(ada: Correspondence, program: Program) -> None:
    checked = program.run("account", "check", "work", "--json")
    assert (checked.code, checked.document["ok"]) == (0, True), checked
    servers = {each["server"] for each in checked.document["findings"]}
    assert servers == {f"localhost:{ada.postfix.submission}", f"localhost:{ada.dovecot.imaps}"}
    doctor = program.run("doctor", "--json")
    assert (doctor.code, doctor.document["ok"]) == (0, True), doctor


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("{password}", "wrong", 77, "refused user name or password"),
        ("port = {submission}", "port = {free}", 69, "localhost does not answer at this port"),
        ("{ca_file}", "{other_ca}", 69, "certificate"),
        ('"printf"', '"no-such-program"', 77, "no-such-program"),
    ],
    ids=["password", "port", "certificate", "password command"],
)
def test_check_says_what_is_wrong(
    ada: Correspondence, program: Program, tmp_path: Path, old: str, new: str, code: int, words: str
) -> None:
    from tests.support.certificates import Authority

    names = {
        "password": ada.postfix.password,
        "submission": ada.postfix.submission,
        "free": free_ports(1)[0],
        "ca_file": ada.postfix.ca_file,
        "other_ca": Authority(tmp_path).ca_file,
    }
    text = program.config_file.read_text()
    program.config_file.write_text(text.replace(old.format(**names), new.format(**names)))
    for command in (("account", "check", "work"), ("doctor",)):
        ran = program.run(*command)
        assert ran.code == code, ran
        assert words in ran.out, ran.out
        assert ada.postfix.password not in ran.out + ran.err
    sent = program.run("send", ada.bob, "-s", "in trouble", "--wait")
    assert sent.code in (69, 75, 77), sent
    assert sent.out + sent.err != ""
    assert ada.dovecot.letters(ada.bob) == []


def test_send_hands_over_to_a_local_command(program: Program) -> None:
    spool = program.home / "spool"
    daemon = program.home / "sendmail"
    daemon.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        f"file = open({str(spool)!r} + sys.argv[-1], 'xb')\n"
        "file.write(repr(sys.argv[1:]).encode() + b'\\n' + sys.stdin.buffer.read())\n"
    )
    daemon.chmod(0o700)
    program.configure(
        '[accounts.work]\naddress = "ada@example.org"\n'
        f'[accounts.work.submission]\ncommand = ["{daemon}", "-oi"]\n[outbox]\nundo_seconds = 0\n'
    )
    ran = program.run("send", "bob@example.net", "-b", "kim@example.net", "-s", "by hand", "--json", text=TEXT)
    assert (ran.code, ran.document["state"]) == (0, "done"), ran
    runs = {path.name.removeprefix("spool"): path.read_bytes().partition(b"\n") for path in spool.parent.glob("spool*")}
    assert sorted(runs) == ["bob@example.net", "kim@example.net"]
    for address, (arguments, _, letter) in runs.items():
        assert arguments.endswith(f"'--', '{address}']".encode())
        assert b"kim@example.net" not in letter
        assert ran.document["message_id"].encode() in letter
    daemon.write_text("#!/bin/sh\ncat > /dev/null; echo 'no such user' >&2; exit 67\n")
    refused = program.run("send", "bob@example.net", "-s", "by hand again", "--json")
    assert (refused.code, refused.document["state"]) == (69, "failed"), refused
