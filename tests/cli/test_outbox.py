"""tuimail outbox, on a real outbox and a real local command, and on states made up."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import Ran, ScriptedServer, an_item
from tests.outbox.scene import message
from tests.support.loopback import free_ports
from tests.ui.real_engine import happened
from tuimail.cli.outbox import VERBS
from tuimail.cli.outbox_list import lines, totals
from tuimail.cli.output import Style
from tuimail.clock import SystemClock
from tuimail.dates.format_date import format_full_date
from tuimail.errors import EX_CANTCREAT, EX_CONFIG, EX_NOINPUT
from tuimail.mail.content import whole
from tuimail.mail.envelope import EnvelopeRecipient
from tuimail.mail.text import cells
from tuimail.outbox.model.actions import SAID
from tuimail.outbox.model.item import AccountHealth, OutboxItem, Recipient
from tuimail.outbox.model.states import ItemState, RecipientState, Verb
from tuimail.outbox.store.enqueue import Incoming
from tuimail.outbox.store.store import Store
from tuimail.submission.result import AccountProblem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tuimail.paths import Paths

    Run = Callable[..., Ran]
    Put = Callable[..., str]

NOW = 1_800_000_000.0
PLAIN = Style(sys.stderr)
PLAIN.on = False


@pytest.fixture
def mailbox(write_config: Callable[[str], None], tmp_path: Path) -> Path:
    """An account whose letters end in this file, and one whose command fails."""
    out = tmp_path / "out"
    write_config(f"""\
[accounts.work]
address = "ada@example.org"
[accounts.work.submission]
command = ["/bin/sh", "-c", "cat >> {out}"]
[accounts.down]
address = "ada@down.example"
[accounts.down.submission]
command = ["/bin/sh", "-c", "exit 75"]
""")
    return out


def the_id(ran: Ran) -> str:
    return str(json.loads(ran.out)["id"])


def test_a_letter_goes_its_whole_way_without_a_screen(mailbox: Path, tuimail_: Run) -> None:
    queued = tuimail_("send", "bob@example.net", "-s", "Grüße", "--queue", "--json", text="hello\n")
    assert json.loads(queued.out)["state"] == "queued"
    listed = json.loads(tuimail_("outbox", "list", "--json").out)
    assert [(item["subject"], item["state"]) for item in listed] == [("Grüße", "queued")]
    assert not mailbox.exists()
    ran = tuimail_("outbox", "run")
    assert ran.code == 0
    assert "sent: Grüße to bob@example.net" in ran.out
    assert b"\nhello" in mailbox.read_bytes()
    assert tuimail_("outbox", "list", "--json").out == "[]\n"
    done = json.loads(tuimail_("outbox", "show", the_id(queued), "--json").out)
    assert done["state"] == "done"
    assert done["timeline"]
    assert [item["state"] for item in json.loads(tuimail_("outbox", "list", "--all", "--json").out)] == ["done"]


def test_a_letter_is_sent_in_the_foreground_and_filed(mailbox: Path, tuimail_: Run) -> None:
    ran = tuimail_("send", "bob@example.net", "-s", "Now", "--json")
    assert (ran.code, json.loads(ran.out)["state"]) == (0, "done")
    assert b"Subject: Now" in mailbox.read_bytes()


def test_a_put_off_letter_is_queued_and_75_with_wait(mailbox: Path, tuimail_: Run) -> None:
    ran = tuimail_("send", "bob@example.net", "-s", "Later", "--account", "down", "--wait", "--json")
    assert (ran.code, json.loads(ran.out)["state"]) == (75, "deferred")


def test_json_says_why_an_account_is_paused(write_config: Callable[[str], None], tuimail_: Run, tmp_path: Path) -> None:
    program = tmp_path / "sendmail"
    write_config(f"""\
