"""tuimail sync on a real IMAP server, and what the other commands say when it is out of reach."""

from __future__ import annotations

import asyncio
import imaplib
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.journeys.program import ROOT
from tests.support.cut_link import cut_link
from tuimail.config.loader import load
from tuimail.engine import Engine, account_requests, account_sync
from tuimail.engine.cache_place import cache_of
from tuimail.mail.message_ref import parse_message_ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.conftest import Ran
    from tests.support.cut_link import CutLink
    from tests.support.dovecot import Dovecot
    from tuimail.paths import Paths

    Run = Callable[..., Ran]

CONFIG = """\
[accounts.work]
address = "ada@example.org"
[accounts.work.submission]
command = ["/bin/true"]
[accounts.work.imap]
host = "localhost"
port = {port}
username = "{user}"
password_command = ["echo", "{password}"]
ca_file = "{ca_file}"
[accounts.work.policy]
"Old" = "headers"
"""


KEEP = """
import asyncio, sys
from pathlib import Path
from tuimail.config.loader import load
from tuimail.engine import Engine
from tuimail.paths import Paths
async def main():
    paths = Paths(*map(Path, sys.argv[1:5]))
    engine = Engine(load(paths), paths)
    await engine.start(run_outbox=False)
    await engine.mail.look()
    print(engine.mail._threads.writer("work").owns_cache, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await engine.stop()
asyncio.run(main())
"""

HOLD = """
import sys
from pathlib import Path
from tuimail.cache.writer_lock import WriterLock
lock = WriterLock(Path(sys.argv[1]))
print("held" if lock.acquire() else "not held", flush=True)
sys.stdin.read()
"""


class Link:
    """A CutLink on a thread of its own: commands run on the thread of the test."""

    def __init__(self, link: CutLink, loop: asyncio.AbstractEventLoop) -> None:
        self._link = link
        self._loop = loop
        self.port = link.port

    def cut(self) -> None:
        asyncio.run_coroutine_threadsafe(self._do(self._link.cut), self._loop).result()

    def mend(self) -> None:
        asyncio.run_coroutine_threadsafe(self._do(self._link.mend), self._loop).result()

    async def _do(self, work: Callable[[], None]) -> None:
        work()


@contextmanager
def running_link(target: int) -> Iterator[Link]:
    made: list[Link] = []
    ready = threading.Event()

    async def serve() -> None:
        ended = asyncio.Event()
        async with cut_link(target) as link:
            made.append(Link(link, asyncio.get_running_loop()))
            stops.append(lambda: made[0]._loop.call_soon_threadsafe(ended.set))
            ready.set()
            await ended.wait()

    stops: list[Callable[[], object]] = []
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(20)
        yield made[0]
    finally:
        stops[0]()
        thread.join()


class Account:
    """The account ``work`` behind a link, and another client of it."""

    def __init__(self, dovecot: Dovecot, link: Link, client: imaplib.IMAP4_SSL, user: str) -> None:
        self.dovecot = dovecot
        self.link = link
        self.client = client
        self.user = user

    def config(self, password: str = "") -> str:
        return CONFIG.format(
            port=self.link.port,
            user=self.user,
            password=password or self.dovecot.password,
            ca_file=self.dovecot.ca_file,
        )

    def deliver(self, number: int, folder: str = "INBOX", *, flags: str = "") -> None:
        text = (
            f"From: kim@example.net\r\nTo: ada@example.org\r\nSubject: Letter {number}\r\n"
            f"Message-ID: <m{number}@example.net>\r\nDate: Thu, 01 Oct 2026 10:00:00 +0000\r\n\r\nQuokka{number}.\r\n"
        )
        self.client.append(folder, f"({flags})", "", text.encode())


