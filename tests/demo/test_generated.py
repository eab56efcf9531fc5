"""Generated letters: exactly as many as asked for, always the same, and never twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tuimail.demo.generated import GENERATED_FOLDERS, MailGenerator
from tuimail.demo.generated_mailbox import fill
from tuimail.demo.maildir_files import folder_path
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.message_text import message_text
from tuimail.mail.mime_tree import read_tree
from tuimail.mail.received_date import received_date

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_795_000_000.0
YEAR = 366 * 86_400


def names(maildir: Path) -> list[str]:
    return [each.name for folder in GENERATED_FOLDERS for each in (folder_path(maildir, folder) / "cur").iterdir()]


def ids(maildir: Path) -> Counter[bytes]:
    files = (each for folder in GENERATED_FOLDERS for each in (folder_path(maildir, folder) / "cur").iterdir())
    return Counter(read_tree(file.read_bytes()).header.value("message-id") for file in files)


def test_a_number_always_gives_the_same_letter() -> None:
    assert list(MailGenerator(50, NOW).messages()) == list(MailGenerator(50, NOW).messages())
    assert list(MailGenerator(50, NOW).messages(30)) == list(MailGenerator(50, NOW).messages())[30:]
    assert MailGenerator(50, NOW, seed=2).message(7).content != MailGenerator(50, NOW).message(7).content


def test_they_are_of_many_kinds() -> None:
    letters = list(MailGenerator(400, NOW).messages())
    trees = [read_tree(each.content) for each in letters]
    assert {tree.content_type for tree in trees} == {"text/plain", "multipart/alternative", "multipart/mixed"}
    assert {each.folder for each in letters} == set(GENERATED_FOLDERS)
    assert len({tree.header.value("from") for tree in trees}) > 100
    assert {each.name.partition(":2,")[2] for each in letters} == {"", "S", "RS", "FS"}
    assert max(len(each.content) for each in letters) > 10 * min(len(each.content) for each in letters)
    for each, tree in zip(letters, trees, strict=True):
        date = received_date(tree.header.value("date"))
        assert date is not None
        assert date.at == int(each.arrived)
        assert NOW - 6 * YEAR < date.at < NOW
        assert message_text(tree).lines
        assert f",S={len(each.content)}:" in each.name


def test_an_answer_names_a_letter_before_it() -> None:
    trees = [read_tree(each.content) for each in MailGenerator(300, NOW).messages()]
    seen: set[bytes] = set()
    answers = 0
    for tree in trees:
        answered = tree.header.value("in-reply-to").strip()
        if answered:
            answers += 1
            assert answered in seen
            assert tree.header.value("references").split()[-1] == answered
            assert decode_header(tree.header.value("subject")).strip().startswith("Re: ")
        seen.add(tree.header.value("message-id").strip())
    assert len(seen) == 300
    assert 80 < answers < 200


def test_exactly_so_many_are_written(tmp_path: Path) -> None:
    assert fill(tmp_path / "m", tmp_path / "note", 40, NOW) == 40
    assert len(names(tmp_path / "m")) == 40
    assert not list((tmp_path / "m" / "tmp").iterdir())


def test_only_what_is_missing_is_added_and_what_was_deleted_stays_away(tmp_path: Path) -> None:
    maildir, note = tmp_path / "m", tmp_path / "note"
    fill(maildir, note, 30, NOW)
    deleted = next((maildir / "cur").iterdir())
    deleted.unlink()
    assert fill(maildir, note, 30, NOW + 9) == 0
    assert len(names(maildir)) == 29
    assert fill(maildir, note, 45, NOW + 99) == 15
    assert len(names(maildir)) == 44
    assert max(ids(maildir).values()) == 1


@pytest.mark.parametrize("written", [b"", b"many\n", b"-5"])
def test_a_note_that_cannot_be_read_counts_as_none(tmp_path: Path, written: bytes) -> None:
    (tmp_path / "note").write_bytes(written)
    assert fill(tmp_path / "m", tmp_path / "note", 3, NOW) == 3