[accounts.work]
address = "ada@example.org"
[accounts.work.submission]
command = ["{program}"]
""")
    sent = tuimail_("send", "bob@example.net", "-s", "One", "--wait", "--json")
    document = json.loads(sent.out)
    notice = document["account_notice"]
    assert (notice["account"], notice["trouble"]) == ("work", "server")
    assert "cannot be run" in notice["happened"]
    assert notice["advice"]
    other = json.loads(tuimail_("send", "eve@example.net", "-s", "Two", "--queue", "--json").out)
    assert other["account_notice"]["happened"] == notice["happened"]
    assert json.loads(tuimail_("outbox", "show", other["id"], "--json").out)["account_notice"] == notice
    program.write_text("#!/bin/sh\nexec cat >/dev/null\n")
    program.chmod(0o700)
    assert tuimail_("outbox", "retry", document["id"]).code == 0
    tuimail_("outbox", "run")
    assert json.loads(tuimail_("outbox", "show", document["id"], "--json").out)["account_notice"] is None


def test_hold_release_and_delete(mailbox: Path, tuimail_: Run) -> None:
    name = the_id(tuimail_("send", "bob@example.net", "-s", "X", "--queue", "--json"))
    assert json.loads(tuimail_("outbox", "hold", name[:8], "--json").out)["state"] == "held"
    assert tuimail_("outbox", "run").out == ""
    assert not mailbox.exists()
    assert f"{name} may go: X" in tuimail_("outbox", "release", name).out
    assert f"{name} was deleted: X" in tuimail_("outbox", "delete", name).out
    assert tuimail_("outbox", "list").out == ""
    refused = tuimail_("outbox", "hold", name)
    assert refused.code == 65
    assert "cancelled" in refused.err


def test_cancel_keeps_the_letter_as_a_draft(mailbox: Path, tuimail_: Run) -> None:
    from tuimail.compose.draft_store import DraftStore
    from tuimail.paths import Paths

    name = the_id(tuimail_("send", "bob@example.net", "-s", "Keep me", "--queue", "--json"))
    assert tuimail_("outbox", "cancel", name).code == 0
    assert [draft.subject for draft in DraftStore(Paths.from_environment().drafts).drafts()] == ["Keep me"]


def test_show_tells_everything_in_words_and_raw(mailbox: Path, tuimail_: Run) -> None:
    name = the_id(tuimail_("send", "bob@example.net", "-s", "X", "--queue", "--json"))
    told = tuimail_("outbox", "show", name).out
    assert all(words in told for words in ("X", "queued", "bob@example.net", "ada@example.org", "pending"))
    raw = tuimail_("outbox", "show", name, "--raw").out
    assert "Subject: X" in raw
    assert raw.rstrip().endswith("hello")


def test_the_history_is_in_local_time_with_its_zone_once(
    mailbox: Path, tuimail_: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        first, then = (datetime.now(UTC).replace(microsecond=0) + timedelta(days=days) for days in (40, 50))
        name = the_id(tuimail_("send", "b@x.example", "-s", "X", "--at", first.isoformat(), "--json"))
        tuimail_("outbox", "later", name, then.isoformat())
        told = tuimail_("outbox", "show", name).out
        there = [format_full_date(moment.timestamp()) for moment in (first, then)]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert all(each.endswith(" IST") for each in there)
    history = told.partition("What happened (times in IST)\n")[2]
    assert f"held until {there[0]}\n" in history
    assert f"put off until {there[1]}\n" in history
    assert "+00:00" not in told


def test_a_dialogue_that_breaks_off_says_how(write_config: Callable[[str], None], tuimail_: Run) -> None:
    write_config(f"""\
