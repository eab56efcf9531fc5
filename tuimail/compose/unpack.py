"""Files of a letter, written into the folder of the draft that is made of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.compose.attachment import attach
from tuimail.compose.content_type import UNKNOWN
from tuimail.compose.draft import Attachment
from tuimail.compose.file_name import stored_name
from tuimail.durable import fsync_folder, storage_error
from tuimail.errors import AttachmentError
from tuimail.mail.text import safe_line
from tuimail.private_files import open_private

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file in a letter; it is read when it is written."""

    name: str
    """For the receiver of the draft."""
    content_type: str
    description: str
    data: Iterable[bytes]


def unpack(packed: PackedFile, folder: Path) -> Attachment:
    """Write a file into ``folder`` under a name that is free and safe; durable before the draft names it.

    Raises:
        StorageError: the disk refuses.
        AttachmentError: there are too many files of that name.
    """
    base = stored_name(packed.name)
    stem, dot, ending = base.rpartition(".")
    for number in range(1, 10_000):
        path = folder / (base if number == 1 else f"{stem}-{number}{dot}{ending}" if stem else f"{base}-{number}")
        try:
            descriptor = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            continue
        except OSError as error:
            raise storage_error(path, error) from error
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in packed.data:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            path.unlink(missing_ok=True)
            raise storage_error(path, error) from error
        fsync_folder(folder)
        found = attach(path)
        kept = packed.content_type if packed.content_type != UNKNOWN else found.content_type
        return Attachment(found.path, packed.name, kept, found.size, packed.description)
    raise AttachmentError(
        f"{safe_line(packed.name)} cannot be unpacked: too many files of that name.", path=str(folder / base)
    )
