"""What is kept of a server's messages, in whatever order things happen and fail; over an IMAP server in memory."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cache.support import written
from tests.sync.fake_imap import NOON, FakeImap, body_of
from tuimail.cache.bodies import BodyStore, place_name
from tuimail.cache.database import ReadableCache
from tuimail.cache.kept import unkept_counts
from tuimail.clock import DAY
from tuimail.config.model import KeepPolicy
from tuimail.mail.flags import FLAGGED, SEEN
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.sync.fulltext_sync import FulltextSync
from tuimail.sync.imap_bodies import ImapBodies
from tuimail.sync.imap_rows import key_of
from tuimail.sync.imap_sync import ImapSync
from tuimail.sync.keep_policy import LARGEST, MOST, RECENT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from tests.sync.fake_imap import Box, Stored
    from tuimail.cache.database import WritableCache

OLD = 15
"""Messages with uids below arrived longer ago than recent ones."""
NOW = NOON + RECENT + 60 * OLD
POLICIES = {"Lists": KeepPolicy.HEADERS, "Work": KeepPolicy.ALL, "Never": KeepPolicy.NONE}


class Rig:
    """One account with a folder of each policy."""

    def __init__(self, folder: Path, cache: WritableCache, most: int = MOST) -> None:
        self.server = FakeImap()
        for wire in POLICIES:
            self.server.create(wire)
        self.cache = cache
        self.store = BodyStore(folder / "bodies")
        self.reader: ReadableCache | None = None
        self.most = most
        self.policies = dict(POLICIES)
        self.restart()

    def restart(self) -> None:
        """A new process."""
        self.sync = ImapSync(self.cache, self.server, {}, policies=self.policies)
        if self.reader is not None:
            self.reader.close()
        self.sync.sync_folders()
        self.reader = ReadableCache(self.cache.path.parent)
        self.bodies = ImapBodies(
            self.reader, self.server, self.store, self.write, most=self.most, now=lambda: float(NOW)
        )

    def write(self, work: Callable[[sqlite3.Connection], None]) -> None:
        with self.cache.writing() as db:
            work(db)

    def forget(self) -> None:
        """As a cache that was begun anew."""
        with self.cache.writing() as db:
            db.execute("UPDATE message SET kept = 0")

    @property
    def inbox(self) -> Box:
        return self.server.boxes["INBOX"]

    def policy(self, wire: str) -> KeepPolicy:
        return self.policies.get(wire, KeepPolicy.RECENT)

    def look(self, pinned: Collection[tuple[str, str]] = ()) -> None:
        """As the account's thread and then the other one."""
        self.sync.on_screen = "Never"
        self.sync.sync()
        self.bodies.look(pinned)

    def fill(self) -> int:
        """Everything that is to be fetched; how many that were."""
        before = self.bodies.fetched
        while self.bodies.step() is not None:
            pass
        return self.bodies.fetched - before

    def fetches(self) -> list[str]:
        """Messages that the server was asked for since this was asked last."""
        found = [each.removeprefix("FETCH BODY ") for each in self.server.commands if each.startswith("FETCH BODY")]
        self.server.commands.clear()
        return found

    def open(self, wire: str, uid: int) -> None:
        """The user opens a message: it is fetched and kept."""
        each, key = self.server.boxes[wire].letters[uid], key_of(self.server.boxes[wire].validity, uid)
        if not self.store.has(wire, key):
            self.store.keep(wire, key, lambda write: write(body_of(each)) is not Ellipsis)
        else:
            file = self.store.open(wire, key)
            assert file is not None
            file.close()
        self.bodies.opened([(wire, key)])

    def kept(self) -> set[tuple[str, str]]:
        """Folders and keys of the messages that are kept as far as the cache knows; the files must agree."""
        with self.cache.writing() as db:
            rows = db.execute(
                "SELECT mailbox.name, emailid, kept FROM message JOIN mailbox ON mailbox.id = message.mailbox"
            ).fetchall()
            counts = unkept_counts(db)
            numbers = dict(db.execute("SELECT id, name FROM mailbox").fetchall())
        found = {(name, key) for name, key, kept in rows if kept}
        for number, name in numbers.items():
            assert counts.get(number, 0) == sum(each == name and not kept for each, _, kept in rows)
        assert {each.place for each in self.store.kept(now=float(NOW))} == {place_name(*each) for each in found}
        return found

    def wanted(self) -> set[tuple[str, str]]:
        """What the policies say."""
        return {
            (wire, key_of(box.validity, uid))
            for wire, box in self.server.boxes.items()
            for uid, each in box.letters.items()
            if self.is_wanted(wire, each)
        }

    def is_wanted(self, wire: str, each: Stored) -> bool:
        policy = self.policy(wire)
        young = each.arrived >= NOW - RECENT or not each.flags & SEEN
        return policy is KeepPolicy.ALL or (policy is KeepPolicy.RECENT and young and each.size <= LARGEST)

    def check_contents(self) -> None:
        for wire, box in self.server.boxes.items():
            for uid, each in box.letters.items():
                file = self.store.open(wire, key_of(box.validity, uid))
                if file is not None:
                    with file:
                        assert file.read() == body_of(each)


