"""The cache follows mbox files that other programs append to and rewrite; the files are never changed."""

from __future__ import annotations

import mailbox
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cache.support import disagreements, written
from tuimail.cache.database import ReadableCache
from tuimail.cache.folders import all_mailboxes
from tuimail.cache.lookup import find
from tuimail.config.model import SpecialUse
from tuimail.errors import StorageError
from tuimail.mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, OLD, SEEN
from tuimail.mailboxes import mbox, mbox_folder
from tuimail.mailboxes.maildir_folder import MessageGoneError
from tuimail.sync import mbox_file_sync
from tuimail.sync.mailbox_sync import FolderChange
from tuimail.sync.mbox_file_sync import BATCH, CHECKED_AFTER
from tuimail.sync.mbox_letters import MboxLetters
from tuimail.sync.mbox_sync import MboxSync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from tuimail.cache.database import WritableCache
    from tuimail.mailboxes.mbox import MboxMessage

FROM = "From ada@example.org Thu Oct  1 10:00:00 2026\n"
LATER = 1e9
"""Seconds in which every file has become still."""


def letter(name: str, *, status: str = "", text: str = "Text\n") -> str:
    return f"{FROM}From: Ada <ada@example.org>\nSubject: {name}\nMessage-ID: <{name}@x>\n{status}\n{text}\n"


class Box:
    """An mbox file, its synchronisation, and what its cache shows."""

    def __init__(self, sync: MboxSync, cache: WritableCache, path: Path) -> None:
        self.sync, self.cache, self.path = sync, cache, path
        self.age = LATER

    def look(self) -> list[FolderChange]:
        return self.sync.sync()

    def rows(self, folder: str = "INBOX") -> dict[str, tuple[str, int]]:
        """Names and flags by subject."""
        with self.cache.writing() as db:
            assert disagreements(db) == []
            found = db.execute(
                "SELECT subject, emailid, flags FROM message "
                "WHERE mailbox = (SELECT id FROM mailbox WHERE name = ?) ORDER BY modseq",
                (folder,),
            )
            return {subject: (name, flags) for subject, name, flags in found}

    def append(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)


@contextmanager
def box_of(tmp_path: Path, *letters: str, **folders: str) -> Iterator[Box]:
    path = tmp_path / "mbox"
    if letters:
        path.write_text("".join(letters))
    with written(tmp_path) as cache:
        own = {SpecialUse(use): name for use, name in folders.items()}
        made: list[Box] = []
        sync = MboxSync(cache, path, own, now=lambda: path.stat().st_ctime + made[0].age)
        made.append(Box(sync, cache, path))
        yield made[0]


def test_messages_with_the_flags_of_their_status(tmp_path: Path) -> None:
    states = {
        "new": "",
        "old": "Status: O\n",
        "read": "Status: RO\n",
        "all": "Status: RO\nX-Status: AF\n",
        "gone": "X-Status: DT\n",
    }
    with box_of(tmp_path, *(letter(name, status=status) for name, status in states.items())) as box:
        before = box.path.read_bytes(), box.path.stat()
        assert box.look() == [FolderChange("INBOX", 5)]
        assert {name: flags for name, (_, flags) in box.rows().items()} == {
            "new": 0,
            "old": OLD,
            "read": SEEN | OLD,
            "all": SEEN | ANSWERED | FLAGGED | OLD,
            "gone": DELETED | DRAFT,
        }
        assert (box.path.read_bytes(), box.path.stat().st_mtime_ns) == (before[0], before[1].st_mtime_ns)
        assert (box.look(), box.sync.again_in) == ([], None)


