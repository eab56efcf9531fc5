"""Searches through several folders: what they list, what is told meanwhile, and how they are broken off."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import (
    Changes,
    entries,
    make_maildir,
    put_message,
    running_mail,
    subjects,
    with_maildir,
)
from tests.ui.scene import config
from tuimail.cache.labels import set_has_labels
from tuimail.cache.pattern_search import SearchStoppedError
from tuimail.config.saved_searches import SavedSearch
from tuimail.engine import Engine, index_search, wide_search
from tuimail.engine.index_request import IndexRequest, SortOrder, WideSearch
from tuimail.engine.mail_index import FolderCounts
from tuimail.engine.mail_search import SearchBrokenOffError
from tuimail.errors import UsageError
from tuimail.mail.pattern import parse

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tuimail.engine.mail_reader import MailReader, Place
    from tuimail.paths import Paths

NOON = 1_790_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = make_maildir(tmp_path / "Maildir", "Trash", "Junk", "Lists.Rust")
    for at, (folder, name, flags) in enumerate(
        [("", "a", "S"), (".Lists.Rust", "b", ""), (".Junk", "c", ""), ("", "d", ""), (".Trash", "e", "S")]
    ):
        put_message(made / folder, name, f"Minutes {name}", flags=flags, arrived=NOON + at)
    put_message(made, "other", "Lunch", arrived=NOON - 9)
    return made


def wide(words: str, *, accounts: tuple[str, ...] = (), folders: tuple[str, ...] = ()) -> IndexRequest:
    search = WideSearch(words, parse(words, NOON), accounts, folders)
    return IndexRequest(folder="", order=SortOrder.DATE, search=search)


async def test_every_folder_is_searched_but_junk_and_trash(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await mail.until(lambda it: it.count == 3, wide("minutes"))
        assert subjects(index) == ["Minutes a", "Minutes b", "Minutes d"]
        assert [each.ref.folder for each in entries(index)] == ["INBOX", "Lists/Rust", "INBOX"]
        assert index.counts == FolderCounts(3, 0)
        assert index.start == entries(index)[-1].row_id, "the newest, not the first unread one"


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ({"folders": ("Junk", "lists/rust")}, ["Minutes b", "Minutes c"]),
        ({"accounts": ("work",)}, ["Minutes a", "Minutes b", "Minutes d"]),
        ({"accounts": ("nobody",)}, []),
        ({"folders": ("No such folder",)}, []),
    ],
)
async def test_folders_and_accounts_that_are_named_are_all_that_is_searched(
    paths: Paths, root: Path, scope: dict[str, tuple[str, ...]], found: list[str]
) -> None:
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, wide("minutes"))
        assert subjects(await mail.index(wide("minutes", **scope))) == found


async def test_where_folders_are_labels_each_message_is_listed_once(paths: Paths, root: Path) -> None:
    def labelled(db: sqlite3.Connection) -> None:
        set_has_labels(db, True)
        db.execute("UPDATE message SET objectid = 'same' WHERE subject IN ('Minutes a', 'Minutes b')")

    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, wide("minutes"))
        await mail.engine.mail.write("work", labelled)
        for words in ("minutes", "~b text ~s minutes"):
            request = wide(words)
            found = await mail.engine.mail.search.find(request, lambda _places: None)
            assert found == await mail.engine.mail.search.chosen(request)
            assert subjects(await mail.index(request)) == ["Minutes b", "Minutes d"]
        assert (await mail.engine.mail.search.count(wide("minutes"))).total == 2
        assert (await mail.index(IndexRequest("work"))).count == 3, "a folder lists all that is in it"


async def test_what_is_found_is_the_same_whether_told_bit_by_bit_or_at_once(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, wide("minutes"))
        for order in (SortOrder.ARRIVAL, SortOrder.DATE):
            for words in ("minutes", "~b text", "!~s minutes", "~U"):
                request = replace(wide(words), order=order)
                found = await mail.engine.mail.search.find(request, lambda _places: None)
                assert found == await mail.engine.mail.search.chosen(request)


async def test_the_accounts_are_merged_by_date(paths: Paths, root: Path, tmp_path: Path) -> None:
    other = make_maildir(tmp_path / "Other", "Junk")
    for at in (0.5, 1, 9):
        put_message(other, f"h{at}", f"Minutes at {at}", arrived=NOON + int(at))
    put_message(other / ".Junk", "spam", "Minutes of spam", arrived=NOON)
    engine = Engine(with_maildir(with_maildir(config(), root), other, "home"), paths)
    mail = Changes(engine)
    await engine.start(run_outbox=False)
    try:
        index = await mail.until(lambda it: it.count == 6, wide("minutes"))
        assert [each.row.date for each in entries(index)] == [NOON, NOON, NOON + 1, NOON + 1, NOON + 3, NOON + 9]
        assert {each.ref.account for each in entries(index)} == {"work", "home"}
        for order in (SortOrder.ARRIVAL, SortOrder.DATE):
            request = replace(wide("minutes"), order=order)
            assert await engine.mail.search.find(request, lambda _places: None) == await engine.mail.search.chosen(
                request
            )
        assert subjects(await mail.index(wide("minutes", accounts=("home",), folders=("Junk",)))) == ["Minutes of spam"]
        assert await engine.mail.search.count(wide("minutes")) == FolderCounts(6, 5)
    finally:
        await engine.stop()


async def test_a_limit_leaves_some_of_what_was_found(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, wide("minutes"))
        request = replace(wide("minutes"), limit=parse("~U", NOON))
        assert subjects(await mail.index(request)) == ["Minutes b", "Minutes d"]
        rows = await mail.engine.mail.search.matching(wide("minutes"), parse("~s d", NOON))
        assert len(rows) == 1


async def test_only_marked_messages_that_were_found_are_carried_out(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, wide("minutes"))
        every = await mail.index(IndexRequest("work"))
        await mail.engine.mail.mark_deleted([each.ref for each in entries(every)])
        index = await mail.index(wide("minutes"))
        marked = await mail.engine.mail.query(lambda reader: index_search.marked(reader, index))
        assert [each.row.subject for each in marked] == ["Minutes a", "Minutes d"]


async def test_counts(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, wide("minutes"))
        assert await mail.engine.mail.search.count(wide("minutes")) == FolderCounts(3, 2)


async def test_the_newest_are_told_before_the_rest_is_found(
    paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wide_search, "FIRST", 2)
    told: list[Sequence[Place]] = []
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, wide("minutes"))
        found = await mail.engine.mail.search.find(wide("minutes"), told.append)
    assert told == [found[1:]]


async def test_what_was_found_is_told_in_time_even_if_nothing_more_is_found(
    paths: Paths, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wide_search, "SOON", 0.0)
    told: list[Sequence[Place]] = []
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, wide("minutes"))
        # The texts are not indexed for sure: then each is read, and asked about whether to stop.
        found = await mail.engine.mail.search.find(wide("~h ada"), told.append)
    assert len(found) == 4
    assert told
    assert all(each == found[-len(each) :] for each in told)


async def test_the_next_search_and_the_user_break_a_search_off(paths: Paths, root: Path) -> None:
    started, stopping = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def endless(_reader: MailReader, _request: IndexRequest, _report: object, stopped: Callable[[], bool]) -> None:
        loop.call_soon_threadsafe(started.set)
        while not stopped():
            pass
        loop.call_soon_threadsafe(stopping.set)
        raise SearchStoppedError

    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, wide("minutes"))
        search, real = mail.engine.mail.search, wide_search.find
        for break_off in (search.break_off, lambda: search.count(wide("lunch"))):
            wide_search.find = endless  # type: ignore[assignment]
            try:
                going = asyncio.create_task(search.find(wide("minutes"), lambda _places: None))
                await started.wait()
                if (other := break_off()) is not None:
                    assert await other == FolderCounts(1, 1)
                with pytest.raises(SearchBrokenOffError):
                    await going
            finally:
                wide_search.find = real
            started.clear()
        assert stopping.is_set()


async def test_a_search_that_nobody_waits_for_any_more_stops(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, wide("minutes"))
        going = asyncio.create_task(mail.engine.mail.search.find(wide("minutes"), lambda _places: None))
        await asyncio.sleep(0)
        going.cancel()
        with pytest.raises(asyncio.CancelledError):
            await going
        assert len(await mail.engine.mail.search.find(wide("minutes"), lambda _places: None)) == 3


async def test_a_message_that_is_sought_and_not_found_is_missed(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 3, wide("minutes"))
        lunch = entries(await mail.index(wide("lunch")))[0].ref
        there = await mail.engine.mail.index(wide("lunch"), seek=lunch)
        elsewhere = await mail.engine.mail.index(wide("minutes"), seek=lunch)
        assert there is not None
        assert elsewhere is not None
        assert (there.missed, elsewhere.missed) == (False, True)


async def test_searches_are_saved_renamed_and_forgotten(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        searches = mail.engine.searches
        await searches.add(SavedSearch("Board", "~s minutes", ("work",), ("INBOX",)))
        with pytest.raises(UsageError):
            await searches.add(SavedSearch("board", "~U"))
        await searches.rename("board", "Minutes")
        assert (await searches.all()).searches == (SavedSearch("Minutes", "~s minutes", ("work",), ("INBOX",)),)
        await searches.remove("Minutes")
        assert (await searches.all()).searches == ()
