"""A client and servers that lie, stop, refuse or hang up: every call ends in an error, and the next one works."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.scripted_imap import scripted_imap
from tuimail.config.model import Security, Server
from tuimail.mail.flags import FLAGGED, SEEN
from tuimail.mailboxes.imap_client import ImapClient
from tuimail.mailboxes.imap_connect import open_session
from tuimail.mailboxes.imap_connection import connection_of
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.mailboxes.imap_mailbox import ImapMailbox
from tuimail.mailboxes.imap_reading import PIECE
from tuimail.mailboxes.imap_timeouts import ClientTimes, ImapTimeouts
from tuimail.mailboxes.imap_values import MailboxState
from tuimail.mailboxes.imap_wire import Status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tests.support.scripted_imap import Conversation, ScriptedImap

    Answer = Callable[[Conversation, bytes], Awaitable[None]]

CAPABILITIES = "IMAP4rev1 AUTH=PLAIN SASL-IR IDLE UIDPLUS MOVE UNSELECT ESEARCH CONDSTORE ENABLE QRESYNC"
TIMES = ClientTimes(interactive=5, background=5, quiet=0.02, goodbye=0.2, retry=(0.01,))
HEADER = b"Message-ID: <1@x>\r\n\r\n"
LETTER = bytes(range(256)) * 3000

PLAIN = {
    "SELECT": ["* 3 EXISTS", "* OK [UIDVALIDITY 7]", "* OK [UIDNEXT 10]", "* OK [HIGHESTMODSEQ 5]", "TAG OK"],
    "EXAMINE": ["* 3 EXISTS", "* OK [UIDVALIDITY 7]", "TAG OK"],
    "ENABLE": ["* ENABLED QRESYNC", "TAG OK"],
    "SEARCH": ['* ESEARCH (TAG "x") UID ALL 2:4', "TAG OK"],
    "FETCH": [
        *(
            f'* 1 FETCH (UID {uid} FLAGS (\\Seen) INTERNALDATE "01-Jan-2020 00:00:00 +0000" RFC822.SIZE 9 MODSEQ (3) '
            f"BODY[HEADER.FIELDS (DATE)] {{{len(HEADER)}}}\r\n{HEADER.decode()})"
            for uid in (2, 3, 4)
        ),
        "TAG OK",
    ],
    "STORE": ["TAG OK"],
    "COPY": ["TAG OK [COPYUID 8 2:3 20:21] x"],
    "MOVE": ["* OK [COPYUID 8 2:3 20:21] x", "* VANISHED 2:3", "TAG OK"],
    "EXPUNGE": ["* VANISHED 2", "TAG OK"],
    "LIST": ['* LIST () "/" INBOX', "TAG OK"],
    "STATUS": ["* STATUS INBOX (MESSAGES 3 UNSEEN 1 UIDNEXT 10 UIDVALIDITY 7)", "TAG OK"],
    "CREATE": ["TAG OK"],
    "DELETE": ["TAG OK"],
    "RENAME": ["TAG OK"],
    "SUBSCRIBE": ["TAG OK"],
    "UNSUBSCRIBE": ["TAG OK"],
    "NOOP": ["TAG OK"],
    "LOGOUT": ["* BYE", "TAG OK"],
}

CALLS: dict[str, tuple[str, Callable[[ImapClient], Any]]] = {
    "level": ("ENABLE", lambda client: client.level),
    "select": ("SELECT", lambda client: client.select("INBOX", validity=7, modseq=4)),
    "uids": ("SEARCH", lambda client: client.select("INBOX").uids()),
    "headers": ("FETCH", lambda client: client.select("INBOX").headers([2, 3, 4])),
    "flags": ("FETCH", lambda client: client.select("INBOX").flags(1, 9, changed_since=2)),
    "arrivals": ("FETCH", lambda client: client.select("INBOX").arrivals(3)),
    "there": ("FETCH", lambda client: client.select("INBOX").there([2, 3])),
    "fetch": ("FETCH", lambda client: client.select("INBOX", interactive=True).fetch(2, lambda _piece: None)),
    "store": ("STORE", lambda client: client.select("INBOX").store([2], add=SEEN, remove=FLAGGED)),
    "copy": ("COPY", lambda client: client.select("INBOX").copy([2, 3], "a")),
    "move": ("MOVE", lambda client: client.select("INBOX").move([2, 3], "a")),
    "expunge": ("EXPUNGE", lambda client: client.select("INBOX").expunge([2])),
    "folders": ("LIST", lambda client: client.folders()),
    "folders_with_statuses": ("LIST", lambda client: client.folders_with_statuses()),
    "statuses": ("STATUS", lambda client: client.statuses(["INBOX"])),
    "state_of": ("STATUS", lambda client: client.state_of("INBOX")),
    "create": ("CREATE", lambda client: client.create("a")),
    "rename": ("RENAME", lambda client: client.rename("a", "b")),
    "delete": ("DELETE", lambda client: client.delete("a")),
    "subscribe": ("SUBSCRIBE", lambda client: client.subscribe("a", subscribed=True)),
    "append": ("APPEND", lambda client: client.append("a", lambda: [b"x" * 9], 9, flags=SEEN, arrived=0.0)),
}
"""A call of each method, and the command that it comes down to."""


async def silent(conversation: Conversation, _rest: bytes) -> None:
    await conversation.until_closed()


async def cut(conversation: Conversation, _rest: bytes) -> None:
    conversation.drop()


async def cut_half_way(conversation: Conversation, _rest: bytes) -> None:
    await conversation.say("* 1 FETCH (UID 2 FLAGS (\\Seen) BODY[] {100}\r\nhalf")
    conversation.writer.close()


async def bye(conversation: Conversation, _rest: bytes) -> None:
    await conversation.say("* BYE [UNAVAILABLE] going down")
    conversation.writer.close()


async def garbage(conversation: Conversation, _rest: bytes) -> None:
    await conversation.say("\x00\x1b]0;x\x07 what")
    await conversation.until_closed()


async def huge_literal(conversation: Conversation, _rest: bytes) -> None:
    await conversation.say("* 1 FETCH (UID 2 BODY[] {99999999999}")
    await conversation.until_closed()


async def wrong_tag(conversation: Conversation, _rest: bytes) -> None:
    await conversation.say("ZZ9 OK not yours")
    await conversation.until_closed()


LOSSES = {each.__name__: each for each in (cut, cut_half_way, bye, garbage, huge_literal, wrong_tag)}


async def no(conversation: Conversation, _rest: bytes) -> None:
    await conversation.say("TAG NO [CANNOT] never")


class Scripts:
    """Answers commands by name; ``faults`` come first, each once."""

    def __init__(self, **answers: list[str] | Answer) -> None:
        self.answers: dict[str, list[str] | Answer] = {**PLAIN, **answers}
        self.faults: dict[str, list[Answer]] = {}
        self.capabilities = CAPABILITIES
        self.most = 99
        """Connections at a time."""
        self.open = 0
        self.refusal = "* BYE [LIMIT] too many"

    async def __call__(self, conversation: Conversation) -> None:
        if self.open >= self.most:
            await conversation.say(self.refusal)
            return
        self.open += 1
        try:
            await conversation.welcome(self.capabilities)
            while True:
                rest = (await conversation.hear()).removeprefix(b"UID ")
                if not conversation.tag:
                    return
                await self.answer(conversation, rest)
        except AssertionError:
            if conversation.heard[-1]:  # else the client hung up
                raise
        finally:
            self.open -= 1

    async def answer(self, conversation: Conversation, rest: bytes) -> None:
        name = rest.split(b" ")[0].decode()
        waiting = self.faults.get(name)
        answer = waiting.pop(0) if waiting else self.answers.get(name)
        if callable(answer):
            await answer(conversation, rest)
        elif name == "APPEND":
            await conversation.say("+ go")
            await conversation.reader.readexactly(11)
            await conversation.say("TAG OK [APPENDUID 7 30] x")
        elif name == "IDLE":
            await conversation.say("+ idling")
            if await conversation.reader.readline() == b"DONE\r\n":
                await conversation.say("TAG OK")
        else:
            assert answer is not None, rest
            await conversation.say(*answer)


@contextlib.asynccontextmanager
async def connected(scripts: Scripts, times: ClientTimes = TIMES) -> AsyncIterator[tuple[ImapClient, ScriptedImap]]:
    """A client of a scripted server."""
    patience = ImapTimeouts(reply=5, stall=0.3, commit=0.3, goodbye=0.1)
    async with scripted_imap(scripts) as scripted:
        server = Server("127.0.0.1", scripted.port, Security.NONE, username="ada")
        client = ImapClient(lambda: open_session(server, "secret", patience=patience), times=times)
        try:
            yield client, scripted
        finally:
            await asyncio.to_thread(client.close)


async def result(call: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.wait_for(asyncio.to_thread(call, *arguments), 20)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what happens on another thread
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("name", CALLS)
async def test_a_call_that_loses_its_connection_says_so_and_the_next_one_connects_again(name: str) -> None:
    command, call = CALLS[name]
    scripts = Scripts()
    async with connected(scripts) as (client, scripted):
        await result(call, client)
        for loss in LOSSES.values():
            scripts.faults[command] = [loss]
            if command == "ENABLE":
                await result(client.demote, "Q")
                await result(client._call, lambda: _lose(client))
            with pytest.raises(ImapError) as caught:
                await result(call, client)
            assert caught.value.status is None, loss
            assert scripts.faults[command] == []
            before = scripted.connections
            await result(call, client)
            assert scripted.connections == before + 1


async def _lose(client: ImapClient) -> None:
    for connection in client._connections._unique():
        connection.session.abort()


@pytest.mark.parametrize("name", [name for name in CALLS if name != "level"])
async def test_a_refused_call_has_the_servers_words_and_keeps_the_connection(name: str) -> None:
    command, call = CALLS[name]
    scripts = Scripts(LIST=['* LIST () "/" a', "TAG OK"] if name == "delete" else PLAIN["LIST"])
    async with connected(scripts) as (client, scripted):
        await result(call, client)
        scripts.faults[command] = [no]
        if name == "statuses":
            assert await result(call, client) == {}
        else:
            with pytest.raises(ImapError, match="never") as caught:
                await result(call, client)
            assert caught.value.status == Status("NO", "CANNOT", "never")
        connections = scripted.connections
        await result(call, client)
        assert scripted.connections == connections


@pytest.mark.parametrize("name", [name for name in CALLS if name != "level"])
async def test_silence_ends_a_call(name: str) -> None:
    command, call = CALLS[name]
    scripts = Scripts()
    times = ClientTimes(interactive=0.15, background=0.15, goodbye=0.1)
    async with connected(scripts, times) as (client, _scripted):
        await result(call, client)
        scripts.faults[command] = [silent]
        if command == "APPEND":
            scripts.faults[command] = [_append_without_an_end]
        with pytest.raises(ImapError, match="stopped answering") as caught:
            await result(call, client)
        assert caught.value.status is None
        await result(call, client)


async def _append_without_an_end(conversation: Conversation, _rest: bytes) -> None:
    await conversation.say("+ go")
    await conversation.until_closed()


async def test_an_answer_that_takes_long_but_goes_on_is_no_silence() -> None:
    async def slowly(conversation: Conversation, _rest: bytes) -> None:
        for line in PLAIN["FETCH"]:
            await asyncio.sleep(0.12)
            await conversation.say(line)

    times = ClientTimes(background=0.3, goodbye=0.1)
    async with connected(Scripts(FETCH=slowly), times) as (client, _scripted):
        assert len(await result(lambda: client.select("INBOX").headers([2, 3, 4]))) == 3


async def test_answers_in_pieces_of_one_byte() -> None:
    async def dribble(conversation: Conversation, rest: bytes) -> None:
        name = rest.split(b" ")[0].decode()
        text = "".join(f"{line}\r\n" for line in PLAIN[name]).encode().replace(b"TAG", conversation.tag)
        for byte in text:
            conversation.writer.write(bytes([byte]))
            await conversation.writer.drain()
            await asyncio.sleep(0)

    async with connected(Scripts(FETCH=dribble, SELECT=dribble)) as (client, _scripted):
        mailbox = await result(lambda: client.select("INBOX"))
        assert mailbox.opened.state[:4] == (7, 10, 3, 5)
        found = await result(mailbox.headers, [2, 3, 4])
        assert [(each.uid, each.flags, each.header) for each in found] == [(uid, SEEN, HEADER) for uid in (2, 3, 4)]


async def test_one_broken_message_costs_no_other_and_strangers_are_news() -> None:
    lines = list(PLAIN["FETCH"])
    lines[1] = "* 1 FETCH (UID 3 FLAGS (\\Seen"
    lines[1:1] = [
        "* 1 FETCH (UID 9 FLAGS (\\Flagged))",
        "* 5 EXISTS",
        "* VANISHED 8",
        "* OK Still here",
        "* 4 FETCH (FLAGS ())",
    ]
    lines[-1:-1] = ["* 2 FETCH (UID 4 FLAGS (\\Flagged))"]
    async with connected(Scripts(FETCH=lines)) as (client, _scripted):
        mailbox = await result(lambda: client.select("INBOX"))
        found = await result(mailbox.headers, [2, 3, 4])
        assert [(each.uid, each.flags) for each in found] == [(2, SEEN), (4, FLAGGED)]
        news = await result(mailbox.news)
        assert [each.uid for each in news.changed] == [9]
        assert (news.vanished, news.exists, news.unnamed, news.gone) == (((8, 8),), 4, True, False)


async def test_what_follows_the_answer_to_a_select_at_once_is_news() -> None:
    async with connected(Scripts(SELECT=[*PLAIN["SELECT"], "* 4 EXISTS"])) as (client, _scripted):
        mailbox = await result(lambda: client.select("INBOX"))
        await result(mailbox.uids)
        assert mailbox.opened.state.exists == 3
        assert (await result(mailbox.news)).exists == 4


@pytest.mark.parametrize(
    "lines",
    [
        ['* ESEARCH (TAG "x") UID ALL 1:4294967295', "TAG OK"],
        ['* ESEARCH (TAG "x") UID ALL x', "TAG OK"],
        ["* ESEARCH (", "TAG OK"],
    ],
)
async def test_a_search_that_cannot_be_ends_the_connection(lines: list[str]) -> None:
    async with connected(Scripts(SEARCH=lines)) as (client, _scripted):
        mailbox = await result(lambda: client.select("INBOX"))
        with pytest.raises(ImapError, match="does not speak IMAP properly") as caught:
            await result(mailbox.uids)
        assert caught.value.status is None


async def test_a_mailbox_without_uids_is_refused() -> None:
    async with connected(Scripts(SELECT=["* 3 EXISTS", "TAG OK"])) as (client, _scripted):
        with pytest.raises(ImapError, match="refused to name the messages"):
            await result(lambda: client.select("INBOX"))


async def test_a_server_that_refuses_esearch_is_asked_plainly() -> None:
    async def search(conversation: Conversation, rest: bytes) -> None:
        await conversation.say(*(["TAG BAD what"] if b"RETURN" in rest else ["* SEARCH 4 2", "TAG OK"]))

    async with connected(Scripts(SEARCH=search)) as (client, _scripted):
        assert await result(lambda: client.select("INBOX").uids()) == [2, 4]


# -- letters in pieces


def partial(rest: bytes) -> tuple[int, int]:
    offset, length = rest.partition(b"<")[2].partition(b">")[0].split(b".")
    return int(offset), int(length)


async def say_body(conversation: Conversation, section: str, content: bytes, size: int) -> None:
    head = f"* 1 FETCH (UID 2 RFC822.SIZE {size} {section} {{{len(content)}}}\r\n"
    await conversation.say(head.encode() + content + b")", "TAG OK")


async def honest(conversation: Conversation, rest: bytes) -> None:
    offset, length = partial(rest)
    await say_body(conversation, f"BODY[]<{offset}>", LETTER[offset : offset + length], len(LETTER))


async def ignoring(conversation: Conversation, _rest: bytes) -> None:
    await say_body(conversation, "BODY[]", LETTER, len(LETTER))


async def ignoring_but_naming_zero(conversation: Conversation, rest: bytes) -> None:
    await say_body(conversation, "BODY[]<0>", LETTER if partial(rest)[0] else LETTER[:PIECE], len(LETTER))


async def unnamed(conversation: Conversation, rest: bytes) -> None:
    offset, length = partial(rest)
    await say_body(conversation, "BODY[]", LETTER[offset : offset + length], len(LETTER))


async def wrong_size(conversation: Conversation, rest: bytes) -> None:
    offset, length = partial(rest)
    await say_body(conversation, f"BODY[]<{offset}>", LETTER[offset : offset + length], len(LETTER) * 2)


async def short_pieces(conversation: Conversation, rest: bytes) -> None:
    offset, _length = partial(rest)
    await say_body(conversation, f"BODY[]<{offset}>", LETTER[offset : offset + 100_000], len(LETTER))


@pytest.mark.parametrize("answer", [honest, ignoring, ignoring_but_naming_zero, unnamed, wrong_size, short_pieces])
@pytest.mark.parametrize("offset", [0, 1, PIECE, len(LETTER) - 1])
async def test_letters_are_whole_whatever_a_server_makes_of_the_offset(answer: Answer, offset: int) -> None:
    async with connected(Scripts(FETCH=answer)) as (client, _scripted):
        pieces: list[bytes] = []
        mailbox = await result(lambda: client.select("INBOX"))
        assert await result(lambda: mailbox.fetch(2, pieces.append, offset=offset))
        assert b"".join(pieces) == LETTER[offset:]


async def test_a_letter_that_breaks_off_is_resumed() -> None:
    scripts = Scripts(FETCH=honest)
    async with connected(scripts) as (client, _scripted):
        scripts.faults["FETCH"] = [honest, cut_half_way]
        pieces: list[bytes] = []
        with pytest.raises(ImapError):
            await result(lambda: client.select("INBOX").fetch(2, pieces.append))
        done = sum(map(len, pieces))
        assert done == PIECE
        assert await result(lambda: client.select("INBOX").fetch(2, pieces.append, offset=done))
        assert b"".join(pieces) == LETTER


# -- levels


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        (["* ENABLED QRESYNC CONDSTORE", "TAG OK"], "Q"),
        (["TAG OK"], "C"),
        (["* ENABLED CONDSTORE", "TAG OK"], "C"),
        (["TAG BAD what"], "C"),
    ],
)
async def test_the_highest_level_is_what_was_really_enabled(answer: list[str], level: str) -> None:
    async with connected(Scripts(ENABLE=answer)) as (client, _scripted):
        assert await result(lambda: client.level) == level


@pytest.mark.parametrize("broken", ["* VANISHED (EARLIER) 1:*", "* VANISHED (EARLIER)", "* VANISHED (EARLIER) (1,2)"])
async def test_a_server_whose_vanished_cannot_be_read_is_never_asked_for_it_again(broken: str) -> None:
    async def select(conversation: Conversation, rest: bytes) -> None:
        await conversation.say(*([broken] if b"QRESYNC" in rest else []), *PLAIN["SELECT"])

    async with connected(Scripts(SELECT=select)) as (client, scripted):
        assert await result(lambda: client.level) == "Q"
        for _ in range(2):
            mailbox = await result(lambda: client.select("INBOX", validity=7, modseq=4))
            assert mailbox.opened.state.exists == 3
            assert await result(mailbox.uids) == [2, 3, 4]
        assert await result(lambda: client.level) == "C"
        assert sum(b"(QRESYNC" in line for line in scripted.heard) == 1


@pytest.mark.parametrize("host", ["p42-imap.mail.me.com", "imap.mail.me.com", "IMAP.mail.icloud.com"])
async def test_icloud_never_gets_the_highest_level(host: str) -> None:
    class Session:
        where = f"{host}:993"
        capabilities = frozenset({"QRESYNC", "ENABLE", "CONDSTORE"})

    connection = await connection_of(Session(), "Q")  # type: ignore[arg-type]
    assert connection.level == "C"


# -- how many connections there may be


@pytest.mark.parametrize("refusal", ["* BYE [LIMIT] too many", "* BYE too many connections", "* BYE [INUSE] x"])
@pytest.mark.parametrize("most", [1, 2, 3])
async def test_roles_share_when_the_server_refuses_more(most: int, refusal: str) -> None:
    changed = threading.Event()
    scripts = Scripts()
    scripts.most, scripts.refusal = most, refusal
    async with connected(scripts) as (client, scripted):
        await result(client.watch, "INBOX", changed.set)
        await until(lambda: any(b" IDLE" in line for line in scripted.heard))
        for _ in range(3):
            assert await result(lambda: client.select("a").uids()) == [2, 3, 4]
            assert await result(lambda: client.select("b", interactive=True).uids()) == [2, 3, 4]
        assert scripts.open == most
        idles = sum(b" IDLE" in line for line in scripted.heard)
        if most == 1:
            await until(lambda: sum(b" IDLE" in line for line in scripted.heard) > 1)
        else:
            assert idles == 1


async def test_the_only_connection_is_refused() -> None:
    scripts = Scripts()
    scripts.most = 0
    async with connected(scripts) as (client, _scripted):
        with pytest.raises(ImapError, match="too many") as caught:
            await result(client.folders)
        assert caught.value.status is None
        scripts.most = 1
        assert await result(client.folders)


# -- the watch


async def test_a_lost_watch_is_made_anew_and_told() -> None:
    changed = threading.Event()
    scripts = Scripts()
    scripts.faults["IDLE"] = [cut, bye, garbage]
    async with connected(scripts) as (client, scripted):
        await result(client.watch, "INBOX", changed.set)
        await until(lambda: scripts.faults["IDLE"] == [] and sum(b" IDLE" in line for line in scripted.heard) == 4)
        assert changed.is_set()


async def test_many_changes_at_once_are_told_few_times() -> None:
    told: list[int] = []

    async def idle(conversation: Conversation, _rest: bytes) -> None:
        conversation.writer.write(b"+ idling\r\n" + b"* 4 EXISTS\r\n* VANISHED 2\r\n" * 500)
        await conversation.writer.drain()
        assert await conversation.reader.readline() == b"DONE\r\n"
        await conversation.say("TAG OK")

    async with connected(Scripts(IDLE=idle)) as (client, _scripted):
        await result(client.watch, "INBOX", lambda: told.append(1))
        await until(lambda: bool(told))
        await result(client.watch, "second", lambda: told.append(1))
    assert len(told) < 20


async def test_idle_is_renewed_and_a_swallowed_renewal_is_noticed() -> None:
    times = ClientTimes(interactive=0.1, renew=0.02, goodbye=0.1, retry=(0.01,))
    scripts = Scripts()

    async def swallow(conversation: Conversation, _rest: bytes) -> None:
        await conversation.say("+ idling")
        await conversation.until_closed()

    async with connected(scripts, times) as (client, scripted):
        await result(client.watch, "INBOX", lambda: None)
        await until(lambda: sum(b" IDLE" in line for line in scripted.heard) > 3)
        assert scripted.connections == 1
        scripts.faults["IDLE"] = [swallow]
        await until(lambda: scripted.connections > 1)


@pytest.mark.parametrize("capabilities", [CAPABILITIES, CAPABILITIES.replace("IDLE ", "")])
async def test_without_idle_changes_are_asked_for(capabilities: str) -> None:
    scripts = Scripts(IDLE=no, NOOP=["* 4 EXISTS", "TAG OK"])
    scripts.capabilities = capabilities
    changed = threading.Event()
    times = ClientTimes(poll=0.01, retry=(0.01,), goodbye=0.1)
    async with connected(scripts, times) as (client, scripted):
        await result(client.watch, "INBOX", changed.set)
        await until(changed.is_set)
        assert sum(b" IDLE" in line for line in scripted.heard) <= 1


# -- the end


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ("level", "append")])
async def test_closing_ends_a_call_that_waits(name: str) -> None:
    command, call = CALLS[name]
    scripts = Scripts()
    async with connected(scripts, ClientTimes(goodbye=0.05)) as (client, _scripted):
        await result(call, client)
        heard = asyncio.Event()

        async def wait(conversation: Conversation, _rest: bytes) -> None:
            heard.set()
            await conversation.until_closed()

        scripts.faults[command] = [wait]
        waiting = asyncio.create_task(result(call, client))
        await heard.wait()
        began = time.monotonic()
        await result(client.close)
        with pytest.raises(ImapError):
            await waiting
        assert time.monotonic() - began < 2
        with pytest.raises(ImapError, match="was closed"):
            await result(call, client)


async def test_closing_while_connecting_and_watching_leaves_no_thread() -> None:
    async def never(conversation: Conversation) -> None:
        await conversation.until_closed()

    async with scripted_imap(never) as scripted:
        server = Server("127.0.0.1", scripted.port, Security.NONE, username="ada")
        client = ImapClient(lambda: open_session(server, "x"), times=ClientTimes(goodbye=0.05))
        await result(client.watch, "INBOX", lambda: None)
        waiting = asyncio.create_task(result(client.folders))
        await until(lambda: scripted.connections == 2)
        await result(client.close)
        with pytest.raises(ImapError):
            await waiting
        await result(client.close)
        assert client._loop._thread is not None
        assert not client._loop._thread.is_alive()


def test_a_client_that_was_never_used_is_closed() -> None:
    client = ImapClient(lambda: pytest.fail("connects"))
    client.close()
    with pytest.raises(ImapError, match="was closed"):
        client.folders()


# -- anything, in any order


@pytest.mark.parametrize("seed", range(6))
async def test_random_calls_among_random_failures(seed: int) -> None:
    """Each call gives its result or an ImapError; a loss has no status; when failures end, everything works."""
    choice = random.Random(seed)
    scripts = Scripts()
    scripts.most = choice.choice([1, 2, 3, 99])
    times = ClientTimes(interactive=0.2, background=0.2, quiet=0.01, goodbye=0.1, retry=(0.01,))
    async with connected(scripts, times) as (client, _scripted):
        await result(client.watch, "INBOX", lambda: None)
        expected = {name: told(await eventually(call, client)) for name, (_, call) in CALLS.items()}
        names = list(expected)
        statuses: list[Status | None] = []
        for _ in range(40):
            name = choice.choice(names)
            command = choice.choice([CALLS[name][0], "SELECT", "IDLE", "EXAMINE"])
            if choice.random() < 0.5:
                scripts.faults[command] = [choice.choice([*LOSSES.values(), no])]
            try:
                assert told(await result(CALLS[name][1], client)) in (expected[name], "{}")
            except ImapError as error:
                statuses.append(error.status)
        assert {status.code for status in statuses if status is not None} <= {"CANNOT"}
        assert statuses
        scripts.faults.clear()
        await result(client._call, lambda: _lose(client))
        for name in names:
            assert told(await eventually(CALLS[name][1], client)) == expected[name]
        assert scripts.open <= scripts.most


def told(value: object) -> str:
    """What a call gave, as far as it is the same each time."""
    if isinstance(value, ImapMailbox):
        return str(value.opened)
    return str(value[:3] if isinstance(value, MailboxState) else value)


async def eventually(call: Callable[..., Any], *arguments: Any) -> Any:
    """The result once there is one: a server counts a lost connection until it notices the loss."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await result(call, *arguments)
            except ImapError:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("capability", "answers", "asked"),
    [
        ("CREATE-SPECIAL-USE", ["TAG OK"], [b'CREATE "Drafts" (USE (\\Drafts))']),
        (
            "CREATE-SPECIAL-USE",
            ["TAG NO [USEATTR] no", "TAG OK"],
            [b'CREATE "Drafts" (USE (\\Drafts))', b'CREATE "Drafts"'],
        ),
        ("SPECIAL-USE", ["TAG OK"], [b'CREATE "Drafts"']),
    ],
)
async def test_a_folder_is_created_with_its_use_where_the_server_can(
    capability: str, answers: list[str], asked: list[bytes]
) -> None:
    heard: list[bytes] = []

    async def create(conversation: Conversation, rest: bytes) -> None:
        heard.append(rest)
        await conversation.say(answers[len(heard) - 1])

    scripts = Scripts(CREATE=create)
    scripts.capabilities += f" {capability}"
    async with connected(scripts) as (client, _):
        await result(lambda: client.create("Drafts", use="drafts"))
    assert heard == asked
