"""The demo as a newcomer finds it, and the outbox coping with what the server's side does."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.journeys.waiting import until
from tests.ui.idle import replace_waiting
from tests.ui.screen_text import settle, text
from tuimail.compose.draft import Draft
from tuimail.config.loader import load
from tuimail.demo.letters.catalogue import MESSAGES
from tuimail.demo.setup import Demo
from tuimail.engine.received_mail import received_mail
from tuimail.mail.mime_tree import read_tree
from tuimail.outbox.model.states import OPEN, ItemState, Verb
from tuimail.paths import Paths
from tuimail.ui.app import TuimailApp
from tuimail.ui.screens.outbox import OutboxScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from tuimail.engine import Engine
    from tuimail.outbox.model.item import OutboxItem


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key takes as long as what it does."""
    replace_waiting(monkeypatch)


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


async def test_what_is_sent_to_the_people_of_the_demo_is_answered(tmp_path: Path) -> None:
    later: list[Callable[[], None]] = []
    loop, planned = asyncio.get_running_loop(), asyncio.Event()

    def schedule(_seconds: float, action: Callable[[], None]) -> None:
        later.append(action)
        if len(later) == 2:  # the letter that the demo begins with is answered as well
            loop.call_soon_threadsafe(planned.set)

    with Demo(tmp_path / "demo", schedule=schedule) as demo:
        demo.server.speed = 100_000_000
        inbox = tmp_path / "demo" / "work" / "Maildir" / "new"
        before = set(inbox.iterdir())
        await demo.engine.start()
        try:
            item = await sent_off(demo.engine, "clement@lathes.example")
            await reached(demo.engine, item.id, ItemState.DONE)
            async with asyncio.timeout(60):
                await planned.wait()
        finally:
            await demo.engine.stop()
        for action in later:
            action()
        answers = [read_tree(each.read_bytes()).header for each in set(inbox.iterdir()) - before]
    assert item.message_id.encode() in {each.value("in-reply-to").strip() for each in answers}


async def test_the_bounce_in_the_mailbox_is_about_a_letter_of_the_outbox(tmp_path: Path) -> None:
    with Demo(tmp_path / "demo") as demo:
        files = (tmp_path / "demo" / "work" / "Maildir" / "cur").iterdir()
        raw = next(data for data in (each.read_bytes() for each in files) if b"\nAction: failed\n" in data)
        await demo.engine.start(run_outbox=False, sync=False)  # which would find it by itself
        try:
            found = await demo.engine.sent.read_report(raw)
            assert found is not None
            matched = await demo.engine.sent.report(found)
        finally:
            await demo.engine.stop()
    assert matched is not None
    assert matched.item.subject == "Notes A to G"
    assert [each.address for each in matched.news] == ["luigi@torino.example"]


async def test_the_bounce_is_found_and_told_when_the_app_starts(tmp_path: Path) -> None:
    async with on_stage(tmp_path / "demo") as (demo, pilot):
        await seen(pilot, "bounced at mx.torino.example")
        sent = await demo.engine.sent.latest()
        (letter,) = [each for each in sent if each.subject == "Notes A to G"]
        assert [each.address for each in letter.recipients if each.report] == ["luigi@torino.example"]


def test_the_demo_has_a_mailbox_that_other_commands_can_read(tmp_path: Path) -> None:
    with Demo(tmp_path / "demo", messages=25) as demo:
        paths = Paths.under(tmp_path / "demo")
        config = load(paths)
        assert config.problems == ()
        assert {each.maildir for each in config.accounts.values()} == {
            each.maildir for each in demo.config.accounts.values()
        }
        totals = {}
        for account in config.accounts.values():
            with received_mail(account, paths) as mail:
                totals[account.name] = sum(each.total for each in mail.folders())
    of_work = sum(each.account == "work" for each in MESSAGES)
    # The sample outbox has filed three copies.
    assert totals == {"work": of_work + 25 + 3, "home": len(MESSAGES) - of_work}


def test_a_kept_mailbox_is_continued(tmp_path: Path) -> None:
    root = tmp_path / "demo" / "work" / "Maildir"
    with Demo(tmp_path / "demo"):
        pass
    gone = next((root / "cur").iterdir())
    gone.unlink()
    (root / "cur" / "1.mine:2,S").write_bytes(b"Subject: mine\n\n")
    before = {each: each.read_bytes() for each in root.rglob("*") if each.is_file()}
    with Demo(tmp_path / "demo"):
        pass
    assert {each: each.read_bytes() for each in root.rglob("*") if each.is_file()} == before


def test_an_unfinished_mailbox_is_begun_again(tmp_path: Path) -> None:
    unfinished = tmp_path / "demo" / "work" / "Maildir.unfinished" / "cur"
    unfinished.mkdir(parents=True)
    (tmp_path / "demo").chmod(0o700)
    (unfinished / "1.half:2,").write_bytes(b"half")
    with Demo(tmp_path / "demo"):
        assert not unfinished.parent.exists()
        assert not list((tmp_path / "demo").rglob("1.half*"))


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
        await seen(pilot, 'Undone: "Happy birthday" was deleted.')

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
