"""A letter's whole way through the screens: typed, sent, watched, mended; real Postfix, real Dovecot."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.journeys.waiting import until
from tests.support.loopback import free_ports
from tests.support.streams import serving
from tests.ui.idle import replace_waiting
from tests.ui.screen_text import settle, text
from tuimail.config.loader import load
from tuimail.engine import Engine
from tuimail.outbox.model.states import ItemState
from tuimail.ui.app import TuimailApp
from tuimail.ui.screens.compose import ComposeScreen
from tuimail.ui.screens.sent import SentScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from textual.pilot import Pilot

    from tests.journeys.conftest import Correspondence
    from tuimail.outbox.model.item import OutboxItem

pytestmark = pytest.mark.real_servers


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key takes as long as what it does."""
    replace_waiting(monkeypatch)


@asynccontextmanager
async def at_the_screen(correspondence: Correspondence) -> AsyncIterator[Pilot[int]]:
    """The program as Ada starts it."""
    engine = Engine(load(correspondence.paths), correspondence.paths)
    try:
        async with TuimailApp(engine).run_test(size=(80, 24)) as pilot:
            app = pilot.app
            assert isinstance(app, TuimailApp)
            await app.startup.ready.wait()
            yield pilot
    finally:
        await engine.stop()


def engine_of(pilot: Pilot[int]) -> Engine:
    assert isinstance(pilot.app, TuimailApp)
    return pilot.app.engine


async def typed(pilot: Pilot[int], words: str) -> None:
    names = {"\n": "enter", "@": "at", ".": "full_stop", ",": "comma", " ": "space", "/": "slash", "-": "minus"}
    await pilot.press(*(names.get(char, char) for char in words))


async def seen(pilot: Pilot[int], words: str) -> None:
    """Until ``words`` are on the screen."""
    async with asyncio.timeout(60):
        while words not in text(pilot.app):
            await settle(pilot)
            await asyncio.sleep(0.02)


async def write_and_send(pilot: Pilot[int], to: str, subject: str, body: str, file: str = "") -> None:
    """From the main menu: compose, fill in, ^X, Y; ends with the composer closed."""
    await pilot.press("c")
    await settle(pilot)
    await seen(pilot, "COMPOSE ")
    await typed(pilot, to)
    await pilot.press("tab", "tab")
    if file:
        await typed(pilot, file)
    await pilot.press("enter" if file else "tab")
    await settle(pilot)
    if file:
        await pilot.press("tab")
    await typed(pilot, subject)
    await pilot.press("enter")
    await typed(pilot, body)
    await pilot.press("ctrl+x")
    await seen(pilot, "Send message?")
    await pilot.press("y")
    await seen(pilot, "MAIN MENU")


async def only_letter(engine: Engine) -> OutboxItem:
    # What the server has is in both until it is filed.
    (item,) = {
        each.id: each
        for each in (*await engine.outbox.query(lambda outbox: outbox.items()), *await engine.sent.latest())
    }.values()
    return item


async def reached(engine: Engine, state: ItemState) -> OutboxItem:
    async def holds() -> bool:
        return (await only_letter(engine)).state is state

    await until(engine, holds)
    return await only_letter(engine)


async def test_a_letter_typed_at_the_screen_is_read_byte_for_byte(
    correspondence: Correspondence, tmp_path: Path
) -> None:
    correspondence.write_config()
    file = tmp_path / "figures.bin"
    file.write_bytes(bytes(range(256)) * 40)
    async with at_the_screen(correspondence) as pilot:
        await write_and_send(pilot, correspondence.bob, "The figures", "Dear Bob,\n\n.as promised", str(file))
        engine = engine_of(pilot)
        done = await reached(engine, ItemState.DONE)
        await pilot.press("t")
        await seen(pilot, "The figures")
        assert isinstance(pilot.app.screen, SentScreen)
        await seen(pilot, "Accepted for its recipient: 250 2.0.0")
    assert done.attempts == 1
    (read,) = correspondence.dovecot.wait_for_letters(correspondence.bob)
    (copy,) = correspondence.dovecot.letters(correspondence.ada, "Sent")
    assert read.endswith(copy)
    assert b"\r\n.as promised" in copy or b"\r\n\r\n.as promised" in copy
    assert b"figures.bin" in copy


async def test_a_letter_waits_in_sight_while_the_server_is_down_and_goes_at_a_key(
    correspondence: Correspondence,
) -> None:
    port = free_ports(1)[0]
    correspondence.write_config(port=port, imap=False)
    async with at_the_screen(correspondence) as pilot:
        await write_and_send(pilot, correspondence.bob, "Patience", "hello")
        await reached(engine_of(pilot), ItemState.DEFERRED)
        await pilot.press("o")
        await seen(pilot, "unreachable")
        await seen(pilot, "Patience")
        assert "does not answer at this port" in " ".join(text(pilot.app).split())
        async with _relay(port, correspondence.postfix.submission):
            await pilot.press("s")
            await reached(engine_of(pilot), ItemState.DONE)
            await seen(pilot, "Nothing is waiting.")
    assert len(correspondence.dovecot.wait_for_letters(correspondence.bob)) == 1


async def test_a_refused_recipient_is_mended_on_the_screen(correspondence: Correspondence) -> None:
    correspondence.write_config(imap=False)
    async with at_the_screen(correspondence) as pilot:
        await write_and_send(pilot, "nobody@example.org", "To whom", "hello")
        await reached(engine_of(pilot), ItemState.FAILED)
        await pilot.press("o")
        await seen(pilot, "1 refused")
        await pilot.press("f")
        await seen(pilot, "Correct the address : nobody@example.org")
        await pilot.press(*["backspace"] * len("nobody@example.org"))
        await typed(pilot, correspondence.bob)
        await pilot.press("enter")
        await reached(engine_of(pilot), ItemState.DONE)
        await seen(pilot, "Nothing is waiting.")
    assert len(correspondence.dovecot.wait_for_letters(correspondence.bob)) == 1


async def test_a_server_that_says_nothing_never_keeps_a_key_waiting(correspondence: Correspondence) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()
        writer.close()

    connected = asyncio.Event()
    async with serving(say_nothing) as port:
        correspondence.write_config(port=port, imap=False)
        await _at_the_screen_of_a_silent_server(correspondence, connected)


async def _at_the_screen_of_a_silent_server(correspondence: Correspondence, connected: asyncio.Event) -> None:
    async with at_the_screen(correspondence) as pilot:
        await write_and_send(pilot, correspondence.bob, "Anybody there", "hello")
        await connected.wait()
        await pilot.press("o")
        await seen(pilot, "sending")
        await pilot.press("enter")
        await seen(pilot, "Recipients")
        await pilot.press("less_than_sign", "m", "c")
        await settle(pilot)
        assert isinstance(pilot.app.screen, ComposeScreen)
        await typed(pilot, "eve@example.net")
        await settle(pilot)
        assert pilot.app.screen.form.to.value == "eve@example.net"
        item = await only_letter(engine_of(pilot))
        assert item.state is ItemState.SENDING, "all that was while it was being sent"


def _relay(port: int, to_port: int) -> AbstractAsyncContextManager[int]:
    """The server comes up: ``port`` leads to the real one."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_there, there = await asyncio.open_connection("127.0.0.1", to_port)
        try:
            await asyncio.gather(carry(reader, there), carry(from_there, writer), return_exceptions=True)
        finally:
            there.transport.abort()

    return serving(connected, port)
