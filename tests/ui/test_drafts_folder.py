r"""Return in a folder with special use \Drafts: any program's draft goes on in the composer."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import make_maildir, put_message
from tests.ui.mail_scene import press, reading, status
from tests.ui.screen_text import settle, text
from tuimail.ui.screens.compose import ComposeScreen
from tuimail.ui.screens.index import IndexScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

    from tuimail.paths import Paths

DRAFT = (
    b"From: Ada <me@example.org>\r\nTo: Kim <kim@example.net>\r\nCc: bob@x.example\r\nBcc: eve@x.example\r\n"
    b"Subject: The mill\r\nMessage-ID: <d1@thunderbird.example>\r\nIn-Reply-To: <1@x.example>\r\n"
    b"References: <0@x.example> <1@x.example>\r\nX-Mozilla-Draft-Info: internal/draft\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\n\r\nAlmost done.\r\n--b\r\nContent-Type: image/png; name=mill.png\r\n\r\nPNG\r\n--b--\r\n"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = make_maildir(tmp_path / "Maildir", "Drafts", "Sent", "Trash")
    put_message(made, "m1", "An ordinary one", flags="S")
    (made / ".Drafts" / "cur" / "d1:2,DS").write_bytes(DRAFT)
    return made


@asynccontextmanager
async def in_drafts(paths: Paths, root: Path, *, keymap: str = "pine") -> AsyncIterator[Pilot[int]]:
    """The index of Drafts is on the screen."""
    from tuimail.engine.index_request import IndexRequest
    from tuimail.ui.requests import ShowIndex

    async with reading(paths, root, keymap=keymap) as pilot:
        pilot.app.navigation.open(ShowIndex(IndexRequest("work", "Drafts")))  # type: ignore[attr-defined]
        await settle(pilot)
        yield pilot


def composer(pilot: Pilot[int]) -> ComposeScreen:
    screen = pilot.app.screen
    assert isinstance(screen, ComposeScreen)
    return screen


async def test_return_continues_it_with_everything_it_has(paths: Paths, root: Path) -> None:
    async with in_drafts(paths, root) as pilot:
        await press(pilot, "enter")
        draft = composer(pilot).form.snapshot()
        assert (draft.to, draft.cc, draft.bcc) == ("Kim <kim@example.net>", "bob@x.example", "eve@x.example")
        assert (draft.subject, draft.body) == ("The mill", "Almost done.")
        assert [each.name for each in draft.attachments] == ["mill.png"]
        assert (draft.in_reply_to, draft.references) == ("<1@x.example>", ("<0@x.example>", "<1@x.example>"))
        assert (draft.headers, draft.account) == ((), "work")


async def test_mutts_key_for_editing_continues_it(paths: Paths, root: Path) -> None:
    async with in_drafts(paths, root, keymap="mutt") as pilot:
        await press(pilot, "e")
        assert composer(pilot).form.snapshot().subject == "The mill"
        await press(pilot, "ctrl+c")


async def test_cancelled_it_stays_where_it_was(paths: Paths, root: Path) -> None:
    async with in_drafts(paths, root) as pilot:
        await press(pilot, "enter", "ctrl+c")
        assert isinstance(pilot.app.screen, IndexScreen)
        assert "stays" in status(pilot)
        await press(pilot, "enter", "x", "ctrl+c")
        assert "The draft in Drafts stays as it is." in text(pilot.app)
        await press(pilot, "y")
        assert isinstance(pilot.app.screen, IndexScreen)
        engine = pilot.app.engine  # type: ignore[attr-defined]
        assert await engine.drafts.available() == []
        await engine.mail.replay()
        assert (root / ".Drafts" / "cur" / "d1:2,DS").read_bytes() == DRAFT


async def test_what_was_kept_of_it_is_opened_where_it_was_left(paths: Paths, root: Path) -> None:
    async with in_drafts(paths, root) as pilot:
        await press(pilot, "enter", "x", "ctrl+c", "k")
        assert isinstance(pilot.app.screen, IndexScreen)
        await pilot.app.engine.mail.look()  # type: ignore[attr-defined]
        await settle(pilot)
        (path,) = (root / ".Drafts" / "cur").iterdir()
        assert b"X-Tuimail-Draft: " in path.read_bytes()
        assert b"Bcc: eve@x.example" in path.read_bytes()
        await press(pilot, "enter")
        assert status(pilot) == ""
        assert "x" in composer(pilot).form.snapshot().body
