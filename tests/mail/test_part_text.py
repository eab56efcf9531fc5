"""Bytes and text of a part."""

from __future__ import annotations

import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mail.raw_messages import corpus_messages, raw_messages
from tuimail.mail.mime_tree import read_tree, walk
from tuimail.mail.part_text import (
    PIECE,
    decoded_text,
    embedded_message,
    part_beginning,
    part_bytes,
    part_size,
    part_text,
)
from tuimail.mail.text import safe_text
from tuimail.mail.transfer_decoding import decode_transfer


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\nx\r\ny\rz", "x\ny\nz"),
        (b"Content-Transfer-Encoding: base64\n\n4pyT", "✓"),
        (b"Content-Transfer-Encoding: base64\n\n4p yT\n=\n", "✓"),
        (b"Content-Transfer-Encoding: quoted-printable\n\n=E2=9C=93=\n!", "✓!"),
        (b"Content-Transfer-Encoding: x-unheard-of\n\n=41", "=41"),
        (b"Content-Type: text/plain; charset=iso-8859-1\n\n\x80", "€"),
        (b"Content-Type: text/plain; charset=klingon\n\n\xe4", "ä"),
        (b"\n\x1b[31m", "^[[31m"),
        (b"Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b]0;x", "^[]0;x"),
        (b"\n\xef\xbb\xbfx", "x"),
    ],
)
def test_texts(raw: bytes, text: str) -> None:
    assert part_text(read_tree(raw)).text == text


UU = b"begin 644 a.txt\n#86)C\n `\nend\ntrailer\n"


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (UU, b"abc"),
        (b"\r\n" + UU.replace(b"\n", b"\r\n"), b"abc"),
        (UU.replace(b"86)C", b"86)CXXXX"), b"abc"),
        (UU.replace(b"86)C", b"\xff\xff"), b""),
        (UU.replace(b" `\nend\ntrailer\n", b""), b"abc"),
        (UU.removesuffix(b"\n `\nend\ntrailer\n"), b"abc"),
        (b"not encoded\n" + UU, b"not encoded\n" + UU),
        (b"", b""),
        (b"beg", b"beg"),
    ],
)
@pytest.mark.parametrize("length", [1, 3, 1000])
def test_uuencode(body: bytes, data: bytes, length: int) -> None:
    pieces = [body[at : at + length] for at in range(0, len(body), length)]
    assert b"".join(decode_transfer(pieces, "x-uuencode")) == data


@given(st.binary(max_size=300), st.integers(1, 100))
def test_a_uuencoded_file_comes_back(data: bytes, length: int) -> None:
    lines = [binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)]
    body = b"".join([b"begin 644 a\n", *lines, b" \nend\n"])
    pieces = [body[at : at + length] for at in range(0, len(body), length)]
    assert b"".join(decode_transfer(pieces, "uuencode")) == data


def test_an_unknown_charset_is_said() -> None:
    assert not part_text(read_tree(b"Content-Type: text/plain; charset=klingon\n\nx")).known


@pytest.mark.parametrize("encoding", ["", "base64", "quoted-printable"])
def test_only_the_beginning_of_a_long_part_is_read(encoding: str) -> None:
    head = f"Content-Transfer-Encoding: {encoding}\n\n".encode() if encoding else b"\n"
    part = read_tree(head + b"QUJD" * PIECE)
    found = part_text(part, limit=100)
    assert len(found.text) == 100
    assert found.cut
    whole, cut = part_beginning(part, 4 * PIECE)
    assert not cut
    assert whole == b"".join(part_bytes(part))


def test_the_size_of_base64_is_estimated() -> None:
    head = b"Content-Transfer-Encoding: base64\n\n"
    part = read_tree(head + (b"A" * 76 + b"\r\n") * 100)
    assert part_size(part) == 5700


def test_an_encoded_message_is_opened() -> None:
    raw = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogaW4KCng="
    inner = embedded_message(read_tree(raw))
    assert inner is not None
    assert inner.header.value("subject") == b"in"


@given(raw_messages())
def test_nothing_raises(raw: bytes) -> None:
    for part in walk(read_tree(raw, open_messages=True)):
        text = part_text(part).text
        assert safe_text(text) == text
        decoded_text(part, limit=5)
        embedded_message(part)


def test_every_part_of_the_corpora_has_its_text() -> None:
    for _, raw in corpus_messages():
        for part in walk(read_tree(raw, open_messages=True)):
            text = part_text(part).text
            assert "\x1b" not in text
            assert "\r" not in text
