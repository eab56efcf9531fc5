"""tuimail outbox report: a bounce from a mail filter, on a real outbox."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.mail.bounces import dsn
from tests.outbox.scene import message, sent_through
from tuimail.clock import SystemClock
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.store import Store
from tuimail.private_files import private_dir
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ran
    from tuimail.paths import Paths

    Run = Callable[..., Ran]


@pytest.fixture
def sent(home: Paths, write_config: Callable[[], None]) -> str:
    """A letter to Bob that was accepted; its id."""
    write_config()
    private_dir(home.data)
    store = Store(private_dir(home.outbox), SystemClock())
    store.enqueue(Incoming(message(), composing="a"))
    item = sent_through(store, "me", Action.OK)
    store.close()
    return item.id


def test_a_bounce_is_tied_to_its_letter_and_shown_there(sent: str, tuimail_: Run) -> None:
    ran = tuimail_("outbox", "report", text=dsn(envelope_id=sent))
    assert ran.code == 0
    assert ran.out == f"{sent} Letter 1: bob@example.net bounced at mx.example: 550 5.1.1 no such user, sorry\n"
    shown = tuimail_("outbox", "show", sent).out
    # At the recipient and in the history, no third time above them.
    assert [
        line.split()[0] for line in shown.splitlines() if "bounced at mx.example: 550 5.1.1 no such user" in line
    ] == [
        "to",
        shown.splitlines()[-1].split()[0],
    ]
    document = json.loads(tuimail_("outbox", "show", sent, "--json").out)
    assert document["recipients"][0]["report"]["action"] == "failed"
    assert "(known before)" in tuimail_("outbox", "report", text=dsn(envelope_id=sent)).out


def test_what_is_no_report_is_65_and_the_others_are_read(sent: str, tuimail_: Run, tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(dsn(envelope_id=sent))
    (tmp_path / "bad").write_bytes(b"Subject: hi\n\nhi\n")
    ran = tuimail_("outbox", "report", str(tmp_path / "bad"), str(tmp_path / "good"), "--json")
    assert ran.code == 65
    assert "not a delivery report" in ran.err
    assert [(each["id"], each["new"]) for each in json.loads(ran.out)] == [(sent, True)]


def test_a_report_about_somebody_else_s_letter_is_no_failure(sent: str, tuimail_: Run) -> None:
    ran = tuimail_("outbox", "report", text=dsn(envelope_id="", message_id="<2@x.example>"))
    assert (ran.code, ran.out) == (0, "It is not about a letter of this outbox.\n")
