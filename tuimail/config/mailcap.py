"""mailcap files (RFC 1524): which program shows a file of a type. Bounded, and never a shell.

Entries whose command needs a shell (pipes, variables, quoting of the file's name by hand) or whose test does, are left
out. The one test that is common, whether there is a display, is answered here.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LARGEST = 500_000
"""Bytes of a file that are read."""
MOST = 5000
"""Entries of a file."""
LONGEST = 2000
"""Characters of an entry."""

SYSTEM_FILES = (Path("/etc/mailcap"), Path("/usr/share/etc/mailcap"), Path("/usr/local/etc/mailcap"))
_NEEDS_SHELL = re.compile(r"[|&;<>()$`\\*?\[\]{}~#\n\r\0]")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+*-]+/[a-z0-9!#$&^_.+*-]+")
_DISPLAY = re.compile(r"""test\s+-(?P<how>[nz])\s+(?P<quote>["']?)\$\{?(?:DISPLAY|WAYLAND_DISPLAY)\}?(?P=quote)""")


@dataclass(frozen=True, slots=True)
class MailcapEntry:
    """One way to show a type."""

    kind: str
    """"application/pdf", "image/*"."""
    argv: tuple[str, ...]
    """``%s`` is the path of the file; if it is not there, the file is the standard input."""
    needs_terminal: bool
    copious_output: bool
    """Its output is what is to be read."""

    def shows(self, kind: str) -> bool:
        """Whether it is for this content type."""
        return self.kind == kind or (self.kind.endswith("/*") and kind.startswith(self.kind[:-1]))


def read_mailcaps(environ: Mapping[str, str], *, display: bool) -> list[MailcapEntry]:
    """The user's entries, then the system's; files that cannot be read have none. Blocks."""
    home = environ.get("HOME", "")
    own = [Path(home) / ".mailcap"] if home else []
    named = environ.get("MAILCAPS", "")
    files = [Path(each) for each in named.split(":") if each] if named else [*own, *SYSTEM_FILES]
    found: list[MailcapEntry] = []
    for file in files[:20]:
        found += parse_mailcap(_text(file), display=display)
    return found


def _text(file: Path) -> str:
    try:
        # Without O_NONBLOCK, opening a FIFO would block until it has a writer.
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            return stream.read(LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""


def parse_mailcap(text: str, *, display: bool) -> list[MailcapEntry]:
    """The entries of ``text`` that can be used here, in order."""
    found = []
    for line in _entries(text):
        entry = _entry(line, display=display)
        if entry is not None:
            found.append(entry)
    return found


def entry_for(entries: Iterable[MailcapEntry], kind: str) -> MailcapEntry | None:
    """The first entry for a content type."""
    return next((entry for entry in entries if entry.shows(kind)), None)


def _entries(text: str) -> list[str]:
    lines: list[str] = []
    goes_on = ""
    for line in text.splitlines():
        if not goes_on and line.startswith("#"):
            continue
        whole = goes_on + line
        if line.endswith("\\") and len(whole) <= LONGEST:
            goes_on = whole[:-1]
            continue
        goes_on = ""
        if whole.strip() and len(whole) <= LONGEST:
            lines.append(whole)
        if len(lines) >= MOST:
            break
    return lines


def _entry(line: str, *, display: bool) -> MailcapEntry | None:
    kind, *fields = (field.strip() for field in re.split(r"(?<!\\);", line))
    kind = kind.lower()
    if kind and "/" not in kind:
        kind += "/*"
    if not fields or not _TYPE.fullmatch(kind):
        return None
    argv = _argv(fields[0])
    flags = {field.lower() for field in fields[1:] if "=" not in field}
    named = {key.strip().lower(): value.strip() for key, _, value in (field.partition("=") for field in fields[1:])}
    if not argv or not _holds(named.get("test", ""), display=display):
        return None
    return MailcapEntry(kind, argv, "needsterminal" in flags, "copiousoutput" in flags)


def _argv(command: str) -> tuple[str, ...]:
    """The words of a command; empty if it needs a shell, or more than the path of the file."""
    if _NEEDS_SHELL.search(command):
        return ()
    try:
        words = shlex.split(command)
    except ValueError:
        return ()
    if not words or "=" in words[0]:
        return ()
    if any("%" in word and word != "%s" for word in words) or words[0] == "%s":
        return ()
    return tuple(words)


def _holds(test: str, *, display: bool) -> bool:
    """Whether a test says that the entry can be used; one that needs a shell says no."""
    if not test:
        return True
    match = _DISPLAY.fullmatch(test)
    return match is not None and display == (match["how"] == "n")
