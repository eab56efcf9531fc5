"""``tuimail run``: letters are sent, changes carried out and mail synced without a screen."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import make_maildir, put_message
from tuimail.engine import Engine
from tuimail.errors import EX_OK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from tests.cli.conftest import Ran

    Run = Callable[..., Ran]


@pytest.fixture
def root(write_config: Callable[[str], None], tmp_path: Path) -> Path:
    """The Maildir of an account whose letters end in a file."""
    root = make_maildir(tmp_path / "Maildir", "Archive")
    put_message(root, "m1", "Letter 1", new=True)
    write_config(f"""\
[accounts.work]
address = "ada@example.org"
[accounts.work.submission]
command = ["/bin/sh", "-c", "cat >> {tmp_path / "out"}"]
[accounts.work.maildir]
path = "{root}"
""")
    return root


def test_one_round_sends_carries_out_and_syncs(root: Path, tuimail_: Run, tmp_path: Path) -> None:
    assert tuimail_("send", "bob@example.net", "-s", "Hello", "--queue").code == EX_OK
    ran = tuimail_("run", "--once", "--json")
    assert ran.code == EX_OK
    made = json.loads(ran.out)
    assert [each["subject"] for each in made["outbox"]] == ["Hello"]
    # Two: the message that was there, and the copy in Sent.
    assert [(each["account"], each["new"], each["error"]) for each in made["accounts"]] == [("work", 2, None)]
    assert b"Subject: Hello" in (tmp_path / "out").read_bytes()
    assert "Letter 1" in tuimail_("search", "Letter").out
    assert "nothing new" in tuimail_("run", "--once").out


@pytest.mark.usefixtures("root")
def test_it_goes_on_until_it_is_told_to_stop(tuimail_: Run) -> None:
    with subprocess.Popen([sys.executable, "-m", "tuimail", "run"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for subject in ("One", "Two"):
                assert tuimail_("send", "bob@example.net", "-s", subject, "--queue").code == EX_OK
                assert f"sent: {subject} to bob@example.net" in process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == EX_OK
            assert process.stdout.read() == ""
        finally:
            process.kill()


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("command", "syncs"), [(("run",), True), (("outbox", "run", "--watch"), False), (("outbox", "run"), False)]
)
def test_only_run_keeps_mail_in_step(
    tuimail_: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], *, syncs: bool
) -> None:
    """A command that sends does not sign in at the mailbox."""
    asked: list[bool] = []

    async def started(_engine: Engine, **named: Any) -> None:
        asked.append(named["sync"])
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "start", started)
    tuimail_(*command)
    assert asked == [syncs]
