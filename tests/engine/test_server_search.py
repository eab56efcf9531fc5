"""Searches for texts that only the server has: found there, joined to what is here, never asked without need."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.imap_program import INBOX, deliver, other_client, running
from tests.engine.mail_support import subjects
from tests.support.cut_link import cut_link
from tuimail.config import secrets
from tuimail.config.model import KeepPolicy, Server
from tuimail.engine.index_request import WideSearch
from tuimail.engine.server_hits import ServerAnswer, ServerHits, ServerQuestion
from tuimail.mail.pattern import parse
from tuimail.mailboxes.imap_errors import ImapError, ImapStage
from tuimail.mailboxes.imap_mailbox import ImapMailbox
from tuimail.mailboxes.imap_search import Criteria
from tuimail.mailboxes.imap_wire import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.engine.mail_support import Changes
    from tests.support.dovecot import Dovecot
    from tuimail.cache.windows import IndexRow
    from tuimail.engine.index_request import IndexRequest
    from tuimail.engine.mail_index import MessageIndex
    from tuimail.engine.mail_reader import Place
    from tuimail.paths import Paths

HEADERS = KeepPolicy.HEADERS


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Criteria]:
    """What servers are asked for texts."""
    found: list[Criteria] = []
    usual = ImapMailbox.search

    def search(self: ImapMailbox, criteria: str | Criteria) -> list[int]:
        if isinstance(criteria, Criteria):
            found.append(criteria)
        return usual(self, criteria)

    monkeypatch.setattr(ImapMailbox, "search", search)
    return found


def limited(pattern: str) -> IndexRequest:
    return replace(INBOX, limit=parse(pattern, 0.0))


async def settled(mail: Changes) -> None:
    async with asyncio.timeout(20):
        task = mail.engine.mail.search.server._task
        while task is not None and not task.done():  # noqa: ASYNC110 - what happens on another thread
            await asyncio.sleep(0.005)


def fill(dovecot: Dovecot, server: Server) -> None:
    with other_client(dovecot, server) as client:
        deliver(client, 0, body="The carriage of the mill.")
        deliver(client, 1, body="A café in Turin.")
        deliver(client, 2, body="Nothing of that.")
        client.create("Archive")
        deliver(client, 3, folder="Archive", body="Another carriage.")


async def test_a_limit_finds_what_only_the_server_has(
    dovecot: Dovecot, server: Server, paths: Paths, asked: list[Criteria]
) -> None:
    fill(dovecot, server)
    async with running(paths, server, HEADERS) as mail:
        await mail.until(lambda it: it.count == 3, INBOX)
        index = await mail.until(lambda it: it.count == 1, limited("~b carriage"))
        assert subjects(index) == ["Letter 0"]
        index = await mail.until(lambda it: it.count == 1, limited("~b café"))
        assert subjects(index) == ["Letter 1"]
        index = await mail.until(lambda it: it.count == 2, limited("!~b carriage"))
        assert subjects(index) == ["Letter 1", "Letter 2"]
        await settled(mail)
        assert [each.head for each in asked] == ['BODY "carriage"', "CHARSET UTF-8 BODY {5}"]
        with other_client(dovecot, server) as client:
            deliver(client, 4, body="One carriage more.")
            await mail.until(lambda it: it.count == 4, INBOX)
            mail.engine.mail.search.server._asked.clear()  # a minute later
            await mail.until(lambda it: it.count == 2, limited("~b carriage"))
        assert asked[-1].head == 'UID 4:4294967295 BODY "carriage"'
        assert mail.told == []


async def test_a_search_in_all_folders_and_plain_words(
    dovecot: Dovecot, server: Server, paths: Paths, asked: list[Criteria]
) -> None:
    fill(dovecot, server)
    async with running(paths, server, HEADERS) as mail:
        await mail.until(lambda it: it.count == 1, replace(INBOX, folder="Archive"))
        request = replace(INBOX, account="", search=WideSearch("carriage", parse("carriage", 0.0)))

        async def found() -> set[str]:
            places: Sequence[Place] = await mail.engine.mail.search.find(request, lambda _places: None)
            index: MessageIndex | None = await mail.engine.mail.index(request, places=places)
            assert index is not None
            return set(subjects(index))

        await found()
        await settled(mail)
        assert await found() == {"Letter 0", "Letter 3"}
        assert len(asked) == 2


async def test_what_is_all_here_is_not_asked(
    dovecot: Dovecot, server: Server, paths: Paths, asked: list[Criteria]
) -> None:
    fill(dovecot, server)
    async with running(paths, server) as mail:
        await mail.until(lambda it: it.count == 3 and all(each.kept for each in rows(it)), INBOX)
        await mail.until(lambda it: it.count == 1, limited("~b carriage"))
        await mail.until(lambda it: it.count == 3, limited("~f kim"))
        await settled(mail)
        assert asked == []


def rows(index: MessageIndex) -> list[IndexRow]:
    return [each.row for each in index.entries(0, index.count) if each is not None]


async def test_offline_only_what_is_here_is_searched_and_that_is_said_once(
    dovecot: Dovecot, server: Server, paths: Paths, asked: list[Criteria]
) -> None:
    fill(dovecot, server)
    async with cut_link(dovecot.imaps) as link:
        behind = replace(server, host="localhost", port=link.port)
        secrets.remember(server, "work", dovecot.password)
        async with running(paths, behind, HEADERS) as mail:
            await mail.until(lambda it: it.count == 3, INBOX)
            link.cut()
            await mail.engine.mail.look()
            assert mail.engine.mail.offline("work")
            before = len(mail.told)
            for _ in range(3):
                mail.engine.mail.search.server._asked.clear()
                index = await mail.index(limited("~b carriage"))
                assert index.count == 0
                await settled(mail)
            await asyncio.sleep(0)
            assert mail.told[before:] == ["work is offline: only letters on this machine were searched."]
            assert asked == []


async def test_a_server_that_refuses_is_asked_once_and_that_is_said(
    dovecot: Dovecot, server: Server, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(dovecot, server)
    asked: list[Criteria] = []
    usual = ImapMailbox.search

    def search(self: ImapMailbox, criteria: str | Criteria) -> list[int]:
        if isinstance(criteria, Criteria):
            asked.append(criteria)
            raise ImapError("It refused to search.", step=ImapStage.MAILBOX, status=Status("NO", "CANNOT"))
        return usual(self, criteria)

    monkeypatch.setattr(ImapMailbox, "search", search)
    async with running(paths, server, HEADERS) as mail:
        await mail.until(lambda it: it.count == 3, INBOX)
        for _ in range(3):
            mail.engine.mail.search.server._asked.clear()
            assert (await mail.index(limited("~b carriage"))).count == 0
            await settled(mail)
        await asyncio.sleep(0)
        assert mail.told == ["work: It refused to search. Only letters on this machine were searched."]
        assert len(asked) == 1


async def test_a_search_that_another_one_broke_off_is_asked_again(
    dovecot: Dovecot, server: Server, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(dovecot, server)
    asked: list[Criteria] = []
    usual, go_on = ImapMailbox.search, threading.Event()

    def search(self: ImapMailbox, criteria: str | Criteria) -> list[int]:
        if isinstance(criteria, Criteria):
            asked.append(criteria)
            assert go_on.wait(20)
        return usual(self, criteria)

    monkeypatch.setattr(ImapMailbox, "search", search)
    both = limited("~b carriage ~b mill")
    async with running(paths, server, HEADERS) as mail:
        await mail.until(lambda it: it.count == 3, INBOX)
        try:
            await mail.index(both)
            async with asyncio.timeout(20):
                while not asked:  # noqa: ASYNC110 - what happens on another thread
                    await asyncio.sleep(0.005)
            assert mail.engine.mail.search.server.searching
            await mail.index(limited("~b café"))
        finally:
            go_on.set()
        await settled(mail)
        assert [each.head for each in asked] == ['BODY "carriage"', "CHARSET UTF-8 BODY {5}"]
        index = await mail.until(lambda it: it.count == 1, both)
        assert subjects(index) == ["Letter 0"]
        await settled(mail)
        assert [each.head for each in asked[2:]] == ['BODY "mill"']


def test_few_answers_are_remembered() -> None:
    hits = ServerHits()
    for number in range(1000):
        hits.store(ServerQuestion("work", f"box{number}", 1, parse("~A", 0.0), ()), ServerAnswer((1,), 2))
    assert hits.answer(ServerQuestion("work", "box999", 1, parse("~A", 0.0), ())) == ServerAnswer((1,), 2)
    assert hits.answer(ServerQuestion("work", "box1", 1, parse("~A", 0.0), ())) is None