@contextmanager
def rig(folder: Path, most: int = MOST) -> Iterator[Rig]:
    with written(folder) as cache:
        made = Rig(folder, cache, most)
        try:
            yield made
        finally:
            assert made.reader is not None
            made.reader.close()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Rig]:
    with rig(tmp_path) as made:
        yield made


def filled(here: Rig, count: int = 30, *, flags: int = SEEN) -> None:
    for wire, box in here.server.boxes.items():
        for number in range(count):
            box.arrive(f"{wire}-{number}", flags=flags)


def test_recent_and_unread_ones_are_kept_the_newest_first(here: Rig) -> None:
    filled(here)
    here.inbox.set(3, 0)
    here.look()
    here.fetches()
    here.server.delete("Work")
    here.look()
    here.fill()
    assert here.kept() == here.wanted()
    assert here.fetches() == [str(uid) for uid in (*range(30, OLD - 1, -1), 3)]
    assert here.fill() == 0
    assert here.fetches() == []
    here.check_contents()


def test_each_folder_by_its_policy(here: Rig) -> None:
    filled(here)
    here.look()
    here.fill()
    kept = here.kept()
    assert kept == here.wanted()
    assert {wire: sum(name == wire for name, _ in kept) for wire in here.server.boxes} == {
        "INBOX": 16, "Lists": 0, "Work": 30, "Never": 0,
    }  # fmt: skip


def test_one_that_is_too_large_is_left_at_the_server_except_where_all_is_kept(here: Rig) -> None:
    for wire in ("INBOX", "Work"):
        box = here.server.boxes[wire]
        uid = box.arrive("large")
        box.letters[uid] = replace(box.letters[uid], size=LARGEST + 1)
    here.look()
    here.fill()
    assert here.kept() == {("Work", "1.1")}


