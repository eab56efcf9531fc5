"""Which messages the user is told of as new mail."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import Changes, make_maildir, put_message, with_maildir
from tests.ui.scene import config
from tuimail.engine import Engine
from tuimail.engine.new_mail import still_new
from tuimail.events import Event, NewMailArrived
from tuimail.mail.flags import SEEN
from tuimail.mail.message_ref import MessageRef
from tuimail.paths import Paths

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Told:
    """The new mail that an engine has told of."""

    def __init__(self, engine: Engine) -> None:
        self.mail = Changes(engine)
        self.messages: list[MessageRef] = []
        engine.announcer.subscribe(self._listen)

    def _listen(self, event: Event) -> None:
        if isinstance(event, NewMailArrived):
            self.messages += event.messages

    async def after_a_look(self) -> list[tuple[str, str]]:
        """Folder and key of each."""
        await self.mail.engine.mail.look()
        return [(each.folder, each.key) for each in self.messages]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_maildir(tmp_path / "Maildir", "Trash", "Lists")


@asynccontextmanager
async def running(tmp_path: Path, root: Path, notify: tuple[str, ...] = ("INBOX",)) -> AsyncIterator[Told]:
    """An engine that has looked at the Maildir once."""
    settings = with_maildir(config(), root)
    settings = replace(settings, accounts={"work": replace(settings.accounts["work"], notify=notify)})
    engine = Engine(settings, Paths.under(tmp_path / "home"))
    told = Told(engine)
    await engine.start(run_outbox=False)
    try:
        await engine.mail.look()
        yield told
    finally:
        await engine.stop()


def deliver(folder: Path, name: str, *, flags: str = "", arrived: float | None = None) -> None:
    moment = int(time.time() if arrived is None else arrived)
    put_message(folder, name, flags=flags, new=not flags, arrived=moment)


async def test_what_is_there_at_the_start_is_not_told_what_comes_then_is_told_once(tmp_path: Path, root: Path) -> None:
    deliver(root, "before")
    async with running(tmp_path, root) as told:
        assert await told.after_a_look() == []
        deliver(root, "a")
        assert await told.after_a_look() == [("INBOX", "a")]
        deliver(root, "b")
        assert await told.after_a_look() == [("INBOX", "a"), ("INBOX", "b")]


async def test_what_was_read_elsewhere_first_or_is_only_moved_here_is_not_told(tmp_path: Path, root: Path) -> None:
    async with running(tmp_path, root) as told:
        deliver(root, "read", flags="S")
        deliver(root, "late", arrived=time.time() - 86_400)
        deliver(root, "marked", flags="T")
        assert await told.after_a_look() == []


@pytest.mark.parametrize(
    ("notify", "folders"),
    [(("INBOX",), {"INBOX"}), ((), set()), (("Lists",), {"Lists"}), (("*",), {"INBOX", "Lists"}),
     (("*", "Trash"), {"INBOX", "Lists", "Trash"})],
)  # fmt: skip
async def test_only_the_folders_that_the_user_names(
    tmp_path: Path, root: Path, notify: tuple[str, ...], folders: set[str]
) -> None:
    async with running(tmp_path, root, notify) as told:
        for folder in ("", ".Lists", ".Trash"):
            deliver(root / folder, f"m{folder}")
        assert {folder for folder, _ in await told.after_a_look()} == folders


async def test_what_was_read_since_is_not_new_any_more(tmp_path: Path, root: Path) -> None:
    async with running(tmp_path, root) as told:
        deliver(root, "a")
        deliver(root, "b")
        await told.after_a_look()
        engine = told.mail.engine
        await engine.mail.flag([MessageRef("work", "INBOX", "a")], add=SEEN)
        asked = [*told.messages, MessageRef("work", "INBOX", "gone"), MessageRef("work", "Nowhere", "x")]
        new = await engine.mail.query(lambda reader: still_new(reader, asked))
        assert [each.ref.key for each in new] == ["b"]
