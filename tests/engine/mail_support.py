"""An engine on a Maildir, and what its cache shows."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.ui.scene import config
from tuimail.engine import Engine
from tuimail.errors import StorageError, UsageError
from tuimail.events import Event, MailChanged, Notice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from tuimail.config.model import Config
    from tuimail.engine.index_request import IndexRequest
    from tuimail.engine.mail_index import IndexEntry, MessageIndex
    from tuimail.paths import Paths

PARTS = ("cur", "new", "tmp")


def make_maildir(root: Path, *folders: str) -> Path:
    """A Maildir with these folders beside its INBOX."""
    for folder in ("", *(f".{each}" for each in folders)):
        for part in PARTS:
            (root / folder / part).mkdir(parents=True, exist_ok=True)
    return root


def put_message(
    folder: Path,
    name: str,
    subject: str = "",
    *,
    flags: str = "",
    new: bool = False,
    refs: str = "",
    body: str = "Text",
    arrived: int = 1_790_000_000,
    sender: str = "Ada Lovelace <ada@example.org>",
) -> None:
    """Deliver a message; ``name`` is the unique part of its file and begins its Message-ID."""
    lines = [f"From: {sender}", "To: me@example.org", f"Subject: {subject or name}"]
    lines += [f"Message-ID: <{name}@example.org>", "Date: Mon, 23 Nov 2026 14:02:00 +0000"]
    lines += [f"References: {refs}"] if refs else []
    temporary = folder / "tmp" / name
    temporary.write_text("\n".join([*lines, "", body, ""]))
    os.utime(temporary, (arrived, arrived))
    temporary.rename(folder / "new" / name if new else folder / "cur" / f"{name}:2,{flags}")


def with_maildir(settings: Config, root: Path, account: str = "work") -> Config:
    """The config with a Maildir for an account."""
    accounts = {**settings.accounts, account: replace(settings.accounts[account], maildir=root)}
    return replace(settings, accounts=accounts)


class Changes:
    """Waits for the engine's MailChanged."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.told: list[str] = []
        """What the user was told without having asked."""
        self._changed = asyncio.Event()
        engine.announcer.subscribe(self._listen)

    def _listen(self, event: Event) -> None:
        if isinstance(event, MailChanged):
            self._changed.set()
        elif isinstance(event, Notice):
            self.told.append(event.text)

    async def index(self, request: IndexRequest) -> MessageIndex:
        """The index now."""
        index = await self.engine.mail.index(request)
        assert index is not None
        return index

    async def until(self, true: Callable[[MessageIndex], bool], request: IndexRequest) -> MessageIndex:
        """The index once ``true`` of it."""
        async with asyncio.timeout(60):
            while True:
                self._changed.clear()
                try:
                    index = await self.engine.mail.index(request)
                except (UsageError, StorageError):  # the folder was not read yet; a damaged cache is made anew
                    index = None
                if index is not None and true(index):
                    return index
                await self._changed.wait()


def entries(index: MessageIndex) -> Sequence[IndexEntry]:
    """All rows."""
    return [each for each in index.entries(0, index.count) if each is not None]


def subjects(index: MessageIndex) -> list[str]:
    """Of all rows."""
    return [each.row.subject for each in entries(index)]


@asynccontextmanager
async def running_mail(paths: Paths, root: Path) -> AsyncIterator[Changes]:
    """A started engine whose account ``work`` has the Maildir ``root``; it sends nothing."""
    engine = Engine(with_maildir(config(), root), paths)
    changes = Changes(engine)
    await engine.start(run_outbox=False)
    try:
        yield changes
    finally:
        await engine.stop()
