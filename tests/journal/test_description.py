"""Actions in words."""

from __future__ import annotations

from typing import Any

import pytest

from tuimail.journal.action import ActionKind, ActionMessage, MailAction
from tuimail.journal.description import describe
from tuimail.mail.flags import ANSWERED, FLAGGED, SEEN


@pytest.mark.parametrize(
    ("kind", "count", "fields", "words"),
    [
        (ActionKind.MOVE, 1, {"target": "Archive"}, "move 1 letter to Archive"),
        (ActionKind.COPY, 1200, {"target": "Lists/Rust"}, "copy 1,200 letters to Lists/Rust"),
        (ActionKind.DELETE, 3, {}, "delete 3 letters for good"),
        (ActionKind.FLAG, 1, {"add": SEEN | FLAGGED}, "mark 1 letter read and important"),
        (ActionKind.FLAG, 2, {"add": ANSWERED, "remove": SEEN}, "mark 2 letters unread and answered"),
        (ActionKind.FLAG, 1, {"add_keywords": "$Work b", "remove_keywords": "c"}, "mark 1 letter +$Work and +b and -c"),
        (ActionKind.FLAG, 1, {}, "mark 1 letter as before"),
    ],
)
def test_in_words(kind: ActionKind, count: int, fields: dict[str, Any], words: str) -> None:
    messages = tuple(ActionMessage(str(each)) for each in range(count))
    assert describe(MailAction("work", kind, "INBOX", messages, **fields)) == words
