"""A letter's whole life in a process of its own, which tells how much memory it took: ``python -m ... SIZE``.

The config and the folders are those of its environment. Its letter is queued, edited back into a draft, queued again,
shown, sent and filed.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from tuimail.compose.attachment import attach
from tuimail.compose.draft import Draft
from tuimail.config.loader import load
from tuimail.engine import Engine
from tuimail.outbox.model.states import ItemState
from tuimail.paths import Paths


async def live(file: Path) -> None:
    paths = Paths.from_environment()
    config = load(paths)
    assert config.problems == (), config.problems
    engine = Engine(config, paths)
    await engine.start(run_outbox=False)
    try:
        draft = Draft(to="bob@example.net", subject="large", body="See it.\n", attachments=(attach(file),))
        item = await engine.drafts.enqueue(draft)
        tell("queued")
        again = await engine.outbox.edit(item.id)
        assert again.attachments[0].size == draft.attachments[0].size
        tell("edited")
        item = await engine.drafts.enqueue(again)
        assert sum(map(len, (await engine.outbox.content(item.id)).chunks())) == item.size
        tell("shown")
        (item,) = await engine.outbox.run_once()
        assert item.state is ItemState.DONE, (item.words, item.last_reply, item.filing)
        tell("sent and filed")
        if item.filing.place:
            assert sum(map(len, (await engine.outbox.content(item.id)).chunks())) == item.size
            tell("shown again")
    finally:
        await engine.stop()


def tell(what: str) -> None:
    """The most memory so far, in bytes; ``getrusage`` would count what the parent had when it started this."""
    (peak,) = re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    sys.stdout.write(f"{what}: {int(peak) * 1024}\n")


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1])))
