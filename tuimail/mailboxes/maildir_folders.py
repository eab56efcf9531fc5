"""Creates, renames and deletes the folders of a Maildir, in the layout it has: ``.A.B`` beside ``cur``, or ``A/B``."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from tuimail.durable import fsync_folder, storage_error
from tuimail.errors import UsageError
from tuimail.mail.text import safe_line
from tuimail.mailboxes.mailbox_names import encode_name
from tuimail.mailboxes.maildir import unique_name
from tuimail.mailboxes.maildir_folder import MaildirFolder, find_folders
from tuimail.private_files import private_dir

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 200
"""Bytes of a folder's path below the Maildir."""
_PARTS = ("cur", "new", "tmp")


def create_folder(root: Path, name: str, *, dots: bool | None = None) -> Path:
    """Create a folder; ``name`` has its levels with "/" between. ``dots``: the layout; None: as the Maildir has it.

    Raises:
        UsageError: there is one of this name, or it cannot be a folder's.
        StorageError: the disk refuses.
    """
    folders = find_folders(root)
    _check_free(name, folders)
    path = _path_of(root, name, dots=uses_dots(root) if dots is None else dots)
    try:
        for part in _PARTS:
            private_dir(path / part)
        if path.name.startswith("."):
            (path / "maildirfolder").touch()
    except OSError as error:
        raise storage_error(path, error) from error
    fsync_folder(path.parent)
    return path


def rename_folder(root: Path, name: str, to: str) -> None:
    """Give a folder, and those below it, another name.

    Raises:
        UsageError: there is no such folder, it is the inbox, or ``to`` is taken or cannot be a folder's.
        StorageError: the disk refuses.
    """
    folders = find_folders(root)
    folder = _existing(name, folders)
    below = [each for each in folders if each.name.startswith(f"{name}/")]
    _check_free(to, [each for each in folders if each not in below])
    if to.startswith(f"{name}/"):
        raise UsageError(f"{to!r} would be below itself.", hint="Choose another name.")
    dots = folder.path.name.startswith(".")
    moved = [folder, *below] if dots else [folder]
    try:
        for each in moved:
            target = _path_of(root, to + each.name.removeprefix(name), dots=dots)
            if not dots:
                target.parent.mkdir(parents=True, exist_ok=True)
            each.path.rename(target)
            fsync_folder(target.parent)
    except OSError as error:
        raise storage_error(folder.path, error) from error
    _remove_empty_levels(root, folder.path)


def delete_folder(root: Path, name: str) -> None:
    """Delete a folder with its messages, for good.

    Raises:
        UsageError: there is no such folder, it is the inbox, or there are folders below it.
        StorageError: the disk refuses.
    """
    folders = find_folders(root)
    folder = _existing(name, folders)
    if any(each.name.startswith(f"{name}/") for each in folders):
        raise UsageError(f"There are folders below {name!r}.", hint="Delete those first.")
    # Under another name first: it goes as a whole or not at all, and what a crash leaves is no folder any more.
    doomed = root / "tmp" / f"{unique_name()}.deleted-folder"
    try:
        private_dir(root / "tmp")
        folder.path.rename(doomed)
        fsync_folder(folder.path.parent)
        shutil.rmtree(doomed)
    except OSError as error:
        raise storage_error(folder.path, error) from error
    _remove_empty_levels(root, folder.path)


def _remove_empty_levels(root: Path, gone: Path) -> None:
    """Remove the directories that were there only as levels above the folder that was at ``gone``; never raises."""
    level = gone.parent
    while level != root and root in level.parents:
        try:
            level.rmdir()  # refused where anything is in it, so never a folder
        except OSError:
            return
        level = level.parent


def uses_dots(root: Path) -> bool:
    """The Maildir has the layout of Maildir++: a folder whose name begins with a dot, or no folder at all."""
    others = [each for each in find_folders(root) if each.name != "INBOX"]
    return not others or any(each.path.name.startswith(".") for each in others)


def _existing(name: str, folders: list[MaildirFolder]) -> MaildirFolder:
    if name == "INBOX":
        raise UsageError("The inbox stays as it is.", hint="Choose another folder.")
    found = next((each for each in folders if each.name == name), None)
    if found is None:
        raise UsageError(f"There is no folder {name!r}.", hint="Another program may have removed it.")
    return found


def _check_free(name: str, folders: list[MaildirFolder]) -> None:
    levels = name.split("/")
    if not name or not all(each and each == each.strip() and not each.startswith((".", "~")) for each in levels):
        raise UsageError(f"{name!r} cannot be the name of a folder.", hint="Use words, with / between levels.")
    if safe_line(name) != name:
        raise UsageError(f"{name!r} cannot be the name of a folder: it has control characters.")
    if levels[-1] in _PARTS or levels[0].upper() == "INBOX":
        raise UsageError(f"{name!r} cannot be the name of a folder: it is one of the mailbox itself.")
    if len(os.fsencode(encode_name(name))) > LONGEST:
        raise UsageError(f"{name[:40]!r}... is too long for a folder.", hint=f"At most {LONGEST} bytes.")
    if any(each.name.casefold() == name.casefold() for each in folders):
        raise UsageError(f"There is a folder {name!r} already.", hint="Choose another name.")


def _path_of(root: Path, name: str, *, dots: bool) -> Path:
    levels = [encode_name(each) for each in name.split("/")]
    if not dots:
        return root.joinpath(*levels)
    if any("." in each for each in levels):
        raise UsageError(f"{name!r} cannot be the name of a folder: dots separate levels in this Maildir.")
    return root / f".{'.'.join(levels)}"
