"""ATTACHMENTS, and what leaves a received message: files, links, programs."""

from __future__ import annotations

import base64
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.ui.reading import message, press, reading
from tests.ui.scene import config
from tests.ui.screen_text import lines, text
from tuimail.config.model import ReadingSettings

if TYPE_CHECKING:
    import pytest

    from tuimail.paths import Paths
    from tuimail.ui.requests import ShowComposer


def part(kind: str, name: str, content: bytes) -> bytes:
    body = base64.encodebytes(content).decode()
    lines = [f"Content-Type: {kind}", f'Content-Disposition: attachment; filename="{name}"']
    return "\r\n".join([*lines, "Content-Transfer-Encoding: base64", "", body]).encode()


def mixed(*parts: bytes) -> bytes:
    head = b"From: ada@example.org\r\nSubject: Files\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    text = b"Content-Type: text/plain\r\n\r\nSee the files.\r\n"
    return head + b"".join(b"--b\r\n" + each + b"\r\n" for each in (text, *parts)) + b"--b--\r\n"


FILES = mixed(
    part("text/plain", "notes.txt", b"first note\x1b[31m\nsecond"),
    part("image/png", "../../photo.png", b"%PDF-1.4 not a picture"),
    part("application/octet-stream", "setup.exe", b"MZ\x90\x00"),
    b"Content-Type: message/rfc822\r\n\r\n" + message("Inner", "Words of the inner one."),
    part("text/html", "page.html", b"<p>Hello <a href='https://example.org/x'>there</a>"),
)


async def test_the_page_lists_the_files_at_its_end(paths: Paths) -> None:
    async with reading(paths, {"a": FILES}) as (pilot, _):
        assert "5 attachments" in text(pilot.app)
        assert any(line.startswith("  1  notes.txt  ") for line in lines(pilot.app))
        await press(pilot, "v")
        shown = lines(pilot.app)
        assert shown[0].startswith(" tuimail   ATTACHMENTS")
        assert "1 of 5" in shown[0]
        assert any("notes.txt" in line and "text/plain" in line for line in shown)
        assert any("photo.png" in line and "is application/pdf!" in line for line in shown)
        assert any("setup.exe" in line and "a program!" in line for line in shown)
        assert any("Inner" in line and "message" in line for line in shown)
        await press(pilot, "<")
        assert "MESSAGE TEXT" in lines(pilot.app)[0]
        await press(pilot, "v", "i")
        assert "MAIN MENU" in lines(pilot.app)[0]


async def test_text_pages_and_messages_are_shown_here(paths: Paths) -> None:
    async with reading(paths, {"a": FILES}) as (pilot, _):
        await press(pilot, "v", "enter")
        assert "first note^[[31m" in text(pilot.app)
        await press(pilot, "<", "end", "v")
        assert "Hello there [1]" in text(pilot.app)
        await press(pilot, "<", "up", "enter")
        assert "Words of the inner one." in text(pilot.app)
        assert "MESSAGE TEXT" in lines(pilot.app)[0]
        await press(pilot, "n")
        assert "not defined for this screen" in text(pilot.app)
        await press(pilot, "w", *"inner one", "enter")
        assert "not in the message" not in text(pilot.app)


