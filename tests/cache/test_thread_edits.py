"""Threads broken, linked and muted by hand: the same in any order of arrival, and hostile messages change nothing."""

from __future__ import annotations

import itertools
import random
import sqlite3
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cache.support import NOON, Letter, a_letter, disagreements
from tuimail.cache import folders, summaries, thread_edits, threads
from tuimail.cache.schema import create
from tuimail.cache.summaries import NewMessage
from tuimail.mail.flags import OLD, SEEN
from tuimail.mail.thread_edit import ThreadEdit

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT, M, C, OTHER = (
    Letter("<root@x>"),
    Letter("<m@x>", "<root@x>", date=NOON + 1),
    Letter("<c@x>", "<root@x> <m@x>", date=NOON + 2),
    Letter("<o@x>", "<root@x>", date=NOON + 3),
)
BREAK = ThreadEdit("<m@x>", below=("<c@x>",), apart=("<root@x>", "<o@x>"))


def connected(*edits: ThreadEdit) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    create(db)
    db.execute("BEGIN")
    folders.add_mailbox(db, "INBOX")
    folders.add_mailbox(db, "Sent")
    thread_edits.store_edits(db, edits)
    return db


def add(db: sqlite3.Connection, *letters: Letter, mailbox: int = 1) -> list[int]:
    return [number for each in letters for number in summaries.insert(db, mailbox, [NewMessage(each)])]


def parts(db: sqlite3.Connection) -> set[frozenset[str]]:
    assert disagreements(db) == []
    found: dict[int, set[str]] = {}
    for name, thread in db.execute("SELECT message_id, thread FROM message"):
        assert threads.root(db, thread) == thread
        found.setdefault(thread, set()).add(name.strip("<>").removesuffix("@x"))
    return {frozenset(each) for each in found.values()}


BROKEN = {frozenset({"root", "o"}), frozenset({"m", "c"})}


def test_broken_and_put_together_again() -> None:
    db = connected()
    add(db, ROOT, M, C, OTHER)
    assert parts(db) == {frozenset({"root", "m", "c", "o"})}
    thread_edits.store_edits(db, [BREAK])
    assert parts(db) == BROKEN
    thread_edits.store_edits(db, [])
    assert parts(db) == {frozenset({"root", "m", "c", "o"})}


@pytest.mark.parametrize("order", list(itertools.permutations((ROOT, M, C, OTHER))))
@pytest.mark.parametrize("together", [False, True])
def test_a_break_holds_in_any_order_of_arrival(order: tuple[Letter, ...], together: bool) -> None:
    db = connected(BREAK)
    if together:
        summaries.insert(db, 1, [NewMessage(each) for each in order])
    else:
        add(db, *order)
    assert parts(db) == BROKEN


def test_later_answers_go_to_the_side_of_what_they_answer() -> None:
    db = connected(BREAK)
    add(db, ROOT, M, C, OTHER)
    add(db, Letter("<d@x>", "<root@x> <m@x> <c@x>"), Letter("<p@x>", "<root@x> <o@x>"))
    assert parts(db) == {frozenset({"root", "o", "p"}), frozenset({"m", "c", "d"})}


names = st.sampled_from(["root", "m", "c", "o", "x1", "x2", "x3", "x4"])
hostile = st.builds(
    lambda own, refs: a_letter(message_id=f"<{own}@x>", refs=" ".join(f"<{each}@x>" for each in refs)),
    st.sampled_from(["x1", "x2", "x3", "x4", "x5", "c", "o"]),
    st.lists(names, max_size=4),
)


@settings(max_examples=200)
@given(st.lists(hostile, max_size=8), st.integers(0, 8), st.integers(1, 4))
def test_no_references_glue_what_was_broken(strangers: Sequence[Letter], before: int, size: int) -> None:
    db = connected(BREAK)
    rest = [*strangers[:before], ROOT, M, C, OTHER, *strangers[before:]]
    for at in range(0, len(rest), size):
        summaries.insert(db, 1, [NewMessage(each) for each in rest[at : at + size]])
    both = [each for each in parts(db) if {"root", "m"} <= each]
    assert both == []
    db.close()


@settings(max_examples=100)
@given(st.lists(hostile, max_size=8))
def test_breaking_later_is_as_good_as_before_and_undoing_it_joins_again(strangers: Sequence[Letter]) -> None:
    db = connected()
    add(db, ROOT, M, C, OTHER, *strangers)
    joined = parts(db)
    thread_edits.store_edits(db, [BREAK])
    assert [each for each in parts(db) if {"root", "m"} <= each] == []
    thread_edits.store_edits(db, [])
    assert parts(db) == joined
    db.close()


