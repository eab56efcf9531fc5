"""A folder as it is typed, with or without its account. Quick to import."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Collection


def named_place(text: str, accounts: Collection[str]) -> tuple[str, str] | None:
    """Account and folder of ``home:Archive``, written plainly or as in an id; None: it names no account."""
    account, _, folder = text.partition(":")
    if not folder:
        return None
    return next(((name, folder) for name in (account, unquote(account)) if name in accounts), None)
