"""An account whose mail is in mbox files: listed, searched and shown; nothing of it is changed."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ran
    from tuimail.paths import Paths

    Run = Callable[..., Ran]

FIRST = """\
From kim@example.net Thu Oct  1 10:00:00 2026
From: Kim Example <kim@example.net>
To: ada@example.org
Subject: Minutes
Date: Thu, 01 Oct 2026 10:00:00 +0000
Message-ID: <1@example.net>
Status: RO
X-Status: F

The barrel is at the mill.
>From here it is rolled.

"""
SECOND = """\
From ada@example.org Fri Oct  2 10:00:00 2026
From: ada@example.org
Subject: Re: Minutes
Date: Fri, 02 Oct 2026 10:00:00 +0000
Message-ID: <2@example.org>
In-Reply-To: <1@example.net>

Thank you.

"""
CHANGES = [["flag", "ID", "+flagged"], ["move", "ID", "INBOX"], ["copy", "ID", "INBOX"], ["delete", "ID"]]


@pytest.fixture
def mbox(tmp_path: Path, write_config: Callable[[str], None]) -> Path:
    path = tmp_path / "mbox"
    path.write_text(FIRST + SECOND)
    write_config(
        f'''[accounts.work]
address = "ada@example.org"
[accounts.work.submission]
command = ["/bin/true"]
[accounts.work.mbox]
path = "{path}"
'''
    )
    return path


def ids(tuimail_: Run, *words: str) -> dict[str, str]:
    """Ids by subject of what a search finds."""
    ran = tuimail_("search", "--json", *(words or ("~A",)))
    assert ran.code == 0, ran
    return {each["subject"]: each["id"] for each in json.loads(ran.out)}


def test_folders_with_their_counts(tuimail_: Run, mbox: Path) -> None:
    assert tuimail_("folders").out == "INBOX  2  1 unread\n"
    assert mbox.read_text() == FIRST + SECOND


def test_a_search_finds_rows_and_texts(tuimail_: Run, mbox: Path) -> None:
    assert list(ids(tuimail_, "~b", "barrel")) == ["Minutes"]
    assert list(ids(tuimail_, "~F")) == ["Minutes"]
    (document,) = json.loads(tuimail_("search", "--json", "~f kim").out)
    assert document["flags"] == ["seen", "flagged"]
    assert document["arrived"] == "2026-10-01T10:00:00Z"
    assert document["thread"] == "<1@example.net>"
    assert mbox.exists()


def test_a_message_is_shown_without_what_the_file_adds(tuimail_: Run, mbox: Path) -> None:
    found = ids(tuimail_)["Minutes"]
    assert tuimail_("show", "--text", found).out == "The barrel is at the mill.\nFrom here it is rolled.\n"
    content = FIRST.partition("\n")[2].removesuffix("\n").replace(">From", "From")
    assert tuimail_("show", "--raw", found).out == content
    assert mbox.exists()


@pytest.mark.parametrize("change", CHANGES, ids=lambda each: each[0])
def test_what_would_change_it_is_refused(tuimail_: Run, mbox: Path, change: list[str]) -> None:
    found = ids(tuimail_)["Minutes"]
    ran = tuimail_(*(found if each == "ID" else each for each in change))
    assert ran.code == 64
    assert "The mbox of work is read only." in ran.err
    assert mbox.read_text() == FIRST + SECOND


def test_ids_outlive_the_cache_and_what_other_programs_do(tuimail_: Run, mbox: Path, home: Paths) -> None:
    before = ids(tuimail_)
    shutil.rmtree(home.cache)
    assert ids(tuimail_) == before
    mbox.write_text(SECOND.replace("\n\n", "\nStatus: RO\n\n", 1) + SECOND.replace("Minutes", "Others") + FIRST)
    after = ids(tuimail_)
    assert {each: after[each] for each in before} == before
    assert len(set(after.values())) == 3
    shutil.rmtree(home.cache)
    assert ids(tuimail_) == after


def test_an_id_never_names_another_message(tuimail_: Run, mbox: Path) -> None:
    found = ids(tuimail_)["Minutes"]
    mbox.write_text(FIRST.replace("barrel", "wheel_") + SECOND)
    ran = tuimail_("show", found)
    assert (ran.code, ran.out) == (66, "")


def test_growth_between_two_commands(tuimail_: Run, mbox: Path) -> None:
    before = ids(tuimail_)
    with mbox.open("a") as file:
        file.write(FIRST.replace("Minutes", "More"))
    assert ids(tuimail_).items() > before.items()


def test_a_file_that_is_not_there(tuimail_: Run, mbox: Path) -> None:
    mbox.unlink()
    ran = tuimail_("folders")
    assert ran.code == 73
    assert str(mbox) in ran.err
