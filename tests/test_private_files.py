"""Files and folders of ours: private whatever was there before, and opened in one place."""

from __future__ import annotations

import ast
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tuimail import log
from tuimail.errors import ForeignStoreError
from tuimail.private_files import make_private, open_private, private_dir, read_private

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[1] / "tuimail"

ELSEWHERE = {
    "durable.py:fsync_folder": "a folder, for its names",
    "coordination/change_notifier.py:__enter__": "a folder, for its sockets",
    "coordination/folder_writing.py:writing_in": "a folder, for its lock",
    "coordination/request_socket.py:_address": "a folder, for its socket",
    "coordination/lock.py:boot_id": "/proc",
    "coordination/lock.py:_start_time": "/proc",
    "cli/streams.py:secure": "/dev/null",
    "cli/streams.py:give_up_output": "/dev/null",
    "cli/streams.py:_nothing": "/dev/null",
    "submission/command_input.py:_file_without_name": "a temporary file that has no name any more",
    "config/reading.py:read_bytes": "settings, which config/trust judges",
    "mailboxes/maildir.py:pieces": "a Maildir may be the user's, filled by other programs",
    "mailboxes/maildir.py:_message_id": "a Maildir may be the user's, filled by other programs",
    "mailboxes/maildir_folder.py:_open": "a Maildir may be the user's, filled by other programs",
    "mailboxes/maildir_folders.py:create_folder": "a Maildir may be the user's, filled by other programs",
    "mailboxes/maildir_folders.py:rename_folder": "a Maildir may be the user's, filled by other programs",
    "mailboxes/mbox.py:open_mbox": "a file the user names",
    "config/mailcap.py:_text": "settings of all mail programs, read only",
    "config/saved_searches.py:_change": "settings, which config/trust judges",
    "engine/handed_files.py:hand_out": "for another program, so that its owner may only read it",
    "cache/database.py:is_on_network": "/proc",
    "service/systemd.py:_first_line": "a unit of the user's, perhaps not written by us",
    "cli/merge.py:_sheet": "a file the user names",
    "accounts/setup/proving.py:_readable": "a file the user names",
    "cli/outbox_report.py:_bytes_of": "a file the user names",
    "cli/draft_options.py:text_of_file": "a file the user names",
    "compose/attachment.py:_open": "a file the user names",
    "engine/export.py:_made": "a file the user names",
    "submission/transaction.py:_once": "a connection is touched, no file",
    "submission/pipeline.py:wait_turn": "a connection is touched, no file",
}

_BY_METHOD = {"mkdir", "touch", "read_text", "read_bytes", "write_text", "write_bytes"}
_BY_NAME = {"open", "io.open", "os.open", "os.mkdir", "os.makedirs"}


def opens(call: ast.Call) -> bool:
    """Whether the call opens a file or makes a folder."""
    if ast.unparse(call.func) in _BY_NAME:
        return True
    if not isinstance(call.func, ast.Attribute):
        return False
    if call.func.attr == "open":  # of a path; stores, doorbells and connections are opened with something else
        how = [*call.args, *(each.value for each in call.keywords)]
        return any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in how)
    return call.func.attr in _BY_METHOD


def openers(node: ast.AST, within: str) -> set[str]:
    """Names of the functions below ``node`` that open a file or make a folder."""
    found = {within} if isinstance(node, ast.Call) and opens(node) else set()
    name = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else within
    return found.union(*(openers(each, name) for each in ast.iter_child_nodes(node)))


def test_files_and_folders_are_opened_in_one_place() -> None:
    found = set()
    for file in PACKAGE.rglob("*.py"):
        name = str(file.relative_to(PACKAGE))
        found |= {f"{name}:{each}" for each in openers(ast.parse(file.read_text()), "")}
    assert {each for each in found if not each.startswith("private_files.py:")} ^ set(ELSEWHERE) == set()


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_what_is_made_is_private_whatever_the_umask(tmp_path: Path) -> None:
    private_dir(tmp_path / "a" / "b" / "c")
    os.close(open_private(tmp_path / "a" / "b" / "c" / "file", os.O_WRONLY | os.O_CREAT))
    for folder in ("a", "a/b", "a/b/c"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a/b/c/file").stat().st_mode) == 0o600


@pytest.mark.usefixtures("umask")
def test_the_log_and_its_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    log.write_entry(tmp_path / "state" / "tuimail" / "tuimail.log", "test", "words")
    for folder in ("state", "state/tuimail"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
    assert "words" in (tmp_path / "state" / "tuimail" / "tuimail.log").read_text()


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_what_others_may_read_becomes_private(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"abcdef")
    file.chmod(0o644)
    assert read_private(file, 3) == b"abc"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_links_pipes_devices_and_folders_are_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    (tmp_path / "link").symlink_to(file)
    (tmp_path / "zero").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("link", "zero", "pipe", "folder"):
        for flags in (os.O_RDONLY, os.O_WRONLY | os.O_APPEND | os.O_CREAT):
            with pytest.raises(OSError, match=r".") as caught:
                open_private(tmp_path / name, flags)
            assert caught.value.strerror
    with pytest.raises(OSError, match="not a regular file"):
        open_private(Path("/dev/zero"), os.O_RDONLY)


def test_what_belongs_to_others_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch(mode=0o600)
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(PermissionError, match="belongs to another user"):
        open_private(tmp_path / "file", os.O_RDONLY)
    with pytest.raises(ForeignStoreError):
        private_dir(tmp_path)


def test_no_descriptor_is_left_behind_or_inherited(tmp_path: Path) -> None:
    descriptor = open_private(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    assert not os.get_inheritable(descriptor)
    os.close(descriptor)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="regular"):
        open_private(tmp_path / "pipe", os.O_RDONLY)
    again = open_private(tmp_path / "file", os.O_RDONLY)
    os.close(again)
    assert again == descriptor
