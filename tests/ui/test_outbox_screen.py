"""The outbox and its verbs."""

from __future__ import annotations

import errno
import os
import re
import threading
from typing import TYPE_CHECKING

import pytest

from tests.ui.real_engine import SceneEngine, happened, stored
from tests.ui.scene import NOW, every_state, item, recipient
from tests.ui.screen_text import lines, settle, text
from tuimail import events
from tuimail.outbox.model.actions import SAID
from tuimail.outbox.model.item import Filing
from tuimail.outbox.model.states import FilingState, ItemState, RecipientState, Verb
from tuimail.outbox.store.letter_file import FileContent
from tuimail.ui.commands import letters
from tuimail.ui.commands.table import commands_for
from tuimail.ui.screens.item import ItemScreen
from tuimail.ui.screens.outbox import OutboxScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.pilot import Pilot

    from tests.ui.conftest import MakeEngine, Running
    from tuimail.ui.requests import ShowComposer


async def select(pilot: Pilot[int], item_id: str) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, OutboxScreen)
    place = screen.list.source.position(item_id)
    assert place is not None
    screen.list.select(place)
    await settle(pilot)


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    while not condition():
        await pilot.pause(0.001)


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def test_the_list_at_80_columns(running: Running) -> None:
    async with running("o") as pilot:
        shown = lines(pilot.app)
    assert shown[0] == " tuimail   OUTBOX                 work, home   1 of 9   5 waiting   3 need you"
    assert shown[2:12] == [
        "     Subject               To                    State",
        "   ! Grant renewal         kim@grants.examp… +2  2 refused       needs you",
        "   ? Invoice 2026-118      billing@acme.example  uncertain       needs you",
        "   # Rota                  team@example.org      sign in         needs you",
        "   ~ Re: Thursday          bob@example.net       sending         the letter",
        "   . Minutes of the board  board@list.example    in 4 min        server busy",
        "   . Lunch?                eve@example.net       queued",
        "   z Happy birthday        mum@example.org       tomorrow 08:00",
        "   z Draft contract        law@example.com       held            until released",
        "   + Report                boss@example.org      sent, filing",
    ]
    assert shown[17] == "   Refused by smtp.example.org for 2 of 3: 550 5.1.1 no such user."


async def test_from_120_columns_on_the_letter_stands_beside_the_list(running: Running) -> None:
    async with running("o", size=(120, 40)) as pilot:
        shown = text(pilot.app)
        first = next(line for line in lines(pilot.app) if "! Grant renewal" in line)
        assert "C: AUTH PLAIN ****" in shown
        assert "   Recipients" in shown
        await press(pilot, "down")
        assert next(line for line in lines(pilot.app) if "Subject    " in line).rstrip().endswith("Invoice 2026-118")
        assert "2 of 9" in lines(pilot.app)[0]
        assert first.startswith("   ! Grant renewal  ")
        # Smaller again, the letter is explained beneath the list.
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "C: AUTH PLAIN ****" not in text(pilot.app)
        assert "The connection broke before the server" in text(pilot.app)


async def test_a_wide_list_tells_account_and_age_as_well(running: Running) -> None:
    async with running("o", size=(100, 30)) as pilot:
        shown = lines(pilot.app)
    assert shown[2].split() == ["Subject", "To", "State", "Account", "Age"]
    assert shown[5].split()[-3:] == ["home", "60", "min"]


@pytest.mark.parametrize(("size", "most"), [((80, 24), 8), ((60, 20), 6), ((100, 30), 10)])
async def test_what_explains_a_letter_takes_the_lines_it_needs(
    make_engine: MakeEngine, running: Running, size: tuple[int, int], most: int
) -> None:
    long = "Refused, and the server says a great deal about why that is so. " * 20
    letters = [
        item("l1", ItemState.FAILED, "Long", words=long.strip()),
        *(item(f"m{at:02}", ItemState.FAILED, "Short", words="No.") for at in range(30)),
    ]
    async with running("o", on=make_engine(letters), size=size) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, OutboxScreen)
        assert screen.explanation_pane.size.height == most
        assert any(line.endswith("…") for line in lines(pilot.app)[-most - 4 :])
        await press(pilot, "down")
        assert screen.explanation_pane.size.height == 5
        # The one under the cursor stays in sight, however much the lines beneath take.
        await press(pilot, "end", "home")
        assert screen.list.first_seen == 0
        assert screen.explanation_pane.size.height == most


