"""Exit codes and words of local commands, as real ones end."""

from __future__ import annotations

import pytest

from tuimail.submission.command_exit import classify_end
from tuimail.submission.command_run import CommandResult
from tuimail.submission.result import AccountProblem, Action, Stage, Verdict

NOT_SENT = "msmtp: could not send mail"


def end(code: int | None, said: str = "", *, whole: bool = True) -> Verdict:
    return classify_end(CommandResult(code, 114 if whole else 30, 114, said), "/usr/bin/msmtp")


@pytest.mark.parametrize(
    ("code", "whole", "said", "action"),
    [
        # msmtp 1.8.23
        (
            65,
            False,
            "recipient address b@y not accepted by the server msmtp: server message: 550 5.1.1",
            "recipient",
        ),
        (69, False, "recipient address b@y not accepted by the server msmtp: server message: 450 4.2.0 x", "retry"),
        (69, True, "the server did not accept the mail msmtp: server message: 554 5.7.1 spam", "message"),
        (69, True, "the server did not accept the mail msmtp: server message: 451 4.3.0 later", "retry"),
        (65, False, "envelope from address a@x not accepted msmtp: server message: 550 5.7.1 not yours", "message"),
        (76, False, "the server sent an empty reply", "retry"),
        (76, True, "the server sent an empty reply", "uncertain"),
        (76, True, "the server sent an invalid reply", "uncertain"),
        (74, True, "network read error: the operation timed out", "uncertain"),
        (75, True, "cannot connect to 127.0.0.1, port 587: Connection refused", "retry"),
        (75, True, "cannot connect to 127.0.0.1, port 587: Connection timed out", "retry"),
        (68, False, "cannot locate host smtp.x.example: Name or service not known", "retry"),
        # sendmail, OpenSMTPD, esmtp
        (68, True, "b@y.example... Host unknown (Name server: y.example: host not found)", "recipient"),
        (70, True, "sendmail: command failed: 550 Invalid recipient: <b@y.example>", "recipient"),
        (70, True, "RCPT TO: 550 5.1.1 <b@y.example>: user unknown", "recipient"),
        (70, True, "550-5.7.1 go 550 5.7.1 away", "message"),
        (70, True, "530 5.7.0 Authentication required", "account"),
        (70, True, "", "retry"),
        # Exim and nullmailer: nothing was queued
        (1, True, "Failed to create spool file /var/spool/exim4//input//1x-D: Not a directory", "retry"),
        (1, False, "exim: insufficient disk space", "retry"),
        (1, True, "nullmailer-inject: nullmailer-queue failed: 1", "retry"),
        (1, True, "could not queue the message", "retry"),
        (73, False, "dma: can not create temp file in `/var/spool/dma': No such file or directory", "retry"),
        # Postfix
        (75, True, "postdrop: warning: uid=0: File too large sendmail: warning:", "message"),
        (69, True, "sendmail: fatal: ada(1000): message file too big", "message"),
        # what says nothing, or two things
        (1, True, "", "uncertain"),
        (1, True, "oops", "uncertain"),
        (1, True, "421 4.4.2 the smarthost is slow; queued", "uncertain"),
        (1, True, "connected to host:550 and port 554", "uncertain"),
        (1, True, "used 550kB, 5.5.0, file /tmp/550 x", "uncertain"),
        (1, True, "smarthost: 550 5.1.1 no such user", "recipient"),
        (-9, True, "550 5.1.1 no such user", "uncertain"),
        (0, True, "warning: 550 5.1.1 somebody else", "ok"),
    ],
)
def test_what_a_real_command_says(code: int, said: str, action: str, *, whole: bool) -> None:
    found = end(code, f"msmtp: {said} {NOT_SENT}" if code in (65, 69, 74, 75, 76) else said, whole=whole)
    assert found.action == action
    assert found.stage is (Stage.COMMITTING if whole else Stage.BODY)
    assert found.reply is not None
    assert found.reply.text.startswith(f"exit code {code}.")
    assert said in found.reply.text


@pytest.mark.parametrize("said", ["", "Failed to create spool file x", "cannot locate host mx"])
@pytest.mark.parametrize("code", [1, 66, 68, 69, 70, 71, 72, 73, 74])
def test_trouble_that_lasts_holds_the_account(code: int, said: str) -> None:
    found = end(code, said)
    if found.action is Action.RETRY:
        assert (found.tries, found.then, found.problem) == (5, Action.ACCOUNT, AccountProblem.SERVER)
    else:
        assert (code, said) in [(1, ""), (1, "cannot locate host mx"), (68, ""), (68, "Failed to create spool file x")]
