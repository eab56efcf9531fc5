"""Untagged responses and response codes as values; what is kept of the news of a mailbox."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.mail.flags import FLAGGED, SEEN
from tuimail.mailboxes.imap_answers import (
    ALL_FLAGS,
    SelectAnswer,
    Vanished,
    read_copied,
    read_count,
    read_enabled,
    read_search,
    read_statuses,
    read_vanished,
)
from tuimail.mailboxes.imap_news import MOST_KEPT, NewsGatherer
from tuimail.mailboxes.imap_numbers import TOP_UID
from tuimail.mailboxes.imap_values import CopiedUids, FlagState, FolderStatus, MailboxState, News, Opened
from tuimail.mailboxes.imap_wire import ImapSyntaxError, Status, parse_status


@pytest.mark.parametrize(
    ("line", "count"),
    [
        (b"* 3 EXISTS", ("EXISTS", 3)),
        (b"* 0 exists ", ("EXISTS", 0)),
        (b"* 12 EXPUNGE", ("EXPUNGE", 12)),
        (b"* 1 RECENT", ("RECENT", 1)),
        (b"* EXISTS", None),
        (b"* 99999999999 EXISTS", None),
        (b"* 3 EXISTS x", None),
    ],
)
def test_counts(line: bytes, count: tuple[str, int] | None) -> None:
    assert read_count((line,)) == count


def test_vanished() -> None:
    assert read_vanished((b"* VANISHED (EARLIER) 41,43:45",)) == Vanished(((41, 41), (43, 45)), earlier=True)
    assert read_vanished((b"* vanished 1:4294967295 ",)) == Vanished(((1, TOP_UID),), earlier=False)
    assert read_vanished((b"* 3 EXISTS",)) is None
    for broken in (b"* VANISHED ", b"* VANISHED (EARLIER) ", b"* VANISHED 1:*", b"* VANISHED (LATER) 1"):
        with pytest.raises(ImapSyntaxError):
            read_vanished((broken,))


@pytest.mark.parametrize(
    ("lines", "uids"),
    [
        ([b"* SEARCH 4 17 4", b"* SEARCH", b"* SEARCH 2"], [2, 4, 17]),
        ([b"* SEARCH 5 (MODSEQ 917162500)"], [5]),
        ([b"* SEARCH x 0 99999999999 7"], [7]),
        ([b'* ESEARCH (TAG "A282") UID ALL 2,10:11 COUNT 3'], [2, 10, 11]),
        ([b'* ESEARCH (TAG "A282") UID MIN 2 ALL 9,3:4'], [3, 4, 9]),
        ([b'* ESEARCH (TAG "A282") UID'], []),
        ([b"* ESEARCH"], []),
        ([], []),
    ],
)
def test_searches(lines: list[bytes], uids: list[int]) -> None:
    assert read_search([(line,) for line in lines]) == uids


@pytest.mark.parametrize("line", [b'* ESEARCH (TAG "a") UID ALL 1:4294967295', b"* ESEARCH (", b"* ESEARCH UID ALL x"])
def test_searches_that_cannot_be(line: bytes) -> None:
    with pytest.raises(ImapSyntaxError):
        read_search([(line,)])


def test_statuses() -> None:
    found = read_statuses(
        [
            (b"* STATUS INBOX (MESSAGES 3 UNSEEN 1 UIDNEXT 5 UIDVALIDITY 7 HIGHESTMODSEQ 9)",),
            (b"* STATUS ", b"a\\b", b" (uidnext 5 X-ODD (a b) messages x)"),
            (b"* STATUS broken (",),
            (b"* STATUS odd",),
            (b"* LIST () NIL x",),
        ]
    )
    assert found == {"INBOX": FolderStatus(3, 1, 5, 7, 9), "a\\b": FolderStatus(None, None, 5, None)}


def test_enabled() -> None:
    assert read_enabled([(b"* ENABLED CONDSTORE Qresync",), (b"* ENABLED",)]) == {"CONDSTORE", "QRESYNC"}


@pytest.mark.parametrize(
    ("line", "copied"),
    [
        (b"A OK [COPYUID 7 304,319:320 3956:3958] Done", CopiedUids(7, {304: 3956, 319: 3957, 320: 3958})),
        (b"* OK [copyuid 7 1 2]", CopiedUids(7, {1: 2})),
        (b"A OK [APPENDUID 38505 3955] done", CopiedUids(38505, {0: 3955})),
        (b"A OK [APPENDUID 38505 3955:3956] done", None),
        (b"A OK [COPYUID 7 1:2 3] x", None),
        (b"A OK [COPYUID 7 1:4294967295 1:4294967295] x", None),
        (b"A OK [COPYUID 0 1 2] x", None),
        (b"A OK [COPYUID] x", None),
        (b"A OK [READ-ONLY] x", None),
        (b"A OK done", None),
    ],
)
def test_copied_uids(line: bytes, copied: CopiedUids | None) -> None:
    status = parse_status(line)
    assert status is not None
    assert read_copied(status) == copied


def opened(*lines: bytes, status: bytes = b"OK [READ-WRITE] x") -> Opened | None:
    answer = SelectAnswer()
    for line in lines:
        answer.take((line,))
    return answer.opened(parse_status(status) or Status("OK"))


def test_the_answer_to_a_select() -> None:
    whole = opened(
        b"* FLAGS (\\Answered \\Seen)",
        b"* OK [PERMANENTFLAGS (\\Answered \\Seen \\*)] Limited",
        b"* 172 EXISTS",
        b"* 1 RECENT",
        b"* OK [UNSEEN 12] x",
        b"* OK [UIDVALIDITY 3857529045] UIDs valid",
        b"* OK [UIDNEXT 4392] x",
        b"* OK [HIGHESTMODSEQ 90060115205545359] x",
        b"* VANISHED (EARLIER) 41,43:116",
        b"* 49 FETCH (UID 117 FLAGS (\\Seen) MODSEQ (90060115194045001))",
        b"* 50 FETCH (UID broken",
        b"* OK still here",
    )
    assert whole == Opened(
        MailboxState(3857529045, 4392, 172, 90060115205545359, frozenset({"\\answered", "\\seen", "\\*"})),
        ((41, 41), (43, 116)),
        (FlagState(117, SEEN, "", 90060115194045001),),
    )


def test_less_is_told() -> None:
    assert opened(b"* OK [UIDVALIDITY 1]", status=b"OK [READ-ONLY] x") == Opened(
        MailboxState(1, 0, 0, 0, ALL_FLAGS, read_only=True)
    )
    assert opened(b"* 3 EXISTS") is None
    state = opened(b"* OK [UIDVALIDITY 1]", b"* OK [PERMANENTFLAGS ()] none", b"* OK [NOMODSEQ] x")
    assert state == Opened(MailboxState(1, 0, 0, 0, frozenset()))


def test_what_came_before_closed_is_about_the_mailbox_before() -> None:
    assert opened(
        b"* VANISHED 5", b"* 9 EXISTS", b"* 1 FETCH (UID 4 FLAGS ())", b"* OK [CLOSED] x", b"* OK [UIDVALIDITY 1]"
    ) == Opened(MailboxState(1, 0, 0, 0, ALL_FLAGS))


# -- what comes unasked


def news(*lines: bytes) -> News:
    gatherer = NewsGatherer()
    for line in lines:
        gatherer.take((line,))
    return gatherer.taken()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], News()),
        ([b"* 3 EXISTS", b"* 1 RECENT"], News(exists=3)),
        ([b"* 3 EXISTS", b"* 2 EXPUNGE"], News(gone=True, exists=2)),
        ([b"* 2 EXPUNGE"], News(gone=True)),
        ([b"* VANISHED 3:4,9"], News(vanished=((3, 4), (9, 9)))),
        ([b"* 12 EXISTS", b"* VANISHED 3:4,9"], News(vanished=((3, 4), (9, 9)), exists=9)),
        ([b"* VANISHED 1:*"], News(gone=True)),
        ([b"* 2 FETCH (FLAGS (\\Seen))"], News(unnamed=True)),
        ([b"* 2 FETCH (UID 9 MODSEQ (7))"], News()),
        ([b"* 2 FETCH (UID 9 FLAGS (\\Seen"], News(unnamed=True)),
        (
            [b"* 2 FETCH (UID 9 FLAGS (\\Seen))", b"* 2 FETCH (FLAGS (\\Flagged) UID 9)"],
            News(changed=(FlagState(9, FLAGGED, ""),)),
        ),
    ],
)
def test_news(lines: list[bytes], expected: News) -> None:
    assert news(*lines) == expected


def test_other_responses_are_not_news() -> None:
    gatherer = NewsGatherer()
    assert not any(gatherer.take((line,)) for line in (b"* OK Still here", b"* LIST () NIL x", b"* SEARCH 1"))


def test_news_are_taken_once_and_told() -> None:
    heard: list[int] = []
    gatherer = NewsGatherer(lambda: heard.append(1))
    gatherer.take((b"* 3 EXISTS",))
    assert (gatherer.taken(), gatherer.taken(), heard) == (News(exists=3), News(), [1])
    gatherer.missed()
    assert gatherer.taken() == News(gone=True, unnamed=True)


def test_news_are_bounded() -> None:
    gatherer = NewsGatherer()
    for uid in range(1, MOST_KEPT + 100):
        gatherer.take((b"* 1 FETCH (UID %d FLAGS ())" % uid,))
        gatherer.take((b"* VANISHED %d" % uid,))
    told = gatherer.taken()
    assert (len(told.changed), len(told.vanished), told.unnamed, told.gone) == (MOST_KEPT, MOST_KEPT, True, True)


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_are_read_without_an_error(lines: list[bytes]) -> None:
    gatherer = NewsGatherer()
    for line in lines:
        for start in (b"", b"* ", b"* VANISHED ", b"* 1 FETCH ("):
            gatherer.take((start + line,))
        read_statuses([(b"* STATUS " + line,)])
        read_copied(parse_status(b"A OK [COPYUID " + line) or Status("OK"))
        SelectAnswer().take((b"* " + line,))
        with contextlib.suppress(ImapSyntaxError):
            read_search([(b"* ESEARCH " + line,), (b"* SEARCH " + line,)])
