"""Sent copies: once, in the right place, whatever happens in between."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.loopback import free_ports
from tests.support.scripted_imap import scripted_imap
from tuimail.config.model import Account, Identity, Security, SentCopy, Server, SubmissionCommand
from tuimail.errors import SecretError
from tuimail.mailboxes import imap_connect, maildir, sent_mail
from tuimail.mailboxes.imap_errors import ImapError, ImapStage
from tuimail.sent.filer import SentCopyFiler
from tuimail.sent.providers import server_files_copies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.dovecot import Dovecot
    from tests.support.scripted_imap import Conversation
    from tuimail.mailboxes.imap_session import ImapSession
    from tuimail.paths import Paths

MESSAGE_ID = "<one@example.org>"
CONTENT = b"From: ada@example.org\r\nMessage-ID: <one@example.org>\r\nSubject: x\r\n\r\nhello\r\n" + b"x" * 70 + b"\r\n"
PASSWORD = "correct-horse"


class Stored:
    """A letter as the outbox has it."""

    size = len(CONTENT)

    def chunks(self, length: int = 65536) -> Iterator[bytes]:
        return (CONTENT[start : start + length] for start in range(0, len(CONTENT), length))


class Gone(Stored):
    def chunks(self, length: int = 65536) -> Iterator[bytes]:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")


def account(imap: Server | None = None, copy: SentCopy = SentCopy.AUTO, host: str = "smtp.example.org") -> Account:
    return Account("work", (Identity("ada@example.org"),), Server(host, 465, username="ada"), imap=imap, sent_copy=copy)


@pytest.fixture
def filer(paths: Paths) -> SentCopyFiler:
    async def secret(_account: Account) -> str:
        return PASSWORD

    return SentCopyFiler(paths, secret)


@pytest.fixture
def imap(dovecot: Dovecot) -> Server:
    return Server(dovecot.host, dovecot.imaps, Security.TLS, username=dovecot.new_user(), ca_file=dovecot.ca_file)


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The user names that sign-ins were tried with."""
    real = imap_connect.open_session
    tried: list[str] = []

    async def counted(server: Server, secret: str, **more: Any) -> ImapSession:
        tried.append(server.username)
        return await real(server, secret, **more)

    monkeypatch.setattr(imap_connect, "open_session", counted)
    return tried


def local_copies(paths: Paths) -> list[Path]:
    return sorted((paths.account_maildir("work") / "Sent" / "cur").glob("*"))


# -- where the copy goes


@pytest.mark.parametrize(
    ("host", "copy", "words"),
    [
        ("smtp.gmail.com", SentCopy.AUTO, "The server files it itself."),
        ("smtp.office365.com", SentCopy.AUTO, "The server files it itself."),
        ("smtp.example.org", SentCopy.SERVER, "The server files it itself."),
        ("smtp.example.org", SentCopy.NONE, "No copy is kept, as the config says."),
    ],
)
async def test_nothing_is_filed_where_nothing_is_wanted(
    filer: SentCopyFiler, paths: Paths, host: str, copy: SentCopy, words: str
) -> None:
    result = await filer.file_copy(account(copy=copy, host=host), MESSAGE_ID, Stored(), date=time.time())
    assert (result.done, result.skipped, result.message) == (True, True, words)
    assert local_copies(paths) == []


@pytest.mark.parametrize(
    ("host", "itself"),
    [
        ("SMTP.Gmail.com.", True),
        ("smtp-mail.outlook.com", True),
        ("notgmail.com", False),
        ("gmail.com.evil.org", False),
    ],
)
def test_providers_that_file_it_themselves(host: str, itself: bool) -> None:
    assert server_files_copies(host) is itself


async def test_append_is_taken_at_its_word_even_there(filer: SentCopyFiler, paths: Paths) -> None:
    result = await filer.file_copy(
        account(copy=SentCopy.APPEND, host="smtp.gmail.com"), MESSAGE_ID, Stored(), date=time.time()
    )
    assert (result.done, result.skipped) == (True, False)
    assert [str(path) for path in local_copies(paths)] == [result.place]


async def test_without_imap_the_copy_is_in_the_local_maildir_once(filer: SentCopyFiler, paths: Paths) -> None:
    results = [await filer.file_copy(account(), MESSAGE_ID, Stored(), date=time.time()) for _ in range(3)]
    (path,) = local_copies(paths)
    assert {result.place for result in results} == {str(path)}
    assert b"".join(maildir.pieces(path)) == CONTENT


async def test_a_command_account_files_locally_too(filer: SentCopyFiler, paths: Paths, tmp_path: Path) -> None:
    own = dataclasses.replace(
        account(), submission=SubmissionCommand(("/usr/sbin/sendmail",)), maildir=tmp_path / "Mail"
    )
    result = await filer.file_copy(own, MESSAGE_ID, Stored(), date=time.time())
    assert result.place.startswith(str(tmp_path / "Mail" / "Sent" / "cur"))


