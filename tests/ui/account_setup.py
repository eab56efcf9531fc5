"""The form of a new account in tests: a provider on this machine, and keys that are handed over without waiting."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from textual import events
from textual.keys import _character_to_key

from tests.ui.screen_text import settle, text
from tuimail.config.model import Config
from tuimail.engine import Engine
from tuimail.ui.app import TuimailApp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    import pytest
    from textual.pilot import Pilot

    from tests.accounts.discovery.loopback_provider import LoopbackProvider
    from tuimail.accounts.discovery.network import Network
    from tuimail.paths import Paths

LIMIT = 20.0
"""Seconds after which a test gives up to wait for something on the screen."""
NAMES = frozenset({"enter", "tab", "escape", "space", "down", "up", "right", "left"})
AUTOCONFIG = "autoconfig.example.org/mail/config-v1.1.xml"
ISPDB = "autoconfig.thunderbird.net/v1.1/example.org"


def find_at(monkeypatch: pytest.MonkeyPatch, provider: LoopbackProvider, ca_file: Path) -> None:
    """Searches ask ``provider``, and its authority is one of this machine's."""

    async def network(_ca_file: Path | None = None) -> Network:
        return provider.network

    # The package has a function of that name.
    monkeypatch.setattr(sys.modules["tuimail.accounts.discovery.discover"], "system_network", network)
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))


@asynccontextmanager
async def first_start(
    paths: Paths, settings: Config | None = None, *, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Pilot[int]]:
    """The program with the real engine, the form of a new account open."""
    engine = Engine(settings or Config(), paths)
    app = TuimailApp(engine)
    try:
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            await pilot.press("+")
            await settle(pilot)
            yield pilot
    finally:
        await engine.stop()


async def until(pilot: Pilot[int], *words: str) -> str:
    """Wait until all ``words`` are on the screen, and give what is there."""
    shown = ""
    try:
        async with asyncio.timeout(LIMIT):
            while not all(each in shown for each in words):
                shown = text(pilot.app)
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{words} did not come:\n{shown}") from None
    return shown


async def typed(pilot: Pilot[int], *parts: str) -> None:
    """Type each part, as fast as a paste: a key's name alone is that key, all else its characters."""
    app: Any = pilot.app
    for key in keys(parts):
        event = events.Key(_character_to_key(key), key) if len(key) == 1 else events.Key(key, None)
        event.set_sender(app)
        app._driver.send_message(event)
    await asyncio.sleep(0)
    await app.keys.rest()
    await pilot.pause()


def keys(parts: Iterable[str]) -> list[str]:
    """``("ada@example.org", "enter")`` as the names of keys."""
    found: list[str] = []
    for each in parts:
        found += [each] if each in NAMES or each.startswith(("ctrl+", "shift+")) else list(each)
    return found
