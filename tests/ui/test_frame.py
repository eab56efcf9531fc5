"""What holds on every screen."""

from __future__ import annotations

import asyncio
import errno
import os
from typing import TYPE_CHECKING

import pytest
from textual.events import Key

from tests.ui.real_engine import SceneEngine
from tests.ui.scene import HOSTILE, NOW, config, every_state, item
from tests.ui.screen_text import lines, settle, text
from tuimail import events
from tuimail.compose.draft import Draft
from tuimail.config.model import Config
from tuimail.coordination.change_notifier import ChangeListener, PeerRole
from tuimail.outbox.model.states import ItemState
from tuimail.ui.app import TuimailApp
from tuimail.ui.outbox_status import OutboxStatus
from tuimail.ui.requests import ShowOutbox
from tuimail.ui.screens.frame import FrameScreen

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from tests.ui.conftest import MakeEngine, Running
    from tuimail.paths import Paths

SCREENS = {
    "MAIN MENU": (),
    "OUTBOX": ("o",),
    "LETTER": ("o", "enter"),
    "DRAFTS": ("d",),
    "SENT": ("t",),
    "ACCOUNTS": ("a",),
    "SETUP": ("s",),
    "HELP": ("question_mark",),
    "COMMANDS": ("f2",),
    "LETTER  text": ("o", "v"),
    "LETTER  bytes": ("o", "v", "v"),
}
SIZES = [(80, 24), (60, 20), (120, 40)]


def top(pilot: Pilot[int]) -> FrameScreen:
    screen = pilot.app.screen
    assert isinstance(screen, FrameScreen)
    return screen


PLANS = Draft(id="d1", subject="Plans", to="bob@example.net", updated_at=NOW - 600, postponed=True)
AGENDA = item("s1", ItemState.DONE, "Agenda", last_reply="250 ok", changed_at=NOW - 7200)


@pytest.fixture
def full(make_engine: MakeEngine) -> SceneEngine:
    return make_engine([*every_state(), AGENDA], drafts=[PLANS])


async def to_screen(pilot: Pilot[int], name: str) -> None:
    """From wherever one is to the screen ``name``."""
    app = pilot.app
    assert isinstance(app, TuimailApp)
    app.navigation.home()
    await settle(pilot)
    for key in SCREENS[name]:
        await pilot.press(key)
        await settle(pilot)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_screen_stands_in_the_frame(running: Running, full: SceneEngine, size: tuple[int, int]) -> None:
    async with running(size=size, on=full) as pilot:
        for name in SCREENS:
            await to_screen(pilot, name)
            shown = lines(pilot.app)
            assert len(shown) == size[1], name
            assert shown[0].startswith(f" tuimail   {name}")
            assert "5 waiting" in shown[0], name
            assert "3 need you" in shown[0], name
            assert any(entry.label in shown[-2] + shown[-1] for entry in top(pilot).key_rows.entries), name


@pytest.mark.parametrize("keys", ["pine", "mutt"])
async def test_every_key_shown_gives_its_command(make_engine: MakeEngine, running: Running, keys: str) -> None:
    ways = {"o": "go-outbox", "enter": "open", "d": "go-drafts", "t": "go-sent", "a": "go-accounts", "s": "go-setup",
            "question_mark": "help", "f2": "palette", "v": "view-raw"}  # fmt: skip
    engine = make_engine([*every_state(), AGENDA], drafts=[PLANS], settings=config(keymap=keys))
    async with running(on=engine) as pilot:
        app = pilot.app
        assert isinstance(app, TuimailApp)
        for name, path in SCREENS.items():
            app.navigation.home()
            await settle(pilot)
            for way in path:
                top(pilot).action_command(ways[way])
                await settle(pilot)
            screen = top(pilot)
            entries = [*screen.key_rows.entries, *([screen.key_rows.more] if screen.key_rows.more else [])]
            for entry in entries:
                for key in app.keymap.keys[entry.id]:
                    action = screen.active_bindings[key].binding.action
                    assert action == f"command('{entry.id}')", f"{key} on {name}"
                assert entry.id in screen.actions, f"{entry.id} on {name}"


@pytest.mark.usefixtures("composers")
async def test_driving_every_key_of_the_outbox_means_something(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TuimailApp, "action_suspend_process", lambda *_args: None)
    said: list[str] = []
    monkeypatch.setattr(FrameScreen, "not_defined", lambda _screen, name: said.append(name))
    async with running("o") as pilot:
        app = pilot.app
        assert isinstance(app, TuimailApp)
        for entry in top(pilot).key_rows.entries:
            await pilot.press(app.keymap.keys[entry.id][0])
            await pilot.pause()
            if top(pilot).prompts.current is not None:
                await pilot.press("ctrl+c")
                await pilot.pause()
            app.navigation.home()
            app.navigation.open(ShowOutbox())
            await settle(pilot)
    assert said == []


