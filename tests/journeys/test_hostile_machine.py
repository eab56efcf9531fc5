"""The real program where the machine is against it: closed streams, full disks, damaged files, odd environments.

``Program`` fails every test in which a traceback reaches the user.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.journeys.program import account
from tests.support.loopback import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.journeys.program import Program

pytestmark = pytest.mark.on_disk


@pytest.fixture
def offline(program: Program) -> Program:
    """A program whose server is down."""
    program.configure(account(free_ports(1)[0]))
    return program


def subjects(program: Program) -> list[tuple[str, str]]:
    return [(item["subject"], item["state"]) for item in program.items()]


@pytest.mark.parametrize(
    ("script", "code", "queued"),
    [
        ("tuimail send --queue bob@example.net -s x <&-", 64, 0),
        ("tuimail send --queue bob@example.net -s x >&-", 0, 1),
        ("tuimail send --queue bob@example.net -s x 2>&-", 0, 1),
        ("tuimail send --queue bob@@example.net -s x 2>&-", 65, 0),
        ("tuimail send --queue bob@example.net -s x -i text <&- >&- 2>&-", 0, 1),
        ("tuimail send --queue bob@example.net -s x > /dev/full", 0, 1),
        ("tuimail send --queue bob@example.net -s x < /dev/zero", 65, 0),
        ("tuimail outbox list --json > /dev/full", 73, 0),
        ("tuimail outbox list --json >&-", 0, 0),
        ("tuimail --version >&-", 0, 0),
        ("tuimail --version > /dev/full", 73, 0),
        ("tuimail --help | true; exit ${PIPESTATUS[1]}", 0, 0),
        ("mkdir gone; cd gone; rmdir ../gone; tuimail outbox list", 0, 0),
    ],
)
def test_streams_that_are_closed_or_full_harm_nothing(offline: Program, script: str, code: int, queued: int) -> None:
    (offline.home / "text").write_text("hello\n")
    assert offline.shell(script).code == code
    assert subjects(offline) == [("x", "queued")] * queued


@pytest.mark.parametrize(
    ("variables", "code", "words"),
    [
        ({"HOME": "/dev/null"}, 78, "No account is set up yet"),
        ({"XDG_DATA_HOME": "/proc/nowhere"}, 73, "/proc/nowhere"),
        ({"TUIMAIL_CONFIG": "~nobody-at-all/config"}, 78, "~nobody-at-all/config"),
        ({"TUIMAIL_CONFIG": "/dev/zero"}, 78, "/dev/zero: This is not a regular file"),
        ({"TUIMAIL_CONFIG": "/"}, 78, "Is a directory"),
        ({"TUIMAIL_CONFIG": "fifo"}, 78, "fifo: This is not a regular file"),
        ({"TUIMAIL_CONFIG": "bytes"}, 78, "bytes:1: It must be UTF-8 text"),
        ({"TUIMAIL_CONFIG": "/nowhere/config.toml"}, 78, "/nowhere/config.toml"),
    ],
)
def test_an_odd_environment_is_told_in_a_sentence(
    offline: Program, variables: dict[str, str], code: int, words: str
) -> None:
    os.mkfifo(offline.home / "fifo")
    (offline.home / "bytes").write_bytes(b"\xff\xfe\0")
    ran = replace(offline, more=variables).run("send", "--queue", "bob@example.net")
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err


def test_json_is_json_in_any_locale(offline: Program) -> None:
    assert offline.run("send", "--queue", "bob@example.net", "-s", "Grüße 你好").code == 0
    plain = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ran = replace(offline, more=plain).run("outbox", "list", "--json")
    assert [each["subject"] for each in json.loads(ran.out)] == ["Grüße 你好"]


def garbage(index: Path) -> None:
    index.write_bytes(bytes(range(256)) * 40)


def half(index: Path) -> None:
    os.truncate(index, index.stat().st_size // 2)


def column_gone(index: Path) -> None:
    """A flipped byte in the schema, which SQLite takes for the name of another column."""
    content = index.read_bytes()
    assert b"tried_at" in content
    index.write_bytes(content.replace(b"tried_at", b"tried_au"))


@pytest.mark.parametrize(
    "damage", [garbage, half, column_gone, Path.unlink, lambda index: index.write_bytes(b"")],
    ids=["garbage", "half", "another column", "deleted", "empty"],
)  # fmt: skip
def test_a_damaged_index_is_rebuilt_with_a_notice(offline: Program, damage: Callable[[Path], object]) -> None:
    for number in range(2):
        assert offline.run("send", "--queue", "bob@example.net", "-s", f"letter {number}").code == 0
    damage(offline.outbox / "index.db")
    told = offline.run("outbox", "list")
    assert told.code == 0, told
    assert "rebuilt from the letters: 2 in the outbox" in told.err
    assert subjects(offline) == [("letter 0", "queued"), ("letter 1", "queued")]
    assert offline.run("outbox", "run").code == 0


@pytest.fixture
def small_disk(offline: Program) -> Iterator[Program]:
    """A program whose letters lie on a disk of two megabytes."""
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root can mount a small disk")
    offline.data.mkdir(parents=True)
    command = [mount, "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", str(offline.data)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        yield offline
    finally:
        subprocess.run(["umount", str(offline.data)], check=True)


def fill(file: Path) -> None:
    """Write until the disk is full to the last block."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(descriptor, b"x" * 4096):
            pass
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    finally:
        os.close(descriptor)


def test_a_full_disk_refuses_in_words_and_leaves_nothing_half_done(small_disk: Program) -> None:
    assert small_disk.run("send", "--queue", "bob@example.net", "-s", "before").code == 0
    letters = sorted(small_disk.outbox.iterdir())
    large = small_disk.run("send", "--queue", "bob@example.net", "-s", "large", text="word " * 600_000)
    assert large.code == 73
    assert sorted(small_disk.outbox.iterdir()) == letters
    filling = small_disk.data / "filling"
    fill(filling)
    (item,) = small_disk.items()
    for words in (("send", "--queue", "bob@example.net"), ("outbox", "run"), ("outbox", "cancel", item["id"])):
        ran = small_disk.run(*words)
        assert (ran.code, ran.out) == (73, "")
        assert "The disk is full" in ran.err
        assert "Make room" in ran.err
    assert subjects(small_disk) == [("before", "queued")]
    filling.unlink()
    assert small_disk.run("outbox", "cancel", item["id"]).code == 0
    assert subjects(small_disk) == [("before", "cancelled")]