def test_a_server_that_gives_more_than_it_said_is_stopped(here: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuimail.sync.imap_bodies.LARGEST", 2000)
    uid = here.inbox.arrive("lies")
    other = here.inbox.arrive("honest")
    here.look()
    here.inbox.letters[uid] = replace(here.inbox.letters[uid], size=5000)
    here.fill()
    assert here.kept() == {("INBOX", key_of(1, other))}


def test_refused_ones_and_those_that_kill_the_link_hold_up_no_other(here: Rig) -> None:
    filled(here)
    here.look()
    here.server.lies.refused = {28}
    here.server.lies.killing = {25, 20, 19}
    here.fill()
    missing = here.wanted() - here.kept()
    assert {key for _, key in missing} == {"1.28", "1.25", "1.20", "1.19"}
    here.server.lies.refused = here.server.lies.killing = set()
    assert here.fill() == 0, "they have their turn after the next look"
    here.look()
    here.fill()
    assert here.kept() == here.wanted()


def test_a_link_that_is_lost_again_and_again_ends_it(here: Rig) -> None:
    filled(here)
    here.look()
    here.server.lies.killing = set(range(1, 31))
    here.fetches()
    with pytest.raises(ImapError):
        here.fill()
    assert len(here.fetches()) == 10
    here.server.lies.killing = set()
    here.look()
    here.fill()
    assert here.kept() == here.wanted()


def test_it_gives_way_after_each_message_and_goes_on_later(here: Rig) -> None:
    filled(here)
    here.look()
    asked = 0

    def once() -> bool:
        nonlocal asked
        asked += 1
        return asked % 2 == 1

    assert here.bodies.step(once) == 1
    assert len(here.kept()) == 1
    assert here.bodies.step(lambda: False) == 0
    here.fill()
    assert here.kept() == here.wanted()


def test_after_the_cache_was_begun_anew_nothing_is_fetched_twice(here: Rig) -> None:
    filled(here)
    here.look()
    here.fill()
    before = here.kept()
    here.fetches()
    here.forget()
    assert here.fill() == 0, "a process that has not compared them"
    assert here.fetches() == []
    assert here.kept() == before
    here.forget()
    here.restart()
    here.look()
    here.fill()
    assert here.fetches() == []
    assert here.kept() == before


def test_what_a_damaged_file_had_is_fetched_again(here: Rig) -> None:
    filled(here)
    here.look()
    here.fill()
    found = here.store.find("INBOX", "1.30")
    assert found is not None
    found.path.unlink()
    here.look()
    assert here.fill() == 1
    assert here.kept() == here.wanted()


def test_files_of_messages_that_are_gone_go_once_the_list_is_complete(here: Rig) -> None:
    filled(here)
    here.look()
    here.fill()
    here.inbox.expunge(30)
    here.inbox.new_validity()
    here.look()
    assert not any(each.place == place_name("INBOX", "1.30") for each in here.store.kept(now=float(NOW)))
    here.fill()
    assert here.kept() == here.wanted()


def test_other_uids_never_count_as_kept_by_what_was_kept_before(here: Rig) -> None:
    filled(here)
    here.look()
    here.fill()
    here.inbox.new_validity()
    here.sync.sync()
    with here.cache.writing() as db:
        rows = db.execute("SELECT emailid FROM message WHERE kept = 1 AND emailid LIKE '2.%'").fetchall()
    assert rows == []


def test_the_largest_amount_is_held_and_what_was_opened_stays(tmp_path: Path) -> None:
    with rig(tmp_path, most=8000) as here:
        filled(here)
        here.server.delete("Work")
        here.look()
        here.fill()
        assert here.kept() == {("INBOX", f"1.{uid}") for uid in range(24, 31)}
        here.open("INBOX", 24)
        here.inbox.set(25, FLAGGED | SEEN)
        for number in range(5):
            here.inbox.arrive(f"more {number}")
        here.look(pinned=[("INBOX", "1.26")])
        here.fill()
        assert here.kept() == {("INBOX", f"1.{uid}") for uid in (24, 25, 26, 32, 33, 34, 35)}


def test_when_the_disk_is_full_what_was_opened_longest_ago_goes(here: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(here)
    here.server.delete("Work")
    here.look()
    here.fill()
    monkeypatch.setattr("tuimail.sync.keep_policy.FREE", 10_000)
    here.store.free = lambda: 1024**3 - 3000  # type: ignore[method-assign]
    here.look()
    assert here.kept() == {("INBOX", f"1.{uid}") for uid in range(18, 31)}
    assert here.fill() == 0
    here.store.free = lambda: 1 << 50  # type: ignore[method-assign]
    here.look()
    here.fill()
    assert here.kept() == here.wanted()


def test_a_text_is_indexed_once_it_is_kept(here: Rig) -> None:
    assert here.reader is not None
    filled(here, 3)
    here.inbox.set(1, SEEN)
    here.inbox.set(2, 0)
    here.look()

    def read(message: int, limit: int) -> bytes:
        with here.cache.writing() as db:
            name, key = db.execute(
                "SELECT mailbox.name, emailid FROM message JOIN mailbox ON mailbox.id = mailbox WHERE message.id = ?",
                (message,),
            ).fetchone()
        file = here.store.open(name, key)
        assert file is not None
        with file:
            return file.read(limit)

    with closing(FulltextSync(here.reader, here.write, read, only_kept=True)) as texts:
        assert (texts.missing(), texts.fill()) == (0, 0)
        here.fill()
        assert texts.missing() == len(here.kept()) == 4
        texts.fill()
        assert texts.missing() == 0
        here.open("INBOX", 1)
        assert texts.missing() == 1
        texts.fill()
        assert texts.missing() == 0


boxes = st.sampled_from(["INBOX", "Lists", "Work", "Never"])
work = st.one_of(
    st.tuples(st.just("arrive"), boxes, st.integers(0, 3)),
    st.tuples(st.just("flags"), boxes, st.integers(0, 3)),
    st.tuples(st.sampled_from(["expunge", "open", "validity", "policy"]), boxes, st.integers(0, 3)),
    st.tuples(st.sampled_from(["look", "step", "cut", "restart", "kill", "anew", "lose"]), boxes, st.integers(0, 9)),
)


@settings(deadline=None, max_examples=60)
@given(doing=st.lists(work, max_size=25), most=st.sampled_from([0, 3000, 12_000, MOST]))
def test_in_any_order_with_any_failure_files_and_policies_agree_in_the_end(
    tmp_path_factory: pytest.TempPathFactory, doing: list[tuple[str, str, int]], most: int
) -> None:
    with rig(tmp_path_factory.mktemp("account"), most) as here:
        filled(here, 18)
        for each in doing:
            with suppress(ImapError):
                do(here, *each)
        here.server.fail_at = None
        here.server.lies.killing = set()
        here.restart()
        here.look()
        here.fill()
        kept, wanted = here.kept(), here.wanted()
        here.check_contents()
        all_of = {each for each in wanted if here.policy(each[0]) is KeepPolicy.ALL}
        assert all_of <= kept
        if most == MOST:
            assert wanted <= kept
        counted = kept - {each for each in kept if here.policy(each[0]) is KeepPolicy.ALL}
        sizes = {each: size_of(here, *each) for each in counted}
        held = {(wire, key) for wire, key in counted if flags_of(here, wire, key) & FLAGGED}
        assert sum(sizes.values()) <= most or counted == held, "only what is never removed may be too much"
        assert here.fill() == 0


def do(here: Rig, what: str, wire: str, number: int) -> None:
    box = here.server.boxes[wire]
    uids = sorted(box.letters)
    uid = uids[-1 - number] if number < len(uids) else None
    if what == "arrive":
        box.arrive(f"{wire}-new-{box.uidnext}", flags=(0, SEEN, FLAGGED, SEEN | FLAGGED)[number])
    elif what == "validity":
        box.new_validity()
    elif what == "policy":
        here.policies[wire] = list(KeepPolicy)[number]
        if wire == "INBOX" and here.policies[wire] is KeepPolicy.NONE:
            here.policies[wire] = KeepPolicy.HEADERS
        here.restart()
    elif what == "look":
        here.look()
    elif what == "step":
        here.bodies.step()
    elif what == "cut":
        here.server.fail_at = len(here.server.commands) + number
    elif what == "restart":
        here.restart()
    elif what == "anew":
        here.forget()
    elif uid is None:
        return
    elif what == "flags":
        box.set(uid, (0, SEEN, FLAGGED, SEEN | FLAGGED)[number])
    elif what == "expunge":
        box.expunge(uid)
    elif what == "open":
        here.open(wire, uid)
    elif what == "kill":
        here.server.lies.killing ^= {uid}
    elif what == "lose":
        here.store.remove(wire, key_of(box.validity, uid))


def size_of(here: Rig, wire: str, key: str) -> int:
    return here.server.boxes[wire].letters[int(key.partition(".")[2])].size


def flags_of(here: Rig, wire: str, key: str) -> int:
    return here.server.boxes[wire].letters[int(key.partition(".")[2])].flags


def test_a_large_folder_is_compared_in_a_time_that_grows_with_it_alone(tmp_path: Path) -> None:
    def seconds(count: int) -> float:
        with rig(tmp_path / str(count)) as here:
            filled(here, count)
            here.sync.sync()
            times = []
            for _ in range(3):
                begun = time.process_time()
                here.bodies.look()
                times.append(time.process_time() - begun)
            return min(times)

    small, large = seconds(400), seconds(800)
    assert large < 4 * small + 0.05


def test_days_are_days() -> None:
    assert RECENT == 90 * DAY
