"""Searches that the user gave a name: searches.toml, read like the other files of settings, and changed by the program.

::

    [[search]]
    name = "Unread from Kim"
    pattern = "~U ~f kim"
    accounts = ["work"]         only in these; all if left out
    folders = ["INBOX"]         all but junk and trash if left out

A change touches only the lines of one search, so comments stay. Where that is not possible because of the way the file
is written, it is written anew; where something in it cannot be read, it is left to the user.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuimail.config.reading import Source, nearest_to, parse_toml, read_toml, shown
from tuimail.durable import write_durably
from tuimail.errors import ConfigError, PatternError, UsageError
from tuimail.mail.pattern import parse
from tuimail.private_files import make_private

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from tuimail.config.model import Problem
    from tuimail.config.reading import Table

LONGEST_NAME = 80
_TABLE = "search"


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search with a name."""

    name: str
    pattern: str
    """In the language of ``mail/pattern``; its dates are read when it is used."""
    accounts: tuple[str, ...] = ()
    """Empty: all."""
    folders: tuple[str, ...] = ()
    """Names of folders; empty: all but junk and trash."""


@dataclass(frozen=True, slots=True)
class SavedSearches:
    """What a file has."""

    searches: tuple[SavedSearch, ...] = ()
    problems: tuple[Problem, ...] = ()


def load_searches(file: Path, now: float, accounts: Collection[str] | None = None) -> SavedSearches:
    """The searches in ``file``; none, and no problem, if it does not exist. Never raises for what is in it.

    Args:
        file: searches.toml.
        now: seconds since the epoch, for checking dates.
        accounts: the names of all accounts; None: they are not checked.
    """
    source = Source(file)
    return _searches(source, read_toml(source), now, accounts)


def add_search(file: Path, search: SavedSearch, now: float) -> None:
    """Save a search under a new name.

    Raises:
        UsageError: the name is empty or taken, or the pattern cannot be read.
        ConfigError: the file cannot be read.
        StorageError: the disk refuses.
    """
    if fault := _name_fault(search.name):
        raise UsageError(f"The search cannot have this name. {fault}", hint="Choose another name.")
    parse(search.pattern, now)

    def wanted(before: Sequence[SavedSearch]) -> list[SavedSearch]:
        _refuse_taken(before, search.name)
        return [*before, search]

    _change(
        file, now, wanted, lambda lines, _: [*lines, *([""] if lines and lines[-1].strip() else []), *_block(search)]
    )


def remove_search(file: Path, name: str, now: float) -> None:
    """Forget a search.

    Raises:
        UsageError: there is none of this name.
        ConfigError: the file cannot be read.
        StorageError: the disk refuses.
    """

    def edited(lines: list[str], at: _Place) -> list[str]:
        return lines[: at.first] + lines[at.end :]

    _change(file, now, lambda before: [each for each in before if each is not _named(before, name)], edited, name)


def rename_search(file: Path, name: str, new: str, now: float) -> None:
    """Give a search another name.

    Raises:
        UsageError: there is none of this name, or the new one is empty or taken.
        ConfigError: the file cannot be read.
        StorageError: the disk refuses.
    """
    if fault := _name_fault(new):
        raise UsageError(f"The search cannot have this name. {fault}", hint="Choose another name.")

    def wanted(before: Sequence[SavedSearch]) -> list[SavedSearch]:
        found = _named(before, name)
        _refuse_taken([each for each in before if each is not found], new)
        return [replace(each, name=new) if each is found else each for each in before]

    def edited(lines: list[str], at: _Place) -> list[str]:
        line = lines[at.name]
        comment = line[line.rindex("#") - 1 :] if line.rstrip().count("#") == 1 and "#" not in name else ""
        return [*lines[: at.name], f"name = {_quoted(new)}{comment}", *lines[at.name + 1 :]]

    _change(file, now, wanted, edited, name)


@dataclass(frozen=True, slots=True)
class _Place:
    """Lines of a search in the file, from 0."""

    first: int
    name: int
    end: int
    """The first line behind it."""


def _searches(source: Source, root: Table | None, now: float, accounts: Collection[str] | None) -> SavedSearches:
    found: dict[str, SavedSearch] = {}
    if root is not None:
        for table in root.tables(_TABLE):
            problems = len(source.problems)
            search = _search(table, now, accounts)
            if search is not None and search.name.casefold() in found:
                table.complain("name", f"There is another search called {shown(search.name)} above.")
            if search is not None and len(source.problems) == problems:
                found[search.name.casefold()] = search
            table.finish()
        root.finish()
    problems_by_line = sorted(source.problems, key=lambda problem: problem.line)
    return SavedSearches(tuple(found.values()), tuple(problems_by_line))


