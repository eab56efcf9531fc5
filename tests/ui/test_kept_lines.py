"""What is on this machine, in the folder list and in an index. Without a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from tuimail.cache.views import gone
from tuimail.cache.windows import IndexRow
from tuimail.engine.index_request import IndexRequest
from tuimail.engine.mail_index import IndexEntry, MessageIndex
from tuimail.engine.received_mail import FolderInfo
from tuimail.mail.message_ref import MessageRef
from tuimail.mail.own_addresses import OwnAddresses
from tuimail.ui.screens.folders import folder_rows
from tuimail.ui.screens.index_source import IndexSource
from tuimail.ui.text.cells import TextRole, width_of
from tuimail.ui.views.folder_lines import FolderRow, folder_line
from tuimail.ui.views.index_lines import index_columns, index_line

if TYPE_CHECKING:
    from tuimail.cache.thread_view import ThreadRow
    from tuimail.cache.views import IndexView
    from tuimail.ui.text.cells import Line


def text_of(line: Line) -> str:
    return "".join(each.text for each in line)


@pytest.mark.parametrize(
    ("width", "name", "words"),
    [
        (80, "Archive", "1,204 of 100,000 kept"),
        (60, "Archive", "1,204 kept"),
        (80, "A name that is as long as the column is wide", ""),
        (44, "Archive", ""),
    ],
)
def test_how_much_of_a_folder_is_kept_where_there_is_room(width: int, name: str, words: str) -> None:
    row = FolderRow("x", name, "work", name, special_use="archive", total=100_000, unread=12, kept=1204)
    line = folder_line(row, width)
    shown = text_of(line)
    assert width_of(line) == width - 1
    assert (words in shown) if words else ("kept" not in shown)
    assert shown.endswith("100,000")


@pytest.mark.parametrize("width", [50, 80, 120])
def test_a_folder_of_which_all_is_kept_says_nothing(width: int) -> None:
    (row, *_) = folder_rows([FolderInfo("work", "INBOX", "", 3, 1, 3)], ["work"], "", 0)
    assert row.kept is None
    assert "kept" not in text_of(folder_line(row, width))
    (row, *_) = folder_rows([FolderInfo("work", "INBOX", "", 3, 1, 0)], ["work"], "", 0)
    assert row.kept == 0
    assert width_of(folder_line(row, width)) == width - 1


def an_entry() -> IndexEntry:
    values = {
        "account": "work", "id": 1, "mailbox": 1, "uid": 1, "flags": 1, "keywords": "", "size": 2000, "arrived": 0,
        "date": 0, "from_name": "Kim", "from_addr": "kim@example.net", "recipients": "", "subject": "The drawings",
        "list_id": "", "thread": 1, "attached": 0, "kept": 0, "emailid": "1.1",
    }  # fmt: skip
    row = IndexRow(**values)  # type: ignore[arg-type]
    return IndexEntry(row, MessageRef("work", "INBOX", "1.1"))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_message_that_cannot_be_opened_now_says_so_in_a_word_and_the_line_is_as_wide(width: int) -> None:
    own = {"work": OwnAddresses(["ada@example.org"])}
    here, away = (index_line(an_entry(), 1, index_columns(width, 9), 0.0, own, away=away) for away in (False, True))
    assert width_of(here) == width_of(away)
    assert "not here" not in text_of(here)
    assert ("not here" in text_of(away)) == (width >= 60)
    assert next(each.role for each in away if "The draw" in each.text) is TextRole.DIM


def test_rows_are_drawn_again_when_a_server_gets_out_of_reach() -> None:
    """With the same rows on the screen, nothing else would."""

    class OneRow:
        count = 1

        def loaded(self, _first: int, _end: int) -> list[IndexRow]:
            return [an_entry().row]

    view = cast("IndexView[IndexRow | ThreadRow]", OneRow())
    index = MessageIndex(IndexRequest("work", "INBOX"), view, {("work", 1): "INBOX"}, {})
    here, away, other = (IndexSource(index, seen=(0, 1), offline=names) for names in ((), ("work",), ("home",)))
    assert here == other
    assert here != away
    assert [each.away for source in (here, away) for each in source.window(0, 1)] == [False, True]


def test_a_message_that_is_gone_from_several_accounts_is_drawn_without_content() -> None:
    line = index_line(
        IndexEntry(gone(""), MessageRef("", "", "")), 7, index_columns(80, 9), 0.0, {"work": OwnAddresses()}
    )
    assert width_of(line) <= 80
    assert "7" in text_of(line)
