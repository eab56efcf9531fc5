"""Every letter of the corpora, listed and shown by commands: no crash, nothing that acts on the terminal, in time."""

from __future__ import annotations

import time
import unicodedata
from typing import TYPE_CHECKING

import pytest

from tests.mail.raw_messages import corpus_messages
from tuimail.cli import show
from tuimail.cli.message_document import message_document
from tuimail.cli.output import to_json
from tuimail.config.model import Account, Identity, SubmissionCommand
from tuimail.engine.received_mail import received_mail
from tuimail.mail.pattern import parse

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.paths import Paths

ACTING = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories of what a terminal may obey."""
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LONGEST = 2.0
"""Seconds of processor time that a letter may take."""


def acting(text: str) -> set[str]:
    """The characters of ``text`` that act on the terminal or on the order of the others."""
    return {each for each in text if each != "\n" and (unicodedata.category(each) in ACTING or each in BIDI)}


@pytest.fixture
def account(tmp_path: Path) -> Account:
    root = tmp_path / "Maildir"
    for part in ("cur", "new", "tmp"):
        (root / part).mkdir(parents=True)
    for number, (_, raw) in enumerate(corpus_messages()):
        (root / "cur" / f"{number}.a:2,").write_bytes(raw)
    return Account("work", (Identity("ada@example.org"),), SubmissionCommand(("true",)), maildir=root)


def test_each_is_listed_and_shown(account: Account, paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    slowest = 0.0
    with received_mail(account, paths) as mail:
        found = list(mail.search(parse("~A", time.time())))
        assert len(found) == mail.folders()[0].total > 100
        for each in found:
            began = time.process_time()
            assert not acting(to_json(message_document(each)))
            for how in ([], ["--text"], ["--headers"], ["--json"]):
                args = show.parser().parse_args([str(each.ref), *how])
                with mail.open(each) as file:
                    show._show(args, each, file.read())
                out = capsys.readouterr().out
                assert not acting(out), (each.ref, how)
            slowest = max(slowest, time.process_time() - began)
    assert slowest < LONGEST


@pytest.mark.parametrize("pattern", ["~b the", "~B received", "~h mime ~s re", "!~f a | ~t b"])
def test_each_is_searched(account: Account, paths: Paths, pattern: str) -> None:
    with received_mail(account, paths) as mail:
        found = {str(each.ref) for each in mail.search(parse(pattern, time.time()))}
        rest = {str(each.ref) for each in mail.search(parse(f"!({pattern})", time.time()))}
    assert found
    assert not found & rest
