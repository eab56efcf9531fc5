"""Draws the pictures of ``screenshots/`` from the demo's scene: ``python -m tests.screenshots [FOLDER] [NAME...]``."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.demo.setup import Demo
from tuimail.engine.index_request import IndexRequest
from tuimail.journal.action import ActionKind, ActionMessage, MailAction
from tuimail.journal.store import ActionJournal
from tuimail.ui.app import TuimailApp

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from tuimail.engine import Engine

FOLDER = Path(__file__).parent.parent / "screenshots"

TYPED_LETTER = (
    *"luigi",
    "tab",
    "tab",
    "tab",
    "tab",
    *"Note H",
    "enter",
    *"Dear Luigi,",
    "enter",
    "enter",
    *"there is one more note, and it is the last. I promise.",
)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: the keys that lead there from the main menu."""

    name: str
    keys: tuple[str, ...]
    size: tuple[int, int] = (100, 26)
    theme: str = "pine"
    keymap: str = "pine"
    wait_for: str = ""
    """Words that must be on the screen before it is taken."""
    refused: bool = False
    """Moves were refused before."""


PICTURES = (
    Picture("menu", ()),
    Picture("index", ("i",)),
    Picture("index-mutt", ("i", "o", "h"), theme="mutt", keymap="mutt", size=(80, 24)),
    Picture("index-wide", ("i",), size=(160, 44), theme="midnight"),
    Picture("index-light", ("i",), theme="paper"),
    Picture("folders", ("l",)),
    Picture("changes", ("l", "j"), refused=True),
    Picture("message", ("i", *"34", "enter", "enter")),
    Picture("message-classic", ("i", *"38", "enter", "enter"), size=(80, 24)),
    Picture("attachments", ("i", *"36", "enter", "enter", "v")),
    Picture("reply", ("i", *"34", "enter", "r", "n")),
    Picture("outbox", ("o",), wait_for="sending"),
    Picture("item", ("o", "enter")),
    Picture("letter", ("o", "v")),
    Picture("compose", ("c", *TYPED_LETTER)),
    Picture("send", ("c", *TYPED_LETTER, "ctrl+x")),
    Picture("sent", ("t",)),
    Picture("drafts", ("d",)),
    Picture("server", ("v",)),
    Picture("accounts", ("a",)),
    Picture("setup", ("s",), size=(80, 24)),
    Picture("help", ("o", "question_mark")),
    Picture("addresses", ("c", "ctrl+t")),
    Picture("outbox-classic", ("o",), size=(80, 24)),
    Picture("outbox-wide", ("o",), size=(120, 40), theme="midnight"),
    Picture("outbox-mutt", ("o",), theme="mutt", keymap="mutt"),
    Picture("outbox-light", ("o",), theme="paper"),
    Picture("outbox-ansi", ("o",), theme="ansi"),
    Picture("outbox-narrow", ("o",), size=(60, 20)),
    Picture("menu-light", (), theme="paper"),
    Picture("compose-light", ("c", *TYPED_LETTER), theme="paper", size=(120, 40)),
)


def without_network(svg: str) -> str:
    """The picture without the fonts it would fetch from elsewhere; any monospaced one does."""
    svg = svg.replace("<svg ", '<svg xml:space="preserve" ', 1)
    svg = re.sub(r"@font-face\s*\{[^}]*\}", "", svg)
    return re.sub(r"Fira Code", "DejaVu Sans Mono", svg)


async def draw(picture: Picture) -> str:
    """The picture as SVG."""
    with Demo(keymap=picture.keymap, theme=picture.theme) as demo:
        demo.server.speed = 200_000 if picture.wait_for else 100_000_000
        app = TuimailApp(demo.engine, server=demo.server)
        try:
            async with app.run_test(size=picture.size) as pilot:
                await app.startup.ready.wait()
                await app.engine.mail.look()
                if picture.refused:
                    await refuse_moves(app.engine)
                await settle(pilot)
                await pilot.press(*picture.keys)
                await settle(pilot)
                if picture.wait_for:
                    await until_sending(pilot)
                return without_network(app.export_screenshot(title="tuimail"))
        finally:
            await demo.engine.stop()


async def refuse_moves(engine: Engine) -> None:
    """Let messages be moved to a folder that is not there any more."""
    account = engine.mail.accounts[0].name
    index = await engine.mail.index(IndexRequest(account))
    assert index is not None
    entries = [each for each in index.entries(0, index.count) if each is not None]
    with closing(ActionJournal(engine.paths.journal)) as journal:
        for folder, messages in (("Trips/2026", entries[2:5]), ("Taxes", entries[9:10])):
            moved = tuple(ActionMessage(each.ref.key) for each in messages)
            journal.add([MailAction(account, ActionKind.MOVE, "INBOX", moved, target=folder)])
    await engine.mail.replay()


async def settle(pilot: Pilot[int]) -> None:
    """Until what was set off is on the screen."""
    for _ in range(4):
        await pilot.pause(0.05)


async def until_sending(pilot: Pilot[int]) -> None:
    """Until the large letter is half way."""
    progress = asyncio.Event()

    def listen(event: object) -> None:
        sent, total = getattr(event, "sent", 0), getattr(event, "total", 0)
        if total > 1_000_000 and sent * 2 > total:
            progress.set()

    app = pilot.app
    assert isinstance(app, TuimailApp)
    app.engine.announcer.subscribe(listen)
    async with asyncio.timeout(60):
        await progress.wait()
    await settle(pilot)


def main(arguments: list[str]) -> None:
    """Draw all pictures, or those named."""
    folder = Path(arguments[0]) if arguments else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    wanted = arguments[1:]
    # The same pictures whatever terminal this is run in.
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    os.environ.pop("NO_COLOR", None)
    for picture in PICTURES:
        if not wanted or picture.name in wanted:
            (folder / f"{picture.name}.svg").write_text(asyncio.run(draw(picture)), encoding="utf-8")
            print(picture.name)


if __name__ == "__main__":
    main(sys.argv[1:])
