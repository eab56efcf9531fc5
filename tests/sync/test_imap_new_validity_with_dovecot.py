"""A real server numbers the messages of folders anew while actions wait or are half done (RFC 3501 section 2.3.1.1).

What waits is carried out on the letter that is recognised by Message-ID and size, or dropped with the reason; never on
the one that has its old uid now.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support import changed_account
from tests.support.changed_account import FOLDERS, WAYS, deliver, in_cache, letters, other_client
from tests.support.imap_gate import Cut, imap_gate
from tests.sync.synced_user import SyncedUser, set_clock
from tuimail.config import secrets
from tuimail.journal.action import FINISHED, ActionKind, ActionMessage, ActionState, MailAction
from tuimail.mail.flags import ANSWERED, DELETED, FLAGGED, SEEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.changed_account import Letter
    from tests.support.dovecot import Dovecot

pytestmark = pytest.mark.real_servers

EVERY = 23
"""Points from one at which the folders are numbered anew to the next."""
BOTH = ("INBOX", "Archive")
OFTEN = {"a": 1, "b": 1, "c": 2, "e": 2, "t": 2, "d": 1, "f": 1, "n": 1, "old": 1}
"""How many of each letter there are, if all that was asked for is done but the deletion."""
FLAGS = {"a": SEEN | ANSWERED | FLAGGED, "b": ANSWERED | FLAGGED, "c": FLAGGED | ANSWERED, "d": DELETED, "f": DELETED}
"""The flags that each letter may have."""


@pytest.fixture(autouse=True)
def own_time(monkeypatch: pytest.MonkeyPatch, now: list[float]) -> Iterator[None]:
    set_clock(monkeypatch, now)
    yield
    secrets.forget("work")


def number_anew(server: Dovecot, user: str, *folders: str) -> None:
    """Let the server forget the uids; letters keep their order, and the numbers begin with 1."""
    for folder in folders:
        place = server.maildir(user, folder)
        for each in [*place.glob("dovecot-uidlist*"), *place.glob("dovecot.index*")]:
            each.unlink()


def there(server: Dovecot, user: str) -> dict[str, list[Letter]]:
    with other_client(server, user) as client:
        return {folder: letters(client, folder) for folder in FOLDERS}


def begin(user: SyncedUser) -> None:
    """An account whose uids begin with 2, so that another letter has each after they were given anew."""
    server = user.gate.target
    with other_client(server, user.name) as client:
        deliver(client, "first")
        client.select("INBOX")
        client.store("1", "+FLAGS", "(\\Deleted)")
        client.expunge()
    changed_account.prepare(server, user.name)
    assert user.sync().error is None


def problems(user: SyncedUser) -> list[str]:
    """What must not be."""
    server = user.gate.target
    found = there(server, user.name)
    said = list(in_cache(user.account, user.paths, found))
    # Without UIDPLUS a letter that was taken away stays, marked.
    stay = [each.subject for each in found["INBOX"] if each.flags & DELETED and b"UIDPLUS" in user.gate.hidden]
    often = Counter(each.subject for folder in FOLDERS for each in found[folder])
    often.subtract(each for each in stay if each not in "df")
    lost = {name for name in OFTEN if name != "d" and not often[name]}
    said += [f"lost: {lost}"] if lost else []
    said += [f"doubled: {each}, {often[each]}" for each in often if often[each] > OFTEN[each]]
    for folder in FOLDERS:
        for each in found[folder]:
            # A copy that was to be taken away is marked only once the other is confirmed.
            if each.flags & ~FLAGS.get(each.subject, 0) and not (folder == "INBOX" and each.subject in "abt"):
                said.append(f"{each.subject} in {folder} has the flags {each.flags}")
    with closing(user.journal()) as journal:
        for action in journal.actions():
            explained = action.state is ActionState.DONE or bool(action.words)
            if action.state not in FINISHED or not explained:
                said.append(f"{action.kind} {action.id} is {action.state}: {action.words}")
    return said


@pytest.mark.parametrize(
    ("way", "folders"),
    [
        *((way, BOTH) for way in WAYS),
        *((way, (BOTH[number % 2],)) for number, way in enumerate(WAYS)),
        # The other one of the two folders alone.
        *(pytest.param(way, (BOTH[(number + 1) % 2],), marks=pytest.mark.slow) for number, way in enumerate(WAYS)),
    ],
)
def test_numbered_anew_in_the_middle(
    dovecot: Dovecot, tmp_path: Path, now: list[float], way: str, folders: tuple[str, ...]
) -> None:
    with imap_gate(dovecot, *WAYS[way]) as gate:
        number, reached = list(WAYS).index(way), True
        while reached:
            cut = list(Cut)[number % len(Cut)]
            user = SyncedUser(gate, tmp_path / f"{number}", now)
            gate.cuts = {}
            begin(user)
            with closing(user.journal()) as journal:
                changed_account.act(dovecot, user.name, journal)
            gate.passed.clear()
            gate.cuts = {number: cut}
            gate.on_cut = lambda: number_anew(dovecot, user.name, *folders)  # noqa: B023  called in this turn
            user.sync()
            reached = len(gate.passed) > number
            user.sync_to_the_end()
            assert problems(user) == [], f"{cut} {number}"
            number += EVERY
        assert number > 2 * EVERY


@pytest.mark.parametrize("way", WAYS)
def test_what_waits_goes_on_with_the_letters_that_are_recognised(
    dovecot: Dovecot, tmp_path: Path, now: list[float], way: str
) -> None:
    with imap_gate(dovecot, *WAYS[way]) as gate:
        user = SyncedUser(gate, tmp_path, now)
        begin(user)
        with closing(user.journal()) as journal:
            changed_account.act(dovecot, user.name, journal)
        number_anew(dovecot, user.name, *FOLDERS)
        assert user.sync().waiting
        user.sync_to_the_end()
        found = there(dovecot, user.name)
        assert list(in_cache(user.account, user.paths, found)) == []
        # One has no Message-ID, two are alike.
        assert Counter(each.subject for each in found["Archive"]) == Counter(["old", "a", "c", "e"])
        left = {each.subject: each.flags for each in found["INBOX"] if not each.flags & DELETED}
        assert left == {"b": 0, "c": ANSWERED | FLAGGED, "e": 0, "n": 0, "t": 0}
        assert [each.flags for each in found["Archive"] if each.subject == "a"] == [ANSWERED | FLAGGED]
        with closing(user.journal()) as journal:
            flagged, moved, copied, deleted, _ = [each.words for each in journal.actions()]
        reason = "gone: the server has numbered the messages of the folder anew."
        assert (flagged, moved) == (f"1 of 2 letters is {reason}", f"3 of 4 letters are {reason}")
        assert (copied, deleted) == ("", "")


@pytest.mark.parametrize("folders", [("INBOX",), ("Archive",), ("INBOX", "Archive")], ids="+".join)
@pytest.mark.parametrize("when", ["before it is undone", "while that waits"])
@pytest.mark.parametrize("way", WAYS)
def test_what_was_done_is_undone_by_name_and_never_by_an_old_uid(
    dovecot: Dovecot, tmp_path: Path, now: list[float], way: str, folders: tuple[str, ...], when: str
) -> None:
    with imap_gate(dovecot, *WAYS[way]) as gate:
        user = SyncedUser(gate, tmp_path, now)
        begin(user)
        with other_client(dovecot, user.name) as client:
            chosen = [each for each in letters(client, "INBOX") if each.subject in ("a", "b")]
        messages = tuple(ActionMessage(each.key, message_id=f"<{each.subject}@example.net>") for each in chosen)
        with closing(user.journal()) as journal:
            (moved,) = journal.add([MailAction("work", ActionKind.MOVE, "INBOX", messages, target="Archive")])
        user.sync_to_the_end()
        if when == "before it is undone":
            number_anew(dovecot, user.name, *folders)
            user.sync_to_the_end()
        with closing(user.journal()) as journal:
            journal.undo(moved.id)
        if when == "while that waits":
            number_anew(dovecot, user.name, *folders)
        user.sync_to_the_end()
        found = there(dovecot, user.name)
        assert list(in_cache(user.account, user.paths, found)) == []
        # Without UIDPLUS what was taken away stays, marked.
        where = {
            name: {
                folder for folder in FOLDERS for it in found[folder] if it.subject == name and not it.flags & DELETED
            }
            for name in "abcdet"
        }
        left = {name for name in where if where[name] != {"INBOX"}}
        with closing(user.journal()) as journal:
            undone = [each for each in journal.actions() if each.inverse_of]
        assert undone
        assert all(each.state in FINISHED for each in undone)
        assert left <= {"b"}, "which has no Message-ID"
        assert all(where[name] == {"Archive"} for name in left)
        assert [each.subject for each in found["Archive"] if each.subject not in left and not each.flags & DELETED] == [
            "old"
        ]
        told = any(each.words for each in undone)
        assert told == bool(left), (left, undone)
        if "Archive" not in folders:
            assert left == set()


def test_what_is_not_recognised_is_dropped_with_the_reason(dovecot: Dovecot, tmp_path: Path, now: list[float]) -> None:
    with imap_gate(dovecot) as gate:
        user = SyncedUser(gate, tmp_path, now)
        begin(user)
        with other_client(dovecot, user.name) as client:
            (first, *_) = letters(client, "INBOX")
            flag = MailAction("work", ActionKind.FLAG, "INBOX", (ActionMessage(first.key),), add=FLAGGED)
            with closing(user.journal()) as journal:
                (given,) = journal.add([flag])
            client.select("INBOX")
            client.uid("STORE", first.key.partition(".")[2], "+FLAGS", "(\\Deleted)")
            client.expunge()
        number_anew(dovecot, user.name, "INBOX")
        user.sync_to_the_end()
        with closing(user.journal()) as journal:
            ended = journal.get(given.id)
        assert ended.state is ActionState.DROPPED
        assert ended.words.startswith("The letter is gone: the server has numbered the messages of the folder anew")
        flagged = [each.subject for each in there(dovecot, user.name)["INBOX"] if each.flags & FLAGGED]
        assert flagged == ["c"], "as it was before"
