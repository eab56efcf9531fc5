"""Another config while the engine runs: an account that comes works at once, one that goes stops, one that changes
starts anew, and nothing else is disturbed."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.imap_program import deliver, other_client
from tests.engine.mail_support import Changes, make_maildir, put_message, subjects
from tests.engine.test_service_recovery import until
from tests.support.scripted_smtp import EHLO_PLAIN, Expect, Letter, ScriptedServer
from tests.support.smtp_sink import PROGRAM, smtp_sink
from tuimail.compose.draft import Draft
from tuimail.config import secrets
from tuimail.config.model import Account, Auth, Config, Identity, OutboxSettings, Rate, Security, SentCopy, Server
from tuimail.config.writing import ConfigFile
from tuimail.engine import Engine
from tuimail.engine.index_request import IndexRequest
from tuimail.engine.mail_accounts import MailAccounts
from tuimail.errors import ConfigError, StorageError
from tuimail.events import ConfigChanged, ItemChanged, NewMailArrived
from tuimail.outbox.model.states import ItemState
from tuimail.submission.result import AccountProblem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from tests.support.dovecot import Dovecot
    from tuimail.events import Event
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.paths import Paths

INBOX = IndexRequest("work")
AT_ONCE = OutboxSettings(undo_seconds=0)
TAKES = (*EHLO_PLAIN, Expect("MAIL", "250 ok"), Expect("RCPT", "250 ok"), Expect("DATA", "354 go"), Letter("250 ok"))
NOWHERE = Server("127.0.0.1", 9, security=Security.NONE, auth=Auth.NONE)


def account(
    name: str, *, root: Path | None = None, submission: Server = NOWHERE, imap: Server | None = None
) -> Account:
    identity = Identity(f"ada@{name}.example", "Ada")
    return Account(name, (identity,), submission, imap=imap, maildir=root, sent_copy=SentCopy.NONE)


def having(*accounts: Account) -> Config:
    return Config({each.name: each for each in accounts}, outbox=AT_ONCE)


def maildir(root: Path, *letters: str) -> Path:
    made = make_maildir(root)
    for each in letters:
        put_message(made, each)
    return made


@asynccontextmanager
async def running(paths: Paths, settings: Config, *, run_outbox: bool = False) -> AsyncIterator[Changes]:
    engine = Engine(settings, paths)
    mail = Changes(engine)
    await engine.start(run_outbox=run_outbox)
    try:
        yield mail
    finally:
        await engine.stop()


def threads_of(name: str) -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name in (f"mail of {name}", f"texts of {name}")}


def heard(engine: Engine, kind: type[Event]) -> list[Event]:
    found: list[Event] = []
    engine.announcer.subscribe(lambda event: found.append(event) if isinstance(event, kind) else None)
    return found


async def queued(engine: Engine, name: str) -> OutboxItem:
    return await engine.drafts.enqueue(Draft(f"draft-{name}", account=name, to="bob@example.net", body="x\n"))


async def stored(engine: Engine, item: OutboxItem) -> OutboxItem:
    return await engine.outbox.query(lambda store: store.item(item.id))


@pytest.mark.skipif(not PROGRAM.exists(), reason="Postfix's smtp-sink is not installed")
async def test_an_account_that_is_written_into_the_config_reads_and_sends_at_once(
    dovecot: Dovecot, paths: Paths
) -> None:
    user = dovecot.new_user()
    server = Server(dovecot.host, dovecot.imaps, Security.TLS, username=user, ca_file=dovecot.ca_file)
    secrets.remember(server, "work", dovecot.password)
    try:
        with other_client(dovecot, server) as client:
            client.create("Sent")
            deliver(client, 1)
            async with smtp_sink() as port, running(paths, Config(), run_outbox=True) as mail:
                engine = mail.engine
                arrived, told = heard(engine, NewMailArrived), heard(engine, ConfigChanged)
                settings = {
                    "address": "ada@example.org",
                    "submission": {"host": "127.0.0.1", "port": port, "security": "none", "auth": "none"},
                    "imap": {
                        "host": dovecot.host,
                        "port": dovecot.imaps,
                        "security": "tls",
                        "username": user,
                        "ca_file": str(dovecot.ca_file),
                    },
                    "sent": {"copy": "append"},
                }
                writing = ConfigFile(paths.config_file)
                writing.set("outbox.undo_seconds", 0)
                change = writing.add_account("work", settings)
                await engine.reconfigure(change.config)
                assert told == [ConfigChanged(frozenset({"work"}))]
                assert subjects(await mail.until(lambda it: it.count == 1, INBOX)) == ["Letter 1"]
                deliver(client, 2)
                await mail.until(lambda it: it.count == 2 and bool(arrived), INBOX)
                assert {each.name for each in await engine.mail.folders()} >= {"INBOX", "Sent"}
                item = await queued(engine, "work")
                await until(engine, item, ItemState.DONE)
                assert client.select("Sent")[1] == [b"1"]
                assert not mail.told
    finally:
        secrets.forget("work")


async def test_an_account_that_goes_stops_and_can_come_back(paths: Paths, tmp_path: Path) -> None:
    work = account("work", root=maildir(tmp_path / "work", "A"))
    home = account("home", root=maildir(tmp_path / "home", "B"))
    async with running(paths, having(work, home)) as mail:
        engine = mail.engine
        index = await mail.until(lambda it: it.count == 1, INBOX)
        await mail.until(lambda it: it.count == 1, IndexRequest("home"))
        waiting, other = await queued(engine, "work"), await queued(engine, "home")
        others, changed = threads_of("home"), heard(engine, ItemChanged)
        assert len(others) == 2
        await engine.reconfigure(having(home))
        assert not threads_of("work")
        assert threads_of("home") == others
        assert [each.account for each in await engine.mail.folders()] == ["home"]
        assert await engine.mail.index(INBOX) is None
        with pytest.raises(StorageError, match="not in the config any more"):
            await engine.mail.flag([index.entries(0, 1)[0].ref], add=1)  # type: ignore[union-attr]
        with pytest.raises(StorageError, match="not in the config any more"):
            await engine.mail.open(index.entries(0, 1)[0].ref)  # type: ignore[union-attr]
        with pytest.raises(ConfigError):
            await engine.drafts.enqueue(Draft("d", account="work", to="bob@example.net", body="x\n"))
        await engine.mail.read(index, 0, 1)  # it may still be on the screen
        blocked = await stored(engine, waiting)
        assert (blocked.state, blocked.trouble) == (ItemState.BLOCKED, AccountProblem.MISSING)
        assert changed == [ItemChanged(waiting.id)]
        assert (await stored(engine, other)).state is ItemState.QUEUED

        put_message(tmp_path / "work", "C")
        await engine.reconfigure(having(home, work))
        assert subjects(await mail.until(lambda it: it.count == 2, INBOX)) == ["A", "C"]
        assert (await stored(engine, waiting)).state is ItemState.QUEUED
        assert (await engine.accounts.health("work")).trouble is None
        assert threads_of("home") == others


async def test_an_account_whose_mail_is_elsewhere_shows_that(dovecot: Dovecot, paths: Paths, tmp_path: Path) -> None:
    servers = [
        Server(dovecot.host, dovecot.imaps, Security.TLS, username=dovecot.new_user(), ca_file=dovecot.ca_file)
        for _ in range(2)
    ]
    try:
        for number, each in enumerate(servers):
            secrets.remember(each, "work", dovecot.password)
            with other_client(dovecot, each) as client:
                deliver(client, number)
        async with running(paths, having(account("work", imap=servers[0]))) as mail:
            before = await mail.until(lambda it: it.count == 1, INBOX)
            assert subjects(before) == ["Letter 0"]
            await mail.engine.reconfigure(having(account("work", imap=servers[1])))
            index = await mail.until(lambda it: subjects(it) == ["Letter 1"], INBOX)
            with await mail.engine.mail.open(index.entries(0, 1)[0].ref) as file:  # type: ignore[union-attr]
                assert b"Text of 1." in file.read()
            await mail.engine.mail.read(before, 0, 1)
            root = maildir(tmp_path / "work", "A")
            await mail.engine.reconfigure(having(account("work", root=root)))
            await mail.until(lambda it: subjects(it) == ["A"], INBOX)
            assert not mail.told
    finally:
        secrets.forget("work")


async def test_a_server_that_cannot_be_reached_does_not_hold_up_the_change(paths: Paths, tmp_path: Path) -> None:
    """The thread waits for an answer that never comes."""
    connected = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        imap = Server("127.0.0.1", port, Security.NONE, username="ada", auth=Auth.PASSWORD)
        secrets.remember(imap, "work", "word")
        try:
            async with running(paths, having(account("work", imap=imap))) as mail, asyncio.timeout(20):
                await connected.wait()
                root = maildir(tmp_path / "work", "A")
                await mail.engine.reconfigure(having(account("work", root=root)))
                await mail.until(lambda it: it.count == 1, INBOX)
        finally:
            secrets.forget("work")


async def test_another_name_does_not_disturb_the_reading(paths: Paths, tmp_path: Path) -> None:
    work = account("work", root=maildir(tmp_path / "work", "A"))
    async with running(paths, having(work)) as mail:
        await mail.until(lambda it: it.count == 1, INBOX)
        threads = threads_of("work")
        named = replace(work, identities=(Identity("countess@work.example", "Countess"),))
        await mail.engine.reconfigure(having(named))
        assert threads_of("work") == threads
        item = await queued(mail.engine, "work")
        assert item.sender == "Countess <countess@work.example>"
        assert (await mail.index(INBOX)).count == 1


async def test_the_next_letter_goes_by_the_new_settings_and_the_connection_before_is_closed(paths: Paths) -> None:
    async with ScriptedServer([TAKES]) as first, ScriptedServer([TAKES]) as second:
        ways = [Server("127.0.0.1", each.port, security=Security.NONE, auth=Auth.NONE) for each in (first, second)]
        async with running(paths, having(account("work", submission=ways[0])), run_outbox=True) as mail:
            engine = mail.engine
            await until(engine, await queued(engine, "work"), ItemState.ACCEPTED, ItemState.DONE)
            assert not first.hung_up.is_set()
            await engine.reconfigure(having(account("work", submission=ways[1])))
            await first.hung_up.wait()
            item = await engine.drafts.enqueue(Draft("other", account="work", to="kim@example.net", body="y\n"))
            await until(engine, item, ItemState.ACCEPTED, ItemState.DONE)
        assert (len(first.letters), len(second.letters)) == (1, 1)


async def test_an_account_in_trouble_is_tried_again_with_other_settings(paths: Paths) -> None:
    async with ScriptedServer([TAKES]) as good:
        way = Server("127.0.0.1", good.port, security=Security.NONE, auth=Auth.NONE)
        refuses = replace(way, auth=Auth.PASSWORD, username="ada")  # there is no keyring: it needs the user
        async with running(paths, having(account("work", submission=refuses)), run_outbox=True) as mail:
            item = await queued(mail.engine, "work")
            await until(mail.engine, item, ItemState.BLOCKED)
            await mail.engine.reconfigure(having(account("work", submission=way)))
            await until(mail.engine, item, ItemState.ACCEPTED, ItemState.DONE)


async def test_limits_and_the_undo_window_are_the_new_ones(paths: Paths) -> None:
    async with running(paths, having(account("work"))) as mail:
        assert (await queued(mail.engine, "work")).not_before is None
        limited = having(replace(account("work"), rate=Rate(3, 60.0)))
        await mail.engine.reconfigure(replace(limited, outbox=OutboxSettings(undo_seconds=30)))
        item = await mail.engine.drafts.enqueue(Draft("e", account="work", to="kim@example.net", body="y\n"))
        assert item.not_before == pytest.approx(mail.engine.clock.now() + 30, abs=10)
        rates = await mail.engine._outbox_store.run(lambda store: store.outbox.rates)
        assert rates == {"work": Rate(3, 60.0)}


async def test_a_password_that_comes_from_elsewhere_is_asked_for_anew(paths: Paths) -> None:
    server = Server("smtp.example.org", 465, username="ada")
    secrets.remember(server, "work", "before")
    try:
        async with running(paths, having(account("work", submission=server))) as mail:

            async def known() -> str:
                return await secrets.secret_for(server, "work", announce=lambda _event: None)

            await mail.engine.reconfigure(having(account("work", submission=replace(server, connections=2))))
            assert await known() == "before"
            otherwise = replace(server, password_command=("echo", "after"))
            await mail.engine.reconfigure(having(account("work", submission=otherwise)))
            assert await secrets.secret_for(otherwise, "work", announce=lambda _event: None) == "after"
    finally:
        secrets.forget("work")


async def test_changes_that_come_together_are_made_one_after_the_other(paths: Paths, tmp_path: Path) -> None:
    roots = [maildir(tmp_path / str(number), f"L{number}") for number in range(3)]
    async with running(paths, Config()) as mail:
        told = heard(mail.engine, ConfigChanged)
        given_up = asyncio.create_task(mail.engine.reconfigure(having(account("work", root=roots[0]))))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(
            *(mail.engine.reconfigure(having(account("work", root=each))) for each in roots[1:]),
        )
        assert len(told) == 3
        await mail.until(lambda it: subjects(it) == ["L2"], INBOX)
        assert len(threads_of("work")) == 2


async def test_one_that_was_begun_is_finished_before_the_next_one_and_before_the_end(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(Config(), paths)
    await engine.start(run_outbox=False)
    begun, gate, real = asyncio.Event(), asyncio.Event(), engine.mail.sync.renew

    async def held(names: Sequence[str]) -> None:
        begun.set()
        await gate.wait()
        await real(names)

    monkeypatch.setattr(engine.mail.sync, "renew", held)
    first, second = having(account("work")), having(account("home"))
    changes = [asyncio.create_task(engine.reconfigure(each)) for each in (first, second)]
    await begun.wait()
    stopping = asyncio.create_task(engine.stop())
    await asyncio.wait([stopping], timeout=0.05)
    assert engine.config is first
    assert not stopping.done()
    gate.set()
    await asyncio.gather(*changes, stopping)
    assert engine.config is second


async def test_before_the_start_and_while_paused_it_is_taken_into_account(paths: Paths, tmp_path: Path) -> None:
    work = account("work", root=maildir(tmp_path / "work", "A"))
    home = account("home", root=maildir(tmp_path / "home", "B"))
    engine = Engine(Config(), paths)
    mail = Changes(engine)
    await engine.reconfigure(having(work))
    assert not threads_of("work")
    await engine.start(run_outbox=False)
    try:
        await mail.until(lambda it: it.count == 1, INBOX)
        engine.mail.sync.pause()
        await engine.reconfigure(having(home))
        assert not threads_of("home")
        engine.mail.sync.resume()
        await mail.until(lambda it: it.count == 1, IndexRequest("home"))
        assert not threads_of("work")
    finally:
        await engine.stop()


async def test_an_outbox_that_cannot_be_written_is_said_and_the_rest_is_in_force(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(paths, Config()) as mail:
        told = heard(mail.engine, ConfigChanged)

        async def full() -> None:
            raise StorageError("The disk is full.")

        monkeypatch.setattr(mail.engine.accounts, "notice_changed_settings", full)
        with pytest.raises(StorageError):
            await mail.engine.reconfigure(having(account("work", root=maildir(tmp_path / "work", "A"))))
        assert told
        await mail.until(lambda it: it.count == 1, INBOX)


@pytest.mark.parametrize(
    ("change", "renewed"),
    [
        (lambda it: it, False),
        (lambda it: replace(it, identities=(Identity("b@example.org"),)), False),
        (lambda it: replace(it, sent_copy=SentCopy.SERVER, rate=Rate(1, 1.0)), False),
        (lambda it: replace(it, notify=("*",)), True),
        (lambda it: replace(it, policy={"*": "all"}), True),
        (lambda it: replace(it, imap=replace(NOWHERE, port=10)), True),
    ],
)
def test_which_mail_is_read_in_another_way(change: Callable[[Account], Account], renewed: bool) -> None:
    work, quiet = account("work", imap=NOWHERE), account("quiet")
    accounts = MailAccounts([work, quiet])
    assert [each.name for each in accounts] == ["work"]
    assert accounts[0] is work
    before = iter(accounts)
    assert accounts.become([change(replace(work)), quiet]) == (["work"] if renewed else [])
    assert (accounts[0] is work) == (accounts[0] == work)
    assert next(before) is work, "one state is seen"
    assert accounts.become([]) == ["work"]
    assert not accounts
    assert accounts.become([work]) == ["work"]
    assert accounts.get("work") is not work, "what was read of the one that went is not that of the one that came"
