"""engine.mail.threads: broken, linked and muted by hand, whatever happens to the cache and whatever arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import Changes, entries, make_maildir, put_message, running_mail
from tuimail.engine.index_request import IndexRequest, SortOrder
from tuimail.errors import UsageError
from tuimail.mail.flags import SEEN

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.engine.mail_index import MessageIndex
    from tuimail.mail.message_ref import MessageRef
    from tuimail.paths import Paths

NOON = 1_790_000_000
INBOX = IndexRequest("work", order=SortOrder.THREAD)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = make_maildir(tmp_path / "Maildir", "Archive")
    for at, (name, refs) in enumerate([("root", ""), ("m", "root"), ("c", "root m"), ("o", "root"), ("t", "")]):
        put_message(made, name, refs=names(refs), flags="S", arrived=NOON + at)
    return made


def names(words: str) -> str:
    return " ".join(f"<{each}@example.org>" for each in words.split())


def shape(index: MessageIndex) -> str:
    """Each thread's messages with their depth."""
    return " / ".join(f"{each.depth or ''}{each.row.subject}" for each in entries(index))


def threads_of(index: MessageIndex) -> set[frozenset[str]]:
    found: dict[int, set[str]] = {}
    for each in entries(index):
        found.setdefault(each.row.thread, set()).add(each.row.subject)
    return {frozenset(each) for each in found.values()}


def ref_of(index: MessageIndex, subject: str) -> MessageRef:
    return next(each.ref for each in entries(index) if each.row.subject == subject)


async def all_of(mail: Changes, count: int = 5) -> MessageIndex:
    return await mail.until(lambda it: it.count == count, INBOX)


def lose_cache(paths: Paths) -> None:
    for file in paths.cache.rglob("index.db*"):
        file.unlink()


TOGETHER = {frozenset({"root", "m", "c", "o"}), frozenset({"t"})}
APART = {frozenset({"root", "o"}), frozenset({"m", "c"}), frozenset({"t"})}


