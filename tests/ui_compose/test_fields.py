"""Header fields alone: keys, completion, growth, what a paste may bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual import events
from textual.app import App

from tests.ui_compose.composing import composing
from tuimail.compose.draft import Attachment
from tuimail.ui.widgets.address_field import AddressEditor, AddressField
from tuimail.ui.widgets.attachment_field import AttachmentField, AttachmentList, kind
from tuimail.ui.widgets.completion import TypedAddress, address_at, with_candidate
from tuimail.ui.widgets.header_field import HeaderField

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from tuimail.paths import Paths


KNOWN = ("Bob <bob@example.net>", "Bobby <bobby@example.com>", "board@list.example", '"Doe, Ann" <ann@example.org>')


class Alone(App[None], inherit_bindings=False):
    """To, Attchmnt and Subject."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.steps: list[int] = []
        self.typed: list[tuple[str, bool]] = []
        self.gone: list[str] = []
        self.to = AddressField("to", "To", complete=self.complete_address)
        self.files = AttachmentField()
        self.subject = HeaderField("subject", "Subject")

    def compose(self) -> ComposeResult:
        yield self.to
        yield self.files
        yield self.subject

    async def complete_address(self, typed: str) -> Sequence[str]:
        self.asked.append(typed)
        return [each for each in KNOWN if typed.casefold() in each.casefold()]

    def move(self, step: int) -> None:
        self.steps.append(step)

    def on_attachment_list_typed(self, event: AttachmentList.Typed) -> None:
        self.typed.append((event.text, event.pasted))

    def on_attachment_list_removed(self, event: AttachmentList.Removed) -> None:
        self.gone.append(event.attachment.name)


LEAVING = {"enter": 1, "tab": 1, "down": 1, "ctrl+n": 1, "up": -1, "ctrl+p": -1, "shift+tab": -1}
"""Key -> how many fields on."""


async def test_keys_that_leave_a_field() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        for field in (app.to, app.subject, app.files):
            for key, step in LEAVING.items():
                app.steps.clear()
                field.focus_target.focus()
                await pilot.press(key)
                assert app.steps == [step], f"{key} in {field.name}"
                assert app.subject.value == ""


EDITING: list[tuple[list[str], str, int]] = [
    (["ctrl+a"], "one two", 0),
    (["home"], "one two", 0),
    (["ctrl+a", "ctrl+e"], "one two", 7),
    (["home", "end"], "one two", 7),
    (["ctrl+b"], "one two", 6),
    (["left", "left", "ctrl+f"], "one two", 6),
    (["home", "ctrl+@"], "one two", 3),
    (["home", "ctrl+right", "ctrl+left"], "one two", 0),
    (["home", "alt+f"], "one two", 3),
    (["alt+b"], "one two", 4),
    (["home", "ctrl+d"], "ne two", 0),
    (["home", "delete"], "ne two", 0),
    (["backspace"], "one tw", 6),
    (["alt+x"], "one two", 7),
]
"""Keys after "one two" -> the field and the column of its cursor."""


async def test_pines_editing_keys_in_a_field() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        app.subject.editor.focus()
        for keys, expected, column in EDITING:
            app.subject.value = ""
            await pilot.press(*"one two", *keys)
            assert (app.subject.value, app.subject.editor.cursor_location[1]) == (expected, column), keys


async def test_cut_and_uncut_take_the_whole_field() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        app.subject.editor.focus()
        await pilot.press(*"one")
        app.subject.editor.action_cut()
        assert app.subject.value == ""
        app.subject.editor.action_uncut()
        app.subject.editor.action_uncut()
        assert app.subject.value == "oneone"