def test_linked_by_hand_and_taken_out_of_the_old_thread() -> None:
    db = connected()
    add(db, ROOT, M, C, OTHER, Letter("<t@x>"))
    link = ThreadEdit("<m@x>", "<t@x>", below=("<c@x>",), apart=("<root@x>", "<o@x>"))
    thread_edits.store_edits(db, [link])
    assert parts(db) == {frozenset({"root", "o"}), frozenset({"t", "m", "c"})}
    (thread,) = set(threads.known_threads(db, [threads.hash_of("<t@x>")]).values())
    answers = {each.message_id: each.refs for each in threads.members(db, thread)}
    assert answers["<m@x>"] == "<t@x>"
    fresh = connected(link)
    add(fresh, *[C, Letter("<t@x>"), OTHER, ROOT, M])
    assert parts(fresh) == parts(db)


def test_old_numbers_lead_on_after_breaking_and_joining() -> None:
    db = connected()
    m, root, *_ = add(db, M, ROOT, C, OTHER)
    assert db.execute("SELECT DISTINCT thread FROM message").fetchall() == [(m,)]
    thread_edits.store_edits(db, [BREAK])
    assert (threads.root(db, m), threads.root(db, root)) == (m, root)
    thread_edits.store_edits(db, [])
    assert threads.root(db, root) == m
    thread_edits.store_edits(db, [BREAK])
    assert (threads.root(db, m), threads.root(db, root)) == (m, root)
    assert parts(db) == BROKEN


def test_a_message_that_is_gone_still_connects_after_a_break() -> None:
    db = connected()
    gone = Letter("<g@x>", "<root@x>")
    *_, number = add(db, ROOT, M, C, OTHER, gone)
    summaries.vanish(db, [number])
    thread_edits.store_edits(db, [BREAK])
    add(db, Letter("<late@x>", "<g@x>"))
    assert parts(db) == {frozenset({"root", "o", "late"}), frozenset({"m", "c"})}


def test_a_thousand_messages_cut_in_many_places_count_right() -> None:
    chance = random.Random(4)
    db = connected()
    made: list[Letter] = []
    below: dict[int, list[str]] = {}
    for number in range(1000):
        parent = chance.randrange(max(0, number - 30), number) if number and chance.random() < 0.9 else None
        refs = "" if parent is None else " ".join([*below.get(parent, ()), f"<{parent}@x>"][-8:])
        below[number] = refs.split()
        made.append(Letter(f"<{number}@x>", refs, flags=number % 2, date=NOON + number))
    for each in made:
        summaries.insert(db, 1 + (chance.random() < 0.2), [NewMessage(each)])
    joined = parts(db)
    cuts = [
        ThreadEdit(each.message_id, apart=tuple(each.refs.split())) for each in chance.sample(made, 12) if each.refs
    ]
    for at in range(len(cuts) + 1):
        thread_edits.store_edits(db, cuts[:at])
        found = parts(db)
        for cut in cuts[:at]:
            mine = next(each for each in found if cut.message_id[1:-3] in each)
            assert not mine & {name[1:-3] for name in cut.apart}
    thread_edits.store_edits(db, [])
    assert parts(db) == joined


def unread_in_muted(db: sqlite3.Connection) -> list[str]:
    return [each.message_id for each in thread_edits.newly_muted(db)]


def test_new_messages_of_a_muted_thread_are_noted_and_others_are_not() -> None:
    db = connected()
    add(db, ROOT)
    thread_edits.store_muted(db, ["<root@x>"])
    assert list(thread_edits.muted_threads(db)) == ["<root@x>"]
    add(db, M, OTHER._replace(flags=SEEN), Letter("<other@x>"), Letter("<old@x>", "<root@x>", flags=OLD))
    assert unread_in_muted(db) == ["<m@x>"]
    thread_edits.forget_newly_muted(db)
    assert unread_in_muted(db) == []
    thread_edits.store_muted(db, [])
    add(db, C)
    assert unread_in_muted(db) == []
    assert thread_edits.muted_threads(db) == {}


def test_a_message_that_comes_before_those_that_were_muted_is_noted_with_them() -> None:
    db = connected()
    thread_edits.store_muted(db, ["<root@x>"])
    summaries.insert(db, 1, [NewMessage(each) for each in (C, M, ROOT)])
    assert unread_in_muted(db) == ["<c@x>", "<m@x>", "<root@x>"]
