"""Random work on one Maildir by several programs at once, and what must be true of it in the end.

Run as a program it works until it kills itself: ``python -m tests.engine.random_work MAILDIR HOME SEED STEP``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.cache.support import disagreements
from tests.engine.mail_support import entries, make_maildir, put_message, running_mail
from tuimail.engine.index_request import IndexRequest
from tuimail.errors import TuimailError
from tuimail.journal.action import UNDECIDED
from tuimail.journal.store import ActionJournal
from tuimail.mail.flags import ANSWERED, FLAGGED, SEEN, from_maildir
from tuimail.mailboxes.maildir_folder import change_flags
from tuimail.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engine.mail_support import Changes
    from tuimail.engine.mail_command import MailCommand

FOLDERS = {"INBOX": "", "Archive": ".Archive", "Lists": ".Lists"}
BITS = (SEEN, FLAGGED, ANSWERED)
LONG_AGO = 1_700_000_000
COUNT = 25


class Letter(NamedTuple):
    """A file of the Maildir."""

    folder: str
    key: str
    subject: str
    flags: int


def make_root(root: Path) -> Path:
    """A Maildir with COUNT letters, each with a subject of its own."""
    made = make_maildir(root, "Archive", "Lists")
    for number in range(COUNT):
        put_message(made, f"m{number}", f"Letter {number}", new=number % 3 == 0, arrived=1_790_000_000 + number)
    return made


def letters(root: Path) -> list[Letter]:
    """What is in the Maildir."""
    found = []
    for folder, name in FOLDERS.items():
        for part in ("new", "cur"):
            for path in (root / name / part).iterdir():
                unique, _, info = path.name.partition(":2,")
                with contextlib.suppress(FileNotFoundError):
                    subject = path.read_text().partition("Subject: ")[2].partition("\n")[0]
                    found.append(Letter(folder, unique, subject, from_maildir(info)))
    return found


class Program:
    """A tuimail that does what comes to its mind."""

    def __init__(self, mail: Changes, chance: random.Random) -> None:
        self.mail = mail
        self.chance = chance
        self.done: list[list[MailCommand]] = []
        self.log: Counter[str] = Counter()

    async def step(self) -> None:
        """One command; it may find that its message is gone."""
        mail, chance = self.mail.engine.mail, self.chance
        try:
            index = await mail.index(IndexRequest("work", chance.choice(list(FOLDERS))))
            rows = entries(index) if index is not None else []
            if not rows:
                await mail.look()
                return
            refs = [each.ref for each in chance.sample(rows, min(len(rows), chance.choice((1, 1, 2, 5))))]
            kind = chance.choice(("flag", "flag", "unflag", "move", "move", "undo", "mark", "look"))
            self.log[kind] += 1
            match kind:
                case "flag":
                    self.done.append(await mail.flag(refs, add=chance.choice(BITS)))
                case "unflag":
                    self.done.append(await mail.flag(refs, remove=chance.choice(BITS)))
                case "move":
                    self.done.append(await mail.move(refs, chance.choice(list(FOLDERS))))
                case "undo" if self.done:
                    await mail.undo(self.done.pop())
                case "mark":
                    await mail.mark_deleted(refs, marked=chance.random() < 0.5)
                case _:
                    await mail.look()
        except TuimailError:
            self.log["refused"] += 1


class Stranger:
    """Another mail program, which knows nothing of us."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self.root = root
        self.chance = chance
        self.delivered = COUNT

    def step(self) -> None:
        """It sets flags, moves between folders under another name, delivers."""
        chance = self.chance
        kind = chance.choice(("flag", "flag", "seen", "move", "deliver"))
        if kind == "deliver":
            name = f"d{self.delivered}"
            outside = make_maildir(self.root.with_name("outside"))
            put_message(outside, name, f"Letter {self.delivered}", new=True, arrived=1_790_100_000 + self.delivered)
            (outside / "new" / name).rename(self.root / "new" / name)  # as a whole
            self.delivered += 1
            return
        letter = chance.choice(letters(self.root))
        folder = self.root / FOLDERS[letter.folder]
        with contextlib.suppress(TuimailError, FileNotFoundError):
            if kind == "move":
                found = [path for part in ("cur", "new") for path in (folder / part).glob(f"{letter.key}*")]
                if not found:
                    return
                path = found[0]
                target = self.root / FOLDERS[chance.choice(list(FOLDERS))] / "cur"
                path.rename(target / f"s{chance.randrange(10**9)}:2,{path.name.partition(':2,')[2]}")
            else:
                change_flags(folder, letter.key, add=chance.choice("SFR"), remove=chance.choice("SFR"))


