"""Where a search looks, as the user types it before the words: ``in:work in:"Lists/Rust" minutes``. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tuimail.errors import UsageError
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_PLACE = re.compile(r'\s*+in:(?:"([^"]*+)"|([^\s"]\S*+))(?=\s|\Z)', re.IGNORECASE)
MOST_NAMED = 12
"""Names that an error lists."""


class SearchScope(NamedTuple):
    """What was typed, taken apart."""

    words: str
    accounts: tuple[str, ...] = ()
    """Empty: all."""
    folders: tuple[str, ...] = ()
    """Empty: all but junk and trash."""


def read_scope(text: str, places: Sequence[tuple[str, str]]) -> SearchScope:
    """Take ``in:`` and what follows it off the beginning of ``text``; ``places`` are all accounts with their folders.

    ``in:`` takes an account, a folder, ``account/folder``, or a part of the name of one folder.

    Raises:
        UsageError: there is no such place, or there are several.
    """
    accounts: list[str] = []
    folders: list[str] = []
    at = 0
    while (found := _PLACE.match(text, at)) is not None:
        at = found.end()
        account, folder = _place(found.group(1) or found.group(2) or "", places)
        accounts += [account] if account and account not in accounts else []
        folders += [folder] if folder and folder not in folders else []
    return SearchScope(text[at:].strip(), tuple(accounts), tuple(folders))


def typed_scope(accounts: Sequence[str], folders: Sequence[str]) -> str:
    """The ``in:`` words that ``read_scope`` reads as these; empty, or with a space behind them."""
    return "".join(f'in:"{each}" ' if re.search(r"\s", each) else f"in:{each} " for each in (*accounts, *folders))


def _place(name: str, places: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Account and folder that ``name`` means; one of them may be empty."""
    wanted = name.casefold()
    for account, folder in places:
        if wanted == account.casefold():
            return account, ""
        if wanted == f"{account}/{folder}".casefold():
            return account, folder
    names = {folder for _, folder in places}
    exact = {each for each in names if each.casefold() == wanted}
    found = exact or {each for each in names if wanted and wanted in each.casefold()}
    if len(found) == 1:
        return "", found.pop()
    if found:
        raise UsageError(f"Several folders are called like {safe_line(name)}.", hint=f"There are: {_listed(found)}.")
    known = {account for account, _ in places} | names
    raise UsageError(f"There is no account or folder {safe_line(name)}.", hint=f"There are: {_listed(known)}.")


def _listed(names: Collection[str]) -> str:
    shown = [safe_line(each) for each in sorted(names)[:MOST_NAMED]]
    return ", ".join(shown) + (f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else "")
