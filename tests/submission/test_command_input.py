"""What a local command may do other than read the letter to its end."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.submission.conftest import BODY, Bytes, Recorder, letter
from tests.submission.test_sendmail import python
from tests.submission.test_smtp import verdict
from tuimail.submission.command_input import private_input
from tuimail.submission.command_run import MAX_NOISE, CommandTimeouts
from tuimail.submission.result import Action, Stage
from tuimail.submission.sendmail import CommandSubmitter

if TYPE_CHECKING:
    from collections.abc import Iterator

DOTTED = BODY + b"before\r\n.\r\nafter\r\n"
LARGE = DOTTED + BODY * 20_000
SIZES = pytest.mark.parametrize("body", [DOTTED, LARGE], ids=["small", "large"])

SENDMAIL = """#!/bin/sh
# Ends at a line of one dot unless it is given -i, as sendmail does. Its own offset stays where it stopped.
ignore=
for each; do [ "$each" = -i ] && ignore=1; done
while IFS= read -r line; do
    [ -z "$ignore" ] && [ "$line" = . ] && exit 0
    printf '%s\\n' "$line" >> RECORD
done
"""


def script(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("name", ["sendmail", "mine.sh"])
async def test_a_line_of_one_dot_is_text(tmp_path: Path, name: str) -> None:
    record = tmp_path / "record"
    way = CommandSubmitter((script(tmp_path / name, SENDMAIL.replace("RECORD", str(record))),))
    assert verdict(await way.submit(letter(body=DOTTED), Recorder()))[0] is Action.OK
    assert record.read_bytes() == DOTTED.replace(b"\r\n", b"\n")


async def test_a_letter_that_a_dot_ended_is_uncertain_and_says_how_much_was_read(tmp_path: Path) -> None:
    record = tmp_path / "record"
    deaf = SENDMAIL.replace("RECORD", str(record)).replace("ignore=1", "ignore=")
    result = await CommandSubmitter((script(tmp_path / "sendmail", deaf),)).submit(letter(body=DOTTED), Recorder())
    assert verdict(result) == (Action.UNCERTAIN, Stage.COMMITTING)
    size, read = len(DOTTED.replace(b"\r\n", b"\n")), len(record.read_bytes()) + len(".\n")
    assert f"read only {read} of its {size} bytes" in result.recipients["bob@example.net"].message


async def test_a_script_that_does_not_know_i_is_told_of(tmp_path: Path) -> None:
    way = CommandSubmitter((script(tmp_path / "mine.sh", '#!/bin/sh\n[ "$1" = -f ] || exit 64\ncat >/dev/null\n'),))
    result = await way.submit(letter(body=DOTTED), Recorder())
    assert verdict(result) == (Action.MESSAGE, Stage.BODY)
    assert "given -i" in result.recipients["bob@example.net"].message
    assert verdict(await way.submit(letter(), Recorder()))[0] is Action.OK


@pytest.mark.parametrize(
    "command",
    [
        "pass",
        "import os; os.close(0)",
        "import os; os.read(0, 30)",
        "import sys; sys.stdin.buffer.raw.readline()",
        "import os, sys\nif os.fork() == 0:\n    sys.stdin.buffer.raw.read(10)\n",
    ],
    ids=["ends at once", "closes its input", "reads a part", "reads a line", "leaves a child that reads on"],
)
@SIZES
async def test_success_before_the_end_of_the_letter_is_uncertain(command: str, body: bytes) -> None:
    result = await CommandSubmitter(python(command)).submit(letter(body=body), Recorder())
    assert verdict(result) == (Action.UNCERTAIN, Stage.COMMITTING)
    assert "read only" in result.recipients["bob@example.net"].message


@SIZES
async def test_a_child_does_not_deliver_what_its_parent_gave_up(tmp_path: Path, body: bytes) -> None:
    """The child waits on a pipe that the parent's end closes; it is gone before that does any harm."""
    record = tmp_path / "record"
    command = """
import os, signal, sys
if os.fork() == 0:
    open(sys.argv[1] + ".pid", "w").write(str(os.getpid()))
    signal.pause()
    open(sys.argv[1], "wb").write(sys.stdin.buffer.read())
    os._exit(0)
while not os.path.exists(sys.argv[1] + ".pid") or not open(sys.argv[1] + ".pid").read():
    pass
sys.exit(3)
"""
    result = await CommandSubmitter(python(command, str(record))).submit(letter(body=body), Recorder())
    assert verdict(result) == (Action.RETRY, Stage.BODY)
    child = int((tmp_path / "record.pid").read_text())
    deadline = time.monotonic() + 20
    while running(child):
        assert time.monotonic() < deadline, "the child still runs"
    assert not record.exists()


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("command", "action"),
    [
        ("import os; os.kill(os.getpid(), 9)", Action.RETRY),
        ("import os; os.read(0, 30); os.kill(os.getpid(), 15)", Action.RETRY),
        ("import os, sys; sys.stdin.buffer.read(); os.kill(os.getpid(), 15)", Action.UNCERTAIN),
        ("import time; time.sleep(999)", Action.RETRY),
        ("import os, time; os.read(0, 30); time.sleep(999)", Action.RETRY),
        ("import sys, time; sys.stdin.buffer.read(); time.sleep(999)", Action.UNCERTAIN),
    ],
)
@SIZES
async def test_a_command_that_is_killed_or_hangs(command: str, action: Action, body: bytes) -> None:
    way = CommandSubmitter(python(command), timeouts=CommandTimeouts(stall=1.0, finish=1.0))
    result = await way.submit(letter(body=body), Recorder())
    stage = Stage.BODY if action is Action.RETRY else Stage.COMMITTING
    assert verdict(result) == (action, stage)


