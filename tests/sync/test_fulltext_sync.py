"""The full-text index is filled from a Maildir in steps, and is made anew without a wrong answer in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cache.support import written
from tests.sync.test_maildir_sync import make, still
from tuimail.cache import fulltext
from tuimail.cache.database import ReadableCache
from tuimail.cache.pattern_search import matching_ids
from tuimail.cache.summaries import vanish
from tuimail.errors import StorageError
from tuimail.mail.indexed_text import indexed_text
from tuimail.mail.pattern_match import MatchContext
from tuimail.mail.pattern_tree import Term, TermKind
from tuimail.mailboxes.maildir_folder import change_flags, find_folders
from tuimail.sync import fulltext_renewal, fulltext_sync
from tuimail.sync.fulltext_sync import FulltextSync
from tuimail.sync.maildir_letters import MaildirLetters
from tuimail.sync.maildir_sync import MaildirSync

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from tuimail.cache.database import WritableCache

LONG_AGO = 1_790_000_000


def put(root: Path, number: int, text: str, *, folder: str = "", flags: str = ":2,") -> Path:
    part = "cur" if flags else "new"
    path = root / folder / part / f"{number:05}.a{flags}"
    path.write_text(f"From: Kim <kim@x.example>\nSubject: letter {number}\n\n{text}\n")
    os.utime(path, (LONG_AGO + number,) * 2)
    return path


class Mail:
    """A Maildir, its cache and the index, as the holder of the lock has them."""

    def __init__(self, root: Path, cache: WritableCache) -> None:
        self.root = root
        self.cache = cache
        self.reader = ReadableCache(cache.path.parent)
        self.read: list[int] = []
        self.letters = MaildirLetters(self.reader, {each.name: each.path for each in find_folders(root)})
        self.sync = MaildirSync(cache, root)
        self.texts = self.new_texts()

    def new_texts(self) -> FulltextSync:
        return FulltextSync(self.reader, self.write, self.read_letter)

    def write(self, work: Callable[[sqlite3.Connection], None]) -> None:
        with self.cache.writing() as db:
            work(db)

    def read_letter(self, number: int, limit: int) -> bytes:
        self.read.append(number)
        return self.letters.read(number, limit)

    def found(self, word: str) -> int:
        """How many messages have ``word``; only what is indexed is known."""
        return len(matching_ids(self.reader, None, Term(TermKind.BODY, word), MatchContext()))

    def files(self) -> list[str]:
        return [each.name for each in fulltext.files(self.cache.path.parent)]


@contextmanager
def opened(tmp_path: Path) -> Iterator[Mail]:
    with written(tmp_path) as cache:
        mail = Mail(tmp_path / "Maildir", cache)
        yield mail
        mail.texts.close()
        mail.reader.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "Maildir"
    make(root, ".Sent")
    for number in range(60):
        put(root, number, f"barrel number{number}", folder=".Sent" if number % 3 == 0 else "")
    still(root)
    return root


def test_all_letters_are_indexed_once(tmp_path: Path, root: Path) -> None:
    with opened(tmp_path) as mail:
        mail.sync.sync()
        assert mail.texts.missing() == 60
        assert mail.texts.fill() == 60
        assert mail.texts.missing() == 0
        assert mail.texts.fill() == 0
        assert len(mail.read) == 60
        assert mail.found("barrel") == 60
        assert mail.found("number42") == 1
        assert len(mail.files()) == 1
        put(root, 77, "a barrel more", flags="")
        mail.sync.sync()
        assert mail.texts.fill() == 1
        assert mail.found("barrel") == 61


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.sync.test_fulltext_sync import opened
from tuimail.cache.fulltext import WritableFulltext
where, left = sys.argv[2], 2
add = WritableFulltext.add
def kill(point):
    global left
    left -= point == where
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
def add_and_kill(index, texts):
    kill("before the texts")
    made = add(index, texts)
    kill("between texts and rows")
    return made
def write_and_kill(mail, write):
    def written(work):
        def worked(db):
            work(db)
            kill("before the rows are committed")
        write(worked)
        kill("after the rows")
    return written
WritableFulltext.add = add_and_kill
with opened(Path(sys.argv[1])) as mail:
    mail.write = write_and_kill(mail, mail.write)
    mail.sync.sync()
    mail.texts = mail.new_texts()
    mail.texts.fill()
"""


