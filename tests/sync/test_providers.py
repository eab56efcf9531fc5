"""Synchronising and the journal at servers that behave as those of providers do: one test a quirk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.providers import PROVIDERS
from tests.sync import imap_replay_support
from tests.sync.fake_imap import Box, refused
from tests.sync.imap_replay_support import new_letter, put
from tests.sync.imap_support import Rig, rig
from tuimail.cache.folders import all_mailboxes
from tuimail.cache.labels import has_labels
from tuimail.config.model import KeepPolicy
from tuimail.journal.action import ActionKind, ActionState
from tuimail.mail.flags import DELETED, FLAGGED, FORWARDED, SEEN
from tuimail.mailboxes.folders import Mailbox, read_list
from tuimail.sync.imap_folders import present_folders
from tuimail.sync.imap_mailbox_sync import SyncTimes
from tuimail.sync.imap_sync import ImapSync
from tuimail.sync.imap_validity import MOST_CHANGES, PERIOD, ValidityChanges

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.sync.fake_imap import FakeSelected


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Rig]:
    with rig(tmp_path, "P") as made:
        yield made


@pytest.fixture
def journaled(tmp_path: Path) -> Iterator[imap_replay_support.Rig]:
    made = imap_replay_support.Rig(tmp_path, {"MOVE", "UIDPLUS", "X-GM-EXT-1"})
    for at in range(1, 5):
        put(made.inbox, new_letter(f"letter{at}"))
    made.server.boxes["Trash"].attributes = frozenset({"\\trash"})
    yield made
    made.journal.close()


def listed(name: str) -> list[Mailbox]:
    return list(read_list([(line.encode(),) for line in PROVIDERS[name].listed]))


def policies(here: Rig) -> dict[str, str]:
    with here.cache.writing() as db:
        return {each.name: each.policy for each in all_mailboxes(db)}


def rights(here: Rig) -> dict[str, str]:
    with here.cache.writing() as db:
        return {each.name: each.rights for each in all_mailboxes(db)}


def changed(here: Rig, *, only_subscribed: bool = False) -> list[str]:
    """Another process with other settings; what it tells."""
    told: list[str] = []
    times = SyncTimes(now=lambda: here.time, passing=lambda: here.time)
    here.sync = ImapSync(here.cache, here.server, {}, times=times, told=told.append, only_subscribed=only_subscribed)
    return told


# -- Gmail


def test_on_gmail_all_mail_is_the_archive_and_is_not_synced_by_itself(here: Rig) -> None:
    here.server.boxes |= {each.wire: Box(attributes=each.attributes) for each in listed("Gmail")}
    here.sync.sync()
    assert here.folders() == {
        "INBOX": "",
        "Work": "",
        "[Gmail]/All Mail": "archive",
        "[Gmail]/Spam": "junk",
        "[Gmail]/Starred": "",
        "[Gmail]/Trash": "trash",
    }
    unkept = {name for name, policy in policies(here).items() if policy == KeepPolicy.NONE}
    assert unkept == {"[Gmail]/All Mail", "[Gmail]/Spam", "[Gmail]/Starred"}
    assert not any("[Gmail]/All Mail" in each for each in here.commands())


@pytest.mark.parametrize("kind", [ActionKind.DELETE, ActionKind.FLAG])
def test_on_gmail_deleted_is_never_set_where_it_would_archive(
    journaled: imap_replay_support.Rig, kind: ActionKind
) -> None:
    change = {"add": DELETED} if kind is ActionKind.FLAG else {}
    (ended,) = journaled.replay(journaled.action(kind, 1, **change))
    assert (ended.state, ended.words) == (
        ActionState.REFUSED,
        "Gmail deletes letters only from its trash; elsewhere it would archive them.",
    )
    assert not any(each.flags & DELETED for each in journaled.inbox.letters.values())
    assert len(journaled.inbox.letters) == 4


def test_on_gmail_a_move_to_the_trash_deletes_and_there_it_is_for_good(journaled: imap_replay_support.Rig) -> None:
    (moved,) = journaled.replay(journaled.action(ActionKind.MOVE, 1, target="Trash"))
    assert (moved.state, len(journaled.inbox.letters)) == (ActionState.DONE, 3)
    assert not any(each.startswith(("STORE", "COPY")) for each in journaled.server.commands)
    (gone,) = journaled.replay(journaled.action(ActionKind.DELETE, 1, folder="Trash"))
    assert (gone.state, journaled.server.boxes["Trash"].letters) == (ActionState.DONE, {})


def test_a_server_with_labels_is_known_as_one(here: Rig) -> None:
    for labels in (False, True, False):
        here.server.capabilities = {"X-GM-EXT-1"} if labels else set()
        here.sync.sync()
        with here.cache.writing() as db:
            assert has_labels(db) is labels


# -- Exchange


def test_a_keyword_that_the_server_does_not_keep_is_kept_here(here: Rig, tmp_path: Path) -> None:
    uid = here.inbox.arrive("a", flags=SEEN)
    here.server.permanent = frozenset(PROVIDERS["Exchange"].permanent.lower().split())
    here.sync.sync()
    with here.cache.writing() as db:  # as the journal shows what it did
        db.execute("UPDATE message SET flags = flags | ?, server_flags = server_flags | ?", (FORWARDED, FORWARDED))
    here.inbox.set(uid, SEEN | FLAGGED)
    here.sync.sync()
    assert here.rows()[uid].flags == SEEN | FLAGGED | FORWARDED
    here.server.permanent |= {"\\*"}
    here.sync.sync()
    assert here.rows()[uid].flags == SEEN | FLAGGED


def test_a_keyword_that_the_server_does_not_keep_is_no_refusal(journaled: imap_replay_support.Rig) -> None:
    journaled.server.permanent = frozenset(PROVIDERS["Exchange"].permanent.lower().split())
    (ended,) = journaled.replay(journaled.action(ActionKind.FLAG, 1, add=SEEN | FORWARDED, add_keywords="work"))
    assert ended.state is ActionState.DONE
    assert (journaled.inbox.letters[1].flags, journaled.inbox.letters[1].keywords) == (SEEN, "")


# -- Yahoo


def test_single_letters_that_cannot_be_delivered_cost_no_others(here: Rig) -> None:
    uids = [here.inbox.arrive(f"letter{number}") for number in range(40)]
    here.server.lies.refused = {uids[7], uids[30]}
    here.sync.sync()
    found = {uid: row.subject for uid, row in here.rows().items()}
    assert len(found) == 40
    assert [uid for uid, subject in found.items() if not subject.startswith("letter")] == [uids[7], uids[30]]
    assert len(here.commands()) < 40


# -- Proton Bridge


def test_numbered_anew_three_times_in_an_hour_only_headers_are_kept(here: Rig) -> None:
    told = changed(here)
    for number in range(3):
        here.inbox.arrive(f"letter{number}")
    here.sync.sync()
    for count in range(1, 4):
        here.inbox.new_validity()
        here.time += 600
        here.sync.sync()
        assert here.rows() == here.expected()
        steady = count < MOST_CHANGES
        assert policies(here)["INBOX"] == (KeepPolicy.RECENT if steady else KeepPolicy.HEADERS)
        assert bool(told) is not steady
    here.sync.sync()
    assert policies(here)["INBOX"] == KeepPolicy.HEADERS
    assert told == ["The server numbers the letters of INBOX anew again and again: they stay there."]


def test_changes_that_are_far_apart_do_not_count() -> None:
    changes = ValidityChanges()
    assert not any(changes.note("a", at * PERIOD * 0.6) for at in range(9))
    assert changes.unsteady == frozenset()
    assert [changes.note("b", float(at)) for at in range(5)] == [False, False, True, False, False]
    assert changes.unsteady == {"b"}


# -- Courier, Cyrus: prefixes, subscriptions, rights


def test_names_below_the_inbox_have_their_uses() -> None:
    present = present_folders(listed("Courier"))
    assert [each.name for each in present.folders] == ["INBOX", "INBOX.Sent", "INBOX.Trash"]


def test_only_subscribed_folders_by_choice(here: Rig) -> None:
    here.server.boxes |= {"Work": Box(), "Old": Box(), "Bin": Box(attributes=frozenset({"\\trash"}))}
    here.server.subscriptions = {"Work"}
    here.sync.sync()
    assert here.folders().keys() == {"INBOX", "Work", "Old", "Bin"}
    assert "LSUB" not in here.commands()
    changed(here, only_subscribed=True)
    here.sync.sync()
    assert here.folders().keys() == {"INBOX", "Work", "Bin"}


def test_rights_are_asked_once_and_stored(here: Rig) -> None:
    here.server.boxes |= {"Shared": Box(), "Closed": Box()}
    here.sync.sync()
    assert set(rights(here).values()) == {""}
    changed(here)
    here.server.all_rights = {"Shared": "lrs", "Closed": "", "INBOX": "lrswite"}
    for _ in range(2):
        for box in here.server.boxes.values():
            box.arrive(f"letter{box.uidnext}")
        here.sync.sync()
    assert rights(here) == {"Shared": "lrs", "Closed": "l", "INBOX": "lrswite"}
    assert sum(each.startswith("MYRIGHTS") for each in here.commands()) == 3


def test_a_folder_that_may_not_be_opened_has_its_rights_stored(here: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cyrus lists it, and refuses SELECT: "Permission denied"."""
    here.server.boxes["Closed"] = Box()
    here.server.all_rights = {"Closed": "lp", "INBOX": "lrs"}
    select = here.server.select

    def refusing(wire: str, **more: Any) -> FakeSelected:
        if wire == "Closed":
            raise refused("Permission denied")
        return select(wire, **more)

    monkeypatch.setattr(here.server, "select", refusing)
    here.sync.sync()
    assert rights(here) == {"INBOX": "lrs", "Closed": "lp"}


def test_a_folder_that_is_selected_read_only_is_one(here: Rig) -> None:
    here.server.read_only = {"INBOX"}
    here.sync.sync()
    assert rights(here) == {"INBOX": "lr"}
    here.server.read_only = set()
    here.sync.sync()
    assert rights(here) == {"INBOX": ""}
