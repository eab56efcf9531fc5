"""Reads the tables of a TOML file that the user wrote: reports every problem with its line, and never raises.

A reader method returns its default for a wrong value and marks its table as ``broken``; the caller decides what to
ignore then.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tuimail.config.model import Problem
from tuimail.config.positions import line_of, positions
from tuimail.config.trust import distrust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from enum import StrEnum

    from tuimail.config.positions import Path as KeyPath

    Check = Callable[[str], str]
    """A function that returns what is wrong with a text ("" if nothing is)."""

SIZE_LIMIT = 1_000_000
"""Maximum size of a file in bytes."""

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_Choice = TypeVar("_Choice", bound="StrEnum")


@dataclass(slots=True)
class Source:
    """One file: the lines of its keys and the problems found so far."""

    file: Path
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    distrusted: bool = False
    """Other users can write to it, so it was not read."""

    def complain(self, path: KeyPath, expected: str, *, nearest: str = "", warning: bool = False) -> None:
        """Add a Problem at ``path``."""
        self.problems.append(
            Problem(self.file, line_of(self.lines, path), dotted(path), expected, nearest, warning=warning)
        )


def read_toml(source: Source, *, part_of_program: bool = False) -> Table | None:
    """The root table of the source's file; None, with a Problem, if it cannot be read.

    A missing file is an empty table and not a problem. A file that other users can write to is not read (config/trust),
    unless it is part of the program, whose code they could change as well.
    """
    try:
        raw = read_bytes(source, part_of_program=part_of_program)
    except FileNotFoundError:
        return Table(source, (), {})
    text = None if raw is None else decoded(source, raw)
    return None if text is None else parse_toml(source, text)


def read_bytes(source: Source, *, part_of_program: bool = False) -> bytes | None:
    """What the source's file holds; None, with a Problem, as ``read_toml``.

    Raises:
        FileNotFoundError: it does not exist.
    """
    try:
        # Without O_NONBLOCK, opening a FIFO would block until it has a writer.
        with os.fdopen(os.open(source.file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                source.complain((), "This is not a regular file.")
                return None
            fault = "" if part_of_program else distrust(source.file, stream.fileno())
            if fault:
                source.distrusted = True
                source.complain((), fault)
                return None
            raw = stream.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        source.complain((), f"It cannot be read: {error.strerror}.")
        return None
    if len(raw) > SIZE_LIMIT:
        source.complain((), "It is larger than 1 MB, so it cannot be meant.")
        return None
    return raw


def decoded(source: Source, raw: bytes) -> str | None:
    """The text of a file, without a byte order mark; None, with a Problem that names the line, if it is not UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        source.problems.append(Problem(source.file, line, "", "It must be UTF-8 text; this line is not."))
        return None


def parse_toml(source: Source, text: str) -> Table | None:
    """The root table of ``text``; None, with a Problem that names the line, if it is not TOML."""
    import tomllib

    try:
        values = tomllib.loads(text)
        source.lines = positions(text)
    except tomllib.TOMLDecodeError as error:
        words, line = _fault(str(error), text)
        source.problems.append(Problem(source.file, line, "", f"It is not valid TOML: {words}."))
        return None
    except (ValueError, RecursionError):
        source.complain((), "It is not valid TOML: a number is too long, or brackets are nested too deeply.")
        return None
    return Table(source, (), values)


def _fault(message: str, text: str) -> tuple[str, int]:
    """The message of tomllib and the line that it is about."""
    match = re.fullmatch(r"(.*?) \(at (?:line (\d+), column \d+|end of document)\)", message, re.DOTALL)
    if match is None:
        return shown(message, 120), 0
    line = int(match[2]) if match[2] else text.rstrip().count("\n") + 1
    words = match[1].replace("\n", " ")
    return words[:1].lower() + words[1:], line


