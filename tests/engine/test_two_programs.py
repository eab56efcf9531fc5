"""Two tuimail and a stranger at work on one Maildir, and one that is killed again and again: nothing is lost."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import running_mail
from tests.engine.random_work import (
    COUNT,
    Program,
    Stranger,
    check_files,
    check_index,
    check_stores,
    make_root,
    settled,
)
from tuimail.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 8


@pytest.mark.parametrize("seed", range(4))
async def test_two_programs_and_a_stranger(tmp_path: Path, seed: int) -> None:
    root, paths, chance = make_root(tmp_path / "Maildir"), Paths.under(tmp_path / "home"), random.Random(seed)
    async with running_mail(paths, root) as first, running_mail(paths, root) as second:
        stranger = Stranger(root, random.Random(seed + 100))
        programs = [Program(first, random.Random(seed + 200)), Program(second, random.Random(seed + 300))]
        await first.engine.mail.look()
        for _ in range(40):
            work = asyncio.gather(*(each.step() for each in programs if chance.random() < 0.8))
            for _ in range(chance.randrange(3)):
                stranger.step()
            await work
        await settled(root, first, second)
        check_files(root, stranger.delivered)
        for each in (first, second):
            await check_index(each, root)
        assert programs[0].log["move"] and programs[1].log["flag"]  # noqa: PT018 - both were at work
    check_stores(paths)


@pytest.mark.parametrize("seed", range(2))
async def test_killed_at_random_moments(tmp_path: Path, seed: int) -> None:
    root, home, chance = make_root(tmp_path / "Maildir"), tmp_path / "home", random.Random(seed)
    for _ in range(KILLS):
        arguments = (root, home, chance.randrange(10**6), chance.randrange(5, 400))
        argv = [sys.executable, "-m", "tests.engine.random_work", *map(str, arguments)]
        ended = await asyncio.to_thread(subprocess.run, argv, capture_output=True, timeout=60, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    paths = Paths.under(home)
    async with running_mail(paths, root) as mail:
        await settled(root, mail)
        check_files(root, COUNT)
        await check_index(mail, root)
    check_stores(paths)
