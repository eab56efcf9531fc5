"""What decides in a look at IMAP mailboxes, without server and mostly without cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cache.support import NOON, a_letter, written
from tuimail.cache.folders import CachedMailbox, add_mailbox
from tuimail.cache.summaries import NewMessage, insert
from tuimail.cache.uids import DetachedRow, UidRow, ids_in_ranges
from tuimail.mail.flags import ANSWERED, DELETED, FLAGGED, SEEN
from tuimail.mailboxes.imap_values import FlagState, FolderStatus
from tuimail.sync.imap_changes import BIGGEST_BATCH, SMALLEST_BATCH, BatchSize, flag_changes, is_mass, searched_changes
from tuimail.sync.imap_folders import needs_look
from tuimail.sync.imap_rematch import Rematch
from tuimail.sync.special_folders import PresentFolder, special_uses

if TYPE_CHECKING:
    from pathlib import Path

bits = st.integers(0, 63)
seconds = st.floats(0, 100)


@given(st.lists(st.tuples(st.integers(1, 2000), seconds)))
def test_a_batch_keeps_within_bounds(taken: list[tuple[int, float]]) -> None:
    size = BatchSize()
    for count, time in taken:
        before = size.now
        size.took(count, time)
        assert SMALLEST_BATCH <= size.now <= BIGGEST_BATCH
        if 0.5 <= time <= 1.5:
            assert size.now == before
        if time > 1.5:
            assert size.now <= before


@given(shown=bits, before=bits, now=bits)
def test_what_the_user_wants_stays_and_the_rest_is_as_the_server_has_it(shown: int, before: int, now: int) -> None:
    row = UidRow(1, 5, shown, before, "")
    changes = flag_changes([row], {5: FlagState(5, now, "")})
    if now == before:
        assert changes == []
        return
    (change,) = changes
    wanted = shown ^ before
    assert change.server_flags == now
    assert change.flags & wanted == shown & wanted
    assert change.flags & ~wanted == now & ~wanted


@given(server=bits, now=bits)
def test_searches_tell_four_flags(server: int, now: int) -> None:
    found = {
        "UNSEEN": {5} if not now & SEEN else set(),
        "FLAGGED": {5} if now & FLAGGED else set(),
        "ANSWERED": {5} if now & ANSWERED else set(),
        "DELETED": {5} if now & DELETED else set(),
    }
    told = SEEN | FLAGGED | ANSWERED | DELETED
    changes = searched_changes([UidRow(1, 5, server, server, "")], found)
    after = changes[0].server_flags if changes else server
    assert after == now & told | server & ~told


@pytest.mark.parametrize(
    ("gone", "known", "mass"),
    [(0, 0, False), (50, 50, False), (51, 51, True), (51, 255, False), (51, 254, True), (1000, 100_000, False)],
)
def test_how_many_are_a_mass(gone: int, known: int, mass: bool) -> None:
    assert is_mass(gone, known) is mass


ROW = CachedMailbox(1, "A", "A", "/", "", 1, 7, 11, 5, "Q", 1, "", 0, "", "", 10, 2, 0, 0)
SAME = FolderStatus(10, 2, 11, 7, 5)


@pytest.mark.parametrize(
    ("row", "status", "looked", "needed"),
    [
        (ROW, SAME, 1e9, False),
        (ROW, None, 0, True),
        (ROW, SAME._replace(modseq=6), 0, True),
        (ROW, SAME._replace(messages=9), 0, True),
        (ROW, SAME._replace(messages=None), 0, True),
        (ROW, SAME._replace(uidnext=12), 0, True),
        (ROW, SAME._replace(validity=8), 0, True),
        (ROW, SAME._replace(modseq=None), 0, False),
        (ROW, SAME._replace(modseq=None, unseen=3), 0, True),
        (ROW, SAME._replace(modseq=None), 300, True),
        (ROW._replace(low_uid=5), SAME, 0, True),
        (ROW._replace(low_uid=0), SAME, 0, True),
    ],
)
def test_which_folder_needs_a_look(
    row: CachedMailbox,
    status: FolderStatus | None,
    looked: float,
    needed: bool,
) -> None:
    assert needs_look(row, status, known=10, unread=2, looked=looked) is needed


def present(*names: str, delimiter: str = "/") -> list[PresentFolder]:
    return [PresentFolder(name, name, delimiter) for name in names]


@pytest.mark.parametrize(
    ("folders", "own", "uses"),
    [
        (present("INBOX", "Sent", "Sent Items"), {}, {"Sent": "sent", "Sent Items": "sent"}),
        (present("Sent", "Post"), {"sent": "Post"}, {"Post": "sent"}),
        (present("Sent"), {"sent": "Gone"}, {"Sent": "sent"}),
        ([*present("Sent"), PresentFolder("Post", "Post", "/", "sent")], {}, {"Post": "sent"}),
        ([*present("Sent"), PresentFolder("Post", "Post", "/", "sent")], {"sent": "Sent"}, {"Sent": "sent"}),
        (present("INBOX.Trash", "Old.Trash", delimiter="."), {}, {"INBOX.Trash": "trash"}),
        (present("[Gmail]/Spam", "a/b/Spam"), {}, {"[Gmail]/Spam": "junk"}),
        ([PresentFolder("&AMQ-", "Ä")], {"archive": "Ä"}, {"&AMQ-": "archive"}),
        (present("INBOX", "INBOX.Post", delimiter="."), {"sent": "Post"}, {"INBOX.Post": "sent"}),
        (present("Post", "INBOX.Post", delimiter="."), {"sent": "Post"}, {"Post": "sent"}),
        ([PresentFolder("&AMQ-", "Ä")], {"archive": "&AMQ-"}, {"&AMQ-": "archive"}),
    ],
)
def test_what_folders_are_for(folders: list[PresentFolder], own: dict[str, str], uses: dict[str, str]) -> None:
    assert {name: use for name, use in special_uses(folders, own).items() if use} == uses


def row(number: int, objectid: str = "", message_id: str = "<a@b>", size: int = 1000) -> DetachedRow:
    return DetachedRow(number, f"1.{number}", objectid, message_id, size, NOON, 0, 0)


@pytest.mark.parametrize(
    ("rows", "objectid", "found"),
    [
        ([row(1)], "", 1),
        ([row(1)], "E1", 1),
        ([row(1), row(2)], "", None),
        ([row(1, "E1"), row(2, "E2")], "E2", 2),
        ([row(1, "E1"), row(2, "E1")], "E1", None),
        ([row(1, "E1", size=5)], "E1", 1),
        ([row(1, "E1")], "E2", None),
        ([row(1, "E1"), row(2)], "E2", 2),
        ([row(1, size=5)], "", None),
        ([row(1, message_id="")], "", None),
        ([], "E1", None),
    ],
)
def test_which_row_a_message_had(rows: list[DetachedRow], objectid: str, found: int | None) -> None:
    rematch = Rematch(rows)
    match = rematch.take(a_letter(message_id="<a@b>"), objectid)
    assert (match.row.id if match else None) == found
    assert rematch.take(a_letter(message_id="<a@b>"), objectid) is None, "a row is given away once"


@given(st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60)), max_size=8))
def test_ranges_of_uids(tmp_path_factory: pytest.TempPathFactory, ranges: list[tuple[int, int]]) -> None:
    with written(tmp_path_factory.mktemp("cache")) as cache, cache.writing() as db:
        inbox = add_mailbox(db, "INBOX")
        insert(db, inbox, [NewMessage(a_letter(), uid) for uid in range(1, 50, 3)])
        wanted = {uid for uid in range(1, 50, 3) if any(min(each) <= uid <= max(each) for each in ranges)}
        assert ids_in_ranges(db, inbox, ranges).keys() == wanted


def test_many_ranges_are_one(tmp_path: Path) -> None:
    with written(tmp_path) as cache, cache.writing() as db:
        asked: list[str] = []
        db.set_trace_callback(asked.append)
        ids_in_ranges(db, 1, [(uid, 1 << 90) for uid in range(10_000)])
        db.set_trace_callback(None)
        assert len(asked) == 1
