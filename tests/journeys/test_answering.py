"""A received message is answered, the answer leaves, and only then the message is marked: engine, program, Maildir."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.journeys.test_kill import engine_of
from tests.journeys.waiting import until
from tests.outbox.scene import SetClock
from tuimail.compose.attachment import AttachedFile
from tuimail.config.loader import load
from tuimail.engine import Engine
from tuimail.errors import DuplicateLetterError, StorageError, UsageError
from tuimail.journal.action import ActionKind, ActionMessage, ActionState, MailAction
from tuimail.journal.store import ActionJournal
from tuimail.mail.answered_message import AnsweredMessage, AnswerKind
from tuimail.mail.content import whole
from tuimail.mail.message_ref import MessageRef
from tuimail.mail.reply_recipients import ReplyKind
from tuimail.outbox.model.states import FlaggingState, ItemState

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.program import Program
    from tuimail.outbox.model.item import OutboxItem

REF = MessageRef("work", "INBOX", "1700.M1")
LETTER = (
    b"From: Kim <kim@example.net>\nTo: ada@example.org\nSubject: Mill\nMessage-ID: <1@example.net>\n"
    b"Content-Type: multipart/mixed; boundary=b\n\n"
    b"--b\n\nIs it done?\n--b\nContent-Type: image/png; name=mill.png\n\nPNG\n--b--\n"
)
ARCHIVED = MailAction("work", ActionKind.MOVE, "INBOX", (ActionMessage(REF.key),), target="Archive")


class Desk(NamedTuple):
    """Ada's program, her Maildir with Kim's letter, and the command that takes what she sends."""

    program: Program
    maildir: Path
    command: Path

    def accepts(self, code: int = 0) -> None:
        """The command ends with ``code`` from now on."""
        sent = self.command.parent / "sent"
        self.command.write_text(f"#!/bin/sh\ncat > {sent}; exit {code}\n")

    @property
    def sent(self) -> bytes:
        """What it was given last."""
        return (self.command.parent / "sent").read_bytes()

    def flags(self, folder: str = "") -> str:
        """Those in the name of the letter's file."""
        (path,) = (self.maildir / folder / "cur").glob("*")
        return path.name.partition(":2,")[2]

    def actions(self) -> list[MailAction]:
        """The journal."""
        with closing(ActionJournal(self.program.paths.journal)) as journal:
            return journal.actions()

    def runs(self) -> None:
        """A headless run of the outbox, in a process of its own."""
        ran = self.program.run("outbox", "run")
        assert ran.code == 0, ran


@pytest.fixture
def desk(program: Program) -> Desk:
    maildir = program.home / "Maildir"
    for folder in ("", ".Archive"):
        for part in ("cur", "new", "tmp"):
            (maildir / folder / part).mkdir(parents=True)
    (maildir / "cur" / "1700.M1:2,S").write_bytes(LETTER)
    command = program.home / "sendmail"
    command.touch(mode=0o700)
    program.configure(
        'default_account = "work"\n[accounts.work]\naddress = "ada@example.org"\n'
        f'[accounts.work.submission]\ncommand = ["{command}", "-oi"]\n'
        f'[accounts.work.maildir]\npath = "{maildir}"\n[accounts.work.sent]\ncopy = "none"\n'
        "[outbox]\nundo_seconds = 0\n"
    )
    made = Desk(program, maildir, command)
    made.accepts()
    return made


async def replied(engine: Engine) -> OutboxItem:
    prepared = await engine.answers.answer(REF, ReplyKind.REPLY)
    return await engine.drafts.enqueue(prepared.draft)


async def test_a_reply_marks_the_message_when_it_was_accepted(desk: Desk) -> None:
    async with engine_of(desk.program) as engine:
        item = await replied(engine)
        assert (item.answers, desk.flags()) == (AnsweredMessage(REF, AnswerKind.REPLIED), "S")
        (done,) = await engine.outbox.run_once()
    assert (done.state, done.flagging.state) == (ItemState.DONE, FlaggingState.DONE)
    assert desk.flags() == "RS"
    assert b"In-Reply-To: <1@example.net>" in desk.sent
    assert b"> Is it done?" in desk.sent
    assert [(each.state, each.cause) for each in desk.actions()] == [(ActionState.DONE, f"outbox:{item.id}")]


