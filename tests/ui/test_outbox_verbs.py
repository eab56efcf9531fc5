"""Commands on several letters, and what the list can do with itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ui.real_engine import SceneEngine, all_stored, bytes_of, happened, stored
from tests.ui.scene import NOW, config, every_state, item
from tests.ui.screen_text import lines, settle, text
from tests.ui.test_outbox_screen import press, select, until
from tuimail import events
from tuimail.outbox.model.actions import SAID
from tuimail.outbox.model.item import AccountHealth, OutboxItem
from tuimail.outbox.model.states import ItemState, Verb
from tuimail.outbox.store.queries import Queries
from tuimail.submission.result import AccountProblem
from tuimail.ui.actions.export import file_name
from tuimail.ui.screens.outbox import OutboxScreen
from tuimail.ui.views.orders import ORDERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.pilot import Pilot

    from tests.ui.conftest import MakeEngine, Running


def top(pilot: Pilot[int]) -> OutboxScreen:
    screen = pilot.app.screen
    assert isinstance(screen, OutboxScreen)
    return screen


def changed(engine: SceneEngine) -> dict[str, list[str]]:
    """What was done to the letters, by id; those to which nothing was done are left out."""
    done = {each.id: happened(engine.paths, each.id) for each in all_stored(engine.paths)}
    return {item_id: words for item_id, words in done.items() if words}


def status(pilot: Pilot[int]) -> str:
    return top(pilot).status.text


async def test_a_command_is_applied_to_the_tagged_letters_in_one_line(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        for each in ("a4", "a5", "a6"):
            await select(pilot, each)
            await press(pilot, "t")
        assert status(pilot) == "3 tagged.  A applies a command to them."
        assert "3 tagged" in lines(pilot.app)[0]
        assert "   ~ Re: Thursday".replace("   ~", " * ~") in text(pilot.app)
        await press(pilot, "a", "h")
        assert status(pilot) == "2 held, 1 could not: it is being sent right now.  U to undo"
        await press(pilot, "u")
        assert status(pilot) == "Undone: 2 held."
    assert [stored(engine.paths, each).state for each in ("a5", "a6")] == [ItemState.QUEUED, ItemState.QUEUED]


async def test_without_apply_only_the_letter_under_the_cursor_is_meant(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await select(pilot, "a5")
        await press(pilot, "t")
        await select(pilot, "a6")
        await press(pilot, "h")
    assert changed(engine) == {"a6": [SAID[Verb.HOLD]]}


async def test_applying_can_be_given_up_and_needs_tags(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await press(pilot, "a")
        assert "Nothing is tagged" in status(pilot)
        await press(pilot, "t", "a")
        assert status(pilot) == "Apply which command to 1 letter?"
        await press(pilot, "escape")
        assert top(pilot).applying is False
        await press(pilot, "a", "e")
        assert "one letter at a time" in status(pilot)
    assert changed(engine) == {}


@pytest.mark.parametrize(
    ("keys", "tagged"),
    [(["a"], 9), (["a", "semicolon", "n"], 0), (["m", *"state:held", "enter"], 2), (["enter", *"lunch", "enter"], 1)],
)
async def test_letters_are_tagged_by_what_they_hold(running: Running, keys: list[str], tagged: int) -> None:
    async with running("o") as pilot:
        await press(pilot, "semicolon", *keys)
        assert len(top(pilot).tagged) == tagged


async def test_only_some_letters_are_shown_until_one_goes_back(running: Running) -> None:
    async with running("o") as pilot:
        await press(pilot, "z", *"state:held", "enter")
        assert "   Show only: state:held   2 of 9   < all" in text(pilot.app)
        assert [row.strip().split("  ")[0] for row in lines(pilot.app)[5:7]] == ["z Happy birthday", "z Draft contract"]
        await press(pilot, "escape")
        assert "Show only:" not in text(pilot.app)
        assert top(pilot).list.count == 9


async def test_the_list_is_sorted_as_asked(running: Running) -> None:
    async with running("o") as pilot:
        await press(pilot, "dollar_sign", "s")
        assert "by subject" in lines(pilot.app)[0]
        subjects = [top(pilot).rows[row] for row in top(pilot).list.source.window(0, 20)]
        assert [each.subject for each in subjects if each] == sorted(each.subject for each in subjects if each)


def test_every_order_has_its_own_key() -> None:
    assert len({choice.key for choice in ORDERS}) == len(ORDERS)


async def test_a_time_is_shown_before_it_is_taken(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await select(pilot, "a6")
        await press(pilot, "l", *"in 2 hours")
        await until(pilot, lambda: "(in 2 h)" in text(pilot.app))
        await press(pilot, "enter")
        await until(pilot, lambda: '"Lunch?" will be sent' in status(pilot))
    assert (stored(engine.paths, "a6").state, stored(engine.paths, "a6").not_before) == (ItemState.HELD, NOW + 7200)


async def test_a_time_that_is_none_is_asked_for_again_as_it_was_typed(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await select(pilot, "a6")
        await press(pilot, "l", *"soonish", "enter")
        await until(pilot, lambda: "Send when? : soonish" in text(pilot.app))
        await press(pilot, "escape")
    assert changed(engine) == {}


@pytest.mark.parametrize(
    ("key", "order"),
    [("left_square_bracket", "m1 m3 m2 m4"), ("right_square_bracket", "m1 m2 m4 m3"),
     ("left_curly_bracket", "m3 m1 m2 m4"), ("right_curly_bracket", "m1 m2 m4 m3")],
)  # fmt: skip
async def test_letters_are_moved(make_engine: MakeEngine, running: Running, key: str, order: str) -> None:
    engine = make_engine([item(f"m{at}", ItemState.QUEUED, f"Letter {at}", rank=at) for at in range(1, 5)])
    async with running("o", on=engine) as pilot:
        await select(pilot, "m3")
        await press(pilot, key)
        assert list(top(pilot).list.source.window(0, 4)) == order.split()
    ranks = {each.rank: each.id for each in all_stored(engine.paths)}
    assert [ranks[each] for each in sorted(ranks)] == order.split()


async def test_another_account_is_chosen_by_the_user_alone(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await select(pilot, "a6")
        await press(pilot, "number_sign")
        assert "Now work.  1 work  2 home" in text(pilot.app)
        await press(pilot, "2")
        assert status(pilot).startswith('"Lunch?" goes by home.')
        assert stored(engine.paths, "a6").account == "home"
        await press(pilot, "u")
        assert stored(engine.paths, "a6").account == "work"
    assert len(happened(engine.paths, "a6")) == 2


async def test_a_letter_is_exported_under_its_subject(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await select(pilot, "a6")
        await press(pilot, "w")
        assert "Export to file : ~/Lunch.eml" in text(pilot.app)
        await press(pilot, "ctrl+u", *"~/x.eml", "enter")
        await until(pilot, lambda: status(pilot).startswith("Written to"))
    assert (Path.home() / "x.eml").read_bytes() == bytes_of(stored(engine.paths, "a6"))


@pytest.mark.parametrize(
    ("subject", "name"),
    [("Re: a/b\\c", "Re a b c"), ("..", "letter"), ("", "letter"), ("\x1b[2J", "2J"), ("x" * 99, "x" * 60)],
)
def test_a_subject_becomes_a_harmless_name(subject: str, name: str) -> None:
    assert file_name(subject).replace("^", "").strip() == name


async def test_dropping_is_undone_as_it_was(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await select(pilot, "a7")
        await press(pilot, "d")
        assert status(pilot) == '"Happy birthday" was deleted.  U to undo'
        await press(pilot, "u")
    assert stored(engine.paths, "a7").state is ItemState.HELD
    assert stored(engine.paths, "a7").not_before == NOW + 82_800


async def test_the_cursor_stays_on_its_place_when_a_letter_leaves_and_when_it_is_back(running: Running) -> None:
    async with running("o") as pilot:
        shown = top(pilot).list
        for letter in ("a5", "a8"):
            await select(pilot, letter)
            at, gone = shown.cursor, shown.selected
            await press(pilot, "d")
            assert gone is not None
            assert shown.source.position(gone) is None
            assert shown.cursor == at
            await press(pilot, "u")
            assert (shown.cursor, shown.selected) == (at, gone)


async def test_after_an_undo_the_cursor_goes_where_the_user_moves_it(running: Running) -> None:
    async with running("o") as pilot:
        await select(pilot, "a7")
        await press(pilot, "d", "u", "n")
        assert top(pilot).selected == "a8"
        await press(pilot, "p", "p")
        top(pilot).reload()
        await settle(pilot)
        assert top(pilot).selected == "a6"


@pytest.mark.parametrize("key", ["i", "g"])
async def test_return_decides_nothing_about_an_uncertain_letter(
    engine: SceneEngine, running: Running, key: str
) -> None:
    async with running("o") as pilot:
        await select(pilot, "a2")
        await press(pilot, key)
        assert "[No]" in text(pilot.app)
        await press(pilot, "enter")
    assert stored(engine.paths, "a2").state is ItemState.UNCERTAIN
    assert changed(engine) == {}


async def test_all_that_wait_are_sent_now_and_no_other(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await press(pilot, "exclamation_mark")
        assert status(pilot) == "2 go as soon as they can."
    assert changed(engine) == {"a5": [SAID[Verb.SEND_NOW]], "a6": [SAID[Verb.SEND_NOW]]}


async def test_an_account_in_trouble_stands_above_the_list(make_engine: MakeEngine, running: Running) -> None:
    engine = make_engine(every_state(), healths=[AccountHealth("home", AccountProblem.SIGN_IN, "535 no")])
    async with running(on=engine) as pilot:
        assert "# home: the server refuses the sign-in.  K check again" in lines(pilot.app)[2]
        await press(pilot, "k")
        assert "refuses the sign-in" not in text(pilot.app)
        assert (await engine.accounts.health("home")).trouble is None
    assert stored(engine.paths, "a3").state is ItemState.QUEUED


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many letters were read, each time."""
    counts: list[int] = []
    items_of = Queries.items_of

    def counted(queries: Queries, ids: Iterable[str]) -> Sequence[OutboxItem]:
        wanted = list(ids)
        counts.append(len(wanted))
        return items_of(queries, wanted)

    monkeypatch.setattr(Queries, "items_of", counted)
    return counts


