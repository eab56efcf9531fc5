"""Every letter of strangers in the running program: listed, read in each form, answered, forwarded, saved, searched.

Nothing crashes, nothing that acts on the terminal is drawn, no key takes long, and nothing is fetched from anywhere.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
import unicodedata
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.mail.raw_messages import corpus_messages
from tests.ui.hostile_letters import hostile_letters
from tests.ui.mail_scene import reading
from tests.ui.reading import write_messages
from tests.ui.screen_text import lines, settle, text
from tuimail.ui.safety import StripActing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from textual.pilot import Pilot

    from tuimail.paths import Paths

ACTING = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories of what a terminal may obey."""
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LONGEST = 8.0
"""Seconds of processor time that a burst of keys may take: four times what a quiet machine needs for the worst."""
SHARE = int(os.environ.get("HOSTILE_SHARE", "80"))
"""With ``-m slow`` one in so many letters of the corpora is tried: all of them take half an hour."""
OWN_GROUPS = 4
CORPORA_GROUPS = 2
"""Runs of the program, so that several processes can share the work."""

ANSWERS = ("r", "f", "g", "alt+f")
"""Keys that open the composer: reply, forward; reply to all, forward attached. What they make is kept as a draft.

Letters take turns with them, and with the source and the files; when all of the corpora are tried, each gets all.
"""
TURNS = len(ANSWERS)

_network: list[tuple[str, Any]] = []
_watching = [False]


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _watching[0] or not event.startswith("socket.") or event == "socket.__new__":
        return
    if not (isinstance(args[0], socket.socket) and args[0].family == socket.AF_UNIX):  # that is no network
        _network.append((event, args[1:]))


sys.addaudithook(_hook)


@contextmanager
def no_network() -> Iterator[None]:
    """Nothing connects, binds, sends or looks up a name meanwhile, however far below it is."""
    _network.clear()
    _watching[0] = True
    try:
        yield
    finally:
        _watching[0] = False
    assert _network == []


class Net:
    """The last net before the terminal. Whatever it would have to take out was let through by what draws."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.caught: set[str] = set()
        self.seen = 0
        apply = StripActing.apply

        def watched(net: StripActing, segments: list[Any], background: Any) -> Any:
            shown = "".join(segment.text for segment in segments)
            self.seen += len(shown)
            if not shown.isascii() or not shown.isprintable():
                self.caught |= {each for each in shown if unicodedata.category(each) in ACTING or each in BIDI}
            return apply(net, segments, background)

        monkeypatch.setattr(StripActing, "apply", watched)


class Reader:
    """Types keys, and looks at every screen that they bring."""

    def __init__(self, pilot: Pilot[int], net: Net) -> None:
        self.pilot = pilot
        self.net = net
        self.letter = ""
        self.slowest: tuple[float, str, tuple[str, ...]] = (0.0, "", ())

    @property
    def screen(self) -> str:
        """The name in the title bar."""
        return str(self.pilot.app.screen.SCREEN_NAME)  # type: ignore[attr-defined]

    async def press(self, *keys: str) -> None:
        """In one burst."""
        began = time.process_time()
        await self.pilot.press(*keys)
        await settle(self.pilot)
        self.slowest = max(self.slowest, (time.process_time() - began, self.letter, keys))
        shown = text(self.pilot.app)
        acting = {each for each in shown if each != "\n" and (unicodedata.category(each) in ACTING or each in BIDI)}
        assert not acting | self.net.caught, (self.letter, keys)

    async def read_all_of_it(self, turns: Collection[int]) -> None:
        """In MESSAGE TEXT: both forms, the whole header; by ``turns`` the source and the files, saved, answered."""
        await self.press("end", "h", "end", "home", "h")
        await self.press("ctrl+a", "end", "ctrl+a", "ctrl+f")
        if 0 in turns:
            await self.press("backslash", "end")
            await self.back_to("MESSAGE TEXT")
        if 1 in turns or 3 in turns:
            await self._look_at_files()
        if 2 in turns:
            await self.press("E", "enter")
            await self.back_to("MESSAGE TEXT")
        for key in (ANSWERS[each] for each in turns):
            await self.press(key, "end", "ctrl+o")
            assert self.screen == "MESSAGE TEXT", (self.letter, key, lines(self.pilot.app))

    async def _look_at_files(self) -> None:
        await self.press("v")
        if self.screen == "ATTACHMENTS":
            await self.press("T")
            await self.back_to("ATTACHMENTS")
            await self.press("end", "enter")
            await self.back_to("ATTACHMENTS")
            await self.press("s", "enter")
            await self.back_to("MESSAGE TEXT")

    async def back_to(self, screen: str) -> None:
        """Out of what was opened; a question is cancelled first."""
        while self.screen != screen or self.pilot.app.screen.prompts.current:  # type: ignore[attr-defined]
            assert "INDEX" not in self.screen, (self.letter, lines(self.pilot.app))
            await self.press("escape")


def typed(words: str) -> list[str]:
    """The keys of words."""
    return ["space" if each == " " else each for each in words]


async def read_each(
    paths: Paths, letters: dict[str, bytes], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = Net(monkeypatch)
    root = write_messages(paths.data.parent / "Maildir", letters)
    with caplog.at_level(logging.ERROR), no_network():
        async with reading(paths, root, keymap="mutt") as pilot:
            reader = Reader(pilot, net)
            await reader.press("i", "home")
            index: Any = pilot.app.screen
            assert index.list.count == len(letters)
            for number in range(len(letters)):
                entry = index.entry
                reader.letter = entry.ref.key
                await reader.press("enter")
                assert [each.ref for each in pilot.app.screen.targets()] == [entry.ref]  # type: ignore[attr-defined]
                await reader.read_all_of_it(range(TURNS) if SHARE == 1 else (number % TURNS,))
                await reader.press("i")
                if number + 1 < len(letters):
                    await reader.press("j")
            await reader.press("q", "R")  # the drafts that were made
            assert reader.screen == "DRAFTS"
            await reader.press("end", "q", "i")
            for pattern in ("~b the", "~s =?", "~B x", "!~f a | ~t b", "/[a-z]+@/"):
                await reader.press("l", "ctrl+u", *typed(pattern), "enter")
    saved = [*Path.home().rglob("*")]
    assert saved
    assert all(each.is_relative_to(Path.home()) for each in saved)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    if "HOSTILE_SHARE" in os.environ:
        print(f"slowest: {reader.slowest}")
    assert reader.slowest[0] < LONGEST


def own_letters(group: int) -> dict[str, bytes]:
    return dict(list(hostile_letters().items())[group::OWN_GROUPS])


def letters_of_the_corpora(group: int) -> dict[str, bytes]:
    """Some of them, always the same ones; skips the test where they are absent."""
    chosen = corpus_messages()[group * SHARE :: SHARE * CORPORA_GROUPS]
    return {f"{number:04}": raw for number, (_, raw) in enumerate(chosen)}


@pytest.mark.parametrize(
    ("letters", "group"),
    [
        *((own_letters, group) for group in range(OWN_GROUPS)),
        # Other tests read, show, answer and forward all of them without a screen; here are a few.
        *(pytest.param(letters_of_the_corpora, group, marks=pytest.mark.slow) for group in range(CORPORA_GROUPS)),
    ],
)
async def test_each_is_read_answered_and_saved(
    paths: Paths,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    letters: Callable[[int], dict[str, bytes]],
    group: int,
) -> None:
    await read_each(paths, letters(group), caplog, monkeypatch)
