"""MAIL and RCPT as text: what is asked of the server beyond taking the letter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.submission.conftest import letter
from tuimail.mail.envelope import Notify
from tuimail.submission.commands import keeps_until, mail_command, rcpt_command
from tuimail.submission.failure import Failure, SubmissionError
from tuimail.submission.wire import Extensions

NOW = 1_800_000_000.0  # 2027-01-15 08:00:00 UTC


@pytest.mark.parametrize(
    ("notify", "words"),
    [
        ((Notify.FAILURE, Notify.DELAY), "NOTIFY=FAILURE,DELAY"),
        ((Notify.SUCCESS,), "NOTIFY=SUCCESS"),
        ((), "NOTIFY=NEVER"),
    ],
)
def test_the_reports_asked_for_are_those_of_the_letter(notify: tuple[Notify, ...], words: str) -> None:
    line = rcpt_command("bob@example.net", smtputf8=False, dsn=True, notify=notify)
    assert line == f"RCPT TO:<bob@example.net> {words} ORCPT=rfc822;bob@example.net"


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ("86400 2027-02-01T00:00:00Z", True),
        ("3600 2027-02-01T00:00:00Z", True),
        ("3599 2027-02-01T00:00:00Z", False),
        ("86400 2027-01-15T08:59:59Z", False),
        ("86400", False),
        ("", False),
        ("much later", False),
        ("86400 9999-99-99T00:00:00Z", False),
    ],
)
def test_a_server_keeps_a_letter_within_its_limits(limits: str, kept: bool) -> None:
    assert keeps_until(NOW + 3600, Extensions({"futurerelease": limits}), NOW) is kept


def test_the_server_is_asked_to_keep_it_until_its_time() -> None:
    later = letter()
    later = replace(later, envelope=replace(later.envelope, hold_until=NOW + 3600))
    offer = Extensions({"futurerelease": "86400 2027-02-01T00:00:00Z"})
    assert mail_command(later, offer, now=NOW).line.endswith(" HOLDUNTIL=2027-01-15T09:00:00Z")
    assert "HOLD" not in mail_command(later, offer, now=NOW + 3600).line
    assert "HOLD" not in mail_command(later, Extensions(), now=NOW + 3600).line, "its time has come"
    for less, dropped in ((Extensions(), ()), (offer, ("HOLDUNTIL",))):
        with pytest.raises(SubmissionError) as told:
            mail_command(later, less, dropped, now=NOW)
        assert told.value.failure is Failure.NO_FUTURE_RELEASE
