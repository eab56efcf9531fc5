"""The app with its composer open, over the fake engine."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from tests.ui.fake_engine import FakeEngine, item
from tests.ui.screen_text import settle, text
from tuimail.compose.draft import Draft
from tuimail.compose.review import Review
from tuimail.outbox.model.delivery_options import NONE as NO_WISHES
from tuimail.outbox.model.item import ItemState, OutboxItem
from tuimail.ui.app import TuimailApp
from tuimail.ui.screens.compose import ComposeScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot
    from textual.widget import Widget

    from tuimail.compose.draft import Attachment
    from tuimail.compose.review import ReviewFinding
    from tuimail.config.model import Config
    from tuimail.outbox.model.delivery_options import DeliveryOptions
    from tuimail.paths import Paths

LETTER = Draft(account="work", to="bob@example.net", subject="Minutes", body="Dear all,\n\nhere they are.\n")


class SlowEngine(FakeEngine):
    """Storing waits for ``gate``; reviews hold ``findings``; ``refusing`` keeps drafts from being saved."""

    def __init__(self, paths: Paths, *, settings: Config | None = None) -> None:
        super().__init__(paths, settings=settings)
        self.gate = asyncio.Event()
        self.gate.set()
        self.findings: tuple[ReviewFinding, ...] = ()
        self.refusing: Exception | None = None
        self.held: list[bool] = []
        self.queued: list[Draft] = []
        self.not_before: float | None = None

    async def review(self, draft: Draft) -> Review:
        return Review(
            draft.identity, draft.account, "smtp.example.org:465", (draft.to,), (draft.cc,) if draft.cc else (),
            (draft.bcc,) if draft.bcc else (), tuple(each.name for each in draft.attachments), 48_000, self.findings,
        )  # fmt: skip

    async def save(self, draft: Draft) -> None:
        if self.refusing is not None:
            raise self.refusing
        await super().save(draft)

    async def enqueue(
        self,
        draft: Draft,
        *,
        not_before: float | None = None,
        held: bool = False,
        again: bool = False,
        same_within: float | None = None,
        wishes: DeliveryOptions = NO_WISHES,
    ) -> OutboxItem:
        self._record("enqueue", draft, again)
        await self.gate.wait()
        self.queued.append(draft)
        self.held.append(held)
        state = ItemState.HELD
        when = None if held else self.clock.now() + 5
        return self.change(item(f"q{len(self.queued)}", state, draft.subject, not_before=when))

    def count(self, method: str) -> int:
        return sum(call[0] == method for call in self.calls)


class Composing:
    """What a test holds."""

    def __init__(self, app: TuimailApp, engine: SlowEngine, pilot: Pilot[int]) -> None:
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
    engine = SlowEngine(paths, settings=settings)
    app = TuimailApp(engine, draft=draft or Draft(), warning=warning)
    async with app.run_test(size=size) as pilot:
        held = Composing(app, engine, pilot)
        await held.until(lambda: held.open and held.screen.is_mounted and held.screen.focused is not None)
        await settle(pilot)
        yield held
