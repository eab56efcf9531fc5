"""The round trip through the user's own editor."""

from __future__ import annotations

import stat
import sys
from typing import TYPE_CHECKING

import pytest
from textual.app import App

from tuimail.errors import TuimailError, UsageError
from tuimail.ui.external_editor import FILE_NAME, EditorError, edit_outside, editor_command, read_back

if TYPE_CHECKING:
    from pathlib import Path

PATH = "/usr/bin:/bin"


@pytest.mark.parametrize(
    ("configured", "environ", "expected"),
    [
        ("built-in", {"VISUAL": "sh -x", "EDITOR": "cat"}, ["sh", "-x"]),
        ("built-in", {"EDITOR": "cat"}, ["cat"]),
        ("$EDITOR", {"VISUAL": "sh", "EDITOR": "cat"}, ["cat"]),
        ("$VISUAL", {"EDITOR": "cat"}, ["cat"]),
        ("sh -c 'a b'", {"EDITOR": "cat"}, ["sh", "-c", "a b"]),
    ],
)
def test_which_editor(configured: str, environ: dict[str, str], expected: list[str]) -> None:
    assert editor_command(configured, {"PATH": PATH, **environ}) == expected


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "No editor is set."),
        ({"EDITOR": "no-such-editor-here"}, "There is no program 'no-such-editor-here'"),
        ({"EDITOR": "vi 'x"}, "cannot be read as a command"),
    ],
)
def test_no_editor_is_said_in_words(environ: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        editor_command("built-in", {"PATH": PATH, **environ})
    assert caught.value.hint


def _editor(tmp_path: Path, script: str) -> str:
    path = tmp_path / "editor.py"
    path.write_text("import os, pathlib, sys\npath = pathlib.Path(sys.argv[-1])\n" + script)
    return f"{sys.executable} {path}"


@pytest.mark.parametrize(
    ("script", "before", "after"),
    [
        ("path.write_text(path.read_text().upper())", "one\ntwo", "ONE\nTWO"),
        ("path.write_text(path.read_text().upper())", "one\n", "ONE\n"),
        ("", "one", "one"),
        ("", "", ""),
        ("path.write_bytes(b'gr\\xfc\\xdfe')", "", "gr\u00fc\u00dfe"),
        ("new = path.with_name('new'); new.write_text('renamed over'); os.replace(new, path)", "x", "renamed over"),
    ],
)
async def test_the_text_comes_back(tmp_path: Path, script: str, before: str, after: str) -> None:
    app: App[None] = App()
    async with app.run_test():
        result = await edit_outside(app, before, tmp_path / "draft", _editor(tmp_path, script))
    assert (result.text, result.changed) == (after, before != after)
    assert list((tmp_path / "draft").iterdir()) == []


async def test_the_file_is_private(tmp_path: Path) -> None:
    script = "s = os.stat(path); path.write_text(f'{s.st_mode:o} {os.stat(path.parent).st_mode:o}')"
    app: App[None] = App()
    async with app.run_test():
        result = await edit_outside(app, "x", tmp_path / "draft", _editor(tmp_path, script))
    file_mode, folder_mode = (int(each, 8) for each in result.text.split())
    assert (stat.S_IMODE(file_mode), stat.S_IMODE(folder_mode)) == (0o600, 0o700)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("sys.exit(3)", r"failed \(exit 3\)"),
        ("path.unlink()", "cannot be read"),
        ("os.kill(os.getpid(), 9)", "exit -9"),
    ],
)
async def test_a_failing_editor_changes_nothing(tmp_path: Path, script: str, words: str) -> None:
    app: App[None] = App()
    async with app.run_test():
        with pytest.raises(EditorError, match=words):
            await edit_outside(app, "kept", tmp_path / "draft", _editor(tmp_path, script))


async def test_what_an_interrupted_editor_left_stays(tmp_path: Path) -> None:
    app: App[None] = App()
    async with app.run_test():
        with pytest.raises(EditorError):
            await edit_outside(app, "x", tmp_path / "d", _editor(tmp_path, "path.write_text('half'); sys.exit(1)"))
    assert (tmp_path / "d" / FILE_NAME).read_text() == "half"


async def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    app: App[None] = App()
    async with app.run_test():
        with pytest.raises(TuimailError):
            await edit_outside(app, "x", tmp_path / "file" / "draft", _editor(tmp_path, ""))


def test_what_an_editor_of_another_system_leaves_is_mended(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\n")
    assert read_back(file) == "one\ntwo\nthree\n"
    file.write_bytes(b"\x93quoted\x94 \x96 \x80 5\r\n")
    assert read_back(file) == "“quoted” – € 5\n"
