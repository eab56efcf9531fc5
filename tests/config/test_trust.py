"""Which settings files are used: those that nobody but the user and root can change."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from tuimail.config import trust

if TYPE_CHECKING:
    from collections.abc import Callable

    Judge = Callable[..., str]

ME, ADA, ROOT, MY_GROUP, SHARED = 1000, 1001, 0, 1000, 50

USERS = {
    ME: SimpleNamespace(pw_name="me", pw_uid=ME, pw_gid=MY_GROUP),
    ADA: SimpleNamespace(pw_name="ada", pw_uid=ADA, pw_gid=1001),
    ROOT: SimpleNamespace(pw_name="root", pw_uid=ROOT, pw_gid=0),
}
GROUPS = {
    MY_GROUP: SimpleNamespace(gr_name="me", gr_mem=[]),
    SHARED: SimpleNamespace(gr_name="staff", gr_mem=["ada"]),
    0: SimpleNamespace(gr_name="root", gr_mem=[]),
}


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Judge:
    """Judges a file whose owner, group and mode, and those of its folder, are as told."""
    monkeypatch.setattr(trust, "pwd", SimpleNamespace(getpwuid=USERS.__getitem__, getpwall=USERS.values))
    monkeypatch.setattr(trust, "grp", SimpleNamespace(getgrgid=GROUPS.__getitem__))
    file = tmp_path / "config.toml"
    file.touch()

    def judged(
        mode: int, uid: int = ME, gid: int = MY_GROUP, *, folder: tuple[int, int, int] = (0o700, ME, MY_GROUP)
    ) -> str:
        def faked(kind: int, mode: int, uid: int, gid: int) -> os.stat_result:
            return os.stat_result((kind | mode, 0, 0, 1, uid, gid, 0, 0, 0, 0))

        with monkeypatch.context() as patch:
            patch.setattr(os, "geteuid", lambda: ME)
            patch.setattr(os, "fstat", lambda _: faked(stat.S_IFREG, mode, uid, gid))
            patch.setattr(Path, "stat", lambda *_, **__: faked(stat.S_IFDIR, *folder))
            patch.setattr(Path, "resolve", Path.absolute)
            descriptor = os.open(file, os.O_RDONLY)
            try:
                return trust.distrust(file, descriptor).replace(str(tmp_path), "DIR")
            finally:
                os.close(descriptor)

    return judged


@pytest.mark.parametrize(
    ("mode", "uid", "gid"),
    [
        (0o600, ME, MY_GROUP),
        (0o644, ME, SHARED),
        (0o660, ME, MY_GROUP),
        (0o644, ROOT, 0),
        (0o664, ROOT, 0),
    ],
)
def test_ours_and_root_s_are_used(judge: Judge, mode: int, uid: int, gid: int) -> None:
    assert judge(mode, uid, gid) == ""


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "words"),
    [
        (
            0o602,
            ME,
            MY_GROUP,
            (
                "Everybody may write to this file (it belongs to me and has mode 0602), so the file is not used. "
                "Run: chmod go-w DIR/config.toml"
            ),
        ),
        (
            0o660,
            ME,
            SHARED,
            (
                "The group staff may write to this file (it belongs to me and has mode 0660), so the file is not used. "
                "Run: chmod go-w DIR/config.toml"
            ),
        ),
        (
            0o600,
            ADA,
            1001,
            "ada, not me, owns this file, so the file is not used. Run: sudo chown me DIR/config.toml",
        ),
        (
            0o664,
            ROOT,
            SHARED,
            (
                "The group staff may write to this file (it belongs to root and has mode 0664), so the file is "
                "not used. Run: sudo chmod go-w DIR/config.toml"
            ),
        ),
    ],
)
def test_what_others_can_change_is_not(judge: Judge, mode: int, uid: int, gid: int, words: str) -> None:
    assert judge(mode, uid, gid) == words


def test_a_group_with_somebody_else_in_it_is_not_private(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GROUPS, MY_GROUP, SimpleNamespace(gr_name="me", gr_mem=["me", "ada"]))
    assert "The group me may write" in judge(0o660)
    monkeypatch.setitem(GROUPS, MY_GROUP, SimpleNamespace(gr_name="me", gr_mem=["me"]))
    assert judge(0o660) == ""
    monkeypatch.setitem(USERS, ADA, SimpleNamespace(pw_name="ada", pw_uid=ADA, pw_gid=MY_GROUP))
    assert "The group me may write" in judge(0o660)


def test_an_access_list_may_let_others_in(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getxattr", lambda *_: b"list", raising=False)
    assert "may write to this file" in judge(0o660)
    assert judge(0o640) == ""


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ((0o755, ME, SHARED), ""),
        ((0o770, ME, MY_GROUP), ""),
        ((0o755, ROOT, 0), ""),
        ((0o1777, ROOT, 0), ""),
        (
            (0o775, ME, SHARED),
            (
                "The group staff may write to the folder DIR, which holds this file (it belongs to me and has mode "
                "0775), so the file is not used. Run: chmod go-w DIR"
            ),
        ),
        ((0o777, ME, MY_GROUP), "Everybody may write to the folder DIR"),
        (
            (0o755, ADA, 1001),
            "ada, not me, owns the folder DIR, which holds this file, so the file is not used. Run: sudo chown me DIR",
        ),
        ((0o1777, ADA, 1001), "ada, not me, owns the folder"),
    ],
)
def test_the_folder_decides_too(judge: Judge, folder: tuple[int, int, int], words: str) -> None:
    said = judge(0o600, folder=folder)
    assert said.startswith(words) if words else said == ""


def test_a_link_is_judged_by_its_target_and_both_folders(tmp_path: Path) -> None:
    there, here = tmp_path / "dotfiles", tmp_path / "config"
    there.mkdir(mode=0o700)
    here.mkdir(mode=0o700)
    (there / "mine.toml").touch(mode=0o600)
    link = here / "config.toml"
    link.symlink_to(there / "mine.toml")

    def judged() -> str:
        descriptor = os.open(link, os.O_RDONLY)
        try:
            return trust.distrust(link, descriptor)
        finally:
            os.close(descriptor)

    assert judged() == ""
    (there / "mine.toml").chmod(0o606)
    assert "this file" in judged()
    (there / "mine.toml").chmod(0o600)
    for folder in (there, here):
        folder.chmod(0o707)
        assert f"the folder {folder}" in judged()
        folder.chmod(0o700)
    assert judged() == ""


def test_the_path_in_the_command_is_quoted_for_the_shell(tmp_path: Path) -> None:
    file = tmp_path / "my config; rm.toml"
    file.touch()
    file.chmod(0o666)
    descriptor = os.open(file, os.O_RDONLY)
    try:
        assert trust.distrust(file, descriptor).endswith(f"Run: chmod go-w '{file}'")
    finally:
        os.close(descriptor)
