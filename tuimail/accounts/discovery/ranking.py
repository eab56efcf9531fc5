"""The order of what was found, and what of it is one and the same. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.accounts.discovery.providers import with_peculiarities

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimail.accounts.discovery.values import FoundAccount


def ranked(accounts: Iterable[FoundAccount]) -> tuple[FoundAccount, ...]:
    """``accounts``, the best first; those that lead to the same servers as the same user become one.

    One that a better source confirms needs no confirmation by the user.
    """
    merged: dict[object, FoundAccount] = {}
    for account in sorted(accounts, key=lambda each: each.origin):
        key = _way_in(account)
        better = merged.get(key)
        if better is None:
            merged[key] = with_peculiarities(account)
        else:
            merged[key] = replace(better, also=(*better.also, account.source), oauth=better.oauth or account.oauth)
    return tuple(merged.values())


def _way_in(account: FoundAccount) -> tuple[object, ...]:
    """What the user would connect to, and as whom."""
    firsts = (account.imap[0], account.submission[0])
    return tuple((each.host, each.port, each.security, each.username) for each in firsts)
