"""The full-text index: what its words are, and that whatever happens to it costs no search a wrong answer."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cache.support import NOON, written
from tuimail.cache import fulltext
from tuimail.cache.database import ReadableCache
from tuimail.cache.fulltext import COUNTER_BITS, NewText, ReadableFulltext, TemporaryFulltext, WritableFulltext
from tuimail.cache.fulltext_tokens import match_query, stored_text
from tuimail.cache.pattern_search import matching_ids
from tuimail.coordination.sqlite import DamagedDatabaseError
from tuimail.errors import StorageError
from tuimail.mail.indexed_text import IndexedText
from tuimail.mail.pattern_match import MatchContext
from tuimail.mail.pattern_tree import Term, TermKind

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def held() -> Iterator[TemporaryFulltext]:
    made = TemporaryFulltext()
    yield made
    made.close()


def of(body: str) -> IndexedText:
    return IndexedText("", "", body, "")


@pytest.mark.parametrize(
    ("text", "asked", "found"),
    [
        ("The barrel", "barrel", True),
        ("The barrel", "BARREL", True),
        ("The barrel", "bar", True),
        ("The barrel", "ba", False),
        ("The barrel", "arrel", False),
        ("The barrel", "the barrel", True),
        ("The barrel", "barrel the", False),
        ("Müller", "muller", True),
        ("Mu\u0308ller", "müller", True),
        ("kim@x.example", "kim@x", True),
        ("kim@x.example.", "x.example.", True),
        ('said "no"', '"no"', True),
        ("会議室", "会議", True),
        ("会議室", "議室", True),
        ("会議室", "議", True),
        ("会議室", "室", True),
        ("会議室", "会議室", True),
        ("会議室", "会室", False),
        ("a会議b", "会議b", True),
        ("a会議b", "議b", True),
        ("a会議室b", "会議b", False),
        ("a会b", "a会b", True),
        ("ประชุมวันนี้", "วันนี้", True),
        ("안녕하세요", "녕하", True),
        ("कार्यक्रम", "कार्यक्रम", True),
        ("שָׁלוֹם", "שָׁלוֹם", True),
        ("a\0b \ud800 mill", "mill", True),
        ("x", "\ud800", False),
    ],
)
def test_words(held: TemporaryFulltext, text: str, asked: str, found: bool) -> None:
    held.hold(of(text))
    query = match_query(asked, "body", whole=False)
    assert (bool(query) and held.matches(query)) is found


def test_a_whole_word_is_no_beginning(held: TemporaryFulltext) -> None:
    held.hold(of("reporting"))
    assert held.matches(match_query("report", whole=False))
    assert not held.matches(match_query("report", whole=True))


def test_columns(held: TemporaryFulltext) -> None:
    held.hold(IndexedText("subject", "kim", "body", "mill.png"))
    assert held.matches(match_query("mill.png", whole=True))
    assert not held.matches(match_query("mill", "body subject", whole=True))
    assert match_query(" -> ", "body", whole=False) == ""


paired = st.text("会議室東京abé ,", max_size=12)


@given(paired, st.text("会議室東京", min_size=1, max_size=4))
def test_every_part_of_a_run_is_found_and_nothing_else(text: str, asked: str) -> None:
    held = TemporaryFulltext()
    held.hold(of(text))
    assert held.matches(match_query(asked, whole=False)) is (asked in text)
    held.close()


@given(st.text(), st.text(), st.booleans())
def test_any_text_can_be_stored_and_asked(text: str, asked: str, whole: bool) -> None:
    held = TemporaryFulltext()
    held.hold(of(text))
    query = match_query(asked, "body names", whole=whole)
    if query:
        held.matches(query)
    stored_text(text).encode()
    held.close()


def test_rows_descend_with_arrival_and_are_never_used_again(tmp_path: Path) -> None:
    index = WritableFulltext(tmp_path / fulltext.new_name())
    arrivals = (NOON, NOON, NOON + 1, -5, 1 << 60)
    made = index.add([NewText(b"%d" % n, arrived, of("mill")) for n, arrived in enumerate(arrivals)])
    assert index.known([b"0", b"9"]) == {b"0": made[b"0"]}
    first, second, third, early, late = (made[b"%d" % n] for n in range(5))
    assert 0 < early < first < second < third < late < 1 << 63
    assert first >> COUNTER_BITS == NOON
    index.close()
    following = WritableFulltext(tmp_path / fulltext.new_name())
    following.copy([(first, b"0", of("mill"))], 5)
    (fresh,) = following.add([NewText(b"x", NOON, of("mill"))]).values()
    assert fresh > second
    following.close()


def test_an_unusable_index_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / fulltext.new_name()
    with pytest.raises(StorageError):
        ReadableFulltext(path)
    path.write_bytes(b"no database " * 1000)
    path.chmod(0o600)
    for kind in (ReadableFulltext, WritableFulltext):
        with pytest.raises(DamagedDatabaseError, match="full-text index is damaged"):
            kind(path)
    fulltext.remove(path)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE other (x)")
    db.close()
    for kind in (ReadableFulltext, WritableFulltext):
        with pytest.raises(DamagedDatabaseError, match="another version"):
            kind(path)


WRITER = """
import sys
from pathlib import Path
from tests.cache.support import written
from tuimail.cache.database import ReadableCache
from tuimail.sync.fulltext_sync import FulltextSync
def read(message, limit):
    return b"Subject: x\\n\\neven\\n" if message % 2 == 0 else b"Subject: y\\n\\nodd %d\\n" % message
