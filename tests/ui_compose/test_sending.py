"""From ^X to the outbox: never waits for the network, never loses the letter, never sends twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.ui.scene import account
from tests.ui_compose.composing import LETTER, composing, full_disk
from tuimail.compose.draft import Attachment, Draft
from tuimail.compose.review import ReviewFinding, review
from tuimail.errors import AttachmentError, MessageError
from tuimail.mail.content import whole
from tuimail.outbox.model.states import ItemState
from tuimail.ui.screens.main_menu import MainMenuScreen
from tuimail.ui.screens.send_dialog import SendDialog, page

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.paths import Paths


@pytest.fixture
def named(tmp_path: Path) -> Draft:
    """A letter with recipients of every kind and a file."""
    file = tmp_path / "a.pdf"
    file.write_bytes(b"%PDF-" + bytes(34_099))
    attached = Attachment(str(file), "a.pdf", "application/pdf", 34_104)
    return replace(LETTER, cc="eve@example.net", bcc="secret@example.org", attachments=(attached,))


async def test_the_page_shows_the_letter_as_it_would_go(paths: Paths, named: Draft) -> None:
    async with composing(paths, named) as at:
        at.find(ReviewFinding("body", "You write of an attachment [b]."))
        await at.press("ctrl+x")
        assert isinstance(at.app.screen, SendDialog)
        expected = (
            "work, smtp.example.org:465",
            "bob@example.net",
            "eve@example.net",
            "secret@example.org",
            "a.pdf",
            "Minutes",
            "about 48 KB",
            "! You write of an attachment [b].",
            "Send message?",
        )
        for words in expected:
            assert words in at.shown
        assert "L Later" in at.shown
        assert at.queued == []


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)], ids=str)
async def test_the_page_shows_how_the_text_begins(paths: Paths, size: tuple[int, int]) -> None:
    text = "\n\nDear \u202eBob,\n\n" + "word " * 40 + "\n" + "".join(f"line {number}\n" for number in range(20))
    async with composing(paths, replace(LETTER, body=text, subject=" "), size=size) as at:
        await at.press("ctrl+x")
        rows = [row.strip() for row in at.shown.splitlines()]
        assert "Subject      (none)" in rows
        assert "Attachments  (none)" in rows
        first = rows.index("Text         Dear <U+202E>Bob,")
        assert rows[first + 1] == ""
        assert size[1] < 24 or rows[first + 2].startswith("word word")
        if size[1] >= 24:
            # Folded lines stand beneath each other.
            edge = at.shown.splitlines()[first].index("Dear")
            assert at.shown.splitlines()[first + 3][edge:].startswith("word")
        assert "..." in rows[first + 2 :]
        assert "line 19" not in at.shown


async def test_a_page_with_many_recipients_can_be_scrolled_by_key(paths: Paths) -> None:
    many = ", ".join(f"someone{number}@example.net" for number in range(60))
    async with composing(paths, replace(LETTER, to=many)) as at:
        await at.press("ctrl+x")
        assert "Dear all," not in at.shown
        await at.press("end")
        await at.press()
        assert "Dear all," in at.shown
        await at.press("y")
        await at.until(lambda: not at.open)


async def test_the_real_review_warns_of_subject_and_attachment(paths: Paths) -> None:
    draft = replace(LETTER, subject="", body="I attach the plan.")
    async with composing(paths, draft) as at:
        await at.press("ctrl+x")
        assert "! The letter has no subject." in at.shown
        assert '! The text says "attach", but no file is attached.' in at.shown
        await at.press("y")
        await at.until(lambda: not at.open)


@pytest.mark.parametrize("key", ["y", "Y", "enter", "ctrl+x"])
async def test_sending_queues_and_closes(paths: Paths, key: str) -> None:
    async with composing(paths, LETTER) as at:
        await at.press(*"Hi ", "ctrl+x", key)
        await at.until(lambda: not at.open)
        assert isinstance(at.app.screen, MainMenuScreen)
        assert at.status == '"Minutes" goes in 5 s.  U to undo'
        (letter,) = at.queued
        assert letter.composing == LETTER.id
        assert b"\r\n\r\nHi Dear all,\r\n" in whole(await at.engine.outbox.content(letter.id))
        assert at.drafts == []


async def test_what_was_queued_can_be_taken_back(paths: Paths) -> None:
    async with composing(paths, LETTER) as at:
        await at.press("ctrl+x", "y")
        await at.until(lambda: not at.open)
        await at.press("u")
        await at.until(lambda: at.open)
        assert at.screen.draft.subject == LETTER.subject
        assert [each.id for each in at.queued] == [at.screen.draft.revises]


@pytest.mark.parametrize("key", ["n", "ctrl+c", "escape"])
async def test_back_from_the_page_changes_nothing(paths: Paths, key: str) -> None:
    async with composing(paths, LETTER) as at:
        await at.press("ctrl+x", key)
        await at.until(lambda: at.app.screen is at.screen)
        assert at.queued == []
        assert at.screen.form.untouched
        await at.press("ctrl+x")
        assert isinstance(at.app.screen, SendDialog)


async def test_holding_queues_without_a_time(paths: Paths) -> None:
    async with composing(paths, LETTER) as at:
        await at.press("ctrl+x", "h")
        await at.until(lambda: not at.open)
        assert [(each.state, each.not_before) for each in at.queued] == [(ItemState.HELD, None)]
        assert at.status.startswith('"Minutes" is held in the outbox')


async def test_another_sender_from_the_page(paths: Paths) -> None:
    async with composing(paths, LETTER) as at:
        await at.press("ctrl+x", "f")
        await at.until(lambda: "ada@home.example" in at.shown)
        await at.press("y")
        await at.until(lambda: not at.open)
        assert at.queued[0].account == "home"


async def test_while_storing_waits_keys_wait_and_nothing_goes_twice(paths: Paths) -> None:
    async with composing(paths, LETTER) as at:
        gate = at.engine.hold(at.engine.drafts, "enqueue")
        await at.press("ctrl+x", "y")
        await at.until(lambda: gate.calls)
        await at.press("y", "ctrl+x")
        assert at.open
        assert "Storing" in at.status
        assert gate.calls == 1
        gate.open()
        await at.until(lambda: not at.open)
        assert len(at.queued) == 1


async def test_keys_typed_ahead_while_the_review_is_made_send_once(paths: Paths) -> None:
    async with composing(paths, LETTER) as at:
        gate = at.engine.hold(at.engine.drafts, "review")
        await at.press("ctrl+x", "y", "ctrl+x")
        assert at.queued == []
        assert len(at.app.screen_stack) == 3
        gate.open()
        await at.until(lambda: not at.open)
        assert len(at.queued) == 1


async def test_an_answer_typed_before_a_warning_was_seen_does_not_count(paths: Paths) -> None:
    async with composing(paths, LETTER) as at:
        at.find(ReviewFinding("attachment", "Nothing is attached."))
        gate = at.engine.hold(at.engine.drafts, "review")
        await at.press("ctrl+x", "y")
        gate.open()
        await at.until(lambda: "Nothing is attached." in at.shown)
        assert at.queued == []
        await at.press("y")
        await at.until(lambda: not at.open)


async def test_a_disk_that_refuses_leaves_the_letter_in_the_composer(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with composing(paths, LETTER) as at:
        with monkeypatch.context() as disk:
            disk.setattr("os.fsync", full_disk)
            await at.press(*"Hi ", "ctrl+x", "y")
            await at.until(lambda: at.app.screen is at.screen)
        assert at.status.startswith("The disk is full: ")
        assert at.queued == []
        assert at.screen.form.body.text == "Hi " + LETTER.body
        await at.press("ctrl+x", "y")
        await at.until(lambda: not at.open)


@pytest.mark.parametrize("answer", ["y", "n"])
async def test_a_letter_sent_before_is_asked_about(paths: Paths, answer: str) -> None:
    async with composing(paths, LETTER) as at:
        await at.engine.drafts.enqueue(replace(LETTER, id="another"), held=True)
        await at.press("ctrl+x", "y")
        await at.until(lambda: "Send it again?" in at.shown)
        await at.press(answer)
        if answer == "y":
            await at.until(lambda: not at.open)
            assert {each.composing for each in at.queued} == {"another", LETTER.id}
        else:
            await at.until(lambda: at.status == "Not sent again.")
            assert [each.composing for each in at.queued] == ["another"]
            await at.press("n")
            await at.until(lambda: at.app.screen is at.screen)


@pytest.mark.parametrize("part", ["to", "cc", "bcc", "subject", "attachment", "from", "body"])
async def test_what_is_fatal_puts_the_cursor_there(paths: Paths, part: str) -> None:
    async with composing(paths) as at:
        at.find(ReviewFinding("subject", "only a warning"), ReviewFinding(part, "Cannot go [x].", fatal=True))
        await at.press("ctrl+x")
        await at.until(lambda: at.status == "Cannot go [x].")
        await at.until(lambda: at.screen.focused is at.screen.form.field_of(part))
        assert at.app.screen is at.screen


@pytest.mark.parametrize(
    ("error", "part"),
    [(MessageError("No.", field="cc"), "cc"), (AttachmentError("a.pdf is gone.", path="/x"), "attachment")],
)
async def test_what_is_found_while_storing_puts_the_cursor_there(
    paths: Paths, named: Draft, error: MessageError, part: str
) -> None:
    async with composing(paths, named) as at:
        at.engine.refuse(at.engine.drafts, "enqueue", error)
        await at.press("ctrl+x", "y")
        await at.until(lambda: at.app.screen is at.screen and at.status == str(error))
        await at.until(lambda: at.screen.focused is at.screen.form.field_of(part))


async def test_a_wrong_address_does_not_reach_the_page(paths: Paths) -> None:
    async with composing(paths, replace(LETTER, cc="bob@@x")) as at:
        await at.press("ctrl+x")
        await at.until(lambda: at.screen.focused is at.screen.form.cc.editor)
        assert "bob@@x" in at.status
        assert at.app.screen is at.screen


async def test_a_file_that_goes_away_before_it_is_stored_puts_the_cursor_there(
    paths: Paths, named: Draft, tmp_path: Path
) -> None:
    async with composing(paths, named) as at:
        await at.press("ctrl+x")
        (tmp_path / "a.pdf").unlink()
        await at.press("y")
        await at.until(lambda: at.app.screen is at.screen and "a.pdf" in at.status)
        await at.until(lambda: at.screen.focused is at.screen.form.field_of("attachment"))
        assert at.queued == []


def test_the_dialog_shows_what_hides_and_what_may_be_taken_for_another() -> None:
    draft = Draft(to="Bob <bob@r\u0430ypal.com>, eve@example.org", subject="pay\u202e12", body="x")
    shown = page(draft, review(draft, account("work", "ada@example.org")), 80).plain
    assert "(xn--rypal-4ve.com)" in shown
    assert "pay<U+202E>12" in shown


UNREACHABLE = "smtp.example.org cannot be reached; is there a network?"


async def test_what_cannot_go_now_is_said_to_wait(paths: Paths) -> None:
    async with composing(paths, LETTER) as at:
        await at.press("ctrl+x", "y")
        await at.until(lambda: not at.open)
        (letter,) = at.queued
        await at.engine.change(letter.id, state=ItemState.QUEUED)
        await at.press()
        assert at.status.startswith('"Minutes" goes'), "nothing is known yet"
        await at.engine.change(letter.id, state=ItemState.DEFERRED, words=UNREACHABLE)
        await at.press()
        assert at.status == f'"Minutes" waits, and goes by itself. {UNREACHABLE}  U to undo'
        at.engine.stopped_clock.moment += 3600
        at.app.undo.tick()
        assert "waits" in at.status, "the countdown is over"
        await at.press("u")
        await at.until(lambda: at.open)
        assert at.screen.draft.subject == LETTER.subject


async def test_what_was_said_since_stays(paths: Paths) -> None:
    async with composing(paths, LETTER) as at:
        await at.press("ctrl+x", "y")
        await at.until(lambda: not at.open)
        at.app.say("Something newer.")
        await at.engine.change(at.queued[0].id, state=ItemState.DEFERRED, words=UNREACHABLE)
        await at.press()
        assert at.status == "Something newer."


async def test_a_letter_that_went_is_followed_no_more(paths: Paths) -> None:
    async with composing(paths, LETTER) as at:
        await at.press("ctrl+x", "y")
        await at.until(lambda: not at.open)
        (letter,) = at.queued
        before = at.status
        for state in (ItemState.ACCEPTED, ItemState.DEFERRED):
            await at.engine.change(letter.id, state=state, words=UNREACHABLE)
            await at.press()
            assert at.status == before
