"""A message that is only at its server, opened while that is out of reach: what is said, and that it opens later."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.imap_program import deliver, new_account, other_client, settings
from tests.engine.mail_support import Changes
from tests.support.cut_link import cut_link
from tests.ui.reading import INBOX, Walk
from tests.ui.real_engine import SceneEngine
from tests.ui.screen_text import lines, settle, text
from tuimail.config import secrets
from tuimail.config.model import KeepPolicy
from tuimail.sync import reconnect
from tuimail.ui.app import TuimailApp
from tuimail.ui.requests import ShowMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.pilot import Pilot

    from tests.support.dovecot import Dovecot
    from tuimail.config.model import Server
    from tuimail.paths import Paths

WAITS = "This message is not kept on this machine; it opens when localhost is in reach."


@pytest.fixture
def server(dovecot: Dovecot) -> Iterator[Server]:
    with new_account(dovecot) as made:
        yield made


async def seen(pilot: Pilot[int], words: str) -> None:
    """Until they are on the screen; bounded by the test's time limit only."""
    while words not in text(pilot.app):
        await pilot.pause()
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("go_on", [False, True])
async def test_it_opens_when_the_server_is_back(
    dovecot: Dovecot,
    server: Server,
    paths: Paths,
    monkeypatch: pytest.MonkeyPatch,
    go_on: bool,
) -> None:
    """``go_on``: the user went to another message meanwhile, which is the one that opens."""
    monkeypatch.setattr(reconnect, "DELAYS", (3600.0,))
    with other_client(dovecot, server) as client:
        for number in range(3):
            deliver(client, number)
    async with cut_link(server.port) as link:
        behind = replace(server, port=link.port)
        secrets.remember(behind, "work", dovecot.password)
        engine = SceneEngine(paths, settings=settings(behind, KeepPolicy.HEADERS))
        changes, app = Changes(engine), TuimailApp(engine)
        try:
            async with app.run_test(size=(100, 24)) as pilot:
                await settle(pilot)
                index = await changes.until(lambda it: it.count == 3, INBOX)
                link.cut()
                await engine.mail.look()
                assert engine.mail.offline("work")
                # Each look may say in other words why, so that the screens never come to rest meanwhile.
                app.navigation.open(ShowMessage(Walk(index)))
                await seen(pilot, WAITS)
                assert text(app).count("not kept") == 1
                shown = [" ".join(each.split()) for each in lines(app)[1:8] if each.strip()]
                assert shown[:3] == ["From kim@example.net", "To ada@example.org", "Subject Letter 0"]
                assert shown[3].startswith("Date Thursday 1 October 2026")
                assert shown[4:] == [WAITS]
                if go_on:
                    await pilot.press("n")
                    await seen(pilot, "2 of 3")
                    await seen(pilot, WAITS)
                link.mend()
                await engine.mail.look()
                assert not engine.mail.offline("work")
                await seen(pilot, f"Text of {int(go_on)}.")
                assert WAITS not in text(app)
        finally:
            await engine.stop()
