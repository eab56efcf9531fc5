r"""A draft in \Drafts is sent: the message there goes only after the letter was accepted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.journeys.test_answering import desk  # noqa: F401 - a fixture
from tests.journeys.test_kill import engine_of
from tuimail.errors import OutboxError
from tuimail.journal.action import ActionKind, ActionState
from tuimail.mail.answered_message import AnsweredMessage, AnswerKind
from tuimail.mail.message_ref import MessageRef
from tuimail.outbox.model.states import FlaggingState, ItemState, Verb

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.test_answering import Desk

REF = MessageRef("work", "Drafts", "1700.M7")
DRAFT = (
    b"From: ada@example.org\nTo: kim@example.net\nSubject: Mill\nMessage-ID: <7@phone.example>\n"
    b"In-Reply-To: <1@example.net>\n\nYes.\n"
)


@pytest.fixture
def drafts(desk: Desk) -> Path:  # noqa: F811
    folder = desk.maildir / ".Drafts"
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    (folder / "cur" / f"{REF.key}:2,D").write_bytes(DRAFT)
    return folder / "cur"


def there(drafts: Path) -> dict[str, bytes]:
    """The messages in the folder by file name."""
    return {each.name: each.read_bytes() for each in drafts.iterdir()}


async def test_the_message_goes_when_the_letter_was_accepted_never_before(desk: Desk, drafts: Path) -> None:  # noqa: F811
    desk.accepts(75)
    async with engine_of(desk.program) as engine:
        item = await engine.drafts.enqueue((await engine.answers.continue_draft(REF)).draft)
        await engine.outbox.run_once()
        assert [*there(drafts).values()] == [DRAFT]
        with pytest.raises(OutboxError, match="in the outbox"):
            await engine.answers.continue_draft(REF)
        desk.accepts()
        await engine.outbox.apply_many(Verb.RETRY, [item.id])
        (done,) = await engine.outbox.run_once()
        await engine.mail.replay()
    assert (done.state, done.flagging.state) == (ItemState.DONE, FlaggingState.DONE)
    assert there(drafts) == {}
    assert b"In-Reply-To: <1@example.net>" in desk.sent
    (action,) = (each for each in desk.actions() if each.kind is ActionKind.DELETE)
    assert (action.state, action.cause) == (ActionState.DONE, f"draft of outbox:{item.id}")


async def test_one_that_was_changed_elsewhere_meanwhile_stays(desk: Desk, drafts: Path) -> None:  # noqa: F811
    async with engine_of(desk.program) as engine:
        await engine.drafts.enqueue((await engine.answers.continue_draft(REF)).draft)
        (drafts / f"{REF.key}:2,D").rename(drafts / "1700.M8:2,D")
        (done,) = await engine.outbox.run_once()
        await engine.mail.replay()
    assert done.flagging.state is FlaggingState.DONE
    assert [*there(drafts)] == ["1700.M8:2,D"]


async def test_taken_out_of_the_outbox_it_is_still_the_same_draft(desk: Desk, drafts: Path) -> None:  # noqa: F811
    async with engine_of(desk.program) as engine:
        item = await engine.drafts.enqueue((await engine.answers.continue_draft(REF)).draft, held=True)
        draft = await engine.outbox.edit(item.id)
        assert draft.draft_copy == item.draft_copy
        await engine.drafts.close(draft.id)
        assert ((await engine.answers.continue_draft(REF)).draft).id == draft.id
    assert there(drafts)


async def test_a_headless_run_does_both_steps_of_an_answer_that_was_a_draft(desk: Desk, drafts: Path) -> None:  # noqa: F811
    answers = AnsweredMessage(MessageRef("work", "INBOX", "1700.M1"), AnswerKind.REPLIED)
    async with engine_of(desk.program) as engine:
        draft = replace((await engine.answers.continue_draft(REF)).draft, answers=answers)
        await engine.drafts.enqueue(draft)
    desk.runs()
    assert there(drafts) == {}
    assert desk.flags() == "RS"


async def test_what_another_program_s_draft_answers_gets_its_flag_when_it_was_accepted(
    desk: Desk,  # noqa: F811
    drafts: Path,
) -> None:
    async with engine_of(desk.program) as engine:
        await engine.mail.look()
        prepared = await engine.answers.continue_draft(REF)
        assert prepared.draft.answers == AnsweredMessage(MessageRef("work", "INBOX", "1700.M1"), AnswerKind.REPLIED)
        await engine.drafts.enqueue(prepared.draft)
        assert desk.flags() == "S"
        (done,) = await engine.outbox.run_once()
        await engine.mail.replay()
    assert done.flagging.state is FlaggingState.DONE
    assert (desk.flags(), there(drafts)) == ("RS", {})


@pytest.mark.parametrize("before", [b"<1@example.net>", b"In-Reply-To: <1@example.net>\n"])
async def test_what_names_no_message_that_is_there_answers_none(desk: Desk, drafts: Path, before: bytes) -> None:  # noqa: F811
    after = b"<2@example.net>" if before.startswith(b"<") else b""
    (drafts / f"{REF.key}:2,D").write_bytes(DRAFT.replace(before, after))
    async with engine_of(desk.program) as engine:
        await engine.mail.look()
        assert (await engine.answers.continue_draft(REF)).draft.answers is None
