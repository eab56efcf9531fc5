"""What the user decides about actions of the journal, on the thread of an account: durable, then shown by the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.engine.cache_place import action_lock
from tuimail.journal.action import ActionState
from tuimail.journal.decisions import UserDecisions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tuimail.config.model import Account
    from tuimail.engine.account_cache import AccountCache
    from tuimail.journal.action import MailAction
    from tuimail.journal.store import ActionJournal
    from tuimail.paths import Paths


class DecisionWork:
    """The user's decisions about the actions of one account."""

    def __init__(
        self,
        account: Account,
        paths: Paths,
        journal: Callable[[], ActionJournal],
        cache: AccountCache,
        decided: Callable[[Sequence[MailAction]], None],
    ) -> None:
        """``decided`` is called with what was decided about."""
        self._account = account
        self._paths = paths
        self._journal = journal
        self._cache = cache
        self._decided = decided
        self._retried: set[int] = set()

    def retry(self, number: int) -> MailAction:
        """Have it tried again. Raises as ``UserDecisions.retry``."""
        return self._again(UserDecisions(self._journal()).retry(number))

    def redirect(self, number: int, folder: str) -> MailAction:
        """Have it tried with another folder. Raises as ``UserDecisions.redirect``."""
        names_chosen = not self._account.is_on_server
        return self._again(UserDecisions(self._journal()).redirect(number, folder, names_chosen=names_chosen))

    def delete_instead(self, number: int) -> MailAction:
        """Have its messages deleted for good. Raises as ``UserDecisions.delete_instead``."""
        names_chosen = not self._account.is_on_server
        return self._again(UserDecisions(self._journal()).delete_instead(number, names_chosen=names_chosen))

    def _again(self, action: MailAction) -> MailAction:
        self._retried.add(action.id)
        self._cache.show_waiting([action])
        self._decided([action])
        return action

    def drop(self, number: int) -> MailAction:
        """Drop it; what it was. Raises as ``UserDecisions.drop``."""
        before = self._journal().get(number)
        dropped = drop(self._account, self._paths, self._journal(), number)
        self._cache.show_ended([dropped])
        self._decided([dropped])
        return before

    def restore(self, before: MailAction) -> MailAction:
        """Take back that it was dropped. Raises as ``UserDecisions.restore``."""
        action = UserDecisions(self._journal()).restore(before)
        if action.state is not ActionState.REFUSED:
            self._cache.show_waiting([action])
        self._decided([action])
        return action

    def awaited(self, ended: Iterable[MailAction]) -> bool:
        """Whether the user is to see at once what came of actions: of one tried again, or one that was not done."""
        found = False
        for each in ended:
            found = found or each.id in self._retried or each.state is not ActionState.DONE
            self._retried.discard(each.id)
        return found


def drop(account: Account | None, paths: Paths, journal: ActionJournal, number: int) -> MailAction:
    """Drop an action of ``account`` (None: it is not configured any more), also one that was begun, if nobody is at it.

    Raises as ``UserDecisions.drop``.
    """
    decisions = UserDecisions(journal)
    if account is None:
        return decisions.drop(number, idle=True)
    lock = action_lock(account, paths)
    if not lock.acquire():
        return decisions.drop(number)
    try:
        return decisions.drop(number, idle=True)
    finally:
        lock.release()
