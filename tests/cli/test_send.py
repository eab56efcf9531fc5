"""tuimail send: what becomes of options, text and outcomes."""

from __future__ import annotations

import json
import re
import stat
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import Ran, ScriptedServer, Stdin, an_item
from tests.outbox.scene import sent_through
from tuimail.cli import draft_options, send, standard_input
from tuimail.clock import SystemClock
from tuimail.compose.build import build
from tuimail.config.model import Identity, WhenLate
from tuimail.mail.content import whole
from tuimail.mail.envelope import Notify
from tuimail.outbox.model.delivery_options import DeliveryOptions
from tuimail.outbox.model.item import AccountHealth
from tuimail.outbox.model.states import ItemState
from tuimail.outbox.store.store import Store
from tuimail.paths import Paths
from tuimail.submission.result import AccountProblem, Action, Reply, Stage, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    Run = Callable[..., Ran]
    FullDisk = Callable[[], AbstractContextManager[None]]


def test_a_letter_that_went_is_one_line(engine: ScriptedServer, tuimail_: Run) -> None:
    ran = tuimail_("send", "bob@example.net", "-s", "Minutes")
    assert ran == Ran(0, "sent to bob@example.net: 250 2.0.0 Ok\n", "")
    assert [each.name for each in threading.enumerate() if "writer" in each.name] == [], "the engine was stopped"


def test_no_other_letter_is_tried(engine: ScriptedServer, tuimail_: Run) -> None:
    engine.add(an_item(ItemState.QUEUED))
    assert tuimail_("send", "bob@example.net", "-s", "Minutes").code == 0
    assert engine.tried == [each.id for each in engine.letters if each.id != "3k9x7m2p4q"]


def test_the_options_make_the_letter(engine: ScriptedServer, tuimail_: Run, tmp_path: Path) -> None:
    file = tmp_path / "budget.ods"
    file.write_bytes(b"x" * 48)
    tuimail_(
        *("send", "bob@example.net", "Kim <kim@grants.example>", "-s", "Minutes", "-c", "c@x.org", "-c", "d@x.org"),
        *("-b", "e@x.org", "-a", str(file), "-r", "Countess@example.org"),
    )
    draft = engine.draft
    assert (draft.to, draft.cc, draft.bcc) == (
        "bob@example.net, Kim <kim@grants.example>",
        "c@x.org, d@x.org",
        "e@x.org",
    )
    assert (draft.subject, draft.body) == ("Minutes", "hello")
    assert (draft.account, draft.identity) == ("work", "countess@example.org")
    assert [(each.path, each.name, each.size) for each in draft.attachments] == [(str(file), "budget.ods", 48)]


