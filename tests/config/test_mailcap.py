"""mailcap entries: those that need no shell."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tuimail.config.mailcap import LARGEST, MailcapEntry, entry_for, parse_mailcap, read_mailcaps

if TYPE_CHECKING:
    from pathlib import Path


def argvs(text: str, *, display: bool = True) -> list[tuple[str, ...]]:
    return [entry.argv for entry in parse_mailcap(text, display=display)]


@pytest.mark.parametrize(
    ("line", "argv"),
    [
        ("application/pdf; zathura '%s'; test=test -n \"$DISPLAY\"", ("zathura", "%s")),
        ("application/pdf; zathura %s", ("zathura", "%s")),
        ("text/html; w3m -dump -T text/html; copiousoutput", ("w3m", "-dump", "-T", "text/html")),
        ("image/*; \\\n feh \"%s\"", ("feh", "%s")),
        ("image; feh %s", ("feh", "%s")),
        ("TEXT/HTML; firefox -- %s", ("firefox", "--", "%s")),
    ],
)  # fmt: skip
def test_plain_commands_are_taken(line: str, argv: tuple[str, ...]) -> None:
    assert argvs(line) == [argv]


@pytest.mark.parametrize(
    "line",
    [
        "a/b; cat %s | less",
        "a/b; sh -c 'x %s'",
        "a/b; x `date` %s",
        "a/b; x $(id)",
        "a/b; x > /tmp/%s",
        "a/b; x --name=%s",
        "a/b; x %{charset}",
        "a/b; x -t %t %s",
        "a/b; DISPLAY=:0 x %s",
        "a/b; x %s; test=[ -n $DISPLAY ]",
        "a/b; x %s; test=which x",
        "a/b; x 'open",
        "a/b; %s",
        "a/b;",
        "a/b",
        "; x",
        "# a/b; x %s",
        "a/b; x \\; y %s",
    ],
)
def test_what_needs_a_shell_is_left_out(line: str) -> None:
    assert argvs(line) == []


def test_the_display_is_the_one_test_that_is_answered() -> None:
    text = 'a/b; win %s; test=test -n "$DISPLAY"\na/b; tty %s; needsterminal; test=test -z "$DISPLAY"\n'
    assert argvs(text) == [("win", "%s")]
    assert parse_mailcap(text, display=False) == [MailcapEntry("a/b", ("tty", "%s"), True, False)]


def test_the_first_entry_of_a_type_counts() -> None:
    entries = parse_mailcap("image/png; one %s\nimage/*; two %s\n", display=True)
    found = [entry_for(entries, kind) for kind in ("image/png", "image/gif", "text/plain")]
    assert [each and each.argv[0] for each in found] == ["one", "two", None]


def test_the_users_file_comes_first_and_strange_files_are_bounded(tmp_path: Path) -> None:
    (tmp_path / ".mailcap").write_text("a/b; own %s\n")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").write_bytes(b"\xff" * (2 * LARGEST) + b"\na/b; late %s\n")
    assert read_mailcaps({"HOME": str(tmp_path)}, display=True)[0].argv == ("own", "%s")
    named = f"{tmp_path}/fifo:{tmp_path}/large:{tmp_path}/gone:{tmp_path}/.mailcap"
    assert [each.argv[0] for each in read_mailcaps({"MAILCAPS": named}, display=True)] == ["own"]
