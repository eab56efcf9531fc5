"""Windows of a folder, of listed ids, of several folders: the same rows as a plain list."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.cache.support import NOON, Letter, written
from tuimail.cache import folders, summaries, views, windows
from tuimail.cache.database import ReadableCache
from tuimail.cache.summaries import FlagChange, NewMessage
from tuimail.cache.views import Folder, ListedIds, Merged
from tuimail.cache.windows import Column, IndexOrder, sorted_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tuimail.cache.database import WritableCache
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
def small_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few messages are enough to come to every branch."""
    monkeypatch.setattr(windows, "MARK", 10)
    monkeypatch.setattr(windows, "NEAR", 20)
    monkeypatch.setattr(views, "WINDOW", 7)
    monkeypatch.setattr(views, "KEPT", 4)
    monkeypatch.setattr(views, "NEARBY", 28)


def fill(cache: WritableCache, count: int, *, wire: str = "INBOX", seed: int = 1) -> int:
    """Messages of which several have the same date, some are read, some hidden, some deleted."""
    chance = random.Random(seed)
    with cache.writing() as db:
        mailbox = folders.add_mailbox(db, wire)
        some = [
            Letter(
                date=NOON - chance.randrange(1 + count // 2),
                arrived=NOON + chance.randrange(1 + count // 3),
                flags=chance.randrange(2),
                size=chance.randrange(9),
                base=chance.choice("aBcD"),
                subject=str(number),
            )
            for number in range(count)
        ]
        ids = summaries.insert(db, mailbox, [NewMessage(each) for each in some])
        summaries.hide(db, ids[3::11], 1)
        summaries.vanish(db, ids[5::13])
    return mailbox


def expected(reader: ReadableCache, mailbox: int, order: IndexOrder) -> list[int]:
    with reader.reading() as db:
        rows = db.execute("SELECT arrived, date, id FROM message WHERE mailbox = ? AND leaving IS NULL", (mailbox,))
        return [row[2] for row in sorted(rows, key=lambda row: (row[0 if order is IndexOrder.ARRIVAL else 1], row[2]))]


def check_windows(view: WindowSource[windows.IndexRow], ids: Sequence[int], *, account: str = "a") -> None:
    """``view`` is ``ids``, in whatever pieces and order it is read."""
    chance = random.Random(2)
    assert view.count == len(ids)
    for _ in range(60):
        first = chance.randrange(-2, len(ids) + 3)
        end = first + chance.randrange(0, 30)
        assert [row.id for row in view.window(first, end)] == list(ids[max(first, 0) : max(end, 0)])
    for at in chance.sample(range(len(ids)), min(len(ids), 20)):
        assert view.position(f"{account}:{ids[at]}") == at
    for missing in ("a:99999", "a:", "b:1", "x", "", "a:-1", f"a:{'9' * 30}", "a:\u0663"):
        assert view.position(missing) is None


@pytest.mark.parametrize("count", [0, 1, 7, 20, 21, 200])
@pytest.mark.parametrize("order", IndexOrder)
@pytest.mark.parametrize("newest_first", [False, True])
def test_a_folder(
    cache: WritableCache, reader: ReadableCache, count: int, order: IndexOrder, newest_first: bool
) -> None:
    fill(cache, 30, wire="Other")
    mailbox = fill(cache, count)
    ids = expected(reader, mailbox, order)
    view = Folder(reader, "a", mailbox, order, newest_first=newest_first)
    check_windows(view, ids[::-1] if newest_first else ids)


def test_rows_show_what_was_stored(cache: WritableCache, reader: ReadableCache) -> None:
    with cache.writing() as db:
        inbox = folders.add_mailbox(db, "INBOX")
        summaries.insert(db, inbox, [NewMessage(Letter("<1@x>", subject="Só", attached=True, flags=5), uid=9)])
    (row,) = Folder(reader, "a", inbox).window(0, 9)
    assert (row.account, row.uid, row.subject, row.from_name, row.attached, row.kept) == ("a", 9, "Só", "Ada", 1, 0)
    assert (row.row_id, row.key(IndexOrder.DATE)) == (f"a:{row.id}", (NOON, row.id))


def test_only_what_was_read_is_in_memory(cache: WritableCache, reader: ReadableCache) -> None:
    view = Folder(reader, "a", fill(cache, 100))
    assert view.loaded(0, 10) == [None] * 10
    view.window(0, 1)
    assert [row is not None for row in view.loaded(0, 10)] == [True] * 7 + [False] * 3
    for at in range(0, 80, 7):
        view.window(at, at + 1)
    assert view.loaded(0, 1) == [None]
    assert None not in view.loaded(70, 84)


@pytest.mark.parametrize("newest_first", [False, True])
def test_next_unread(cache: WritableCache, reader: ReadableCache, newest_first: bool) -> None:
    mailbox = fill(cache, 60)
    view = Folder(reader, "a", mailbox, newest_first=newest_first)
    rows = view.window(0, view.count)
    unread = [row.row_id for row in rows if not row.flags & 1]
    assert view.next_unread() == unread[0]
    assert view.next_unread(backwards=True) == unread[-1]
    for at, row in enumerate(rows):
        behind = [each.row_id for each in rows[at + 1 :] if not each.flags & 1]
        before = [each.row_id for each in rows[:at] if not each.flags & 1]
        assert view.next_unread(row.row_id) == (behind[0] if behind else None)
        assert view.next_unread(row.row_id, backwards=True) == (before[-1] if before else None)


def test_a_view_knows_that_it_is_stale(cache: WritableCache, reader: ReadableCache) -> None:
    mailbox = fill(cache, 30)
    first, same = Folder(reader, "a", mailbox), Folder(reader, "a", mailbox)
    listed, merged = ListedIds(reader, "a", [1]), Merged([first])
    assert first == same
    assert hash(first) == hash(same)
    assert first != Folder(reader, "a", mailbox, newest_first=True)
    assert listed == ListedIds(reader, "a", [1]) != ListedIds(reader, "a", [2])
    assert merged == Merged([same])
    assert not first.is_stale()
    with cache.writing() as db:
        summaries.set_flags(db, [FlagChange(1, 1)])
    assert first.is_stale()
    assert listed.is_stale()
    assert merged.is_stale()
    assert Folder(reader, "a", mailbox) != first
    assert Merged([Folder(reader, "a", mailbox)]) != merged


def test_listed_ids_and_gone_ones(cache: WritableCache, reader: ReadableCache) -> None:
    mailbox = fill(cache, 100)
    with reader.reading() as db:
        ids = sorted_ids(db, mailbox, Column.SIZE)
    check_windows(ListedIds(reader, "a", ids), ids)
    check_windows(ListedIds(reader, "a", ids, newest_first=True), ids[::-1])
    view = ListedIds(reader, "a", ids)
    with cache.writing() as db:
        summaries.vanish(db, ids[1:2])
    rows = view.window(0, 3)
    assert [row.id for row in rows] == ids[:3]
    assert [row.mailbox for row in rows] == [mailbox, 0, mailbox]


@pytest.mark.parametrize("column", Column)
def test_other_orders(cache: WritableCache, reader: ReadableCache, column: Column) -> None:
    mailbox = fill(cache, 50)
    with reader.reading() as db:
        ids = sorted_ids(db, mailbox, column)
        assert sorted_ids(db, mailbox, column, most=9) == ids[:9]
    assert sorted(ids) == sorted(expected(reader, mailbox, IndexOrder.DATE))
    if column is Column.SIZE:
        sizes = [row.size for row in ListedIds(reader, "a", ids).window(0, 50)]
        assert sizes == sorted(sizes)


@pytest.mark.parametrize("counts", [[], [0], [30], [3, 0, 50], [200, 150, 7]])
@pytest.mark.parametrize("newest_first", [False, True])
def test_several_folders(
    cache: WritableCache, reader: ReadableCache, counts: Sequence[int], newest_first: bool
) -> None:
    members = [fill(cache, count, wire=str(at), seed=at % 2) for at, count in enumerate(counts)]
    for order in IndexOrder:
        parts = [Folder(reader, "a", each, order) for each in members]
        rows = [(row.key(order)[0], at, row.id) for at, part in enumerate(parts) for row in part.window(0, part.count)]
        ids = [row[2] for row in sorted(rows)]
        for _ in range(3):
            merged = Merged([Folder(reader, "a", each, order) for each in members], newest_first=newest_first)
            check_windows(merged, ids[::-1] if newest_first else ids)
    with pytest.raises(ValueError, match="different orders"):
        Merged([Folder(reader, "a", 1, order) for order in IndexOrder])


def test_accounts_do_not_mix(cache: WritableCache, reader: ReadableCache) -> None:
    mailbox = fill(cache, 40)
    merged = Merged([Folder(reader, "a", mailbox), Folder(reader, "b", mailbox)])
    rows = merged.window(0, merged.count)
    assert [merged.position(row.row_id) for row in rows] == list(range(merged.count))
    assert {row.account for row in rows} == {"a", "b"}


def test_nothing_goes_through_the_whole_folder(cache: WritableCache, reader: ReadableCache) -> None:
    """Every query of a view is answered in the order of an index, without sorting or scanning the table."""
    mailbox = fill(cache, 120)
    asked: set[str] = set()
    reader.db.set_trace_callback(asked.add)
    for order in IndexOrder:
        view = Folder(reader, "a", mailbox, order)
        view.window(0, 3)
        view.window(60, 70)
        view.window(view.count - 3, view.count)
        middle = view.window(50, 51)[0].row_id
        view.position(middle)
        view.next_unread(middle)
        view.next_unread(middle, backwards=True)
        view.next_unread()
    reader.db.set_trace_callback(None)
    plans = {
        each: str(reader.db.execute(f"EXPLAIN QUERY PLAN {each}").fetchall()) for each in asked if "SELECT" in each
    }
    assert len(plans) > 15
    for query, plan in plans.items():
        assert "SCAN message" not in plan, (query, plan)
        assert "TEMP B-TREE" not in plan, (query, plan)
        if "flags & 1" in query:
            assert "USING INDEX unread_by" in plan or "USING COVERING INDEX unread_by" in plan, (query, plan)


def test_near_the_ends_no_marks_are_made(cache: WritableCache, reader: ReadableCache) -> None:
    mailbox = fill(cache, 100)
    view = Folder(reader, "a", mailbox)
    for at in (0, 15, view.count - 15, view.count - 1):
        (row,) = Folder(reader, "a", mailbox).window(at, at + 1)
        assert view.position(row.row_id) == at
    assert view.rows._marks is None
    assert view.position(view.window(view.count // 2, view.count // 2 + 1)[0].row_id) == view.count // 2
    assert view.rows._marks is not None


def test_a_stale_view_keeps_its_length(cache: WritableCache, reader: ReadableCache) -> None:
    mailbox = fill(cache, 100)
    view, other = Folder(reader, "a", mailbox), Folder(reader, "a", mailbox)
    before = [row.id for row in other.window(0, other.count)]
    with cache.writing() as db:
        summaries.vanish(db, before[:70])
    for stale in (view, Merged([other])):
        rows = stale.window(0, stale.count)
        assert len(rows) == stale.count == len(before)
        assert {row.id for row in rows if row.mailbox} <= set(before[70:])
        stale.window(40, 50)
