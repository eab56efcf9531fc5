"""The demo's mailbox as a reader finds it: every letter, the threads, and what the letters are there to show."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tuimail.cli import show
from tuimail.cli.message_document import message_document
from tuimail.cli.output import to_json
from tuimail.clock import DAY
from tuimail.config.model import Account, Identity, SubmissionCommand
from tuimail.demo.letters.catalogue import FOLDERS, MESSAGES
from tuimail.demo.letters.files import ods, pdf, wheel_png
from tuimail.demo.letters.message import NEW
from tuimail.demo.letters.rendering import WrittenMessage, render
from tuimail.demo.maildir_files import make_mailbox
from tuimail.demo.sample_letters import LUNCH, NOTES, WORK
from tuimail.engine.received_mail import FoundMessage, received_mail
from tuimail.errors import StorageError
from tuimail.mail.bounce import read_report
from tuimail.mail.confusables import plain_form
from tuimail.mail.dsn import DeliveryAction
from tuimail.mail.list_headers import list_headers
from tuimail.mail.message_text import MessageText, message_text
from tuimail.mail.mime_tree import read_tree
from tuimail.mail.part_text import embedded_message
from tuimail.mail.pattern import parse
from tuimail.mail.received_date import received_date

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuimail.paths import Paths

NOW = 1_795_000_000.0
ACTING = {"Cc", "Cs", "Zl", "Zp"}
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.fixture(scope="module")
def letters() -> dict[str, WrittenMessage]:
    return {row.key: written for row, written in zip(MESSAGES, render(MESSAGES, NOW), strict=True)}


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> list[Account]:
    root = tmp_path_factory.mktemp("demo")
    made = list(render(MESSAGES, NOW))
    for name, folders in FOLDERS.items():
        make_mailbox(root / name, folders, (each for each in made if each.account == name))
    identities = (Identity("ada@analytical.example"),)
    return [Account(name, identities, SubmissionCommand(("true",)), maildir=root / name) for name in FOLDERS]


def shown(letter: WrittenMessage) -> MessageText:
    return message_text(read_tree(letter.content))


def text(letter: WrittenMessage) -> str:
    return "\n".join(line.text for line in shown(letter).lines)


def acting(words: str) -> set[str]:
    return {each for each in words if each != "\n" and (unicodedata.category(each) in ACTING or each in BIDI)}


def all_found(account: Account, paths: Paths) -> Iterator[tuple[FoundMessage, bytes]]:
    with received_mail(account, paths) as mail:
        for each in mail.search(parse("~A", NOW)):
            with mail.open(each) as file:
                yield each, file.read()


def test_the_same_moment_gives_the_same_bytes() -> None:
    assert list(render(MESSAGES, NOW)) == list(render(MESSAGES, NOW))
    earlier = list(render(MESSAGES, NOW - DAY))
    assert [each.arrived + DAY for each in earlier] == [each.arrived for each in render(MESSAGES, NOW)]


def test_each_letter_has_a_key_of_its_own_and_stands_below_what_it_answers() -> None:
    keys = [each.key for each in MESSAGES]
    assert len(set(keys)) == len(keys) > 80
    outbox = {sample.message_id(WORK)[1:].partition("@")[0] for sample in (LUNCH, NOTES)}
    outbox |= {"corrected-proofs", "grant-renewal"}
    for at, each in enumerate(MESSAGES):
        if each.answers and each.answers not in outbox:
            before = MESSAGES[keys.index(each.answers)]
            assert keys.index(each.answers) < at, each.key
            assert before.ago > each.ago, each.key
            assert before.account == each.account, each.key


def test_each_is_listed_and_shown_without_a_control(
    accounts: list[Account], paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    count = 0
    for account in accounts:
        for found, raw in all_found(account, paths):
            count += 1
            assert not acting(to_json(message_document(found)))
            for how in ([], ["--text"], ["--headers"], ["--json"]):
                show._show(show.parser().parse_args([str(found.ref), *how]), found, raw)
                assert not acting(capsys.readouterr().out), (found.ref, how)
    assert count == len(MESSAGES)


def test_the_folders_are_there_and_know_what_they_are_for(accounts: list[Account], paths: Paths) -> None:
    with received_mail(accounts[0], paths) as mail:
        folders = {each.name: each for each in mail.folders()}
    assert set(folders) == set(FOLDERS["work"])
    assert {each.special_use for each in folders.values()} == {"", "archive", "drafts", "junk", "sent", "trash"}
    assert folders["INBOX"].total > folders["INBOX"].unread > 5
    assert folders["Projects/Poetry"].total == 0


def test_threads_have_both_sides(accounts: list[Account], paths: Paths) -> None:
    sizes: Counter[str] = Counter()
    sides: dict[str, set[str]] = {}
    for account in accounts:
        for found, _ in all_found(account, paths):
            sizes[found.thread] += 1
            sides.setdefault(found.thread, set()).add(found.ref.folder)
    assert sizes["<mill-1@lathes.example>"] == 12
    assert sides["<mill-1@lathes.example>"] == {"Projects/Engine", "Sent"}
    assert sizes["<cards-1@bourg.example>"] == 9
    assert sizes["<bernoulli-1@analytical.example>"] == 7
    assert sizes["<dinner-1@somerville.example>"] == 6
    assert sizes["<theatre-1@somerville.example>"] == 4
    assert sum(size >= 3 for size in sizes.values()) >= 8


def test_all_flags_are_used() -> None:
    flags = {"".join(sorted(each.flags)) if each.flags != NEW else NEW for each in MESSAGES}
    assert {"", "S", "F", "FS", "RS", "FRS", "PS", "DS", NEW} <= flags


def test_a_letter_lies_where_its_flags_say(letters: dict[str, WrittenMessage]) -> None:
    assert letters["mill-12"].name.startswith("new/")
    assert ":" not in letters["mill-12"].name
    assert letters["refusal"].name.endswith(":2,PS")
    assert letters["refusal"].name.startswith("cur/")


def test_deep_quotes_are_long_enough_to_be_folded(letters: dict[str, WrittenMessage]) -> None:
    lines = shown(letters["mill-8"]).lines
    assert sum(line.depth > 0 for line in lines) > 12
    assert max(line.depth for line in lines) >= 5
    assert b'format="flowed"' in letters["mill-8"].content


def test_a_bounce_is_about_a_letter_of_the_sample_outbox(letters: dict[str, WrittenMessage]) -> None:
    actions = []
    for key in ("delayed", "bounce"):
        report = read_report(letters[key].content, NOW)
        assert report is not None
        assert report.message_id == NOTES.message_id(WORK)
        assert [each.address for each in report.recipients] == ["luigi@torino.example"]
        actions.append(report.recipients[0].report.action)
    assert actions == [DeliveryAction.DELAYED, DeliveryAction.FAILED]


def test_invitations_come_and_are_cancelled(letters: dict[str, WrittenMessage]) -> None:
    assert "Invitation: Trial of the mill" in text(letters["trial"])
    assert "Where: 1 Dorset Street, Manchester Square, London" in text(letters["trial"])
    assert "Cancelled: Trial of the mill" in text(letters["trial-off"])
    assert "Invitation: Eclipse of the sun" in text(letters["eclipse"])


def test_a_plain_part_that_says_nothing_gives_way(letters: dict[str, WrittenMessage]) -> None:
    newsletter = shown(letters["lectures"])
    assert "Friday Evening Discourses" in text(letters["lectures"])
    assert "does not support HTML" not in text(letters["lectures"])
    assert len(newsletter.links) == 6
    assert newsletter.images == 2


def test_lists_say_how_to_leave(letters: dict[str, WrittenMessage]) -> None:
    headers = list_headers(read_tree(letters["cards-2"].content).header)
    assert headers.list_id == "engines.lists.example"
    assert headers.post == "mailto:engines@lists.example"
    assert headers.one_click
    assert headers.unsubscribe_host == "lists.example"


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("proofs-1", ["note-g.pdf"]),
        ("budget", ["budget.ods"]),
        ("two-wheels", ["wheel-40.png", "wheel-41.png"]),
        ("patch-1", ["0001-carriage-warn-before-the-carry-not-after.patch"]),
        ("square-roots", ["平方根.csv", "Théorème.txt", "Résumé.txt"]),
        ("wheel-picture", ["wheel.png"]),
        ("invoice-trap", ["invoice<U+202E>fdp.exe"]),
    ],
)
def test_files_have_their_names(letters: dict[str, WrittenMessage], key: str, names: list[str]) -> None:
    assert [each.name for each in shown(letters[key]).files] == names


def test_a_long_name_in_pieces_is_put_together(letters: dict[str, WrittenMessage]) -> None:
    (file,) = shown(letters["fair-copy"]).files
    assert file.name.startswith("On the Mathematical Powers")
    assert file.name.endswith("(really).pdf")
    assert len(file.name) > 120


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("wasan", "歯車"),
        ("algebra", "机器若能按卡片运算"),
        ("sphere", "톱니바퀴로"),
        ("slonimski", "מכונה קטנה"),
        ("tongues", "«الخوارزمية»"),
        ("cranks", "арифмометр"),
        ("tribunal", "équations résolubles"),
        ("ascending", "größter Hochachtung"),
        ("concertina", "👩🏽‍💻 ⟶ 🛤️"),
    ],
)
def test_every_script_is_read(letters: dict[str, WrittenMessage], key: str, words: str) -> None:
    assert words in text(letters[key])


def test_a_letter_in_a_letter_is_shown(letters: dict[str, WrittenMessage]) -> None:
    (file,) = shown(letters["refusal"]).files
    inner = embedded_message(file.part)
    assert file.is_message
    assert inner is not None
    assert "My Lords have considered the matter" in "\n".join(line.text for line in message_text(inner).lines)


def test_escape_sequences_arrive_as_what_they_are_made_of(letters: dict[str, WrittenMessage]) -> None:
    assert b"\x1b]52;" in letters["escapes"].content
    assert "^[]52;" in text(letters["escapes"])


def test_a_domain_that_looks_like_another(letters: dict[str, WrittenMessage]) -> None:
    cyrillic = "\u0430cme.example"
    assert plain_form(cyrillic) == "xn--cme-5cd.example"
    assert b"<billing@xn--cme-5cd.example>" in letters["spoof-domain"].content
    (link,) = shown(letters["invoice-trap"]).links
    assert link.misleading
    assert cyrillic in link.target


def test_a_broken_letter_has_no_date(letters: dict[str, WrittenMessage]) -> None:
    header = read_tree(letters["broken"].content).header
    assert received_date(header.value("date")) is None
    assert not header.value("message-id")


def test_odd_ones(letters: dict[str, WrittenMessage]) -> None:
    assert max(map(len, letters["long-line"].content.split(b"\n"))) > 30_000
    assert text(letters["empty"]) == ""
    assert not read_tree(letters["no-subject"].content).header.value("subject")


def test_the_attached_files_are_what_they_say() -> None:
    assert wheel_png(64)[:8] == b"\x89PNG\r\n\x1a\n"
    with zipfile.ZipFile(io.BytesIO(ods((("a", "b"),)))) as archive:
        assert archive.namelist()[0] == "mimetype"
        assert b"<text:p>b</text:p>" in archive.read("content.xml")
    page = pdf("Title", ("line",))
    table = int(page.rpartition(b"startxref\n")[2].split(b"\n")[0])
    assert page[table:].startswith(b"xref\n")
    assert page[int(page[table:].split(b"\n")[3].split()[0]) :].startswith(b"1 0 obj")


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    make_mailbox(tmp_path / "m", ("INBOX",), ())
    (tmp_path / "m" / "cur" / "1.a:2,S").write_bytes(b"kept")
    with pytest.raises(StorageError):
        make_mailbox(tmp_path / "m", ("INBOX",), ())
    assert (tmp_path / "m" / "cur" / "1.a:2,S").read_bytes() == b"kept"
