"""Changes of a TOML text that leave its comments, order and blank lines as they are. Pure.

A key or table that stands on lines of its own is added and removed by lines; a value in its place, and what is written
in line or with dotted keys, is changed by tomlkit. Each result is read again: one that does not have the wanted values,
or has lost a comment, is not used.
"""

from __future__ import annotations

import copy
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tuimail.config.positions import headers, positions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tuimail.config.positions import Path as KeyPath

    Keys = tuple[str | int, ...]
    """Keys from the root down; a number is an index in an array of tables."""
    Edit = Callable[[], str | None]
    """The changed text; None where this way does not fit."""
    Block = tuple[int, int]
    """First line, from 0, and the one behind the last."""


class EditError(ValueError):
    """The text cannot be changed like that without changing more than what was asked for."""


def values_of(text: str) -> dict[str, Any]:
    """What the text says. Raises ValueError (tomllib.TOMLDecodeError is one), RecursionError: it is not TOML."""
    return tomllib.loads(text)


def value_at(values: Any, path: Keys) -> object | None:
    """What ``values`` have at ``path``; None: nothing."""
    for key in path:
        places: Any = range(len(values)) if isinstance(values, list) else values if isinstance(values, dict) else ()
        if key not in places:
            return None
        values = values[key]
    found: object = values
    return found


def set_value(text: str, path: Keys, value: object) -> str:
    """The text with ``value`` at ``path``; tables on the way there are made.

    Args:
        text: valid TOML.
        path: keys from the root down, at least one; the index behind the last table of an array adds one.
        value: text, number, true or false, a sequence or a mapping of these.

    Raises:
        EditError: it cannot be done, or a value on the way is not a table.
    """
    before, plain = values_of(text), _plain(value)
    wanted = copy.deepcopy(before)
    table: Any = wanted
    for key, below in pairwise(path):
        table = _entered(table, key, [] if isinstance(below, int) else {})
    if isinstance(path[-1], int):
        if path[-1] != len(table) or not isinstance(plain, dict):
            raise EditError("only a table can be added there, at the end")
        table.append(plain)
        return _first([wanted], text, path, lambda: _appended(text, path[:-1], plain, element=True))
    there = path[-1] in table
    if there and isinstance(table[path[-1]], dict) and not isinstance(plain, dict):
        raise EditError(f"{path[-1]} is a table")
    table[path[-1]] = plain
    if there:
        return _first([wanted], text, path, lambda: _assigned(text, path, plain))
    as_table = isinstance(plain, dict)
    ways: list[Edit] = [lambda: _inserted(text, path, plain)] if not as_table else []
    block = (path, plain) if isinstance(plain, dict) else (path[:-1], {path[-1]: plain})
    ways += [lambda: _appended(text, *block), lambda: _assigned(text, path, plain)]
    return _first([wanted], text, path, *ways)


def _entered(table: Any, key: str | int, otherwise: object) -> Any:
    """What is at ``key``, of the same kind as ``otherwise``, which is put there if nothing is."""
    if isinstance(key, int):
        if key >= len(table):
            raise EditError(f"there is no table {key + 1}")
        found = table[key]
    else:
        found = table.setdefault(key, otherwise)
    if not isinstance(found, type(otherwise)):
        raise EditError(f"{key} is not a table")
    return found


def unset_value(text: str, path: Keys) -> str:
    """The text without the key or table at ``path``, and without the comments right above its header.

    Raises:
        EditError: it cannot be done.
        KeyError: it is not there.
    """
    wanted = values_of(text)
    tables: list[Any] = [wanted]
    for key in path[:-1]:
        tables.append(tables[-1][key])
    del tables[-1][path[-1]]
    without_empty = copy.deepcopy(wanted)
    for end in range(len(path) - 1, 0, -1):
        if tables[end]:
            break
        _below(without_empty, path[: end - 1]).pop(path[end - 1])
    return _first(
        [wanted, without_empty], text, path, lambda: _without_lines(text, path), lambda: _without_key(text, path)
    )


def _first(wanted: list[dict[str, Any]], text: str, path: Keys, *ways: Edit) -> str:
    """The first result that says what is wanted, and has every comment that does not belong to ``path``."""
    comments = _comments(text, path)
    for way in ways:
        try:
            made = way()
            if made is not None and values_of(made) in wanted and comments <= _comments(made, ()):
                return made
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):  # tomlkit's are among these
            continue
    raise EditError("it cannot be changed there without changing more")


def _below(values: Any, path: Keys) -> Any:
    for key in path:
        values = values[key]
    return values


