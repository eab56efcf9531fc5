"""Where the user is among the folders: the one opened last, and the one letters were moved to last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.engine.index_request import IndexRequest, SortOrder, WideSearch

if TYPE_CHECKING:
    from tuimail.config.saved_searches import SavedSearch
    from tuimail.engine import Engine


class MailPlaces:
    """Of one running program."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._opened: IndexRequest | None = None
        self.moved_to: dict[str, str] = {}
        """The folder that messages were moved or copied to last, by account."""

    @property
    def opened(self) -> IndexRequest:
        """What was shown last; at first the inbox, of all accounts where there are several."""
        accounts = self._engine.mail.accounts
        opened = self._opened
        if opened is not None and (not opened.account or any(each.name == opened.account for each in accounts)):
            return opened
        return self.of(accounts[0].name if len(accounts) == 1 else "", "INBOX")

    @opened.setter
    def opened(self, request: IndexRequest) -> None:
        self._opened = request

    def renamed(self, account: str, before: str, now: str | None) -> None:
        """A folder has another name, and with it those below; ``now`` None: they are deleted."""
        if self._opened is not None and self._opened.account == account:
            folder = _follow(self._opened.folder, before, now)
            self._opened = None if folder is None else replace(self._opened, folder=folder)
        if account in self.moved_to:
            self.moved_to[account] = _follow(self.moved_to[account], before, now) or ""

    def of(self, account: str, folder: str) -> IndexRequest:
        """A folder in the order that the user wants; ``account`` empty: all inboxes."""
        reading = self._engine.config.reading
        return IndexRequest(account, folder, SortOrder(reading.order), reading.reverse)

    def found_by(self, search: SavedSearch) -> IndexRequest:
        """What a saved search finds. Raises PatternError."""
        return self.found(search.pattern, search.accounts, search.folders, search.name)

    def found(
        self, words: str, accounts: tuple[str, ...] = (), folders: tuple[str, ...] = (), name: str = ""
    ) -> IndexRequest:
        """What a search finds, by date, the newest on top: where more is found, it comes at the end.

        Raises:
            PatternError: the words are no pattern.
        """
        from tuimail.mail.pattern import parse

        pattern = parse(words, self._engine.clock.now())
        search = WideSearch(words, pattern, accounts, folders, name)
        return IndexRequest(folder="", order=SortOrder.DATE, reverse=True, search=search)


def _follow(folder: str, before: str, now: str | None) -> str | None:
    """The name of ``folder`` once ``before`` has the name ``now``; None: it is gone."""
    if folder != before and not folder.startswith(f"{before}/"):
        return folder
    return None if now is None else now + folder.removeprefix(before)
