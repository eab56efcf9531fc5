"""The demo as a newcomer finds it, and the outbox coping with what the server's side does."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.journeys.waiting import until
from tests.ui.screen_text import settle, text
from tuimail.compose.draft import Draft
from tuimail.demo.setup import Demo
from tuimail.outbox.model.item import OPEN, ItemState, Verb
from tuimail.ui.app import TuimailApp
from tuimail.ui.screens.outbox import OutboxScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

    from tuimail.engine import Engine
    from tuimail.outbox.model.item import OutboxItem


@asynccontextmanager
async def on_stage(folder: Path) -> AsyncIterator[tuple[Demo, Pilot[int]]]:
    with Demo(folder) as demo:
        demo.server.speed = 100_000_000
        try:
            async with TuimailApp(demo.engine, server=demo.server).run_test(size=(80, 24)) as pilot:
                app = pilot.app
                assert isinstance(app, TuimailApp)
                await app.startup.ready.wait()
                await settle(pilot)
                yield demo, pilot
        finally:
            await demo.engine.stop()


async def sent_off(engine: Engine, to: str) -> OutboxItem:
    return await engine.drafts.enqueue(Draft(account="work", to=to, subject="On stage", body="x\n"), not_before=0.0)


async def reached(engine: Engine, item_id: str, state: ItemState) -> None:
    async def holds() -> bool:
        return (await engine.outbox.query(lambda outbox: outbox.item(item_id))).state is state

    await until(engine, holds)


async def seen(pilot: Pilot[int], words: str) -> None:
    async with asyncio.timeout(60):
        while words not in text(pilot.app):
            await settle(pilot)


async def test_the_demo_opens_with_a_letter_in_every_state(tmp_path: Path) -> None:
    with Demo(tmp_path / "demo") as demo:
        await demo.engine.start(run_outbox=False)
        try:
            counts = await demo.engine.outbox.query(lambda outbox: outbox.counts())
            drafts = await demo.engine.drafts.available()
            sent = await demo.engine.sent.latest()
        finally:
            await demo.engine.stop()
    # The one that is queued is being sent a moment after the program opened.
    assert {state for state, count in counts.items() if count} == OPEN - {ItemState.SENDING}
    assert {draft.postponed for draft in drafts} == {True, False}
    assert sum(item.state is ItemState.DONE for item in sent) == 2


async def test_a_server_taken_down_and_up_again_gets_the_letter(tmp_path: Path) -> None:
    async with on_stage(tmp_path / "demo") as (demo, pilot):
        await pilot.press("v", "d")
        await seen(pilot, "The server is down")
        item = await sent_off(demo.engine, "eve@example.net")
        await reached(demo.engine, item.id, ItemState.DEFERRED)
        await pilot.press("d")
        await seen(pilot, "The server is up again.")
        await demo.engine.outbox.apply(Verb.SEND_NOW, item.id)
        await reached(demo.engine, item.id, ItemState.DONE)
        await seen(pilot, "eve@example.net")


async def test_a_refused_address_is_taken_again_after_a_second_word(tmp_path: Path) -> None:
    async with on_stage(tmp_path / "demo") as (demo, pilot):
        await pilot.press("v")
        for state in (ItemState.FAILED, ItemState.DONE):
            await pilot.press("r")
            await seen(pilot, "Refuse which address?")
            await pilot.press(*"eve", "at", *"x", "full_stop", *"org", "enter")
            await seen(pilot, "eve@x.org is refused." if state is ItemState.FAILED else "eve@x.org is taken again.")
            item = await sent_off(demo.engine, "eve@x.org")
            await reached(demo.engine, item.id, state)
            if state is ItemState.FAILED:
                await demo.engine.outbox.apply(Verb.DROP, item.id)


async def test_a_swallowed_reply_leaves_it_to_the_user(tmp_path: Path) -> None:
    async with on_stage(tmp_path / "demo") as (demo, pilot):
        engine = demo.engine

        async def drawings_went() -> bool:
            return all(
                item.subject != "Drawings of the mill"
                for item in await engine.outbox.query(lambda outbox: outbox.items())
            )

        await until(engine, drawings_went)
        for key, after, arrivals in (("i", ItemState.DONE, 1), ("g", ItemState.DONE, 2)):
            demo.server.set(swallow=True)
            item = await sent_off(engine, f"{key}@example.net")
            await reached(engine, item.id, ItemState.UNCERTAIN)
            await pilot.press("o")
            await seen(pilot, "On stage")
            rows = sorted(
                await engine.outbox.query(lambda outbox: outbox.items()),
                key=lambda each: (not each.needs_you, each.queued_at, each.id),
            )
            place = next(at for at, each in enumerate(rows) if each.id == item.id)
            await pilot.press("home", *["down"] * place, key)
            await seen(pilot, "arrive")
            await pilot.press("y")
            await reached(engine, item.id, after)
            assert sum(f"{key}@example.net" in letter.recipients for letter in demo.server.received) == arrivals
            await pilot.press("less_than_sign")


async def test_what_the_readme_proposes_works(tmp_path: Path) -> None:
    async with on_stage(tmp_path / "demo") as (demo, pilot):
        await reached_first(demo.engine, "Drawings of the mill")
        await pilot.press("c", *"bob@x.example", "tab", "tab", "tab", *"Hello", "tab", *"x", "ctrl+x")
        await seen(pilot, "Send message?")
        await pilot.press("y")
        await seen(pilot, '"Hello" goes in')
        await pilot.press("u")
        await seen(pilot, "bob@x.example")
        await pilot.press("ctrl+c")
        await seen(pilot, '"Hello" is back in the outbox')

        await pilot.press("o")
        await seen(pilot, "Happy birthday")
        await chosen(pilot, "Happy birthday")
        await pilot.press("e")
        await seen(pilot, "Many happy returns")
        await pilot.press("ctrl+c")
        await seen(pilot, '"Happy birthday" is back in the outbox as it was.')
        await pilot.press("l", *"in 3 hours", "enter")
        await seen(pilot, '"Happy birthday" will be sent')
        await pilot.press("d")
        await seen(pilot, '"Happy birthday" was deleted.')
        await pilot.press("u")
        await seen(pilot, 'Undone: "Happy birthday".')

        await chosen(pilot, "Grant renewal")
        await pilot.press("f")
        await seen(pilot, "Correct which address?")
        await pilot.press("1")
        await seen(pilot, "Correct the address")
        await pilot.press("ctrl+u", *"kim@fund.example", "enter")
        # What the status line says of it is soon followed by the other refusal, so the list is asked.
        await seen(pilot, "kim@fund.example")
        assert demo.server.faults.refused


async def reached_first(engine: Engine, subject: str) -> None:
    """Until the letter the demo begins with is through, so that the list stands still."""

    async def through() -> bool:
        return all(item.subject != subject for item in await engine.outbox.query(lambda outbox: outbox.items()))

    await until(engine, through)


async def chosen(pilot: Pilot[int], subject: str) -> None:
    """Select the letter in the outbox."""
    screen = pilot.app.screen
    assert isinstance(screen, OutboxScreen)
    rows = [screen.rows[row] for row in screen.list.source.window(0, screen.list.count)]
    screen.list.select([row.subject for row in rows if row].index(subject))
    await settle(pilot)