async def test_a_key_that_means_nothing_says_so(running: Running) -> None:
    async with running("o", "y") as pilot:
        assert 'Command "y" not defined for this screen.  Use ? for help.' in text(pilot.app)


async def test_the_frame_is_there_before_the_engine(engine: SceneEngine, running: Running) -> None:
    gate = engine.hold(engine, "start")
    async with running("o", "v") as pilot:
        shown = text(pilot.app)
        assert "OUTBOX" in shown
        assert "Reading..." in shown
        assert "Grant renewal" not in shown
        assert gate.waiting
        gate.open()
        await settle(pilot)
        assert "Grant renewal" in text(pilot.app), "the second key opened a row that was not there when it was typed"


async def test_the_menu_counts_even_when_the_title_bar_has_no_numbers_yet(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_yet(_status: OutboxStatus) -> None:
        return

    monkeypatch.setattr(OutboxStatus, "count", not_yet)
    async with running() as pilot:
        shown = lines(pilot.app)
        assert "need you" not in shown[0]
        assert next(line for line in shown if "OUTBOX" in line).endswith("-  5 waiting   3 need you")


@pytest.mark.parametrize(
    ("command", "part", "method", "empty"),
    [
        ("go-outbox", "outbox", "query", "Nothing is waiting."),
        ("go-sent", "sent", "latest", "Nothing was sent yet."),
        ("go-drafts", "drafts", "available", "There are no drafts."),
    ],
)
async def test_a_list_is_called_empty_only_after_a_look(
    paths: Paths, running: Running, command: str, part: str, method: str, empty: str
) -> None:
    engine = SceneEngine(paths)
    async with running(on=engine) as pilot:
        gate = engine.hold(getattr(engine, part), method)
        top(pilot).action_command(command)
        await settle(pilot)
        assert "Reading..." in text(pilot.app)
        assert empty not in text(pilot.app)
        gate.open()
        await settle(pilot)
        assert empty in text(pilot.app)
        assert "Reading..." not in text(pilot.app)


async def test_an_engine_that_cannot_start_says_why(
    paths: Paths, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    async with running(on=SceneEngine(paths), size=(160, 24)) as pilot:
        assert "The disk is full: " in text(pilot.app)
        await pilot.press("o")
        await pilot.pause()
        # Nobody reads: it does not say so, and neither that nothing is there.
        assert "The disk is full: " in text(pilot.app)
        assert "Nothing can be read." in text(pilot.app)
        assert "Reading..." not in text(pilot.app)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_hostile_subjects_are_shown_literally(
    make_engine: MakeEngine, running: Running, size: tuple[int, int]
) -> None:
    waiting = [item(each, ItemState.QUEUED, HOSTILE) for each in ("g", "h")]  # one for each screen that drops it
    engine = make_engine([*waiting, item("s", ItemState.DONE, HOSTILE)], drafts=[Draft(subject=HOSTILE)])
    async with running(size=size, on=engine) as pilot:
        for name in ("OUTBOX", "LETTER", "SENT", "DRAFTS"):
            await to_screen(pilot, name)
            shown = text(pilot.app)
            assert "[/etc]" in shown, name
            assert not {"\x1b", "\x07", "\u202e"} & set(shown), name
            if name != "SENT":
                await pilot.press("d")
                await settle(pilot)
                assert pilot.app.is_running


async def test_a_letter_that_needs_you_rings_and_says_why(
    engine: SceneEngine, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    async with running() as pilot:
        monkeypatch.setattr(pilot.app, "bell", lambda: rung.append(1))
        await engine.change("a6", state=ItemState.FAILED)
        engine.announcer.announce(events.NeedsYou("a6", "Refused: no such user."))
        engine.announcer.announce(events.NeedsYou("a5", "Refused as well."))
        notifier = top(pilot).program.outbox.notifier
        assert notifier is not None
        notifier.gathered()
        await settle(pilot)
        assert rung == [1]
        assert "Refused as well." in text(pilot.app)
        assert "4 need you" in lines(pilot.app)[0]


async def test_the_badge_vanishes_with_the_last_letter(paths: Paths, running: Running) -> None:
    async with running(on=SceneEngine(paths)) as pilot:
        assert lines(pilot.app)[0].rstrip().endswith("work, home")


async def test_the_badge_counts_a_held_letter_that_asks(make_engine: MakeEngine, running: Running) -> None:
    asking = item("h1", ItemState.HELD, "Found after a crash", asks=True)
    async with running(on=make_engine([asking, item("q1", ItemState.QUEUED, "Lunch?")])) as pilot:
        assert lines(pilot.app)[0].endswith("1 waiting   1 needs you")
        assert "1 waiting   1 needs you" in text(pilot.app).partition("OUTBOX")[2].splitlines()[0]


async def test_keys_can_be_clicked(running: Running) -> None:
    async with running() as pilot:
        rows = top(pilot).key_rows
        at = next(index for index, entry in enumerate(rows.shown) if entry and entry.id == "go-drafts")
        await pilot.click(rows, offset=(at // 2 * (80 // 6) + 2, at % 2))
        await settle(pilot)
        assert lines(pilot.app)[0].startswith(" tuimail   DRAFTS")


async def test_more_shows_the_other_keys(running: Running) -> None:
    async with running("o") as pilot:
        before = lines(pilot.app)[-2:]
        await pilot.press("o")
        await settle(pilot)
        assert lines(pilot.app)[-2:] != before
        await pilot.press("o")
        await settle(pilot)
        assert "Quit" in "".join(lines(pilot.app)[-2:])


async def test_quitting_with_letters_waiting_says_how_they_go_on(running: Running) -> None:
    async with running("q") as pilot:
        shown = text(pilot.app)
        assert "5 letters stay queued; they go on with: tuimail run" in " ".join(shown.split())
        await pilot.press("n")
        await settle(pilot)
        assert pilot.app.is_running
        await pilot.press("q")
        await settle(pilot)
        await pilot.press("y")
        await pilot.pause()
    assert pilot.app.return_code == 0


async def test_quitting_beside_a_watcher_says_that_it_goes_on(engine: SceneEngine, running: Running) -> None:
    listener = ChangeListener(engine.paths.outbox, PeerRole.WATCH, lambda: None)
    listener.open(asyncio.get_running_loop())
    async with running("q") as pilot:
        shown = " ".join(text(pilot.app).split())
        assert "5 letters stay queued; the outbox service goes on sending. Quit tuimail?" in shown
    listener.close()


async def test_no_color_draws_in_no_colour(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running() as pilot:
        app = pilot.app
        assert app.current_theme.ansi
        for strip in app.screen._compositor.render_strips(app.size):
            for segment in app.get_line_filters()[-2].apply(list(strip), app.screen.background_colors[1]):
                style = segment.style
                assert style is None or style.color is None or style.color.is_default, segment


@pytest.mark.parametrize("theme", ["pine", "mutt", "ansi", "paper", "midnight", "nord", "ansi-light", "no-such-theme"])
async def test_any_theme_will_do(make_engine: MakeEngine, running: Running, theme: str) -> None:
    async with running("o", on=make_engine(settings=config(theme=theme))) as pilot:
        assert "Grant renewal" in text(pilot.app)


async def test_without_an_account_the_program_says_how_to_make_one(paths: Paths, running: Running) -> None:
    async with running(on=SceneEngine(paths, settings=Config())) as pilot:
        app = pilot.app
        assert "There is no account yet" in text(app)
        await pilot.press("a")
        await settle(pilot)
        assert str(paths.config_file)[:40] in text(app)
        assert "[accounts.work.submission]" in text(app)


async def test_a_key_that_send_cannot_have_is_said_and_send_keeps_its_own(paths: Paths, running: Running) -> None:
    paths.keys_file.parent.mkdir(parents=True, exist_ok=True)
    paths.keys_file.write_text('[keys]\nsend = "g"\n')
    async with running(size=(120, 24)) as pilot:
        program = top(pilot).program
        assert program.keymap.key("send") == "^X"
        assert '"g" cannot be a key of send' in " ".join(text(pilot.app).split())


async def test_a_command_left_without_a_key_is_said(paths: Paths, running: Running) -> None:
    paths.keys_file.parent.mkdir(parents=True, exist_ok=True)
    paths.keys_file.write_text('[keys]\ncut-line = "^X"\n')
    async with running(size=(160, 24)) as pilot:
        assert "send has no key any more, since cut-line has its key" in " ".join(text(pilot.app).split())


async def test_a_keymap_file_of_the_users_is_used(paths: Paths, make_engine: MakeEngine, running: Running) -> None:
    paths.config_file.parent.mkdir(parents=True, exist_ok=True)
    (paths.config_file.parent / "mine.toml").write_text('base = "mutt"\n[keys]\ndrop = "X"\n')
    paths.keys_file.write_text('[mutt]\nhold = "^H"\n')
    async with running(on=make_engine(settings=config(keymap="mine.toml"))) as pilot:
        keys = top(pilot).program.keymap
        assert (keys.name, keys.key("compose"), keys.key("drop"), keys.key("hold")) == ("mutt", "m", "X", "^H")
        assert "problem" not in text(pilot.app)


async def test_keys_typed_in_one_burst_before_return_belong_to_the_answer(running: Running) -> None:
    async with running("o") as pilot:
        screen = top(pilot)
        answers: list[str | None] = []

        async def question(_screen: object) -> None:
            answers.append(await screen.prompts.ask("Which?"))

        screen.carry_out(question)
        await settle(pilot)
        for character in "kim2":
            pilot.app.post_message(Key(character, character))
        pilot.app.post_message(Key("enter", "\r"))
        await settle(pilot)
        assert answers == ["kim2"]
