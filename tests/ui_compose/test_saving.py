"""Nothing typed is lost: autosave, postponing, cancelling, quitting."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.ui.real_engine import is_open, kept_drafts
from tests.ui_compose.composing import LETTER, composing, full_disk
from tuimail.compose.draft_store import DraftStore
from tuimail.ui.screens.autosave import LONGEST_SECONDS, QUIET_SECONDS, AutosaveSchedule

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft
    from tuimail.paths import Paths


def test_a_save_is_due_after_a_pause() -> None:
    pace = AutosaveSchedule()
    assert pace.due_in(100.0) is None
    pace.changed(100.0)
    assert pace.due_in(100.0) == QUIET_SECONDS
    pace.changed(102.0)
    assert pace.due_in(103.0) == QUIET_SECONDS - 1
    assert pace.due_in(105.0) == 0
    pace.settled()
    assert pace.due_in(105.0) is None


def test_busy_typing_does_not_put_it_off_for_ever() -> None:
    pace = AutosaveSchedule()
    for second in range(20):
        pace.changed(100.0 + second)
        if pace.due_in(100.0 + second) == 0:
            break
    assert second == LONGEST_SECONDS


async def test_a_change_is_saved_and_the_title_says_when(paths: Paths) -> None:
    async with composing(paths) as at:
        await at.press(*"bob@x.org", "ctrl+v", *"Hi")
        assert at.screen._timer is not None
        await at.screen.autosave()
        await at.pilot.pause()
        saved = at.drafts[0]
        assert (saved.to, saved.body, saved.postponed) == ("bob@x.org", "Hi", False)
        assert saved.created_at == saved.updated_at == at.engine.clock.now()
        assert "draft saved 09:00" in at.shown


async def test_the_timer_saves(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuimail.ui.screens.autosave.QUIET_SECONDS", 0.0)
    async with composing(paths, LETTER) as at:
        await at.press("x")
        await at.until(lambda: at.drafts)
        assert at.drafts[0].body == "x" + LETTER.body


async def test_what_is_saved_already_is_not_saved_again(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[str] = []
    save = DraftStore.save

    def noted(drafts: DraftStore, draft: Draft) -> None:
        saved.append(draft.body)
        save(drafts, draft)

    monkeypatch.setattr(DraftStore, "save", noted)
    async with composing(paths, LETTER) as at:
        await at.screen.autosave()
        await at.press("x")
        await at.screen.autosave()
        await at.screen.autosave()
        await at.press("y", "backspace")
        await at.screen.autosave()
        assert saved == ["x" + LETTER.body]


async def test_a_full_disk_is_told_once_and_nothing_is_dropped(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    async with composing(paths, LETTER) as at:
        with monkeypatch.context() as disk:
            disk.setattr("os.fsync", full_disk)
            await at.press("x")
            await at.screen.autosave()
            assert at.status.startswith("The disk is full: ")
            assert "The draft is only in memory" in at.status
            at.screen.say("")
            await at.screen.autosave()
            assert at.status == ""
            assert at.screen.title_bar.note == "draft not saved"
            assert at.screen._timer is not None
            assert at.drafts == []
        await at.screen.autosave()
        assert at.drafts[0].body == "x" + LETTER.body
        assert at.screen.title_bar.note == "draft saved 09:00"


async def test_a_recovered_draft_goes_on_where_it_was(paths: Paths) -> None:
    old = replace(LETTER, created_at=5.0, updated_at=6.0)
    async with composing(paths, old) as at:
        await at.press("x")
        await at.screen.autosave()
        saved = at.drafts[0]
        assert (saved.id, saved.created_at, saved.updated_at) == (old.id, 5.0, at.engine.clock.now())


async def test_postponing_saves_and_closes(paths: Paths) -> None:
    async with composing(paths, LETTER) as at:
        await at.press("ctrl+o")
        await at.until(lambda: not at.open)
        assert at.drafts[0].postponed
        assert not is_open(paths, LETTER.id)
        assert at.status.startswith("Message postponed.")


async def test_postponing_on_a_full_disk_stays(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    async with composing(paths, LETTER) as at:
        with monkeypatch.context() as disk:
            disk.setattr("os.fsync", full_disk)
            await at.press("ctrl+o")
            await at.until(lambda: at.status.startswith("The disk is full: "))
        assert at.open
        assert at.drafts == []


async def test_an_empty_letter_just_closes(paths: Paths) -> None:
    async with composing(paths) as at:
        await at.press("ctrl+c")
        await at.until(lambda: not at.open)
        assert at.drafts == []


@pytest.mark.parametrize(
    ("key", "opened", "kept"),
    [("y", False, 0), ("n", True, 0), ("enter", True, 0), ("ctrl+c", True, 0), ("k", False, 1)],
)
async def test_cancelling_asks_first(paths: Paths, key: str, opened: bool, kept: int) -> None:
    async with composing(paths, LETTER) as at:
        await at.press("ctrl+c")
        assert "Cancel message?" in at.shown
        await at.press(key)
        await at.until(lambda: at.open is opened and at.screen.prompts.current is None if opened else not at.open)
        assert len(at.drafts) == kept


async def test_a_cancelled_message_is_not_kept_although_it_was_saved(paths: Paths) -> None:
    async with composing(paths, LETTER) as at:
        await at.press("x")
        await at.screen.autosave()
        assert len(at.drafts) == 1
        await at.press("ctrl+c", "y")
        await at.until(lambda: not at.open)
        assert at.drafts == []


async def test_quitting_saves_what_was_typed(paths: Paths) -> None:
    async with composing(paths, LETTER) as at:
        await at.press("x")
    assert kept_drafts(paths)[0].body == "x" + LETTER.body


async def test_quitting_saves_nothing_that_was_not_touched_or_is_done(paths: Paths) -> None:
    async with composing(paths, LETTER):
        pass
    assert kept_drafts(paths) == []
    async with composing(paths, LETTER) as at:
        await at.press("x", "ctrl+x", "y")
        await at.until(lambda: not at.open)
    assert kept_drafts(paths) == []