async def test_the_running_program_does_so_too(desk: Desk) -> None:
    engine = Engine(load(desk.program.paths), desk.program.paths)
    await engine.start()
    try:
        item = await replied(engine)

        async def is_marked() -> bool:
            found = await engine.outbox.query(lambda outbox: outbox.item(item.id))
            return found.flagging.state is FlaggingState.DONE

        await until(engine, is_marked)
    finally:
        await engine.stop()
    assert desk.flags() == "RS"


async def test_a_process_without_a_screen_does_so_too(desk: Desk) -> None:
    async with engine_of(desk.program) as engine:
        await replied(engine)
    assert desk.flags() == "S"
    desk.runs()
    assert desk.flags() == "RS"
    desk.runs()
    assert len(desk.actions()) == 1


@pytest.mark.parametrize("code", [75, 67])
async def test_a_reply_that_was_not_accepted_marks_nothing(desk: Desk, code: int) -> None:
    desk.accepts(code)
    async with engine_of(desk.program) as engine:
        item = await replied(engine)
        await engine.outbox.run_once()
        found = await engine.outbox.query(lambda outbox: outbox.item(item.id))
    assert found.state in (ItemState.DEFERRED, ItemState.FAILED)
    assert (desk.flags(), desk.actions()) == ("S", [])


@pytest.mark.parametrize("attached", [False, True])
async def test_forwarded(desk: Desk, attached: bool) -> None:
    async with engine_of(desk.program) as engine:
        draft = await engine.answers.forward(REF, attached=attached)
        assert [each.name for each in draft.attachments] == ["Mill.eml" if attached else "mill.png"]
        assert [each.id for each in await engine.drafts.available()] == [draft.id], "it survives a crash with its files"
        await engine.drafts.enqueue(replace(draft, to="bob@example.net"))
        assert await engine.drafts.available() == []
        await engine.outbox.run_once()
    assert desk.flags() == "PS"
    assert (b"Content-Type: message/rfc822" in desk.sent) is attached


async def test_resent_byte_for_byte_and_only_once(desk: Desk) -> None:
    async with engine_of(desk.program) as engine:
        item = await engine.answers.bounce(REF, "bob@example.net")
        assert whole(await engine.outbox.content(item.id)).endswith(LETTER.replace(b"\n", b"\r\n"))
        with pytest.raises(DuplicateLetterError):
            await engine.answers.bounce(REF, "bob@example.net")
        assert (await engine.answers.bounce(REF, "bob@example.net", again=True)).id != item.id
        await engine.outbox.run_once()
    assert b"Resent-To: bob@example.net" in desk.sent
    assert desk.sent.replace(b"\r\n", b"\n").endswith(LETTER)
    assert desk.flags() == "PS"


async def test_what_was_to_be_resent_comes_back_as_a_draft_for_the_same_people(desk: Desk) -> None:
    async with engine_of(desk.program) as engine:
        item = await engine.answers.bounce(REF, "Bob <bob@example.net>, eve@example.net")
        draft = await engine.outbox.edit(item.id)
        assert (draft.to, draft.cc, draft.body, draft.subject) == (
            "Bob <bob@example.net>, eve@example.net",
            "",
            "",
            "Fwd: Mill",
        )
        (attached,) = draft.attachments
        assert whole(AttachedFile(attached)) == LETTER.replace(b"\n", b"\r\n")
        await engine.drafts.enqueue(draft)
        await engine.outbox.run_once()
    assert desk.flags() == "PS"


async def test_as_a_new_letter_it_answers_nothing(desk: Desk) -> None:
    async with engine_of(desk.program) as engine:
        draft = await engine.answers.edit_as_new(REF)
        assert (draft.to, draft.body, len(draft.attachments)) == ("ada@example.org", "Is it done?", 1)
        await engine.drafts.enqueue(draft)
        await engine.outbox.run_once()
    assert (desk.flags(), desk.actions()) == ("S", [])


async def test_an_answer_taken_out_of_the_outbox_still_answers(desk: Desk) -> None:
    async with engine_of(desk.program) as engine:
        item = await replied(engine)
        draft = await engine.outbox.edit(item.id)
        assert draft.answers == item.answers
        await engine.drafts.enqueue(draft)
        await engine.outbox.run_once()
    assert desk.flags() == "RS"
    assert len(desk.actions()) == 1


