"""Searches for texts that only a server has: asked there folder by folder, and joined to what is found here.

What a server has found is remembered by uid, for texts never change: the same search is not asked twice, but for
messages that came since.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from tuimail.cache.kept import unkept_counts
from tuimail.engine.server_hits import ServerAnswer, question_of
from tuimail.mail.text import safe_line
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.mailboxes.imap_search import criteria_of, text_leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.cache.folders import CachedMailbox
    from tuimail.engine.server_hits import SearchedMail, ServerHits, ServerQuestion
    from tuimail.mail.pattern_tree import Pattern

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds after which no further folder is asked about."""
MOST_HITS = 100_000
"""Messages that an answer may name; the newest of more count."""


def questions(
    mail: SearchedMail, boxes: Sequence[CachedMailbox], pattern: Pattern, hits: ServerHits
) -> list[ServerQuestion]:
    """What is to be asked of the account's server for ``pattern``: of folders of which not all texts are here.

    Raises:
        StorageError: the cache cannot be read.
    """
    leaves = text_leaves(pattern) if mail.account.is_on_server else []
    if not leaves:
        return []
    with mail.cache.reading() as db:
        elsewhere = unkept_counts(db)
    found = []
    for box in sorted(boxes, key=lambda each: (each.name != "INBOX", not each.special, -elsewhere.get(each.id, 0))):
        if elsewhere.get(box.id):
            asked = (question_of(mail, box, leaf, pattern) for leaf in leaves)
            found += [each for each in asked if _first(hits, each) < box.uidnext]
    return found


def ask(
    mail: SearchedMail,
    wanted: Sequence[ServerQuestion],
    hits: ServerHits,
    *,
    stopped: Callable[[], bool] = lambda: False,
    more: Callable[[], None] = lambda: None,
    patience: float = PATIENCE,
) -> str:
    """Ask the server of one account; blocks.

    Args:
        mail: of the account.
        wanted: what to ask (``questions``).
        hits: where answers go.
        stopped: asked before each question.
        more: called when something was found.
        patience: seconds after which no further question is asked.

    Returns:
        Why not everything was asked, as a sentence; empty: it was.
    """
    until = time.monotonic() + patience
    refused = ""
    for each in wanted:
        if stopped():
            return ""
        if time.monotonic() >= until:
            return f"The server of {safe_line(mail.account.name)} is slow: not all folders were searched there."
        first = _first(hits, each)
        try:
            found = mail.search_server(each.wire, criteria_of(each.leaf, each.days, first))
        except ImapError as error:
            if error.status is None:
                return f"{safe_line(mail.account.name)}: {error} Only letters on this machine were searched."
            log.info("the server refuses a search: %s", error)
            hits.store(each, ServerAnswer((), 1 << 32))  # it would refuse it again
            refused = f"{safe_line(mail.account.name)}: {error} Only letters on this machine were searched."
            continue
        if found.validity != each.validity:
            continue
        before = hits.answer(each)
        known = list(before.uids) if before is not None else []
        fresh = sorted({*found.uids} - {*known})
        hits.store(each, ServerAnswer([*known, *fresh][-MOST_HITS:], max(found.uidnext, first, 2)))
        if fresh:
            more()
    return refused


def _first(hits: ServerHits, question: ServerQuestion) -> int:
    """The first uid that was not asked about."""
    answer = hits.answer(question)
    return 1 if answer is None else answer.uidnext