@pytest.fixture
def account(dovecot: Dovecot, write_config: Callable[[str], None]) -> Iterator[Account]:
    user = dovecot.new_user()
    context = ssl.create_default_context(cafile=str(dovecot.ca_file))
    with running_link(dovecot.imaps) as link, imaplib.IMAP4_SSL(dovecot.host, dovecot.imaps, ssl_context=context) as it:
        it.login(user, dovecot.password)
        made = Account(dovecot, link, it, user)
        for folder in ("Old", "Junk"):
            it.create(folder)
        for number in range(3):
            made.deliver(number)
        made.deliver(10, "Old")
        made.deliver(11, "Junk")
        write_config(made.config())
        yield made


def synced(tuimail_: Run) -> dict[str, Any]:
    ran = tuimail_("sync", "--json")
    assert ran.code == 0, ran
    (document,) = json.loads(ran.out)
    assert isinstance(document, dict)
    return document


def kept(tuimail_: Run) -> dict[str, tuple[int, int]]:
    ran = tuimail_("folders", "--json")
    assert ran.code == 0, ran
    return {each["name"]: (each["kept"], each["total"]) for each in json.loads(ran.out)}


def ids(tuimail_: Run, *words: str) -> list[str]:
    return [each["id"] for each in json.loads(tuimail_("search", "--json", *words).out)]


def test_what_it_did_is_told_and_nothing_is_fetched_twice(tuimail_: Run, account: Account) -> None:
    assert synced(tuimail_) == {
        "account": "work", "folders": 4, "new": 4, "changed": 0, "gone": 0, "fetched": 3, "waiting": 0, "error": None,
    }  # fmt: skip
    assert tuimail_("sync", "work") == type(tuimail_("sync"))(0, "work: nothing new\n", "")
    account.deliver(4)
    account.client.select("INBOX")
    account.client.store("1", "+FLAGS", "(\\Seen)")
    account.client.store("2", "+FLAGS", "(\\Deleted)")
    account.client.expunge()
    assert tuimail_("sync").out == "work: 1 new, 1 changed, 1 gone, 1 fetched\n"
    assert kept(tuimail_) == {"INBOX": (3, 3), "Drafts": (0, 0), "Junk": (0, 0), "Old": (0, 1)}


def test_what_was_fetched_is_found_by_its_text_and_read_without_the_server(tuimail_: Run, account: Account) -> None:
    synced(tuimail_)
    account.link.cut()
    ran = tuimail_("search", "--json", "~b quokka1")
    (found,) = json.loads(ran.out)
    assert found["subject"] == "Letter 1"
    assert ran.err.startswith("tuimail: work is offline: ")
    assert ran.err.endswith(" This is what is on this machine.\n")
    assert ran.err.count("\n") == 1
    ran = tuimail_("show", found["id"], "--raw")
    assert ran.code == 0
    assert "Quokka1." in ran.out
    assert ran.err.count("offline") == 1
    ran = tuimail_("folders", "--json")
    assert (ran.code, ran.err.count("offline")) == (0, 1)
    assert {each["name"]: each["kept"] for each in json.loads(ran.out)}["INBOX"] == 3


def test_a_letter_that_is_only_at_the_server_says_so(tuimail_: Run, account: Account) -> None:
    synced(tuimail_)
    (old,) = ids(tuimail_, "--folder", "Old", "~A")
    account.link.cut()
    ran = tuimail_("show", old)
    assert (ran.code, ran.out) == (69, "")
    assert "The letter is not on this machine, and " in ran.err
    account.link.mend()
    assert "Quokka10." in tuimail_("show", old, "--text").out
    account.link.cut()
    assert "Quokka10." in tuimail_("show", old, "--text").out
    account.link.mend()
    assert synced(tuimail_)["fetched"] == 0
    assert kept(tuimail_)["Old"] == (1, 1)


