"""New messages, other flags, gone and hidden ones; the counts follow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.cache.support import NOON, Letter, disagreements, written
from tuimail.cache import folders, summaries, threads
from tuimail.cache.summaries import FlagChange, NewMessage

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with written(tmp_path) as cache, cache.writing() as db:
        yield db


def counts(db: sqlite3.Connection, mailbox: int) -> tuple[int, int, int]:
    assert disagreements(db) == []
    found = folders.mailbox_of(db, mailbox)
    assert found is not None
    return found.total, found.unread, found.flagged


def test_counts_follow(db: sqlite3.Connection) -> None:
    inbox = folders.add_mailbox(db, "INBOX")
    ids = summaries.insert(db, inbox, [NewMessage(Letter(flags=flags)) for flags in (0, 1, 4, 5)])
    assert counts(db, inbox) == (4, 2, 2)
    summaries.set_flags(
        db, [FlagChange(ids[0], 1), FlagChange(ids[3], 0), FlagChange(ids[1], 0), FlagChange(ids[1], 1)]
    )
    assert counts(db, inbox) == (4, 2, 1)
    summaries.set_flags(db, [FlagChange(999, 1)])
    summaries.hide(db, ids[:2], 7)
    summaries.hide(db, ids[:1], 8)
    assert counts(db, inbox) == (2, 2, 1)
    summaries.set_flags(db, [FlagChange(ids[0], 4)])
    assert counts(db, inbox) == (2, 2, 1)
    summaries.show(db, ids)
    assert counts(db, inbox) == (4, 3, 2)
    summaries.vanish(db, [*ids, ids[0], 999])
    assert counts(db, inbox) == (0, 0, 0)
    assert db.execute("SELECT count(*) FROM thread").fetchone() == (0,)


def test_ids_are_never_used_again(db: sqlite3.Connection) -> None:
    inbox = folders.add_mailbox(db, "INBOX")
    ids = summaries.insert(db, inbox, [NewMessage(Letter()), NewMessage(Letter())])
    summaries.vanish(db, ids)
    assert summaries.insert(db, inbox, [NewMessage(Letter())]) == [ids[1] + 1]
    assert summaries.insert(db, inbox, []) == []


def test_a_known_uid_keeps_its_row(db: sqlite3.Connection) -> None:
    inbox, other = folders.add_mailbox(db, "INBOX"), folders.add_mailbox(db, "Other")
    first = summaries.insert(db, inbox, [NewMessage(Letter(), uid=5)])
    again = summaries.insert(db, inbox, [NewMessage(Letter(), uid=uid) for uid in (4, 5, 6, 6)])
    assert again == [first[0] + 1, first[0], first[0] + 2, first[0] + 2]
    assert summaries.insert(db, other, [NewMessage(Letter(), uid=5)]) == [first[0] + 3]
    assert counts(db, inbox) == (3, 3, 0)
    assert summaries.ids_of_uids(db, inbox, [5, 7]) == {5: first[0]}


def test_flags_of_server_and_screen(db: sqlite3.Connection) -> None:
    inbox = folders.add_mailbox(db, "INBOX")
    (number,) = summaries.insert(db, inbox, [NewMessage(Letter(flags=1, keywords="a"), uid=1, modseq=3)])
    summaries.set_flags(db, [FlagChange(number, 4)])
    row = "SELECT flags, server_flags, keywords, modseq FROM message"
    assert db.execute(row).fetchone() == (4, 1, "a", 3)
    summaries.set_flags(db, [FlagChange(number, 0, server_flags=2, keywords="", modseq=9)])
    assert db.execute(row).fetchone() == (0, 2, "", 9)


def test_a_value_that_cannot_be_stored_costs_no_other_letter(db: sqlite3.Connection) -> None:
    inbox = folders.add_mailbox(db, "INBOX")
    hostile = Letter(message_id="<\ud800@x>", subject="a\udcffb", size=1 << 70, date=-(1 << 80), arrived=1 << 64)
    ids = summaries.insert(db, inbox, [NewMessage(Letter("<1@x>")), NewMessage(hostile), NewMessage(Letter("<2@x>"))])
    assert counts(db, inbox)[0] == 3
    assert db.execute("SELECT subject, size FROM message WHERE id = ?", ids[1:2]).fetchone() == ("a?b", (1 << 63) - 1)


def test_names_of_files_that_are_not_text(db: sqlite3.Connection) -> None:
    inbox = folders.add_mailbox(db, "INBOX")
    names = ["1.host,S=3", "2.h\udcffst", "3.höst", ""]
    ids = summaries.insert(db, inbox, [NewMessage(Letter(), emailid=name) for name in names])
    known = {each.emailid: each.id for each in summaries.known_messages(db, inbox)}
    assert known == dict(zip(names, ids, strict=True))
    assert [summaries.ids_of_emailid(db, name) for name in names] == [ids[:1], ids[1:2], ids[2:3], []]


def test_mailboxes(db: sqlite3.Connection) -> None:
    inbox = folders.add_mailbox(db, "INBOX", name="Inbox", validity=7)
    sent = folders.add_mailbox(db, "Sent")
    assert folders.add_mailbox(db, "INBOX", uidnext=3) == inbox
    assert [(each.id, each.name, each.validity, each.uidnext) for each in folders.all_mailboxes(db)] == [
        (inbox, "Inbox", 7, 3),
        (sent, "Sent", 0, 1),
    ]
    for bad in ({"total": 1}, {"name = name; --": 1}):
        with pytest.raises(ValueError, match="not a state"):
            folders.update_mailbox(db, inbox, **bad)


def test_a_removed_mailbox_leaves_the_others_alone(db: sqlite3.Connection) -> None:
    inbox, sent = folders.add_mailbox(db, "INBOX"), folders.add_mailbox(db, "Sent")
    kept = summaries.insert(db, inbox, [NewMessage(Letter("<a@x>"))])
    summaries.insert(db, sent, [NewMessage(Letter("<b@x>", "<a@x>")), NewMessage(Letter("<c@x>"))])
    folders.remove_mailbox(db, sent)
    assert folders.mailbox_of(db, sent) is None
    assert counts(db, inbox) == (1, 1, 0)
    assert [each.id for each in threads.members(db, kept[0])] == kept
    assert folders.add_mailbox(db, "Sent") > sent


def test_queries_use_their_indexes(tmp_path: Path) -> None:
    """Every statement that the functions run on messages is looked up by an index or by id."""
    seen: set[str] = set()
    with written(tmp_path) as cache, cache.writing() as db:
        db.set_trace_callback(seen.add)
        inbox = folders.add_mailbox(db, "INBOX")
        ids = summaries.insert(db, inbox, [NewMessage(Letter(f"<{each}@x>", date=NOON + each)) for each in range(9)])
        summaries.insert(db, inbox, [NewMessage(Letter("<d@x>", "<1@x> <2@x>", date=NOON + 99), uid=3, emailid="e")])
        summaries.ids_of_uids(db, inbox, [1, 2])
        summaries.ids_of_emailid(db, "e")
        list(summaries.known_messages(db, inbox))
        threads.members(db, ids[0])
        threads.members(db, ids[1], inbox)
        summaries.set_flags(db, [FlagChange(ids[0], 1)])
        summaries.hide(db, [ids[8] + 1, ids[7]], 1)
        summaries.show(db, [ids[8] + 1])
        summaries.vanish(db, ids)
        folders.remove_mailbox(db, inbox)
        db.set_trace_callback(None)
        asked = [each for each in seen if re.match(r"\s*(SELECT|UPDATE|DELETE)", each) and "message" in each]
        plans = {each: str(db.execute(f"EXPLAIN QUERY PLAN {each}").fetchall()) for each in asked}
    assert len(plans) > 10
    for query, plan in plans.items():
        assert "SCAN message" not in plan, (query, plan)
        if "thread =" in query.partition("WHERE")[2]:
            assert "message_by_date" not in plan, (query, plan)