async def test_a_thread_is_broken_and_joined_again(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await all_of(mail)
        assert threads_of(index) == TOGETHER
        plan = await mail.engine.mail.threads.break_off(ref_of(index, "m"))
        broken = await mail.index(INBOX)
        assert threads_of(broken) == APART
        depths = {each.row.subject: each.depth for each in entries(broken)}
        assert depths == {"root": 0, "o": 1, "m": 0, "c": 1, "t": 0}
        with pytest.raises(UsageError, match="begins its thread"):
            await mail.engine.mail.threads.break_off(ref_of(broken, "m"))
        await mail.engine.mail.threads.undo(plan)
        assert shape(await mail.index(INBOX)) == shape(index)


async def test_a_break_outlives_the_cache_and_holds_for_what_arrives(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await all_of(mail)
        await mail.engine.mail.threads.break_off(ref_of(index, "m"))
    lose_cache(paths)
    put_message(root, "0first", refs=names("m root c"), new=True, arrived=NOON + 9)
    put_message(root, "zlast", refs=names("root m"), new=True, arrived=NOON + 10)
    async with running_mail(paths, root) as mail:
        found = threads_of(await all_of(mail, 7))
        assert found == {frozenset({"root", "o"}), frozenset({"m", "c", "0first", "zlast"}), frozenset({"t"})}
        put_message(root, "glue", refs=names("o zlast"), new=True, arrived=NOON + 11)
        await mail.engine.mail.look()
        found = threads_of(await all_of(mail, 8))
        assert not any({"root", "m"} <= each for each in found)


async def test_messages_are_linked_with_their_answers(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await all_of(mail)
        threads = mail.engine.mail.threads
        plan = await threads.link([ref_of(index, "m")], ref_of(index, "t"))
        linked = {frozenset({"root", "o"}), frozenset({"t", "m", "c"})}
        found = await mail.index(INBOX)
        assert threads_of(found) == linked
        assert {each.row.subject: each.depth for each in entries(found)} == {"root": 0, "o": 1, "t": 0, "m": 1, "c": 2}
    lose_cache(paths)
    async with running_mail(paths, root) as mail:
        index = await all_of(mail)
        assert threads_of(index) == linked
        threads = mail.engine.mail.threads
        with pytest.raises(UsageError, match="answers one"):
            await threads.link([ref_of(index, "t")], ref_of(index, "c"))
        await threads.undo(plan)
        assert threads_of(await mail.index(INBOX)) == TOGETHER


async def test_what_was_broken_can_be_linked_back(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await all_of(mail)
        threads = mail.engine.mail.threads
        first = await threads.break_off(ref_of(index, "m"))
        second = await threads.link([ref_of(index, "m")], ref_of(index, "o"))
        found = await mail.index(INBOX)
        assert threads_of(found) == TOGETHER
        assert {each.row.subject: each.depth for each in entries(found)}["c"] == 3
        await threads.undo(second)
        assert threads_of(await mail.index(INBOX)) == APART
        third = await threads.link([ref_of(index, "o")], ref_of(index, "c"))
        assert threads_of(await mail.index(INBOX)) == {
            frozenset({"root"}),
            frozenset({"m", "c", "o"}),
            frozenset({"t"}),
        }
        await threads.undo(third)
        await threads.undo(first)
        assert threads_of(await mail.index(INBOX)) == TOGETHER


async def test_another_process_shows_it_too(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as first:
        index = await all_of(first)
        async with running_mail(paths, root) as second:
            await second.engine.mail.threads.break_off(ref_of(index, "m"))
            await first.engine.mail.look()
            await first.until(lambda it: threads_of(it) == APART, INBOX)


async def test_new_messages_of_a_muted_thread_arrive_read(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await all_of(mail)
        threads = mail.engine.mail.threads
        plan = await threads.mute(ref_of(index, "o"))
        assert plan.muted
        assert {each.row.subject for each in entries(await mail.index(INBOX)) if each.muted} == {"root", "m", "c", "o"}
    lose_cache(paths)
    async with running_mail(paths, root) as mail:
        await all_of(mail)
        put_message(root, "new", refs=names("c"), new=True, arrived=NOON + 9)
        put_message(root, "other", refs=names("t"), new=True, arrived=NOON + 10)
        await mail.engine.mail.look()
        index = await all_of(mail, 7)
        assert index.counts.unread == 1
        assert (root / "cur" / "new:2,S").exists()
        assert (root / "new" / "other").exists()
        threads = mail.engine.mail.threads
        assert not (await threads.mute(ref_of(index, "new"))).muted
        put_message(root, "later", refs=names("c"), new=True, arrived=NOON + 11)
        await mail.engine.mail.look()
        index = await all_of(mail, 8)
        assert not next(each for each in entries(index) if each.row.subject == "later").row.flags & SEEN
        assert not any(each.muted for each in entries(index))


async def test_muting_is_undone(paths: Paths, root: Path) -> None:
    async with running_mail(paths, root) as mail:
        index = await all_of(mail)
        threads = mail.engine.mail.threads
        await threads.undo(await threads.mute(ref_of(index, "o")))
        assert not any(each.muted for each in entries(await mail.index(INBOX)))


async def test_a_message_without_a_name_stays_where_it_is(paths: Paths, root: Path) -> None:
    (root / "cur" / "nameless:2,S").write_text(f"Subject: nameless\nReferences: {names('root')}\n\nText\n")
    async with running_mail(paths, root) as mail:
        index = await all_of(mail, 6)
        threads = mail.engine.mail.threads
        with pytest.raises(UsageError, match="no Message-ID"):
            await threads.break_off(ref_of(index, "nameless"))
        with pytest.raises(UsageError, match="no Message-ID"):
            await threads.link([ref_of(index, "nameless")], ref_of(index, "t"))
