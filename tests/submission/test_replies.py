"""Replies cut out of a stream of bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.submission.dialogue import MAX_LINES as MAX_DIALOGUE
from tuimail.submission.dialogue import Dialogue
from tuimail.submission.replies import MAX_BYTES, MAX_LINES, MAX_TEXT, GarbledReplyError, RawReply, ReplyReader
from tuimail.submission.result import Reply


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"250 ok\r\n", Reply(250, "", "ok")),
        (b"250 ok\n", Reply(250, "", "ok")),
        (b"250\r\n", Reply(250)),
        (b"250 2.1.0 Ok\r\n", Reply(250, "2.1.0", "Ok")),
        (b"550-5.1.1 No such user.\r\n550-5.1.1 Try again\r\n550 5.1.1 elsewhere\r\n",
         Reply(550, "5.1.1", "No such user. Try again elsewhere")),
        (b"550 4.1.1 class disagrees\r\n", Reply(550, "", "4.1.1 class disagrees")),
        (b"550 5.7.1234 too long\r\n", Reply(550, "", "5.7.1234 too long")),
        (b"250 192.0.2.1 hello\r\n", Reply(250, "", "192.0.2.1 hello")),
        (b"550 5.07.001 zeros\r\n", Reply(550, "5.7.1", "zeros")),
        ("550 5.1.1 ungültig\r\n".encode(), Reply(550, "5.1.1", "ungültig")),
        (b"550 \xff\x1b[31m\r\n", Reply(550, "", "�^[[31m")),
    ],
)  # fmt: skip
def test_a_reply(data: bytes, reply: Reply) -> None:
    (raw,) = ReplyReader().feed(data)
    assert raw.reply == reply


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n",
        b"25 ok\r\n",
        b"150 ok\r\n",
        b"650 ok\r\n",
        b"250+ok\r\n",
        b"\x16\x03\x01\n",
    ],
)
def test_what_is_no_reply(data: bytes) -> None:
    with pytest.raises(GarbledReplyError):
        ReplyReader().feed(data)


@pytest.mark.parametrize(
    ("data", "code", "mixed", "text"),
    [
        (b"\r\n250 ok\r\n", 250, False, "ok"),
        (b"250\tok\r\n", 250, False, "ok"),
        (b"250OK\r\n", 250, False, "OK"),
        (b"250-a\r\n251 b\r\n", 251, False, "a b"),
        (b"220-mx\r\n521 go away\r\n", 521, True, "mx go away"),
        (b"250-a\r\nlost words\r\n250 b\r\n", 250, False, "a lost words b"),
        (b"250-a\r\n\r\n250 b\r\n", 250, False, "a b"),
    ],
)
def test_what_is_odd_and_leaves_no_doubt(data: bytes, code: int, mixed: bool, text: str) -> None:
    (raw,) = ReplyReader().feed(data)
    assert (raw.reply.code, raw.reply.mixed, raw.reply.text) == (code, mixed, text)


def test_empty_lines_between_replies_are_no_reply() -> None:
    reader = ReplyReader()
    assert [raw.code for raw in reader.feed(b"250 a\r\n\r\n\r\n354 b\r\n\r\n")] == [250, 354]
    assert not reader.pending


def test_limits_are_exact() -> None:
    assert ReplyReader().feed(b"250-x\r\n" * (MAX_LINES - 1) + b"250 x\r\n")
    with pytest.raises(GarbledReplyError):
        ReplyReader().feed(b"250-x\r\n" * MAX_LINES + b"250 x\r\n")
    with pytest.raises(GarbledReplyError):
        ReplyReader().feed(b"250 " + b"x" * MAX_BYTES)
    (raw,) = ReplyReader().feed(b"250 " + b"x" * (MAX_BYTES - 10) + b"\r\n")
    assert len(raw.reply.text) == MAX_TEXT


def test_many_replies_do_not_add_up_to_a_long_one() -> None:
    reader = ReplyReader()
    for _ in range(10):
        assert len(reader.feed(b"250 ok\r\n" * 2000)) == 2000


@given(st.lists(st.lists(st.text("ab 1.-", max_size=8), min_size=1, max_size=3), max_size=5), st.integers(1, 7))
def test_however_the_bytes_are_cut(texts: list[list[str]], length: int) -> None:
    expected = [RawReply(250, tuple(lines)) for lines in texts]
    data = b"".join(
        b"".join(f"250-{line}\r\n".encode() for line in lines[:-1]) + f"250 {lines[-1]}\r\n".encode() for lines in texts
    )
    reader = ReplyReader()
    found = [raw for start in range(0, len(data), length) for raw in reader.feed(data[start : start + length])]
    assert found == expected
    assert not reader.pending


@given(st.binary(max_size=200))
def test_nothing_but_a_garbled_reply_error_comes_of_noise(data: bytes) -> None:
    try:
        replies = ReplyReader().feed(data)
    except GarbledReplyError:
        return
    assert all(200 <= raw.code <= 599 and raw.reply.text.isprintable() for raw in replies)


def test_a_long_dialogue_is_cut_and_says_so() -> None:
    dialogue = Dialogue()
    for number in range(MAX_DIALOGUE + 7):
        dialogue.client(f"RCPT {number}")
    assert len(dialogue.lines) == MAX_DIALOGUE + 1
    assert dialogue.lines[-1] == "(7 lines left out)"
