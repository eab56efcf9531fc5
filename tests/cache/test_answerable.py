"""Which of several messages with one Message-ID a letter answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import entries, make_maildir, put_message, running_mail
from tuimail.cache.lookup import answerable
from tuimail.engine.index_request import IndexRequest
from tuimail.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.engine.mail_reader import MailReader


@pytest.mark.parametrize(
    ("folders", "found"),
    [
        (("Archive", "INBOX", "Sent"), "INBOX"),
        (("Sent", "Archive"), "Archive"),
        (("Sent",), "Sent"),
        (("Trash", "Junk", "Drafts"), None),
    ],
)
async def test_the_one_that_a_letter_can_answer(tmp_path: Path, folders: tuple[str, ...], found: str | None) -> None:
    root = make_maildir(tmp_path / "Maildir", "Archive", "Sent", "Trash", "Junk", "Drafts")
    for folder in folders:
        put_message(root if folder == "INBOX" else root / f".{folder}", "same", flags="S")

    def ask(reader: MailReader) -> tuple[tuple[str, str] | None, ...]:
        with reader.mail("work").cache.reading() as db:
            return tuple(answerable(db, each) for each in ("<same@example.org>", "<other@example.org>", ""))

    async with running_mail(Paths.under(tmp_path / "home"), root) as mail:
        index = await mail.until(lambda it: it.count == 1, IndexRequest("work", folders[-1]))
        assert entries(index)
        await mail.engine.mail.look()
        named = await mail.engine.mail.query(ask)
    assert named == (None if found is None else (found, "same"), None, None)
