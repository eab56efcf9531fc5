"""Received files on this disk, and in the hands of other programs."""

from __future__ import annotations

import os
import stat
import sys
import time
from itertools import repeat
from typing import TYPE_CHECKING

import pytest

from tuimail.engine.handed_files import KEPT, hand_out, take_back
from tuimail.engine.openers import Opener, choose_opener
from tuimail.engine.programs import LONGEST_OUTPUT, ProgramError, run_on
from tuimail.engine.save_file import save_file, save_into, target_of
from tuimail.errors import StorageError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE_NAMES = [
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    "-rf",
    ".bashrc",
    "a\0b",
    "CON",
    "a" * 5000,
    "\u202egpj.exe",
    "",
]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_saved_for_its_owner_alone_and_never_over_another(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    assert save_file([b"one", b"two"], path) == path
    assert (path.read_bytes(), mode(path)) == (b"onetwo", 0o600)
    with pytest.raises(StorageError):
        save_file([b"other"], path)
    assert path.read_bytes() == b"onetwo"
    save_file([b"other"], path, replace=True)
    assert (path.read_bytes(), mode(path)) == (b"other", 0o600)
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_nothing_is_written_through_a_link_or_over_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "fifo"):
        for replace in (False, True):
            with pytest.raises(StorageError):
                save_file([b"x"], tmp_path / name, replace=replace)
    assert (tmp_path / "secret").read_bytes() == b"secret"


def test_a_save_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    save_file([b"old"], path)

    def broken() -> object:
        yield b"new"
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError):
        save_file(broken(), path, replace=True)  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_of_strangers_stay_inside_the_folder(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    first, second = save_into([b"1"], inside, name), save_into([b"2"], inside, name)
    assert first.parent == second.parent == target_of(inside, name).parent == inside
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    assert not any(each.name.startswith((".", "-")) for each in inside.iterdir())
    handed = hand_out([b"3"], name, tmp_path / "opened")
    assert handed.parent.parent == tmp_path / "opened"
    assert (mode(handed), mode(handed.parent)) == (0o400, 0o700)
    take_back(handed)
    assert not handed.parent.exists()


def test_what_was_handed_out_long_ago_is_removed(tmp_path: Path) -> None:
    old, new = hand_out([b"1"], "a", tmp_path), hand_out([b"2"], "a", tmp_path)
    before = time.time() - KEPT - 60
    os.utime(old.parent, (before, before))
    hand_out([b"3"], "a", tmp_path)
    assert not old.exists()
    assert new.exists()


# -- programs
async def test_a_program_reads_the_pieces_and_its_output_comes_back() -> None:
    done = await run_on([sys.executable, "-c", "import sys; print(sys.stdin.read().upper())"], iter([b"a", b"b"]))
    assert (done.status, done.output, done.cut) == (0, b"AB\n", False)


async def test_a_program_need_not_read_everything() -> None:
    done = await run_on(["true"], repeat(b"x" * 100_000))
    assert done.status == 0


async def test_output_without_end_is_cut() -> None:
    done = await run_on([sys.executable, "-c", "while True: print('y' * 10000)"], iter(()))
    assert done.cut
    assert len(done.output) == LONGEST_OUTPUT


async def test_a_program_that_takes_too_long_is_ended() -> None:
    with pytest.raises(ProgramError):
        await run_on([sys.executable, "-c", "import time; time.sleep(600)"], iter(()), patience=0.01)


async def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(UsageError):
        await run_on(["/nonexistent/program"], iter(()))
    with pytest.raises(ProgramError):
        await run_on([sys.executable, "a\0b"], iter(()))


def test_no_shell_sees_a_name(tmp_path: Path) -> None:
    name = "; touch x; $(touch y) `touch z` '.pdf"
    path = hand_out([b""], name, tmp_path)
    assert Opener(("viewer", "%s", "--")).on(str(path)) == ["viewer", str(path), "--"]


# -- which program
@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    names: set[str] = set()
    monkeypatch.setattr("tuimail.engine.openers.shutil.which", lambda name: name if name in names else None)
    monkeypatch.setattr(sys, "platform", "linux")
    return names


def test_the_order_of_openers(installed: set[str], tmp_path: Path) -> None:
    (tmp_path / ".mailcap").write_text("application/pdf; viewer %s\napplication/pdf; dump; copiousoutput\n")
    environ = {"HOME": str(tmp_path), "MAILCAPS": str(tmp_path / ".mailcap"), "DISPLAY": ":0"}
    kind = "application/pdf"
    assert choose_opener(kind, {}, environ) is None
    installed |= {"xdg-open"}
    assert choose_opener(kind, {}, environ) == Opener(("xdg-open", "%s"))
    assert choose_opener(kind, {}, {**environ, "DISPLAY": ""}) is None
    installed |= {"viewer"}
    assert choose_opener(kind, {}, environ) == Opener(("viewer", "%s"))
    assert choose_opener(kind, {}, {**environ, "DISPLAY": ""}) == Opener(("viewer", "%s"), terminal=True)
    installed |= {"pdftotext"}
    chosen = choose_opener(kind, {}, environ)
    assert chosen is not None
    assert (chosen.argv[0], chosen.output, chosen.wants_input) == ("pdftotext", True, True)
    assert choose_opener(kind, {}, environ, outside=True) == Opener(("viewer", "%s"))
    for key in (kind, "application/*"):
        assert choose_opener(kind, {key: ("mine",)}, environ) == Opener(("mine", "%s"))
        assert choose_opener(kind, {key: ("mine", "%s", "-x")}, environ) == Opener(("mine", "%s", "-x"))
    assert choose_opener("image/png", {"application/*": ("mine",)}, {"HOME": ""}) is None
