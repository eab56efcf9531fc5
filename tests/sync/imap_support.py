"""The cache of an account, its fake server, and what the cache is to hold."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tests.cache.support import disagreements, written
from tests.sync.fake_imap import FakeImap
from tuimail.config.model import SpecialUse
from tuimail.mail.summary import summary_of
from tuimail.sync.imap_mailbox_sync import SyncTimes
from tuimail.sync.imap_rows import key_of
from tuimail.sync.imap_sync import ImapSync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.sync.fake_imap import Box
    from tuimail.cache.database import WritableCache
    from tuimail.sync.imap_server import ImapServer


class Row(NamedTuple):
    """What the cache has of a message."""

    key: str
    flags: int
    keywords: str
    subject: str


class Rig:
    """One account; ``sync`` can be begun anew as by another process."""

    def __init__(self, cache: WritableCache, server: FakeImap, folders: dict[SpecialUse, str]) -> None:
        self.cache = cache
        self.server = server
        self.time = 1_000_000.0
        self.step = 0.0
        """Seconds that each look at the clock takes."""
        self.renamed: dict[str, str] = {}
        self._folders = folders
        self.restart()

    def restart(self) -> None:
        """A new process."""
        server: ImapServer = self.server
        times = SyncTimes(now=lambda: self.time, passing=self._passing)
        self.sync = ImapSync(
            self.cache, server, self._folders, times=times, renamed=lambda _folder, keys: self.renamed.update(keys)
        )

    def _passing(self) -> float:
        self.time += self.step
        return self.time

    @property
    def inbox(self) -> Box:
        return self.server.boxes["INBOX"]

    def commands(self) -> list[str]:
        """Sent since this was asked last."""
        found, self.server.commands[:] = list(self.server.commands), []
        return found

    def rows(self, wire: str = "INBOX") -> dict[int | None, Row]:
        """The rows of a folder with the server's flags; the counts are checked."""
        with self.cache.writing() as db:
            assert disagreements(db) == []
            found = db.execute(
                "SELECT uid, emailid, server_flags, keywords, subject FROM message "
                "WHERE mailbox = (SELECT id FROM mailbox WHERE wire = ?)",
                (wire,),
            )
            return {row[0]: Row(*row[1:]) for row in found}

    def expected(self, wire: str = "INBOX") -> dict[int | None, Row]:
        """What it is to hold."""
        box = self.server.boxes[wire]
        return {
            uid: Row(key_of(box.validity, uid), each.flags, each.keywords, summary_of(each.header).subject)
            for uid, each in box.letters.items()
        }

    def folders(self) -> dict[str, str]:
        """Shown names and special uses."""
        with self.cache.writing() as db:
            return dict(db.execute("SELECT name, special FROM mailbox"))


@contextmanager
def rig(tmp_path: Path, level: str = "Q", **folders: str) -> Iterator[Rig]:
    with written(tmp_path) as cache:
        yield Rig(cache, FakeImap(level), {SpecialUse(use): name for use, name in folders.items()})