async def test_a_flood_of_words_is_bounded_and_shown_harmless() -> None:
    flood = (
        "import os, sys, fcntl\n"
        "for fd in (1, 2):\n"
        "    for _ in range(400): os.write(fd, b'\\x00\\x1b]0;x\\x07' * 10000)\n"
        "sys.stdin.buffer.read(); sys.stderr.write('the end'); sys.exit(75)"
    )
    result = await CommandSubmitter(python(flood)).submit(letter(), Recorder())
    reply = result.recipients["bob@example.net"].reply
    assert reply is not None
    assert verdict(result) == (Action.RETRY, Stage.COMMITTING)
    assert len(reply.text) < 1100
    assert reply.text.isprintable()
    assert reply.text.endswith("the end")


async def test_an_endless_flood_does_not_fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def remember(*args: object, **more: object) -> object:
        made.append(real(*args, **more))  # type: ignore[call-overload]
        return made[-1]

    real = tempfile.TemporaryFile
    monkeypatch.setattr("tuimail.submission.command_run.tempfile.TemporaryFile", remember)
    truncated = []

    class Watch(Recorder):
        def progress(self, sent: int, total: int) -> None:
            truncated.append(os.fstat(made[-1].fileno()).st_size)

    # It waits after each megabyte until somebody made room, then ends.
    flood = f"""
import os, sys
sys.stdin.buffer.read()
for _ in range(3):
    os.write(2, b'y' * {MAX_NOISE + 1})
    while os.fstat(2).st_size > {MAX_NOISE}:
        pass
"""
    result = await CommandSubmitter(python(flood)).submit(letter(), Watch())
    assert verdict(result)[0] is Action.OK
    assert truncated[-1] == 0


async def test_a_script_that_opens_its_input_by_name(tmp_path: Path) -> None:
    """Its offset is its own; the time of access tells that it read, where the file system keeps that."""
    record = tmp_path / "record"
    command = ("/bin/sh", "-c", f'cat /dev/stdin > "{record}"')
    result = await CommandSubmitter(command).submit(letter(), Recorder())
    assert record.read_bytes() == BODY.replace(b"\r\n", b"\n")
    kept = not os.statvfs(tempfile.gettempdir()).f_flag & os.ST_NOATIME
    assert verdict(result)[0] is (Action.OK if kept else Action.UNCERTAIN)


async def test_the_file_is_private_and_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old = os.umask(0)
    try:
        given = await private_input(Bytes(DOTTED))
    finally:
        os.umask(old)
    with given:
        assert os.fstat(given.descriptor).st_mode & 0o777 == 0o600
        assert os.fstat(given.descriptor).st_nlink == 0
        assert not any(os.scandir(tmp_path))
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(given.descriptor, b"x")
        assert given.read == 0


async def test_no_room_for_the_letter_means_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    watcher = Recorder()
    result = await CommandSubmitter(python("pass")).submit(letter(), watcher)
    assert verdict(result) == (Action.RETRY, Stage.BODY)
    assert "touching" not in watcher.events


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 100])
@pytest.mark.parametrize(
    ("text", "dots"),
    [
        (b"a\r\n.\r\nb\r\n", True),
        (b".\r\nb", True),
        (b"a\r\n.", True),
        (b"a\r\n.\r\r\nb", True),
        (b"a.\r\n..\r\n.b\r\n. \r\n", False),
        (b"", False),
    ],
)
async def test_a_dot_line_is_found_wherever_the_pieces_are_cut(text: bytes, cut: int, *, dots: bool) -> None:
    class Cut(Bytes):
        def chunks(self, length: int = 0) -> Iterator[bytes]:
            return super().chunks(cut)

    with await private_input(Cut(text)) as given:
        assert given.dots is dots