def test_when_a_message_arrived(tmp_path: Path) -> None:
    dated = letter("dated").replace("Message-ID", "Date: Fri, 02 Oct 2026 10:00:00 +0000\nMessage-ID")
    with box_of(tmp_path, letter("a"), dated.replace("Thu Oct  1 10:00:00 2026", "Thu Jan  1 00:00:00 1970")) as box:
        box.look()
        with box.cache.writing() as db:
            assert db.execute("SELECT arrived, size FROM message ORDER BY modseq").fetchall() == [
                (1_790_848_800, len(letter("a")) - len(FROM) - 1),
                (1_790_935_200, len(dated) - len(FROM) - 1),
            ]


def test_growth_is_read_from_the_last_known_message_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[int] = []

    def noted(file: BinaryIO, start: int) -> Iterator[MboxMessage]:
        starts.append(start)
        return mbox.messages(file, start)

    monkeypatch.setattr(mbox_file_sync, "messages", noted)
    with box_of(tmp_path, letter("a"), letter("b")) as box:
        box.look()
        names = box.rows()
        box.age = 5
        box.append(letter("c"))
        assert box.look() == [FolderChange("INBOX", 1)]
        assert starts == [0, len(letter("a"))]
        assert box.rows().items() >= names.items()
        assert box.sync.again_in == CHECKED_AFTER


def test_flags_changed_in_place_before_growth_are_found_when_the_file_is_left_alone(tmp_path: Path) -> None:
    with box_of(tmp_path, letter("a", status="Status:  O\n"), letter("b")) as box:
        box.look()
        box.age = 5
        box.path.write_text(box.path.read_text().replace("Status:  O", "Status: RO"))
        box.append(letter("c"))
        assert box.look() == [FolderChange("INBOX", 1)]
        box.age = CHECKED_AFTER + 1
        assert box.look() == [FolderChange("INBOX", 0, 1)]
        assert box.rows()["a"][1] == SEEN | OLD
        assert (box.look(), box.sync.again_in) == ([], None)


def test_growth_is_noticed_by_the_next_process(tmp_path: Path) -> None:
    with box_of(tmp_path, letter("a"), letter("b")) as box:
        box.look()
    with box_of(tmp_path) as box:
        assert box.look() == []
        box.append(letter("c"))
        assert box.look() == [FolderChange("INBOX", 1)]


