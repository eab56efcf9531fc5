"""Received mail is changed on the command line: flag, move, copy, delete."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tuimail.config.loader import load
from tuimail.engine import mail_actions
from tuimail.engine.configured_source import MailSources
from tuimail.journal.action import ActionKind, ActionState
from tuimail.journal.store import ActionJournal
from tuimail.mail.message_ref import parse_message_ref

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Ran
    from tuimail.paths import Paths

    Run = Callable[..., Ran]

ROOT = Path(__file__).parents[2]
A, B, C = "work:INBOX:1.a", "work:INBOX:2.a", "work:INBOX:3.a"


@pytest.fixture
def maildirs(tmp_path: Path, write_config: Callable[[str], None]) -> Path:
    """The account "work" with three letters in INBOX and one in Trash, and "home" with one letter and no Trash."""
    config = ""
    for account, folders in {"work": ("", ".Archive", ".Trash"), "home": ("", ".Archive")}.items():
        root = tmp_path / account
        for folder in folders:
            for part in ("cur", "new", "tmp"):
                (root / folder / part).mkdir(parents=True)
        config += f'[accounts.{account}]\naddress = "{account}@example.org"\n[accounts.{account}.submission]\n'
        config += f'command = ["/bin/true"]\n[accounts.{account}.maildir]\npath = "{root}"\n'
    names = ("work/cur/1.a:2,", "work/cur/2.a:2,RS", "work/new/3.a", "work/.Trash/cur/4.a:2,S", "home/cur/5.a:2,")
    for name in names:
        text = (
            f"From: kim@example.net\nSubject: {name}\nMessage-ID: <{name}>\nDate: Thu, 01 Oct 2026 10:00:00 +0000\n\nx"
        )
        (tmp_path / name).write_text(text)
    write_config(config)
    return tmp_path


def names(root: Path) -> list[str]:
    return sorted(f"{path.parent.name}/{path.name}" for path in root.glob("[cn]*/*"))


def found(tuimail_: Run, folder: str, account: str = "work") -> list[tuple[str, list[str]]]:
    """Id and flags of what a search finds."""
    ran = tuimail_("search", "--json", "~A", "--folder", folder, "--account", account)
    assert ran.code == 0, ran
    return sorted((each["id"], each["flags"]) for each in json.loads(ran.out))


def changed(ran: Ran, code: int = 0) -> list[dict[str, Any]]:
    assert ran.code == code, ran
    documents = json.loads(ran.out)
    assert isinstance(documents, list)
    return documents


def test_flags(tuimail_: Run, maildirs: Path) -> None:
    ran = tuimail_("flag", A, "+flagged", "-seen", B, "home:INBOX:5.a")
    assert (ran.code, ran.out, ran.err) == (0, "Done: mark +flagged -seen (3 letters).\n", "")
    assert names(maildirs / "work") == ["cur/1.a:2,F", "cur/2.a:2,FR", "new/3.a"]
    assert names(maildirs / "home") == ["cur/5.a:2,F"]
    assert found(tuimail_, "INBOX")[:2] == [(A, ["flagged"]), (B, ["answered", "flagged"])]


def test_flags_as_json(tuimail_: Run, maildirs: Path) -> None:
    (document,) = changed(tuimail_("flag", B, "+forwarded", "-answered", "--json"))
    assert names(maildirs / "work")[1] == "cur/2.a:2,PS"
    wanted = {"id": B, "flags": ["seen", "forwarded"], "state": "done", "reason": None, "new_id": B, "action": "flag"}
    assert {name: document[name] for name in wanted} == wanted
    assert document["subject"] == "work/cur/2.a:2,RS"


def test_move_is_seen_at_once_and_the_new_id_leads_to_it(tuimail_: Run, maildirs: Path) -> None:
    first, second = changed(tuimail_("move", A, C, "archive", "--json"))
    assert [each["target"] for each in (first, second)] == ["Archive"] * 2
    assert [each for each, _ in found(tuimail_, "INBOX")] == [B]
    assert [each for each, _ in found(tuimail_, "Archive")] == sorted((first["new_id"], second["new_id"]))
    assert "Subject: work/new/3.a" in tuimail_("show", second["new_id"]).out
    assert tuimail_("show", A).code == 66
    (unchanged,) = changed(tuimail_("move", B, "INBOX", "--json"))
    assert (unchanged["state"], unchanged["new_id"]) == ("done", B)


def test_copy(tuimail_: Run, maildirs: Path) -> None:
    ran = tuimail_("copy", A, B, "Archive")
    assert (ran.code, ran.out) == (0, "Done: copy to Archive (2 letters).\n")
    assert [each for each, _ in found(tuimail_, "INBOX")] == [A, B, C]
    assert [flags for _, flags in found(tuimail_, "Archive")] == [[], ["seen", "answered"]]
    (document,) = changed(tuimail_("copy", A, "INBOX", "--json"))
    assert len(found(tuimail_, "INBOX")) == 4
    assert document["new_id"] != A


def test_delete_moves_to_the_trash_and_from_there_for_good(tuimail_: Run, maildirs: Path) -> None:
    ran = tuimail_("delete", A, "work:Trash:4.a", "home:INBOX:5.a")
    assert (ran.code, ran.out) == (0, "Done: move to Trash (1 letter).\nDone: delete for good (2 letters).\n")
    assert names(maildirs / "work") == ["cur/2.a:2,RS", "new/3.a"]
    assert [each.read_text().split("\n")[1] for each in maildirs.glob("work/.Trash/cur/*")] == [
        "Subject: work/cur/1.a:2,"
    ]
    assert names(maildirs / "home") == []
    assert found(tuimail_, "INBOX", "home") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("flag", A, "+seen"), f"Would mark +seen: {A}  work/cur/1.a:2,\n"),
        (("move", A, "Archive"), f"Would move to Archive: {A}  work/cur/1.a:2,\n"),
        (("copy", A, "Archive"), f"Would copy to Archive: {A}  work/cur/1.a:2,\n"),
        (("delete", A, "home:INBOX:5.a"), f"Would move to Trash: {A}  work/cur/1.a:2,\nWould delete for good: home:"),
    ],
)
def test_dry_run_changes_nothing(tuimail_: Run, maildirs: Path, home: Paths, words: tuple[str, ...], said: str) -> None:
    before = sorted(maildirs.rglob("*/*/*"))
    ran = tuimail_(*words, "--dry-run")
    assert ran.code == 0
    assert ran.out.startswith(said)
    assert {each["state"] for each in changed(tuimail_(*words, "--dry-run", "--json"))} == {"planned"}
    assert sorted(maildirs.rglob("*/*/*")) == before
    assert not home.journal.exists()


@pytest.mark.parametrize("command", [("flag", "+seen"), ("move", "Archive"), ("copy", "Archive"), ("delete",)])
def test_all_ids_are_checked_before_the_first_is_changed(
    tuimail_: Run, maildirs: Path, home: Paths, command: tuple[str, ...]
) -> None:
    before = sorted(maildirs.rglob("*/*/*"))
    name, *rest = command
    for unknown, code in (("work:INBOX:9.a", 66), ("home:INBOX:1.a", 66), ("nowhere:INBOX:1.a", 64), ("x", 64)):
        ran = tuimail_(name, A, "home:INBOX:5.a", unknown, *rest)
        assert (ran.code, ran.out) == (code, ""), ran
    assert sorted(maildirs.rglob("*/*/*")) == before
    assert not home.journal.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("flag", A), "no flag to set"),
        (("flag", A, "+seen", "-seen"), "both set and taken away"),
        (("flag", A, "+sen"), "There is no flag"),
        (("flag", A, "+old"), "There is no flag"),
        (("flag", "+seen"), "ID"),
        (("move", A), "FOLDER"),
        (("move", A, "Nowhere"), "no folder 'Nowhere'"),
        (("move", A, "home:INBOX:5.a", "Trash"), "The account home has no folder 'Trash'"),
        (("delete",), "ID"),
    ],
)
def test_wrong_command_lines(tuimail_: Run, maildirs: Path, words: tuple[str, ...], said: str) -> None:
    ran = tuimail_(*words)
    assert ran.code == 64
    assert said in ran.err
    assert names(maildirs / "work") == ["cur/1.a:2,", "cur/2.a:2,RS", "new/3.a"]


def test_another_program_is_faster(tuimail_: Run, maildirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter that is deleted between the look at the ids and its change is told, the others are moved."""
    carry_out = mail_actions.carry_out

    def late(*words: Any, **rest: Any) -> Any:
        (maildirs / "work" / "cur" / "1.a:2,").unlink(missing_ok=True)
        return carry_out(*words, **rest)

    monkeypatch.setattr(mail_actions, "carry_out", late)
    ran = tuimail_("move", A, B, "Archive")
    assert (ran.code, ran.out) == (66, "Done: move to Archive (1 letter).\n")
    assert f"{A}: not done. Another program moved or deleted it." in ran.err