with written(Path(sys.argv[1])) as cache:
    def write(work):
        with cache.writing() as db:
            work(db)
    reader = ReadableCache(cache.path.parent)
    print("open", flush=True)
    FulltextSync(reader, write, read).fill()
"""


@pytest.mark.on_disk
def test_writers_killed_with_readers_beside(tmp_path: Path) -> None:
    """At any moment a reader finds the letters that are indexed, no other ones, and each writer goes on."""
    from tests.cache.test_pattern_search import a_letter
    from tuimail.cache.folders import add_mailbox
    from tuimail.cache.summaries import NewMessage, insert

    with written(tmp_path) as cache, cache.writing() as db:
        inbox = add_mailbox(db, "INBOX")
        insert(db, inbox, [NewMessage(a_letter(arrived=NOON + n).summary) for n in range(4000)])
    stop = threading.Event()
    failures: list[object] = []
    reads = 0
    even = Term(TermKind.BODY, "even")

    def read() -> None:
        nonlocal reads
        reader = ReadableCache(tmp_path / "cache")
        before: set[int] = set()
        while not stop.is_set():
            try:
                found = set(matching_ids(reader, None, even, MatchContext()))
                if any(each % 2 for each in found) or not before <= found:
                    failures.append((len(before), len(found)))
                before = found
                reads += 1
            except (StorageError, sqlite3.Error) as error:
                failures.append(error)
        reader.close()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for each in readers:
        each.start()
    chance = random.Random(5)
    counts = []
    try:
        for _ in range(8):
            command = [sys.executable, "-c", WRITER, str(tmp_path)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path.cwd()) as writer:
                assert writer.stdout is not None
                assert writer.stdout.readline() == b"open\n"
                time.sleep(chance.uniform(0.05, 0.3))
                writer.send_signal(signal.SIGKILL)
            reader = ReadableCache(tmp_path / "cache")
            with reader.snapshot() as db:
                counts.append(db.execute("SELECT count(text) FROM message").fetchone()[0])
            reader.close()
    finally:
        stop.set()
        for each in readers:
            each.join()
    assert failures == []
    assert reads > 10
    assert counts == sorted(counts)
    assert counts[-1] > 0
    subprocess.run([sys.executable, "-c", WRITER, str(tmp_path)], check=True, cwd=Path.cwd(), stdout=subprocess.DEVNULL)
    reader = ReadableCache(tmp_path / "cache")
    assert list(matching_ids(reader, None, even, MatchContext())) == list(range(2, 4001, 2))
    assert len(fulltext.files(tmp_path / "cache")) == 1
    reader.close()
