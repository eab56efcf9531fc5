"""Fills a demo mailbox with generated letters, or up to more of them than an earlier run wrote."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from tuimail.demo.generated import GENERATED_FOLDERS, MailGenerator
from tuimail.demo.maildir_files import make_folders, write_messages
from tuimail.durable import storage_error, write_durably
from tuimail.private_files import read_private

if TYPE_CHECKING:
    from pathlib import Path

_STEP = 2000
"""Letters between two notes of how many there are: so many may come twice after a kill."""


def fill(maildir: Path, note: Path, count: int, now: float) -> int:
    """Write the generated letters that are missing up to ``count``; how many were written.

    The file ``note`` remembers how many there have been, so that what the user deleted does not come back.

    Raises:
        StorageError: the disk refuses; what was written stays, and is not written again.
    """
    done = _noted(note)
    messages = MailGenerator(count, now).messages(done)
    written = 0
    try:
        make_folders(maildir, GENERATED_FOLDERS)
        while step := write_messages(maildir, islice(messages, _STEP)):
            written += step
            write_durably(note, b"%d\n" % (done + written))
    except OSError as error:
        raise storage_error(maildir, error) from error
    return written


def _noted(note: Path) -> int:
    try:
        return max(0, int(read_private(note, 20)))
    except (OSError, ValueError):
        return 0
