"""Looks at IMAP mailboxes: what is asked for at each level, in which order, and what servers get wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sync.fake_imap import NOON, Box
from tests.sync.imap_support import Rig, rig
from tuimail.cache.summaries import FlagChange, set_flags
from tuimail.mail.flags import DELETED, FLAGGED, SEEN
from tuimail.mailboxes.folders import Mailbox
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.mailboxes.imap_values import FetchedHeader, FlagState
from tuimail.sync.imap_headers import MOST_LOSSES, MOST_TRIES
from tuimail.sync.imap_listing import FRESH
from tuimail.sync.imap_rows import NOT_DELIVERED
from tuimail.sync.imap_sync import NEWS_PAUSE
from tuimail.sync.mailbox_sync import FolderChange

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = pytest.mark.parametrize("level", ["Q", "C", "P"])


class StopError(Exception):
    """The account's thread is to end."""


def filled(here: Rig, count: int, wire: str = "INBOX") -> None:
    for number in range(count):
        here.server.boxes[wire].arrive(f"letter{number}", flags=SEEN)


def subjects(here: Rig) -> set[str]:
    return {each.subject for each in here.rows().values()}


def same(here: Rig) -> bool:
    return all(here.rows(wire) == here.expected(wire) for wire in here.server.boxes)


# -- what is asked for


@LEVELS
def test_a_look_without_changes_asks_for_no_message(tmp_path: Path, level: str) -> None:
    with rig(tmp_path, level) as here:
        filled(here, 30)
        here.server.create("Lists")
        assert here.sync.sync() == [FolderChange("INBOX", 30, 0, 0)]
        here.commands()
        assert here.sync.sync() == []
        flags = ["FETCH FLAGS"] if level == "P" else []
        assert here.commands() == ["LIST", "SELECT INBOX", *flags, "STATUS"]


@pytest.mark.parametrize(
    ("level", "asked"),
    [
        ("Q", ["SELECT INBOX", "SEARCH UID 31:*", "FETCH 1"]),
        ("C", ["SELECT INBOX", "FETCH FLAGS", "SEARCH UID 31:*", "SEARCH ALL", "FETCH 1"]),
        ("P", ["SELECT INBOX", "FETCH FLAGS", "SEARCH UID 31:*", "SEARCH ALL", "FETCH 1"]),
    ],
)
def test_new_changed_and_gone_messages(tmp_path: Path, level: str, asked: list[str]) -> None:
    with rig(tmp_path, level) as here:
        filled(here, 30)
        here.sync.sync()
        here.commands()
        here.inbox.arrive("new")
        here.inbox.set(3, FLAGGED, "work")
        here.inbox.expunge(7)
        assert here.sync.sync(only={"INBOX"}) == [FolderChange("INBOX", 1, 1, 1)]
        assert here.commands() == asked
        assert same(here)


@LEVELS
def test_another_process_goes_on_from_the_cache(tmp_path: Path, level: str) -> None:
    with rig(tmp_path, level) as here:
        filled(here, 300)
        here.sync.sync()
        here.inbox.expunge(7)
        here.restart()
        here.commands()
        assert here.sync.sync() == [FolderChange("INBOX", 0, 0, 1)]
        assert not any(each.startswith("FETCH ") and each != "FETCH FLAGS" for each in here.commands())


@LEVELS
def test_only_folders_whose_status_differs_are_selected(tmp_path: Path, level: str) -> None:
    with rig(tmp_path, level) as here:
        for wire in ("A", "B", "C"):
            here.server.create(wire)
            filled(here, 3, wire)
        here.sync.sync()
        here.commands()
        here.server.boxes["B"].arrive("new")
        here.server.boxes["C"].set(2, 0)
        here.sync.sync()
        selected = {each for each in here.commands() if each.startswith("SELECT")}
        assert selected == {"SELECT INBOX", "SELECT B", "SELECT C"}
        assert same(here)


def many_folders(here: Rig) -> None:
    here.server.capabilities.add("LIST-STATUS")
    for wire in ("A", "B", "C", "D"):
        here.server.create(wire)
        filled(here, 3, wire)
    here.sync.sync()
    here.commands()


