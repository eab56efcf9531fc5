"""Finds the line of each key in a TOML text. tomllib parses values but does not report lines.

Pure. The text must be valid TOML (tomllib has accepted it), so the scanner does not validate.
"""

from __future__ import annotations

import re
from bisect import bisect_right

Path = tuple[str | int, ...]
"""Keys from the root down; an int is the place in an array, from 0."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r"""
      \"{3} (?: [^\\] | \\. )*? \"{3,5}   # several lines, with escapes
    | '{3} .*? '{3,5}                     # several lines, literal
    | \" (?: [^\"\\\n] | \\. )* \"
    | ' [^'\n]* '
    """,
    re.DOTALL | re.VERBOSE,
)
_SCALAR = re.compile(r"[^,\]}#\n]*")


def positions(text: str) -> dict[Path, int]:
    """The line, from 1, of every table header, key and array element of ``text``."""
    return _Scanner(text.replace("\r\n", "\n")).scan()


def headers(text: str) -> dict[Path, int]:
    """The line, from 1, of every ``[table]`` and ``[[table]]``; the latter is under its place in the array."""
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.scan()
    return scanner.headers


def line_of(lines: dict[Path, int], path: Path) -> int:
    """The line of ``path``, or of its nearest enclosing table with a known line; 0 if unknown."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 0


class _Scanner:
    """One pass over one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.headers: dict[Path, int] = {}
        self.array_tables: dict[Path, int] = {}
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            before = self.at
            if self.text.startswith("[[", self.at):
                table = self.header(2)
            elif self.text.startswith("[", self.at):
                table = self.header(1)
            else:
                self.pair(table)
            self.skip(_BLANK)
            if self.at == before:  # not valid TOML after all: keep what is known
                break
        return self.lines

    def skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()

    def note(self, path: Path, offset: int) -> None:
        self.lines.setdefault(path, bisect_right(self.starts, offset))

    def header(self, brackets: int) -> Path:
        start = self.at
        self.at += brackets
        keys = self.key()
        self.at += brackets
        path: Path = ()
        for key in keys[:-1]:
            path = self.latest((*path, key))
            self.note(path, start)
        path = (*path, keys[-1])
        self.note(path, start)
        if brackets == 2:
            self.array_tables[path] = self.array_tables.get(path, -1) + 1
            path = (*path, self.array_tables[path])
            self.note(path, start)
        self.headers.setdefault(path, bisect_right(self.starts, start))
        return path

    def latest(self, path: Path) -> Path:
        """``[a.b]`` after ``[[a]]`` speaks of the last element of a."""
        return (*path, self.array_tables[path]) if path in self.array_tables else path

    def key(self) -> list[str]:
        """A dotted key."""
        parts: list[str] = []
        while True:
            self.skip(_SPACE)
            quoted = _STRING.match(self.text, self.at)
            match = quoted or _BARE_KEY.match(self.text, self.at)
            if match is None:
                return parts or [""]
            self.at = match.end()
            parts.append(_unquoted(match.group()) if quoted else match.group())
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def pair(self, table: Path) -> None:
        start = self.at
        path = table
        for key in self.key():
            path = (*path, key)
            self.note(path, start)
        self.at += 1  # the equals sign
        self.value(path)

    def value(self, path: Path) -> None:
        self.skip(_SPACE)
        opening = self.text[self.at : self.at + 1]
        if opening == "[":
            self.array(path)
        elif opening == "{":
            self.inline_table(path)
        else:
            match = _STRING.match(self.text, self.at) or _SCALAR.match(self.text, self.at)
            self.at = match.end() if match else self.at

    def array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self.at < len(self.text):
            self.skip(_BLANK)
            if self.text.startswith("]", self.at):
                self.at += 1
                return
            if self.text.startswith(",", self.at):
                self.at += 1
                continue
            self.note((*path, index), self.at)
            before = self.at
            self.value((*path, index))
            index += 1
            if self.at == before:
                return

    def inline_table(self, path: Path) -> None:
        self.at += 1
        while self.at < len(self.text):
            self.skip(_BLANK)
            if self.text.startswith("}", self.at):
                self.at += 1
                return
            if self.text.startswith(",", self.at):
                self.at += 1
                continue
            before = self.at
            self.pair(path)
            if self.at == before:
                return


def _unquoted(token: str) -> str:
    """A quoted key as tomllib names it."""
    if token.startswith("'"):
        return token[1:-1]
    if "\\" not in token:
        return token[1:-1]
    import tomllib

    return next(iter(tomllib.loads(f"{token} = 0")))
