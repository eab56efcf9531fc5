"""``tuimail journal``: changes that are not done, listed, tried again and dropped."""

from __future__ import annotations

import json
import re
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tuimail.config.loader import load
from tuimail.engine.cache_place import action_lock
from tuimail.journal.action import UNDECIDED, ActionKind, ActionMessage, ActionState, MailAction
from tuimail.journal.store import ActionJournal
from tuimail.mail.flags import FLAGGED, SEEN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ran
    from tuimail.paths import Paths

    Run = Callable[..., Ran]


@pytest.fixture
def maildirs(tmp_path: Path, write_config: Callable[[str], None]) -> Path:
    """The accounts "work" and "home", each with three letters in INBOX."""
    config = ""
    for account in ("work", "home"):
        root = tmp_path / account
        make_folder(root)
        config += f'[accounts.{account}]\naddress = "{account}@example.org"\n[accounts.{account}.submission]\n'
        config += f'command = ["/bin/true"]\n[accounts.{account}.maildir]\npath = "{root}"\n'
        for number in range(3):
            (root / "cur" / f"{number}.a:2,").write_text(f"Subject: {number}\nMessage-ID: <{number}@{account}>\n\nx")
    write_config(config)
    return tmp_path


def make_folder(path: Path) -> None:
    for part in ("cur", "new", "tmp"):
        (path / part).mkdir(parents=True)


def names(root: Path) -> list[str]:
    return sorted(path.name for path in root.glob("[cn]*/*"))


def move(*numbers: int, account: str = "work", target: str = "Archive") -> MailAction:
    messages = tuple(ActionMessage(f"{each}.a", message_id=f"{each}@{account}") for each in numbers)
    return MailAction(account, ActionKind.MOVE, "INBOX", messages, target=target)


def flag(number: int) -> MailAction:
    return MailAction("work", ActionKind.FLAG, "INBOX", (ActionMessage(f"{number}.a"),), add=FLAGGED, remove=SEEN)


def given(home: Paths, *actions: MailAction) -> list[int]:
    """Actions in the journal that nobody has tried; their ids."""
    with closing(ActionJournal(home.journal)) as journal:
        stored: list[MailAction] = []
        for each in actions:
            stored += journal.add([each])
        return [each.id for each in stored]


def state(home: Paths, number: int) -> ActionState:
    with closing(ActionJournal(home.journal)) as journal:
        return journal.get(number).state


def changed(home: Paths, number: int, **fields: Any) -> None:
    with closing(ActionJournal(home.journal)) as journal, journal.writing():
        journal.put(replace(journal.get(number), **fields))


def documents(ran: Ran) -> list[dict[str, Any]]:
    found = json.loads(ran.out)
    assert isinstance(found, list)
    return found


def test_without_a_journal_there_is_nothing(tuimail_: Run, maildirs: Path, home: Paths) -> None:
    assert tuimail_("journal") == tuimail_("journal", "list") == tuimail_("journal", "retry")
    ran = tuimail_("journal", "list", "--json")
    assert (ran.code, json.loads(ran.out)) == (0, [])
    assert tuimail_("journal", "drop", "1").code == 66
    assert not home.journal.exists()


def test_what_was_refused_is_listed_tried_again_and_done(tuimail_: Run, maildirs: Path, home: Paths) -> None:
    moved, flagged = given(home, move(0, 1), flag(2))
    ran = tuimail_("journal", "retry")
    assert ran.code == 73
    assert f"{moved} move 2 letters to Archive: refused. There is no folder Archive." in ran.err
    assert ran.out == f"Done: {flagged} mark 1 letter unread and important\n"
    assert names(maildirs / "work") == ["0.a:2,", "1.a:2,", "2.a:2,F"]
    (line,) = tuimail_("journal").out.splitlines()
    words = [str(moved), "refused", "work", "move 2 letters to Archive", "There is no folder Archive."]
    assert re.split(r"\s{2,}", line) == words
    make_folder(maildirs / "work" / ".Archive")
    ran = tuimail_("journal", "retry", str(moved))
    assert (ran.code, ran.out, ran.err) == (0, f"Done: {moved} move 2 letters to Archive\n", "")
    assert len(names(maildirs / "work" / ".Archive")) == 2
    assert tuimail_("journal").out == ""
    assert "done" in tuimail_("journal", "list", str(moved)).out, "one that is named is shown in any state"


