"""The disk is full while the program keeps an account of a real server in step; then there is room again."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from tests.engine.imap_program import INBOX, deliver, other_client, running
from tests.engine.mail_support import entries, subjects
from tests.engine.test_imap_account import all_kept, flagged
from tests.engine.test_maildir_faults import free, full
from tuimail import private_files
from tuimail.cache import bodies
from tuimail.engine import imap_source
from tuimail.errors import StorageError
from tuimail.mail.flags import FLAGGED
from tuimail.sync import reconnect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.dovecot import Dovecot
    from tuimail.config.model import Server
    from tuimail.paths import Paths


def refuse_files(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = private_files.open_private

    def making(path: Path, flags: int) -> int:
        if flags & os.O_CREAT:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, flags)

    monkeypatch.setattr(bodies, "open_private", making)


async def test_the_sync_pauses_says_so_and_goes_on_by_itself(dovecot: Dovecot, server: Server, paths: Paths) -> None:
    with other_client(dovecot, server) as client:
        for number in range(3):
            deliver(client, number)
        async with running(paths, server) as mail:
            index = await mail.until(lambda it: it.count == 3 and all_kept(it), INBOX)
            thread = mail.engine.mail._threads.writer("work")
            thread.write(full).result()
            client.select("INBOX")
            for number in range(3, 40):
                deliver(client, number, body="x", folder="INBOX", flags="\\Seen")
            long = b"Subject: " + b"long " * 400 + b"\r\n\r\ntext\r\n"
            for _ in range(40):
                client.append("INBOX", "", "", long)
            await mail.until(lambda _: bool(mail.engine.mail.sync.stopped_by("work")), INBOX)
            assert mail.engine.mail.sync.stopped_by("").startswith("The disk is full")
            assert not mail.engine.mail.offline()
            shown = await mail.index(INBOX)
            assert subjects(index) == subjects(shown)[:3], "what is here stays usable"
            with await mail.engine.mail.open(entries(shown)[0].ref) as file:
                assert b"Text of 0." in file.read()
            await mail.engine.mail.flag([entries(shown)[0].ref], add=FLAGGED)
            await mail.engine.mail.look()
            client.noop()
            assert client.search(None, "FLAGGED")[1] == [b"1"], "what the user does is carried out"
            thread.write(free).result()
            index = await mail.until(lambda it: it.count == 80, INBOX)
            assert flagged(index)[:3] == [True, False, False]
            await mail.until(lambda _: not mail.engine.mail.sync.stopped_by(""), INBOX)
            assert len([each for each in mail.told if "full" in each]) == 1


async def test_a_letter_that_cannot_be_kept_is_shown_and_comes_when_there_is_room(
    dovecot: Dovecot, server: Server, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "DELAYS", (0.05,))
    refuse_files(monkeypatch)
    with other_client(dovecot, server) as client:
        for number in range(2):
            deliver(client, number)
    async with running(paths, server) as mail:
        index = await mail.until(lambda it: it.count == 2, INBOX)
        ref = entries(index)[0].ref
        for _ in range(2):
            with await mail.engine.mail.open(ref) as file:
                assert b"Text of 0." in file.read()
        with monkeypatch.context() as small:
            small.setattr(imap_source, "IN_MEMORY", 10)
            with pytest.raises(StorageError, match="The disk is full"):
                await mail.engine.mail.open(ref)
        monkeypatch.setattr(bodies, "open_private", private_files.open_private)
        await mail.until(all_kept, INBOX)
