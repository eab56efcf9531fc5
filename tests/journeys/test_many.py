"""A merge of many: killed in the middle, and ten thousand through a command into another queue."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import textwrap
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MANY = int(os.environ.get("TUIMAIL_MANY", "10000"))
"""Letters; fewer for a quick look."""

TAKE = """
import os, sys
# One line per letter, in one write: what the next queue has of it.
with open({ledger!r}, "ab", buffering=0) as ledger:
    text = sys.stdin.read()
    message_id = text.partition("Message-ID: ")[2].partition("\\n")[0]
    ledger.write((message_id + " " + sys.argv[-1] + "\\n").encode())
"""


class Home:
    """A user with a table of people and a command that takes letters."""

    def __init__(self, folder: Path, people: int) -> None:
        self.folder = folder
        self.ledger = folder / "ledger"
        command = [sys.executable, "-S", "-I", "-c", TAKE.format(ledger=str(self.ledger))]
        (folder / "config.toml").touch(mode=0o600)
        (folder / "config.toml").write_text(
            textwrap.dedent(f"""
            default_account = "work"
            [accounts.work]
            address = "ada@example.org"
            sent.copy = "none"
            submission.command = {json.dumps(command)}
            """)
        )
        rows = "".join(f"Person {number},p{number}@example.net\n" for number in range(people))
        (folder / "people.csv").write_text(f"name,email\n{rows}")
        (folder / "text").write_text("Dear {name}\n")
        self.environment = {
            **os.environ,
            **{f"XDG_{name}_HOME": str(folder / name) for name in ("DATA", "CONFIG", "STATE", "CACHE")},
            "TUIMAIL_CONFIG": str(folder / "config.toml"),
        }

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tuimail", *words),
            cwd=ROOT,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )

    async def run(self, *words: str) -> str:
        process = await self.start(*words)
        out, _ = await process.communicate()
        assert process.returncode == 0
        return out.decode()

    def merge(self) -> tuple[str, ...]:
        files = ("--merge", str(self.folder / "people.csv"), "-i", str(self.folder / "text"))
        return ("send", *files, "-s", "Hello {name}", "--json")

    def letters(self) -> list[Path]:
        return [*(self.folder / "DATA" / "tuimail" / "outbox").glob("*.letter")]


@pytest.mark.slow
async def test_a_merge_killed_in_the_middle_is_finished_by_running_it_again(tmp_path: Path) -> None:
    home = Home(tmp_path, 1000)
    process = await home.start(*home.merge())
    while not home.letters() and process.returncode is None:  # noqa: ASYNC110 - another process makes them
        await asyncio.sleep(0.01)
    process.kill()
    await process.wait()
    assert len(home.letters()) < 1000
    said = json.loads(await home.run(*home.merge()))
    assert said["queued"] + said["queued_before"] == 1000
    assert len(home.letters()) >= 1000
    items = json.loads(await home.run("outbox", "list", "--json"))
    assert Counter(each["recipients"][0]["address"] for each in items) == Counter(
        f"p{number}@example.net" for number in range(1000)
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_ten_thousand_letters_go_to_the_next_queue_each_once(tmp_path: Path) -> None:
    people = MANY
    home = Home(tmp_path, people)
    assert json.loads(await home.run(*home.merge()))["queued"] == people
    await home.run("outbox", "run")
    taken = home.ledger.read_text().splitlines()
    assert len(taken) == people
    assert len({line.split()[0] for line in taken}) == people
    assert all(re.fullmatch(r"<\S+@example\.org> p\d+@example\.net", line) for line in taken)
    assert json.loads(await home.run("outbox", "list", "--json")) == []
