"""The letter's text in the user's own editor and back: a private file, a child process, no stop of the outbox."""

from __future__ import annotations

import os
import shlex
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tuimail.compose.text_file import decoded, plain_lines
from tuimail.errors import StorageError, TuimailError, UsageError
from tuimail.platform_events import core_dumps
from tuimail.private_files import open_private, private_dir, read_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    class Terminal(Protocol):
        """What has the terminal: the app."""

        def suspend(self) -> AbstractContextManager[None]:
            """Leave it to another program meanwhile."""
            ...


FILE_NAME = "text.txt"
"""In the draft's own folder, while the editor runs; found there later, an editor was interrupted."""

LARGEST = 20_000_000
"""Bytes read back: more than that is not a letter's text."""


class EditorError(TuimailError):
    """The editor could not be run or failed; the text is as it was."""


@dataclass(frozen=True, slots=True)
class OutsideText:
    """The text as the editor left it."""

    text: str
    changed: bool


def editor_command(configured: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The argv of the user's editor: the one in the configuration, else ``$VISUAL``, else ``$EDITOR``.

    Raises:
        UsageError: none is set, it cannot be read as a command, or there is no such program.
    """
    env = os.environ if environ is None else environ
    named = configured if configured not in ("", "built-in") and not configured.startswith("$") else ""
    if configured.startswith("$"):
        named = env.get(configured[1:], "")
    command = named or env.get("VISUAL", "") or env.get("EDITOR", "")
    try:
        argv = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"The editor {command!r} cannot be read as a command.", hint="Check its quotes.") from error
    if not argv:
        raise UsageError("No editor is set.", hint="Set $VISUAL or $EDITOR, or editor in the [ui] table.")
    if shutil.which(argv[0], path=env.get("PATH")) is None:
        raise UsageError(f"There is no program {argv[0]!r} to edit with.", hint="Check $VISUAL and $EDITOR.")
    return argv


def write_private(folder: Path, text: str) -> Path:
    """``text`` in a new file only its owner may read. Blocks.

    Raises:
        StorageError: it cannot be written.
    """
    path = private_dir(folder) / FILE_NAME
    try:
        path.unlink(missing_ok=True)
        handle = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text if text.endswith("\n") or not text else text + "\n")
    except OSError as error:
        raise StorageError(f"The text cannot be written for the editor: {error.strerror}.") from error
    return path


def read_back(path: Path) -> str:
    """What the editor left in ``path``, without other systems' byte order mark and line ends. Blocks.

    Its charset is found as for every text file (compose/text_file).

    Raises:
        EditorError: the file is gone, unreadable or far too large.
    """
    try:
        raw = read_private(path, LARGEST + 1)
    except OSError as error:
        raise EditorError(f"The editor's file cannot be read: {error.strerror}. The text stays as it was.") from error
    if len(raw) > LARGEST:
        raise EditorError("The editor left more than 20 MB: the text stays as it was.")
    return plain_lines(decoded(raw))


async def edit_outside(terminal: Terminal, text: str, folder: Path, configured: str) -> OutsideText:
    """Run the editor on ``text`` with the terminal to itself; the event loop goes on meanwhile.

    Raises:
        UsageError: there is no editor to run.
        StorageError: the private file cannot be written.
        EditorError: the editor failed; its file is kept then and found again with the draft.
    """
    import asyncio
    from contextlib import nullcontext

    from textual.app import SuspendNotSupported

    argv = editor_command(configured)
    path = await asyncio.to_thread(write_private, folder, text)
    try:
        suspended: AbstractContextManager[None] = terminal.suspend()
        suspended.__enter__()
    except SuspendNotSupported:
        # Without a terminal of our own (tests, a web page) there is nothing to hand over: editors with windows work.
        suspended = nullcontext()
    try:
        status = await _run([*argv, str(path)])
    finally:
        suspended.__exit__(None, None, None)
    if status:
        raise EditorError(f"The editor {argv[0]!r} failed (exit {status}): the text stays as it was.")
    edited = await asyncio.to_thread(read_back, path)
    await asyncio.to_thread(path.unlink, missing_ok=True)
    if not text.endswith("\n"):
        # Editors end the last line; a letter need not.
        edited = edited.removesuffix("\n")
    return OutsideText(edited, changed=edited != text)


async def _run(argv: list[str]) -> int:
    import asyncio

    try:
        with core_dumps.allowed_in_children():
            process = await asyncio.create_subprocess_exec(*argv)
        return await process.wait()
    except OSError as error:
        raise EditorError(f"The editor {argv[0]!r} cannot be run: {error.strerror}.") from error
