"""engine.mail on an mbox: shown like any account, followed, and refused where something would change."""

from __future__ import annotations

import shutil
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import Changes, entries, subjects
from tests.ui.scene import config
from tuimail.engine import Engine, mailbox_watch
from tuimail.engine.configured_source import MailSources
from tuimail.engine.index_request import IndexRequest
from tuimail.engine.received_bytes import received_bytes
from tuimail.errors import StorageError, TuimailError
from tuimail.mail.flags import FLAGGED, SEEN
from tuimail.mail.pattern import parse
from tuimail.mailboxes.watch import FileWatch
from tuimail.paths import Paths

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path
    from typing import Any

    from tuimail.config.model import Config
    from tuimail.engine.mail import Mail
    from tuimail.mail.message_ref import MessageRef

INBOX = IndexRequest("work")
FROM = "From ada@example.org Thu Oct  1 10:00:00 2026\n"


def letter(name: str, status: str = "") -> str:
    head = f"From: Ada <ada@example.org>\nSubject: {name}\nMessage-ID: <{name}@x>\n{status}"
    return f"{FROM}{head}\nText of {name}\n\n"


@pytest.fixture
def mbox(tmp_path: Path) -> Path:
    path = tmp_path / "mbox"
    path.write_text(letter("a", "Status: RO\n") + letter("b"))
    return path


def settings(mbox: Path) -> Config:
    made = config()
    return replace(made, accounts={**made.accounts, "work": replace(made.accounts["work"], mbox=mbox)})


@asynccontextmanager
async def running(tmp_path: Path, mbox: Path) -> AsyncIterator[Changes]:
    engine = Engine(settings(mbox), Paths.under(tmp_path / "home"))
    changes = Changes(engine)
    await engine.start(run_outbox=False)
    try:
        yield changes
    finally:
        await engine.stop()


async def test_it_is_shown_and_searched_like_any_account(tmp_path: Path, mbox: Path) -> None:
    async with running(tmp_path, mbox) as mail:
        index = await mail.until(lambda it: it.count == 2, INBOX)
        assert subjects(index) == ["a", "b"]
        assert (index.counts.total, index.counts.unread) == (2, 1)
        with await mail.engine.mail.open(entries(index)[1].ref) as file:
            assert file.read().endswith(b"\n\nText of b\n")
        found = await mail.index(replace(INBOX, limit=parse('~b "text of b"', now=0)))
        assert subjects(found) == ["b"]


async def test_what_other_programs_append_is_told_by_the_system(
    tmp_path: Path, mbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_watch, "WATCHED", 3600.0)
    monkeypatch.setattr(mailbox_watch, "POLLED", 3600.0)
    async with running(tmp_path, mbox) as mail:
        await mail.until(lambda it: it.count == 2, INBOX)
        append(mbox, letter("c"))
        await mail.until(lambda it: it.count == 3, INBOX)
        replace_file(mbox, letter("c"))
        await mail.until(lambda it: subjects(it) == ["c"], INBOX)
        append(mbox, letter("d"))
        await mail.until(lambda it: subjects(it) == ["c", "d"], INBOX)


async def test_where_the_system_tells_nothing_it_is_looked_at_now_and_then(
    tmp_path: Path, mbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_watch, "POLLED", 0.01)
    monkeypatch.setattr(FileWatch, "open", lambda _: False)
    async with running(tmp_path, mbox) as mail:
        await mail.until(lambda it: it.count == 2, INBOX)
        append(mbox, letter("c"))
        await mail.until(lambda it: it.count == 3, INBOX)


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def content(path: Path) -> str:
    return path.read_text()


def replace_file(path: Path, text: str) -> None:
    other = path.with_name("other")
    other.write_text(text)
    shutil.move(other, path)


CHANGES: dict[str, Callable[[Mail, MessageRef], Coroutine[Any, Any, object]]] = {
    "flag": lambda mail, ref: mail.flag([ref], add=FLAGGED | SEEN),
    "move": lambda mail, ref: mail.move([ref], "INBOX"),
    "copy": lambda mail, ref: mail.copy([ref], "Elsewhere"),
    "delete": lambda mail, ref: mail.delete([ref]),
    "archive": lambda mail, ref: mail.move_to_special([ref], "archive"),
    "mark": lambda mail, ref: mail.mark_deleted([ref]),
    "unmark": lambda mail, ref: mail.mark_deleted([ref], marked=False),
    "all read": lambda mail, _: mail.mark_all_read(INBOX),
    "create": lambda mail, _: mail.mailboxes.create("work", "New"),
    "rename": lambda mail, _: mail.mailboxes.rename("work", "INBOX", "New"),
    "remove": lambda mail, _: mail.mailboxes.delete("work", "INBOX"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_what_would_change_it_is_refused(
    tmp_path: Path, mbox: Path, change: Callable[[Mail, MessageRef], Coroutine[Any, Any, object]]
) -> None:
    async with running(tmp_path, mbox) as mail:
        index = await mail.until(lambda it: it.count == 2, INBOX)
        rows = entries(index)
        with pytest.raises(TuimailError, match=r"mbox .* is read only"):
            await change(mail.engine.mail, rows[1].ref)
        assert [each.row for each in entries(await mail.index(INBOX))] == [each.row for each in rows]
    assert content(mbox) == letter("a", "Status: RO\n") + letter("b")


async def test_bytes_are_found_without_the_cache(tmp_path: Path, mbox: Path) -> None:
    async with running(tmp_path, mbox) as mail:
        ref = entries(await mail.until(lambda it: it.count == 2, INBOX))[1].ref
    replace_file(mbox, letter("first") + letter("b", "Status: RO\n"))
    sources = MailSources(Paths.under(tmp_path))
    assert received_bytes(settings(mbox), sources, ref).endswith(b"\n\nText of b\n")
    for other in (replace(ref, key="0" * 32), replace(ref, key=f"{ref.key}.2"), replace(ref, folder="None")):
        with pytest.raises(StorageError):
            received_bytes(settings(mbox), sources, other)
