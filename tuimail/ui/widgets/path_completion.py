"""Completing a file name, and reading the names a terminal types when files are dropped on it. No screen in here."""

from __future__ import annotations

import asyncio
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class PathCompletion:
    """``text`` is what was typed, as far as it can be told; ``names`` are the ways it may go on (folders end in /)."""

    text: str
    names: tuple[str, ...] = ()


def complete_path(typed: str, *, here: Path | None = None) -> PathCompletion:
    """What ``typed`` may become; ``~`` stays as typed. Reads a folder: call it in a thread.

    Hidden files are offered only when the name begins with a dot. A folder that cannot be read offers nothing.
    """
    if typed == "~":
        return PathCompletion("~/", ("~/",))
    head, slash, start = typed.rpartition("/")
    folder = Path(os.path.expanduser(head + slash)) if head + slash else Path()  # noqa: PTH111 - keeps "//" and ""
    found = _names(folder if folder.is_absolute() else (here or Path.cwd()) / folder, start)
    if not found:
        return PathCompletion(typed)
    shared = os.path.commonprefix(found)  # noqa: RUF071 - by character is what completing is
    return PathCompletion(head + slash + shared, tuple(found))


async def complete_paths(typed: str) -> Sequence[str]:
    """Whole paths that complete ``typed``."""
    found = await asyncio.to_thread(complete_path, typed)
    folder, slash, _ = typed.rpartition("/")
    return [folder + slash + name for name in found.names]


def last_part(path: str) -> str:
    """The name at the end of ``path``; a folder's keeps its slash."""
    return path[path.rstrip("/").rfind("/") + 1 :]


def _names(folder: Path, start: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            found = [
                entry.name + ("/" if _is_folder(entry) else "")
                for entry in entries
                if entry.name.startswith(start) and (start.startswith(".") or not entry.name.startswith("."))
            ]
    except (OSError, ValueError):
        return []
    return sorted(found, key=str.casefold)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def typed_path(text: str, *, here: Path | None = None) -> Path:
    """The file meant by what was typed at a prompt: ``~`` and relative names resolved, quotes and file: URLs undone."""
    text = text.strip()
    path = _plain(text)
    if not path.exists() and len(found := dropped_paths(text)) == 1:
        path = found[0]
    return path if path.is_absolute() else (here or Path.cwd()) / path


def dropped_paths(text: str) -> tuple[Path, ...]:
    """The files named by a paste, as terminals write dropped files; empty when that is no list of absolute names.

    Known ways: one name as it is, names in shell quotes or with backslashes on one line, one name a line, and
    file: URLs.
    """
    text = text.strip()
    if not text:
        return ()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if all(line.startswith("file://") for line in lines):
        return tuple(Path(unquote(urlsplit(line).path)) for line in lines)
    if all(line.startswith(("/", "~/")) for line in lines) and all(_exists(_plain(line)) for line in lines):
        return tuple(_plain(line) for line in lines)
    try:
        words = [word for line in lines for word in shlex.split(line)]
    except ValueError:
        return ()
    if not all(word.startswith(("/", "~/", "file:///")) for word in words):
        return ()
    return tuple(Path(unquote(urlsplit(word).path)) if word.startswith("file:") else _plain(word) for word in words)


def _plain(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        # "~nobody": no such user; let it be reported as a file that is not there.
        return Path(text)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