VERBS = [
    ("a6", ["s"], ItemState.QUEUED, [Verb.SEND_NOW]),
    ("a6", ["h"], ItemState.HELD, [Verb.HOLD]),
    ("a8", ["r"], ItemState.QUEUED, [Verb.RELEASE]),
    ("a6", ["d"], ItemState.CANCELLED, [Verb.DROP]),
    ("a6", ["x"], ItemState.CANCELLED, [Verb.CANCEL]),
    ("a6", ["e"], ItemState.CANCELLED, [Verb.EDIT]),
    ("a2", ["i", "y"], ItemState.ACCEPTED, [Verb.RESOLVE_SENT]),
    ("a2", ["i", "y", "u"], ItemState.UNCERTAIN, [Verb.RESOLVE_SENT, Verb.UNRESOLVE]),
    ("a2", ["g", "y"], ItemState.QUEUED, [Verb.RESOLVE_RESEND]),
]


@pytest.mark.parametrize(("item_id", "keys", "state", "verbs"), VERBS, ids=["-".join(each[3]) for each in VERBS])
@pytest.mark.usefixtures("composers")
async def test_a_verb_reaches_the_engine(
    engine: SceneEngine, running: Running, item_id: str, keys: list[str], state: ItemState, verbs: list[Verb]
) -> None:
    async with running("o") as pilot:
        await select(pilot, item_id)
        await press(pilot, *keys)
    assert stored(engine.paths, item_id).state is state
    assert happened(engine.paths, item_id) == [SAID[verb] for verb in verbs]


