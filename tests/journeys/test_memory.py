"""A large letter takes no more memory than a small one, from composing to done."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import smtp_sink as sink
from tests.support.smtp_sink import smtp_sink

if TYPE_CHECKING:
    from tests.support.dovecot import Dovecot

ROOT = Path(__file__).parents[2]
SMALL, LARGE = 1_000, 50_000_000
GROWTH = 8_000_000
"""Bytes of memory that a letter of 50 MB may take beyond one of 1 KB."""

_CONFIG = """
default_account = "work"
[accounts.work]
address = "{address}"
[accounts.work.submission]
{submission}
{imap}
[outbox]
undo_seconds = 0
"""

pytestmark = [pytest.mark.slow, pytest.mark.real_servers]


def prepared(home: Path, size: int, config: str) -> tuple[Path, Path]:
    """A file to attach that cannot be packed, and the config."""
    home.mkdir(parents=True)
    with (home / "film.mkv").open("wb") as stream:
        for _ in range(size // 1000):
            stream.write(os.urandom(1000))
    (home / "config.toml").touch(mode=0o600)
    (home / "config.toml").write_text(config)
    return home / "film.mkv", home / "config.toml"


async def peaks(
    home: Path, size: int, submission: str, *, imap: str = "", address: str = "a@b.example"
) -> dict[str, int]:
    """The most memory that the process had taken after each step of the letter's life."""
    file, config = prepared(home, size, _CONFIG.format(submission=submission, imap=imap, address=address))
    folders = {f"XDG_{name}_HOME": str(home / name) for name in ("DATA", "CONFIG", "STATE", "CACHE")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.journeys.memory", str(file)),
        cwd=ROOT,
        env={**os.environ, **folders, "TUIMAIL_CONFIG": str(config)},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return {what: int(peak) for what, _, peak in (line.partition(": ") for line in out.decode().splitlines())}


async def compared(home: Path, submission: str, *, imap: str = "", address: str = "a@b.example") -> None:
    small = await peaks(home / "small", SMALL, submission, imap=imap, address=address)
    large = await peaks(home / "large", LARGE, submission, imap=imap, address=address)
    assert list(large) == list(small)
    assert max(large.values()) - max(small.values()) < GROWTH, (small, large)


@pytest.mark.skipif(not sink.PROGRAM.exists(), reason="needs Postfix's smtp-sink")
async def test_memory_stays_flat_over_smtp_into_a_maildir(tmp_path: Path) -> None:
    async with smtp_sink() as port:
        await compared(tmp_path / "home", f'host = "127.0.0.1"\nport = {port}\nsecurity = "none"\nauth = "none"')


@pytest.mark.skipif(not sink.PROGRAM.exists(), reason="needs Postfix's smtp-sink")
async def test_memory_stays_flat_over_smtp_into_an_imap_folder(tmp_path: Path, dovecot: Dovecot) -> None:
    ada = dovecot.new_user("ada")
    async with smtp_sink() as port:
        await compared(
            tmp_path / "home",
            f'host = "127.0.0.1"\nport = {port}\nsecurity = "none"\nauth = "none"',
            imap=(
                f'[accounts.work.imap]\nhost = "localhost"\nport = {dovecot.imaps}\nsecurity = "tls"\n'
                f'username = "{ada}"\npassword_command = {json.dumps(["printf", "%s", dovecot.password])}\n'
                f'ca_file = "{dovecot.ca_file}"'
            ),
            address=ada,
        )
    assert max(map(len, dovecot.letters(ada, "Sent"))) > LARGE


async def test_memory_stays_flat_through_a_command(tmp_path: Path) -> None:
    reader = [sys.executable, "-S", "-c", "import sys\nwhile sys.stdin.buffer.read(65536): pass"]
    await compared(tmp_path / "home", f"command = {json.dumps(reader)}")