def test_the_text_may_come_from_a_file(engine: ScriptedServer, tuimail_: Run, tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes("grüße\r\nA".encode())
    tuimail_("send", "bob@example.net", "-i", str(tmp_path / "t"))
    assert engine.draft.body == "grüße\nA"


def test_text_that_is_no_utf8_is_not_lost(engine: ScriptedServer, tuimail_: Run) -> None:
    tuimail_("send", "bob@example.net", text="grüße".encode("latin-1"))
    assert engine.draft.body == "grüße"


def test_a_person_is_told_how_to_end(engine: ScriptedServer, tuimail_: Run) -> None:
    ran = tuimail_("send", "bob@example.net", terminal=True)
    assert "^D" in ran.err
    assert engine.draft.body == "hello"


def test_a_person_who_writes_nothing_sends_nothing(engine: ScriptedServer, tuimail_: Run) -> None:
    ran = tuimail_("send", "bob@example.net", terminal=True, text="\n")
    assert ran.code == 65
    assert "nothing was sent" in ran.err
    assert engine.letters == []


def test_an_account_is_found_by_the_from_address(engine: ScriptedServer, tuimail_: Run) -> None:
    tuimail_("send", "bob@example.net", "-r", "ada@lovelace.example")
    assert (engine.draft.account, engine.draft.identity) == ("home", "ada@lovelace.example")


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        ((), 64, "No recipient"),
        (("bob@x.y", "--nonsense"), 64, "--nonsense"),
        (("bob@x.y", "--queue", "--wait"), 64, "exclude"),
        (("bob@x.y", "--at", "nun"), 64, '"nun" is not a time'),
        (("bob@x.y", "--at", "2001-01-01T00:00:00Z"), 64, "is over"),
        (("bob@x.y", "--on-server"), 64, "need a time"),
        (("bob@x.y", "--notify", "always"), 64, "failure, delay and success"),
        (("bob@x.y", "--account", "wrok"), 78, "Did you mean work?"),
        (("bob@x.y", "-r", "me@x.y"), 65, "me@x.y is not an identity of any account"),
        (("bob@x.y", "-r", "ada@example.org", "--account", "home"), 65, "not an identity of the account home"),
        (("bob@x.y", "-r", "me"), 65, "me"),
        (("bob@x.y", "-a", "/nowhere"), 66, "/nowhere"),
        (("bob@x.y", "-i", "/nowhere"), 66, "/nowhere"),
        (("bob@x.y", "-i", "/"), 66, "Is a directory"),
        (("bob@x.y", "-s", "a\udcffb"), 64, "not valid text"),
    ],
)
def test_a_mistake_is_told_before_anything_is_queued(
    engine: ScriptedServer, tuimail_: Run, argv: tuple[str, ...], code: int, words: str
) -> None:
    ran = tuimail_("send", *argv)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("tuimail: ")
    assert words in ran.err
    assert engine.letters == []


def kept_in(error: str) -> Path:
    """The file that an error names."""
    found = re.search(r"is kept in (/\S+)\.\n", error)
    assert found, error
    return Path(found[1])


def test_text_with_nul_bytes_is_refused_and_kept(engine: ScriptedServer, tuimail_: Run, home: Paths) -> None:
    ran = tuimail_("send", "bob@x.y", text=b"a\0b\n")
    assert ran.code == 65
    assert engine.letters == []
    kept = kept_in(ran.err)
    assert (kept.parent, kept.read_bytes()) == (home.unsent, b"a\0b\n")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    # The same text once more takes no more room, and the next letter goes.
    assert kept_in(tuimail_("send", "bob@x.y", text=b"a\0b\n").err) == kept
    assert tuimail_("send", "bob@x.y").code == 0
    assert list(home.unsent.iterdir()) == [kept]


def test_too_long_a_text_is_kept_whole(
    engine: ScriptedServer, tuimail_: Run, home: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "TEXT_LIMIT", 10)
    monkeypatch.setattr(draft_options, "TEXT_LIMIT", 10)
    ran = tuimail_("send", "bob@x.y", text="0123456789 and more\n")
    assert ran.code == 65
    assert kept_in(ran.err).read_text() == "0123456789 and more\n"


