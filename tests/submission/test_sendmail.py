"""Letters handed to a local command."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.submission.conftest import BODY, Recorder, letter
from tests.submission.test_body import Gone
from tests.submission.test_smtp import verdict
from tuimail.config.model import Account, Identity, OutboxSettings, Server, SubmissionCommand, WhenRefused
from tuimail.submission.command_arguments import command_line
from tuimail.submission.command_run import CommandTimeouts
from tuimail.submission.result import AccountProblem, Action, Stage
from tuimail.submission.route import submitter_for
from tuimail.submission.sendmail import CommandSubmitter
from tuimail.submission.smtp import SmtpSubmitter
from tuimail.submission.submitter import Letter

if TYPE_CHECKING:
    from pathlib import Path

RECORD = """
import json, sys
data = sys.stdin.buffer.read()
with open(sys.argv[1], "w") as file:
    json.dump({"argv": sys.argv[2:], "data": data.decode()}, file)
"""


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", code, *arguments)


async def test_the_command_gets_the_letter_and_the_exact_envelope(tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    way = CommandSubmitter(python(RECORD, str(record), "-oi", "-t"))
    for address in ("bob@example.net", "-odd@example.net"):
        watcher = Recorder()
        result = await way.submit(letter(address), watcher)
        assert verdict(result) == (Action.OK, Stage.COMMITTING)
        told = json.loads(record.read_text())
        assert told["argv"] == ["-oi", "-f", "ada@example.org", "--", address]
        assert told["data"] == BODY.decode().replace("\r\n", "\n")
        assert result.touched
        assert watcher.events == ["connect", "body", "touching", "committing", "committing"]
    await way.close()


async def test_a_large_letter_goes_through_whole(tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    body = BODY * 20_000
    result = await CommandSubmitter(python(RECORD, str(record))).submit(letter(body=body), Recorder())
    assert verdict(result)[0] is Action.OK
    assert json.loads(record.read_text())["data"] == body.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("argv", "kept"),
    [
        (["sendmail"], ["sendmail", "-i"]),
        (["sendmail", "-t"], ["sendmail", "-i"]),
        (["sendmail", "-oi", "-ti"], ["sendmail", "-oi", "-i"]),
        (["/usr/bin/msmtp", "-a", "root"], ["/usr/bin/msmtp", "-a", "root", "-i"]),
        (["sendmail", "--read-recipients", "-i"], ["sendmail", "-i"]),
        (["ssh", "-i", "key", "host", "/usr/sbin/sendmail"], ["ssh", "-i", "key", "host", "/usr/sbin/sendmail", "-i"]),
        (["./send.sh", "-x"], ["./send.sh", "-x"]),
        (["./send.sh", "-oi"], ["./send.sh", "-oi"]),
    ],
)
def test_the_options(argv: list[str], kept: list[str]) -> None:
    assert command_line(argv, "", ["b@x"], dots=False) == [*kept, "-f", "<>", "--", "b@x"]


@pytest.mark.parametrize(("argv", "kept"), [(["./send.sh"], ["./send.sh", "-i"]), (["./x", "-i"], ["./x", "-i"])])
def test_a_script_gets_i_for_a_letter_with_a_dot_line(argv: list[str], kept: list[str]) -> None:
    assert command_line(argv, "a@x", ["b@x"], dots=True) == [*kept, "-f", "a@x", "--", "b@x"]


@pytest.mark.parametrize(
    ("code", "action", "trouble"),
    [
        (64, Action.MESSAGE, None),
        (65, Action.MESSAGE, None),
        (66, Action.RETRY, AccountProblem.SERVER),
        (67, Action.RECIPIENT, None),
        (68, Action.RECIPIENT, None),
        (69, Action.RETRY, AccountProblem.SERVER),
        (70, Action.RETRY, AccountProblem.SERVER),
        (71, Action.RETRY, AccountProblem.SERVER),
        (72, Action.RETRY, AccountProblem.SERVER),
        (73, Action.RETRY, AccountProblem.SERVER),
        (74, Action.RETRY, AccountProblem.SERVER),
        (75, Action.RETRY, None),
        (76, Action.UNCERTAIN, None),
        (77, Action.ACCOUNT, AccountProblem.SERVER),
        (78, Action.ACCOUNT, AccountProblem.SERVER),
        (3, Action.UNCERTAIN, None),
    ],
)
async def test_exit_code(code: int, action: Action, trouble: AccountProblem | None) -> None:
    complaint = f"import sys; sys.stdin.read(); sys.stderr.write('no \\x1b[31mway'); sys.exit({code})"
    result = await CommandSubmitter(python(complaint)).submit(letter(), Recorder())
    found = result.recipients["bob@example.net"]
    assert (found.action, found.problem, found.stage) == (action, trouble, Stage.COMMITTING)
    assert found.reply is not None
    assert found.reply.text == f"exit code {code}. no ^[[31mway"
    assert (result.account is None) == (action is not Action.ACCOUNT)
    lasting = action is Action.RETRY and trouble is not None
    assert (found.tries, found.then) == ((5, Action.ACCOUNT) if lasting else (None, None))


async def test_a_command_killed_after_the_letter_is_uncertain() -> None:
    result = await CommandSubmitter(python("import os, sys; sys.stdin.read(); os.kill(os.getpid(), 9)")).submit(
        letter(), Recorder()
    )
    assert verdict(result) == (Action.UNCERTAIN, Stage.COMMITTING)
    assert "SIGKILL" in result.recipients["bob@example.net"].message


@pytest.mark.parametrize(("code", "action"), [(3, Action.RETRY), (65, Action.MESSAGE), (75, Action.RETRY)])
@pytest.mark.parametrize("times", [1, 50_000])
async def test_a_command_that_fails_before_it_has_the_letter_cannot_have_sent_it(
    code: int, action: Action, times: int
) -> None:
    way = CommandSubmitter(python(f"raise SystemExit({code})"))
    assert verdict(await way.submit(letter(body=BODY * times), Recorder())) == (action, Stage.BODY)


@pytest.mark.parametrize("program", ["/nonexistent/sendmail", "/etc/passwd", "bad\0name"])
async def test_a_command_that_cannot_be_run_holds_the_account(program: str) -> None:
    watcher = Recorder()
    result = await CommandSubmitter((program,)).submit(letter(), watcher)
    assert verdict(result) == (Action.ACCOUNT, Stage.CONNECT)
    assert not result.touched
    assert "touching" not in watcher.events


async def test_a_command_that_never_ends_is_uncertain_and_killed(tmp_path: Path) -> None:
    forever = "import sys, time, os\nsys.stdin.read()\nopen(sys.argv[1], 'w').write(str(os.getpid()))\ntime.sleep(999)"
    pid_file = tmp_path / "pid"
    way = CommandSubmitter(python(forever, str(pid_file)), timeouts=CommandTimeouts(finish=1.5))
    result = await way.submit(letter(), Recorder())
    assert verdict(result) == (Action.UNCERTAIN, Stage.COMMITTING)
    import os

    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


async def test_a_command_that_does_not_read_is_ended_and_tried_again() -> None:
    way = CommandSubmitter(python("import time; time.sleep(999)"), timeouts=CommandTimeouts(stall=0.3))
    result = await way.submit(letter(body=BODY * 50_000), Recorder())
    assert verdict(result) == (Action.RETRY, Stage.BODY)


async def test_a_mark_that_cannot_be_stored_leaves_the_command_without_the_letter(tmp_path: Path) -> None:
    async def full() -> None:
        raise OSError("disk full")

    record = tmp_path / "record.json"
    for watcher in (Recorder(on_committing=full), Recorder(on_touching=full)):
        with pytest.raises(OSError, match="disk full"):
            await CommandSubmitter(python(RECORD, str(record))).submit(letter(), watcher)
    assert not record.exists()


async def test_a_cancelled_command_sends_nothing(tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    watcher = Recorder()
    attempt = asyncio.create_task(CommandSubmitter(python(RECORD, str(record))).submit(letter(), watcher))

    def at(stage: Stage) -> None:
        if stage is Stage.BODY:
            attempt.cancel()

    watcher.on_stage = at
    with pytest.raises(asyncio.CancelledError):
        await attempt
    assert not record.exists()


async def test_a_letter_that_cannot_be_read_is_not_sent(tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    way = CommandSubmitter(python(RECORD, str(record)))
    result = await way.submit(Letter("x", letter().envelope, Gone(BODY)), Recorder())
    assert verdict(result) == (Action.MESSAGE, Stage.BODY)
    assert not record.exists()


async def test_an_address_that_is_none_is_refused_and_the_others_served(tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    way = CommandSubmitter(python(RECORD, str(record)))
    result = await way.submit(letter("a@x.example", "not an address"), Recorder())
    assert [each.action for each in result.recipients.values()] == [Action.OK, Action.RECIPIENT]
    assert json.loads(record.read_text())["argv"][-2:] == ["--", "a@x.example"]


def test_the_account_says_which_way_letters_leave() -> None:
    identity = (Identity("ada@example.org"),)
    command = Account("local", identity, SubmissionCommand(("sendmail",)))
    server = Account("work", identity, Server("mx.example", 465))

    async def secret(_server: Server) -> str:
        raise AssertionError

    assert isinstance(submitter_for(command, secret), CommandSubmitter)
    assert isinstance(submitter_for(server, secret), SmtpSubmitter)
    held = submitter_for(server, secret, OutboxSettings(when_some_refused=WhenRefused.HOLD))
    assert isinstance(held, SmtpSubmitter)
    assert held.hold
