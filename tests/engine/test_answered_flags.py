"""What is put into the journal for an accepted answer, wherever the answered message is kept."""

from __future__ import annotations

import socket
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import SetClock, message, sent_through, store_in
from tuimail.config.model import Account, Config, Identity, Server
from tuimail.engine.answered_flags import AnsweredFlags
from tuimail.engine.configured_accounts import ConfiguredAccounts
from tuimail.engine.mail import Mail
from tuimail.events import Announcer
from tuimail.journal.action import ActionState
from tuimail.journal.store import ActionJournal
from tuimail.mail.answered_message import AnsweredMessage, AnswerKind
from tuimail.mail.flags import FORWARDED
from tuimail.mail.message_ref import MessageRef
from tuimail.outbox.model.states import FlaggingState
from tuimail.outbox.store.enqueue import Incoming
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuimail.journal.action import MailAction
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.paths import Paths

SENDS_ONLY = Account("work", (Identity("ada@example.org"),), Server("smtp.example.org", 465))


def accepted(folder: Path, key: str) -> OutboxItem:
    answers = AnsweredMessage(MessageRef("work", "Archive", key), AnswerKind.FORWARDED)
    with closing(store_in(folder, SetClock())) as store:
        store.enqueue(Incoming(message(1), composing="1", answers=answers))
        return sent_through(store, "1:1:boot:x", Action.OK)


@contextmanager
def flags_of(account: Account | None, paths: Paths) -> Iterator[AnsweredFlags]:
    """While it is left, what was begun is finished."""
    config = Config({} if account is None else {account.name: account})
    announcer = Announcer()
    mail = Mail(config, paths, announcer)
    mail.start()
    try:
        yield AnsweredFlags(ConfiguredAccounts(config, paths, announcer), mail)
    finally:
        mail.stop()


def actions(paths: Paths) -> list[MailAction]:
    with closing(ActionJournal(paths.journal)) as journal:
        return journal.actions()


async def test_while_the_server_is_out_of_reach_it_waits_in_the_journal(paths: Paths, tmp_path: Path) -> None:
    item = accepted(tmp_path / "outbox", "1700.42")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        server = Server("127.0.0.1", silent.getsockname()[1])
        with flags_of(replace(SENDS_ONLY, imap=server), paths) as flags:
            for _ in range(2):
                assert (await flags.flag(item)).state is FlaggingState.DONE
    (action,) = actions(paths)
    assert (action.state, action.folder, action.add) == (ActionState.WAITING, "Archive", FORWARDED)
    assert [each.key for each in action.messages] == ["1700.42"]


async def test_in_a_maildir_such_a_name_is_a_file_s(paths: Paths, tmp_path: Path) -> None:
    item = accepted(tmp_path / "outbox", "1700.42")
    maildir = tmp_path / "Maildir"
    for part in ("cur", "new", "tmp"):
        (maildir / ".Archive" / part).mkdir(parents=True)
    (maildir / ".Archive" / "new" / "1700.42").touch()
    with flags_of(replace(SENDS_ONLY, maildir=maildir), paths) as flags:
        assert (await flags.flag(item)).state is FlaggingState.DONE
    assert [path.name for path in (maildir / ".Archive" / "cur").iterdir()] == ["1700.42:2,P"]


@pytest.mark.parametrize(
    ("account", "key", "words"),
    [
        (None, "1700.M1", "not in the config any more"),
        (SENDS_ONLY, "1700.42", "no mail to read"),
        (replace(SENDS_ONLY, mbox=Path("mbox")), "17", "read only"),
    ],
)
async def test_what_cannot_be_flagged_is_skipped_with_the_reason(
    paths: Paths, tmp_path: Path, account: Account | None, key: str, words: str
) -> None:
    with flags_of(account, paths) as flags:
        flagging = await flags.flag(accepted(tmp_path / "outbox", key))
    assert flagging.state is FlaggingState.SKIPPED
    assert words in flagging.words
    assert actions(paths) == []