def _search(table: Table, now: float, accounts: Collection[str] | None) -> SavedSearch | None:
    name = table.text("name", needed="what the search is called", check=_name_fault)
    pattern = table.text("pattern", needed="what is looked for", check=lambda text: _pattern_fault(text, now))
    chosen = table.list_of_texts("accounts")
    folders = table.list_of_texts("folders")
    for index, each in chosen:
        if accounts is not None and each not in accounts:
            where = (*table.path, "accounts", index)
            table.source.complain(where, f"There is no account {shown(each)}.", nearest=nearest_to(each, accounts))
    if not name or not pattern:
        return None
    return SavedSearch(name, pattern, tuple(each for _, each in chosen), tuple(each for _, each in folders))


def _name_fault(name: str) -> str:
    if not name.strip():
        return "It must not be empty."
    if len(name) > LONGEST_NAME:
        return f"It must not be longer than {LONGEST_NAME} characters."
    return "" if name.isprintable() else "It must not contain control characters."


def _pattern_fault(text: str, now: float) -> str:
    try:
        parse(text, now)
    except PatternError as error:
        return f"{error} {error.hint}".strip()
    return ""


def _named(searches: Sequence[SavedSearch], name: str) -> SavedSearch:
    for each in searches:
        if each.name.casefold() == name.casefold():
            return each
    names = ", ".join(each.name for each in searches[:20])
    raise UsageError(f"There is no search called {shown(name)}.", hint=f"There are: {names or 'none'}.")


def _refuse_taken(searches: Sequence[SavedSearch], name: str) -> None:
    if any(each.name.casefold() == name.casefold() for each in searches):
        raise UsageError(f"There is a search called {shown(name)} already.", hint="Choose another name.")


def _change(
    file: Path,
    now: float,
    wanted: Callable[[Sequence[SavedSearch]], list[SavedSearch]],
    edited: Callable[[list[str], _Place], list[str]],
    name: str = "",
) -> None:
    """Write the file with the searches that ``wanted`` makes of those that are there."""
    source = Source(file)
    root = read_toml(source)
    before = _searches(source, root, now, None)
    if root is None:
        raise ConfigError(f"{before.problems[0]}", hint=f"Mend {file} first.")
    after = wanted(before.searches)
    text = file.read_text("utf-8-sig") if file.exists() else ""
    lines = text.splitlines()
    place = _place(source, root, lines, name) if name else _Place(0, 0, 0)
    made = "\n".join(edited(lines, place)) + "\n" if place is not None else ""
    if not _holds(made, after, now, file, len(before.problems)):
        if before.problems:
            raise ConfigError(f"{before.problems[0]}", hint=f"Mend {file} first.")
        made = "\n".join("\n".join(_block(each)) + "\n" for each in after)
    target = file.resolve()
    make_private(target.parent)
    write_durably(target, made.encode("utf-8"))


def _holds(text: str, wanted: Sequence[SavedSearch], now: float, file: Path, problems: int) -> bool:
    """The text has these searches, and no more problems than there were."""
    source = Source(file)
    found = _searches(source, parse_toml(source, text), now, None)
    return list(found.searches) == list(wanted) and len(found.problems) <= problems and bool(text.strip() or not wanted)


def _place(source: Source, root: Table, lines: Sequence[str], name: str) -> _Place | None:
    """Where the search of this name is, with the comments right above it; None if that cannot be told."""
    for table in root.tables(_TABLE):
        if str(table.values.get("name", "")).casefold() != name.casefold():
            continue
        own = table.path[:2]
        header, named = source.lines.get(own, 0), source.lines.get((*own, "name"), 0)
        if not 0 < header < named:
            return None
        after = [line for path, line in source.lines.items() if line > header and path[:2] != own]
        end = _with_comments(lines, min(after) - 1) if after else len(lines)
        return _Place(_with_comments(lines, header - 1), named - 1, end)
    return None


def _with_comments(lines: Sequence[str], first: int) -> int:
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return first


def _block(search: SavedSearch) -> list[str]:
    lines = [f"[[{_TABLE}]]", f"name = {_quoted(search.name)}", f"pattern = {_quoted(search.pattern)}"]
    for key, values in (("accounts", search.accounts), ("folders", search.folders)):
        if values:
            lines.append(f"{key} = [{', '.join(map(_quoted, values))}]")
    return lines


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes are among its own, apart from DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
