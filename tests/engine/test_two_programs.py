"""Two tuimail and a stranger at work on one Maildir, and one that is killed again and again: nothing is lost."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import Changes, make_maildir, put_message, running_mail
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
from tests.engine.test_second_program import until
from tuimail.engine.index_request import IndexRequest
from tuimail.engine.text_indexer import TextIndexer
from tuimail.mail.pattern import parse
from tuimail.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.engine.mail_account import MailAccount

INBOX = IndexRequest("work")
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


async def test_texts_are_indexed_by_the_program_that_has_the_account_and_found_by_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, paths = make_maildir(tmp_path / "Maildir"), Paths.under(tmp_path / "home")
    fill = TextIndexer._try_to_fill
    filled: list[tuple[MailAccount, bool]] = []

    def noted(indexer: TextIndexer) -> None:
        filled.append((indexer._mail, indexer._mail.owns_cache))
        fill(indexer)

    monkeypatch.setattr(TextIndexer, "_try_to_fill", noted)

    async def finds(program: Changes, word: str) -> int:
        return len(await program.engine.mail.search.matching(INBOX, parse(f"~b {word}", 0.0)))

    async def indexed(program: Changes, word: str) -> None:
        async with asyncio.timeout(20):
            while not await finds(program, word):  # noqa: ASYNC110 - told by another process
                await asyncio.sleep(0.01)

    async with running_mail(paths, root) as second:
        async with running_mail(paths, root) as first:
            writers = [each.engine.mail._threads.writer("work") for each in (first, second)]
            put_message(root, "m1", body="A quokkaberry.")
            await first.engine.mail.look()
            await second.engine.mail.look()
            for each in (first, second):
                await indexed(each, "quokkaberry")
            (holder,) = [each for each in writers if each.owns_cache]
            await until(lambda: bool(filled))  # until then the text is read to be searched
            assert {who for who, _ in filled} == {holder}
        await until(lambda: writers[1].owns_cache)
        put_message(root, "m2", body="A wombatberry.")
        await second.engine.mail.look()
        await indexed(second, "wombatberry")
        assert await finds(second, "quokkaberry") == 1
        await until(lambda: filled[-1] == (writers[1], True))


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
