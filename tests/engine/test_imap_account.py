"""engine.mail of an account on a real IMAP server: synced, read, changed, offline and back."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.imap_program import INBOX, deliver, other_client, running
from tests.engine.mail_support import Changes, entries, subjects
from tests.support.cut_link import cut_link
from tuimail.config import secrets
from tuimail.config.model import KeepPolicy, Server
from tuimail.engine import mail_actions
from tuimail.engine.index_request import IndexRequest
from tuimail.engine.mail_source import NotKeptError
from tuimail.journal.action import ActionState
from tuimail.journal.tally import JournalTally
from tuimail.mail.flags import ANSWERED, FLAGGED, SEEN
from tuimail.mail.pattern import parse
from tuimail.mailboxes.imap_mailbox import ImapMailbox
from tuimail.sync import reconnect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.dovecot import Dovecot
    from tuimail.engine.mail_index import MessageIndex
    from tuimail.paths import Paths


async def test_what_is_on_the_server_is_listed_read_and_followed(
    dovecot: Dovecot, server: Server, paths: Paths
) -> None:
    with other_client(dovecot, server) as client:
        for number in range(3):
            deliver(client, number, flags="\\Seen" if number == 0 else "")
        client.create("Trash")
        client.create("Archive")
        async with running(paths, server) as mail:
            index = await mail.until(lambda it: it.count == 3, INBOX)
            assert subjects(index) == ["Letter 0", "Letter 1", "Letter 2"]
            assert index.counts.unread == 2
            with await mail.engine.mail.open(entries(index)[1].ref) as file:
                assert b"Text of 1." in file.read()
            deliver(client, 3)
            index = await mail.until(lambda it: it.count == 4, INBOX)
            client.store("4", "+FLAGS", "(\\Flagged)")
            await mail.until(lambda it: it.count == 4 and bool(entries(it)[3].row.flags & FLAGGED), INBOX)
            client.store("1", "+FLAGS", "(\\Deleted)")
            client.expunge()
            index = await mail.until(lambda it: it.count == 3, INBOX)
            assert subjects(index) == ["Letter 1", "Letter 2", "Letter 3"]


async def test_what_the_user_does_reaches_the_server_and_is_undone(
    dovecot: Dovecot, server: Server, paths: Paths
) -> None:
    with other_client(dovecot, server) as client:
        for number in range(4):
            deliver(client, number)
        client.create("Archive")
        async with running(paths, server) as mail:
            index = await mail.until(lambda it: it.count == 4, INBOX)
            refs = [each.ref for each in entries(index)]
            await mail.engine.mail.flag(refs[:1], add=SEEN | ANSWERED)
            commands = await mail.engine.mail.move(refs[1:3], "Archive")
            index = await mail.until(lambda it: it.count == 2, INBOX)
            await mail.engine.mail.look()
            client.noop()
            assert client.select("Archive")[1] == [b"2"]
            client.select("INBOX")
            flags = str(client.fetch("1:*", "(FLAGS)")[1][0])
            assert "Answered" in flags
            assert "Seen" in flags
            archive = await mail.until(lambda it: it.count == 2, IndexRequest("work", "Archive"))
            assert subjects(archive) == ["Letter 1", "Letter 2"]
            await mail.engine.mail.undo(commands)
            await mail.until(lambda it: it.count == 4, INBOX)
            await mail.engine.mail.look()
            client.select("INBOX")
            _, (found,) = client.search(None, "ALL")
            assert len(found.split()) == 4


async def test_offline_what_is_kept_is_read_and_changed_and_it_catches_up(
    dovecot: Dovecot, server: Server, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "DELAYS", (0.01,))
    with other_client(dovecot, server) as client:
        for number in range(3):
            deliver(client, number)
        client.create("Archive")
        async with cut_link(server.port) as link:
            behind = replace(server, port=link.port)
            secrets.remember(behind, "work", dovecot.password)
            async with running(paths, behind, KeepPolicy.HEADERS) as mail:
                index = await mail.until(lambda it: it.count == 3, INBOX)
                await mail.until(lambda _: not mail.engine.mail.syncing(), INBOX)
                refs = [each.ref for each in entries(index)]
                with await mail.engine.mail.open(refs[0]) as file:
                    file.read()
                link.cut()
                await mail.engine.mail.look()
                assert mail.engine.mail.offline("work")
                with await mail.engine.mail.open(refs[0]) as file:
                    assert b"Text of 0." in file.read()
                with pytest.raises(NotKeptError, match=r"not on this machine, and .*localhost:"):
                    await mail.engine.mail.open(refs[1])
                await mail.engine.mail.flag(refs[:1], add=FLAGGED)
                await mail.engine.mail.move(refs[1:2], "Archive")
                index = await mail.until(lambda it: it.count == 2, INBOX)
                assert entries(index)[0].row.flags & FLAGGED
                journal = mail.engine.mail.journal
                assert await journal.count() == JournalTally(waiting=2)
                (flagged, moved) = await journal.entries()
                assert [flagged.subject, moved.subject] == ["Letter 0", "Letter 1"]
                await journal.retry(moved.action)
                before = await journal.drop(moved.action)
                assert (await mail.index(INBOX)).count == 3, "nothing waits for the server to take it back"
                await journal.restore(before)
                assert (await mail.index(INBOX)).count == 2
                deliver(client, 3)
                client.select("INBOX")
                assert client.search(None, "FLAGGED")[1] == [b""]
                link.mend()
                await mail.until(lambda it: it.count == 3 and not mail.engine.mail.offline("work"), INBOX)
                await mail.engine.mail.look()
                client.select("INBOX")
                assert client.search(None, "FLAGGED")[1] == [b"1"]
                assert client.select("Archive")[1] == [b"1"]


async def test_a_server_is_tried_at_once_when_the_network_is_up(
    dovecot: Dovecot, server: Server, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "DELAYS", (3600.0,))
    async with cut_link(server.port) as link:
        behind = replace(server, port=link.port)
        secrets.remember(behind, "work", dovecot.password)
        async with running(paths, behind) as mail:
            await mail.until(lambda _: not mail.engine.mail.syncing(), INBOX)
            link.cut()
            await mail.engine.mail.look()
            assert mail.engine.mail.offline("work")
            link.mend()
            mail.engine.mail.sync.try_servers()
            await mail.until(lambda _: not mail.engine.mail.offline("work"), INBOX)


async def test_what_the_server_refuses_waits_for_the_user(dovecot: Dovecot, server: Server, paths: Paths) -> None:
    with other_client(dovecot, server) as client:
        for number in range(2):
            deliver(client, number)
        client.create("Archive")
        async with running(paths, server) as mail:
            index = await mail.until(lambda it: it.count == 2, INBOX)
            await mail.until(lambda _: not mail.engine.mail.syncing(), INBOX)
            client.delete("Archive")
            await mail.engine.mail.move([entries(index)[0].ref], "Archive")
            await mail.engine.mail.look()
            journal = mail.engine.mail.journal
            (entry,) = await journal.entries()
            assert (entry.action.state, entry.subject) == (ActionState.REFUSED, "Letter 0")
            assert "Archive" in entry.action.words
            assert (await mail.index(INBOX)).count == 2
            # A stranger is not held up, nor is what is given to the same message afterwards.
            await mail.engine.mail.flag([each.ref for each in entries(index)], add=FLAGGED)
            await mail.engine.mail.look()
            client.noop()
            assert client.search(None, "FLAGGED")[1] == [b"1 2"]
            client.create("Archive")
            await journal.retry(entry.action)
            await mail.until(lambda it: it.count == 1, IndexRequest("work", "Archive"))
            assert await journal.entries() == []
            assert client.select("Archive")[1] == [b"1"]


async def test_while_it_is_paused_there_is_no_connection_and_another_process_may_sync(
    dovecot: Dovecot, server: Server, paths: Paths
) -> None:
    with other_client(dovecot, server) as client:
        deliver(client, 1)
        async with cut_link(server.port) as link:
            behind = replace(server, port=link.port)
            secrets.remember(behind, "work", dovecot.password)
            async with running(paths, behind) as mail:
                await mail.until(lambda it: it.count == 1, INBOX)
                assert link.connections
                mail.engine.mail.sync.pause()
                await link.all_closed()
                index = await mail.index(INBOX)
                assert subjects(index) == ["Letter 1"]
                async with running(paths, behind) as other:
                    deliver(client, 2)
                    await other.until(lambda it: it.count == 2, INBOX)
                deliver(client, 3)
                mail.engine.mail.sync.resume()
                await mail.until(lambda it: it.count == 3, INBOX)


async def test_a_message_is_found_by_a_word_of_its_text_once_it_was_read(
    dovecot: Dovecot, server: Server, paths: Paths
) -> None:
    with other_client(dovecot, server) as client:
        deliver(client, 1, body="A quokkaberry.")
        deliver(client, 2)
    async with running(paths, server) as mail:
        index = await mail.until(lambda it: it.count == 2, INBOX)
        with await mail.engine.mail.open(entries(index)[0].ref) as file:
            file.read()
        found = await mail.engine.mail.search.matching(INBOX, parse("~b quokkaberry", 0.0))
        assert found == [entries(index)[0].row_id]


async def test_recent_ones_are_fetched_unasked_found_by_their_texts_and_read_offline(
    dovecot: Dovecot, server: Server, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "DELAYS", (0.01,))
    with other_client(dovecot, server) as client:
        for number in range(30):
            deliver(client, number, body=f"A quokkaberry{number}.")
        async with cut_link(server.port) as link:
            behind = replace(server, port=link.port)
            secrets.remember(behind, "work", dovecot.password)
            async with running(paths, behind) as mail:
                index = await mail.until(lambda it: it.count == 30 and all_kept(it), INBOX)
                (folder, *_) = await mail.engine.mail.folders()
                assert (folder.kept, folder.total) == (30, 30)
                refs = [each.ref for each in entries(index)]
                assert await found(mail, "~b quokkaberry7") == [entries(index)[7].row_id]
                link.cut()
                await mail.until(lambda _: bool(mail.engine.mail.offline("work")), INBOX)
                for number, ref in enumerate(refs):
                    with await mail.engine.mail.open(ref) as file:
                        assert f"quokkaberry{number}.".encode() in file.read()
                deliver(client, 30)
                link.mend()
                await mail.until(lambda it: it.count == 31 and all_kept(it), INBOX)


async def test_one_that_is_opened_counts_as_kept_at_once_and_others_stay_at_the_server(
    dovecot: Dovecot, server: Server, paths: Paths
) -> None:
    with other_client(dovecot, server) as client:
        for number in range(3):
            deliver(client, number, body=f"A quokkaberry{number}.")
    async with running(paths, server, KeepPolicy.HEADERS) as mail:
        index = await mail.until(lambda it: it.count == 3, INBOX)
        with await mail.engine.mail.open(entries(index)[1].ref) as file:
            file.read()
        index = await mail.until(lambda it: any(each.row.kept for each in entries(it)), INBOX)
        assert [each.row.kept for each in entries(index)] == [0, 1, 0]
        assert await found(mail, "~b quokkaberry1") == [entries(index)[1].row_id]


async def test_what_the_user_does_does_not_wait_for_messages_that_are_fetched(
    dovecot: Dovecot, server: Server, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    fetch = ImapMailbox.fetch

    def slow(self: ImapMailbox, uid: int, write: Callable[[bytes], object], *, offset: int = 0) -> bool:
        if threading.current_thread().name.startswith("messages of"):
            entered.set()
            go_on.wait(20)
        return fetch(self, uid, write, offset=offset)

    monkeypatch.setattr(ImapMailbox, "fetch", slow)
    with other_client(dovecot, server) as client:
        for number in range(3):
            deliver(client, number)
        try:
            async with running(paths, server) as mail:
                index = await mail.until(lambda it: it.count == 3, INBOX)
                assert await asyncio.to_thread(entered.wait, 20)
                refs = [each.ref for each in entries(index)]
                await mail.engine.mail.flag(refs[:1], add=FLAGGED)
                await mail.until(lambda it: bool(entries(it)[0].row.flags & FLAGGED), INBOX)
                await mail.engine.mail.look()
                client.noop()
                assert client.search(None, "FLAGGED")[1] == [b"1"]
                with await mail.engine.mail.open(refs[2]) as file:
                    assert b"Text of 2." in file.read()
                go_on.set()
                await mail.until(all_kept, INBOX)
        finally:
            go_on.set()


async def test_while_a_change_waits_for_the_server_the_user_changes_undoes_and_asks_for_more(
    dovecot: Dovecot, server: Server, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_actions, "PATIENCE", 60.0)  # a wait for the lock that the thread itself holds fails
    entered, go_on = threading.Event(), threading.Event()
    store = ImapMailbox.store

    async def held() -> None:
        entered.set()
        await asyncio.to_thread(go_on.wait, 20)

    def slow(self: ImapMailbox, uids: Sequence[int], **changes: Any) -> None:
        if not entered.is_set():
            self._call(held)
        store(self, uids, **changes)

    monkeypatch.setattr(ImapMailbox, "store", slow)
    with other_client(dovecot, server) as client:
        for number in range(3):
            deliver(client, number)
        try:
            async with running(paths, server) as mail, asyncio.timeout(20):
                index = await mail.until(lambda it: it.count == 3, INBOX)
                refs = [each.ref for each in entries(index)]
                await mail.engine.mail.flag(refs[:1], add=FLAGGED)
                assert await asyncio.to_thread(entered.wait, 20)
                asked = asyncio.create_task(mail.engine.mail.replay())
                second = await mail.engine.mail.flag(refs[1:2], add=FLAGGED)
                await mail.engine.mail.flag(refs[2:], add=FLAGGED)
                await mail.engine.mail.undo(second)
                await mail.until(
                    lambda it: [bool(each.row.flags & FLAGGED) for each in entries(it)] == [1, 0, 1], INBOX
                )
                assert not asked.done()
                go_on.set()
                await asked
                client.noop()
                assert client.search(None, "FLAGGED")[1] == [b"1 3"]
        finally:
            go_on.set()


def flagged(index: MessageIndex) -> list[bool]:
    return [bool(each.row.flags & FLAGGED) for each in entries(index)]


async def found(mail: Changes, pattern: str) -> list[str]:
    return list(await mail.engine.mail.search.matching(INBOX, parse(pattern, 0.0)))


def all_kept(index: MessageIndex) -> bool:
    return all(each.row.kept for each in entries(index))


async def test_messages_whose_attachments_are_not_known_are_told(
    dovecot: Dovecot, server: Server, paths: Paths
) -> None:
    files = "\r\n--b\r\nContent-Type: image/png\r\n\r\n0\r\n" * 2
    text = (
        "From: kim@example.net\r\nSubject: Two files\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: multipart/mixed; boundary=b\r\n{files}--b--\r\n"
    )
    with other_client(dovecot, server) as client:
        deliver(client, 1)
        client.append("INBOX", "", "", text.encode())
    async with running(paths, server, KeepPolicy.HEADERS) as mail:
        index = await mail.until(lambda it: it.count == 2, INBOX)
        for _ in range(2):
            assert await found(mail, "~X 2") == []
            assert await found(mail, "!~X 2") == [entries(index)[0].row_id]
        assert await found(mail, "~X 1-") == [entries(index)[1].row_id]
        await asyncio.sleep(0)
        (said,) = set(mail.told)
        assert said.startswith("1 message is left out: how many attachments")
        with await mail.engine.mail.open(entries(index)[1].ref) as file:
            file.read()
        await mail.until(lambda it: any(each.row.kept for each in entries(it)), INBOX)
        assert await found(mail, "~X 2") == [entries(index)[1].row_id]
        assert await found(mail, "~X 3-") == []


async def test_a_level_that_never_was_a_folder_goes_with_the_last_folder_below_it(
    dovecot: Dovecot, server: Server, paths: Paths
) -> None:
    with other_client(dovecot, server) as client:
        deliver(client, 1)
        async with running(paths, server) as mail:
            await mail.until(lambda it: it.count == 1, INBOX)
            await mail.engine.mail.mailboxes.create("work", "Trips/Rome")
            listed = [str(each) for each in client.list()[1]]
            assert any("Noselect" in each and each.endswith("Trips'") for each in listed)
            assert [each.name for each in await mail.engine.mail.folders() if "Trips" in each.name] == ["Trips/Rome"]
            await mail.engine.mail.mailboxes.delete("work", "Trips/Rome")
            assert not any("Trips" in each.name for each in await mail.engine.mail.folders())
            assert not any("Trips" in str(each) for each in client.list()[1])