def test_as_json(tuimail_: Run, maildirs: Path, home: Paths) -> None:
    (moved,) = given(home, move(0, 1))
    (document,) = documents(tuimail_("journal", "list", "--json"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document.pop("created"))
    assert document == {
        "id": moved,
        "account": "work",
        "kind": "move",
        "folder": "INBOX",
        "target": "Archive",
        "add": [],
        "remove": [],
        "messages": [
            {"key": "0.a", "message_id": "0@work", "outcome": None},
            {"key": "1.a", "message_id": "1@work", "outcome": None},
        ],
        "state": "waiting",
        "words": None,
        "tries": 0,
        "next_at": None,
    }
    changed(home, moved, next_at=1_800_000_000.5, tries=2, words="The disk is full.")
    (document,) = documents(tuimail_("journal", "--json"))
    assert (document["tries"], document["words"]) == (2, "The disk is full.")
    assert document["next_at"].startswith("2027-01-15T08:00:00")
    assert document["next_at"].endswith("Z")
    ran = tuimail_("journal", "retry", str(moved), "--json")
    assert ran.code == 73
    assert [each["state"] for each in documents(ran)] == ["refused"]
    make_folder(maildirs / "work" / ".Archive")
    (document,) = documents(tuimail_("journal", "retry", str(moved), "--json"))
    assert [each["outcome"] for each in document["messages"]] == ["done", "done"]
    assert document["target"] == "Archive"


def test_what_is_dropped_is_never_done(tuimail_: Run, maildirs: Path, home: Paths) -> None:
    make_folder(maildirs / "work" / ".Archive")
    first, second = given(home, move(0), move(1))
    ran = tuimail_("journal", "drop", str(first))
    assert (ran.code, ran.out, ran.err) == (0, f"Dropped: {first} move 1 letter to Archive\n", "")
    assert tuimail_("journal", "retry").code == 0
    assert names(maildirs / "work") == ["0.a:2,", "2.a:2,"]
    (line,) = tuimail_("journal").out.splitlines()
    assert line.split()[:2] == [str(first), "dropped"]
    assert line.endswith("You dropped it.")
    for verb in ("drop", "retry"):
        for number, words in ((first, "dropped"), (second, "done")):
            ran = tuimail_("journal", verb, str(number))
            assert (ran.code, ran.out) == (65, "")
            assert f"The change {number} is {words}: it cannot be" in ran.err


@pytest.mark.parametrize("verb", ["retry", "drop", "list"])
def test_an_unknown_id_changes_nothing(tuimail_: Run, maildirs: Path, home: Paths, verb: str) -> None:
    (number,) = given(home, move(0))
    ran = tuimail_("journal", verb, str(number), "99")
    assert (ran.code, ran.out) == (66, "")
    assert "There is no change 99 in the journal." in ran.err
    assert state(home, number) is ActionState.WAITING


@pytest.mark.parametrize("word", ["x", "-1", "1.5", "٣", "9" * 30, "work:INBOX:1", ""])
def test_what_is_no_id(tuimail_: Run, maildirs: Path, home: Paths, word: str) -> None:
    given(home, move(0))
    assert tuimail_("journal", "drop", word).code == 64
    assert tuimail_("journal", "drop", "--", word).code == 64


def test_a_drop_names_what_it_drops(tuimail_: Run, maildirs: Path, home: Paths) -> None:
    (number,) = given(home, move(0))
    ran = tuimail_("journal", "drop")
    assert (ran.code, state(home, number)) == (64, ActionState.WAITING)


def test_a_dry_run_changes_nothing(tuimail_: Run, maildirs: Path, home: Paths) -> None:
    first, second = given(home, move(0), flag(1))
    with closing(ActionJournal(home.journal)) as journal:
        before = journal.actions()
    assert tuimail_("journal", "retry", "--dry-run").out == (
        f"Would try again: {first} move 1 letter to Archive\n"
        f"Would try again: {second} mark 1 letter unread and important\n"
    )
    assert tuimail_("journal", "drop", str(second), "--dry-run").out.startswith(f"Would drop: {second} ")
    assert [each["id"] for each in documents(tuimail_("journal", "retry", "--dry-run", "--json"))] == [first, second]
    assert tuimail_("journal", "drop", "99", "--dry-run").code == 66
    with closing(ActionJournal(home.journal)) as journal:
        assert journal.actions() == before
    assert names(maildirs / "work") == ["0.a:2,", "1.a:2,", "2.a:2,"]


def test_one_account_is_not_held_up_by_another(tuimail_: Run, maildirs: Path, home: Paths) -> None:
    for name in ("work", "home"):
        make_folder(maildirs / name / ".Archive")
    gone, there, unknown = given(home, move(0), move(0, account="home"), move(0, account="left"))
    (maildirs / "work").rename(maildirs / "away")
    ran = tuimail_("journal", "retry")
    assert ran.code != 0
    assert ran.out == f"Done: {there} move 1 letter to Archive\n"
    assert "There is no account left." in ran.err
    assert (state(home, gone), state(home, unknown)) == (ActionState.WAITING, ActionState.WAITING)
    (maildirs / "away").rename(maildirs / "work")
    assert tuimail_("journal", "drop", str(unknown)).code == 0, "of an account that is no more"
    assert tuimail_("journal", "retry").code == 0
    assert state(home, gone) is ActionState.DONE


def test_what_was_begun_is_dropped_only_when_nobody_is_at_it(tuimail_: Run, maildirs: Path, home: Paths) -> None:
    first, second = given(home, move(0), move(1))
    changed(home, first, state=ActionState.SENT, owner="somebody")
    lock = action_lock(load(home).accounts["work"], home)
    assert lock.acquire()
    ran = tuimail_("journal", "drop", str(first), str(second))
    assert ran.code == 65
    assert f"{first}: This change is under way." in ran.err
    assert ran.out == f"Dropped: {second} move 1 letter to Archive\n"
    lock.release()
    assert "under way" in tuimail_("journal").out
    assert tuimail_("journal", "drop", str(first)).code == 0
    assert state(home, first) is ActionState.DROPPED


def test_hostile_words_are_shown_and_do_nothing(tuimail_: Run, maildirs: Path, home: Paths) -> None:
    (number,) = given(home, move(0, target="A\x1b[31m\u202eB\n"))
    changed(home, number, state=ActionState.REFUSED, words="no\x1b]52;c;aGk=\x07\r\nno")
    for words in ((), ("retry", "--dry-run"), ("drop", str(number))):
        ran = tuimail_("journal", *words)
        assert not {"\x1b", "\x07", "\u202e", "\r"} & set(ran.out + ran.err)
        assert len(ran.out.splitlines()) == 1


def test_five_thousand_changes(tuimail_: Run, maildirs: Path, home: Paths) -> None:
    with closing(ActionJournal(home.journal)) as journal:
        journal.add([flag(0)] * 5000)
    assert len(tuimail_("journal").out.splitlines()) == 5000
    with closing(ActionJournal(home.journal)) as journal:
        assert len(journal.actions(UNDECIDED)) == 5000


def test_another_folder_for_what_was_refused(tuimail_: Run, maildirs: Path, home: Paths) -> None:
    make_folder(maildirs / "work" / ".Other")
    first, second = given(home, move(0, target="Gone"), move(1, target="Gone"))
    assert tuimail_("journal", "retry", str(first), "--folder", "Other").code == 64, "it waits, and was not refused"
    assert tuimail_("journal", "retry").code == 73
    assert tuimail_("journal", "retry", str(first), "--folder", "Nowhere").code == 64
    assert state(home, first) is ActionState.REFUSED
    ran = tuimail_("journal", "retry", str(first), str(second), "--folder", "other")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"Done: {first} move 1 letter to Other\nDone: {second} move 1 letter to Other\n"
    assert len(names(maildirs / "work" / ".Other")) == 2


@pytest.mark.parametrize("words", [("retry",), ("list",), ("drop", "1")])
def test_a_folder_is_for_changes_that_are_named(
    tuimail_: Run, maildirs: Path, home: Paths, words: tuple[str, ...]
) -> None:
    given(home, move(0, target="Gone"))
    assert tuimail_("journal", *words, "--folder", "Other").code == 64
    assert names(maildirs / "work") == ["0.a:2,", "1.a:2,", "2.a:2,"]