async def test_an_account_is_checked_again(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await select(pilot, "a3")
        await press(pilot, "k")
    assert stored(engine.paths, "a3").state is ItemState.QUEUED
    assert happened(engine.paths, "a3") == ["queued again: the account is mended"]


@pytest.mark.parametrize("answer", ["n", "enter", "escape", "ctrl+c"])
async def test_nothing_is_dropped_without_a_yes(engine: SceneEngine, running: Running, answer: str) -> None:
    async with running("o") as pilot:
        await press(pilot, "d")
        assert 'Delete the rest of "Grant renewal"?' in text(pilot.app)
        await press(pilot, answer)
        assert 'Delete the rest of "Grant renewal"?' not in text(pilot.app)
    assert happened(engine.paths, "a1") == []
    assert stored(engine.paths, "a1").state is ItemState.FAILED


async def test_edit_opens_the_composer_on_the_draft(running: Running, composers: list[ShowComposer]) -> None:
    async with running("o", "e") as pilot:
        await settle(pilot)
    assert [each.draft.revises for each in composers if each.draft is not None] == ["a1"]


async def test_mending_asks_which_and_for_the_right_address(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await press(pilot, "f")
        assert "2 lee@grants.example" in text(pilot.app)
        await press(pilot, "2")
        assert "Correct the address : lee@grants.example" in text(pilot.app)
        await press(pilot, "ctrl+u", *"leo@x.org", "enter")
    assert happened(engine.paths, "a1") == ["lee@grants.example was mended to leo@x.org"]
    assert [each.address for each in stored(engine.paths, "a1").open_recipients] == ["leo@x.org"]


async def test_a_prompt_completes_addresses(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await press(pilot, "f", "1", "ctrl+u", "b", "o", "tab")
        assert "Bob <bob@example.net>   Board <board@list.example>" in text(pilot.app)
        await press(pilot, "a", "tab", "enter")
    assert happened(engine.paths, "a1") == ["kim@grants.example was mended to board@list.example"]


async def test_a_verb_that_does_not_fit_says_why(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await select(pilot, "a4")
        await press(pilot, "h")
        assert "Cannot hold: it is being sent right now." in text(pilot.app)


async def test_holding_can_be_undone_once(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await select(pilot, "a6")
        await press(pilot, "h")
        assert '"Lunch?" is held until you release it.  U to undo' in text(pilot.app)
        await press(pilot, "u")
        assert happened(engine.paths, "a6") == [SAID[Verb.HOLD], SAID[Verb.RELEASE]]
        await press(pilot, "u")
        assert "There is nothing to undo." in text(pilot.app)


async def test_a_refusing_disk_is_a_sentence(
    engine: SceneEngine, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running("o", size=(160, 24)) as pilot:
        with monkeypatch.context() as disk:
            disk.setattr("os.fsync", full)
            await press(pilot, "h")
        assert "The disk is full: " in text(pilot.app)
        assert pilot.app.is_running
    assert stored(engine.paths, "a1").state is ItemState.FAILED


def full(_descriptor: int) -> None:
    """A disk without room for another block."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_progress_moves_a_bar_and_the_selection_stays(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await select(pilot, "a5")
        for sent in range(0, 100, 7):
            engine.announcer.announce(events.ItemProgress("a4", sent, 100))
        engine.announcer.announce(events.ItemProgress("a4", 62, 100))
        await settle(pilot)
        assert "sending 62 %    [######....]" in text(pilot.app)
        await engine.change("a5", state=ItemState.FAILED, queued_at=NOW - 9999)
        await settle(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, OutboxScreen)
        assert screen.letter is not None
        assert screen.letter.id == "a5"


async def test_time_goes_on_while_one_looks(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        engine.stopped_clock.moment += 120
        screen = pilot.app.screen
        assert isinstance(screen, OutboxScreen)
        screen.tick()
        await settle(pilot)
        assert "in 2 min" in text(pilot.app)


async def test_the_letter_in_full(running: Running) -> None:
    async with running("o", "enter", size=(120, 40)) as pilot:
        shown = text(pilot.app)
    assert "! lee@grants.example  refused   550 5.1.1 no such user" in shown
    assert "C: AUTH PLAIN ****" in shown
    assert "08:50  attempt 1: some were refused" in shown


async def test_a_sent_letter_offers_only_what_can_be_done_with_it(make_engine: MakeEngine, running: Running) -> None:
    gone = item("s1", ItemState.DONE, "Report", recipient("boss@example.org", RecipientState.ACCEPTED))
    engine = make_engine([gone])
    async with running("t", "enter", size=(120, 40), on=engine) as pilot:
        assert lines(pilot.app)[0].startswith(" tuimail   SENT LETTER")
        screen = pilot.app.screen
        assert isinstance(screen, ItemScreen)
        offered = {entry.id for entry in screen.key_entries()}
        assert {"view-raw", "export", "dialogue"} <= offered
        # Keys, palette and help are made from the commands of the context.
        given = {command.id for command in commands_for({screen.context})}
        assert given.isdisjoint({*letters._NEEDS, "check-again"})
        await press(pilot, "d")
        assert 'Command "D" not defined' in text(pilot.app) or 'Command "d" not defined' in text(pilot.app)
    assert happened(engine.paths, "s1") == []


async def test_the_last_of_a_long_queue_is_not_told_that_it_goes_next(
    make_engine: MakeEngine, running: Running
) -> None:
    engine = make_engine([item(f"q{at:03}", ItemState.QUEUED, f"Letter {at}") for at in range(499)])
    async with running("o", on=engine) as pilot:
        assert "It goes next." in text(pilot.app)
        await press(pilot, "end")
        await settle(pilot)
        assert "498 letters go before it." in text(pilot.app)
        assert "It goes next." not in text(pilot.app)
        await press(pilot, "enter")
        assert "498 letters go before it." in text(pilot.app)


LETTER = (
    b"From: =?utf-8?q?K=C3=B6rner?= <k@x.example>\r\nTo: ada@example.org\r\nSubject: =?utf-8?b?w7xiZXI=?=\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nsch=F6n =1B[31mred\r\n--b\r\n"
    b"Content-Type: application/pdf; name=plan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n"
)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)], ids=str)
async def test_v_shows_the_letter_as_it_is_read_then_its_bytes(
    make_engine: MakeEngine, running: Running, size: tuple[int, int]
) -> None:
    engine = make_engine(every_state(), contents={"a1": LETTER})
    async with running("o", "v", size=size, on=engine) as pilot:
        shown = text(pilot.app)
        for words in ("Körner <k@x.example>", "über", "schön ^[[31mred", "1 attachment", "plan.pdf"):
            assert words in shown
        assert re.search(r"application/pdf +3 B", shown)
        assert "V Bytes" in shown
        await press(pilot, "v")
        await settle(pilot)
        assert "sch=F6n =1B[31mred" in text(pilot.app)
        assert "V Text" in text(pilot.app)
        await press(pilot, "v")
        await settle(pilot)
        assert "schön" in text(pilot.app)


async def test_a_letter_that_takes_long_to_read_says_so_and_keys_go_on(
    make_engine: MakeEngine, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(every_state(), contents={"a1": LETTER})
    gate, chunks = threading.Event(), FileContent.chunks

    def slowly(content: FileContent, length: int = 65536) -> Iterator[bytes]:
        gate.wait(60)
        return chunks(content, length)

    monkeypatch.setattr(FileContent, "chunks", slowly)
    try:
        async with running("o", on=engine) as pilot:
            await pilot.press("v")
            await until(pilot, lambda: "Reading the letter..." in text(pilot.app))
            await pilot.press("v")
            await until(pilot, lambda: "LETTER  bytes" in text(pilot.app))
            assert "Reading the letter..." in text(pilot.app)
            gate.set()
            await settle(pilot)
            assert "sch=F6n" in text(pilot.app)
            await press(pilot, "v")
            await settle(pilot)
            assert "schön" in text(pilot.app)
    finally:
        gate.set()


async def test_a_letter_without_a_copy_here_says_so(make_engine: MakeEngine, running: Running) -> None:
    filing = Filing(FilingState.FILED, words="Sent on imap.example.org.")
    gone = item("s1", ItemState.DONE, "Report", recipient("boss@example.org", RecipientState.ACCEPTED), filing=filing)
    engine = make_engine([gone])
    async with running("t", "v", on=engine) as pilot:
        assert "The letter itself is not in the outbox any more.  Look for its copy in Sent." in text(pilot.app)
        await press(pilot, "v")
        await settle(pilot)
        assert "The letter itself is not in the outbox any more.  Look for its copy in Sent." in text(pilot.app)


async def test_a_letter_whose_file_goes_away_while_it_is_open_says_so(
    engine: SceneEngine, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks = FileContent.chunks

    def gone(content: FileContent, length: int = 65536) -> Iterator[bytes]:
        content.path.unlink(missing_ok=True)
        return chunks(content, length)

    monkeypatch.setattr(FileContent, "chunks", gone)
    async with running("o", "v") as pilot:
        assert "There is no copy of this letter on this machine." in text(pilot.app)
        await press(pilot, "v")
        await settle(pilot)
        assert "There is no copy of this letter on this machine." in text(pilot.app)


async def test_help_tells_the_keys_of_the_screen_one_came_from(running: Running) -> None:
    async with running("o", "question_mark", size=(120, 40)) as pilot:
        assert "Hold the letter." in text(pilot.app)


async def test_the_palette_gives_the_command_on_the_screen_below(engine: SceneEngine, running: Running) -> None:
    async with running("o") as pilot:
        await select(pilot, "a6")
        await press(pilot, "f2", *"hold the", "enter")
        await settle(pilot)
    assert happened(engine.paths, "a6") == [SAID[Verb.HOLD]]


async def test_a_click_selects_and_a_second_opens(running: Running) -> None:
    async with running("o") as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, OutboxScreen)
        await pilot.click(screen.list, offset=(10, 4))
        await settle(pilot)
        assert screen.letter is not None
        assert screen.letter.subject == "Minutes of the board"
        await pilot.click(screen.list, offset=(10, 4), times=2)
        await settle(pilot)
        assert lines(pilot.app)[0].startswith(" tuimail   LETTER")
