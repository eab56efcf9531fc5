"""Writes the demo's Maildirs: whole mailboxes at once, and single letters that arrive.

Nothing is synced to the disk: the letters are only samples. A mailbox is made aside and then moved to its place, so
that one is there whole or not at all.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from tuimail.durable import storage_error
from tuimail.mailboxes.maildir import unique_name
from tuimail.private_files import make_private, open_private

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tuimail.demo.letters.rendering import WrittenMessage

_PARTS = ("tmp", "new", "cur")


def folder_path(maildir: Path, name: str) -> Path:
    """Where the folder called ``name`` is in a Maildir with plain folders."""
    return maildir if name == "INBOX" else maildir / name


def make_mailbox(maildir: Path, folders: Iterable[str], messages: Iterable[WrittenMessage]) -> None:
    """Make a new Maildir with ``folders`` and ``messages``.

    Raises:
        StorageError: the disk refuses, or there is something at ``maildir`` already.
    """
    aside = maildir.with_name(f"{maildir.name}.unfinished")
    try:
        shutil.rmtree(aside, ignore_errors=True)  # of a demo that was killed while it was set up
        make_folders(aside, folders)
        write_messages(aside, messages)
        aside.rename(maildir)
    except OSError as error:
        raise storage_error(maildir, error) from error


def make_folders(maildir: Path, folders: Iterable[str]) -> None:
    """Make those of ``folders`` that are missing. Raises OSError."""
    for name in folders:
        for part in _PARTS:
            make_private(folder_path(maildir, name) / part)


def write_messages(maildir: Path, messages: Iterable[WrittenMessage]) -> int:
    """Put ``messages`` straight into the folders they name; how many there were.

    Raises:
        OSError: the disk refuses, or a folder is missing.
    """
    count = 0
    for message in messages:
        path = folder_path(maildir, message.folder) / message.name
        _write(path, message.content, message.arrived)
        count += 1
    return count


def deliver_new(maildir: Path, content: bytes, arrived: float) -> Path:
    """Deliver a letter with LF line ends to the INBOX of ``maildir``, as https://cr.yp.to/proto/maildir.html says.

    Raises:
        StorageError: the disk refuses; no part of the letter is left behind.
    """
    name = unique_name()
    aside, target = maildir / "tmp" / name, maildir / "new" / name
    try:
        try:
            _write(aside, content, arrived)
            aside.rename(target)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise storage_error(maildir, error) from error
    return target


def _write(path: Path, content: bytes, arrived: float) -> None:
    with os.fdopen(open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb", buffering=0) as file:
        left = memoryview(content)
        while left:
            left = left[file.write(left) :]
        os.utime(file.fileno(), (arrived, arrived))