@pytest.mark.parametrize(
    "where", ["before the texts", "between texts and rows", "before the rows are committed", "after the rows"]
)
def test_killed_at_a_step_each_letter_is_indexed_once_and_none_is_left_out(
    tmp_path: Path, root: Path, where: str
) -> None:
    argv = [sys.executable, "-c", KILLED, str(tmp_path), where]
    ended = subprocess.run(argv, cwd=Path(__file__).parents[2], timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL
    with opened(tmp_path) as mail:
        assert 0 < mail.texts.missing() <= 60
        mail.texts.fill()
        assert mail.texts.missing() == 0
        assert mail.found("barrel") == 60
        index = mail.texts._index
        assert index is not None
        with mail.cache.writing() as db:
            assert db.execute("SELECT count(DISTINCT text) FROM message").fetchone() == (60,)
        (rows,) = index._db.execute("SELECT count(*) FROM entry").fetchone()
        assert rows == 60


def test_the_newest_come_first_and_the_rest_later(tmp_path: Path, root: Path) -> None:
    with opened(tmp_path) as mail:
        mail.sync.sync()
        first = mail.texts.fill(time.monotonic())
        assert 0 < first <= fulltext_renewal.BATCH
        with mail.reader.reading() as db:
            rows = db.execute("SELECT text IS NULL FROM message ORDER BY arrived DESC, id DESC").fetchall()
        assert [without for (without,) in rows] == [0] * first + [1] * (60 - first)
        assert mail.texts.fill(stopped=lambda: True) == 0
        assert mail.new_texts().fill() == 60 - first
        assert mail.found("barrel") == 60


def test_a_lost_cache_is_tied_to_the_texts_again(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as mail:
        mail.sync.sync()
        mail.texts.fill()
        before = mail.files()
    for path in (tmp_path / "cache").glob("index.db*"):
        path.unlink()

    def parsed(raw: bytes) -> object:
        raise AssertionError("it was indexed before")

    monkeypatch.setattr(fulltext_sync, "indexed_text", parsed)
    with opened(tmp_path) as mail:
        mail.sync.sync()
        assert mail.found("barrel") == 0
        assert mail.texts.fill() == 60
        assert mail.found("number7") == 1
        assert mail.files() == before


@pytest.mark.parametrize("harm", ["deleted", "damaged"])
def test_a_lost_index_is_filled_again(tmp_path: Path, root: Path, harm: str) -> None:
    with opened(tmp_path) as mail:
        mail.sync.sync()
        mail.texts.fill()
        (name,) = mail.files()
        mail.texts.close()
        path = tmp_path / "cache" / name
        if harm == "deleted":
            fulltext.remove(path)
        else:
            path.write_bytes(b"\xff" * path.stat().st_size)
        assert mail.found("barrel") == 0
        assert mail.texts.fill() == 60
        assert mail.found("barrel") == 60
        assert len(mail.files()) == 1
        assert mail.files() != [name]


def test_an_index_from_before_never_answers_for_a_newer_one(tmp_path: Path, root: Path) -> None:
    """One that was put back from a copy is not the one that the cache names, or has what it refers to."""
    with opened(tmp_path) as mail:
        mail.sync.sync()
        mail.texts.fill()
        (name,) = mail.files()
        kept = (tmp_path / "cache" / name).read_bytes()
        mail.texts.close()
        fulltext.remove(tmp_path / "cache" / name)
        mail.texts.fill()
        (tmp_path / "cache" / name).write_bytes(kept)
        put(root, 1, "changed meanwhile")
        assert mail.found("barrel") == 60


def test_what_cannot_be_read_is_passed_over_and_tried_another_time(tmp_path: Path, root: Path) -> None:
    with opened(tmp_path) as mail:
        mail.sync.sync()
        plain = mail.letters.read

        def failing(number: int, limit: int) -> bytes:
            mail.read.append(number)
            if number % 10 == 0:
                raise StorageError("permission denied")
            return plain(number, limit)

        texts = FulltextSync(mail.reader, mail.write, failing)
        assert texts.fill() == 54
        assert texts.fill() == 0
        assert len(mail.read) == 60
        texts.close()
        assert mail.texts.fill() == 6


def test_a_disk_that_is_gone_is_left_alone(tmp_path: Path, root: Path) -> None:
    with opened(tmp_path) as mail:
        mail.sync.sync()

        def failing(number: int, limit: int) -> bytes:
            mail.read.append(number)
            raise StorageError("input/output error")

        texts = FulltextSync(mail.reader, mail.write, failing)
        assert texts.fill() == 0
        assert len(mail.read) == fulltext_sync._FAILURES
        texts.close()
        assert mail.texts.missing() == 60


def test_a_letter_too_odd_to_be_parsed_is_not_tried_for_ever(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parsed(raw: bytes) -> object:
        if b"number7\n" in raw:
            raise RecursionError
        return indexed_text(raw)

    monkeypatch.setattr(fulltext_sync, "indexed_text", parsed)
    with opened(tmp_path) as mail:
        mail.sync.sync()
        assert mail.texts.fill() == 60
        assert mail.new_texts().fill() == 0
        assert mail.found("barrel") == 59


def test_dead_texts_are_never_found_and_go_when_they_are_many(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulltext_renewal, "_FEWEST", 10)
    with opened(tmp_path) as mail:
        mail.sync.sync()
        mail.texts.fill()
        (old,) = mail.files()
        with mail.cache.writing() as db:
            vanish(db, range(1, 11))
        assert mail.found("barrel") == 50
        mail.texts.fill()
        assert mail.files() == [old], "a sixth is dead"
        with mail.cache.writing() as db:
            vanish(db, range(11, 16))
        mail.read.clear()
        rounds = 0
        while (name := current(mail)) == old:
            mail.texts.fill(time.monotonic())
            assert mail.found("barrel") == 45
            rounds += 1
        assert rounds > 1, "in steps"
        assert len(mail.read) == 45
        assert mail.found("barrel") == 45
        texts = mail.new_texts()
        texts.fill()
        assert mail.files() == [name]
        put(root, 99, "barrel")
        mail.sync.sync()
        assert texts.fill() == 1
        assert mail.found("barrel") == 46
        texts.close()


def current(mail: Mail) -> str:
    with mail.reader.reading() as db:
        return fulltext.name_of(db)


def test_what_changed_on_the_disk_is_indexed_again_when_the_index_is_renewed(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulltext_renewal, "_FEWEST", 10)
    with opened(tmp_path) as mail:
        mail.sync.sync()
        mail.texts.fill()
        put(root, 59, "no cask any more")
        with mail.cache.writing() as db:
            vanish(db, [row[0] for row in db.execute("SELECT id FROM message WHERE subject < 'letter 4' LIMIT 20")])
        mail.texts.fill()
        assert mail.found("cask") == 1
        assert mail.found("number59") == 0


def test_files_are_found_whatever_their_names_are_by_now(tmp_path: Path, root: Path) -> None:
    put(root, 80, "odd name", flags=":2,Sab")
    put(root, 81, "new one", flags="")
    with opened(tmp_path) as mail:
        mail.sync.sync()
        change_flags(root, "00001.a", add="S")
        change_flags(root, "00081.a", add="F")
        assert mail.texts.fill() == 62
        assert [mail.found(word) for word in ("odd", "new", "number1")] == [1, 1, 11]
