from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.outbox.scene import START, message
from tuimail.errors import MessageError, StorageError
from tuimail.mail.content import InMemory, whole
from tuimail.outbox.model.states import ItemState, RecipientState
from tuimail.outbox.store.codec import dump, envelope_plain
from tuimail.outbox.store.fingerprint import measure
from tuimail.outbox.store.journal import replay
from tuimail.outbox.store.letter_file import (
    FileContent,
    Head,
    LetterDamagedError,
    append_mark,
    head_for,
    prepare_letter,
    read_letter,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuimail.mail.outgoing import OutgoingMessage


def written(path: Path, *to: str, body: str = "") -> Head:
    outgoing = message(1, *to, body=body)
    head = head_of(path, outgoing)
    prepared = prepare_letter(path, head, outgoing.content)
    prepared.put_in_place()
    assert path.read_bytes()[prepared.offset : prepared.offset + head.size] == whole(outgoing.content)
    return head


def head_of(path: Path, outgoing: OutgoingMessage) -> Head:
    return head_for(
        path.stem,
        outgoing,
        composing="c",
        queued_at=START,
        measured=measure(outgoing),
        not_before=None,
        held=False,
        revision=1,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "0000000001.letter"


def test_a_letter_is_read_as_it_was_written(path: Path) -> None:
    head = written(path, "bob@example.net", "müller@example.net")
    append_mark(path, "committing", 1.0, {"by": "me", "to": ["bob@example.net"]})
    append_mark(path, "result", 2.0, {"by": "me", "to": {}})
    letter = read_letter(path)
    assert letter.head == head
    assert [mark["mark"] for mark in letter.marks] == ["committing", "result"]
    assert (letter.whole, letter.doubtful) == (True, False)
    assert path.stat().st_mode & 0o777 == 0o600
    content = FileContent(path, letter.offset, head.size, head.sha256)
    assert b"".join(content.chunks(7)) == whole(message(1).content)


def test_a_torn_mark_costs_itself_alone(path: Path) -> None:
    written(path)
    append_mark(path, "committing", 1.0, {"by": "me", "to": ["bob@example.net"]})
    whole = path.read_bytes()
    append_mark(path, "result", 2.0, {"by": "me", "to": {}})
    longer = path.read_bytes()
    for end in range(len(whole), len(longer) - 1):
        path.write_bytes(longer[:end])
        append_mark(path, "filing", 3.0)
        letter = read_letter(path)
        kinds = [mark["mark"] for mark in letter.marks]
        assert kinds in (["committing", "filing"], ["committing", "result", "filing"])
        assert not letter.doubtful


def test_content_whose_bytes_changed_is_never_given_away_whole(path: Path) -> None:
    head = written(path)
    letter = read_letter(path)
    data = bytearray(path.read_bytes())
    data[letter.offset + 3] ^= 1
    path.write_bytes(bytes(data))
    given_away: list[bytes] = []
    with pytest.raises(OSError, match="changed"):
        given_away.extend(FileContent(path, letter.offset, head.size, head.sha256).chunks(10))
    assert len(b"".join(given_away)) < head.size


def test_content_that_is_short_raises(path: Path) -> None:
    head = written(path)
    letter = read_letter(path)
    path.write_bytes(path.read_bytes()[:-5])
    assert not read_letter(path).whole
    with pytest.raises(OSError, match="shorter"):
        list(FileContent(path, letter.offset, head.size, head.sha256).chunks(4))


def test_every_flipped_byte_is_noticed_or_harmless(path: Path) -> None:
    """Above the content: refused. In a mark: the letter is never told as unsent when it was committed."""
    head = written(path)
    append_mark(path, "committing", 1.0, {"by": "me", "to": ["bob@example.net"]})
    good = path.read_bytes()
    letter = read_letter(path)
    for position in (*range(letter.offset), *range(letter.offset + head.size, len(good))):
        data = bytearray(good)
        data[position] ^= 0x01
        path.write_bytes(bytes(data))
        if position < letter.offset:
            with pytest.raises(LetterDamagedError):
                read_letter(path)
        elif good[position] != ord("\n"):
            assert replay(read_letter(path)).state is ItemState.UNCERTAIN, position


def test_a_mark_on_a_full_disk_is_an_error_in_words(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(path)
    monkeypatch.setattr("tuimail.outbox.store.letter_file.os.write", lambda descriptor, data: len(data) - 3)
    with pytest.raises(StorageError, match="full"):
        append_mark(path, "committing", 1.0)


def test_replay_tells_what_the_marks_tell(path: Path) -> None:
    written(path, "ann@example.net", "bob@example.net")
    assert replay(read_letter(path)).state is ItemState.QUEUED
    append_mark(path, "committing", 1.0, {"by": "a", "to": ["ann@example.net"]})
    uncertain = replay(read_letter(path))
    assert [each.state for each in uncertain.recipients] == [RecipientState.UNCERTAIN, RecipientState.PENDING]
    append_mark(path, "result", 2.0, {"by": "a", "to": {"ann@example.net": ["accepted", [250, "", "ok"], "taken"]}})
    part = replay(read_letter(path))
    assert part.state is ItemState.QUEUED
    assert [each.address for each in part.open_recipients] == ["bob@example.net"]
    append_mark(path, "result", 3.0, {"by": "a", "to": {"bob@example.net": ["refused", [550, "", "no"], "gone"]}})
    assert replay(read_letter(path)).state is ItemState.FAILED


def test_a_late_result_does_not_answer_for_another_attempt(path: Path) -> None:
    written(path, "ann@example.net")
    append_mark(path, "committing", 1.0, {"by": "a", "to": ["ann@example.net"]})
    append_mark(path, "committing", 2.0, {"by": "b", "to": ["ann@example.net"]})
    append_mark(path, "result", 3.0, {"by": "a", "to": {"ann@example.net": ["pending", None, "lost"]}})
    assert replay(read_letter(path)).state is ItemState.UNCERTAIN
    append_mark(path, "result", 4.0, {"by": "a", "to": {"ann@example.net": ["accepted", None, "ok"]}})
    assert replay(read_letter(path)).state is ItemState.ACCEPTED


def test_marks_of_a_later_tuimail_are_passed_over(path: Path) -> None:
    written(path)
    append_mark(path, "novelty", 1.0, {"by": "a"})
    assert replay(read_letter(path)).state is ItemState.QUEUED


@given(st.binary(max_size=400))
def test_no_bytes_whatever_make_reading_fail_otherwise_than_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.letter"
    written(path)
    path.write_bytes(path.read_bytes() + data)
    replay(read_letter(path))
    path.write_bytes(data)
    with pytest.raises(LetterDamagedError):
        read_letter(path)


def test_one_draft_frozen_twice_is_one_letter_and_another_text_another() -> None:
    first = message(1)
    fresh = whole(first.content).replace(b"00:00:01", b"00:00:09").replace(b"<1@", b"<9@")
    again = replace(first, content=InMemory(fresh))
    assert measure(first).digest == measure(again).digest
    assert measure(first).digest != measure(message(2)).digest
    assert measure(first).digest != measure(message(1, "kim@example.net")).digest
    assert measure(first).digest != measure(message(1, account="home")).digest


def test_random_boundaries_do_not_make_another_letter() -> None:
    def multipart(boundary: str) -> bytes:
        return (
            f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n--{boundary}\r\n\r\nhi\r\n--{boundary}--\r\n'
        ).encode()

    def letter(boundary: str) -> str:
        return measure(replace(message(1), content=InMemory(multipart(boundary)))).digest

    assert letter("==abc==") == letter("==xyz12==")


@dataclass(frozen=True)
class Cut:
    """A content in given pieces, other ones the second time."""

    pieces: list[bytes]
    later: list[bytes] | None = None
    asked: list[None] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces))

    def chunks(self, length: int = 0) -> Iterator[bytes]:
        self.asked.append(None)
        return iter(self.later if self.later is not None and len(self.asked) > 2 else self.pieces)


MIXED = (
    b'Date: x\r\nContent-Type: multipart/mixed; Boundary="abab"\r\nMessage-ID:\r\n <1@a>\r\nSubject: s\r\n\r\n'
    b"--abab\r\nContent-Type: multipart/x; boundary=ddd\r\n\r\n"
    b"--ddd\r\nDate: stays\r\nbabababab dddd\r\n--ddd--\r\n--abab--"
)


@given(st.lists(st.integers(0, len(MIXED)), max_size=30))
def test_a_digest_does_not_depend_on_how_the_letter_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(MIXED)]
    pieces = [MIXED[start:end] for start, end in pairwise(edges) if start < end]
    cut, uncut = (measure(replace(message(1), content=each)) for each in (Cut(pieces), InMemory(MIXED)))
    assert cut == uncut
    assert cut.sha256 == hashlib.sha256(MIXED).hexdigest()


