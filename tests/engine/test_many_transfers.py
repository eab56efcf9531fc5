"""Many messages moved between accounts: what it reads of the journal and the folders grows with their number alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.engine.mail_support import make_maildir, put_message, with_maildir
from tests.ui.scene import config
from tuimail.engine import mail_actions
from tuimail.engine.account_sync import AccountSync
from tuimail.engine.configured_source import MailSources
from tuimail.journal import after, store
from tuimail.journal.action import ActionKind
from tuimail.mail.message_ref import MessageRef
from tuimail.paths import Paths
from tuimail.sync import maildir_replay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

FEW = 12


class _Silent:
    """A SyncProgress that tells nobody."""

    def read(self, folder: str, messages: int) -> None: ...

    def fetched(self, messages: int) -> None: ...

    def say(self, sentence: str) -> None: ...


class _Counted:
    """Calls of what reads one row of the journal, or lists a folder to carry something out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: Counter[str] = Counter()
        for module in (store, after):
            monkeypatch.setattr(module, "read_action", self._counting("rows", module.read_action))
        for name in ("settled_paths", "find_path", "MaildirScanner"):
            monkeypatch.setattr(maildir_replay, name, self._counting("listings", getattr(maildir_replay, name)))

    def _counting(self, what: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            self.calls[what] += 1
            return real(*given, **named)

        return counted


def moved_and_back(root: Path, count: int, counted: _Counted) -> Counter[str]:
    """Move so many messages from a Maildir to another account's, and undo that; what was counted."""
    work = make_maildir(root / "work", "Trash")
    home = make_maildir(root / "home", "Archive")
    for number in range(count):
        put_message(work, f"m{number}", flags="S")
    settings = with_maildir(with_maildir(config(), work), home, "home")
    paths = Paths.under(root / "user")
    sources = MailSources(paths)
    try:
        for account in settings.accounts.values():
            if account.has_mail:
                AccountSync(account, paths, sources, _Silent()).run()
        refs = [MessageRef("work", "INBOX", f"m{number}") for number in range(count)]
        with mail_actions.chosen_messages(settings, paths, sources, refs) as chosen:
            kind, place = ActionKind.MOVE, ("home", "Archive")
            planned = mail_actions.plan_elsewhere(settings, paths, sources, chosen, kind=kind, place=place, keep=True)
        counted.calls.clear()
        done = mail_actions.carry_out(settings, paths, sources, planned)
        assert [each.state for each in done] == ["done"] * count
        assert (files(home / ".Archive"), files(work)) == (count, 0)
        mail_actions.undo(settings, paths, sources, done[0].command)
        assert (files(home / ".Archive"), files(work)) == (0, count)
        return Counter(counted.calls)
    finally:
        sources.close()


def files(folder: Path) -> int:
    return len(list((folder / "cur").iterdir()))


def test_twice_as_many_read_twice_as_much_and_list_no_folder_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = _Counted(monkeypatch)
    few = moved_and_back(tmp_path / "few", FEW, counted)
    many = moved_and_back(tmp_path / "many", 2 * FEW, counted)
    assert 0 < many["rows"] <= 2 * few["rows"], (few, many)
    assert 0 < many["listings"] == few["listings"], (few, many)