async def test_two_thousand_letters_are_read_by_the_screen(
    make_engine: MakeEngine, running: Running, reads: list[int]
) -> None:
    engine = make_engine([item(f"m{at:05}", ItemState.QUEUED, f"Letter {at}", rank=at) for at in range(2_000)])
    async with running("o", on=engine) as pilot:
        assert "2,000" in text(pilot.app) or "2000 waiting" in text(pilot.app)
        await press(pilot, "end")
        await settle(pilot)
        await until(pilot, lambda: "Letter 1999" in text(pilot.app))
        assert max(reads) < 100
        reads.clear()
        top(pilot).tick()
        await settle(pilot)
        assert reads == []


async def test_a_storm_of_changes_is_one_reading(make_engine: MakeEngine, running: Running, reads: list[int]) -> None:
    engine = make_engine([item(f"m{at:05}", ItemState.QUEUED, f"Letter {at}", rank=at) for at in range(500)])
    async with running("o", on=engine) as pilot:
        await settle(pilot)
        reads.clear()
        for at in range(500):
            engine.announcer.announce(events.ItemChanged(f"m{at:05}"))
        await settle(pilot)
        assert 1 <= len(reads) <= 4


async def test_mutt_prefixes_with_a_semicolon(make_engine: MakeEngine, running: Running) -> None:
    engine = make_engine([item("q1", ItemState.QUEUED, "One")], settings=config(keymap="mutt"))
    async with running("o", on=engine) as pilot:
        await press(pilot, "t", "semicolon", "comma")
        assert status(pilot) == '"One" is held until you release it.  u to undo'