async def test_programs_are_not_opened(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    settings = replace(config(), reading=ReadingSettings(openers={"application/*": ("true",)}))
    async with reading(paths, {"a": FILES}, settings=settings) as (pilot, _):
        await press(pilot, "v", "down", "down", "enter")
        assert "setup.exe is a program: it is not opened." in text(pilot.app)
        await press(pilot, "x")
        assert "setup.exe is a program: it is not opened." in text(pilot.app)
        await press(pilot, "t")
        assert "MZ" in text(pilot.app)


async def test_a_file_is_handed_to_the_program_for_what_it_is(paths: Paths, tmp_path: Path) -> None:
    script = tmp_path / "viewer"
    script.write_text(f'#!/bin/sh\nls -l "$1" > {tmp_path}/seen; cp "$1" {tmp_path}/copy\n')
    script.chmod(0o700)
    settings = replace(config(), reading=ReadingSettings(openers={"application/pdf": (str(script), "%s")}))
    async with reading(paths, {"a": FILES}, settings=settings) as (pilot, _):
        await press(pilot, "v", "down", "enter")
        seen = (tmp_path / "seen").read_text()
        assert seen.startswith("-r--------")
        assert seen.rstrip().endswith("/photo.png")
        assert (tmp_path / "copy").read_bytes() == b"%PDF-1.4 not a picture"
        assert list(paths.opened.iterdir()) == [], "it is taken back"


async def test_what_nothing_opens_is_told(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuimail.engine.openers.shutil.which", lambda name: None)
    async with reading(paths, {"a": FILES}) as (pilot, _):
        await press(pilot, "v", "down", "enter")
        assert "Nothing here opens application/pdf." in text(pilot.app)


async def test_saving_asks_before_it_replaces(paths: Paths) -> None:
    home = Path.home()
    async with reading(paths, {"a": FILES}) as (pilot, _):
        await press(pilot, "v", "s")
        assert "~/notes.txt" in text(pilot.app)
        await press(pilot, "enter")
        saved = home / "notes.txt"
        assert saved.read_bytes() == b"first note\x1b[31m\nsecond"
        assert stat.S_IMODE(saved.stat().st_mode) == 0o600
        saved.write_bytes(b"mine")
        await press(pilot, "s", "enter")
        assert "Replace it?" in text(pilot.app)
        await press(pilot, "enter")
        assert saved.read_bytes() == b"mine"
        await press(pilot, "s", "enter", "y")
        assert saved.read_bytes() == b"first note\x1b[31m\nsecond"
        await press(pilot, "down", "s", "enter")
        assert (home / "photo.png").is_file()
        (home / "all").mkdir()
        await press(pilot, "a", *"all", "enter")
        assert "5 files were saved." in text(pilot.app)
        names = {each.name for each in (home / "all").iterdir()}
        assert names == {"notes.txt", "photo.png", "setup.exe", "Inner.eml", "page.html"}
        assert (home / "all" / "Inner.eml").read_bytes().startswith(b"From: Ada Lovelace")


async def test_the_message_is_exported_and_piped_byte_for_byte(paths: Paths) -> None:
    async with reading(paths, {"a": FILES}) as (pilot, _):
        await press(pilot, "e", "enter")
        assert (Path.home() / "Files.eml").read_bytes() == FILES
        await press(pilot, "|", *"wc -c", "enter")
        assert "Run wc on the message" in text(pilot.app)
        await press(pilot, "enter")
        assert str(len(FILES)) in text(pilot.app)
        await press(pilot, "<", "|", *"tee", "space", *"copy; touch x", "enter", "escape")
        assert "MESSAGE TEXT" in lines(pilot.app)[0]
        await press(pilot, "|", *"nonsense-program", "enter", "h")
        assert "There is no program 'nonsense-program'." in text(pilot.app)
        await press(pilot, "%")
        assert "No program is set to print with." in text(pilot.app)


async def test_of_a_message_too_large_to_be_read_all_is_exported(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuimail.engine.message_reader.READ", 200)
    async with reading(paths, {"a": FILES}) as (pilot, _):
        assert "Only the first" in text(pilot.app)
        await press(pilot, "e", "enter")
        assert (Path.home() / "Files.eml").read_bytes() == FILES
        await press(pilot, "|", *"nonsense-program", "enter", "h")
        assert "There is no program" in text(pilot.app)


async def test_a_file_is_piped_decoded(paths: Paths, tmp_path: Path) -> None:
    async with reading(paths, {"a": FILES}) as (pilot, _):
        await press(pilot, "v", "|", *f"cp /dev/stdin {tmp_path}/out", "enter", "t")
        assert (tmp_path / "out").read_bytes() == b"first note\x1b[31m\nsecond"
        assert "cp ended." in text(pilot.app)


async def test_a_pipe_may_redirect_and_join_programs(paths: Paths, tmp_path: Path) -> None:
    async with reading(paths, {"a": FILES}) as (pilot, _):
        await press(pilot, "v", "|", *f"cat | cat > '{tmp_path}/a b'", "enter")
        assert "Run sh on notes.txt" in text(pilot.app)
        await press(pilot, "enter")
        assert (tmp_path / "a b").read_bytes() == b"first note\x1b[31m\nsecond"
        await press(pilot, "|", *f"tee '{tmp_path}/a>b'", "enter")
        assert "Run tee on notes.txt" in text(pilot.app), "what is quoted is an argument"


async def test_printing_asks_and_prints_what_is_read(paths: Paths, tmp_path: Path) -> None:
    settings = replace(config(), reading=ReadingSettings(print_command=("cp", "/dev/stdin", f"{tmp_path}/printed")))
    async with reading(paths, {"a": message("Mill", "Words")}, settings=settings) as (pilot, _):
        await press(pilot, "%", "y")
        printed = (tmp_path / "printed").read_text()
        assert "Subject: Mill\n" in printed
        assert "Words\n" in printed


# -- links
LINKS = message(
    "Links",
    "See https://example.org/a?b=1 or javascript:alert(1).\nThen http://раypal.example/x\n"
    "Write to mailto:bob@example.net?subject=Hi&attach=/etc/passwd\n" + "\n" * 30 + "https://example.org/last",
    "List-Id: <board.list.example>",
    "List-Unsubscribe: <https://list.example/leave?1>, <mailto:leave@list.example?subject=leave>",
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
)


async def test_a_link_is_opened_after_a_question_by_one_argument(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []

    async def start(argv: Any) -> None:
        started.append(argv)

    monkeypatch.setattr("tuimail.engine.programs.start_in_background", start)
    monkeypatch.setattr("tuimail.ui.actions.links.browser_argv", lambda environ: ["xdg-open"])
    async with reading(paths, {"a": LINKS}) as (pilot, screen):
        assert "https://example.org/a?b=1 [1] or javascript:alert(1)." in text(pilot.app)
        await press(pilot, "ctrl+f")
        assert screen.pager.chosen == 1
        await press(pilot, "enter")
        assert "Open a page of example.org?" in text(pilot.app)
        await press(pilot, "n")
        assert started == []
        await press(pilot, "enter", "y")
        assert started == [["xdg-open", "https://example.org/a?b=1"]]
        await press(pilot, "ctrl+f", "enter")
        assert "Open a page of xn--" in text(pilot.app)
        await press(pilot, "escape", "ctrl+b", "ctrl+b")
        assert screen.pager.chosen == 4
        assert " https://example.org/last [4]" in lines(pilot.app)
        await press(pilot, "2", "enter")
        assert "Open a page of xn--" in text(pilot.app)
        await press(pilot, "escape", "9", "enter")
        assert "There is no link 9." in text(pilot.app)
        assert len(started) == 1


async def test_without_a_desktop_the_address_is_said_and_copied(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuimail.ui.actions.links.browser_argv", lambda environ: [])
    async with reading(paths, {"a": LINKS}) as (pilot, _):
        await press(pilot, "1", "enter", "y")
        assert "https://example.org/a?b=1" in "".join(lines(pilot.app)[-4:])
        assert pilot.app.clipboard == "https://example.org/a?b=1"


async def test_a_mailto_link_opens_the_composer_and_sets_only_what_it_may(
    paths: Paths, composers: list[ShowComposer]
) -> None:
    async with reading(paths, {"a": LINKS}) as (pilot, _):
        await press(pilot, "3", "enter")
        (asked,) = composers
        assert asked.draft is not None
        assert (asked.draft.to, asked.draft.subject, asked.draft.attachments) == ("bob@example.net", "Hi", ())
        assert "tried to set attach" in text(pilot.app)


async def test_a_list_is_left_after_a_question_that_names_the_host(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def one_click(url: str) -> str:
        asked.append(url)
        return "It was taken."

    monkeypatch.setattr("tuimail.engine.unsubscribe.one_click", one_click)
    async with reading(paths, {"a": LINKS}) as (pilot, _):
        assert any(line.startswith(" List    board.list.example, ") for line in lines(pilot.app))
        await press(pilot, "alt+l")
        assert "list.example will be told so at once" in text(pilot.app)
        await press(pilot, "enter")
        assert asked == []
        await press(pilot, "alt+l", "y")
        assert asked == ["https://list.example/leave?1"]
        assert "It was taken." in text(pilot.app)


async def test_a_list_that_wants_a_mail_gets_a_draft(paths: Paths, composers: list[ShowComposer]) -> None:
    raw = LINKS.replace(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b"")
    async with reading(paths, {"a": raw}) as (pilot, _):
        await press(pilot, "alt+l")
        (asked,) = composers
        assert asked.draft is not None
        assert (asked.draft.to, asked.draft.subject) == ("leave@list.example", "leave")
