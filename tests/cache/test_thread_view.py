"""A mailbox by threads: the same rows as a plain list, open and collapsed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.cache.support import NOON, Letter, disagreements, written
from tuimail.cache import folders, summaries, thread_edits, thread_view, threads, views
from tuimail.cache.database import ReadableCache
from tuimail.cache.summaries import FlagChange, NewMessage
from tuimail.cache.thread_view import Arranged, ThreadRow, Threads
from tuimail.mail.thread_edit import ThreadEdit

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


def expected(reader: ReadableCache, mailbox: int, *sent: int) -> list[list[int]]:
    """The ids of each thread by date; threads by their newest message in the mailbox."""
    found: dict[int, list[tuple[int, int]]] = {}
    latest: dict[int, int] = {}
    with reader.reading() as db:
        query = "SELECT thread, date, id, mailbox FROM message WHERE leaving IS NULL"
        for thread, date, number, place in db.execute(query):
            if place in (mailbox, *sent):
                found.setdefault(thread, []).append((date, number))
            if place == mailbox:
                latest[thread] = max(date, latest.get(thread, date))
    order = sorted(latest, key=lambda thread: (latest[thread], thread))
    return [[number for _, number in sorted(found[thread])] for thread in order]


def in_sent(cache: WritableCache) -> list[int]:
    """Make the other mailbox a Sent folder; its id."""
    with cache.writing() as db:
        sent = folders.add_mailbox(db, "Sent", special="sent")
        assert disagreements(db) == []
    return [sent]


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


@pytest.mark.parametrize("count", [1, 30, 300])
@pytest.mark.parametrize("newest_first", [False, True])
def test_what_was_sent_stands_in_its_threads(
    cache: WritableCache, reader: ReadableCache, count: int, newest_first: bool
) -> None:
    mailbox, sent = fill(cache, count), in_sent(cache)
    parts = expected(reader, mailbox, *sent)
    ids = [number for thread in parts for number in thread]
    view = Threads(reader, "a", mailbox, sent=sent, newest_first=newest_first)
    check(view, ids[::-1] if newest_first else ids)
    with reader.reading() as db:
        mine = {number for (number,) in db.execute("SELECT id FROM message WHERE mailbox = ?", sent)}
    rows = view.window(0, view.count)
    assert {each.row.id for each in rows if each.elsewhere} == mine & set(ids)
    if count == 300:
        assert mine & set(ids)
        assert max(map(len, parts)) > thread_view.LARGEST_TREE
        alone = next(iter(mine - set(ids)))
        assert view.position(f"a:{alone}") is None, "a thread with nothing but sent messages is not shown"


def test_collapsed_threads_count_what_was_sent_and_show_what_was_received(
    cache: WritableCache, reader: ReadableCache
) -> None:
    mailbox, sent = fill(cache, 300), in_sent(cache)
    received = [part[-1] for part in expected(reader, mailbox)]
    parts = expected(reader, mailbox, *sent)
    view = Threads(reader, "a", mailbox, sent=sent, collapsed=True)
    check(view, received)
    assert [each.hidden for each in view.window(0, view.count)] == [len(part) - 1 for part in parts]
    for at, part in enumerate(parts):
        assert {view.position(f"a:{number}") for number in part} == {at}
    with reader.reading() as db:
        opened = [db.execute("SELECT thread FROM message WHERE id = ?", part[:1]).fetchone()[0] for part in parts[::3]]
    ids = []
    for at, (part, newest) in enumerate(zip(parts, received, strict=True)):
        ids += part if at % 3 == 0 else [newest]
    check(Threads(reader, "a", mailbox, sent=sent, collapsed=True, except_for=opened), ids)


@pytest.mark.parametrize("seed", range(6))
def test_the_counts_hold_whatever_happens_to_what_was_sent(
    cache: WritableCache, reader: ReadableCache, seed: int
) -> None:
    chance = random.Random(seed)
    with cache.writing() as db:
        mailbox = folders.add_mailbox(db, "INBOX")
        places = [mailbox, folders.add_mailbox(db, "Sent", special="sent"), folders.add_mailbox(db, "Old")]
        shown: list[int] = []
        hidden: list[int] = []
        for at in range(250):
            refs = " ".join(f"<{chance.randrange(60)}@x>" for _ in range(chance.randrange(3)))
            letter = Letter(f"<{at % 70}@x>", refs, date=NOON + chance.randrange(90))
            shown += summaries.insert(db, chance.choice(places), [NewMessage(letter)])
            chance.shuffle(shown)
            if at % 7 == 3:
                summaries.hide(db, [shown[0]], 1)
                hidden.append(shown.pop(0))
            elif at % 7 == 5 and hidden:
                summaries.show(db, [hidden[0]])
                shown.append(hidden.pop(0))
            elif at % 11 == 4:
                summaries.vanish(db, shown[:2])
                del shown[:2]
            elif at % 40 == 17:
                folders.add_mailbox(db, "Old", special=chance.choice(["sent", "", "archive"]))
            elif at % 50 == 21:
                thread_edits.store_edits(db, [ThreadEdit(f"<{chance.randrange(60)}@x>")])
            assert disagreements(db) == []
        folders.add_mailbox(db, "Old", special="sent")
    sent = places[1:]
    ids = [number for part in expected(reader, mailbox, *sent) for number in part]
    check(Threads(reader, "a", mailbox, sent=sent), ids)
    with cache.writing() as db:
        folders.remove_mailbox(db, places[1])
        assert disagreements(db) == []


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


@pytest.mark.parametrize("with_sent", [False, True])
def test_near_the_ends_only_what_is_in_sight_is_read(
    cache: WritableCache, reader: ReadableCache, with_sent: bool
) -> None:
    mailbox = fill(cache, 300)
    sent = in_sent(cache) if with_sent else []
    asked: list[str] = []
    reader.db.set_trace_callback(asked.append)
    view = Threads(reader, "a", mailbox, sent=sent)
    view.window(view.count - 7, view.count)
    view.window(0, 7)
    reader.db.set_trace_callback(None)
    heads = [each for each in asked if "FROM thread WHERE mailbox" in each]
    assert 2 <= len(heads) <= 4
    assert not any("LIMIT -1" in each for each in heads)
    for query in asked:
        if query.startswith("SELECT"):
            plan = str(reader.db.execute(f"EXPLAIN QUERY PLAN {query}").fetchall())
            assert "SCAN" not in plan, (query, plan)
            assert "FROM thread WHERE" not in query or "TEMP B-TREE" not in plan, (query, plan)


def test_the_arrangement_by_date(reader: ReadableCache) -> None:
    members = [threads.Member(2, 1, 5, "", ""), threads.Member(1, 1, 5, "", ""), threads.Member(3, 1, 4, "", "")]
    assert thread_view.by_date(members) == [(3, 0, ""), (1, 1, ""), (2, 1, "")]
