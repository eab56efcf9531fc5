"""Reading: from the command to the messages of a large folder beside other programs; keys, search, first index.

Wall time, warm, in turns in one run. Every program has read the mailbox once before it is measured; mutt and neomutt
keep a header cache. ``--letters`` is the number of messages of the large folder; one of 1,000 stands beside it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.figures import Figure, Section
from tests.bench.readers import readers, shows
from tests.bench.start import BARE, BARE_NAME
from tests.bench.terminal import Terminal, terminal
from tests.journeys.program import Program
from tuimail.demo.generated import MailGenerator
from tuimail.demo.maildir_files import make_folders, write_messages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyte

SMALL = 1000
PRESSES = 40
RARE = "quokkaberry"
"""A word that one message has."""
CONFIG = """
[accounts.work]
address = "ada@example.org"
submission.command = ["/bin/true"]
[accounts.work.maildir]
path = "{maildir}"
[ui]
keymap = "mutt"
"""


def measure(*, runs: int, letters: int) -> list[Section]:
    """The tables; seconds or milliseconds."""
    large = max(letters, 2 * SMALL)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        places = {size: _Place(Path(folder) / str(size), size) for size in (SMALL, large)}
        first = _first_index(places[large])
        for place in places.values():
            _warm(place)
        return [_opened(places, runs), _keys(places, runs), _searched(places[large], runs), first]


class _Place:
    """A home folder whose only account has a Maildir of ``size`` messages in its inbox."""

    def __init__(self, folder: Path, size: int) -> None:
        self.size = size
        self.maildir = folder / "mail" / "INBOX"
        self.maildir.parent.mkdir(parents=True)
        self.program = Program(folder, {"PYTHONDONTWRITEBYTECODE": ""})
        self.program.configure(CONFIG.format(maildir=self.maildir))
        make_folders(self.maildir, ("INBOX", "Trash"))
        messages = (replace(each, folder="INBOX") for each in MailGenerator(size - 1, time.time()).messages())
        write_messages(self.maildir, messages)
        rare = self.maildir / "cur" / "1000000000.rare.example:2,S"
        rare.write_text(f"From: Ada <ada@example.org>\nSubject: Rare\nMessage-ID: <rare@example.org>\n\nA {RARE}.\n")
        os.utime(rare, (1_000_000_000, 1_000_000_000))
        self.peers = readers(folder, self.maildir)

    @property
    def environment(self) -> dict[str, str]:
        return {**self.program.environment, "XDG_CONFIG_HOME": str(self.program.home / ".config")}

    def programs(self) -> dict[str, tuple[list[str], bytes, Callable[[pyte.Screen], bool]]]:
        """Command, what is typed at once, and what the screen shows in the end."""
        found: dict[str, tuple[list[str], bytes, Callable[[pyte.Screen], bool]]] = {
            BARE_NAME: ([sys.executable, "-c", BARE], b"", shows("READY")),
            "tuimail": (self.program.argv("-f", "INBOX"), b"", has_rows),
        }
        found.update({name: (each.argv, b"", each.done) for name, each in self.peers.items()})
        return found


def has_rows(shown: pyte.Screen) -> bool:
    """The index, with rows that were read."""
    starts = [line.replace(",", "").split()[:3] for line in shown.display[3:10]]
    return shows("Subject")(shown) and sum(any(word.isdigit() for word in words) for words in starts) > 4


def _warm(place: _Place) -> None:
    """Let every program read the mailbox once, and tuimail index its texts."""
    place.program.run("search", "~b", RARE, seconds=3600)
    with terminal(place.program.argv(), place.environment) as screen:
        screen.press(b"i")
        screen.wait(has_rows, seconds=600)
        _until_indexed(place)
    for each in place.peers.values():
        with terminal(each.argv, place.environment) as screen:
            screen.wait(each.done, seconds=600)
            if each.keeps_headers:
                screen.press(b"q")
                screen.finish()


def _until_indexed(place: _Place) -> None:
    import sqlite3

    (index,) = (place.program.home / ".cache" / "tuimail").rglob("index.db")
    with sqlite3.connect(f"{index.as_uri()}?mode=ro", uri=True) as db:
        while db.execute("SELECT count(*) FROM message WHERE text IS NULL").fetchone()[0]:
            time.sleep(0.5)


def _opened(places: dict[int, _Place], runs: int) -> Section:
    found: dict[str, list[float]] = {}
    for _ in range(max(runs, 3)):
        for size, place in places.items():
            for name, (argv, keys, done) in place.programs().items():
                start = time.perf_counter()
                with terminal(argv, place.environment) as screen:
                    begun = time.perf_counter() - start
                    screen.press(keys)
                    took = begun + screen.wait(done, seconds=120)
                label = name if name == BARE_NAME else f"{name}, {size:,} messages"
                found.setdefault(label, []).append(took)
    figures = [Figure(name, tuple(values), "s") for name, values in found.items()]
    return Section("From the command to the messages of a folder, cached", figures, versus=BARE_NAME)


def _keys(places: dict[int, _Place], runs: int) -> Section:
    figures: dict[str, list[float]] = {}
    for _ in range(runs):
        for size, place in places.items():
            with terminal(place.program.argv(), place.environment) as screen:
                screen.press(b"i")
                screen.wait(has_rows)
                screen.settle()
                for name, keys in (("next and previous", b"kj"), ("page", b"Zz"), ("end and start", b"=*")):
                    _add(figures, f"{name}, {size:,} messages", changes(screen, keys))
                screen.press(b"\r")
                screen.settle(0.5)
                _add(figures, f"next message read, {size:,} messages", changes(screen, b"kj"))
                screen.press(b"q")
                screen.settle()
                _add(figures, f"to a folder and back, {size:,} messages", _switches(screen))
    return Section("From a key to the screen", [Figure(name, tuple(each), "ms") for name, each in figures.items()])


def changes(screen: Terminal, keys: bytes) -> list[float]:
    """Seconds from each of PRESSES keys to a changed screen."""
    took = []
    for number in range(PRESSES):
        before = list(screen.screen.display)
        screen.press(keys[number % len(keys) :][:1])
        took.append(screen.wait(lambda shown, before=before: list(shown.display) != before))  # type: ignore[misc]
        screen.settle(0.05)
    return took


def _switches(screen: Terminal) -> list[float]:
    took = []
    for number in range(6):
        screen.press(b"c" + (b"Trash" if number % 2 == 0 else b"INBOX"))
        screen.settle(0.2)
        screen.press(b"\r")
        wanted = shows("No messages") if number % 2 == 0 else has_rows
        seconds = screen.wait(wanted)
        if number % 2:
            took.append(seconds)
        screen.settle(0.2)
    return took


def _add(figures: dict[str, list[float]], name: str, took: Sequence[float]) -> None:
    ordered = sorted(took)
    for part, share in (("p50", 0.5), ("p95", 0.95)):
        figures.setdefault(f"{name}, {part}", []).append(ordered[int(share * (len(ordered) - 1))] * 1000)


def _searched(place: _Place, runs: int) -> Section:
    """A rare word in the texts of all messages, in the running program."""
    found: dict[str, list[float]] = {}
    limits = {"tuimail": b"l~b " + RARE.encode()}
    limits.update({name: b"l~b " + RARE.encode() for name in ("mutt", "neomutt") if shutil.which(name)})
    for _ in range(runs):
        for name, keys in limits.items():
            argv, typed, done = place.programs()[name]
            with terminal(argv, place.environment) as screen:
                screen.press(typed)
                screen.wait(done, seconds=120)
                screen.settle()
                screen.press(keys)
                screen.settle(0.3)
                screen.press(b"\r")
                shown = shows("1 of") if name == "tuimail" else shows("Msgs:1/")
                found.setdefault(name, []).append(screen.wait(shown, seconds=300) * 1000)
        if shutil.which("notmuch"):
            found.setdefault("notmuch", []).append(_notmuch(place) * 1000)
    figures = [Figure(name, tuple(values), "ms") for name, values in found.items()]
    return Section(f"A rare word in {place.size:,} messages", figures, versus="tuimail")


def _notmuch(place: _Place) -> float:
    """A process of its own, its index made before."""
    config = place.program.home / "notmuch-config"
    environment = {**place.environment, "NOTMUCH_CONFIG": str(config)}
    if not config.exists():
        config.write_text(f"[database]\npath={place.maildir}\n[user]\nname=Ada\nprimary_email=ada@example.org\n")
        subprocess.run(["notmuch", "new", "--quiet"], env=environment, check=True, stdout=subprocess.DEVNULL)
    start = time.perf_counter()
    subprocess.run(["notmuch", "search", RARE], env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _first_index(place: _Place) -> Section:
    """Nothing is cached: until the first messages are shown, keys meanwhile, and until all are there."""
    with terminal(place.program.argv(), place.environment) as screen:
        screen.press(b"i")
        begin = time.perf_counter()
        screen.wait(has_rows, seconds=120)
        first = time.perf_counter() - begin
        keys = changes(screen, b"kj")
        screen.wait(lambda shown: not shows("Reading")(shown), seconds=3600)
        whole = time.perf_counter() - begin
    ordered = sorted(keys)
    figures = [
        Figure("first messages shown", (first,), "s"),
        Figure("all of them", (whole,), "s"),
        Figure("a key meanwhile, p95", (ordered[int(0.95 * (len(ordered) - 1))] * 1000,), "ms"),
    ]
    return Section(f"The first index of {place.size:,} messages", figures)
