"""Single cases of the replay at an IMAP server: refusals, what is gone, flags that share a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sync.fake_imap import fetched, lost
from tests.sync.imap_replay_support import PERMANENT, WAYS, Rig, new_letter, put, refusal
from tuimail.journal.action import ActionKind, ActionMessage, ActionState, MessageOrigin
from tuimail.mail.flags import ANSWERED, FLAGGED, FORWARDED, OLD, SEEN
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.mailboxes.imap_values import CopiedUids, MailboxState
from tuimail.sync.imap_proof import ArrivalMark, believable, matched, proof_of, uid_of
from tuimail.sync.imap_refusal import (
    LONGEST_BREAK,
    MOST_TRIES,
    PAUSE,
    forbidden_flags,
    kept_keywords,
    unkept_bits,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOVE, COPY, FLAG, DELETE = ActionKind.MOVE, ActionKind.COPY, ActionKind.FLAG, ActionKind.DELETE


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path, WAYS["MOVE"])
    for subject in "abcde":
        put(made.inbox, new_letter(subject))
    yield made
    made.journal.close()


def test_each_way_uses_its_commands(rig: Rig) -> None:
    """MOVE if there is one; without UIDPLUS nothing is expunged."""
    expected = {
        "MOVE": ["MOVE 1"],
        "MOVE without COPYUID": ["MOVE 1", "SELECT Archive", "FETCH MESSAGE-ID"],
        "COPY": ["COPY 1", "STORE 1", "EXPUNGE 1"],
        "COPY without UIDPLUS": ["COPY 1", "SELECT Archive", "FETCH MESSAGE-ID", "SELECT INBOX", "STORE 1"],
    }
    for uid, way in enumerate(WAYS, 1):
        rig.server.capabilities = WAYS[way]
        rig.commands()
        (done,) = rig.replay(rig.action(MOVE, uid, target="Archive"))
        assert rig.commands() == ["STATUS Archive", "SELECT INBOX", "FETCH 1", "FETCH UID", *expected[way]]
        assert (done.state, done.messages[0].landed) == (ActionState.DONE, f"7.{19 + uid}")


def test_neighbouring_flags_share_a_command(rig: Rig) -> None:
    given = [rig.action(FLAG, uid, add=SEEN) for uid in (1, 2, 3)]
    ended = rig.replay(*given, rig.action(FLAG, 4, remove=SEEN, add_keywords="work"), rig.action(FLAG, 5, add=OLD))
    assert [each.state for each in ended] == [ActionState.DONE] * 5
    assert rig.commands() == ["SELECT INBOX", "FETCH UID", "STORE 3", "FETCH UID", "STORE 1", "STORE 1", "FETCH UID"]
    assert rig.server.subjects("INBOX") == {"a": SEEN, "b": SEEN, "c": SEEN, "d": 0, "e": 0}
    assert rig.inbox.letters[4].keywords == "work"


def test_a_flag_refused_for_one_letter_is_set_on_the_others(rig: Rig) -> None:
    rig.server.refusing = lambda name, _, uids: refusal("CANNOT") if name == "STORE" and 2 in uids else None
    ended = rig.replay(*[rig.action(FLAG, uid, add=SEEN) for uid in (1, 2, 3)])
    assert [each.state for each in ended] == [ActionState.DONE, ActionState.REFUSED, ActionState.DONE]
    assert [rig.inbox.letters[uid].flags for uid in (1, 2, 3)] == [SEEN, 0, SEEN]


@pytest.mark.parametrize("words", ["Over quota", "Permission denied"])
def test_cyrus_says_without_a_code_what_is_for_good(rig: Rig, words: str) -> None:
    rig.server.refusing = lambda name, *_: refusal("", words) if name == "COPY" else None
    ended = rig.replay(rig.action(ActionKind.COPY, 1, target="Archive"))
    assert [each.state for each in ended] == [ActionState.REFUSED]


@pytest.mark.parametrize("code", ["OVERQUOTA", "CANNOT", "NOPERM"])
def test_what_is_refused_for_good_holds_up_only_its_own_letters(rig: Rig, code: str) -> None:
    rig.server.refusing = lambda name, *_: refusal(code) if name == "MOVE" else None
    ended = rig.replay(
        rig.action(MOVE, 1, target="Archive"), rig.action(FLAG, 1, add=SEEN), rig.action(FLAG, 2, add=SEEN)
    )
    assert [(each.id, each.state, each.words) for each in ended] == [
        (1, ActionState.REFUSED, f"The server refuses {code}."),
        (3, ActionState.DONE, ""),
    ]
    assert rig.journal.get(2).state is ActionState.WAITING


def test_a_refusal_without_a_code_is_tried_three_times(rig: Rig) -> None:
    rig.server.refusing = lambda name, *_: refusal() if name == "MOVE" else None
    rig.journal.add([rig.action(MOVE, 1, target="Archive")])
    states = []
    for _ in range(MOST_TRIES):
        states += [each.state for each in rig.replay()]
        assert rig.replay() == []
        rig.time += PAUSE
    assert states == [ActionState.SENT, ActionState.SENT, ActionState.REFUSED]


def test_a_limit_is_waited_for(rig: Rig) -> None:
    rig.server.refusing = lambda name, *_: refusal("LIMIT") if name == "MOVE" else None
    rig.journal.add([rig.action(MOVE, 1, target="Archive")])
    for _ in range(2 * MOST_TRIES):
        (off,) = rig.replay()
        assert off.state is ActionState.SENT
        rig.time += PAUSE
    rig.server.refusing = lambda *_: None
    (done,) = rig.replay()
    assert (done.state, rig.server.subjects("Archive")) == (ActionState.DONE, {"a": 0})


def test_a_lost_connection_counts_as_no_try_and_is_told_to_the_caller(rig: Rig) -> None:
    rig.server.refusing = lambda name, *_: lost() if name == "MOVE" else None
    rig.journal.add([rig.action(FLAG, 2, add=SEEN), rig.action(MOVE, 1, target="Archive"), rig.action(COPY, 1)])
    breaks = []
    for _ in range(9):
        with pytest.raises(ImapError):
            rig.replay()
        action = rig.journal.get(2)
        breaks.append(action.next_at - rig.time)
        assert (action.state, action.tries) == (ActionState.SENT, 0)
        rig.time = action.next_at
    assert breaks == [5, 10, 20, 40, 80, 160, LONGEST_BREAK, LONGEST_BREAK, LONGEST_BREAK]
    assert [rig.journal.get(each).state for each in (1, 3)] == [ActionState.DONE, ActionState.WAITING]


def test_what_ended_before_the_connection_was_lost_is_told(rig: Rig) -> None:
    rig.server.refusing = lambda name, *_: lost() if name == "MOVE" else None
    rig.journal.add([rig.action(FLAG, 2, add=SEEN), rig.action(MOVE, 1, target="Archive")])
    with pytest.raises(ImapError):
        rig.replay()
    assert [(each.id, each.state) for each in rig.replayer.ended] == [(1, ActionState.DONE)]


def test_mailboxes_that_are_gone(rig: Rig) -> None:
    nowhere = tuple(map(ActionMessage, ("1.1",)))
    ended = rig.replay(
        rig.action(MOVE, 1, target="Entwürfe"),
        rig.action(FLAG, messages=nowhere, folder="Nowhere", add=SEEN),
        rig.action(DELETE, messages=nowhere, folder="Nowhere"),
        rig.action(COPY, messages=nowhere, folder="Nowhere", target="Archive"),
    )
    assert [(each.state, each.words) for each in ended] == [
        (ActionState.REFUSED, "There is no folder Entwürfe."),
        (ActionState.DROPPED, "There is no folder Nowhere any more."),
        (ActionState.DROPPED, "There is no folder Nowhere any more."),
        (ActionState.DROPPED, "There is no folder Nowhere any more."),
    ]


@pytest.mark.parametrize("kind", [each for each in ActionKind if each is not ActionKind.APPEND])
def test_letters_that_are_gone_or_have_other_uids_are_left_out(rig: Rig, kind: ActionKind) -> None:
    target = {} if kind in (FLAG, DELETE) else {"target": "Archive"}
    rig.inbox.expunge(2)
    partly, gone = rig.replay(
        rig.action(kind, 1, 2, add=SEEN, **target), rig.action(kind, messages=rig.keys(2), add=SEEN, **target)
    )
    assert (partly.state, partly.words) == (
        ActionState.DONE,
        "1 of 2 letters is gone: another program moved or deleted it.",
    )
    assert gone.state is ActionState.DROPPED
    action = rig.action(kind, 3, add=SEEN, **target)
    rig.inbox.new_validity()
    before = dict(rig.inbox.letters)
    (put_off,) = rig.replay(action)
    assert (put_off.state, put_off.tries) == (ActionState.SENT, 1)
    assert put_off.words == "The server has numbered the messages of the folder anew: they are looked for."
    assert rig.replay() == []
    rig.time += PAUSE
    (dropped,) = rig.replay()
    assert dropped.words == "The letter is gone: the server has numbered the messages of the folder anew."
    assert (dropped.state, rig.inbox.letters) == (ActionState.DROPPED, before)


def test_what_the_mailbox_does_not_permit_is_refused(rig: Rig) -> None:
    rig.server.permanent = PERMANENT - {"\\flagged"}
    (refused,) = rig.replay(rig.action(FLAG, 1, add=FLAGGED))
    assert (refused.state, refused.words) == (ActionState.REFUSED, "The server does not keep \\Flagged in INBOX.")
    rig.server.read_only = {"INBOX"}
    given = rig.action(MOVE, 2, target="Archive"), rig.action(DELETE, 3), rig.action(COPY, 4, target="Archive")
    ended = rig.replay(*given)
    assert [each.state for each in ended] == [ActionState.REFUSED, ActionState.REFUSED, ActionState.DONE]
    assert ended[0].words == "The folder INBOX can only be read."


def test_a_chain_offline_and_its_undo(rig: Rig) -> None:
    """Moved, flagged there, moved on; then the first two are undone in turn."""
    (first,) = rig.journal.add([rig.action(MOVE, 1, target="Archive")])
    origin = (ActionMessage("", origin=MessageOrigin(first.id, 0)),)
    rig.journal.add([rig.action(FLAG, messages=origin, folder="Archive", add=FLAGGED)])
    (third,) = rig.journal.add([rig.action(MOVE, messages=origin, folder="Archive", target="Trash")])
    assert {each.state for each in rig.replay()} == {ActionState.DONE}
    assert rig.server.subjects("Trash") == {"a": FLAGGED}
    for command in (third.id, first.id):
        rig.journal.undo(command)
        assert {each.state for each in rig.replay()} == {ActionState.DONE}
    assert rig.server.subjects("INBOX") == {"a": FLAGGED, "b": 0, "c": 0, "d": 0, "e": 0}


def test_a_copyuid_that_contradicts_the_mark_is_not_believed() -> None:
    mark = ArrivalMark(7, 20)
    assert believable(CopiedUids(7, {1: 20, 2: 25}), mark, [1, 2]) == {1: 20, 2: 25}
    for wrong in (
        CopiedUids(8, {1: 20}),
        CopiedUids(7, {1: 19}),
        CopiedUids(7, {1: 20, 2: 20}),
        CopiedUids(7, {3: 20}),
    ):
        assert believable(wrong, mark, [1, 2]) == {}
    assert believable(None, mark, [1]) == {}


def test_marks_and_keys_that_are_none() -> None:
    assert ArrivalMark.read(str(ArrivalMark(7, 20))) == ArrivalMark(7, 20)
    assert [ArrivalMark.read(each) for each in ("", "7", "a.b", "7.")] == [None] * 4
    assert [uid_of(each, 7) for each in ("7.3", "8.3", "", "7.x", "1700.M2P3.host")] == [3, None, None, None, None]


@given(
    st.lists(st.sampled_from("abc-"), max_size=8),
    st.lists(st.sampled_from("abc-"), max_size=8),
    st.sets(st.integers(0, 7)),
)
def test_each_arrival_proves_one_letter(wanted: list[str], arrived: list[str], taken: set[int]) -> None:
    """As many as can be: the smaller number of each kind."""
    arrivals = [fetched(new_letter("x", name=name))._replace(uid=uid) for uid, name in enumerate(arrived)]
    proofs = {at: proof_of(fetched(new_letter("x", name=name))) for at, name in enumerate(wanted)}
    found = matched(proofs, arrivals, taken)
    assert len(set(found.values())) == len(found)
    assert not taken & set(found.values())
    assert all(wanted[at] == arrived[uid] for at, uid in found.items())
    free = [name for uid, name in enumerate(arrived) if uid not in taken]
    assert len(found) == sum(min(wanted.count(name), free.count(name)) for name in set(wanted))


def test_other_size_date_or_subject_is_another_letter() -> None:
    with_id, without = fetched(new_letter("a")), fetched(new_letter("a", name="-"))
    assert proof_of(with_id) == proof_of(with_id._replace(arrived=1))
    others = [with_id._replace(size=1), fetched(new_letter("a", name="b")), without]
    others += [without._replace(size=1), without._replace(arrived=1), fetched(new_letter("b", name="-"))]
    assert len({proof_of(each) for each in (with_id, *others)}) == 7


def test_flags_that_are_not_permitted() -> None:
    state = MailboxState(1, 1, 1, permanent_flags=frozenset({"\\seen", "work"}))
    assert forbidden_flags(state, add=SEEN) == []
    assert forbidden_flags(state, add=ANSWERED | FORWARDED) == ["\\Answered"]
    assert forbidden_flags(state, remove=ANSWERED | FORWARDED) == ["\\Answered"]
    assert (kept_keywords(state, "Work home"), unkept_bits(state)) == ("Work", FORWARDED)
    free = state._replace(permanent_flags=frozenset({"\\*"}))
    assert (kept_keywords(free, "Work home"), unkept_bits(free)) == ("Work home", 0)


def test_a_server_that_does_not_say_uidnext(rig: Rig) -> None:
    rig.server.without_uidnext = True
    rig.server.capabilities = set()
    put(rig.server.boxes["Archive"], new_letter("a"))
    (done,) = rig.replay(rig.action(MOVE, 1, target="Archive"))
    assert (done.state, done.messages[0].landed) == (ActionState.DONE, "7.21")
