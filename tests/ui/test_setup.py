"""SETUP: every kind of setting is changed, undone and reset, at work at once, and the file stays the user's."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.ui.reading import press
from tests.ui.real_engine import SceneEngine
from tests.ui.screen_text import lines, settle, text
from tuimail.config import secrets
from tuimail.config.loader import load
from tuimail.config.model import Deleting, KeepPolicy, SecretStore
from tuimail.ui.app import TuimailApp
from tuimail.ui.requests import ShowSetup

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot

    from tuimail.paths import Paths

USERS = """\
# My mail, kept with care
default_account = "work"

[accounts.work]
address = "ada@example.org"   # the old one
name = "Ada"
[accounts.work.submission]
host = "smtp.example.org"
[accounts.home]
address = "ada@home.example"
[accounts.home.submission]
host = "smtp.home.example"

[outbox]
undo_seconds = 20  # I think twice

[ui]
# The look
theme = "pine"
"""


class Setup:
    """SETUP of a running app."""

    def __init__(self, pilot: Pilot[int], paths: Paths) -> None:
        self.pilot = pilot
        self.file = paths.config_file

    @property
    def app(self) -> TuimailApp:
        assert isinstance(self.pilot.app, TuimailApp)
        return self.pilot.app

    @property
    def config(self) -> Any:
        return self.app.engine.config

    @property
    def written(self) -> str:
        return self.file.read_text() if self.file.exists() else ""

    @property
    def status(self) -> str:
        assert self.app.frames.top is not None
        return self.app.frames.top.status.text

    async def press(self, *keys: str) -> None:
        await press(self.pilot, *keys)

    async def to(self, words: str) -> None:
        """Move to the setting that is called so."""
        screen: Any = self.app.screen
        screen.list.select(next(at for at, row in enumerate(screen.list.source.window(0, 999)) if row.name == words))
        await settle(self.pilot)

    def row(self, words: str) -> str:
        """The line of the setting."""
        return next(line for line in lines(self.app) if words in line)


@asynccontextmanager
async def setup(
    paths: Paths, content: str | None = USERS, *, keymap: str = "", size: Any = (80, 24)
) -> AsyncIterator[Setup]:
    if content is not None:
        paths.config_file.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        paths.config_file.write_text(content + (f'keymap = "{keymap}"\n' if keymap else ""))
        paths.config_file.chmod(0o600)
    engine = SceneEngine(paths, settings=load(paths))
    app = TuimailApp(engine)
    try:
        async with app.run_test(size=size) as pilot:
            app.navigation.open(ShowSetup())
            await settle(pilot)
            yield Setup(pilot, paths)
    finally:
        await engine.stop()


@pytest.mark.parametrize(("keymap", "key"), [("pine", "s"), ("mutt", "S")])
async def test_it_is_reached_from_the_main_menu_and_by_the_palette(paths: Paths, keymap: str, key: str) -> None:
    async with setup(paths, keymap=keymap) as it:
        it.app.navigation.home()
        await it.press(key)
        assert lines(it.app)[0].startswith(" tuimail   SETUP")
        it.app.navigation.home()
        await it.press("f2", *"settings", "enter")
        assert lines(it.app)[0].startswith(" tuimail   SETUP")


async def test_yes_and_no_change_places_with_one_key(paths: Paths) -> None:
    async with setup(paths) as it:
        await it.to("Bell")
        await it.press("x")
        assert not it.config.ui.bell
        assert "* Bell" in it.row("Bell")
        assert it.status == "Bell: no.  U to undo"
        assert it.written == USERS + "bell = false\n"
        await it.press("u")
        assert it.config.ui.bell
        assert it.written == USERS
        assert it.status == "Undone: Bell is yes again."


async def test_a_choice_is_taken_from_a_list_that_says_what_each_means(paths: Paths) -> None:
    async with setup(paths) as it:
        await it.to("Deleting a message")
        await it.press("enter")
        assert lines(it.app)[0].startswith(" tuimail   SETUP: Deleting a message")
        assert "* mark  (default)" in text(it.app)
        assert "Take" in text(it.app)
        await it.press("down", "enter")
        assert it.config.reading.delete is Deleting.AT_ONCE
        assert it.row("* Deleting a message").split()[4:6] == ["at", "once"]
        assert "at once: The message goes to the trash without being marked first." in text(it.app)
        await it.press("enter", "escape")
        assert it.config.reading.delete is Deleting.AT_ONCE


async def test_a_number_is_asked_for_until_it_is_in_range(paths: Paths) -> None:
    async with setup(paths) as it:
        await it.to("Time to take a letter back")
        await it.press("enter")
        assert "Time to take a letter back : 20" in text(it.app)
        await it.press(*"000", "enter")
        assert "Must be a number of seconds from 0 to 3600, not 20000." in text(it.app)
        assert it.config.outbox.undo_seconds == 20
        await it.press(*["backspace"] * 3, "enter")
        assert it.written == USERS, "nothing was changed"
        await it.press("enter", "backspace", "5", "enter")
        assert it.config.outbox.undo_seconds == 25
        assert "undo_seconds = 25  # I think twice" in it.written


async def test_the_default_takes_the_setting_out_of_the_file(paths: Paths) -> None:
    async with setup(paths) as it:
        await it.to("Time to take a letter back")
        await it.press("d")
        assert it.config.outbox.undo_seconds == 5
        assert it.status == "Time to take a letter back: 5 seconds, the default.  U to undo"
        assert "undo_seconds" not in it.written
        await it.press("d")
        assert it.status == "Time to take a letter back is the default already."
        await it.press("u")
        assert it.written == USERS
        await it.to("Address")
        await it.press("d")
        assert it.status == "Address has no default."


async def test_texts_lists_and_commands_are_typed(paths: Paths) -> None:
    async with setup(paths) as it:
        await it.to("Other addresses")
        await it.press("enter", *"a@example.org, nobody", "enter")
        assert "plain address" in text(it.app)
        await it.press(*["backspace"] * 6, *"b@example.org", "enter")
        assert [each.address for each in it.config.accounts["work"].identities[1:]] == [
            "a@example.org",
            "b@example.org",
        ]
        await it.to("Signature")
        await it.press("enter", *r"Ada\nBoard", "enter")
        assert it.config.accounts["work"].identity.signature == "Ada\nBoard"
        await it.to("Print command")
        await it.press("enter", *"lpr -P 'the office'", "enter")
        assert it.config.reading.print_command == ("lpr", "-P", "the office")
        await it.press("enter", *["backspace"] * 30, "enter")
        assert it.config.reading.print_command == ()
        assert "print" not in it.written
        await it.press("u", "u", "u", "u")
        assert it.written == USERS


async def test_moving_through_themes_shows_each_and_going_back_gives_the_old_one_back(paths: Paths) -> None:
    async with setup(paths) as it:
        await it.to("Theme")
        ground = it.app.screen.styles.background
        await it.press("enter", "up")
        assert "paper: light" in text(it.app)
        assert it.app.theme == "tuimail-paper"
        assert it.app.screen.styles.background != ground
        assert it.config.ui.theme == "pine"
        await it.press("escape")
        assert it.app.theme == "tuimail-pine"
        assert it.written == USERS
        await it.press("enter", "up", "m")
        assert it.app.theme == "tuimail-pine", "also by another way out"
        await it.press("s")
        await it.to("Theme")
        await it.press("enter", "up", "enter")
        assert it.app.theme == "tuimail-paper"
        assert it.config.ui.theme == "paper"
        assert it.written == USERS.replace('"pine"', '"paper"')
        await it.press("u")
        assert it.app.theme == "tuimail-pine"


async def test_a_theme_that_cannot_be_kept_is_given_back(paths: Paths) -> None:
    async with setup(paths) as it:
        it.file.chmod(0o400)
        await it.to("Theme")
        await it.press("enter", "up", "enter")
        assert "is read only" in it.status
        assert it.app.theme == "tuimail-pine"
        assert it.config.ui.theme == "pine"


async def test_a_keymap_is_at_work_for_the_next_key(paths: Paths) -> None:
    async with setup(paths) as it:
        await it.to("Keymap")
        await it.press("enter", "down", "enter", "j", "j", "k")
        assert it.app.keymap.name == "mutt"
        assert "ui.theme in the file" in text(it.app), "mutt's keys moved"
        assert "q Back" in text(it.app)
        await it.press("u")
        assert it.app.keymap.name == "pine"


async def test_a_burst_of_keys_makes_two_changes_that_are_undone_one_by_one(paths: Paths) -> None:
    async with setup(paths) as it:
        await it.to("Newest first")
        await it.pilot.press(
            "enter", "down", "enter", *["backspace"] * 3, *"never", "enter", "down", "enter", "down", "enter"
        )
        await settle(it.pilot)
        reading = it.config.reading
        assert (reading.reverse, reading.mark_seen, reading.delete) == (True, None, Deleting.AT_ONCE)
        await it.pilot.press("u", "u")
        await settle(it.pilot)
        reading = it.config.reading
        assert (reading.reverse, reading.mark_seen, reading.delete) == (True, 1.0, Deleting.MARK)
        assert tuple(load(it.app.engine.paths).problems) == ()


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        ("[ui\n", 0o600, "It is not valid TOML"),
        (USERS, 0o666, "first; it was not changed"),
        (USERS, 0o400, "is read only, so it was not changed"),
    ],
)
async def test_a_file_that_cannot_be_changed_says_why(paths: Paths, content: str, mode: int, said: str) -> None:
    paths.config_file.parent.mkdir(parents=True, mode=0o700)
    paths.config_file.write_text(content)
    paths.config_file.chmod(mode)
    async with setup(paths, None) as it:
        await it.to("Bell")
        await it.press("enter")
        assert said in it.status
        assert it.config.ui.bell
        assert it.written == content
        assert "  Bell" in it.row("Bell")


async def test_a_change_is_not_undone_over_that_of_another_program(paths: Paths) -> None:
    async with setup(paths) as it:
        await it.to("Bell")
        await it.press("enter")
        it.file.write_text(it.written + "# mine\n")
        await it.press("u")
        assert "was changed meanwhile" in it.status
        assert not it.config.ui.bell
        assert it.written.endswith("bell = false\n# mine\n")


async def test_a_value_that_is_wrong_in_the_file_is_marked_and_replaced(paths: Paths) -> None:
    async with setup(paths, USERS.replace("20", "9999")) as it:
        await it.to("Time to take a letter back")
        assert "! Time to take a letter back" in text(it.app)
        assert "from 0 to 3600, not 9999" in text(it.app)
        await it.press("enter", *"0", "enter")
        assert it.config.outbox.undo_seconds == 50
        assert it.config.problems == ()


async def test_without_a_file_one_is_made_and_undoing_removes_it(paths: Paths) -> None:
    async with setup(paths, None) as it:
        await it.to("Bell")
        await it.press("enter")
        assert it.written == "[ui]\nbell = false\n"
        await it.press("u")
        assert not it.file.exists()


async def test_the_store_of_passwords_is_another_one_at_once(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_settings", "_file", "_stores"):
        monkeypatch.setattr(secrets, name, getattr(secrets, name))
    async with setup(paths) as it:
        before = secrets.stores()
        await it.to("Where passwords are kept")
        await it.press("enter", "end", "enter")
        assert it.config.secrets.store is SecretStore.MEMORY
        assert secrets.stores() is not before
        assert secrets._settings.store is SecretStore.MEMORY


async def test_a_file_changed_in_an_editor_is_read_again(paths: Paths) -> None:
    async with setup(paths) as it:
        it.file.write_text(USERS.replace('theme = "pine"', 'theme = "paper"\nbell = false'))
        await it.press("r")
        assert not it.config.ui.bell
        assert it.app.theme == "tuimail-paper"
        assert it.status == "The configuration file was read again."
        it.file.write_text("[accounts\n")
        await it.press("r")
        assert "It is not valid TOML" in it.status
        assert set(it.config.accounts) == {"work", "home"}
        it.file.write_text(USERS + "bel = true\n")
        await it.press("r")
        assert it.status == "The configuration file was read again; it has a problem: see Accounts."


async def test_settings_are_found_by_words_and_headings_are_passed_over(paths: Paths) -> None:
    async with setup(paths) as it:
        assert "reading.order in the file" in text(it.app)
        await it.press("up")
        assert "reading.order in the file" in text(it.app), "there is only a heading above"
        await it.press("w", *"print their standard input", "enter", "down")
        assert "default_account in the file" in text(it.app)
        await it.press("up")
        assert "reading.print in the file" in text(it.app)
        await it.press("w", *"nonsense", "enter")
        assert it.status == "No setting has nonsense."


IMAP = """\
[accounts.work.imap]
host = "127.0.0.1"
port = 9
security = "none"
auth = "none"
[accounts.work.policy]
Lists = "headers"
"""


async def test_what_is_kept_of_a_folder_is_set_by_its_name(paths: Paths) -> None:
    async with setup(paths, USERS + IMAP) as it:
        await it.to("Kept of another folder")
        await it.press("enter", *"Talks", "enter")
        assert lines(it.app)[0].startswith(" tuimail   SETUP: Kept of Talks")
        await it.press("down", "down", "enter")
        policy = it.config.accounts["work"].policy
        assert policy == {"Lists": KeepPolicy.HEADERS, "Talks": KeepPolicy.ALL}
        assert "* Kept of Talks" in it.row("Kept of Talks")
        assert "accounts.work.policy.Talks in the file; default: as the others" in text(it.app)
        await it.press("d")
        assert it.config.accounts["work"].policy == {"Lists": KeepPolicy.HEADERS}
        await it.to("Kept of another folder")
        await it.press("enter", *"INBOX", "enter", "end", "enter")
        assert "INBOX is always read" in it.status
        assert it.written == USERS + IMAP


async def test_identities_are_added_changed_and_removed(paths: Paths) -> None:
    content = USERS.replace(
        "[accounts.home]", '[[accounts.work.identities]]\n# For the board\naddress = "b@example.org"\n\n[accounts.home]'
    )
    async with setup(paths, content) as it:
        await it.to("Another identity")
        await it.press("enter", *"nobody", "enter")
        assert "nobody" in it.row("Another identity :")
        await it.press(*["backspace"] * 6, *"Countess <c@example.org>", "enter")
        work = it.config.accounts["work"]
        assert [str(each) for each in work.identities[1:]] == ["Ada <b@example.org>", "Countess <c@example.org>"]
        assert it.written.startswith(content)
        await it.to("Name of identity 2")
        await it.press("enter", *"The Board", "enter")
        await it.to("Signature of identity 3")
        await it.press("enter", *"Yours", "enter")
        work = it.config.accounts["work"]
        assert [str(each) for each in work.identities[1:]] == ["The Board <b@example.org>", "Countess <c@example.org>"]
        assert work.identities[2].signature == "Yours"
        assert "# For the board" in it.written
        await it.to("Address of identity 3")
        await it.press("enter", *["backspace"] * 20, "enter")
        work = it.config.accounts["work"]
        assert [str(each) for each in work.identities[1:]] == ["The Board <b@example.org>"]
        await it.press("u", "u", "u", "u")
        assert it.written == content


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20)])
async def test_nothing_of_a_name_is_cut_where_there_is_room(paths: Paths, size: tuple[int, int]) -> None:
    async with setup(paths, USERS + IMAP, size=size) as it:
        screen: Any = it.app.screen
        for _ in range(screen.list.count):
            shown = text(it.app)
            assert size == (60, 20) or "…" not in shown
            await it.press("down")
        assert "Kept of Lists" in " ".join(each.name for each in screen.list.source.window(0, 999))


async def test_colours_that_are_the_terminals_own_are_not_shown_but_kept(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with setup(paths) as it:
        before = it.app.theme
        await it.to("Theme")
        await it.press("enter", "up")
        assert it.app.theme == before
        assert "Here the colours are the terminal's own" in text(it.app)
        await it.press("enter")
        assert it.app.theme == before
        assert it.config.ui.theme == "paper"
