"""Changes of received mail as lines and in sentences."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tuimail.engine.mail_journal import JournalEntry
from tuimail.journal.action import ActionKind, ActionMessage, ActionState, MailAction
from tuimail.journal.tally import JournalTally
from tuimail.mail.text import safe_line
from tuimail.ui.views.journal_lines import change_explanation, change_line, change_state, change_titles
from tuimail.ui.views.sync_remarks import changes_note, offline_remark, sync_remarks

NOW = 1_800_000_000.0
WAITS = "It is done as soon as the mailbox can be reached, in the order given."
SAFE = "Try it again, take another folder, or drop it: the letters stay as they are."


def entry(state: ActionState = ActionState.WAITING, subject: str = "Minutes", **fields: Any) -> JournalEntry:
    made = {"target": "Archive", "created": NOW - 60, "state": state, **fields}
    return JournalEntry(MailAction("work", ActionKind.MOVE, "INBOX", (ActionMessage("1"),), **made), subject)


@pytest.mark.parametrize(
    ("state", "fields", "words", "message"),
    [
        ("waiting", {}, "waits", WAITS),
        ("waiting", {"next_at": NOW - 1}, "waits", WAITS),
        ("waiting", {"next_at": NOW + 60, "words": "Full."}, "in 1 min", "Tried again in 1 min. Full."),
        ("sent", {}, "under way", "It was begun, and goes on when the mailbox can be reached."),
        ("sent", {"next_at": NOW + 60}, "in 1 min", "Tried again in 1 min."),
        ("refused", {"words": "Not permitted."}, "refused", f"Refused: Not permitted.  {SAFE}"),
        ("refused", {}, "refused", f"Refused: no reason was given.  {SAFE}"),
        ("dropped", {"words": "You dropped it."}, "dropped", "Dropped, and not done. You dropped it."),
    ],
)
def test_how_far_it_is(state: str, fields: dict[str, Any], words: str, message: str) -> None:
    shown = entry(ActionState(state), **fields)
    assert change_state(shown.action, NOW) == words
    assert change_explanation(shown, NOW)[0] == message
    assert words in "".join(span.text for span in change_line(shown, 80, NOW))


@pytest.mark.parametrize(("tries", "words"), [(0, ""), (1, " - 1 try"), (3, " - 3 tries")])
def test_the_facts(tries: int, words: str) -> None:
    facts = change_explanation(entry(tries=tries), NOW)[1]
    assert facts.startswith("work/INBOX - given ")
    assert facts.endswith(words)


@pytest.mark.parametrize(
    ("waiting", "refused", "note", "remark"),
    [
        (0, 0, "", "offline"),
        (1, 0, "1 waits", "offline, 1 waits"),
        (3, 0, "3 wait", "offline, 3 wait"),
        (1200, 2, "2 yours", "offline, 1,200 wait"),
        (0, 1, "1 yours", "offline"),
    ],
)
def test_how_many(waiting: int, refused: int, note: str, remark: str) -> None:
    tally = JournalTally(waiting, refused)
    assert (changes_note(tally), offline_remark(tally), tally.any) == (note, remark, bool(note))


@given(st.text(max_size=60), st.text(max_size=60), st.integers(40, 200), st.sampled_from(ActionState))
def test_a_row_fills_the_screen_and_does_nothing(subject: str, target: str, width: int, state: ActionState) -> None:
    shown = "".join(span.text for span in change_line(entry(state, subject, target=target), width, NOW))
    assert cell_len(shown) == width - 1
    assert safe_line(shown) == shown
    assert cell_len("".join(span.text for span in change_titles(width))) == width - 1


def test_the_title_bar_says_why_nothing_is_synced() -> None:
    full = "The disk is full: the cache could not be written."
    assert sync_remarks("", "", JournalTally()) == []
    assert sync_remarks("", full, JournalTally()) == ["sync waits: the disk is full"]
    assert sync_remarks("refused", full, JournalTally(waiting=2)) == ["offline, 2 wait"]
    assert sync_remarks("", "There is\x1b[31m no Maildir.", JournalTally())[0].isprintable()
