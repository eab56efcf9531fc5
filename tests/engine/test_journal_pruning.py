"""The journal is pruned by the running program, on an account's thread, and no more often than needed."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, cast

from tests.engine.mail_support import make_maildir, put_message, running_mail
from tuimail.engine.journal_pruning import EVERY, MOST, JournalPruning
from tuimail.journal.action import KEPT, ActionKind, ActionMessage, MailAction
from tuimail.journal.decisions import UserDecisions
from tuimail.journal.store import ActionJournal
from tuimail.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


async def test_the_program_forgets_what_was_finished_long_ago(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = Paths.under(tmp_path / "home")
    root = make_maildir(tmp_path / "Maildir", "Trash")
    put_message(root, "m1")
    long_ago = time.time() - KEPT - 60
    old, recent = (MailAction("work", ActionKind.DELETE, "INBOX", (ActionMessage(key),)) for key in ("x", "y"))
    for action, now in ((old, long_ago), (recent, time.time())):
        with closing(ActionJournal(paths.journal, now=lambda now=now: now)) as journal:  # type: ignore[misc]
            UserDecisions(journal, now=lambda now=now: now).drop(journal.add([action])[0].id)  # type: ignore[misc]
    on: list[str] = []
    real = ActionJournal.prune

    def noted(journal: ActionJournal, most: int) -> int:
        on.append(threading.current_thread().name)
        return real(journal, most)

    monkeypatch.setattr(ActionJournal, "prune", noted)
    async with running_mail(paths, root) as mail:
        await mail.engine.mail.look()
        await mail.engine.mail.look()
        left = await mail.engine.mail.ask_journal("work", lambda journal: journal.actions())
    assert [each.messages[0].key for each in left] == ["y"]
    assert on == ["mail of work"], "once, and not on the thread of the interface"


class _Pruned:
    """Counts, and forgets what it is told to."""

    def __init__(self, *counts: int) -> None:
        self.counts = [*counts]
        self.asked = 0

    def prune(self, most: int) -> int:
        assert most == MOST
        self.asked += 1
        return self.counts.pop(0)


def test_once_a_day_and_at_once_again_while_there_is_more() -> None:
    now, journal = [5.0], _Pruned(MOST, 3, 0)
    pruning = JournalPruning(lambda: cast("ActionJournal", journal), now=lambda: now[0])
    for after, asked in ((0, 1), (0, 2), (0, 2), (EVERY - 1, 2), (1, 3)):
        now[0] += after
        pruning.run()
        assert journal.asked == asked