[accounts.work]
address = "ada@example.org"
[accounts.work.submission]
host = "127.0.0.1"
port = {free_ports(1)[0]}
security = "none"
""")
    name = the_id(tuimail_("send", "bob@example.net", "-s", "X", "--wait", "--json"))
    told = tuimail_("outbox", "show", name).out
    assert told.endswith("\n\nThe last dialogue\n  (nothing listens at that port)\n")


@pytest.mark.parametrize("verb", ["show", "hold", "release", "retry", "cancel", "delete"])
def test_an_unknown_letter_is_66(mailbox: Path, tuimail_: Run, verb: str) -> None:
    tuimail_("send", "bob@example.net", "-s", "X", "--queue")
    ran = tuimail_("outbox", verb, "zzzz")
    assert (ran.code, ran.out) == (66, "")
    assert ran.err.startswith("tuimail: ")


def test_an_outbox_that_is_not_there_yet_is_empty_and_stays_away(tuimail_: Run, tmp_path: Path) -> None:
    from tuimail.paths import Paths

    assert tuimail_("outbox") == Ran(0, "", "")
    assert tuimail_("outbox", "list", "--json").out == "[]\n"
    assert tuimail_("outbox", "show", "x").code == 66
    assert not Paths.from_environment().data.exists()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("lsit",), "Did you mean list?"),
        (("hold",), "--match"),
        (("hold", "x", "--state", "held"), "--match"),
        (("list", "--limit", "0"), "number of letters"),
        (("move", "x", "frist"), "Did you mean first?"),
        (("retry",), "--all"),
        (("retry", "x", "--all"), "--all"),
        (("resolve", "x"), "outcome"),
        (("resolve", "x", "snet"), "Did you mean sent?"),
        (("list", "--jsn"), "--jsn"),
    ],
)
def test_wrong_use_is_64_with_a_way_out(tuimail_: Run, argv: tuple[str, ...], words: str) -> None:
    ran = tuimail_("outbox", *argv)
    assert ran.code == 64
    assert words in ran.err
    assert "Try: tuimail outbox" in ran.err


@pytest.mark.parametrize(
    ("argv", "state", "verb"),
    [
        (("retry", "3k9"), ItemState.FAILED, Verb.RETRY),
        (("hold", "3k9"), ItemState.QUEUED, Verb.HOLD),
        (("release", "3k9"), ItemState.HELD, Verb.RELEASE),
        (("delete", "3k9"), ItemState.UNCERTAIN, Verb.DROP),
        (("resolve", "3k9", "sent"), ItemState.UNCERTAIN, Verb.RESOLVE_SENT),
        (("resolve", "3k9", "resend"), ItemState.UNCERTAIN, Verb.RESOLVE_RESEND),
        (("cancel", "3k9"), ItemState.DEFERRED, Verb.CANCEL),
    ],
)
def test_each_verb_reaches_the_engine(
    engine: ScriptedServer, tuimail_: Run, argv: tuple[str, ...], state: ItemState, verb: Verb
) -> None:
    uncertain = Recipient(EnvelopeRecipient("bob@example.net"), RecipientState.UNCERTAIN)
    engine.add(an_item(state, recipients=(uncertain,)) if state is ItemState.UNCERTAIN else an_item(state))
    assert tuimail_("outbox", *argv).code == 0
    assert happened(engine.paths, "3k9x7m2p4q") == [SAID[verb]]
    assert engine.tried == []


def test_one_failing_letter_does_not_hold_up_the_others(engine: ScriptedServer, tuimail_: Run) -> None:
    engine.add(an_item(ItemState.QUEUED))
    ran = tuimail_("outbox", "hold", "nope", "3k9")
    assert ran.code == 66
    assert "3k9x7m2p4q is held" in ran.out
    assert engine.letter.state is ItemState.HELD


def test_retrying_a_blocked_letter_mends_its_account(engine: ScriptedServer, tuimail_: Run) -> None:
    engine.add(an_item(ItemState.BLOCKED), healths=[AccountHealth("work", AccountProblem.SIGN_IN, "Wrong password.")])
    tuimail_("outbox", "retry", "--all")
    assert engine.health("work").trouble is None
    assert engine.letter.state is ItemState.QUEUED


# -- the list, for people


SCENE: list[OutboxItem] = [
    an_item(ItemState.FAILED, id="a" * 10, subject="Grant renewal", last_reply="550 5.1.1 no such user"),
    an_item(ItemState.DEFERRED, id="b" * 10, subject="Minutes of the board " * 4, next_attempt_at=NOW + 240,
            last_reply="421 4.3.2 try again later"),
    an_item(ItemState.HELD, id="c" * 10, subject="誕生日おめでとう", not_before=NOW + 86400),
    an_item(ItemState.HELD, id="d" * 10, subject=""),
    an_item(ItemState.UNCERTAIN, id="e" * 10, subject="\x1b]0;owned\x07",
            recipients=tuple(Recipient(EnvelopeRecipient(f"{name}@example.net")) for name in "xyz")),
]  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 120])
def test_rows_are_aligned_and_fit(width: int) -> None:
    drawn = lines(SCENE, NOW, width=width, style=PLAIN)
    assert all(cells(line) <= width for line in drawn)
    starts = {cells(line[: line.index(item.id)]) for line, item in zip(drawn, SCENE, strict=True)}
    assert len(starts) == 1
    assert [line[0] for line in drawn] == ["!", ".", "z", "z", "?"]
    assert all(line.isprintable() for line in drawn)


def test_a_row_says_what_there_is_to_know() -> None:
    drawn = lines(SCENE, NOW, width=10_000, style=PLAIN)
    assert drawn[0].split("  ")[0] == "! Grant renewal"
    assert "failed: 550 5.1.1 no such user" in drawn[0]
    assert "needs you" in drawn[0]
    assert "in 4 min" in drawn[1]
    assert "tomorrow 08:00" in drawn[2]
    assert "(no subject)" in drawn[3]
    assert "held" in drawn[3]
    assert "until released" in drawn[3]
    assert "x@example.net +2" in drawn[4]
    assert totals(SCENE) == "3 waiting, 2 need you"


def test_colours_only_change_colours() -> None:
    import re

    style = Style(sys.stderr)
    style.on = True
    coloured = lines(SCENE, NOW, width=100, style=style)
    assert [re.sub(r"\x1b\[[\d;]*m", "", line).rstrip() for line in coloured] == lines(
        SCENE, NOW, width=100, style=PLAIN
    )
    assert all("\x1b[" in line for line in coloured)


def test_an_item_long_done_still_draws() -> None:
    assert lines([replace(SCENE[0], state=ItemState.DONE, recipients=())], NOW, width=80, style=PLAIN)


def test_watching_goes_on_until_it_is_told_to_stop(mailbox: Path, tuimail_: Run) -> None:
    import signal
    import subprocess

    with subprocess.Popen(
        [sys.executable, "-m", "tuimail", "outbox", "run", "--watch"], stdout=subprocess.PIPE, text=True
    ) as watch:
        assert watch.stdout is not None
        try:
            for subject in ("One", "Two"):
                assert tuimail_("send", "bob@example.net", "-s", subject, "--queue").code == 0
                assert f"sent: {subject} to bob@example.net" in watch.stdout.readline()
            watch.send_signal(signal.SIGTERM)
            assert watch.wait(60) == 0
            assert watch.stdout.read() == ""
        finally:
            watch.kill()


@pytest.fixture
def queued(write_config: Callable[[], None], home: Paths) -> Put:
    """Put a letter into the real outbox of this home."""
    write_config()

    def put(number: int = 1) -> str:
        store = Store(home.outbox, SystemClock())
        try:
            return store.enqueue(Incoming(message(number), composing=str(number))).id
        finally:
            store.close()

    return put


def said(ran: Ran) -> Any:
    assert ran.code == 0, ran
    return json.loads(ran.out)


def test_a_letter_is_put_off_and_comes_back_to_the_same_time_after_a_drop(tuimail_: Run, queued: Put) -> None:
    name = queued()
    put_off = said(tuimail_("outbox", "later", name, "+2h", "--json"))
    assert put_off["state"] == "held"
    assert said(tuimail_("outbox", "delete", name, "--json"))["state"] == "cancelled"
    back = said(tuimail_("outbox", "restore", name, "--json"))
    assert (back["state"], back["not_before"]) == ("held", put_off["not_before"])


def test_moved_letters_are_listed_in_their_new_order_and_searched(tuimail_: Run, queued: Put) -> None:
    one, two, three = (queued(number) for number in range(1, 4))
    assert tuimail_("outbox", "move", three, "first").code == 0

    def listed(*options: str) -> list[str]:
        return [each["id"] for each in said(tuimail_("outbox", "list", "--json", *options))]

    assert listed() == [three, one, two]
    assert listed("--sort", "age", "--limit", "2") == [one, two]
    assert listed("--match", "subject:2") == [two]
    assert listed("--state", "held") == []
    assert listed("--state", "needs-you") == []
    assert listed("--account", "work", "--limit", "1") == [three]
    assert listed("--account", "wor") == []


def test_several_letters_are_steered_and_the_worst_failure_is_the_exit_code(tuimail_: Run, queued: Put) -> None:
    one, two = queued(1), queued(2)
    ran = tuimail_("outbox", "hold", one, "nobody", two, "--json")
    assert ran.code == EX_NOINPUT
    held, missing, also_held = json.loads(ran.out)
    assert (held["state"], also_held["state"]) == ("held", "held")
    assert missing["id"] == "nobody"
    assert missing["error"]
    assert len(said(tuimail_("outbox", "release", "--state", "held", "--json"))) == 2


def test_another_account_is_named_exactly_and_a_foreign_from_is_told(tuimail_: Run, queued: Put) -> None:
    name = queued()
    ran = tuimail_("outbox", "account", name, "hme")
    assert ran.code == EX_CONFIG
    assert "Did you mean home?" in ran.err
    ran = tuimail_("outbox", "account", name, "home")
    assert ran.code == 0
    assert "no identity ada@example.org" in ran.err
    assert said(tuimail_("outbox", "show", name, "--json"))["account"] == "home"


def test_a_letter_is_exported_byte_for_byte_and_never_over_another_file(
    tuimail_: Run, queued: Put, tmp_path: Path
) -> None:
    name = queued()
    assert tuimail_("outbox", "export", name, "--to", str(tmp_path)).code == 0
    (file,) = tmp_path.glob("*.eml")
    assert file.name == "Letter 1.eml"
    assert file.read_bytes() == whole(message(1).content)
    assert file.stat().st_mode & 0o777 == 0o600
    assert tuimail_("outbox", "export", name, "--to", str(tmp_path)).code == 0
    assert (tmp_path / "Letter 1-2.eml").exists()
    file.write_text("mine")
    ran = tuimail_("outbox", "export", name, "--to", str(file))
    assert ran.code == EX_CANTCREAT
    assert "is there already" in ran.err
    assert file.read_text() == "mine"


def test_a_cancelled_letter_is_restored_and_its_draft_is_gone(tuimail_: Run, queued: Put, home: Paths) -> None:
    name = queued()
    assert tuimail_("outbox", "cancel", name).code == 0
    assert list(home.drafts.glob("*/draft.json"))
    assert tuimail_("outbox", "restore", name).code == 0
    assert not list(home.drafts.glob("*/draft.json"))


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_help_with_examples(tuimail_: Run, verb: str) -> None:
    ran = tuimail_("outbox", verb, "--help")
    assert ran.code == 0
    assert f"tuimail outbox {verb}" in ran.out.partition("examples:")[2]