async def test_a_full_disk_is_said_and_leaves_nothing(
    filer: SentCopyFiler, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        result = await filer.file_copy(account(), MESSAGE_ID, Stored(), date=time.time())
    assert not result.done
    assert "disk is full" in result.message
    sent = paths.account_maildir("work") / "Sent"
    assert [path for path in sent.rglob("*") if path.is_file()] == []
    assert (await filer.file_copy(account(), MESSAGE_ID, Stored(), date=time.time())).done


# -- on the server


@pytest.mark.real_servers
async def test_the_copy_is_on_the_server_byte_for_byte(
    filer: SentCopyFiler, paths: Paths, dovecot: Dovecot, imap: Server
) -> None:
    result = await filer.file_copy(account(imap), MESSAGE_ID, Stored(), date=time.time())
    assert (result.done, result.message, result.place) == (True, "Filed on localhost.", "")
    assert dovecot.letters(imap.username, "Sent") == [CONTENT]
    assert local_copies(paths) == []
    await filer.close()


@pytest.mark.real_servers
async def test_a_letter_in_sent_is_found_and_another_is_not(filer: SentCopyFiler, imap: Server) -> None:
    where = account(imap)
    assert not await filer.holds(where, MESSAGE_ID)
    await filer.file_copy(where, MESSAGE_ID, Stored(), date=time.time())
    assert await filer.holds(where, MESSAGE_ID)
    assert not await filer.holds(where, "<another@example.org>")
    assert not await filer.holds(account(), MESSAGE_ID)
    await filer.close()


@pytest.mark.real_servers
@pytest.mark.parametrize("new_process", [False, True])
async def test_killed_between_append_and_mark_the_copy_is_found(
    filer: SentCopyFiler,
    paths: Paths,
    dovecot: Dovecot,
    imap: Server,
    monkeypatch: pytest.MonkeyPatch,
    new_process: bool,
) -> None:
    real = sent_mail.put

    async def reply_lost(*arguments: object, **named: object) -> None:
        await real(*arguments, **named)  # type: ignore[arg-type]
        raise ImapError("The connection was lost.", step=ImapStage.MAILBOX)

    with monkeypatch.context() as patch:
        patch.setattr(sent_mail, "put", reply_lost)
        first = await filer.file_copy(account(imap), MESSAGE_ID, Stored(), date=time.time())
    assert not first.done
    if new_process:
        filer = SentCopyFiler(paths, filer._secret)
    second = await filer.file_copy(account(imap), MESSAGE_ID, Stored(), date=time.time(), attempts=1)
    assert second.done
    assert dovecot.letters(imap.username, "Sent") == [CONTENT]
    await filer.close()


@pytest.mark.real_servers
async def test_cancelled_in_the_middle_and_tried_again_there_is_one_copy(
    filer: SentCopyFiler, dovecot: Dovecot, imap: Server
) -> None:
    for turns in range(0, 120, 7):
        task = asyncio.create_task(filer.file_copy(account(imap), MESSAGE_ID, Stored(), date=time.time()))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    result = await filer.file_copy(account(imap), MESSAGE_ID, Stored(), date=time.time())
    assert result.done
    assert len(dovecot.letters(imap.username, "Sent")) == 1
    await filer.close()


@pytest.mark.real_servers
async def test_different_letters_share_a_connection_and_are_all_filed(
    filer: SentCopyFiler, dovecot: Dovecot, imap: Server, openings: list[str]
) -> None:
    results = await asyncio.gather(
        *(filer.file_copy(account(imap), f"<{n}@example.org>", Stored(), date=time.time()) for n in range(4))
    )
    assert all(result.done for result in results)
    assert openings == [imap.username]
    # Each Message-ID was looked for, and none of them is that of the content.
    assert len(dovecot.letters(imap.username, "Sent")) == 4
    await filer.close()


@pytest.mark.real_servers
async def test_a_mailbox_without_room_is_tried_again_and_said(
    filer: SentCopyFiler, dovecot: Dovecot, imap: Server
) -> None:
    full = dataclasses.replace(imap, username=dovecot.full_user())
    result = await filer.file_copy(account(full), MESSAGE_ID, Stored(), date=time.time())
    assert not result.done
    assert "is full" in result.message


@pytest.mark.real_servers
async def test_a_letter_whose_file_is_gone_is_said(filer: SentCopyFiler, imap: Server) -> None:
    result = await filer.file_copy(account(imap), MESSAGE_ID, Gone(), date=time.time())
    assert not result.done
    assert "cannot be read" in result.message


async def test_after_three_failures_a_local_copy_is_kept_once_and_said(filer: SentCopyFiler, paths: Paths) -> None:
    (port,) = free_ports(1)
    dead = account(Server("127.0.0.1", port, Security.NONE, username="ada"))
    found = []
    for attempts in range(5):
        result = await filer.file_copy(dead, MESSAGE_ID, Stored(), date=time.time(), attempts=attempts)
        assert not result.done
        assert "Nothing listens" in result.message
        found.append((len(local_copies(paths)), "A copy is kept in" in result.message, bool(result.place)))
    assert found == [(0, False, False)] * 2 + [(1, True, True)] * 3


async def test_a_secret_that_cannot_be_had_is_said(paths: Paths) -> None:
    async def locked(_account: Account) -> str:
        raise SecretError("The keyring is locked.", hint="Unlock it.")

    filer = SentCopyFiler(paths, locked)
    async with scripted_imap(lambda conversation: conversation.until_closed()) as scripted:
        server = Server("127.0.0.1", scripted.port, Security.NONE, username="ada")
        result = await filer.file_copy(account(server), MESSAGE_ID, Stored(), date=time.time())
    assert (result.done, result.message) == (False, "The keyring is locked. Unlock it.")
    assert scripted.connections == 0


async def accepting(conversation: Conversation) -> None:
    """A server that files one letter in its "Sent Messages" after a search that finds nothing."""
    lines = ['* LIST () "/" INBOX', '* LIST () "/" "Sent Messages"', '* LIST () "/" "../../etc"', "TAG OK"]
    await conversation.answer("LIST", *lines)
    await conversation.answer('EXAMINE "Sent Messages"', "TAG OK [READ-ONLY]")
    await conversation.answer(f'UID SEARCH HEADER MESSAGE-ID "{MESSAGE_ID}"', "* SEARCH", "TAG OK")
    await conversation.answer("CLOSE", "TAG OK")
    await conversation.answer('APPEND "Sent Messages" (\\Seen) "', "+ go")
    tag = conversation.tag
    assert await conversation.reader.readexactly(len(CONTENT) + 2) == CONTENT + b"\r\n"
    conversation.tag = tag
    await conversation.say("TAG OK [APPENDUID 1 1]")


async def test_a_server_without_special_use_is_known_by_its_names(filer: SentCopyFiler) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.welcome()
        await accepting(conversation)
        await conversation.answer("LOGOUT", "* BYE bye", "TAG OK")

    async with scripted_imap(script) as scripted:
        server = Server("127.0.0.1", scripted.port, Security.NONE, username="ada")
        assert (await filer.file_copy(account(server), MESSAGE_ID, Stored(), date=time.time())).done
        await filer.close()


@pytest.mark.parametrize(
    ("capabilities", "leaving"),
    [("", "CLOSE"), (" UNSELECT", "UNSELECT"), (" IMAP4rev2", "UNSELECT")],
)
async def test_the_mailbox_is_left_before_each_copy(filer: SentCopyFiler, capabilities: str, leaving: str) -> None:
    """Courier refuses to append to a mailbox that is selected read-only, so the second letter was never filed."""

    async def script(conversation: Conversation) -> None:
        await conversation.welcome(f"IMAP4rev1 AUTH=PLAIN SASL-IR{capabilities}")
        selected = False
        for _letter in range(2):
            appended = False
            while not appended:
                command = (await conversation.hear()).split()[0].decode()
                if command == "LIST":
                    await conversation.say('* LIST (\\Sent) "." "INBOX.Sent"')
                elif command == "EXAMINE":
                    selected = True
                elif command == leaving:
                    selected = False
                elif command == "APPEND":
                    if selected:
                        await conversation.say("TAG NO Mailbox is read-only")
                        continue
                    tag = conversation.tag
                    await conversation.say("+ go")
                    await conversation.reader.readexactly(len(CONTENT) + 2)
                    conversation.tag = tag
                    appended = True
                await conversation.say("TAG OK")
        await conversation.answer("LOGOUT", "TAG OK")

    async with scripted_imap(script) as scripted:
        server = Server("127.0.0.1", scripted.port, Security.NONE, username="ada")
        for number in range(2):
            result = await filer.file_copy(account(server), f"<{number}@example.org>", Stored(), date=time.time())
            assert result.done, result.message
        await filer.close()
    assert scripted.connections == 1


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("NO Over quota", "is full"),
        ("NO [OVERQUOTA] sorry", "is full"),
        ("NO Quota exceeded (mailbox for user is full)", "is full"),
        ("NO Not enough disk space", "is full"),
        ("NO [LIMIT] Over quota", "did not accept the copy"),
        ("NO Carefully checked and refused", "did not accept the copy"),
    ],
)
async def test_a_full_mailbox_is_called_full(filer: SentCopyFiler, said: str, words: str) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.answer("LIST", '* LIST (\\Sent) "/" "Sent"', "TAG OK")
        await conversation.answer("EXAMINE", "TAG OK")
        await conversation.answer("UID SEARCH", "* SEARCH", "TAG OK")
        await conversation.answer("CLOSE", "TAG OK")
        await conversation.answer("APPEND", f"TAG {said}")
        await conversation.until_closed()

    async with scripted_imap(script) as scripted:
        server = Server("127.0.0.1", scripted.port, Security.NONE, username="ada")
        result = await filer.file_copy(account(server), MESSAGE_ID, Stored(), date=time.time())
    assert not result.done
    assert f"The mailbox {words}" in result.message