@pytest.mark.parametrize("how", ["in place", "by another file", "with its old time"])
def test_a_rewritten_file_keeps_the_names_of_its_messages(tmp_path: Path, how: str) -> None:
    with box_of(tmp_path, letter("a"), letter("b"), letter("c"), letter("d")) as box:
        box.look()
        names, stat = box.rows(), box.path.stat()
        text = letter("d", status="Status: RO\nContent-Length: 5\n") + letter("a") + letter("e") + letter("c")
        if how == "by another file":
            (tmp_path / "other").write_text(text)
            (tmp_path / "other").rename(box.path)
        else:
            box.path.write_text(text)
        if how == "with its old time":
            os.utime(box.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert box.look() == [FolderChange("INBOX", 1, 1, 1)]
        now = box.rows()
        assert list(now) == ["d", "a", "e", "c"]
        assert all(now[each][0] == names[each][0] for each in "adc")
        assert now["d"][1] == SEEN | OLD


def test_flags_changed_in_place(tmp_path: Path) -> None:
    with box_of(tmp_path, letter("a", status="Status:  O\n"), letter("b")) as box:
        box.look()
        box.path.write_text(box.path.read_text().replace("Status:  O", "Status: RO"))
        assert box.look() == [FolderChange("INBOX", 0, 1)]


def test_messages_that_are_the_same_have_names_of_their_own(tmp_path: Path) -> None:
    with box_of(tmp_path, letter("a"), letter("b"), letter("a"), letter("a")) as box:
        box.look()
        box.append(letter("a"))
        assert box.look() == [FolderChange("INBOX", 1)]
        first = box.rows()["b"][0]
        with box.cache.writing() as db:
            names = [name for (name,) in db.execute("SELECT emailid FROM message ORDER BY modseq")]
        assert names == [names[0], first, f"{names[0]}.2", f"{names[0]}.3", f"{names[0]}.4"]
        box.path.write_text(letter("a") + letter("a"))
        assert box.look() == [FolderChange("INBOX", 0, 0, 3)]


def test_a_message_that_is_being_written_is_left_until_it_is_whole(tmp_path: Path) -> None:
    with box_of(tmp_path, letter("a")) as box:
        box.look()
        box.age = 0.5
        whole = letter("b", text="first\nsecond\n")
        box.append(whole[:-9])
        assert (box.look(), list(box.rows())) == ([], ["a"])
        assert box.sync.again_in is not None
        box.append(whole[-9:])
        assert box.look() == [FolderChange("INBOX", 1)]
        assert list(box.rows()) == ["a", "b"]


def test_a_message_that_was_only_half_there_is_replaced(tmp_path: Path) -> None:
    with box_of(tmp_path, letter("a") + letter("b")[:-1]) as box:
        box.look()
        half = box.rows()["b"][0]
        box.append("more\n\n")
        assert box.look() == [FolderChange("INBOX", 1, 0, 1)]
        assert box.rows()["b"][0] != half


def test_a_file_that_is_rewritten_while_it_is_read_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with box_of(tmp_path, *(letter(each) for each in "abcd")) as box:
        box.look()
        text = box.path.read_text()

        def rewritten(file: BinaryIO, message: MboxMessage) -> str:
            monkeypatch.setattr(mbox_file_sync, "digest_of", mbox_folder.digest_of)
            box.path.write_text(letter("x") + text)
            return mbox_folder.digest_of(file, message)

        box.path.write_text(letter("a"))
        monkeypatch.setattr(mbox_file_sync, "digest_of", rewritten)
        box.look()
        assert set(box.rows()) >= set("abcd")
        assert box.sync.again_in is not None
        box.look()
        box.look()
        assert list(box.rows()) == list("xabcd")


def test_a_folder_of_files(tmp_path: Path) -> None:
    root = tmp_path / "mbox"
    (root / "Lists.sbd").mkdir(parents=True)
    for name in ("Inbox", "sent-mail", "Lists.sbd/rust", "Kept"):
        (root / name).write_text(letter(name))
    for name in ("Inbox.msf", ".hidden", "Inbox.lock", "backup~"):
        (root / name).write_text(letter(name))
    (root / "notes.txt").write_text("Dear diary")
    (root / "empty").touch()
    with box_of(tmp_path, archive="Kept") as box:
        assert {each.folder for each in box.look()} == {"INBOX", "sent-mail", "Lists/rust", "Kept"}
        with box.cache.writing() as db:
            uses = {each.name: each.special for each in all_mailboxes(db)}
        assert uses == {"INBOX": "", "Kept": "archive", "Lists/rust": "", "empty": "", "sent-mail": "sent"}
        (root / "Lists.sbd" / "rust").unlink()
        (root / "new").write_text(letter("new"))
        assert [each.folder for each in box.look()] == ["new"]
        box.sync.sync_folders()
        with box.cache.writing() as db:
            assert "Lists/rust" not in {each.name for each in all_mailboxes(db)}


def test_a_file_that_is_not_there_is_no_empty_one(tmp_path: Path) -> None:
    with box_of(tmp_path, letter("a")) as box:
        box.look()
        box.path.rename(tmp_path / "aside")
        with pytest.raises(StorageError):
            box.look()
        assert list(box.rows()) == ["a"]
        (tmp_path / "aside").rename(box.path)
        box.look()
        assert list(box.rows()) == ["a"]


HOSTILE: dict[str, bytes] = {
    "no beginning": b"Dear\n\nthis is no mbox\n",
    "zeros": b"\0" * 300_000,
    "zeros in a message": FROM.encode() + b"Subject: \0a\0\n\n\0\0\n",
    "a huge line": FROM.encode() + b"Subject: " + b"a" * 3_000_000 + b"\n\nText\n",
    "a huge body line": FROM.encode() + b"Subject: x\n\n" + b"a" * 3_000_000,
    "nothing but beginnings": FROM.encode() * 2000,
    "a header without an end": FROM.encode() + b"A: b\n" * 100_000,
    "nothing but empty lines": FROM.encode() + b"\n" * 300_000,
    "a length that lies": FROM.encode() + b"Content-Length: 999999999999999\n\nText\n",
    "cut in the beginning": FROM.encode()[:20],
    "bytes": bytes(range(256)) * 100 + b"\n" + FROM.encode() + bytes(range(256)),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_read_and_followed_like_others(tmp_path: Path, content: bytes) -> None:
    with box_of(tmp_path, "") as box:
        box.path.write_bytes(content)
        box.look()
        box.path.write_bytes(content + b"\n\n" + letter("last").encode())
        box.look()
        assert "last" in box.rows() or content.startswith(b"Dear")
        assert (box.look(), box.sync.again_in) == ([], None)


def test_what_pine_keeps_in_the_first_message_is_no_letter(tmp_path: Path) -> None:
    internal = letter("DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA", status="X-IMAP: 1 2\nStatus: RO\n")
    with box_of(tmp_path, internal, letter("a")) as box:
        box.look()
        assert list(box.rows()) == ["a"]
        box.append(letter("b"))
        box.look()
        assert list(box.rows()) == ["a", "b"]


def test_a_long_first_sync_is_stored_and_told_in_pieces(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    with box_of(tmp_path, *(letter(str(number)) for number in range(BATCH + 1))) as box:
        box.sync.sync(progress=lambda *each: told.append(each))
        assert told == [("INBOX", BATCH), ("INBOX", BATCH + 1)]


def test_texts_are_read_where_the_cache_says_and_proved(tmp_path: Path) -> None:
    with box_of(tmp_path, letter("a"), letter("b", text="It is\n>From here on\n")) as box:
        box.look()
        name = box.rows()["b"][0]
        with box.cache.writing() as db:
            row = find(db, "work", "INBOX", name)
        assert row is not None
        cache = ReadableCache(tmp_path / "cache")
        letters = MboxLetters(cache, {"INBOX": box.path})
        assert letters.read(row.id, 1 << 20).endswith(b"\n\nIt is\nFrom here on\n")
        assert letters.read(row.id, 9) == b"From: Ada"
        box.path.write_text(letter("a") + letter("x"))
        with pytest.raises(MessageGoneError):
            letters.read(row.id, 9)
        cache.close()


_LETTERS = st.lists(st.sampled_from("abcde"), max_size=6)


@given(steps=st.lists(st.tuples(_LETTERS, st.sampled_from(["", "Status: RO\n"])), min_size=1, max_size=4))
def test_whatever_is_done_to_a_file_the_cache_is_as_if_it_was_read_anew(
    steps: list[tuple[list[str], str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Names are those of a cache that was never there before: ids outlive the cache."""
    folder = tmp_path_factory.mktemp("any")
    with box_of(folder, "") as box:
        for names, status in steps:
            box.path.write_text("".join(letter(name, status=status) for name in names))
            box.look()
            box.look()
        followed = everything(box)
    (folder / "again").mkdir()
    with box_of(folder / "again", box.path.read_text()) as fresh:
        fresh.look()
        assert everything(fresh) == followed


def everything(box: Box) -> list[tuple[object, ...]]:
    box.rows()
    with box.cache.writing() as db:
        return db.execute("SELECT modseq, emailid, flags, subject FROM message ORDER BY modseq").fetchall()


def test_the_standard_library_appends(tmp_path: Path) -> None:
    with box_of(tmp_path, letter("a")) as box:
        box.look()
        other = mailbox.mbox(box.path)
        other.add(b"Subject: b\n\nFrom here\n")
        other.close()
        assert box.look() == [FolderChange("INBOX", 1)]
