"""A server with UIDONLY (RFC 9586): it refuses message numbers, and names messages by uid alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mailboxes.test_imap_client_with_hostile_servers import CALLS, CAPABILITIES, HEADER, Scripts, connected
from tests.mailboxes.test_imap_client_with_hostile_servers import result as result_of
from tuimail.mail.flags import FLAGGED, SEEN
from tuimail.mailboxes.imap_fetch import read_fetch
from tuimail.mailboxes.imap_values import FlagState
from tuimail.mailboxes.imap_wire import ResponseReader

if TYPE_CHECKING:
    from tests.support.scripted_imap import Conversation

BY_NUMBER = (b"FETCH", b"STORE", b"COPY", b"MOVE", b"SEARCH", b"SORT", b"THREAD", b"EXPUNGE")


class UidOnly(Scripts):
    """Commands with message numbers are refused (section 3.3)."""

    def __init__(self) -> None:
        super().__init__(
            FETCH=[
                *(
                    f'* {uid} UIDFETCH (FLAGS (\\Seen) INTERNALDATE "01-Jan-2020 00:00:00 +0000" RFC822.SIZE 9 '
                    f"MODSEQ (3) BODY[HEADER.FIELDS (DATE)] {{{len(HEADER)}}}\r\n{HEADER.decode()} "
                    "BODY[]<0> {9}\r\nthe bytes)"
                    for uid in (2, 3, 4)
                ),
                "TAG OK",
            ],
            STORE=["* 3 UIDFETCH (FLAGS (\\Flagged))", "* VANISHED 4", "TAG OK"],
        )
        self.refused: list[bytes] = []

    async def __call__(self, conversation: Conversation) -> None:
        await conversation.welcome(f"{CAPABILITIES} UIDONLY")
        while (rest := await conversation.hear()) and conversation.tag:
            if rest.startswith(BY_NUMBER):
                self.refused.append(rest)
                await conversation.say("TAG BAD [UIDREQUIRED] message numbers are not allowed")
            else:
                await self.answer(conversation, rest.removeprefix(b"UID "))


@pytest.mark.parametrize("name", [each for each in CALLS if each != "append"])
async def test_no_command_names_a_message_by_its_number(name: str) -> None:
    server = UidOnly()
    async with connected(server) as (client, _scripted):
        await result_of(CALLS[name][1], client)
    assert server.refused == []


async def test_what_is_told_by_uid_is_understood() -> None:
    async with connected(UidOnly()) as (client, _scripted):
        mailbox = await result_of(lambda: client.select("INBOX"))
        assert [(each.uid, each.header) for each in await result_of(mailbox.headers, [2, 3, 4])] == [
            (2, HEADER),
            (3, HEADER),
            (4, HEADER),
        ]
        assert await result_of(mailbox.there, [2, 3, 9]) == [2, 3]
        assert {each.flags for each in await result_of(lambda: mailbox.flags(1, 9))} == {SEEN}
        pieces: list[bytes] = []
        assert await result_of(mailbox.fetch, 3, pieces.append)
        assert pieces == [b"the bytes"]
        await result_of(mailbox.news)
        await result_of(lambda: mailbox.store([2], add=SEEN))
        news = await result_of(mailbox.news)
        assert news.changed == (FlagState(3, FLAGGED, "", 0),)
        assert news.vanished == ((4, 4),)


@pytest.mark.parametrize(
    ("line", "uid"), [(b"* 7 UIDFETCH (FLAGS ())", 7), (b"* 7 uidfetch (UID 8 FLAGS ())", 7), (b"* 7 FETCH (UID 8)", 8)]
)
def test_the_number_of_a_uidfetch_is_the_uid(line: bytes, uid: int) -> None:
    (response,) = ResponseReader().feed(line + b"\r\n")
    found = read_fetch(response)
    assert found is not None
    assert found.uid == uid
    (response,) = ResponseReader().feed(b"* 99999999999 UIDFETCH (FLAGS ())\r\n")
    assert read_fetch(response) is None