async def test_a_kept_connection_that_died_is_replaced(filer: SentCopyFiler) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.welcome()
        await accepting(conversation)
        await conversation.hear("NOOP")

    async with scripted_imap(script) as scripted:
        server = Server("127.0.0.1", scripted.port, Security.NONE, username="ada")
        for _ in range(2):
            assert (await filer.file_copy(account(server), MESSAGE_ID, Stored(), date=time.time())).done
        assert scripted.connections == 2
        filer._accounts["work"]._session.abort()  # type: ignore[union-attr]


async def test_an_idle_connection_is_closed(paths: Paths) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.welcome()
        await accepting(conversation)
        await conversation.answer("LOGOUT", "* BYE bye", "TAG OK")
        gone.set()

    async def secret(_account: Account) -> str:
        return PASSWORD

    gone = asyncio.Event()
    filer = SentCopyFiler(paths, secret, idle_seconds=0.0)
    async with scripted_imap(script) as scripted:
        server = Server("127.0.0.1", scripted.port, Security.NONE, username="ada")
        assert (await filer.file_copy(account(server), MESSAGE_ID, Stored(), date=time.time())).done
        await gone.wait()


async def test_a_failed_search_does_not_lead_to_a_second_copy(filer: SentCopyFiler) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.answer("LIST", '* LIST (\\Sent) "/" "Gesendet"', "TAG OK")
        await conversation.answer('EXAMINE "Gesendet"', "TAG OK")
        await conversation.answer("UID SEARCH", "TAG NO [SERVERBUG] index broken")
        assert await conversation.reader.read() == b""

    async with scripted_imap(script) as scripted:
        server = Server("127.0.0.1", scripted.port, Security.NONE, username="ada")
        result = await filer.file_copy(account(server), MESSAGE_ID, Stored(), date=time.time())
    assert not result.done
    assert "index broken" in result.message