def _plain(value: object) -> Any:
    """The value as tomllib would give it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Sequence):
        return [_plain(each) for each in value]
    raise EditError(f"{type(value).__name__} is not a value of TOML")


# -- by tomlkit


def _assigned(text: str, path: Keys, value: object) -> str:
    import tomlkit
    from tomlkit.items import InlineTable

    document = tomlkit.parse(text)
    table: Any = document
    for key in path[:-1]:
        if not isinstance(key, int) and key not in table:
            table[key] = tomlkit.inline_table() if isinstance(table, InlineTable) else tomlkit.table()
        table = table[key]
    table[path[-1]] = value
    return document.as_string()


def _without_key(text: str, path: Keys) -> str:
    import tomlkit

    document = tomlkit.parse(text)
    table: Any = document
    for key in path[:-1]:
        table = table[key]
    del table[path[-1]]
    return document.as_string()


def _written(value: object) -> str:
    """A value on one line."""
    import tomlkit

    if isinstance(value, dict):
        made = tomlkit.inline_table()
        made.update(value)
        return made.as_string()
    return tomlkit.item(value).as_string()


def _key(path: Keys) -> str:
    import tomlkit

    return tomlkit.key([str(each) for each in path]).as_string()


# -- by lines


def _lines(text: str) -> list[str]:
    """With their ends. Only a line feed ends a line of TOML."""
    return [f"{each}\n" for each in text.split("\n")[:-1]] + ([last] if (last := text.rpartition("\n")[2]) else [])


def _end_of_line(text: str) -> str:
    return "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"


def _is_comment(line: str) -> bool:
    return line.lstrip(" \t").startswith("#")


def _says_nothing(line: str) -> bool:
    return not line.strip() or _is_comment(line)


def _inserted(text: str, path: Keys, value: object) -> str | None:
    """A line for the key, behind the last one of its table."""
    lines, heads, table = _lines(text), headers(text), path[:-1]
    if table and table not in heads:
        return None
    start = heads[table] if table else 0
    at = min((line - 1 for line in heads.values() if line > start), default=len(lines))
    while at > start and _says_nothing(lines[at - 1]):
        at -= 1
    end = _end_of_line(text)
    made = [f"{_key(path[-1:])} = {_written(value)}{end}"]
    if at == 0 and lines and lines[0].strip():
        made.append(end)
    if at and not lines[at - 1].endswith("\n"):
        made.insert(0, end)
    return "".join([*lines[:at], *made, *lines[at:]])


def _appended(text: str, path: Keys, values: dict[str, Any], *, element: bool = False) -> str | None:
    """A table at the end; ``element``: one more of an array of tables."""
    if not path:
        return None
    end = _end_of_line(text)
    gap = "" if not text else end if text.endswith("\n") else end * 2
    head, *lines = _block(path, values)
    return text + gap + end.join([f"[{head}]" if element else head, *lines]) + end


def _block(path: Keys, values: dict[str, Any]) -> Iterator[str]:
    yield f"[{_key(path)}]"
    tables = {key: each for key, each in values.items() if isinstance(each, dict)}
    arrays = {key: each for key, each in values.items() if _is_array_of_tables(each)}
    for key, value in values.items():
        if key not in tables and key not in arrays:
            yield f"{_key((key,))} = {_written(value)}"
    for key, each in arrays.items():
        for one in each:
            yield ""
            yield f"[[{_key((*path, key))}]]"
            yield from (f"{_key((name,))} = {_written(value)}" for name, value in one.items())
    for key, each in tables.items():
        yield ""
        yield from _block((*path, key), each)


def _is_array_of_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def _without_lines(text: str, path: Keys) -> str | None:
    """Without the lines of a key or of a table and all below it, and without blank lines that would be left over."""
    lines, gone = _lines(text), _blocks(text, path)
    for first, end in reversed(gone):
        before, after = first, end
        while before and not lines[before - 1].strip():
            before -= 1
        while after < len(lines) and not lines[after].strip():
            after += 1
        at_end, spaced = after == len(lines), before < first or not before
        del lines[before if at_end else first : after if at_end or spaced else end]
    return "".join(lines) if gone else None


def _blocks(text: str, path: Keys) -> list[Block]:
    """The lines that are about ``path`` alone, with comments right above a header; none if others are on them."""
    lines = _lines(text)
    mine, others = _owned(positions(text), path)
    if mine & others:
        return []
    heads = set(headers(text).values())
    found: list[Block] = []
    bounds = sorted(others | heads - mine)
    for line in sorted(mine):
        if found and line <= found[-1][1]:
            continue
        behind = next((each - 1 for each in bounds if each > line), len(lines))
        last = max(each for each in mine if each <= behind)
        end = behind
        while end > last and _says_nothing(lines[end - 1]):
            end -= 1
        first = line - 1
        if line in heads:
            first, end = _with_comments(lines, first, end, behind)
        found.append((first, end))
    return found


def _with_comments(lines: list[str], first: int, end: int, behind: int) -> Block:
    """The lines of a table with the comments right above and below; ``behind`` is where the next one begins."""
    above, below = first, end
    while above and _is_comment(lines[above - 1]):
        above -= 1
    while below < behind and _is_comment(lines[below]):
        below += 1
    # Those at the top of the file are about all of it, and those right above the next table about that.
    return above or first, end if below == behind < len(lines) else below


def _owned(lines: dict[KeyPath, int], path: Keys) -> tuple[set[int], set[int]]:
    """The lines with keys at or below ``path``, and those with others; tables that hold it are neither."""
    mine = {line for each, line in lines.items() if each[: len(path)] == path}
    others = {line for each, line in lines.items() if each[: len(path)] != path and path[: len(each)] != each}
    return mine, others


def _comments(text: str, path: Keys) -> Counter[str]:
    """How often each comment that has a line of its own is there, without those that are about ``path``."""
    own = {line for first, end in _blocks(text, path) for line in range(first, end)} if path else set()
    lines = enumerate(_lines(text))
    return Counter(line.strip() for number, line in lines if number not in own and _is_comment(line))
