"""The accounts whose mail can be read, as the threads of received mail see them. They may change while these run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, overload

from tuimail.config.model import SentCopy, SubmissionCommand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tuimail.config.model import Account


class MailAccounts(Sequence["Account"]):
    """In the order of the config. May be read by any thread; whoever goes through them sees one state."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        """Of ``accounts`` those that have received mail."""
        self._current = _readable(accounts)

    @overload
    def __getitem__(self, place: int) -> Account: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Account, ...]: ...
    def __getitem__(self, place: int | slice) -> Account | tuple[Account, ...]:
        return tuple(self._current.values())[place]

    def __iter__(self) -> Iterator[Account]:
        return iter(self._current.values())

    def __len__(self) -> int:
        return len(self._current)

    def get(self, name: str) -> Account | None:
        """The account of this name; None: there is none, or it has no received mail."""
        return self._current.get(name)

    def become(self, accounts: Iterable[Account]) -> list[str]:
        """Be others from now on.

        Returns:
            The names of those whose mail came, went, or is read in another way. Accounts in which nothing differs are
            the same objects as before, all others are new ones.
        """
        before, after = self._current, _readable(accounts)
        renewed = [name for name in dict.fromkeys((*before, *after)) if _differs(before.get(name), after.get(name))]
        for name, account in after.items():
            # One that comes back is not the one that went.
            after[name] = before[name] if before.get(name) == account else replace(account)
        self._current = after
        return renewed


def _readable(accounts: Iterable[Account]) -> dict[str, Account]:
    return {each.name: each for each in accounts if each.has_mail}


def _differs(before: Account | None, after: Account | None) -> bool:
    if before is None or after is None:
        return True
    return _mail_settings(before) != _mail_settings(after)


def _mail_settings(account: Account) -> Account:
    """The account without what only matters for writing and sending."""
    nothing = SubmissionCommand(())
    return replace(account, identities=(), submission=nothing, fallback=(), rate=None, sent_copy=SentCopy.AUTO)
