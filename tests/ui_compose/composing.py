"""The app with its composer open, over a real engine that sends nothing."""

from __future__ import annotations

import asyncio
import errno
import os
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.ui.real_engine import SceneEngine, all_stored, kept_drafts
from tests.ui.screen_text import settle, text
from tuimail.compose.draft import Draft
from tuimail.ui.app import TuimailApp
from tuimail.ui.screens.compose import ComposeScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from textual.pilot import Pilot
    from textual.widget import Widget

    from tuimail.compose.draft import Attachment
    from tuimail.compose.review import Review, ReviewFinding
    from tuimail.config.model import Config
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.paths import Paths

LETTER = Draft(account="work", to="bob@example.net", subject="Minutes", body="Dear all,\n\nhere they are.\n")


def full_disk(_descriptor: int) -> None:
    """In place of os.fsync: a disk without room for another block."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Composing:
    """What a test holds."""

    def __init__(self, app: TuimailApp, engine: SceneEngine, pilot: Pilot[int]) -> None:
        self.app = app
        self.engine = engine
        self.pilot = pilot

    @property
    def screen(self) -> ComposeScreen:
        found = next(each for each in self.app.screen_stack if isinstance(each, ComposeScreen))
        assert isinstance(found, ComposeScreen)
        return found

    @property
    def open(self) -> bool:
        return any(isinstance(each, ComposeScreen) for each in self.app.screen_stack)

    @property
    def focused(self) -> Widget | None:
        return self.screen.focused

    @property
    def context(self) -> str:
        return str(self.screen.context)

    @property
    def attached(self) -> list[Attachment]:
        return list(self.screen.form.attachment.attachments)

    @property
    def queued(self) -> list[OutboxItem]:
        """The letters in the outbox on the disk."""
        return all_stored(self.engine.paths)

    @property
    def drafts(self) -> Sequence[Draft]:
        """The drafts on the disk, newest first."""
        return kept_drafts(self.engine.paths)

    def find(self, *findings: ReviewFinding) -> None:
        """Reviews find this and nothing else from now on."""
        review = self.engine.drafts.review

        async def finding(draft: Draft) -> Review:
            return replace(await review(draft), findings=findings)

        self.engine.drafts.review = finding  # type: ignore[method-assign]

    @property
    def status(self) -> str:
        frame = self.app.frames.top
        assert frame is not None
        return frame.status.text

    @property
    def shown(self) -> str:
        return text(self.app)

    async def press(self, *keys: str) -> None:
        """Press keys and wait until what they set off is done, or waits itself."""
        await self.pilot.press(*keys)
        await settle(self.pilot)

    async def until(self, condition: Any) -> None:
        """Wait for what a thread or process does; bounded by the test's time limit only."""
        while not condition():
            await asyncio.sleep(0.005)
            await self.pilot.pause()


@asynccontextmanager
async def composing(
    paths: Paths,
    draft: Draft | None = None,
    *,
    settings: Config | None = None,
    size: tuple[int, int] = (80, 24),
    warning: str = "",
) -> AsyncIterator[Composing]:
    engine = SceneEngine(paths, settings=settings)
    app = TuimailApp(engine, draft=draft or Draft(), warning=warning)
    try:
        async with app.run_test(size=size) as pilot:
            held = Composing(app, engine, pilot)
            await held.until(lambda: held.open and held.screen.is_mounted and held.screen.focused is not None)
            await settle(pilot)
            yield held
    finally:
        await engine.stop()
