"""The composer as a whole: keys, fields, files, the user's editor."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual import events

from tests.ui.scene import config
from tests.ui_compose.composing import LETTER, composing
from tuimail.compose.draft import Attachment, Draft
from tuimail.config.model import Account, Config, Identity, Problem
from tuimail.ui.commands.command import Context

if TYPE_CHECKING:
    from tuimail.paths import Paths

DATA = Path(__file__).parents[1] / "compose" / "data"
FILE = Attachment("/x/a.pdf", "a.pdf", "application/pdf", 10)


async def test_a_new_letter_starts_in_to_and_a_filled_one_in_the_text(paths: Paths) -> None:
    async with composing(paths) as at:
        assert at.focused is at.screen.form.to.editor
    async with composing(paths, LETTER) as at:
        assert at.focused is at.screen.form.body
    async with composing(paths, replace(LETTER, subject="")) as at:
        assert at.focused is at.screen.form.subject.editor


async def test_down_through_the_form(paths: Paths) -> None:
    async with composing(paths) as at:
        form = at.screen.form
        for key in ("enter", "tab", "down", "ctrl+n"):
            form.to.editor.focus()
            seen = []
            for _ in range(4):
                await at.press(key)
                seen.append(at.screen.focused)
            assert seen == [form.cc.editor, form.attachment.list, form.subject.editor, form.body], key


async def test_up_through_the_form(paths: Paths) -> None:
    async with composing(paths, LETTER) as at:
        form = at.screen.form
        for key in ("up", "ctrl+p"):
            form.body.focus()
            seen = []
            for _ in range(6):
                await at.press(key)
                seen.append(at.screen.focused)
            assert seen == [
                form.subject.editor, form.attachment.list, form.cc.editor, form.to.editor,
                form.sender.choice, form.sender.choice,
            ], key  # fmt: skip


@pytest.mark.parametrize("keys", [("ctrl+y", "ctrl+v"), ("pageup", "pagedown")])
async def test_pages_in_the_header_are_its_first_field_and_the_text(paths: Paths, keys: tuple[str, str]) -> None:
    async with composing(paths) as at:
        seen = []
        for key in ("down", *keys):
            await at.press(key)
            seen.append(at.focused)
        assert seen[1:] == [at.screen.form.sender.choice, at.screen.form.body]


async def test_pages_in_the_text(paths: Paths) -> None:
    async with composing(paths, replace(LETTER, body="\n".join(map(str, range(200))))) as at:
        await at.press("ctrl+v", "ctrl+v")
        down = at.screen.form.body.cursor_location[0]
        assert down > 10
        await at.press("ctrl+y")
        assert at.screen.form.body.cursor_location[0] == down // 2
        assert at.focused is at.screen.form.body


async def test_the_key_rows_follow_the_cursor(paths: Paths) -> None:
    async with composing(paths) as at:
        assert at.context == Context.COMPOSE_HEADER.value
        assert "Attach" in at.shown
        assert "Justify" not in at.shown
        await at.press("ctrl+v")
        assert at.context == Context.COMPOSE_BODY.value
        assert "Justify" in at.shown
        assert "Rich hdr" not in at.shown


@pytest.mark.parametrize("keymap", ["pine", "mutt"])
async def test_letters_are_text_in_either_keymap(paths: Paths, keymap: str) -> None:
    async with composing(paths, settings=config(keymap=keymap)) as at:
        await at.press(*"qmy?<", "down", "down", "down", *"q?y", "down", *"ynq <?")
        form = at.screen.form
        assert (form.to.value, form.subject.value, form.body.text) == ("qmy?<", "q?y", "ynq <?")


async def test_keys_typed_ahead_in_one_burst_go_where_they_belong(paths: Paths) -> None:
    async with composing(paths) as at:
        keys = [*"a@x.org", "enter", "tab", "down", *"Hi", "enter", *"one", "enter", *"two", "ctrl+k", *"three"]
        for key in keys:
            at.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await at.until(lambda: "three" in at.screen.form.body.text)
        form = at.screen.form
        assert (form.to.value, form.cc.value, form.subject.value, form.body.text) == ("a@x.org", "", "Hi", "one\nthree")


async def test_unknown_alt_letters_type_nothing(paths: Paths) -> None:
    async with composing(paths, LETTER) as at:
        await at.press("alt+x", "alt+z", "up", "alt+y")
        assert at.screen.form.untouched


async def test_cut_paste_mark_justify_and_undo_by_their_keys(paths: Paths) -> None:
    async with composing(paths, replace(LETTER, body="one\ntwo\nthree\nfour")) as at:
        body = at.screen.form.body
        await at.press("ctrl+k", "ctrl+k")
        assert body.text == "three\nfour"
        await at.press("ctrl+u")
        assert body.text == "one\ntwo\nthree\nfour"
        await at.press("ctrl+home", "ctrl+j")
        assert body.text == "one two three four"
        assert "Unjustify" in at.shown
        await at.press("ctrl+u")
        assert body.text == "one\ntwo\nthree\nfour"
        await at.press("ctrl+home", "ctrl+circumflex_accent", "right", "right")
        assert "Cut text" in at.shown
        await at.press("ctrl+k")
        assert body.text == "e\ntwo\nthree\nfour"
        await at.press("alt+u")
        assert body.text == "one\ntwo\nthree\nfour"
        await at.press("alt+r", "ctrl+d")
        assert body.text == "\ntwo\nthree\nfour"


async def test_a_line_cut_in_the_text_can_be_put_into_a_field(paths: Paths) -> None:
    async with composing(paths, replace(LETTER, subject="Re: ", body="one\ntwo")) as at:
        await at.press("ctrl+k", "up", "end", "ctrl+u")
        assert at.screen.form.subject.value == "Re: one"


async def test_where_is_goes_on_and_remembers(paths: Paths) -> None:
    async with composing(paths, replace(LETTER, body="x alpha\ny Alpha\nz")) as at:
        await at.press("ctrl+w", *"alpha", "enter")
        assert at.screen.form.body.cursor_location == (0, 2)
        await at.press("ctrl+w", "enter")
        assert at.screen.form.body.cursor_location == (1, 2)
        await at.press("ctrl+w", "enter")
        assert at.screen.form.body.cursor_location == (0, 2)
        assert "went on at the top" in at.status
        await at.press("ctrl+w", *"nowhere[/]", "enter")
        assert at.status == '"nowhere[/]" not found.'
        await at.press("ctrl+w", "ctrl+c")
        assert at.focused is at.screen.form.body


async def test_rich_header_shows_and_hides_the_rare_fields(paths: Paths) -> None:
    async with composing(paths) as at:
        assert "Bcc" not in at.shown
        await at.press("ctrl+r")
        assert "Bcc" in at.shown
        assert "Reply-To" in at.shown
        await at.press("ctrl+r")
        assert "Reply-To" not in at.shown
    async with composing(paths, replace(LETTER, bcc="secret@example.org")) as at:
        assert "secret@example.org" in at.shown


async def test_from_is_shown_only_when_there_is_a_choice(paths: Paths) -> None:
    one = config()
    async with composing(paths, settings=Config(accounts={"work": one.accounts["work"]})) as at:
        assert "From" not in at.shown
    async with composing(paths, settings=Config()) as at:
        assert "From    : nobody: there is no account yet" in at.shown


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_without_an_account_it_is_said_before_a_word_is_written(paths: Paths, size: tuple[int, int]) -> None:
    file = Path("/home/ada/.config/tuimail/config.toml")
    async with composing(paths, settings=Config(file=file), size=size) as at:
        assert f"There is no account yet in {file}. Add one with: tuimail account add." in at.status
        assert at.status.endswith("a letter can be written and kept, not sent.")
        assert " ".join(at.shown.split()).count("can be written and kept, not sent.") == 1
    for key, words in (
        ("accounts.work", "until the mistakes"),
        ("", "until the mistakes"),
        ("ui.bell", "Add one with"),
    ):
        problem = Problem(file, 3, key, "Must be a table.")
        async with composing(paths, settings=Config(file=file, problems=(problem,))) as at:
            assert words in at.status


async def test_another_sender_takes_their_signature_along(paths: Paths) -> None:
    both = config()
    home = both.accounts["home"]
    signed = Account("home", (Identity("ada@home.example", "Ada", "Ada at home"),), home.submission)
    async with composing(paths, settings=replace(both, accounts={**both.accounts, "home": signed})) as at:
        form = at.screen.form
        await at.press("up", "right")
        assert form.snapshot().account == "home"
        assert form.snapshot().identity == "ada@home.example"
        assert form.body.text == "\n\n-- \nAda at home"
        form.body.type_text("Hello")
        await at.press("left")
        assert form.body.text == "Hello"
        assert form.snapshot().account == "work"
        await at.press("ctrl+t", "left")
        assert form.snapshot().account == "work"


async def test_an_untouched_signature_is_nothing_to_keep(paths: Paths) -> None:
    account = config().accounts["work"]
    signed = Account("work", (Identity("ada@example.org", "Ada", "Ada"),), account.submission)
    async with composing(paths, settings=Config(accounts={"work": signed})) as at:
        assert at.screen.form.body.text == "\n\n-- \nAda"
        await at.press("ctrl+c")
        assert not at.open


async def test_a_wrong_address_is_marked_when_the_cursor_leaves(paths: Paths) -> None:
    async with composing(paths) as at:
        await at.press(*"ann@example.org, bob@@x", "enter")
        form = at.screen.form
        assert at.screen.focused is form.cc.editor
        wrong = form.to.editor.wrong
        assert wrong is not None
        assert form.to.editor.text[slice(*wrong)] == "bob@@x"
        assert "not an address" in at.shown
        assert "bob@@x" in at.status
        await at.press("up", "end", "backspace", "backspace", "backspace", *"@x.org", "down")
        assert form.to.editor.wrong is None
        assert "not an address" not in at.shown


async def test_completion_works_in_the_composer(paths: Paths) -> None:
    async with composing(paths) as at:
        await at.press(*"bo")
        await at.until(lambda: at.screen.form.to.popup.shown)
        assert "board@list.example" in at.shown
        await at.press("down", "enter")
        assert at.screen.form.to.value == "Board <board@list.example>, "
        await at.press("ctrl+t")
        await at.until(lambda: at.screen.form.to.popup.shown)
        await at.press("escape", "down")
        assert at.screen.form.to.value == "Board <board@list.example>"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("budget.ods", "budget old.txt", "notes.txt"):
        (tmp_path / name).write_text("line one\nline two\n")
    return tmp_path


async def test_attaching_by_prompt_with_completion(paths: Paths, files: Path) -> None:
    async with composing(paths) as at:
        await at.press("ctrl+j")
        at.app.screen.query_one("PromptInput").value = f"{files}/not"  # type: ignore[attr-defined]
        await at.press("tab")
        await at.until(lambda: at.app.screen.query_one("PromptInput").value.endswith("notes.txt"))  # type: ignore[attr-defined]
        await at.press("enter")
        await at.until(lambda: at.attached)
        assert at.attached[0].name == "notes.txt"
        assert "1. notes.txt (18 B, text)" in at.shown
        assert "notes.txt (18 B) attached." in at.shown
        assert at.focused is at.screen.form.to.editor


@pytest.mark.parametrize("kind", ["missing", "folder", "fifo", "device"])
async def test_what_cannot_be_attached_is_said_and_can_be_mended(paths: Paths, files: Path, kind: str) -> None:
    import os

    os.mkfifo(files / "fifo")
    (files / "folder").mkdir()
    name = "/dev/null" if kind == "device" else f"{files}/{kind}"
    async with composing(paths) as at:
        await at.press("ctrl+j")
        at.app.screen.query_one("PromptInput").value = name  # type: ignore[attr-defined]
        await at.press("enter")
        await at.until(lambda: at.status)
        assert name in at.status
        assert at.focused is at.screen.form.to.editor
        await at.press("ctrl+j")
        assert at.app.screen.query_one("PromptInput").value == name  # type: ignore[attr-defined]
        await at.press("ctrl+c")
        assert at.screen.prompts.current is None
        assert at.attached == []


async def test_files_dropped_on_the_attachment_line_are_attached(paths: Paths, files: Path) -> None:
    async with composing(paths) as at:
        await at.press("down", "down")
        at.screen.form.attachment.list.post_message(events.Paste(f"'{files}/budget old.txt' {files}/budget.ods"))
        await at.until(lambda: len(at.attached) == 2)
        assert [each.name for each in at.attached] == ["budget old.txt", "budget.ods"]
        assert "2 files attached." in at.status


async def test_typing_on_the_attachment_line_begins_the_question(paths: Paths) -> None:
    async with composing(paths) as at:
        await at.press("down", "down", "~")
        assert at.app.screen.query_one("PromptInput").value == "~"  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", ["ctrl+k", "alt+d", "ctrl+d", "delete"])
async def test_an_attachment_is_removed_and_put_back(paths: Paths, key: str) -> None:
    async with composing(paths, replace(LETTER, attachments=(FILE,))) as at:
        await at.press("up", "up", key)
        assert at.attached == []
        assert at.status == "a.pdf removed. ^U puts it back."
        await at.press("ctrl+u")
        assert at.attached == [FILE]


async def test_a_file_is_read_into_the_text(paths: Paths, files: Path) -> None:
    async with composing(paths, LETTER) as at:
        await at.press("ctrl+r")
        at.app.screen.query_one("PromptInput").value = f"{files}/notes.txt"  # type: ignore[attr-defined]
        await at.press("enter")
        await at.until(lambda: at.status == "2 lines inserted.")
        assert at.screen.form.body.text.startswith("line one\nline two\nDear all")


@pytest.mark.parametrize(
    ("content", "text", "said"),
    [
        ((DATA / "c34-windows-1252.txt").read_bytes(), "“quoted” – € 5, café\n", "1 line inserted."),
        ("€ 5\r\n".encode("utf-16"), "€ 5\n", "1 line inserted."),
        (b"\x1b[1mbold\n", "[1mbold\n", "1 line inserted without its control characters."),
    ],
)
async def test_a_file_in_any_charset_is_read_into_the_text(
    paths: Paths, files: Path, content: bytes, text: str, said: str
) -> None:
    (files / "letter.txt").write_bytes(content)
    async with composing(paths, LETTER) as at:
        await at.press("ctrl+r")
        at.app.screen.query_one("PromptInput").value = f"{files}/letter.txt"  # type: ignore[attr-defined]
        await at.press("enter")
        await at.until(lambda: at.status == said)
        assert at.screen.form.body.text.startswith(f"{text}Dear all")


@pytest.mark.parametrize(("content", "words"), [(b"a\0b", "is not a text file"), (b"x" * 5_000_001, "is too large")])
async def test_no_text_is_not_read_in(paths: Paths, files: Path, content: bytes, words: str) -> None:
    (files / "data").write_bytes(content)
    async with composing(paths, LETTER) as at:
        await at.press("ctrl+r")
        at.app.screen.query_one("PromptInput").value = f"{files}/data"  # type: ignore[attr-defined]
        await at.press("enter")
        await at.until(lambda: words in at.status)
        assert at.screen.form.untouched


async def test_the_users_editor_and_back(paths: Paths, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = files / "editor.py"
    script.write_text("import pathlib, sys\np = pathlib.Path(sys.argv[1])\np.write_text(p.read_text() + 'P.S. me\\n')")
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
    async with composing(paths, LETTER) as at:
        await at.press("ctrl+underscore")
        await at.until(lambda: at.screen.form.body.text.endswith("P.S. me\n"))
        assert at.screen.form.body.text == LETTER.body + "P.S. me\n"
        await at.press("alt+u")
        assert at.screen.form.body.text == LETTER.body


@pytest.mark.parametrize(
    ("command", "words"), [("", "No editor is set."), ("no-such-editor-x", "There is no program"), ("false", "failed")]
)
async def test_an_editor_that_does_not_work_leaves_the_text(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, command: str, words: str
) -> None:
    monkeypatch.setenv("EDITOR", command)
    async with composing(paths, LETTER) as at:
        await at.press("ctrl+underscore")
        await at.until(lambda: words in at.status)
        assert at.screen.form.untouched
        await at.press("x")
        assert at.screen.form.body.text.startswith("x")


async def test_hostile_text_is_drawn_without_acting(paths: Paths) -> None:
    hostile = "[@click=app.quit]x[/] [/etc] \x1b]52;c;aGk=\x07 \u202eevil"
    draft = Draft(to=hostile, subject=hostile, body=hostile, attachments=(replace(FILE, name=hostile),))
    async with composing(paths, draft, size=(120, 40)) as at:
        shown = at.shown
        assert shown.count("[@click=app.quit]x[/] [/etc]") == 4
        assert not any(char in shown for char in "\x1b\x07\u202e")
        await at.press("up", "up")
        await at.press("ctrl+k")
        assert "removed" in at.shown


async def test_what_hides_is_drawn_as_a_mark(paths: Paths) -> None:
    draft = Draft(to="bob@example.org", subject="pay\u202e1\u200b2", body="now\u2066 or\u200d never 👩\u200d💻")
    async with composing(paths, draft, size=(120, 40)) as at:
        assert "pay\ufffd1\ufffd2" in at.shown
        assert "now\ufffd or\ufffd never" in at.shown
        assert at.shown.count("\ufffd") == 4


async def test_a_doubtful_address_has_its_plain_form_beside_it(paths: Paths) -> None:
    async with composing(paths, size=(120, 40)) as at:
        await at.press(*"bob@r\u0430ypal.com", "enter")
        assert at.screen.focused is at.screen.form.cc.editor
        assert "xn--rypal-4ve.com" in at.shown


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (20, 8)])
async def test_any_window_will_do(paths: Paths, size: tuple[int, int]) -> None:
    async with composing(paths, LETTER, size=size) as at:
        at.screen.form.body.post_message(events.Paste("\u65e5\u672c\u8a9e\U0001f44d"))
        await at.press("up", *"\u05e9\u05dc\u05d5\u05dd")
        assert at.screen.form.body.text.startswith("\u65e5\u672c\u8a9e\U0001f44dDear")
        assert len(at.shown.split("\n")) == size[1]


async def test_what_a_link_may_not_set_is_said_in_the_composer(paths: Paths) -> None:
    words = "The link tried to set bcc\u202e."
    async with composing(paths, Draft(to="bob@example.net"), warning=words) as at:
        assert at.status == "The link tried to set bcc<U+202E>."
