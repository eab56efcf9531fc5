"""Received mail on the command line: folders, search, show."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tuimail.cache.writer_lock import WriterLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ran
    from tuimail.paths import Paths

    Run = Callable[..., Ran]

PLAIN = """\
From: Kim Example <kim@example.net>
To: Ada <ada@example.org>, bob@example.net
Cc: board@list.example
Subject: =?utf-8?q?M=C3=ADnutes?= of the board
Date: Thu, 01 Oct 2026 10:00:00 +0000
Message-ID: <1@example.net>

The barrel is at the mill.
> quoted
-- \nKim
"""
ANSWER = """\
From: ada@example.org
To: kim@example.net
Subject: Re: Minutes of the board
Date: Fri, 02 Oct 2026 10:00:00 +0000
Message-ID: <2@example.org>
In-Reply-To: <1@example.net>

Thank you.
"""
FILES = """\
From: =?x?q?broken?= <eve@example.net>
Subject: \x1b]52;c;aGk=\x07 picture
Date: Wed, 30 Sep 2026 10:00:00 +0000
Message-ID: <3@example.net>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

See the \x1b[31mpicture.
--b
Content-Type: image/png; name="mill.png"
Content-Disposition: attachment; filename="mill.png"
Content-Transfer-Encoding: base64

aGVsbG8=
--b--
"""


@pytest.fixture
def maildir(tmp_path: Path, write_config: Callable[[str], None]) -> Path:
    """An account whose Maildir has three letters in INBOX and none in Archive."""
    root = tmp_path / "Maildir"
    for folder in (root, root / ".Archive"):
        for part in ("cur", "new", "tmp"):
            (folder / part).mkdir(parents=True)
    (root / "cur" / "1.a:2,").write_text(PLAIN)
    (root / "cur" / "2.a:2,RS").write_text(ANSWER)
    (root / "new" / "3.a").write_text(FILES)
    write_config(
        f'''[accounts.work]
address = "ada@example.org"
[accounts.work.submission]
command = ["/bin/true"]
[accounts.work.maildir]
path = "{root}"
'''
    )
    return root


def found(tuimail_: Run, *words: str) -> list[str]:
    """The subjects of what a search finds."""
    ran = tuimail_("search", "--json", *words)
    assert ran.code == 0, ran
    return [each["subject"] for each in json.loads(ran.out)]


def test_folders_with_their_counts(tuimail_: Run, maildir: Path) -> None:
    assert tuimail_("folders").out == "INBOX    3  2 unread\nArchive  0\n"
    inbox, archive = json.loads(tuimail_("folders", "work", "--json").out)
    assert inbox == {"account": "work", "name": "INBOX", "special_use": None, "total": 3, "unread": 2, "kept": 3}
    assert archive["special_use"] == "archive"
    assert maildir.is_dir()


def test_a_message_as_json(tuimail_: Run, maildir: Path) -> None:
    (document,) = json.loads(tuimail_("search", "--json", "~f kim").out)
    assert document == {
        "id": "work:INBOX:1.a",
        "account": "work",
        "folder": "INBOX",
        "uid": "1.a",
        "message_id": "<1@example.net>",
        "date": "2026-10-01T10:00:00Z",
        "arrived": document["arrived"],
        "from": "Kim Example <kim@example.net>",
        "to": ["Ada <ada@example.org>", "bob@example.net"],
        "cc": ["board@list.example"],
        "subject": "M\u00ednutes of the board",
        "size": (maildir / "cur" / "1.a:2,").stat().st_size,
        "flags": [],
        "thread": "<1@example.net>",
        "attachments": None,
    }


@pytest.mark.parametrize(
    ("pattern", "subjects"),
    [
        ("board", ["Re: Minutes of the board", "M\u00ednutes of the board"]),
        ("~A", ["Re: Minutes of the board", "M\u00ednutes of the board", "picture"]),
        ("~U !~N", ["M\u00ednutes of the board"]),
        ("~N", ["picture"]),
        ("~Q", ["Re: Minutes of the board"]),
        ("~P", ["Re: Minutes of the board"]),
        ("~b barrel", ["M\u00ednutes of the board"]),
        ("~b barr", ["M\u00ednutes of the board"]),
        ('~b "barr"', []),
        ("~B mill.png", ["picture"]),
        ("~(~b barrel)", ["Re: Minutes of the board", "M\u00ednutes of the board"]),
        ("~i <3@example.net>", ["picture"]),
        ("~x <1@example.net>", ["Re: Minutes of the board"]),
        ("~h boundary=b", ["picture"]),
        ("~$", ["picture"]),
        ("~d 1/10/2026-1/10/2026", ["M\u00ednutes of the board"]),
        ("nothing like it", []),
    ],
)
def test_searches(tuimail_: Run, maildir: Path, pattern: str, subjects: list[str]) -> None:
    assert maildir.is_dir()
    assert [each.split("\x07")[-1].strip() for each in found(tuimail_, pattern)] == subjects


def test_the_newest_and_no_more(tuimail_: Run, maildir: Path) -> None:
    assert maildir.is_dir()
    assert found(tuimail_, "--limit", "1", "~A") == ["Re: Minutes of the board"]
    assert found(tuimail_, "--folder", "archive", "~A") == []


def test_lines_for_people_hold_no_control_character(tuimail_: Run, maildir: Path) -> None:
    assert maildir.is_dir()
    ran = tuimail_("search", "~A")
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 3
    assert all(each.isprintable() for each in ran.out.splitlines())


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (("search", "~q x"), 64, "~q"),
        (("search", "(x"), 64, ")"),
        (("search", "--folder", "Nowhere", "x"), 64, "no folder"),
        (("search", "--account", "home", "x"), 64, "no account home"),
        (("search", "--limit", "0", "x"), 64, "'0' is not a number of letters"),
        (("search", "/x/"), 64, "Regular expressions"),
        (("show", "work:INBOX:9.a"), 66, "no message"),
        (("show", "1"), 64, "not the id"),
        (("show", "work:INBOX:3.a", "--part", "7"), 66, "1, 2"),
    ],
)
def test_what_is_wrong_is_said(tuimail_: Run, maildir: Path, argv: tuple[str, ...], code: int, words: str) -> None:
    assert maildir.is_dir()
    ran = tuimail_(*argv)
    assert ran.code == code, ran
    assert words in ran.err
    assert ran.out == ""


def test_no_account_with_a_maildir(tuimail_: Run, write_config: Callable[[], None]) -> None:
    write_config()
    ran = tuimail_("folders")
    assert ran.code == 64
    assert "accounts.NAME.imap" in ran.err


def test_a_letter_as_a_reader_sees_it(tuimail_: Run, maildir: Path) -> None:
    assert maildir.is_dir()
    shown = tuimail_("show", "work:INBOX:1.a").out
    assert shown.startswith("From: Kim Example <kim@example.net>\nTo: ")
    assert "Subject: M\u00ednutes of the board\n" in shown
    assert "\n\nThe barrel is at the mill.\n> quoted\n" in shown
    assert tuimail_("show", "work:INBOX:1.a", "--text").out.startswith("The barrel")
    assert "Message-ID: <1@example.net>" in tuimail_("show", "work:INBOX:1.a", "--headers").out


def test_a_hostile_letter_is_shown_without_its_controls(tuimail_: Run, maildir: Path) -> None:
    assert maildir.is_dir()
    for how in ((), ("--text",), ("--headers",), ("--json",)):
        ran = tuimail_("show", "work:INBOX:3.a", *how)
        assert ran.code == 0
        assert all(each.isprintable() for each in ran.out.splitlines()), how
    document = json.loads(tuimail_("show", "work:INBOX:3.a", "--json").out)
    assert document["attachments"] == [{"part": "2", "name": "mill.png", "type": "image/png", "size": 5}]


def test_an_id_outlives_the_cache(tuimail_: Run, maildir: Path, home: Paths) -> None:
    assert found(tuimail_, "~N")
    shutil.rmtree(home.cache)
    assert tuimail_("show", "work:INBOX:3.a").code == 0
    (maildir / "new" / "3.a").rename(maildir / "cur" / "3.a:2,S")
    assert tuimail_("show", "work:INBOX:3.a").code == 0


def test_a_damaged_cache_is_begun_anew(tuimail_: Run, maildir: Path, home: Paths) -> None:
    assert maildir.is_dir()
    assert len(found(tuimail_, "~A")) == 3
    (index,) = home.cache.rglob("index.db")
    index.write_bytes(b"x" * 100_000)
    assert len(found(tuimail_, "~A")) == 3


def test_the_maildir_is_left_as_it_was(tuimail_: Run, maildir: Path) -> None:
    before = sorted(str(each) for each in maildir.rglob("*"))
    found(tuimail_, "~b barrel")
    tuimail_("show", "work:INBOX:3.a")
    assert sorted(str(each) for each in maildir.rglob("*")) == before


def test_a_terminal_shows_the_ids_too(tuimail_: Run, maildir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert maildir.is_dir()
    monkeypatch.setattr("tuimail.cli.search.width", lambda: 80)
    lines = tuimail_("search", "kim").out.splitlines()
    assert [line.strip() for line in lines[1::2]] == ["work:INBOX:2.a", "work:INBOX:1.a"]
    assert all(len(line) <= 80 for line in lines)


def test_no_part_is_given_out_cut_off(tuimail_: Run, maildir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert maildir.is_dir()
    monkeypatch.setattr("tuimail.cli.show.READ", 200)
    ran = tuimail_("show", "work:INBOX:3.a", "--part", "2")
    assert (ran.code, ran.out) == (64, "")
    assert "--raw" in ran.err
    assert "Only the first" in tuimail_("show", "work:INBOX:3.a").err


def test_a_folder_removed_since_the_sync_is_said(tuimail_: Run, maildir: Path, home: Paths) -> None:
    """Another process holds the cache, so that it still lists the folder."""
    (maildir / ".Archive" / "cur" / "4.a:2,S").write_text(PLAIN)
    assert len(found(tuimail_, "~A")) == 4
    (lock,) = [each for each in (home.data / "mail").iterdir() if ".journal" not in each.name]
    other = WriterLock(lock)
    assert other.acquire()
    try:
        shutil.rmtree(maildir / ".Archive")
        ran = tuimail_("show", "work:Archive:4.a")
        assert ran.code == 66
        assert "folder Archive is gone" in ran.err
        assert len(found(tuimail_, "~b barrel")) == 1
    finally:
        other.release()


def test_dates_are_not_cut(tuimail_: Run, maildir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as "Thu 26 Nov 08:00" is."""
    assert maildir.is_dir()
    monkeypatch.setattr("tuimail.cli.search.format_day_time", lambda *_: "Thu 26 Nov 08:00")
    assert tuimail_("search", "kim").out.count("Thu 26 Nov 08:00") == 2


@pytest.mark.parametrize("words", [("search", "x"), ("show", "work:INBOX:1.a"), ("flag", "work:INBOX:1.a", "+seen")])
def test_the_problem_of_a_config_is_said(tuimail_: Run, write_config: Callable[[str], None], words: list[str]) -> None:
    """Without it, "no account" stands there as if the user had never described one."""
    write_config('[accounts.work]\naddress = "ada@example.org"\nmaildir = "/mail"\n')
    ran = tuimail_(*words)
    assert ran.code != 0
    assert "accounts.work.maildir: Must be a table" in ran.err