def test_what_the_disk_refuses_is_told(tuimail_: Run, maildirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", refuse)
        (document,) = changed(tuimail_("move", A, "Archive", "--json"), 73)
    assert (document["state"], document["new_id"]) == ("refused", None)
    assert document["reason"].startswith("Permission denied:")
    assert names(maildirs / "work")[0] == "cur/1.a:2,"
    # It was told; the journal does not hold up the next try.
    assert tuimail_("move", A, "Archive").code == 0


def test_a_full_disk_is_tried_again_later(tuimail_: Run, maildirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", refuse)
        ran = tuimail_("move", A, "Archive")
    assert (ran.code, ran.out) == (75, "")
    assert "it is tried again later. The disk is full" in ran.err
    assert tuimail_("flag", A, "+seen").code == 75
    assert tuimail_("flag", B, "+seen").code == 0


def test_while_another_tuimail_works_it_waits_and_is_done_with_the_next_command(
    tuimail_: Run, maildirs: Path, home: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_actions, "PATIENCE", 0.05)
    tuimail_("flag", B, "+seen")
    (lock,) = (home.data / "mail").glob("*.journal.lock")
    with lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ran = tuimail_("move", A, "Archive")
    assert ran.code == 75
    assert "not yet done; it is tried again later. Another tuimail, or an earlier change" in ran.err
    journal = ActionJournal(home.journal)
    assert [each.state for each in journal.actions()] == [ActionState.DONE, ActionState.WAITING]
    assert tuimail_("flag", B, "+flagged").code == 0
    assert {each.state for each in journal.actions()} == {ActionState.DONE}
    journal.close()
    assert len(found(tuimail_, "Archive")) == 1


def test_undo(tuimail_: Run, maildirs: Path, home: Paths) -> None:
    for words in (
        ("move", B, "home:INBOX:5.a", "Archive"),
        ("delete", C),
        ("copy", A, "Archive"),
        ("flag", A, "+seen"),
    ):
        assert tuimail_(*words).code == 0
    assert names(maildirs / "work") == ["cur/1.a:2,S"]
    journal = ActionJournal(home.journal)
    commands = {each.batch for each in journal.actions()}
    assert len(commands) == 4
    journal.close()
    config = load(home)
    for command in sorted(commands):
        ended = mail_actions.undo(config, home, MailSources(home), command)
        assert {each.state for each in ended} == {ActionState.DONE}
    # Sorted by flags: those that came back have names of the moment at which they did.
    assert sorted(name.partition(":2,")[2] for name in names(maildirs / "work")) == ["", "", "RS"]
    assert sorted(flags for _, flags in found(tuimail_, "INBOX")) == [[], [], ["seen", "answered"]]
    assert found(tuimail_, "Archive") == found(tuimail_, "Archive", "home") == []
    assert len(found(tuimail_, "INBOX", "home")) == 1


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_some_moment_nothing_is_lost_or_twice(tuimail_: Run, maildirs: Path, home: Paths, seed: int) -> None:
    """The program itself is killed; the next command finishes what it began, or it had not begun."""
    many = [f"{number}.m" for number in range(40)]
    for name in many:
        (maildirs / "work" / "cur" / f"{name}:2,").write_text(f"Subject: {name}\nMessage-ID: <{name}>\n\nx")
    ids = [f"work:INBOX:{name}" for name in many]
    with subprocess.Popen([sys.executable, "-m", "tuimail", "move", *ids, "Archive"], cwd=ROOT) as running:
        until = time.monotonic() + 30
        while not list((maildirs / "work").glob(".Archive/*/*")) and running.poll() is None and seed % 2:
            assert time.monotonic() < until
        while not (home.journal / "index.db").exists() and running.poll() is None and not seed % 2:
            assert time.monotonic() < until
        time.sleep(seed * 0.0006)
        running.kill()
    assert tuimail_("flag", A, "+flagged").code == 0
    here = {path.read_text() for path in (maildirs / "work").glob("cur/*.m:2,")}
    there = [path.read_text() for path in (maildirs / "work").glob(".Archive/cur/*")]
    assert len(here) + len(there) == len({*here, *there}) == 40
    assert len(there) in (0, 40)
    journal = ActionJournal(home.journal)
    moves = [each.state for each in journal.actions() if each.kind == "move"]
    assert moves == ([ActionState.DONE] if there else [])
    journal.close()


def test_two_commands_at_once_on_the_same_letters(tuimail_: Run, maildirs: Path) -> None:
    ids = []
    for number in range(30):
        (maildirs / "work" / "cur" / f"{number}.m:2,").write_text(f"Subject: {number}\n\nx")
        ids.append(f"work:INBOX:{number}.m")
    tuimail_("folders")
    both = [
        subprocess.Popen([sys.executable, "-m", "tuimail", "move", *ids, folder], cwd=ROOT, stderr=subprocess.DEVNULL)
        for folder in ("Archive", "Trash")
    ]
    assert {each.wait(60) for each in both} <= {0, 66}
    where = [len(list((maildirs / "work").glob(pattern))) for pattern in ("cur/*.m*", ".Archive/*/*", ".Trash/*/*")]
    assert where in ([0, 30, 1], [0, 0, 31])
    assert len({path.read_text() for path in (maildirs / "work").glob(".*/cur/*")}) == 31


def test_a_command_that_was_killed_is_finished_by_the_next(tuimail_: Run, maildirs: Path, home: Paths) -> None:
    journal = ActionJournal(home.journal)
    tuimail_("move", A, "Archive")
    (done,) = journal.actions()
    with journal.writing() as db:
        db.execute("UPDATE action SET state = 'sent', owner = 'dead', details = replace(details, 'done', '')")
    assert journal.get(done.id).messages[0].outcome == ""
    tuimail_("flag", B, "+flagged")
    assert journal.get(done.id).state is ActionState.DONE
    assert [each for each, _ in found(tuimail_, "Archive")] == [f"work:Archive:{done.messages[0].landed}"]
    journal.close()


def test_between_accounts(tuimail_: Run, maildirs: Path) -> None:
    """There and back: "home" has no trash, so what is moved from it is deleted there for good, and that is said."""
    (moved,) = changed(tuimail_("move", B, "home:archive", "--json"))
    assert (moved["state"], moved["target"], moved["target_account"]) == ("done", "Archive", "home")
    assert found(tuimail_, "Archive", "home") == [(moved["new_id"], ["seen", "answered"])]
    assert [each for each, _ in found(tuimail_, "INBOX")] == [A, C]
    assert len(found(tuimail_, "Trash")) == 2
    said = tuimail_("move", moved["new_id"], "work:INBOX", "--dry-run").out
    assert said.startswith("Would move to work:INBOX; home has no trash, so this cannot be undone: ")
    assert tuimail_("move", moved["new_id"], "work:INBOX").code == 0
    assert found(tuimail_, "Archive", "home") == []
    assert tuimail_("copy", A, "home:INBOX").out == "Done: copy to home:INBOX (1 letter).\n"
    assert len(found(tuimail_, "INBOX")) == 3
    assert len(found(tuimail_, "INBOX", "home")) == 2
    assert tuimail_("move", A, "home:Nowhere").code == 64


def test_what_was_killed_between_the_two_accounts_is_finished_by_the_next_command(
    tuimail_: Run, maildirs: Path, home: Paths
) -> None:
    config = load(home)
    with closing(MailSources(home)) as sources:
        refs = [parse_message_ref(A)]
        with mail_actions.chosen_messages(config, home, sources, refs) as chosen:
            place = ("home", "Archive")
            planned = mail_actions.plan_elsewhere(
                config, home, sources, chosen, kind=ActionKind.MOVE, place=place, keep=True
            )
        with closing(ActionJournal(home.journal)) as journal:
            journal.add(mail_actions.actions_of(planned))
            mail_actions.replay(config.accounts["home"], sources, home, journal)
            assert [each.state for each in journal.actions()] == [ActionState.DONE, ActionState.WAITING]
    assert "cur/1.a:2," in names(maildirs / "work")
    assert tuimail_("flag", B, "+flagged").code == 0
    assert "cur/1.a:2," not in names(maildirs / "work")
    assert len(found(tuimail_, "Archive", "home")) == 1