def test_a_search_asks_the_server_for_what_is_not_here_unless_it_is_local(tuimail_: Run, account: Account) -> None:
    synced(tuimail_)

    def found(*words: str) -> list[str]:
        ran = tuimail_("search", "--json", *words)
        assert ran.code == 0, ran
        return [each["subject"] for each in json.loads(ran.out)]

    assert found("--local", "~b quokka10") == []
    assert found("--local", "~b quokka1") == ["Letter 1"]
    assert found("~b quokka10") == ["Letter 10"]
    account.deliver(12)
    assert found("--local", "Letter 12") == []
    account.link.cut()
    ran = tuimail_("search", "--json", "~b quokka10")
    assert (ran.code, json.loads(ran.out)) == (0, [])
    assert "offline" in ran.err
    ran = tuimail_("search", "--local", "--json", "~b quokka1")
    assert (ran.code, ran.err) == (0, "")
    account.link.mend()


def test_a_server_out_of_reach_is_told_whatever_is_here(tuimail_: Run, account: Account) -> None:
    account.link.cut()
    ran = tuimail_("sync", "--json")
    (document,) = json.loads(ran.out)
    assert ran.code == 69
    assert "cannot be reached" in document["error"]
    assert document["error"] in ran.err
    assert tuimail_("folders").code == 69, "nothing was read yet"
    account.link.mend()
    synced(tuimail_)
    account.link.cut()
    ran = tuimail_("sync")
    assert (ran.code, ran.out) == (69, "work: not finished\n")


def test_a_refused_sign_in_is_another_exit_code(
    tuimail_: Run, account: Account, write_config: Callable[[str], None]
) -> None:
    write_config(account.config("wrong"))
    ran = tuimail_("sync", "--json")
    assert ran.code == 77
    assert json.loads(ran.out)[0]["error"]
    assert "wrong" not in ran.err.split()


def test_what_waits_is_carried_out(tuimail_: Run, account: Account) -> None:
    synced(tuimail_)
    (one,) = ids(tuimail_, "--folder", "INBOX", '~s "Letter 1"')
    account.link.cut()
    ran = tuimail_("flag", one, "+flagged")
    assert (ran.code, ran.out) == (75, "")
    assert ran.err.startswith(f"tuimail: {one}: not yet done; it is tried again later. localhost:")
    assert ran.err.count("\n") == 1
    ran = tuimail_("sync", "--json")
    assert (ran.code, json.loads(ran.out)[0]["waiting"]) == (69, 1)
    account.client.select("INBOX")
    assert account.client.search(None, "FLAGGED")[1] == [b""]
    account.link.mend()
    assert synced(tuimail_)["waiting"] == 0
    account.client.noop()
    assert account.client.search(None, "FLAGGED")[1] == [b"2"]


@pytest.mark.parametrize("in_step", [True, False])
def test_while_another_one_syncs_the_server_is_not_asked(
    tuimail_: Run, account: Account, home: Paths, monkeypatch: pytest.MonkeyPatch, in_step: bool
) -> None:
    synced(tuimail_)
    account.deliver(5)
    monkeypatch.setattr(account_sync, "BRIEF", 0.0)
    _, lock = cache_of(load(home).accounts["work"], home)
    assert lock.acquire()
    try:
        lock.tell(in_step=in_step)
        ran = tuimail_("sync")
    finally:
        lock.release()
    if in_step:
        assert (ran.code, ran.out) == (0, "work: synced by another tuimail\n")
        assert "the server is not asked twice" in ran.err
    else:
        assert (ran.code, ran.out) == (75, "work: not finished\n")
        assert f"Another tuimail (process {os.getpid()}) keeps this account, and is offline" in ran.err
    assert synced(tuimail_)["new"] == 1


def test_one_that_is_killed_while_it_holds_the_account_hands_it_over(
    tuimail_: Run, account: Account, home: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_sync, "BRIEF", 0.0)
    _, lock = cache_of(load(home).accounts["work"], home)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        ran = tuimail_("sync")
        assert ran.code == 75
        assert f"(process {holder.pid})" in ran.err
        holder.kill()
        holder.wait(20)
    assert synced(tuimail_)["new"] == 4


