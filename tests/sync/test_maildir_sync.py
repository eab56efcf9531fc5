"""The cache follows a Maildir that other programs write to."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.cache.support import disagreements, written
from tuimail.cache.folders import all_mailboxes
from tuimail.cache.summaries import FlagChange, set_flags, vanish
from tuimail.config.model import SpecialUse
from tuimail.errors import StorageError
from tuimail.mail.flags import FLAGGED, OLD, SEEN
from tuimail.mailboxes.maildir_folder import MaildirScanner, change_flags
from tuimail.sync.mailbox_sync import FolderChange
from tuimail.sync.maildir_sync import BATCH, FIRST_BATCH, MaildirSync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuimail.cache.database import WritableCache
    from tuimail.mailboxes.maildir_folder import MaildirChange

LONG_AGO = 1_790_000_000


def make(root: Path, *folders: str) -> None:
    for folder in ("", *folders):
        for part in ("cur", "new", "tmp"):
            (root / folder / part).mkdir(parents=True, exist_ok=True)


def put(root: Path, path: str, subject: str = "Hello", *, refs: str = "") -> None:
    unique = path.rpartition("/")[2].partition(":")[0]
    lines = ["From: Ada <ada@example.org>", f"Subject: {subject}", f"Message-ID: <{unique}@example.org>"]
    lines += [f"References: {refs}"] if refs else []
    (root / path).write_text("\n".join([*lines, "", "Text", ""]))


def still(root: Path) -> None:
    """Nobody has changed the folders for a while."""
    for folder in [root, *(each for each in root.iterdir() if each.is_dir())]:
        for part in ("cur", "new"):
            if (folder / part).is_dir():
                os.utime(folder / part, (LONG_AGO, LONG_AGO))


@contextmanager
def sync_of(tmp_path: Path, **folders: str) -> Iterator[tuple[MaildirSync, WritableCache]]:
    with written(tmp_path) as cache:
        yield MaildirSync(cache, tmp_path / "Maildir", {SpecialUse(use): name for use, name in folders.items()}), cache


def rows(cache: WritableCache, folder: str = "INBOX") -> dict[str, int]:
    """Subject and flags of what a folder shows."""
    with cache.writing() as db:
        assert disagreements(db) == []
        found = db.execute(
            "SELECT subject, flags FROM message WHERE mailbox = (SELECT id FROM mailbox WHERE name = ?)", (folder,)
        )
        return dict(found)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "Maildir"
    make(root, ".Archive.2026", ".Sent")
    put(root, "new/1.a", "one")
    put(root, "cur/2.a:2,FS", "two")
    put(root, "cur/3.a:2,", "three")
    return root


def test_what_is_in_new_is_new_and_what_is_in_cur_is_old(tmp_path: Path, root: Path) -> None:
    with sync_of(tmp_path) as (sync, cache):
        assert sync.sync() == [FolderChange("INBOX", 3, 0, 0)]
        assert rows(cache) == {"one": 0, "two": SEEN | FLAGGED | OLD, "three": OLD}
        assert rows(cache, "Archive/2026") == {}
        assert (root / "new" / "1.a").exists(), "nothing is moved"


def test_a_second_look_finds_nothing(tmp_path: Path, root: Path) -> None:
    still(root)
    with sync_of(tmp_path) as (sync, _):
        sync.sync()
        assert sync.sync() == []


def test_another_program_changes_flags_delivers_and_deletes(tmp_path: Path, root: Path) -> None:
    with sync_of(tmp_path) as (sync, cache):
        sync.sync()
        change_flags(root, "1.a", add="S")
        put(root, "new/4.a", "four")
        (root / "cur" / "3.a:2,").unlink()
        still(root)
        assert sync.sync() == [FolderChange("INBOX", 1, 1, 1)]
        assert rows(cache) == {"one": SEEN | OLD, "two": SEEN | FLAGGED | OLD, "four": 0}


def test_a_cache_from_earlier_is_compared_and_not_made_anew(tmp_path: Path, root: Path) -> None:
    with sync_of(tmp_path) as (sync, _):
        sync.sync()
    (root / "cur" / "2.a:2,FS").rename(root / "cur" / "2.a:2,S")
    (root / "cur" / "3.a:2,").unlink()
    still(root)
    with sync_of(tmp_path) as (sync, cache):
        assert sync.sync() == [FolderChange("INBOX", 0, 1, 1)]
        assert rows(cache) == {"one": 0, "two": SEEN | OLD}


def test_a_message_missed_by_one_listing_is_not_gone(tmp_path: Path, root: Path) -> None:
    """The folder was changed just now: a listing may lack what is renamed meanwhile."""
    with sync_of(tmp_path) as (sync, cache):
        sync.sync()
        (root / "cur" / "3.a:2,").rename(tmp_path / "aside")
        assert sync.sync() == []
        assert "three" in rows(cache)


def test_more_than_a_batch(tmp_path: Path, root: Path) -> None:
    for number in range(BATCH + 10):
        put(root, f"cur/m{number}:2,S", f"letter {number}")
    told: list[tuple[str, int]] = []
    with sync_of(tmp_path) as (sync, cache):
        sync.sync(progress=lambda folder, done: told.append((folder, done)))
        assert len(rows(cache)) == BATCH + 13
    assert told == [("INBOX", FIRST_BATCH), ("INBOX", FIRST_BATCH + BATCH - 87)]


def test_the_newest_are_read_first_and_the_inbox_before_other_folders(tmp_path: Path, root: Path) -> None:
    for number in range(FIRST_BATCH + 10):
        put(root, f"cur/17{number:05}.a:2,S", f"letter {number}")
    told: list[str] = []
    seen: list[set[str]] = []
    with sync_of(tmp_path) as (sync, cache):

        def progress(folder: str, _done: int) -> None:
            told.append(folder)
            seen.append(set(rows(cache)))

        sync.sync(progress=progress)
    assert told[0] == "INBOX"
    assert f"letter {FIRST_BATCH + 9}" in seen[0]
    assert "letter 0" not in seen[0]


def test_a_folder_that_is_as_another_process_left_it_is_not_read_again(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    still(root)
    with sync_of(tmp_path) as (sync, _):
        sync.sync()
    scanned: list[Path] = []
    scan = MaildirScanner.scan

    def noted(self: MaildirScanner) -> MaildirChange:
        scanned.append(self.folder)
        return scan(self)

    monkeypatch.setattr(MaildirScanner, "scan", noted)
    with sync_of(tmp_path) as (sync, _):
        assert sync.sync() == []
        assert scanned == []
        put(root, "cur/99.a:2,S", "late")
        assert [each.new for each in sync.sync()] == [1]
        assert scanned


def test_folders_come_and_go(tmp_path: Path, root: Path) -> None:
    with sync_of(tmp_path) as (sync, cache):
        sync.sync()
        make(root, ".Lists")
        put(root, ".Lists/cur/9.a:2,", "nine")
        (root / ".Sent").rename(tmp_path / "Sent")
        assert sync.sync() == [FolderChange("Lists", 1, 0, 0)]
        with cache.writing() as db:
            assert [each.name for each in all_mailboxes(db)] == ["Archive/2026", "INBOX", "Lists"]


@pytest.mark.parametrize(
    ("folders", "special"), [({}, {"Sent": "sent"}), ({"sent": "Archive/2026"}, {"Archive/2026": "sent"})]
)
def test_special_folders_by_name_unless_the_user_says_which(
    tmp_path: Path, root: Path, folders: dict[str, str], special: dict[str, str]
) -> None:
    assert root.is_dir()
    with sync_of(tmp_path, **folders) as (sync, cache):
        sync.sync()
        with cache.writing() as db:
            assert {each.name: each.special for each in all_mailboxes(db) if each.special} == special


def test_threads_are_told_from_references_whatever_comes_first(tmp_path: Path, root: Path) -> None:
    put(root, "cur/5.a:2,S", "Re: one", refs="<1.a@example.org>")
    with sync_of(tmp_path) as (sync, cache):
        sync.sync()
        with cache.writing() as db:
            threads = dict(db.execute("SELECT subject, thread FROM message"))
    assert threads["one"] == threads["Re: one"] != threads["two"]


def test_what_cannot_be_read_costs_itself_alone(tmp_path: Path, root: Path) -> None:
    (root / "cur" / "bad:2,").mkdir()
    (root / "cur" / "gone:2,").symlink_to(tmp_path / "nothing")
    with sync_of(tmp_path) as (sync, cache):
        sync.sync()
        assert sorted(rows(cache)) == ["one", "three", "two"]


def test_a_maildir_that_is_not_there_is_said(tmp_path: Path) -> None:
    with sync_of(tmp_path) as (sync, _), pytest.raises(StorageError):
        sync.sync()


def test_flags_that_another_program_took_back_are_read_again(tmp_path: Path) -> None:
    """The cache was told of our change, and the file has the name of the last look again."""
    make(tmp_path / "Maildir")
    put(tmp_path / "Maildir", "cur/a:2,")
    with sync_of(tmp_path) as (sync, cache):
        sync.sync()
        with cache.writing() as db:
            set_flags(db, [FlagChange(1, FLAGGED | OLD, server_flags=FLAGGED | OLD)])
        still(tmp_path / "Maildir")
        sync.doubt("INBOX", ["a", "gone"])
        sync.sync()
        assert rows(cache) == {"Hello": OLD}


def test_what_was_taken_out_of_the_cache_and_is_there_is_listed_again(tmp_path: Path) -> None:
    make(tmp_path / "Maildir")
    put(tmp_path / "Maildir", "cur/a:2,")
    with sync_of(tmp_path) as (sync, cache):
        sync.sync()
        with cache.writing() as db:
            vanish(db, [1])
        sync.forget("INBOX", ["a", "gone"])
        still(tmp_path / "Maildir")
        sync.sync()
        assert rows(cache) == {"Hello": OLD}


def test_a_look_within_a_look_does_nothing(tmp_path: Path) -> None:
    """Else the older of both would be stored last."""
    root = tmp_path / "Maildir"
    make(root)
    put(root, "cur/a:2,")
    with sync_of(tmp_path) as (sync, cache):
        sync.sync()
        change_flags(root, "a", add="F")
        put(root, "new/b", "New")

        def taken_back(_folder: str, _read: int) -> None:
            change_flags(root, "a", remove="F")
            assert sync.sync(only={"INBOX"}) == []

        sync.sync(progress=taken_back)
        still(root)
        sync.sync()
        assert rows(cache) == {"Hello": OLD, "New": 0}


def test_what_could_not_be_stored_is_found_again(tmp_path: Path) -> None:
    root = tmp_path / "Maildir"
    make(root)
    with sync_of(tmp_path) as (sync, cache):
        sync.sync()
        for number in range(100):
            put(root, f"cur/{number}:2,", f"Subject {number} " + "x" * 500)
        pages = cache.db.execute("PRAGMA page_count").fetchone()[0]
        cache.db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageError, match="The disk is full"):
            sync.sync()
        cache.db.execute("PRAGMA max_page_count = 1000000")
        sync.sync()
        assert len(rows(cache)) == 100
