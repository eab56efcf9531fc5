"""New mail is counted on every screen and told once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.engine.mail_support import make_maildir, put_message, running_mail
from tuimail.mail.flags import SEEN
from tuimail.mail.message_ref import MessageRef
from tuimail.paths import Paths
from tuimail.ui.new_mail import NewMailStatus
from tuimail.ui.notices import Announcement, new_mail

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([("Kim Lee", "Lunch")], Announcement("New mail from Kim Lee", "Lunch", alarming=True)),
        ([("Kim Lee", "")], Announcement("New mail from Kim Lee", "(no subject)", alarming=True)),
        ([("Kim\x1b[31m", "a\nb")], Announcement("New mail from Kim^[[31m", "a^Jb", alarming=True)),
        (
            [(f"P{at}", f"S{at}") for at in range(1204)],
            Announcement("1,204 new messages", "P0: S0\nP1: S1\nP2: S2\nand 1,201 more", alarming=True),
        ),
    ],
)
def test_a_notice_names_the_newest(messages: list[tuple[str, str]], expected: Announcement) -> None:
    assert new_mail(messages) == expected


async def test_told_once_and_counted_until_it_is_read(tmp_path: Path) -> None:
    root = make_maildir(tmp_path / "Maildir")
    for name in ("a", "b", "c"):
        put_message(root, name, f"Letter {name}", new=True, arrived=int(time.time()))
    refs = [MessageRef("work", "INBOX", name) for name in ("a", "b", "c")]
    counts: list[int] = []
    told: list[str] = []
    async with running_mail(Paths.under(tmp_path / "home"), root) as mail:
        await mail.engine.mail.look()
        status = NewMailStatus(mail.engine, count=counts.append, tell=lambda notice: told.append(notice.title))
        status.arrived(refs[:2])
        await mail.engine.mail.flag(refs[:1], add=SEEN)
        await status.look()
        await status.look()
        assert (counts, told) == ([1, 1], ["New mail from Ada Lovelace"])
        status.arrived(refs[1:])
        await status.look()
        assert (counts[-1], told[1:]) == (2, ["New mail from Ada Lovelace"])
        await mail.engine.mail.flag(refs, add=SEEN)
        await status.look()
        assert (counts[-1], len(told)) == (0, 2)
        status.close()