def test_a_digest_is_what_it_always_was() -> None:
    """Tombstones of earlier versions are compared with it."""
    plain = (
        b'Content-Type: multipart/mixed; Boundary="boundary 0"\r\nSubject: s\r\n\0--boundary 0\r\n'
        b"Content-Type: multipart/x; boundary=boundary 1\r\n\r\n--boundary 1\r\nDate: stays\r\n"
        b"bboundary 0boundary 0 boundary 1d\r\n--boundary 1--\r\n--boundary 0--"
    )
    letter = replace(message(1), content=InMemory(MIXED))
    who = dump([letter.account, envelope_plain(letter.envelope)]).encode()
    assert measure(letter).digest == hashlib.sha256(who + b"\0" + plain).hexdigest()


def test_a_content_that_changes_while_it_is_stored_leaves_nothing(path: Path) -> None:
    outgoing = replace(message(1), content=Cut([b"From: a\r\n\r\n", b"as it was"], [b"From: a\r\n\r\n", b"otherwise"]))
    with pytest.raises(MessageError, match="changed while the letter was being stored") as refused:
        prepare_letter(path, head_of(path, outgoing), outgoing.content)
    assert refused.value.hint
    assert list(path.parent.iterdir()) == []


def with_head(path: Path, change: str, value: str) -> None:
    """Give ``path`` a head in which ``change`` (a JSON value) has become ``value``, with a checksum that fits."""
    magic, line, rest = path.read_bytes().split(b"\n", 2)
    assert change.encode() in line
    line = line.replace(change.encode(), value.encode(), 1) + b"\n"
    path.write_bytes(magic[: magic.rindex(b" ") + 1] + b"%08x\n" % zlib.crc32(line) + line + rest)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", "1.5"),
        ("size", "1e400"),
        ("size", "NaN"),
        ("size", "-1"),
        ("size", "9" * 30),
        ("size", "9" * 5000),
        ("size", "true"),
        ("size", '"7"'),
        ("queued_at", "Infinity"),
        ("queued_at", "1e300"),
        ("queued_at", "9" * 400),
        ("queued_at", "null"),
        ("not_before", "NaN"),
        ("revision", "2.5"),
        ("subject", "[[]]"),
        ("held", "1"),
        ("account", "{}"),
        ("envelope", "[" * 100_000),
    ],
    ids=lambda each: each[:12],
)
def test_a_head_of_other_values_is_damaged_in_words(path: Path, name: str, value: str) -> None:
    written(path)
    head = json.loads(path.read_bytes().split(b"\n", 2)[1])
    with_head(path, f'"{name}":{dump(head[name])}', f'"{name}":{value}')
    with pytest.raises(LetterDamagedError, match="is damaged: its envelope cannot be read"):
        read_letter(path)


@pytest.mark.parametrize("at", ["Infinity", "NaN", "1e400", "9" * 400, "9" * 5000, "true", "[" * 100_000], ids=len)
def test_a_mark_of_no_moment_is_doubtful(path: Path, at: str) -> None:
    written(path)
    text = b'{"mark":"result","at":%s}' % at.encode()
    with path.open("ab") as file:
        file.write(b"\n%s %08x\n" % (text, zlib.crc32(text)))
    letter = read_letter(path)
    assert letter.marks == ()
    assert letter.doubtful