async def test_a_server_that_does_not_say_trycreate_gets_the_folder_all_the_same(filer: SentCopyFiler) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.welcome("IMAP4rev1 AUTH=PLAIN SASL-IR NAMESPACE")
        await conversation.answer("LIST", '* LIST () "." INBOX', "TAG OK")
        await conversation.answer("NAMESPACE", '* NAMESPACE (("INBOX." ".")) NIL NIL', "TAG OK")
        await conversation.answer('APPEND "INBOX.Sent"', "TAG NO no such folder")
        await conversation.answer('CREATE "INBOX.Sent"', "TAG OK")
        await conversation.answer('SUBSCRIBE "INBOX.Sent"', "TAG NO no need")
        await conversation.answer('APPEND "INBOX.Sent"', "+ go")
        tag = conversation.tag
        await conversation.reader.readexactly(len(CONTENT) + 2)
        conversation.tag = tag
        await conversation.say("TAG OK")
        await conversation.answer("LOGOUT", "* BYE bye", "TAG OK")

    async with scripted_imap(script) as scripted:
        server = Server("127.0.0.1", scripted.port, Security.NONE, username="ada")
        assert (await filer.file_copy(account(server), MESSAGE_ID, Stored(), date=time.time())).done
        await filer.close()


@pytest.mark.real_servers
async def test_a_refused_password_is_not_shown_again_until_it_changes(
    paths: Paths, imap: Server, openings: list[str]
) -> None:
    async def secret(_account: Account) -> str:
        return passwords[0]

    async def attempt() -> bool:
        result = await filer.file_copy(account(imap), MESSAGE_ID, Stored(), date=time.time())
        assert result.done or "refused the user name or password" in result.message
        return result.done

    passwords = ["wrong"]
    filer = SentCopyFiler(paths, secret)
    assert [await attempt() for _ in range(4)] == [False] * 4
    assert len(openings) == 1
    filer.mended("work")
    assert not await attempt()
    assert len(openings) == 2
    passwords[0] = PASSWORD
    assert await attempt()
    await filer.close()


async def test_a_letter_whose_file_is_gone_cannot_be_kept_locally_and_that_is_said(
    filer: SentCopyFiler, paths: Paths
) -> None:
    result = await filer.file_copy(account(), MESSAGE_ID, Gone(), date=time.time())
    assert (result.done, result.place) == (False, "")
    assert "No such file" in result.message