def test_of_a_text_without_end_the_beginning_is_kept(
    engine: ScriptedServer, tuimail_: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((send, "TEXT_LIMIT"), (draft_options, "TEXT_LIMIT"), (standard_input, "MOST_KEPT")):
        monkeypatch.setattr(module, name, 10)
    monkeypatch.setattr(standard_input, "PIECE", 1)
    ran = tuimail_("send", "bob@x.y", text="y\n" * 1000)
    assert "The beginning of the text is kept" in ran.err
    assert kept_in(ran.err).read_text() == "y\n" * 5 + "y"


def test_a_file_that_is_there_still_is_not_kept_twice(
    engine: ScriptedServer, tuimail_: Run, home: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text").write_bytes(b"a\0b")
    for name in (str(tmp_path / "text"), "/dev/null"):
        with open(name) as file:  # noqa: PTH123
            monkeypatch.setattr(Stdin, "fileno", lambda _self, of=file: of.fileno(), raising=False)
            assert "kept" not in tuimail_("send", "bob@x.y", text=b"a\0b").err
    assert not home.unsent.exists()


def test_a_text_that_could_not_be_queued_is_kept(engine: ScriptedServer, tuimail_: Run, full_disk: FullDisk) -> None:
    with full_disk():
        ran = tuimail_("send", "bob@x.y", text="precious\n")
    assert ran.code == 73
    assert "Make room. The text is kept in" in ran.err
    assert kept_in(ran.err).read_text() == "precious\n"
    assert engine.letters == []


def test_what_went_or_waits_already_is_not_kept(engine: ScriptedServer, tuimail_: Run, home: Paths) -> None:
    for options in ((), ("-a", "-")):
        assert tuimail_("send", "bob@x.y", *options, "--queue", text=b"x").code == 0
        ran = tuimail_("send", "bob@x.y", *options, text=b"x")
        assert ran.code == 65
        assert "is in the outbox already" in ran.err
        assert "kept" not in ran.err
    assert [each for each in home.unsent.rglob("*") if each.is_file()] == []


@pytest.mark.parametrize("options", [(), ("-i", "-")])
def test_what_a_program_prints_goes_as_it_is(engine: ScriptedServer, tuimail_: Run, options: tuple[str, ...]) -> None:
    said = "\x1b[1mok\x1b[0m  \n\x0c10%\r20%\b\a \n\n"
    assert tuimail_("send", "bob@x.y", *options, text=said).code == 0
    assert (engine.draft.body, engine.draft.verbatim) == (said.removesuffix("\n"), True)
    assert b"quoted-printable" in whole(build(engine.draft, Identity("a@b.example"), "work", now=0.0).content)


@pytest.mark.parametrize(
    ("raw", "name", "content_type"),
    [
        (b"log\n", "stdin.txt", "text/plain"),
        (b"%PDF-1.7\n\0", "stdin.pdf", "application/pdf"),
        (b"\0\1", "stdin", "application/octet-stream"),
    ],
)
def test_standard_input_may_be_attached(
    engine: ScriptedServer, tuimail_: Run, home: Paths, tmp_path: Path, raw: bytes, name: str, content_type: str
) -> None:
    for each in ("a", "b"):
        (tmp_path / each).write_text("x")
    files = ("-a", str(tmp_path / "a"), "-a", "-", "-a", str(tmp_path / "b"))
    assert tuimail_("send", "bob@x.y", *files, "-i", str(tmp_path / "a"), text=raw).code == 0
    assert [each.name for each in engine.draft.attachments] == ["a", name, "b"]
    attached = engine.draft.attachments[1]
    assert (attached.content_type, attached.size, engine.draft.body) == (content_type, len(raw), "x")
    assert not Path(attached.path).exists(), "the letter has its own copy"


def test_an_attached_standard_input_is_kept_when_the_letter_cannot_be_queued(
    engine: ScriptedServer, tuimail_: Run, full_disk: FullDisk
) -> None:
    with full_disk():
        ran = tuimail_("send", "bob@x.y", "-a", "-", text=b"\0precious")
    assert (engine.letters, kept_in(ran.err).read_bytes()) == ([], b"\0precious")


@pytest.mark.parametrize(
    ("value", "subject", "said"),
    [
        ("disk\t97 %", "disk\t97 %", ""),
        ("a\r\n folded\n\tsubject\n", "a folded\tsubject", ""),
        ("two\nlines", "two lines", ""),
        ("\x1b[31mfailed\x1b[0m", "^[[31mfailed^[[0m", "tuimail: the subject contains control characters"),
    ],
)
def test_no_letter_is_refused_for_its_subject(
    engine: ScriptedServer, tuimail_: Run, value: str, subject: str, said: str
) -> None:
    ran = tuimail_("send", "bob@x.y", "-s", value)
    assert (ran.code, engine.draft.subject) == (0, subject)
    assert ran.err.startswith(said)
    build(engine.draft, Identity("a@b.example"), "work", now=0.0)


def test_lists_of_addresses_may_be_folded_or_in_lines(engine: ScriptedServer, tuimail_: Run) -> None:
    folded, in_lines = "Bob\t<bob@x.y>,\r\n kim@x.y", 'ann@x.y\n"Doe,\tJane" <j@x.y>,\n'
    assert tuimail_("send", folded, "-c", in_lines).code == 0
    letter = build(engine.draft, Identity("a@b.example"), "work", now=0.0)
    assert letter.envelope.addresses == ("bob@x.y", "kim@x.y", "ann@x.y", "j@x.y")
    assert b'Cc: ann@x.y, "Doe, Jane" <j@x.y>\r\n' in whole(letter.content)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Set the zone of this process."""

    def use(value: str) -> None:
        monkeypatch.setenv("TZ", value)
        time.tzset()

    yield use
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("value", "offset", "said"),
    [
        ("XXX+24", "+0000", True),
        ("XXX-24:59", "+0000", True),
        ("XXX+1YYY-24,J1,J365", "+0000", True),
        ("XXX+23:59", "-2359", False),
        ("Nowhere/Nothing", "+0000", False),
    ],
)
def test_in_an_odd_zone_the_letter_goes(
    engine: ScriptedServer, tuimail_: Run, zone: Callable[[str], None], value: str, offset: str, said: bool
) -> None:
    zone(value)
    ran = tuimail_("send", "bob@x.y", "--at", "2031-01-02T03:04:05Z")
    assert ran.code == 0, ran.err
    assert (f"TZ={value} is a day or more away from UTC" in ran.err) == said
    assert ("2031-01-02 03:04:05" in ran.out) == (offset == "+0000")
    letter = build(engine.draft, Identity("a@b.example"), "work", now=0.0)
    assert f" {offset}\r\n".encode() in whole(letter.content).partition(b"From:")[0]
    assert "TZ=" not in tuimail_("outbox", "list").err, "it is said once"


@pytest.mark.parametrize("options", [("-a", "-", "-i", "-"), ("-a", "-", "-a", "-")])
def test_standard_input_can_be_read_once(engine: ScriptedServer, tuimail_: Run, options: tuple[str, ...]) -> None:
    ran = tuimail_("send", "bob@x.y", *options)
    assert (ran.code, engine.letters) == (64, [])
    assert "named twice" in ran.err


@pytest.mark.parametrize("options", [("-a", "-"), ("-i", "-")])
def test_the_composer_has_no_standard_input_to_spare(
    engine: ScriptedServer, tuimail_: Run, options: tuple[str, ...]
) -> None:
    ran = tuimail_("compose", "bob@x.y", *options)
    assert ran.code == 64
    assert "reads your keys from standard input" in ran.err


def test_without_an_account_it_says_how_to_get_one(tuimail_: Run) -> None:
    ran = tuimail_("send", "bob@x.y")
    assert ran.code == 78
    assert "config.toml" in ran.err


def test_a_broken_account_is_named_with_its_problem(write_config: Callable[[str], None], tuimail_: Run) -> None:
    write_config('[accounts.work]\naddress = "a@b.c"\n[accounts.work.submission]\nhost = 1\n')
    ran = tuimail_("send", "bob@x.y", "--account", "work")
    assert ran.code == 78
    assert "config.toml:4: accounts.work.submission.host" in ran.err


def test_queue_only_queues(engine: ScriptedServer, tuimail_: Run) -> None:
    ran = tuimail_("send", "bob@example.net", "--queue")
    assert ran == Ran(0, f"queued as {engine.letter.id} for bob@example.net\n", "")
    assert engine.letter.state is ItemState.QUEUED
    assert engine.tried == []


def test_later_is_held_until_then(engine: ScriptedServer, tuimail_: Run) -> None:
    ran = tuimail_("send", "bob@example.net", "--at", "2031-01-02T03:04:05Z")
    held = f"held as {engine.letter.id} until 2031-01-02 03:04:05: Thu 2 Jan 2031 03:04 UTC (in "
    assert ran.out.startswith(held)
    assert engine.letter.state is ItemState.HELD
    assert engine.tried == []
    assert engine.wishes == DeliveryOptions()


def test_what_is_wished_for_a_letter_goes_along(engine: ScriptedServer, tuimail_: Run) -> None:
    ran = tuimail_("send", "b@x.y", "--at", "+2h", "--if-late", "ask", "--on-server", "--notify", "failure,success")
    assert ran.code == 0
    assert engine.wishes == DeliveryOptions(WhenLate.ASK, on_server=True, notify=(Notify.FAILURE, Notify.SUCCESS))
    tuimail_("send", "b@x.y", "--notify", "never")
    assert engine.wishes == DeliveryOptions(notify=())


def test_no_undo_window_holds_up_a_script(engine: ScriptedServer, tuimail_: Run) -> None:
    tuimail_("send", "bob@example.net")
    assert engine.letter.not_before is None
    assert engine.tried == [engine.letter.id]


@pytest.mark.parametrize(
    ("verdict", "code", "waited", "words"),
    [
        (Verdict(Action.OK, Stage.COMMITTING, "", Reply(250, "2.0.0", "Ok")), 0, 0, "sent to bob@example.net"),
        (Verdict(Action.RETRY, Stage.CONNECT, "The server is not reachable."), 0, 75,
         "queued as {}; the server is not reachable; next try"),
        (Verdict(Action.RETRY, Stage.RCPT, "It asks to try later.", Reply(421, "4.3.2", "later")), 0, 75,
         "queued as {}; it asks to try later; next try"),
        (Verdict(Action.MESSAGE, Stage.COMMITTING, "Refused.", Reply(554, "5.7.1", "spam")), 69, 69,
         "refused, kept as {}"),
        (Verdict(Action.ACCOUNT, Stage.AUTH, "Wrong password.", problem=AccountProblem.SIGN_IN), 77, 77,
         "Wrong password."),
        (Verdict(Action.ACCOUNT, Stage.AUTH, "Locked.", problem=AccountProblem.SECRET), 77, 77, "blocked, kept as {}"),
        (Verdict(Action.ACCOUNT, Stage.TLS, "Expired.", problem=AccountProblem.CERTIFICATE), 69, 69, "Expired."),
        (Verdict(Action.UNCERTAIN, Stage.COMMITTING, "It may have been delivered."), 0, 75, "uncertain, kept as {}"),
    ],
    ids=lambda value: f"{value.action}-{value.stage}" if isinstance(value, Verdict) else None,
)  # fmt: skip
@pytest.mark.parametrize("wait", [False, True])
def test_each_outcome_has_its_words_and_code(
    engine: ScriptedServer, tuimail_: Run, verdict: Verdict, code: int, waited: int, words: str, wait: bool
) -> None:
    engine.verdict = verdict
    ran = tuimail_("send", "bob@example.net", *(["--wait"] if wait else []))
    assert ran.code == (waited if wait else code)
    assert words.format(engine.letter.id) in ran.out
    assert ran.out.count("\n") == 1


def test_of_a_letter_without_words_the_reply_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    item = an_item(ItemState.DEFERRED, last_reply="421 4.3.2 later", next_attempt_at=2e9)
    send._tell(item, 1e9, watched=False)
    assert capsys.readouterr().out.startswith("queued as 3k9x7m2p4q; 421 4.3.2 later; next try")


NO_SUCH_USER = Verdict(Action.RECIPIENT, Stage.RCPT, "No such user.", Reply(550, "5.1.1", "no such user"))


def test_refused_recipients_are_named_with_the_servers_words(engine: ScriptedServer, tuimail_: Run) -> None:
    engine.verdict = NO_SUCH_USER
    assert "kim@grants.example: 550 5.1.1 no such user" in tuimail_("send", "kim@grants.example").err


@pytest.mark.parametrize(
    "health",
    [
        AccountHealth("work", AccountProblem.SERVER, "Not a mail server."),
        AccountHealth("work", words="It does not answer.", probe_at=600, tries=1),
    ],
    ids=["a problem", "no answer"],
)
def test_a_paused_account_does_not_keep_a_script_waiting(
    engine: ScriptedServer, tuimail_: Run, health: AccountHealth
) -> None:
    now = time.time()
    if health.probe_at is not None:
        health = replace(health, probe_at=now + health.probe_at, tried_at=now)
    engine.add(healths=[health])
    ran = tuimail_("send", "bob@example.net")
    assert (ran.code, ran.out) == (0, f"queued as {engine.letter.id} for bob@example.net\n")
    assert engine.tried == []
    assert f"paused: {health.words.rstrip('.')}" in ran.err
    assert ("next try" in ran.err) == (health.probe_at is not None)
    assert tuimail_("send", "bob@example.net", "--wait", "-s", "Another").code == 75


def iso(moment: float | None) -> str | None:
    """As the contract writes a time."""
    return None if moment is None else f"{datetime.fromtimestamp(int(moment), UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_json_is_the_document_of_the_contract(engine: ScriptedServer, tuimail_: Run) -> None:
    engine.verdict = NO_SUCH_USER
    ran = tuimail_("send", "kim@grants.example", "-s", "Minutes", "--json")
    document, item = json.loads(ran.out), engine.letter
    assert {key: document[key] for key in document if key not in ("filing", "words", "trouble", "expires_at")} == {
        "id": item.id,
        "state": "failed",
        "account": "work",
        "identity": "ada@example.org",
        "from": "Ada <ada@example.org>",
        "subject": "Minutes",
        "message_id": item.message_id,
        "size": item.size,
        "queued_at": iso(item.queued_at),
        "not_before": None,
        "attempts": 1,
        "last_attempt_at": iso(item.last_attempt_at),
        "next_attempt_at": None,
        "last_reply": "550 5.1.1 no such user",
        "needs_you": True,
        "account_notice": None,
        "on_late": None,
        "hold_until": None,
        "notify": ["failure", "delay"],
        "recipients": [
            {
                "address": "kim@grants.example",
                "field": "to",
                "state": "refused",
                "code": 550,
                "enhanced": "5.1.1",
                "text": "no such user",
                "words": "No such user.",
                "report": None,
            }
        ],
    }


def test_a_servers_words_cannot_act_on_the_terminal(engine: ScriptedServer, tuimail_: Run) -> None:
    engine.verdict = replace(engine.verdict, reply=Reply(250, "2.0.0", "\x1b]0;owned\x07 \u202e ok"))
    ran = tuimail_("send", "bob@example.net")
    assert not set(ran.out) & set("\x1b\x07\u202e")


def test_a_script_that_ran_twice_is_told_how_to_send_the_same_again(
    tuimail_: Run, write_config: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what it says every night in the same words arrives."""
    write_config()
    command = ("send", "ops@example.net", "-s", "Backup", "--queue")
    start = SystemClock().now()
    monkeypatch.setattr(SystemClock, "now", lambda self: start)
    assert tuimail_(*command, text="Backup done.\n").code == 0
    ran = tuimail_(*command, text="Backup done.\n")
    assert (ran.code, ran.out) == (65, "")
    assert "--again" in ran.err
    assert "Confirm" not in ran.err
    assert tuimail_(*command, "--again", text="Backup done.\n").code == 0
    monkeypatch.setattr(SystemClock, "now", lambda self: start + 86_400)
    assert tuimail_(*command, text="Backup done.\n").code == 65, "the first still waits"
    with closing(Store(Paths.from_environment().outbox, SystemClock())) as store:
        for _ in range(2):
            sent_through(store, "1:1:boot:x", Action.OK)
    assert tuimail_(*command, text="Backup done.\n").code == 0
