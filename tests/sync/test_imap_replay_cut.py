"""The replay is cut at every point, by a lost connection and by the end of the process: nothing is lost or doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sync.imap_replay_support import WAYS, Rig, new_letter, put, subject_of
from tuimail.journal.action import ActionKind, ActionMessage, ActionState, MessageOrigin
from tuimail.mail.flags import ANSWERED, DELETED, FLAGGED, SEEN
from tuimail.sync import imap_proof
from tuimail.sync.imap_proof import uid_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECOND_CUTS = (1, 4, 9)
"""Points after the first cut at which a second one comes."""


def prepared(folder: Path, way: str) -> Rig:
    """Five letters, and actions that are about each other."""
    rig = Rig(folder, WAYS[way])
    for subject, name, flags in (("a", "", SEEN), ("b", "-", 0), ("c", "", FLAGGED), ("d", "", 0), ("e", "", 0)):
        put(rig.inbox, new_letter(subject, name=name, flags=flags))
    put(rig.server.boxes["Archive"], new_letter("old"))
    rig.cutter.at = set()
    first, moved, *_ = rig.journal.add(
        [
            rig.action(ActionKind.FLAG, 1, 2, add=ANSWERED, remove=SEEN),
            rig.action(ActionKind.MOVE, 1, 2, target="Archive"),
            rig.action(ActionKind.COPY, 3, 5, target="Archive"),
            rig.action(ActionKind.DELETE, 4),
        ]
    )
    assert first.id == 1
    origins = tuple(ActionMessage("", origin=MessageOrigin(moved.id, index)) for index in (0, 1))
    rig.journal.add([rig.action(ActionKind.FLAG, messages=origins, folder="Archive", add=FLAGGED)])
    rig.cutter.passed = 0
    return rig


def wrong(rig: Rig) -> list[str]:
    """What is not as it should be at the end."""
    found = []
    for wire, expected in {
        "INBOX": {"c": FLAGGED, "e": 0},
        "Archive": {"a": ANSWERED | FLAGGED, "b": ANSWERED | FLAGGED, "c": FLAGGED, "e": 0, "old": 0},
    }.items():
        there = sorted(
            (subject_of(each), each.flags)
            for each in rig.server.boxes[wire].letters.values()
            if wire != "INBOX" or not each.flags & DELETED
        )
        if there != sorted(expected.items()):
            found.append(f"{wire}: {there}")
    for action in rig.journal.actions():
        if action.state is not ActionState.DONE:
            found.append(f"{action.kind} {action.id} is {action.state}: {action.words}")
        for each in action.messages:
            if action.target:
                there_now = rig.server.boxes[action.target].letters.get(uid_of(each.landed, 7) or 0)
                source = {"1.1": "a", "1.2": "b", "1.3": "c", "1.5": "e"}[each.key]
                if there_now is None or subject_of(there_now) != source:
                    found.append(f"{each.key} landed at {each.landed!r}")
    return found


def runs(tmp_path: Path, way: str) -> Iterator[tuple[str, list[str]]]:
    """Every cut, alone and followed by a second one."""
    number = 0

    def run(at: set[int], *, killing: bool) -> list[str]:
        nonlocal number
        number += 1
        rig = prepared(tmp_path / str(number), way)
        rig.cutter.at, rig.cutter.killing = at, killing
        try:
            rig.replay_to_the_end()
            return wrong(rig)
        finally:
            points.append(rig.cutter.passed)
            rig.journal.close()

    points: list[int] = []
    assert run(set(), killing=False) == []
    for point in range(points[0]):
        for killing in (False, True):
            yield f"cut at {point} {killing=}", run({point}, killing=killing)
            for later in SECOND_CUTS:
                again = point + later
                yield f"cut at {point} and {again} {killing=}", run({point, again}, killing=killing)


@pytest.mark.parametrize("way", WAYS)
def test_a_cut_at_any_point_loses_and_doubles_nothing(tmp_path: Path, way: str) -> None:
    found = {name: problems for name, problems in runs(tmp_path, way) if problems}
    assert found == {}


@pytest.mark.parametrize("way", ["MOVE", "COPY"])
def test_without_the_proof_the_same_cuts_do_harm(tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the test above can fail."""
    monkeypatch.setattr(imap_proof, "matched", lambda *_: {})
    assert any(problems for _, problems in runs(tmp_path, way))