@pytest.mark.parametrize(
    ("pasted", "to", "subject"),
    [
        ("a@x.org\nb@x.org\r\n", "a@x.org, b@x.org", "a@x.org b@x.org"),
        ("a@x.org,\n b@x.org", "a@x.org, b@x.org", "a@x.org, b@x.org"),
        ("a\x1b[31m\x00b\u2028c\tD", "a[31mb, c D", "a[31mb c D"),
        ("plain", "plain", "plain"),
        (" lead", " lead", " lead"),
        ("x\n", "x", "x"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
    ],
)
async def test_a_paste_into_a_field_is_one_clean_line(pasted: str, to: str, subject: str) -> None:
    app = Alone()
    async with app.run_test() as pilot:
        for field in (app.to, app.subject):
            field.editor.focus()
            field.editor.post_message(events.Paste(pasted))
            await pilot.pause()
        assert (app.to.value, app.subject.value) == (to, subject)


async def test_a_long_field_grows_and_arrows_move_within_it_first() -> None:
    app = Alone()
    async with app.run_test(size=(60, 20)) as pilot:
        app.subject.value = "word " * 30
        app.subject.editor.focus()
        await pilot.pause()
        assert app.subject.editor.size.height == 4
        await pilot.press("down", "down", "down")
        assert app.steps == []
        await pilot.press("down")
        assert app.steps == [1]


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("bo", 2, TypedAddress(0, 2, "bo")),
        ("a@x, bo", 7, TypedAddress(5, 7, "bo")),
        ("a@x, bo, c@x", 7, TypedAddress(5, 7, "bo")),
        ('"Doe, Ann" <a@x>, b', 19, TypedAddress(18, 19, "b")),
        ('"Doe, An', 8, TypedAddress(0, 8, '"Doe, An')),
        ("A (x, y) <a@x>; b", 17, TypedAddress(16, 17, "b")),
        ("a@x,", 4, TypedAddress(4, 4, "")),
        ("", 0, TypedAddress(0, 0, "")),
    ],
)
def test_the_address_being_typed(text: str, column: int, expected: TypedAddress) -> None:
    assert address_at(text, column) == expected


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("bo", 2, ("Bob <b@x>, ", 11)),
        ("a@x,bo", 6, ("a@x, Bob <b@x>, ", 16)),
        ("a@x, bo, c@x", 7, ("a@x, Bob <b@x>, c@x", 14)),
        ("bo, c@x", 2, ("Bob <b@x>, c@x", 9)),
    ],
)
def test_a_candidate_replaces_that_address_only(text: str, column: int, expected: tuple[str, int]) -> None:
    assert with_candidate(text, address_at(text, column), "Bob <b@x>") == expected


async def test_everybody_is_listed_eight_at_a_time(paths: Paths) -> None:
    people = [f"Person {number} <p{number}@x.example>" for number in range(1, 31)]
    async with composing(paths) as held:
        asked: list[str] = []

        async def everybody(typed: str) -> Sequence[str]:
            asked.append(typed)
            return people

        editor = held.screen.form.to.editor
        assert isinstance(editor, AddressEditor)
        editor.complete = everybody
        await held.press("ctrl+t")
        assert asked == [""]
        assert "Person 8 <p8@x.example>" in held.shown
        assert "Person 9" not in held.shown
        assert "1 of 30, Tab takes it" in held.shown
        await held.press(*["down"] * 12)
        assert "13 of 30" in held.shown
        assert "Person 13 <" in held.shown
        assert "Person 8 <" not in held.shown
        await held.press("tab")
        assert held.screen.form.to.value == "Person 13 <p13@x.example>, "
        assert held.queued == []
        # The next address of the list begins with nothing typed, too.
        await held.press("ctrl+t", "up", "tab")
        assert held.screen.form.to.value == "Person 13 <p13@x.example>, Person 30 <p30@x.example>, "


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)], ids=str)
async def test_candidates_stand_in_a_frame_that_fits_the_screen(paths: Paths, size: tuple[int, int]) -> None:
    long = '"A name that is longer than any screen is wide, or nearly so" <' + "x" * 60 + "@long.example>"
    async with composing(paths, size=size) as held:
        editor = held.screen.form.to.editor
        assert isinstance(editor, AddressEditor)

        async def found(typed: str) -> Sequence[str]:
            return [long, "bob@example.net"]

        editor.complete = found
        await held.press("b")
        rows = held.shown.splitlines()
        top = next(index for index, row in enumerate(rows) if "╭─ Written to before ─" in row)
        edge = rows[top].index("╭")
        assert all(row[edge] in "╭│╰" and row[-1] in "╮│╯" for row in rows[top : top + 4])
        assert all(len(row) < size[0] for row in rows[top : top + 4])
        assert "bob@example.net" in rows[top + 2]
        await held.pilot.click(held.screen.form.to.popup, offset=(3, 2))
        await held.press()
        assert held.screen.form.to.value == "bob@example.net, "


@pytest.mark.parametrize("key", ["tab", "enter"])
async def test_taking_a_candidate(key: str) -> None:
    app = Alone()
    async with app.run_test() as pilot:
        app.to.editor.focus()
        await pilot.press(*"x@y.org, bo")
        await app.workers.wait_for_complete()
        assert app.to.popup.candidates == KNOWN[:3]
        await pilot.press("down", "down", "down", "up", key)
        assert app.to.value == "x@y.org, board@list.example, "
        assert not app.to.popup.shown
        assert app.steps == []


