"""What servers have found in texts that are not on this machine, by uid: texts never change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tuimail.cache.database import ReadableCache
    from tuimail.cache.folders import CachedMailbox
    from tuimail.config.model import Account
    from tuimail.engine.mail_source import FoundAtServer
    from tuimail.mail.pattern_tree import Pattern
    from tuimail.mailboxes.imap_search import Criteria

MOST_ASKED = 200
"""Questions whose answers are remembered."""


class SearchedMail(Protocol):
    """The mail of an account (received_mail)."""

    account: Account
    cache: ReadableCache

    @property
    def mailboxes(self) -> Mapping[int, CachedMailbox]:
        """The mailboxes by id."""
        ...

    def search_server(self, wire: str, criteria: Criteria) -> FoundAtServer:
        """What its server finds in the texts of a mailbox. Raises ImapError."""
        ...


class ServerQuestion(NamedTuple):
    """Something that is looked for in the texts of one mailbox."""

    account: str
    wire: str
    validity: int
    leaf: Pattern
    days: tuple[str, ...]
    """Criteria of the whole pattern: the same for a day, whatever "last week" means by now."""


class ServerAnswer(NamedTuple):
    """What was found."""

    uids: Sequence[int]
    uidnext: int
    """Messages from here on were not asked about."""


class ServerHits:
    """What servers have found. May be used by several threads."""

    def __init__(self) -> None:
        self._answers: OrderedDict[ServerQuestion, ServerAnswer] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, mail: SearchedMail, pattern: Pattern) -> Mapping[Pattern, Collection[int]]:
        """Ids of messages by what their texts have (``MatchContext.at_server``). Raises StorageError."""
        if not mail.account.is_on_server:
            return {}
        from tuimail.cache.uids import rows_of_uids
        from tuimail.mailboxes.imap_search import text_leaves

        leaves = text_leaves(pattern)
        found: dict[Pattern, list[int]] = {}
        for box in mail.mailboxes.values() if leaves else ():
            for leaf in leaves:
                answer = self.answer(question_of(mail, box, leaf, pattern))
                if answer is not None and answer.uids:
                    with mail.cache.reading() as db:
                        found.setdefault(leaf, []).extend(row.id for row in rows_of_uids(db, box.id, answer.uids))
        return found

    def answer(self, question: ServerQuestion) -> ServerAnswer | None:
        """What was found before; None: it was not asked."""
        with self._lock:
            return self._answers.get(question)

    def store(self, question: ServerQuestion, answer: ServerAnswer) -> None:
        """Remember what was found."""
        with self._lock:
            self._answers[question] = answer
            self._answers.move_to_end(question)
            while len(self._answers) > MOST_ASKED:
                self._answers.popitem(last=False)

    def forget(self, accounts: Collection[str]) -> None:
        """The mail of these accounts is elsewhere from now on."""
        with self._lock:
            for each in [each for each in self._answers if each.account in accounts]:
                del self._answers[each]


def question_of(mail: SearchedMail, box: CachedMailbox, leaf: Pattern, pattern: Pattern) -> ServerQuestion:
    """The question whether a text has ``leaf``, which is a part of ``pattern``."""
    from tuimail.mailboxes.imap_search import days_of

    return ServerQuestion(mail.account.name, box.wire, box.validity, leaf, days_of(pattern))
