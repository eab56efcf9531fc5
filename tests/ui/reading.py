"""A running app on the messages of a Maildir, and a cursor over them as an index has one."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from tests.engine.mail_support import Changes, make_maildir, with_maildir
from tests.ui.real_engine import SceneEngine
from tests.ui.scene import config
from tests.ui.screen_text import settle
from tuimail.engine.index_request import IndexRequest
from tuimail.mail.flags import DELETED, SEEN
from tuimail.ui.app import TuimailApp
from tuimail.ui.requests import ShowMessage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from textual.pilot import Pilot

    from tuimail.config.model import Config
    from tuimail.engine.mail_index import IndexEntry, MessageIndex
    from tuimail.mail.message_ref import MessageRef
    from tuimail.paths import Paths
    from tuimail.ui.screens.message import MessageScreen

INBOX = IndexRequest("work")


class Walk:
    """A MessageCursor over an index that was read as a whole."""

    def __init__(self, index: MessageIndex, at: int = 0) -> None:
        self.index = index
        self.at = at

    def _entries(self) -> list[IndexEntry]:
        return [each for each in self.index.entries(0, self.index.count) if each is not None]

    @property
    def entry(self) -> IndexEntry | None:
        entries = self._entries()
        return entries[self.at] if self.at < len(entries) else None

    @property
    def position(self) -> str:
        return f"{self.at + 1:,} of {self.index.count:,}"

    def _after(self, by: int, *, unread: bool = False, marked: bool = False) -> int | None:
        step = 1 if by > 0 else -1
        at, left, entries = self.at, abs(by), self._entries()
        while left:
            at += step
            if not 0 <= at < len(entries):
                return None
            flags = entries[at].row.flags
            left -= (marked or not flags & DELETED) and not (unread and flags & SEEN)
        return at

    async def renew(self, *, gone: Sequence[IndexEntry] = (), seek: MessageRef | None = None) -> None:
        """It is an index that never changes."""

    def peek(self, by: int) -> IndexEntry | None:
        at = self._after(by)
        return None if at is None else self._entries()[at]

    async def step(self, by: int, *, unread: bool = False, marked: bool = False) -> bool:
        at = self._after(by, unread=unread, marked=marked)
        if at is None:
            return False
        self.at = at
        return True


def write_messages(root: Path, messages: Mapping[str, bytes], *, flags: str = "") -> Path:
    """A Maildir with these messages, by name, in this order."""
    make_maildir(root)
    for number, (name, raw) in enumerate(messages.items()):
        path = root / "cur" / f"{name}:2,{flags}"
        path.write_bytes(raw)
        import os

        os.utime(path, (1_760_000_000 + number, 1_760_000_000 + number))
    return root


@asynccontextmanager
async def reading(
    paths: Paths,
    messages: Mapping[str, bytes],
    *,
    at: int = 0,
    size: tuple[int, int] = (80, 24),
    settings: Config | None = None,
    flags: str = "",
) -> AsyncIterator[tuple[Pilot[int], MessageScreen]]:
    """The app on MESSAGE TEXT, with the message number ``at`` open."""
    root = write_messages(paths.data.parent / "Maildir", messages, flags=flags)
    engine = SceneEngine(paths, settings=with_maildir(settings or config(), root))
    changes = Changes(engine)
    app = TuimailApp(engine)
    try:
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            index = await changes.until(lambda index: index.count == len(messages), INBOX)
            screen: Any = app.navigation.open(ShowMessage(Walk(index, at)))
            await settle(pilot)
            yield pilot, screen
    finally:
        await engine.stop()


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys, each when what the one before set off is done."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def message(subject: str = "Hello", body: str = "Text", *headers: str) -> bytes:
    """A plain message."""
    lines = ["From: Ada Lovelace <ada@example.org>", "To: me@example.org", f"Subject: {subject}"]
    lines += ["Date: Mon, 23 Nov 2025 14:02:00 +0000", "Content-Type: text/plain; charset=utf-8", *headers]
    return "\r\n".join([*lines, "", *body.split("\n"), ""]).encode()