async def test_a_taken_name_with_a_comma_stays_one_address() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        app.to.editor.focus()
        await pilot.press(*"doe")
        await app.workers.wait_for_complete()
        await pilot.press("tab", *"bobby")
        await app.workers.wait_for_complete()
        await pilot.press("tab")
        assert app.to.value == '"Doe, Ann" <ann@example.org>, Bobby <bobby@example.com>, '


async def test_escape_closes_the_list_and_enter_goes_on_then() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        app.to.editor.focus()
        await pilot.press(*"bo")
        await app.workers.wait_for_complete()
        await pilot.press("escape")
        assert not app.to.popup.shown
        await pilot.press("enter")
        assert (app.to.value, app.steps) == ("bo", [1])


async def test_a_whole_address_is_not_asked_about() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        app.to.editor.focus()
        await pilot.press(*"board@list.example")
        await app.workers.wait_for_complete()
        assert not app.to.popup.shown


async def test_leaving_the_field_closes_the_list_and_drops_the_dangling_comma() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        app.to.editor.focus()
        await pilot.press(*"bo")
        await app.workers.wait_for_complete()
        await pilot.press("tab")
        app.subject.editor.focus()
        await pilot.pause()
        assert app.to.value == "Bob <bob@example.net>"
        assert not app.to.popup.shown


async def test_candidates_that_come_late_are_not_shown() -> None:
    import asyncio

    app = Alone()
    gate = asyncio.Event()

    async def slow(typed: str) -> Sequence[str]:
        await gate.wait()
        return KNOWN

    assert isinstance(app.to.editor, AddressEditor)
    app.to.editor.complete = slow
    async with app.run_test() as pilot:
        app.to.editor.focus()
        await pilot.press(*"b")
        app.subject.editor.focus()
        await pilot.pause()
        gate.set()
        await app.workers.wait_for_complete()
        assert not app.to.popup.shown


async def test_a_note_marks_the_place_and_typing_takes_it_away() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        app.to.editor.focus()
        await pilot.press(*"ab c")
        app.to.note("wrong", (0, 2))
        await pilot.pause()
        assert app.to._note.display
        styles = [segment.style for segment in app.to.editor.render_line(0) if segment.text.startswith("ab")]
        assert styles[0] is not None
        assert styles[0].underline
        await pilot.press("x")
        assert not app.to._note.display


FILES = tuple(
    Attachment(f"/x/{name}", name, content_type, size)
    for name, content_type, size in (
        ("budget.ods", "application/vnd.oasis.opendocument.spreadsheet", 48_213),
        ("photo.jpg", "image/jpeg", 2_400_000),
        ("odd[red]\u202egpj.exe", "application/octet-stream", 1),
    )
)


async def test_attachments_are_listed_with_size_and_kind() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        app.files.attachments = FILES
        await pilot.pause()
        assert app.files.list.render().plain.split("\n") == [
            "1. budget.ods (48 KB, spreadsheet)",
            "2. photo.jpg (2.4 MB, picture)",
            "3. odd[red]<U+202E>gpj.exe (1 B, file)",
        ]


async def test_an_attachment_is_removed_where_the_bar_is() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        app.files.attachments = FILES
        app.files.list.focus()
        await pilot.press("down", "delete")
        assert app.gone == ["photo.jpg"]
        assert [each.name for each in app.files.attachments] == ["budget.ods", FILES[2].name]
        await pilot.press("down")
        assert app.steps == [1]
        app.files.list.action_remove()
        app.files.list.action_remove()
        app.files.list.action_remove()
        assert app.files.attachments == ()


async def test_typing_or_dropping_on_the_attachment_line_asks_for_the_file() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        app.files.list.focus()
        await pilot.press("~", "alt+x")
        app.files.list.post_message(events.Paste("'/tmp/a b'\x1b"))
        await pilot.pause()
        assert app.typed == [("~", False), ("'/tmp/a b'", True)]


@pytest.mark.parametrize(
    ("content_type", "word"),
    [("application/pdf", "PDF"), ("IMAGE/PNG", "picture"), ("message/rfc822", "mail"), ("x/y", "file"), ("", "file")],
)
def test_kinds_in_words(content_type: str, word: str) -> None:
    assert kind(content_type) == word
