"""Threads: the same parts as a union-find in memory finds, in any order of arrival."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cache.support import NOON, Letter, a_letter, disagreements, written
from tuimail.cache import folders, summaries, thread_edits, threads
from tuimail.cache.schema import create
from tuimail.cache.summaries import NewMessage
from tuimail.mail.thread_edit import ThreadEdit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

import sqlite3


def connected() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    create(db)
    db.execute("BEGIN")
    return db


def parts_in_memory(letters: dict[int, Letter]) -> set[frozenset[int]]:
    """Messages that share an identifier, directly or over others."""
    up: dict[object, object] = {}

    def find(item: object) -> object:
        while up.setdefault(item, item) != item:
            item = up[item]
        return item

    for number, letter in letters.items():
        for name in [letter.message_id, *letter.refs.split()[-threads.MOST_REFERENCES :]]:
            if name:
                up[find(name)] = find(number)
    found: dict[object, set[int]] = {}
    for number in letters:
        found.setdefault(find(number), set()).add(number)
    return {frozenset(each) for each in found.values()}


def parts_stored(db: sqlite3.Connection) -> set[frozenset[int]]:
    found: dict[int, set[int]] = {}
    for number, thread in db.execute("SELECT id, thread FROM message"):
        found.setdefault(thread, set()).add(number)
    return {frozenset(each) for each in found.values()}


names = st.integers(0, 9).map(lambda number: f"<{number}@x>")
letters = st.builds(
    a_letter,
    message_id=st.one_of(st.just(""), names),
    refs=st.lists(names, max_size=3).map(" ".join),
    flags=st.integers(0, 1),
    date=st.integers(NOON - 50, NOON),
)


@settings(max_examples=300)
@given(
    st.lists(st.tuples(letters, st.integers(1, 3)), max_size=14), st.lists(st.integers(1, 5), min_size=1, max_size=14)
)
def test_the_same_parts_as_a_union_find(arriving: Sequence[tuple[Letter, int]], sizes: Iterable[int]) -> None:
    db = connected()
    for name in ("a", "b", "c"):
        folders.add_mailbox(db, name)
    stored: dict[int, Letter] = {}
    rest = list(arriving)
    steps = iter(sizes)
    while rest:
        size = next(steps, 3)
        batch, rest = rest[:size], rest[size:]
        for mailbox in (1, 2, 3):
            some = [letter for letter, place in batch if place == mailbox]
            ids = summaries.insert(db, mailbox, [NewMessage(each) for each in some])
            stored.update(zip(ids, some, strict=True))
        assert parts_stored(db) == parts_in_memory(stored)
        assert disagreements(db) == []
    db.close()


def test_a_thousand_in_both_orders_and_shuffled() -> None:
    chance = random.Random(3)
    made = []
    for number in range(1000):
        parent = chance.randrange(max(0, number - 30), number) if number and chance.random() < 0.8 else None
        made.append(Letter(f"<{number}@x>", "" if parent is None else f"<{parent}@x>", date=NOON + number))
    shuffled = chance.sample(made, len(made))
    found = []
    for order in (made, made[::-1], shuffled):
        db = connected()
        folders.add_mailbox(db, "INBOX")
        for at in range(0, len(order), 97):
            summaries.insert(db, 1, [NewMessage(each) for each in order[at : at + 97]])
        assert disagreements(db) == []
        by_id = dict(db.execute("SELECT id, message_id FROM message"))
        found.append({frozenset(by_id[each] for each in part) for part in parts_stored(db)})
        db.close()
    assert found[0] == found[1] == found[2]
    assert 1 < len(found[0]) < 500


def test_a_thread_stays_when_its_middle_is_gone_and_before_it_comes(tmp_path: Path) -> None:
    with written(tmp_path) as cache, cache.writing() as db:
        inbox = folders.add_mailbox(db, "INBOX")
        first, answer = (
            summaries.insert(db, inbox, [NewMessage(each)])[0]
            for each in (Letter("<a@x>"), Letter("<c@x>", "<a@x> <b@x>", date=NOON + 5))
        )
        assert [each.id for each in threads.members(db, first)] == [first, answer]
        summaries.vanish(db, [first])
        (late,) = summaries.insert(db, inbox, [NewMessage(Letter("<d@x>", "<a@x>", date=NOON + 9))])
        (other,) = summaries.insert(db, inbox, [NewMessage(Letter("<e@x>", "<b@x>", date=NOON + 7))])
        assert [each.id for each in threads.members(db, first)] == [answer, other, late]
        assert db.execute("SELECT id, latest, total, unread FROM thread").fetchall() == [(first, NOON + 9, 3, 3)]
        summaries.vanish(db, [late])
        assert db.execute("SELECT latest, total FROM thread").fetchall() == [(NOON + 7, 2)]


def test_answers_in_sent_belong_to_the_thread(tmp_path: Path) -> None:
    with written(tmp_path) as cache, cache.writing() as db:
        inbox, sent = folders.add_mailbox(db, "INBOX"), folders.add_mailbox(db, "Sent")
        (mine,) = summaries.insert(db, sent, [NewMessage(Letter("<b@x>", "<a@x>", date=NOON + 1, flags=1))])
        (theirs,) = summaries.insert(db, inbox, [NewMessage(Letter("<a@x>"))])
        assert [each.id for each in threads.members(db, mine)] == [theirs, mine]
        assert [each.id for each in threads.members(db, mine, inbox)] == [theirs]
        assert db.execute("SELECT mailbox, total, unread FROM thread ORDER BY mailbox").fetchall() == [
            (inbox, 1, 1),
            (sent, 1, 0),
        ]


def test_merged_by_hand_and_the_old_number_leads_on(tmp_path: Path) -> None:
    with written(tmp_path) as cache, cache.writing() as db:
        inbox = folders.add_mailbox(db, "INBOX")
        ids = summaries.insert(db, inbox, [NewMessage(Letter(f"<{each}@x>")) for each in "abc"])
        thread_edits.store_edits(db, [ThreadEdit("<c@x>", "<b@x>")])
        assert [threads.root(db, each) for each in ids] == [ids[0], ids[1], ids[1]]
        thread_edits.store_edits(db, [ThreadEdit("<c@x>", "<b@x>"), ThreadEdit("<b@x>", "<a@x>")])
        assert [threads.root(db, each) for each in ids] == [ids[0]] * 3
        summaries.insert(db, inbox, [NewMessage(Letter("<d@x>", "<c@x>"))])
        assert db.execute("SELECT id, total FROM thread").fetchall() == [(ids[0], 4)]
        assert disagreements(db) == []


def test_only_the_last_references_count(tmp_path: Path) -> None:
    with written(tmp_path) as cache, cache.writing() as db:
        inbox = folders.add_mailbox(db, "INBOX")
        many = " ".join(f"<{number}@x>" for number in range(5000))
        summaries.insert(db, inbox, [NewMessage(Letter("<a@x>", many))])
        assert db.execute("SELECT count(*) FROM ref").fetchone() == (threads.MOST_REFERENCES + 1,)


def test_the_hash_is_the_same_everywhere() -> None:
    assert threads.hash_of("<a@x>") == threads.hash_of("<a@" + "x>") != threads.hash_of("<A@x>")
    assert threads.hash_of("") == -1970711489451281740
