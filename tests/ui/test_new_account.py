"""An account that comes while the program runs is on the screens at once, and one that goes is not any more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.mail_support import Changes, make_maildir, put_message
from tests.ui.reading import press
from tests.ui.real_engine import SceneEngine
from tests.ui.scene import config
from tests.ui.screen_text import lines, settle, text
from tuimail.compose.draft import Draft
from tuimail.config.model import Config, Identity, Problem
from tuimail.config.writing import ConfigFile
from tuimail.engine.index_request import IndexRequest
from tuimail.events import AccountPaused
from tuimail.ui.app import TuimailApp
from tuimail.ui.requests import ShowAccounts, ShowComposer, ShowFolders, ShowIndex

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.paths import Paths

CLUB: dict[str, Any] = {"address": "ada@club.example", "submission": {"command": ["/bin/false"]}}


async def test_a_maildir_that_is_added_is_in_the_folder_list(paths: Paths, tmp_path: Path) -> None:
    root = make_maildir(tmp_path / "Mail", "Letters")
    put_message(root, "A", "The mill")
    engine = SceneEngine(paths, settings=Config())
    changes = Changes(engine)
    app = TuimailApp(engine)
    writing = ConfigFile(paths.config_file)
    try:
        async with app.run_test(size=(100, 24)) as pilot:
            app.navigation.open(ShowFolders())
            await settle(pilot)
            assert "Letters" not in text(app)
            change = writing.add_account("club", {**CLUB, "maildir": {"path": str(root)}})
            await engine.reconfigure(change.config)
            await changes.until(lambda it: it.count == 1, IndexRequest("club"))
            await settle(pilot)
            assert "club" in lines(app)[0]
            assert "INBOX" in text(app)
            assert "Letters" in text(app)
            app.navigation.open(ShowIndex(IndexRequest("club")))
            await settle(pilot)
            assert "The mill" in text(app)

            await engine.reconfigure(writing.undo(change).config)
            await settle(pilot)
            assert "club" not in lines(app)[0]
            assert "The mill" not in text(app)
            assert "not in the configuration any more" in text(app)
            await press(pilot, "<")
            assert "FOLDER LIST" in lines(app)[0]
            assert "Letters" not in text(app)
            assert app.places.opened == IndexRequest("", "INBOX")
    finally:
        await engine.stop()


async def test_the_composer_offers_who_came_and_keeps_who_was_chosen(paths: Paths) -> None:
    engine = SceneEngine(paths)
    app = TuimailApp(engine)
    try:
        async with app.run_test(size=(100, 24)) as pilot:
            await settle(pilot)
            screen: Any = app.navigation.open(ShowComposer(Draft(account="home")))
            await settle(pilot)
            made = config()
            home = replace(made.accounts["home"], identities=(Identity("ada@home.example", "Countess"),))
            club = replace(made.accounts["work"], name="club", identities=(Identity("ada@club.example"),))
            await engine.reconfigure(replace(made, accounts={"club": club, "home": home}, default_account="club"))
            await settle(pilot)
            assert "Countess <ada@home.example>  (home)" in text(app)
            screen.form.sender.choice.focus()
            await press(pilot, "right")
            assert "ada@club.example  (club)" in text(app)
            await engine.reconfigure(replace(made, accounts={"home": home}, default_account="home"))
            await settle(pilot)
            assert "ada@club.example  (club)" in text(app), "the letter does not change its sender by itself"
            await press(pilot, "right")
            assert "(home)" in text(app)
    finally:
        await engine.stop()


async def test_the_accounts_and_their_problems_are_those_of_the_new_config(paths: Paths) -> None:
    engine = SceneEngine(paths, settings=Config())
    app = TuimailApp(engine)
    try:
        async with app.run_test(size=(100, 24)) as pilot:
            app.navigation.open(ShowAccounts())
            await settle(pilot)
            assert "To look around without one" in text(app)
            problem = Problem(paths.config_file, 3, "ui.bel", "There is no such key in [ui].")
            await engine.reconfigure(replace(config(), problems=(problem,)))
            await settle(pilot)
            shown = text(app)
            assert "To look around without one" not in shown
            assert "home" in shown
            assert "1 of 3" in lines(app)[0], "two accounts and a problem"
            assert "work, home" in lines(app)[0]
    finally:
        await engine.stop()


@pytest.mark.parametrize("bell", [True, False])
async def test_the_bell_is_rung_as_the_config_in_force_has_it(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, bell: bool
) -> None:
    engine = SceneEngine(paths, settings=config(bell=not bell))
    app = TuimailApp(engine)
    rung: list[bool] = []
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            monkeypatch.setattr(app, "bell", lambda: rung.append(True))
            await engine.reconfigure(config(bell=bell))
            engine.announcer.announce(AccountPaused("work", "The password was refused."))
            assert app.outbox.notifier is not None
            app.outbox.notifier.gathered()
            await settle(pilot)
            assert rung == [True] * bell
    finally:
        await engine.stop()