class Table:
    """One table being read."""

    def __init__(self, source: Source, path: KeyPath, values: dict[str, object]) -> None:
        self.source = source
        self.path = path
        self.values = values
        self.broken = False
        """A value was wrong or a needed one is missing."""
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def complain(self, key: str, expected: str, *, nearest: str = "") -> None:
        """Report that the value of ``key`` is wrong."""
        self.broken = True
        self.source.complain((*self.path, key), expected, nearest=nearest)

    def warn(self, key: str, words: str) -> None:
        """Report a warning about ``key``, whose value is used."""
        self.source.complain((*self.path, key), words, warning=True)

    def holds(self, key: str) -> bool:
        """Whether ``key`` exists; marks it as known."""
        self._known.append(key)
        return key in self.values

    def text(
        self, key: str, default: str = "", *, needed: str = "", check: Check | None = None, lines: bool = False
    ) -> str:
        """A text. ``needed``: it is required, and for what; ``lines`` allows several lines."""
        value = self._take(key, needed)
        if value is None:
            return default
        if not isinstance(value, str):
            self.complain(key, f"Must be a text in quotes, not {kind(value)}.")
            return default
        wrong = check(value) if check else ""
        if not wrong and _CONTROLS.search(value.replace("\n", "").replace("\t", "") if lines else value):
            wrong = "Must not contain control characters."
        if wrong:
            self.complain(key, wrong)
            return default
        return value

    def choice(self, key: str, default: _Choice) -> _Choice:
        """One word of the default's enum."""
        value = self._take(key)
        if value is None:
            return default
        words = [member.value for member in type(default)]
        if isinstance(value, str) and value in words:
            return type(default)(value)
        listed = ", ".join(f'"{word}"' for word in words[:-1]) + f' or "{words[-1]}"'
        close = nearest_to(value, words) if isinstance(value, str) else ""
        self.complain(key, f"Must be {listed}, not {shown(value)}.", nearest=close)
        return default

    def whole(self, key: str, default: int, *, least: int, most: int) -> int:
        """A whole number."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.complain(key, f"Must be a whole number from {least} to {most}, not {shown(value)}.")
        return default

    def number(self, key: str, default: float, *, least: float, most: float, unit: str) -> float:
        """A number of some unit."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            return float(value)
        self.complain(key, f"Must be a number of {unit} from {least:g} to {most:g}, not {shown(value)}.")
        return default

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        self.complain(key, f"Must be true or false, without quotes, not {shown(value)}.")
        return default

    def argv(self, key: str) -> tuple[str, ...]:
        """A command as its words; never a shell line."""
        value = self._take(key)
        if value is None:
            return ()
        if isinstance(value, str):
            self.complain(
                key, 'Must be a list of words such as ["pass", "show", "work"]: commands are run without a shell.'
            )
            return ()
        if not isinstance(value, list) or not all(isinstance(word, str) and "\0" not in word for word in value):
            self.complain(key, "Must be a list of texts, each in quotes.")
            return ()
        words = [str(word) for word in value]
        if not words or not words[0].strip():
            self.complain(key, "Must be a list of words whose first is the program to run.")
            return ()
        program = str(Path(words[0]).expanduser()) if words[0].startswith("~/") else words[0]
        return (program, *words[1:])

    def file(self, key: str) -> Path | None:
        """A path; ``~`` is the home folder, a relative one is seen from this file's folder."""
        value = self.text(key, check=lambda path: "" if path.strip() else "Must be a path, not an empty text.")
        if not value:
            return None
        try:
            return self.source.file.parent / Path(value).expanduser()
        except RuntimeError:
            self.complain(key, f"Must be a path; there is no home folder for {shown(value)}.")
            return None

    def list_of_texts(self, key: str) -> list[tuple[int, str]]:
        """The texts of a list, each with its index; reports and skips wrong ones."""
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.complain(key, f"Must be a list of texts, not {kind(value)}.")
            return []
        found: list[tuple[int, str]] = []
        for index, each in enumerate(value):
            if isinstance(each, str):
                found.append((index, each))
            else:
                self.source.complain((*self.path, key, index), f"Must be a text in quotes, not {kind(each)}.")
        return found

    def table(self, key: str) -> Table | None:
        """A table below this one; None if it is absent or not a table."""
        value = self._take(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            name = dotted((*self.path, key))
            self.complain(key, f"Must be a table, [{name}], not {kind(value)}.")
            return None
        return Table(self.source, (*self.path, key), value)

    def tables(self, key: str) -> list[Table]:
        """The tables of an array ``[[key]]``; reports and skips other values."""
        value = self._take(key)
        if value is None:
            return []
        name = dotted((*self.path, key))
        if not isinstance(value, list):
            self.complain(key, f"Must be written as [[{name}]], with two brackets.")
            return []
        found: list[Table] = []
        for index, each in enumerate(value):
            if isinstance(each, dict):
                found.append(Table(self.source, (*self.path, key, index), each))
            else:
                self.source.complain((*self.path, key, index), f"Must be a table, [[{name}]], not {kind(each)}.")
        return found

    def texts_or_tables(self, key: str) -> list[tuple[int, str | Table]]:
        """The texts and tables of a list, each with its index; reports and skips other values."""
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.complain(key, f"Must be a list, not {kind(value)}.")
            return []
        found: list[tuple[int, str | Table]] = []
        for index, each in enumerate(value):
            if isinstance(each, str):
                found.append((index, each))
            elif isinstance(each, dict):
                found.append((index, Table(self.source, (*self.path, key, index), each)))
            else:
                self.source.complain((*self.path, key, index), f"Must be a text or a table, not {kind(each)}.")
        return found

    def names(self) -> list[str]:
        """Every key of a table with keys that the user chooses."""
        return list(self.values)

    def finish(self, *, meant: dict[str, str] | None = None) -> None:
        """Report unknown keys. ``meant`` has a message for some of them."""
        where = f"[{dotted(self.path)}]" if self.path else "this file"
        for key in self.values:
            if key in self._known:
                continue
            words = (meant or {}).get(key, "")
            nearest = "" if words else nearest_to(key, self._known)
            if not words:
                words = f"There is no such key in {where}."
            self.source.complain((*self.path, key), words, nearest=nearest)

    def _take(self, key: str, needed: str = "") -> object | None:
        self._known.append(key)
        value = self.values.get(key)
        if value is None and needed:
            self.broken = True
            self.source.complain((*self.path, key), f"{key} is missing: {needed}.")
        return value


def nearest_to(word: str, candidates: Iterable[str]) -> str:
    """The candidate most similar to ``word``; empty if none is."""
    from difflib import get_close_matches

    found = get_close_matches(word.casefold()[:80], list(candidates), n=1, cutoff=0.6)
    return found[0] if found else ""


def dotted(path: KeyPath) -> str:
    """``path`` as the user writes it: ``accounts.work.identities[1].address``, keys quoted where TOML wants it."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part + 1}]"
            continue
        plain = re.fullmatch(r"[A-Za-z0-9_-]+", part)
        written += ("." if written else "") + (part if plain else shown(part, 60))
    return written


def shown(value: object, limit: int = 40) -> str:
    """A value for a sentence: quoted if it is a text, shortened, sanitised."""
    if isinstance(value, str):
        from tuimail.mail.text import safe_line

        return f'"{safe_line(value[:limit])}{"…" if len(value) > limit else ""}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= 10**18:
        return "such a large number"
    if isinstance(value, int | float):
        return str(value)
    return kind(value)


def kind(value: object) -> str:
    """The kind of a TOML value for a sentence."""
    if isinstance(value, bool):
        return "true or false"
    for types, words in (
        (str, "a text"),
        (int, "a number"),
        (float, "a number"),
        (list, "a list"),
        (dict, "a table"),
    ):
        if isinstance(value, types):
            return words
    return "a date"