DYING = """
import asyncio, os, signal, sys, threading
from tuimail.config.loader import load
from tuimail.engine import Engine, answered_flags
from tuimail.engine.account_work import AccountWork
from tuimail.outbox.store.answered_flags import AnsweredFlagRecords
from tuimail.paths import Paths

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[1] == "accepted":
    answered_flags.AnsweredFlags.flag = die
elif sys.argv[1] == "journaled":
    AccountWork.replay = lambda work: work.journal.actions() and die()
else:
    AnsweredFlagRecords.record = lambda *args: threading.Event().wait()
    carry_out = AccountWork.replay
    AccountWork.replay = lambda work: (carry_out(work), work.journal.actions() and die())

async def run():
    paths = Paths.from_environment()
    engine = Engine(load(paths), paths)
    await engine.start(run_outbox=False)
    await engine.outbox.run_once()

asyncio.run(run())
"""


@pytest.mark.on_disk
@pytest.mark.parametrize(("moment", "flags"), [("accepted", "S"), ("journaled", "S"), ("flagged", "RS")])
async def test_killed_after_the_acceptance_the_mark_is_made_at_the_next_start(
    desk: Desk, moment: str, flags: str
) -> None:
    async with engine_of(desk.program) as engine:
        item = await replied(engine)
    argv = [sys.executable, "-c", DYING, moment]
    killed = await asyncio.to_thread(subprocess.run, argv, env=desk.program.environment, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert desk.flags() == flags
    assert b"In-Reply-To" in desk.sent
    (desk.command.parent / "sent").unlink()
    desk.runs()
    assert desk.flags() == "RS"
    assert not (desk.command.parent / "sent").exists(), "the letter did not go again"
    assert [(each.state, each.cause) for each in desk.actions()] == [(ActionState.DONE, f"outbox:{item.id}")]


async def test_what_was_archived_meanwhile_is_marked_where_it_is(desk: Desk) -> None:
    async with engine_of(desk.program) as engine:
        await replied(engine)
        await engine.mail.change_once("work", "the user", lambda _: ARCHIVED)
        await engine.outbox.run_once()
    assert desk.flags(".Archive") == "RS"


async def test_what_was_deleted_meanwhile_is_told_in_the_journal(desk: Desk) -> None:
    async with engine_of(desk.program) as engine:
        await replied(engine)
        next((desk.maildir / "cur").iterdir()).unlink()
        (done,) = await engine.outbox.run_once()
    assert (done.state, done.flagging.state) == (ItemState.DONE, FlaggingState.DONE)
    assert [each.state for each in desk.actions()] == [ActionState.DROPPED]


async def test_a_maildir_that_is_not_there_now_is_marked_later(desk: Desk) -> None:
    away = desk.maildir.with_name("away")
    async with engine_of(desk.program) as engine:
        await replied(engine)
    desk.maildir.rename(away)
    async with engine_of(desk.program) as engine:
        (done,) = await engine.outbox.run_once()
        assert (done.state, done.flagging.state) == (ItemState.DONE, FlaggingState.DONE)
    assert [each.state for each in desk.actions()] == [ActionState.WAITING]
    away.rename(desk.maildir)
    desk.runs()
    assert desk.flags() == "RS"
    assert len(desk.actions()) == 1


async def test_a_journal_that_cannot_be_written_now_is_asked_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuimail.journal.database.BUSY_SECONDS", 0.0)
    clock = SetClock()
    engine = Engine(load(desk.program.paths), desk.program.paths, clock=clock)
    index = desk.program.paths.journal / "index.db"
    await engine.start(run_outbox=False)
    try:
        await replied(engine)
        await engine.mail.change_once("work", "opened", lambda _: ARCHIVED)
        with closing(sqlite3.connect(index)) as other:
            other.execute("BEGIN IMMEDIATE")
            (item,) = await engine.outbox.run_once()
        assert (item.state, item.flagging.state, item.flagging.attempts) == (ItemState.DONE, FlaggingState.DUE, 1)
        assert item.flagging.words
        assert await engine.outbox.run_once() == []
        clock.move(3600)
        (item,) = await engine.outbox.run_once()
    finally:
        await engine.stop()
    assert (item.flagging.state, desk.flags(".Archive")) == (FlaggingState.DONE, "RS")


async def test_a_message_that_is_gone_or_of_no_maildir_is_refused(desk: Desk) -> None:
    async with engine_of(desk.program) as engine:
        with pytest.raises(StorageError, match="gone"):
            await engine.answers.answer(MessageRef("work", "INBOX", "2"), ReplyKind.REPLY)
        with pytest.raises(UsageError, match="no account"):
            await engine.answers.forward(MessageRef("home", "INBOX", "2"))
        assert await engine.drafts.available() == []