def still(root: Path) -> None:
    """Nobody has changed the Maildir for a while, so that what is not listed counts as gone."""
    for name in FOLDERS.values():
        for part in ("cur", "new"):
            before = int((root / name / part).stat().st_mtime)
            then = before + 1 if before < LONG_AGO + 10**6 else LONG_AGO
            os.utime(root / name / part, (then, then))


def check_files(root: Path, delivered: int) -> None:
    """No letter is lost, none is there twice, and nothing is left in between."""
    assert Counter(each.subject for each in letters(root)) == Counter(f"Letter {number}" for number in range(delivered))
    assert not [path for name in FOLDERS.values() for path in (root / name / "tmp").iterdir()]


async def check_index(mail: Changes, root: Path) -> None:
    """It shows what is in the Maildir; marks of deletion are ours alone."""
    shown = []
    for folder in FOLDERS:
        index = await mail.engine.mail.index(IndexRequest("work", folder))
        assert index is not None
        await mail.engine.mail.read(index, 0, index.count)
        rows = entries(index)
        unread = sum(not each.row.flags & SEEN for each in rows)
        assert (len(rows), len(rows), unread) == (index.count, index.counts.total, index.counts.unread)
        shown += [Letter(folder, each.ref.key, each.row.subject, each.row.flags & sum(BITS)) for each in rows]
    there = [each._replace(flags=each.flags & sum(BITS)) for each in letters(root)]
    assert set(shown) == set(there), (set(shown) - set(there), set(there) - set(shown))
    assert len(shown) == len(there)


def check_stores(paths: Paths) -> None:
    """Nothing waits, and the cache agrees with itself."""
    journal = ActionJournal(paths.journal)
    assert journal.actions(UNDECIDED) == []
    journal.close()
    (path,) = paths.cache.rglob("index.db")
    with closing(sqlite3.connect(path)) as db:
        assert disagreements(db) == []
        assert db.execute("SELECT count(*) FROM message WHERE leaving IS NOT NULL").fetchone() == (0,)


async def settled(root: Path, *programs: Changes) -> None:
    """Until each has done what waits and has looked at a Maildir that is still."""
    for _ in range(3):
        for each in programs:
            await each.engine.mail.look()
        still(root)
    for each in programs:
        await each.engine.mail.look()


STEPS = {"open", "os.rename", "os.link", "os.remove", "os.listdir", "sqlite3.connect"}


def die_at(step: int) -> Callable[[str, object], None]:
    """A hook that ends this process without warning at a step on its files."""
    passed = [0]

    def hook(event: str, _: object) -> None:
        if event in STEPS:
            passed[0] += 1
            if passed[0] >= step:
                os.kill(os.getpid(), signal.SIGKILL)

    return hook


async def work_until_killed(root: Path, paths: Paths, seed: int, step: int) -> None:
    """Random work; the process ends in the middle of it."""
    async with running_mail(paths, root) as mail:
        program = Program(mail, random.Random(seed))
        sys.addaudithook(die_at(step))
        while True:
            await program.step()


if __name__ == "__main__":
    asyncio.run(
        work_until_killed(Path(sys.argv[1]), Paths.under(Path(sys.argv[2])), int(sys.argv[3]), int(sys.argv[4]))
    )