@contextmanager
def keeping(home: Paths) -> Iterator[subprocess.Popen[str]]:
    """Another tuimail that keeps the account in step."""
    argv = [sys.executable, "-c", KEEP, *map(str, (home.config_file, home.data, home.cache, home.state))]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as keeper:
        try:
            assert keeper.stdout is not None
            assert keeper.stdout.readline() == "True\n"
            yield keeper
        finally:
            keeper.kill()


def until_kept(tuimail_: Run, folder: str, count: int) -> None:
    end = time.monotonic() + 20
    while kept(tuimail_)[folder][0] != count:
        assert time.monotonic() < end


def test_another_one_looks_at_every_folder_when_it_is_asked(
    tuimail_: Run, account: Account, home: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_sync, "BRIEF", 0.0)
    with keeping(home) as keeper:
        account.deliver(5, "Old")  # which it would look at minutes later
        ran = tuimail_("sync")
        assert (ran.code, ran.out) == (0, "work: synced by another tuimail\n")
        assert kept(tuimail_)["Old"][1] == 2
        account.link.cut()
        ran = tuimail_("sync")
        assert ran.code == 75
        assert f"(process {keeper.pid}) keeps this account, and is offline" in ran.err


def test_another_one_fetches_what_is_shown_and_knows_that_it_is_kept(
    tuimail_: Run, account: Account, home: Paths
) -> None:
    with keeping(home) as keeper:
        (old,) = ids(tuimail_, "--folder", "Old", "~A")
        assert "Quokka10." in tuimail_("show", old, "--text").out
        until_kept(tuimail_, "Old", 1)
        account.deliver(12, "Old")
        assert tuimail_("sync").code == 0
        (new,) = ids(tuimail_, "--folder", "Old", "12")
        assert asyncio.run(opened(home, new)).endswith(b"Quokka12.\r\n")
        until_kept(tuimail_, "Old", 2)
        assert keeper.poll() is None


async def opened(home: Paths, ref: str) -> bytes:
    """What a second tuimail reads."""
    engine = Engine(load(home), home)
    await engine.start(run_outbox=False)
    try:
        with await engine.mail.open(parse_message_ref(ref)) as file:
            return file.read()
    finally:
        await engine.stop()


def test_one_that_is_stopped_is_named_and_keeps_nobody_from_reading(
    tuimail_: Run, account: Account, home: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_sync, "BRIEF", 0.0)
    monkeypatch.setattr(account_requests, "SILENCE", 0.3)
    monkeypatch.setattr(account_requests, "SHORT", 0.3)
    with keeping(home) as keeper:
        (old,) = ids(tuimail_, "--folder", "Old", "~A")
        os.kill(keeper.pid, signal.SIGSTOP)
        ran = tuimail_("sync")
        assert (ran.code, ran.out) == (75, "work: not finished\n")
        assert f"Another tuimail (process {keeper.pid}) keeps this account, and does not answer" in ran.err
        assert "Quokka10." in tuimail_("show", old, "--text").out
    assert synced(tuimail_)["error"] is None


def test_mail_on_this_machine_is_brought_into_step_as_well(
    tuimail_: Run, tmp_path: Path, write_config: Callable[[str], None]
) -> None:
    root = tmp_path / "Maildir"
    for part in ("cur", "new", "tmp"):
        (root / part).mkdir(parents=True)
    (root / "cur" / "1.a:2,").write_text("From: kim@example.net\nSubject: Hello\n\nText\n")
    write_config(
        f'[accounts.work]\naddress = "ada@example.org"\n[accounts.work.submission]\ncommand = ["/bin/true"]\n'
        f'[accounts.work.maildir]\npath = "{root}"\n'
    )
    assert tuimail_("sync").out == "work: 1 new\n"
    assert synced(tuimail_)["fetched"] == 0


def test_an_account_that_is_not_there_is_a_usage_error(tuimail_: Run, write_config: Callable[[], None]) -> None:
    write_config()
    assert tuimail_("sync", "nobody").code == 64
