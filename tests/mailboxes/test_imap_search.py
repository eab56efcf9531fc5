"""Search patterns as SEARCH criteria, and how they are sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mailboxes.test_imap_client_with_hostile_servers import Scripts, connected, result
from tuimail.errors import PatternError
from tuimail.mail.pattern import parse
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.mailboxes.imap_search import MOST_LEAVES, criteria_of, days_of, text_leaves

if TYPE_CHECKING:
    from tests.support.scripted_imap import Conversation
    from tuimail.mailboxes.imap_search import Criteria

NOON = 1_790_000_000.0  # 21 September 2026


def criteria(pattern: str, first: int = 1) -> list[Criteria]:
    parsed = parse(pattern, NOON)
    return [criteria_of(each, days_of(parsed), first) for each in text_leaves(parsed)]


@pytest.mark.parametrize(
    ("pattern", "heads"),
    [
        ("minutes", ['BODY "minutes"']),
        ("two words", ['BODY "two"', 'BODY "words"']),
        ("~b minutes", ['BODY "minutes"']),
        ('~b "of the board"', ['BODY "of the board"']),
        (r'~b "say \"yes\""', [r'BODY "say \"yes\""']),
        ("~B minutes", ['TEXT "minutes"']),
        ('~h "List-Id: board"', ['HEADER "List-Id" "board"']),
        ("~h board", []),
        ("~f kim ~s board ~U", []),
        ("~b one | ~b two", ['BODY "one"', 'BODY "two"']),
        ("~b one !~b one", ['BODY "one"']),
        ("~(~b one)", ['BODY "one"']),
        ("~b /reg.x/", []),
        ("~b one ~F", ['BODY "one"']),
        (" ".join(f"w{number}" for number in range(9)), [f'BODY "w{number}"' for number in range(MOST_LEAVES)]),
    ],
)
def test_what_is_asked(pattern: str, heads: list[str]) -> None:
    assert [each.head for each in criteria(pattern)] == heads
    assert not any(each.literals for each in criteria(pattern))


def test_other_letters_are_literals() -> None:
    (found,) = criteria("~b 会議", 7)
    assert (found.head, found.literals) == ("CHARSET UTF-8 UID 7:4294967295 BODY {6}", ("会議".encode(),))


@pytest.mark.parametrize(
    ("pattern", "days"),
    [
        ("~b one ~d 10/9/2026-12/9/2026", 2),
        ("~b one | ~d 10/9/2026", 0),
        ("~b one !~d 10/9/2026", 0),
        ("~b one ~r 10/9/2026-", 1),
        ("~(~b one) ~d 10/9/2026", 0),
    ],
)
def test_days_that_the_pattern_excludes_are_left_out(pattern: str, days: int) -> None:
    found = days_of(parse(pattern, NOON))
    assert len(found) == days
    for each in found:
        assert re.fullmatch(r"(OR SENT(SINCE|BEFORE) \d+-Sep-2026 )?(SINCE|BEFORE) \d+-Sep-2026", each)
    if "~(" in pattern:
        assert criteria(pattern)[0].head == 'BODY "one"'


def test_days_are_some_more_than_the_pattern_says() -> None:
    since, before = days_of(parse("~b one ~d 10/9/2026-12/9/2026", NOON))
    assert since in ("OR SENTSINCE 7-Sep-2026 SINCE 7-Sep-2026", "OR SENTSINCE 8-Sep-2026 SINCE 8-Sep-2026")
    assert before in ("OR SENTBEFORE 14-Sep-2026 BEFORE 14-Sep-2026", "OR SENTBEFORE 15-Sep-2026 BEFORE 15-Sep-2026")


@given(st.text(max_size=60))
def test_nothing_that_is_typed_breaks_a_command(text: str) -> None:
    try:
        found = criteria(text)
    except PatternError:
        return
    for each in found:
        assert each.head.isascii()
        assert not set(each.head) & set("\r\n\0")
        sizes = re.findall(rb"\{(\d+)\}$", each.head.encode())
        assert len(sizes) == min(1, len(each.literals))


async def test_literals_are_sent_when_the_server_asks_for_them() -> None:
    heard = []

    async def search(conversation: Conversation, rest: bytes) -> None:
        heard.append(rest)
        await conversation.say("+ go")
        heard.append(await conversation.reader.readline())
        await conversation.say("* ESEARCH UID ALL 2,4", "TAG OK")

    async with connected(Scripts(SEARCH=search)) as (client, _scripted):
        mailbox = await result(lambda: client.select("INBOX"))
        assert await result(mailbox.search, criteria("~b café")[0]) == [2, 4]
    assert heard == [b"SEARCH RETURN (ALL) CHARSET UTF-8 BODY {5}", "café\r\n".encode()]


@pytest.mark.parametrize("answer", ["TAG NO [BADCHARSET (US-ASCII)] no", "TAG BAD no literals", "TAG NO too slow"])
async def test_a_refused_search_keeps_the_connection(answer: str) -> None:
    async def search(conversation: Conversation, rest: bytes) -> None:
        await conversation.say(answer if b"BODY" in rest else "* SEARCH 2", *([] if b"BODY" in rest else ["TAG OK"]))

    async with connected(Scripts(SEARCH=search)) as (client, scripted):
        mailbox = await result(lambda: client.select("INBOX"))
        with pytest.raises(ImapError) as caught:
            await result(mailbox.search, criteria("~b café")[0])
        assert caught.value.status is not None
        assert await result(mailbox.uids) == [2]
        assert scripted.connections == 1


async def test_words_of_ascii_are_asked_for_with_their_charset_if_it_is_wanted() -> None:
    heard = []

    async def search(conversation: Conversation, rest: bytes) -> None:
        heard.append(rest)
        fine = rest.startswith(b"SEARCH CHARSET US-ASCII")
        await conversation.say(*(["* SEARCH 2", "TAG OK"] if fine else ["TAG NO [BADCHARSET (US-ASCII)] no"]))

    async with connected(Scripts(SEARCH=search)) as (client, _scripted):
        mailbox = await result(lambda: client.select("INBOX"))
        assert await result(mailbox.search, criteria("~b minutes")[0]) == [2]
        assert heard[1:] == [b'SEARCH CHARSET US-ASCII BODY "minutes"']
        heard.clear()
        with pytest.raises(ImapError, match="This server cannot search for these characters"):
            await result(mailbox.search, criteria("~b café")[0])
        assert len(heard) == 1