@LEVELS
def test_a_server_that_can_tells_the_states_with_the_list(tmp_path: Path, level: str) -> None:
    with rig(tmp_path, level) as here:
        many_folders(here)
        assert here.sync.sync() == []
        assert [each for each in here.commands() if "SELECT" not in each and "FETCH" not in each] == ["LIST STATUS"]
        here.server.boxes["B"].arrive("new")
        here.server.boxes["C"].set(2, 0)
        here.server.boxes["INBOX"].arrive("new")
        del here.server.boxes["D"]
        here.sync.sync()
        asked = here.commands()
        assert (asked.count("LIST"), asked.count("STATUS"), asked.count("LIST STATUS")) == (0, 0, 1)
        assert {each for each in asked if each.startswith("SELECT")} == {"SELECT INBOX", "SELECT B", "SELECT C"}
        assert same(here)


def test_states_that_came_long_before_are_asked_for_again(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        many_folders(here)
        filled(here, 300)

        def arrive_in_another(_folder: str, _count: int) -> None:
            here.time += FRESH + 1
            here.server.boxes["B"].arrive(f"meanwhile{here.time}")

        here.sync.sync(progress=arrive_in_another)
        assert {"LIST STATUS", "STATUS", "SELECT B"} <= set(here.commands())


def test_flags_of_old_messages_are_searched_for_when_nothing_else_is_to_be_done(tmp_path: Path) -> None:
    with rig(tmp_path, "P") as here:
        for wire in ("Lists", "Work"):
            here.server.create(wire)
        for wire in here.server.boxes:
            filled(here, 600, wire)
        here.sync.sync()
        for box in here.server.boxes.values():
            box.set(5, FLAGGED)
        assert here.sync.sync() == []
        here.time += 1000
        for left in (1.0, 1.0, None):
            here.sync.sync()
            assert here.sync.again_in == left
        assert same(here)


def test_a_server_without_modseq_for_a_mailbox_is_read_as_a_plain_one(tmp_path: Path) -> None:
    with rig(tmp_path, "Q") as here:
        here.server.lies.modseq = 0
        filled(here, 30)
        here.sync.sync()
        here.inbox.set(3, FLAGGED)
        here.inbox.expunge(4)
        here.sync.sync()
        assert same(here)


def test_flags_in_doubt_are_read_again(tmp_path: Path) -> None:
    with rig(tmp_path, "P") as here:
        filled(here, 600)
        here.sync.sync()
        here.inbox.set(5, FLAGGED)
        here.sync.doubt("INBOX", ["1.5", "1.99999999999", "7.5", "x"])
        assert here.sync.sync() == [FolderChange("INBOX", 0, 1, 0)]
        assert same(here)


# -- what the user did and what is not carried out yet


def test_flags_that_the_user_wants_stay_while_the_server_changes_others(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        filled(here, 3)
        here.sync.sync()
        with here.cache.writing() as db:
            (number,) = db.execute("SELECT id FROM message WHERE uid = 2").fetchone()
            set_flags(db, [FlagChange(number, DELETED)])  # not read any more, and marked
        here.inbox.set(2, SEEN | FLAGGED)
        here.sync.sync()
        with here.cache.writing() as db:
            found = db.execute("SELECT flags, server_flags FROM message WHERE uid = 2").fetchone()
        assert found == (FLAGGED | DELETED, SEEN | FLAGGED)


# -- the first look


def test_the_newest_come_first_in_batches_that_grow(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        filled(here, 3000)
        told: list[int] = []
        here.sync.sync(progress=lambda _folder, count: told.append(count))
        assert told == [100, 350, 850, 1850, 2850, 3000]
        assert same(here)


def test_batches_that_take_long_are_halved(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        here.step = 2.0
        filled(here, 200)
        told: list[int] = []
        here.sync.sync(progress=lambda _folder, count: told.append(count))
        assert told[:4] == [100, 150, 175, 187]


@LEVELS
def test_a_first_look_that_was_stopped_goes_on_where_it_was(tmp_path: Path, level: str) -> None:
    with rig(tmp_path, level) as here:
        filled(here, 500)

        def stop(_folder: str, _count: int) -> None:
            raise StopError

        with pytest.raises(StopError):
            here.sync.sync(progress=stop)
        assert len(here.rows()) == 100
        here.inbox.set(450, FLAGGED)
        here.inbox.expunge(460)
        here.inbox.arrive("new")
        here.restart()
        here.commands()
        (change,) = here.sync.sync()
        assert (change.new, change.gone) == (401, 1)
        assert sum(int(each[6:]) for each in here.commands() if each[6:].isdigit()) == 401
        assert same(here)


@LEVELS
def test_what_is_known_of_a_mailbox_moves_with_the_last_rows_it_speaks_of(tmp_path: Path, level: str) -> None:
    with rig(tmp_path, level) as here:
        filled(here, 30)
        here.sync.sync()

        def known() -> tuple[object, ...]:
            with here.cache.writing() as db:
                found = db.execute("SELECT uidnext, modseq, low_uid FROM mailbox WHERE wire = 'INBOX'").fetchone()
            return tuple(found)

        before, during = known(), []
        filled(here, 500)
        here.sync.sync(progress=lambda _folder, _count: during.append(known()))
        assert during == [before, before, known()]
        assert known() == (531, 0 if level == "P" else here.inbox.modseq, 1)


def test_what_was_stored_before_a_look_failed_is_told_by_the_next_one(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        filled(here, 150)
        here.server.fail_at = 5
        with pytest.raises(ImapError):
            here.sync.sync()
        assert len(here.rows()) == 100
        assert here.sync.sync() == [FolderChange("INBOX", 100, 0, 0), FolderChange("INBOX", 50, 0, 0)]


def test_the_order_of_folders(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        for wire in ("Zoo", "Alpha", "Sent", "Screen"):
            here.server.create(wire)
            filled(here, 1, wire)
        filled(here, 1)
        here.sync.on_screen = "Screen"
        here.sync.sync()
        selected = [each for each in here.commands() if each.startswith("SELECT")]
        assert selected == [f"SELECT {each}" for each in ("INBOX", "Screen", "Sent", "Alpha", "Zoo")]


def test_a_folder_that_comes_on_the_screen_is_fetched_at_once(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        here.server.create("Lists")
        filled(here, 1000)
        filled(here, 5, "Lists")
        told: list[tuple[str, int]] = []

        def progress(folder: str, count: int) -> None:
            told.append((folder, count))
            here.sync.on_screen = "Lists"

        here.sync.sync(progress=progress)
        assert told[:3] == [("INBOX", 100), ("Lists", 5), ("INBOX", 100)]
        assert same(here)


def test_a_look_begun_during_a_look_does_nothing(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        filled(here, 5)
        inner: list[object] = []
        here.sync.sync(progress=lambda _folder, _count: inner.append(here.sync.sync()))
        assert inner == [[]]


def test_a_folder_that_is_removed_during_a_look_leaves_no_rows(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        here.server.create("Lists")
        filled(here, 500, "Lists")

        def progress(_folder: str, _count: int) -> None:
            here.server.boxes.pop("Lists", None)
            here.sync.sync_folders()

        here.sync.sync(progress=progress)
        with here.cache.writing() as db:
            assert db.execute("SELECT count(*) FROM message").fetchone() == (0,)


# -- UIDVALIDITY


@LEVELS
def test_messages_are_recognised_when_their_uids_are_others(tmp_path: Path, level: str) -> None:
    with rig(tmp_path, level) as here:
        filled(here, 40)
        here.inbox.arrive("with an id", emailid="E1")
        here.sync.sync()
        with here.cache.writing() as db:
            before = dict(db.execute("SELECT subject, id FROM message"))
        here.inbox.expunge(5)
        here.inbox.set(9, FLAGGED)
        here.inbox.new_validity(keep_order=False)
        here.inbox.arrive("new")
        (change,) = here.sync.sync()
        assert (change.new, change.gone) == (1, 1)
        assert same(here)
        with here.cache.writing() as db:
            after = dict(db.execute("SELECT subject, id FROM message"))
        assert {subject: after[subject] for subject in before if subject in after} == {
            subject: number for subject, number in before.items() if subject != "letter4"
        }
        assert here.renamed["1.1"] == "2.42"
        assert len(here.renamed) == 40


def test_two_messages_alike_are_not_taken_for_one_another(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        first = here.inbox.arrive("twice")
        second = here.inbox.arrive("twice")
        letters = here.inbox.letters
        letters[second] = letters[first].__class__(**{**vars(letters[first]), "uid": second})
        here.sync.sync()
        here.inbox.new_validity()
        here.sync.sync()
        assert here.renamed == {}
        assert same(here)


def test_the_user_sees_the_messages_until_they_are_recognised(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        filled(here, 300)
        here.sync.sync()
        here.inbox.new_validity()
        seen: list[int] = []

        def progress(_folder: str, _count: int) -> None:
            with here.cache.writing() as db:
                seen.append(db.execute("SELECT total FROM mailbox WHERE wire = 'INBOX'").fetchone()[0])

        here.sync.sync(progress=progress)
        assert seen == [300, 300]


# -- servers that are wrong


def test_all_is_said_to_have_vanished(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        filled(here, 200)
        here.sync.sync()
        here.server.lies.vanished = ((1, 4294967295),)
        here.commands()
        assert here.sync.sync() == []
        assert "demote C" in here.commands()
        assert same(here)


def test_a_few_are_said_to_have_vanished_that_have_not(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        filled(here, 200)
        here.sync.sync()
        here.server.lies.vanished = ((3, 5),)
        here.sync.sync()
        assert here.server.level == "C"
        assert same(here)


def test_nothing_is_said_to_have_vanished(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        filled(here, 20)
        here.sync.sync()
        here.inbox.expunge(4)
        here.server.lies.silent_expunge = True
        here.sync.sync()
        assert same(here)


@LEVELS
def test_all_have_really_vanished(tmp_path: Path, level: str) -> None:
    with rig(tmp_path, level) as here:
        filled(here, 200)
        here.sync.sync()
        for uid in list(here.inbox.letters):
            here.inbox.expunge(uid)
        assert here.sync.sync() == [FolderChange("INBOX", 0, 0, 200)]
        assert here.server.level == level


@LEVELS
def test_a_list_of_uids_that_is_cut_off_costs_no_message(tmp_path: Path, level: str) -> None:
    with rig(tmp_path, level) as here:
        filled(here, 200)
        here.sync.sync()
        here.inbox.expunge(3)
        here.server.lies.silent_expunge = True
        here.server.lies.listing = lambda uids: uids[-10:]
        here.sync.sync()
        assert same(here)


@pytest.mark.parametrize("uidnext", [0, 1, 5, 1 << 40, -1])
@LEVELS
def test_uidnext_is_wrong(tmp_path: Path, level: str, uidnext: int) -> None:
    with rig(tmp_path, level) as here:
        here.server.lies.uidnext = uidnext
        filled(here, 150)
        here.sync.sync()
        assert same(here)
        here.inbox.arrive("new")
        here.inbox.expunge(8)
        here.sync.sync()
        assert same(here)


@pytest.mark.parametrize("modseq", [1, 1 << 63, 1 << 80, -5])
def test_modseq_is_wrong(tmp_path: Path, modseq: int) -> None:
    with rig(tmp_path) as here:
        filled(here, 50)
        here.sync.sync()
        here.server.lies.modseq = modseq
        here.inbox.set(8, FLAGGED)
        here.sync.sync()
        assert same(here)


@LEVELS
@pytest.mark.parametrize("exists", [0, 7, 1 << 70])
def test_the_number_of_messages_is_wrong(tmp_path: Path, level: str, exists: int) -> None:
    with rig(tmp_path, level) as here:
        here.server.lies.exists = exists
        filled(here, 20)
        here.sync.sync()
        here.inbox.arrive("new")
        here.sync.sync()
        assert same(here)


def test_flags_and_headers_of_messages_that_nobody_asked_for(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        filled(here, 20)
        here.server.lies.extra = (FetchedHeader(5, 0, "", NOON, 1, b"Subject: other\r\n\r\n"),) * 3
        here.server.lies.changed = tuple(FlagState(uid, SEEN, "") for uid in (-3, 0, 4_000, 1 << 40, 1 << 80))
        here.sync.sync()
        here.inbox.arrive("new")
        here.sync.sync()
        assert same(here)


# -- messages that are not delivered


def test_one_message_is_refused_and_comes_a_day_later(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        filled(here, 300)
        here.server.lies.refused = {200}
        here.sync.sync()
        assert here.rows()[200].subject == NOT_DELIVERED
        assert here.rows()[200].flags == SEEN
        assert len(here.rows()) == 300
        here.commands()
        here.sync.sync()
        assert here.commands() == ["LIST", "SELECT INBOX"]
        here.time += 86_401
        here.sync.sync()
        assert here.commands() == ["LIST", "SELECT INBOX", "FETCH 1"]
        here.server.lies.refused = set()
        here.time += 86_401
        here.sync.sync()
        assert same(here)


def test_a_message_that_is_always_left_out_becomes_a_row(tmp_path: Path) -> None:
    with rig(tmp_path, "P") as here:
        filled(here, 30)
        here.server.lies.left_out = {11}
        here.sync.sync()
        assert here.rows()[11].subject == NOT_DELIVERED


def test_a_server_that_is_out_of_order_delivers_later(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        filled(here, 300)
        here.server.lies.all_refused = True
        here.sync.sync()
        assert here.rows() == {}
        assert len(here.commands()) < 40
        here.server.lies.all_refused = False
        here.sync.sync()
        assert same(here)


def test_the_only_new_message_is_refused_several_times(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        filled(here, 3)
        here.sync.sync()
        uid = here.inbox.arrive("bad")
        here.server.lies.refused = {uid}
        for number in range(MOST_TRIES):
            assert len(here.rows()) == 3, number
            here.sync.sync()
        assert here.rows()[uid].subject == NOT_DELIVERED


def test_the_message_at_which_the_connection_is_lost_is_found(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        filled(here, 300)
        here.server.lies.killing = {200}
        for tries in range(100):
            try:
                here.sync.sync()
                break
            except ImapError:
                assert tries < 8 + MOST_LOSSES
        assert here.rows()[200].subject == NOT_DELIVERED
        assert len(subjects(here)) == 300


# -- folders


def test_names_and_uses_of_folders(tmp_path: Path) -> None:
    marked = {"Gesendet": "\\sent", "[Gmail]/All Mail": "\\all", "[Gmail]/Starred": "\\flagged", "Top": "\\noselect"}
    with rig(tmp_path, trash="Müll") as here:
        for wire in ("Sent", "M&APw-ll", "Trash", "Drafts", "Old/Drafts", "[Gmail]/Spam", "x\udcff"):
            here.server.create(wire)
        for wire, attribute in marked.items():
            here.server.boxes[wire] = Box(attributes=frozenset({attribute}))
        here.sync.sync()
        assert here.folders() == {
            "INBOX": "",
            "Sent": "",
            "Gesendet": "sent",
            "Müll": "trash",
            "Trash": "",
            "Drafts": "drafts",
            "Old/Drafts": "",
            "[Gmail]/Spam": "junk",
            "[Gmail]/All Mail": "archive",
            "[Gmail]/Starred": "",
        }
        selected = [each for each in here.commands() if each.startswith("SELECT [Gmail]")]
        assert selected == [], "neither junk nor what shows messages of other folders is looked at unasked"
        here.sync.on_screen = "[Gmail]/All Mail"
        here.sync.sync()
        assert "SELECT [Gmail]/All Mail" in here.commands()


def test_folders_come_and_go(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        here.server.create("Lists")
        filled(here, 5, "Lists")
        here.sync.sync()
        here.server.rename("Lists", "Rust")
        here.sync.sync()
        assert set(here.folders()) == {"INBOX", "Rust"}
        assert same(here)


def test_an_empty_list_of_folders_costs_nothing(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        here.server.create("Lists")
        filled(here, 5, "Lists")
        here.sync.sync()
        here.server.listed = lambda _all: []
        here.sync.sync()
        assert same(here)


def test_inbox_has_one_name(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        here.server.listed = lambda _all: [Mailbox("Inbox", "/"), Mailbox("INBOX", "/")]
        here.sync.sync()
        assert here.folders() == {"INBOX": ""}


def test_a_folder_that_is_refused_does_not_hold_up_others(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        here.server.create("Lists")
        here.server.lies.no_statuses = True
        here.server.listed = lambda folders: [Mailbox("Forbidden", "/"), *folders]
        filled(here, 3, "Lists")
        here.sync.sync()
        assert same(here)


def test_news_during_a_look_ask_for_another_one(tmp_path: Path) -> None:
    with rig(tmp_path) as here:
        filled(here, 3)
        here.sync.sync(progress=lambda _folder, _count: here.inbox.expunge(2))
        pauses = [here.sync.again_in]
        here.sync.sync()
        pauses.append(here.sync.again_in)
        assert pauses == [NEWS_PAUSE, None]
        assert same(here)


@LEVELS
def test_whoever_waits_for_the_server_may_write_the_cache_meanwhile(
    tmp_path: Path, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the user does is shown while the account's thread waits: the sync has no transaction open then."""
    asked: list[str] = []

    def has(capability: str) -> bool:
        write()
        return capability in here.server.capabilities

    def write() -> None:
        with here.cache.writing():
            asked.append(level)

    with rig(tmp_path, level) as here:
        filled(here, 30)
        here.server.meanwhile = write
        monkeypatch.setattr(here.server, "has", has)
        here.sync.sync()
        assert asked
        assert same(here)
