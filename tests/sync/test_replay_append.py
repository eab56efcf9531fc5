"""APPEND in the journal: cut at every point, the message is there once, and older copies go only after it came."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import make_maildir, put_message
from tests.sync.imap_replay_support import WAYS, Rig, new_letter, put, refusal, subject_of
from tuimail.journal.action import ActionKind, ActionMessage, ActionState, MailAction, MessageOrigin, MessageOutcome
from tuimail.journal.store import ActionJournal
from tuimail.mail.flags import DELETED, DRAFT, SEEN
from tuimail.sync import imap_proof
from tuimail.sync.maildir_replay import MaildirReplayer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOX = "Archive"


def letter(name: str) -> bytes:
    return f"From: ada@example.org\r\nSubject: {name}\r\nMessage-ID: <{name}@example.org>\r\n\r\nText\r\n".encode()


def append(journal: ActionJournal, name: str, *replaced: ActionMessage, folder: str = BOX) -> MailAction:
    messages = (ActionMessage("", message_id=f"<{name}@example.org>"), *replaced)
    file = journal.letters.keep([letter(name)])
    action = MailAction("work", ActionKind.APPEND, folder, messages, target=folder, letter=file, add=SEEN | DRAFT)
    (stored,) = journal.add([action])
    return stored


def prepared(folder: Path, way: str) -> Rig:
    """Three versions of a draft, each in place of the one before; the first in place of another program's."""
    rig = Rig(folder, WAYS[way])
    number = put(rig.server.boxes[BOX], new_letter("theirs"))
    put(rig.server.boxes[BOX], new_letter("other"))
    first = append(rig.journal, "one", *rig.keys(number, wire=BOX))
    second = append(rig.journal, "two", ActionMessage("", origin=MessageOrigin(first.id, 0)))
    append(rig.journal, "three", ActionMessage("", origin=MessageOrigin(second.id, 0)))
    rig.cutter.passed = 0
    return rig


def there(rig: Rig) -> list[str]:
    letters = rig.server.boxes[BOX].letters.values()
    return sorted(subject_of(each) for each in letters if not each.flags & DELETED)


def runs(tmp_path: Path, way: str) -> Iterator[tuple[str, list[str]]]:
    def run(number: int, at: set[int], *, killing: bool) -> tuple[list[str], int]:
        rig = prepared(tmp_path / f"{number}{killing}", way)
        rig.cutter.at, rig.cutter.killing = at, killing
        with closing(rig.journal):
            rig.replay_to_the_end()
            return there(rig), rig.cutter.passed

    result, points = run(-1, set(), killing=False)
    assert result == ["other", "three"]
    for point in range(points):
        for killing in (False, True):
            yield f"cut at {point} {killing=}", run(point, {point, point + 4}, killing=killing)[0]


@pytest.mark.parametrize("way", ["MOVE", "MOVE without COPYUID", "COPY without UIDPLUS"])
def test_a_cut_at_any_point_loses_and_doubles_nothing(tmp_path: Path, way: str) -> None:
    assert {name: found for name, found in runs(tmp_path, way) if found != ["other", "three"]} == {}


def test_without_the_proof_the_same_cuts_double_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_proof, "matched", lambda *_: {})
    assert any(found != ["other", "three"] for _, found in runs(tmp_path, "MOVE"))


def test_refused_it_leaves_the_older_copy(tmp_path: Path) -> None:
    rig = prepared(tmp_path, "MOVE")
    rig.server.refusing = lambda name, *_: refusal("OVERQUOTA") if name == "APPEND" else None
    with closing(rig.journal):
        ended = rig.replay()
        assert [each.state for each in ended] == [ActionState.REFUSED]
        assert there(rig) == ["other", "theirs"]


def test_what_another_program_wrote_anew_stays(tmp_path: Path) -> None:
    rig = prepared(tmp_path, "MOVE")
    box = rig.server.boxes[BOX]
    box.expunge(next(uid for uid, each in box.letters.items() if subject_of(each) == "theirs"))
    put(box, new_letter("theirs, changed"))
    with closing(rig.journal):
        rig.replay()
        assert there(rig) == ["other", "theirs, changed", "three"]
        outcomes = [each.outcome for each in rig.journal.actions()[0].messages]
        assert outcomes == [MessageOutcome.DONE, MessageOutcome.GONE]


def test_its_bytes_are_kept_until_it_is_done(tmp_path: Path) -> None:
    rig = prepared(tmp_path / "rig", "MOVE")
    with closing(rig.journal):
        files = [each.letter for each in rig.journal.actions()]
        assert all(rig.journal.letters.size(each) for each in files)
        rig.journal.letters.remove(files[2])
        rig.replay()
        assert [each.state for each in rig.journal.actions()] == [
            ActionState.DONE,
            ActionState.DONE,
            ActionState.DROPPED,
        ]
        assert there(rig) == ["other", "two"]
        assert not any(rig.journal.letters.size(each) for each in files)


def test_in_a_maildir(tmp_path: Path) -> None:
    root = make_maildir(tmp_path / "Maildir", "Drafts")
    put_message(root / ".Drafts", "theirs")
    with closing(ActionJournal(tmp_path / "journal")) as journal:
        first = append(journal, "one", ActionMessage("theirs"), folder="Drafts")
        append(journal, "two", ActionMessage("", origin=MessageOrigin(first.id, 0)), folder="Drafts")
        for _ in range(2):
            MaildirReplayer(journal, "work", root, "me").replay()
        assert [each.state for each in journal.actions()] == [ActionState.DONE, ActionState.DONE]
        (path,) = (root / ".Drafts" / "cur").iterdir()
        assert path.name.endswith(":2,DS")
        assert path.read_bytes() == letter("two").replace(b"\r\n", b"\n")
        # The process ended after the file had its name.
        third = append(journal, "three", folder="Drafts")
        (begun,) = [journal.mark(third.id, "gone", landed=["1700.M1"])]
        assert begun.state is ActionState.SENT
        (root / ".Drafts" / "cur" / "1700.M1:2,DS").write_bytes(letter("three"))
        MaildirReplayer(journal, "work", root, "me").replay()
        assert len(list((root / ".Drafts" / "cur").iterdir())) == 2
