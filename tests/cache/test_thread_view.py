"""A mailbox by threads: the same rows as a plain list, open and collapsed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.cache.support import NOON, Letter, written
from tuimail.cache import folders, summaries, thread_view, threads, views
from tuimail.cache.database import ReadableCache
from tuimail.cache.summaries import FlagChange, NewMessage
from tuimail.cache.thread_view import Arranged, ThreadRow, Threads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tuimail.cache.database import WritableCache
    from tuimail.cache.threads import Member
    from tuimail.ui.widgets.window_source import WindowSource


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[WritableCache]:
    with written(tmp_path) as cache:
        yield cache


@pytest.fixture
def reader(cache: WritableCache) -> Iterator[ReadableCache]:
    reader = ReadableCache(cache.path.parent)
    yield reader
    reader.close()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "WINDOW", 7)
    monkeypatch.setattr(thread_view, "NEAR_END", 20)
    monkeypatch.setattr(thread_view, "LARGEST_TREE", 9)


def fill(cache: WritableCache, count: int) -> int:
    chance = random.Random(count)
    with cache.writing() as db:
        mailbox, other = folders.add_mailbox(db, "INBOX"), folders.add_mailbox(db, "Sent")
        for at in range(count):
            parent = chance.randrange(max(0, at - 40), at) if at and chance.random() < 0.75 else None
            refs = "" if parent is None else f"<{parent}@x>"
            letter = Letter(f"<{at}@x>", refs, date=NOON + chance.randrange(count // 2 + 1))
            (number,) = summaries.insert(db, other if at % 9 == 3 else mailbox, [NewMessage(letter)])
            if at % 13 == 5:
                summaries.hide(db, [number], 1)
    return mailbox


def expected(reader: ReadableCache, mailbox: int) -> list[list[int]]:
    """The ids of each thread by date; threads by their newest message."""
    found: dict[int, list[tuple[int, int]]] = {}
    with reader.reading() as db:
        query = "SELECT thread, date, id FROM message WHERE mailbox = ? AND leaving IS NULL"
        for thread, date, number in db.execute(query, (mailbox,)):
            found.setdefault(thread, []).append((date, number))
    order = sorted(found, key=lambda thread: (max(found[thread])[0], thread))
    return [[number for _, number in sorted(found[thread])] for thread in order]


def check(view: WindowSource[ThreadRow], ids: Sequence[int]) -> None:
    chance = random.Random(2)
    assert view.count == len(ids)
    for _ in range(60):
        first = chance.randrange(-2, len(ids) + 3)
        end = first + chance.randrange(0, 30)
        assert [each.row.id for each in view.window(first, end)] == list(ids[max(first, 0) : max(end, 0)])
    for at in chance.sample(range(len(ids)), min(len(ids), 30)):
        assert view.position(f"a:{ids[at]}") == at
    for missing in ("a:99999", "b:1", ""):
        assert view.position(missing) is None


@pytest.mark.parametrize("count", [0, 1, 30, 300])
@pytest.mark.parametrize("newest_first", [False, True])
def test_open_threads(cache: WritableCache, reader: ReadableCache, count: int, newest_first: bool) -> None:
    mailbox = fill(cache, count)
    ids = [number for thread in expected(reader, mailbox) for number in thread]
    view = Threads(reader, "a", mailbox, newest_first=newest_first)
    check(view, ids[::-1] if newest_first else ids)
    if count == 300:
        assert max(map(len, expected(reader, mailbox))) > thread_view.LARGEST_TREE


@pytest.mark.parametrize("count", [1, 30, 300])
def test_collapsed_threads(cache: WritableCache, reader: ReadableCache, count: int) -> None:
    mailbox = fill(cache, count)
    parts = expected(reader, mailbox)
    view = Threads(reader, "a", mailbox, collapsed=True)
    check(view, [part[-1] for part in parts])
    assert [each.hidden for each in view.window(0, view.count)] == [len(part) - 1 for part in parts]
    for at, part in enumerate(parts):
        assert {view.position(f"a:{number}") for number in part} == {at}


@pytest.mark.parametrize("collapsed", [False, True])
def test_some_threads_the_other_way(cache: WritableCache, reader: ReadableCache, collapsed: bool) -> None:
    mailbox = fill(cache, 300)
    parts = expected(reader, mailbox)
    chosen = parts[::3]
    with reader.reading() as db:
        marked = [db.execute("SELECT thread FROM message WHERE id = ?", part[:1]).fetchone()[0] for part in chosen]
    view = Threads(reader, "a", mailbox, collapsed=collapsed, except_for=[*marked, 99999])
    ids = []
    for at, part in enumerate(parts):
        ids += part[-1:] if collapsed is not (at % 3 == 0) else part
    check(view, ids)


def test_the_order_inside_a_thread_is_asked_for(cache: WritableCache, reader: ReadableCache) -> None:
    def backwards(members: Sequence[Member]) -> Sequence[Arranged]:
        return [Arranged(each.id, len(each.refs.split())) for each in sorted(members, reverse=True)]

    with cache.writing() as db:
        mailbox = folders.add_mailbox(db, "INBOX")
        some = [Letter("<a@x>"), Letter("<b@x>", "<a@x>"), Letter("<c@x>", "<a@x> <b@x>")]
        ids = summaries.insert(db, mailbox, [NewMessage(each) for each in some])
    view = Threads(reader, "a", mailbox, arrange=backwards)
    assert [(each.row.id, each.depth) for each in view.window(0, 9)] == [(ids[2], 2), (ids[1], 1), (ids[0], 0)]
    assert view.position(f"a:{ids[2]}") == 0


def test_equal_and_stale(cache: WritableCache, reader: ReadableCache) -> None:
    mailbox = fill(cache, 30)
    view = Threads(reader, "a", mailbox)
    assert view == Threads(reader, "a", mailbox) != Threads(reader, "a", mailbox, collapsed=True)
    assert not view.is_stale()
    with cache.writing() as db:
        summaries.set_flags(db, [FlagChange(1, 1)])
        summaries.vanish(db, range(5, 20))
    assert view.is_stale()
    assert len(view.window(0, view.count)) == view.count
    assert Threads(reader, "a", mailbox) != view


def test_near_the_ends_only_what_is_in_sight_is_read(cache: WritableCache, reader: ReadableCache) -> None:
    mailbox = fill(cache, 300)
    asked: list[str] = []
    reader.db.set_trace_callback(asked.append)
    view = Threads(reader, "a", mailbox)
    view.window(view.count - 7, view.count)
    view.window(0, 7)
    reader.db.set_trace_callback(None)
    heads = [each for each in asked if "FROM thread " in each]
    assert 2 <= len(heads) <= 4
    assert not any("LIMIT -1" in each for each in heads)
    for query in asked:
        if query.startswith("SELECT"):
            plan = str(reader.db.execute(f"EXPLAIN QUERY PLAN {query}").fetchall())
            assert "SCAN" not in plan, (query, plan)
            assert "FROM thread " not in query or "TEMP B-TREE" not in plan, (query, plan)


def test_the_arrangement_by_date(reader: ReadableCache) -> None:
    members = [threads.Member(2, 1, 5, "", ""), threads.Member(1, 1, 5, "", ""), threads.Member(3, 1, 4, "", "")]
    assert thread_view.by_date(members) == [(3, 0, ""), (1, 1, ""), (2, 1, "")]
