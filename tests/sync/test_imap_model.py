"""Two clients change a server at random, looks are cut off at any command: at last the cache is what the server has."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.support.slow import most_slow
from tests.sync.imap_support import Rig, rig
from tuimail.cache.summaries import FlagChange, set_flags
from tuimail.mail.flags import ANSWERED, DELETED, FLAGGED, SEEN
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.sync import imap_changes, imap_comparison, imap_listing, imap_mailbox_sync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.sync.fake_imap import Box

SEEDS = 300
NEWEST = 6
SEARCHED = SEEN | FLAGGED | ANSWERED | DELETED


class StopError(Exception):
    """The account's thread is to end."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few messages are many."""
    for name, value in {"FIRST_BATCH": 2, "SECOND_BATCH": 3, "BIGGEST_BATCH": 8, "SMALLEST_BATCH": 1}.items():
        monkeypatch.setattr(imap_changes, name, value)
    monkeypatch.setattr(imap_changes, "_MANY", 5)
    monkeypatch.setattr(imap_listing, "MOST_SINGLE", 0)
    for module in (imap_comparison, imap_mailbox_sync):
        monkeypatch.setattr(module, "NEWEST", NEWEST)


def change(box: Box, chance: random.Random, number: Iterator[int]) -> None:
    """What another client does."""
    uids = list(box.letters)
    what = chance.choices(("arrive", "flag", "expunge", "validity"), (5, 4, 3, 0.2))[0]
    if what == "arrive" or not uids:
        at = next(number)
        answered = f"<letter{chance.randrange(at)}@example.org>" if at and chance.random() < 0.5 else ""
        flags, gap = chance.choice((0, SEEN, FLAGGED)), chance.choice((0, 0, 3))
        emailid = f"E{at}" if chance.random() < 0.5 else ""
        box.arrive(f"letter{at}", refs=answered, flags=flags, emailid=emailid, gap=gap)
    elif what == "flag":
        box.set(chance.choice(uids), chance.randrange(64), chance.choice(("", "work", "home work")))
    elif what == "expunge":
        for uid in chance.sample(uids, min(len(uids), chance.choice((1, 1, 2, 10)))):
            box.expunge(uid)
    else:
        box.new_validity(keep_order=chance.random() < 0.5)


def cut_look(here: Rig, chance: random.Random) -> None:
    """A look during which anything happens."""
    stop_at = chance.choice((None, 1, 2, 4))
    told = 0

    def progress(_folder: str, _count: int) -> None:
        nonlocal told
        told += 1
        here.rows()
        here.sync.on_screen = chance.choice((*here.server.boxes, "INBOX"))
        if told == stop_at:
            raise StopError
        want(here, chance)

    if chance.random() < 0.6:
        here.server.fail_at = len(here.server.commands) + chance.randrange(1, 15)
    only = chance.choice((None, None, {"INBOX"}, {"Sent", "Lists/Rust"}))
    try:
        here.sync.sync(only=only, progress=progress)
    except (ImapError, StopError):
        pass
    finally:
        here.server.fail_at = None


def want(here: Rig, chance: random.Random) -> None:
    """The user flags a message, and that is not carried out yet."""
    with here.cache.writing() as db:
        rows = db.execute("SELECT id, flags FROM message").fetchall()
        if rows:
            number, flags = chance.choice(rows)
            set_flags(db, [FlagChange(number, flags ^ chance.choice((SEEN, FLAGGED)))])


def settle(here: Rig) -> None:
    """Nobody disturbs any more."""
    here.server.meanwhile = lambda: None
    for _ in range(2):  # at level P, other messages are the newest ones once some are gone
        here.time += 100_000
        for _ in range(20):
            here.sync.sync()
            if here.sync.again_in is None:
                break
        else:
            pytest.fail("there is always something in doubt")


def check(here: Rig, level: str) -> None:
    for wire, box in here.server.boxes.items():
        rows, expected = here.rows(wire), here.expected(wire)
        assert rows.keys() == expected.keys(), wire
        newest = set(sorted(box.letters)[-NEWEST:])
        for uid in rows.keys() - newest if level == "P" else ():
            for each in (rows, expected):
                each[uid] = each[uid]._replace(keywords="", flags=each[uid].flags & SEARCHED)
        assert rows == expected, wire
        with here.cache.writing() as db:
            found = db.execute("SELECT total, validity, low_uid FROM mailbox WHERE wire = ?", (wire,)).fetchone()
        assert found == (len(box.letters), box.validity, 1)


@pytest.mark.parametrize("part", most_slow(range(6), 3))
@pytest.mark.parametrize("level", ["Q", "C", "P"])
def test_random_changes_and_cuts(tmp_path: Path, level: str, part: int) -> None:
    """Half of the seeds; all of them with ``-m slow``."""
    for seed in range(part, SEEDS // 3, 6):
        run(tmp_path / str(seed), level, random.Random(f"{level}{seed}"))


def run(folder: Path, level: str, chance: random.Random) -> None:
    with rig(folder, level) as here:
        for wire in ("Sent", "Lists/Rust"):
            here.server.create(wire)
        if chance.random() < 0.5:
            here.server.capabilities.add("LIST-STATUS")
        number = iter(range(1_000_000))
        rate = chance.choice((0.0, 0.1, 0.5))

        def others() -> None:
            if chance.random() < rate:
                change(chance.choice(list(here.server.boxes.values())), chance, number)

        for box in here.server.boxes.values():
            for _ in range(chance.randrange(25)):
                change(box, chance, number)
        here.server.meanwhile = others
        for _ in range(chance.randrange(1, 8)):
            cut_look(here, chance)
            here.time += chance.choice((1, 100, 1000))
            if chance.random() < 0.2:
                here.restart()
            for _ in range(chance.randrange(4)):
                change(chance.choice(list(here.server.boxes.values())), chance, number)
        settle(here)
        check(here, level)
        here.commands()
        here.sync.sync()
        assert not any(each.startswith("FETCH ") and each != "FETCH FLAGS" for each in here.commands())
