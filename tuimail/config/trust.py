"""Checks that only the user and root can change a settings file; otherwise the file is not used.

Settings name programs that are run (``editor``, ``password_command``), servers that get passwords, and trusted
certificate authorities: anyone who can write the file can act as the user.
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def distrust(file: Path, descriptor: int) -> str:
    """Why the open ``file`` must not be used, and the command that fixes it; empty if it can be trusted.

    It must belong to this user or root, and no other user may write to it. The same holds for its folder and, for a
    symlink, for the folder of the target. A sticky folder (``/tmp``) may be writable by others. A group may write if it
    is the owner's private group without other members.

    Raises:
        OSError: a folder cannot be examined.
    """
    fault = _fault(file, os.fstat(descriptor), descriptor, "file")
    if fault:
        return fault
    for folder in dict.fromkeys((file.absolute().parent, file.resolve().parent)):
        info = folder.stat()
        if info.st_mode & stat.S_ISVTX and info.st_uid in _trusted():
            continue
        fault = _fault(folder, info, folder, "folder")
        if fault:
            return fault
    return ""


def _fault(path: Path, info: os.stat_result, place: int | Path, what: str) -> str:
    """What is wrong with the file or its folder."""
    subject = "this file" if what == "file" else f"the folder {path}, which holds this file"
    owner, we, named = _user(info.st_uid), _user(os.geteuid()), shlex.quote(str(path))
    if info.st_uid not in _trusted():
        return f"{owner}, not {we}, owns {subject}, so the file is not used. Run: sudo chown {we} {named}"
    mode = stat.S_IMODE(info.st_mode)
    if not mode & _OTHERS_WRITE or (not mode & stat.S_IWOTH and _private_group(info, place)):
        return ""
    who = "Everybody" if mode & stat.S_IWOTH else f"The group {_group(info.st_gid)}"
    whose = f"it belongs to {owner} and has mode {mode:04o}"
    sudo = "" if info.st_uid == os.geteuid() else "sudo "
    return f"{who} may write to {subject} ({whose}), so the file is not used. Run: {sudo}chmod go-w {named}"


def _trusted() -> tuple[int, int]:
    return os.geteuid(), 0


def _private_group(info: os.stat_result, place: int | Path) -> bool:
    """Whether the group of the file is its owner's private group without other members.

    An access control list may give others access behind the group bits, so there must be none.
    """
    try:
        owner = pwd.getpwuid(info.st_uid)
        group = grp.getgrgid(info.st_gid)
    except KeyError:
        return False
    if owner.pw_gid != info.st_gid or set(group.gr_mem) - {owner.pw_name}:
        return False
    if any(each.pw_gid == info.st_gid and each.pw_uid != info.st_uid for each in pwd.getpwall()):
        return False
    return not _has_access_list(place)


def _has_access_list(place: int | Path) -> bool:
    if not hasattr(os, "getxattr"):
        return False
    try:
        os.getxattr(place, "system.posix_acl_access")
    except OSError:
        return False
    return True


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
