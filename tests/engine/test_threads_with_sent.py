"""What was sent is shown in the threads of a folder, as what it is: a message of Sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import entries, make_maildir, put_message, running_mail, subjects
from tuimail.engine import index_search
from tuimail.engine.index_request import IndexRequest, SortOrder
from tuimail.mail.message_ref import MessageRef

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.engine.mail_index import MessageIndex
    from tuimail.paths import Paths

NOON = 1_790_000_000
INBOX = IndexRequest("work", order=SortOrder.THREAD)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = make_maildir(tmp_path / "Maildir", "Sent", "Trash", "Lists")
    put_message(made, "theirs", flags="S", arrived=NOON)
    put_message(made / ".Sent", "mine", refs="<theirs@example.org>", arrived=NOON + 1)
    put_message(made, "theirs2", refs="<theirs@example.org> <mine@example.org>", flags="S", arrived=NOON + 2)
    put_message(made, "other", flags="S", arrived=NOON + 3)
    put_message(made / ".Sent", "alone", flags="S", arrived=NOON + 4)
    return made


def all_there(index: MessageIndex) -> bool:
    return index.count == 4


async def test_an_answer_of_ours_stands_where_it_belongs(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await mail.until(all_there, INBOX)
        rows = {each.row.subject: each for each in entries(index)}
        assert subjects(index)[:3] == ["theirs", "mine", "theirs2"] or subjects(index)[1:] == [
            "theirs",
            "mine",
            "theirs2",
        ]
        assert [rows[name].depth for name in ("theirs", "mine", "theirs2")] == [0, 1, 2]
        assert {name for name, each in rows.items() if each.elsewhere} == {"mine"}
        assert rows["mine"].ref == MessageRef("work", "Sent", "mine")
        assert (index.counts.total, index.counts.unread) == (3, 0), "it is no message of the folder"
        assert "alone" not in rows
        first = await mail.engine.mail.query(lambda reader: reader.first_unread(index))
        assert first is None, "what was sent is not to be read"


async def test_only_in_the_order_of_threads_and_not_among_what_was_sent(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        await mail.until(all_there, INBOX)
        assert (await mail.index(IndexRequest("work"))).count == 3
        sent = await mail.index(replace(INBOX, folder="Sent"))
        assert sorted(subjects(sent)) == ["alone", "mine"]
        assert not any(each.elsewhere for each in entries(sent))


async def test_what_is_done_to_it_is_done_in_sent(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await mail.until(all_there, INBOX)
        mine = next(each for each in entries(index) if each.elsewhere)
        ask = mail.engine.mail.query
        thread = await ask(lambda reader: index_search.thread(reader, mine.ref, "INBOX"))
        assert [each.row.subject for each in thread] == ["theirs", "theirs2"]
        theirs2 = next(each for each in entries(index) if each.row.subject == "theirs2")
        place = await ask(lambda reader: index_search.parent_place(reader, index, theirs2.ref))
        assert place is not None
        assert entries(index)[place].row_id == mine.row_id
        await mail.engine.mail.mark_deleted([mine.ref, MessageRef("work", "Sent", "alone")])
        marked = await ask(lambda reader: index_search.marked(reader, index))
        assert [each.ref for each in marked] == [mine.ref], "what is not shown is not deleted"
        by_arrival = await mail.index(IndexRequest("work"))
        assert await ask(lambda reader: index_search.marked(reader, by_arrival)) == []
        await mail.engine.mail.delete([mine.ref])
        index = await mail.until(lambda it: it.count == 3, INBOX)
        assert not any(each.elsewhere for each in entries(index))
    assert [each.name.partition(":")[0] for each in (root / ".Sent" / "cur").iterdir()] == ["alone"]


async def test_a_thread_is_collapsed_to_what_was_received(paths: Paths, root: Path) -> None:
    put_message(root / ".Sent", "mine2", refs="<theirs2@example.org>", flags="S", arrived=NOON + 9)
    async with running_mail(paths, root) as mail:
        await mail.until(lambda it: it.count == 5, INBOX)
        index = await mail.index(replace(INBOX, collapsed=True))
        assert {each.row.subject: each.hidden for each in entries(index)} == {"other": 0, "theirs2": 3}


async def test_a_broken_thread_takes_what_was_sent_along(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await mail.until(all_there, INBOX)
        mine = next(each for each in entries(index) if each.elsewhere)
        await mail.engine.mail.threads.break_off(mine.ref)
        index = await mail.index(INBOX)
        threads = {each.row.subject: each.row.thread for each in entries(index)}
        assert threads["mine"] == threads["theirs2"] != threads["theirs"]
        assert index.count == 4
