"""What is written into a header field is what every reader reads out of it."""

from __future__ import annotations

import email
import email.header
import email.policy
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mail.strategies import CONTROLS, addresses, lines
from tuimail.errors import InjectionError
from tuimail.mail.address import Address, parse_addresses
from tuimail.mail.header import (
    address_field,
    decode_header,
    id_field,
    made_visible,
    parameter,
    structured_field,
    text_field,
    unfolded,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def compat(field: bytes) -> str:
    value = email.message_from_bytes(field + b"\r\n")["X"]
    assert isinstance(value, str)
    return value


def by_stdlib(field: bytes) -> str:
    return str(email.header.make_header(email.header.decode_header(re.sub(r"\r\n(?=[ \t])", "", compat(field)))))


def check_lines(field: bytes) -> None:
    assert field.endswith(b"\r\n")
    assert b"\r" not in field.replace(b"\r\n", b"")
    assert b"\n" not in field.replace(b"\r\n", b"")
    for number, line in enumerate(field[:-2].split(b"\r\n")):
        assert len(line) <= 998
        assert line.strip(), "a line of white space ends the header for some readers"
        if number:
            assert line[:1] == b" "
        for word in re.findall(rb"=\?utf-8\?[qb]\?[^ ]*\?=", line):
            assert len(word) <= 75
            assert len(line) <= 76, "RFC 2047 section 2"


@given(lines(max_size=300))
def test_any_text_comes_back(value: str) -> None:
    field = text_field("X", value)
    check_lines(field)
    assert field.isascii()
    assert decode_header(compat(field)) == value
    assert by_stdlib(field) == value


@given(st.lists(lines(max_size=40), min_size=1, max_size=30).map(" ".join))
def test_long_text_is_folded_at_78(value: str) -> None:
    field = text_field("X-Long-Name", value)
    check_lines(field)
    for line in field[:-2].split(b"\r\n"):
        assert len(line) <= 78 or b" " not in line.strip().removeprefix(b"X-Long-Name:").strip()


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("Hello", b"Subject: Hello\r\n"),
        ("", b"Subject:\r\n"),
        ("Café in Paris, Texas", b"Subject: =?utf-8?b?Q2Fmw6k=?= in Paris, Texas\r\n"),
        ("Re: Müllabfuhr donnerstags", b"Subject: Re: =?utf-8?q?M=C3=BCllabfuhr?= donnerstags\r\n"),
        ("你好", b"Subject: =?utf-8?b?5L2g5aW9?=\r\n"),
        ("=?utf-8?q?x?=", b"Subject: =?utf-8?b?PT91dGYtOD9xP3g/PQ==?=\r\n"),
        ("a  b", b"Subject: a  b\r\n"),
        (" edge", b"Subject: =?utf-8?q?_edge?=\r\n"),
        ("disk\t97 %", b"Subject: disk\t97 %\r\n"),
        ("disk \t97 %", b"Subject: disk =?utf-8?b?CTk3?= %\r\n"),
        ("edge\t", b"Subject: =?utf-8?q?edge=09?=\r\n"),
    ],
)
def test_text_as_it_is_written(value: str, field: bytes) -> None:
    assert text_field("Subject", value) == field


@given(st.lists(addresses(ascii_local=True), min_size=1, max_size=8))
def test_any_addresses_come_back_the_same_and_no_others(wanted: list[Address]) -> None:
    field = address_field("X", wanted)
    check_lines(field)
    read = parse_addresses(re.sub(r"\r\n", "", compat(field)))
    assert [address.key for address in read] == [address.key for address in wanted]
    assert [decode_header(address.display_name) for address in read] == [address.display_name for address in wanted]


def test_a_long_name_with_commas_keeps_its_quotes() -> None:
    evil = Address("x" * 70 + ", victim@bank.example, other", "attacker", "evil.example")
    message = email.message_from_bytes(address_field("To", [evil]) + b"\r\n", policy=email.policy.default)
    assert [each.addr_spec for each in message["To"].addresses] == ["attacker@evil.example"]
    assert message["To"].addresses[0].display_name == evil.display_name


def test_addresses_are_folded_between_them() -> None:
    field = address_field("To", [Address("Somebody Rather", f"user{n}", "example.org") for n in range(3)])
    assert field == (
        b"To: Somebody Rather <user0@example.org>, Somebody Rather <user1@example.org>,"
        b"\r\n Somebody Rather <user2@example.org>\r\n"
    )


def test_a_raw_local_part_stands_raw_and_its_domain_in_ascii() -> None:
    assert address_field("To", [Address("", "жук", "bücher.example")]) == ("To: жук@xn--bcher-kva.example\r\n".encode())


def test_no_addresses_give_the_empty_group() -> None:
    assert address_field("To", [], if_none="undisclosed-recipients:;") == b"To: undisclosed-recipients:;\r\n"


@given(st.lists(st.from_regex(r"<[!-;=?-~]{1,300}>", fullmatch=True), min_size=1, max_size=10))
def test_message_ids_are_never_encoded_however_long(ids: list[str]) -> None:
    field = id_field("References", ids)
    check_lines(field)
    assert field.decode("ascii").removeprefix("References:").split() == ids


@pytest.mark.parametrize("bad", ["", "<a b@c>", "a@b", "<a@b", "<a\r\nb@c>", "<é@b>", "<>", "<" + "a" * 991 + ">"])
def test_what_is_no_message_id_is_refused(bad: str) -> None:
    with pytest.raises(InjectionError):
        id_field("References", [bad])


@given(st.sampled_from(CONTROLS + "\ud800\udcff"), st.text(max_size=5), st.text(max_size=5))
def test_no_control_character_passes_any_field(control: str, before: str, after: str) -> None:
    evil = f"{before}{control}{after}"
    writers: list[Callable[[], bytes]] = [
        lambda: text_field("Subject", evil),
        lambda: text_field(f"X-{evil}", "x"),
        lambda: address_field("To", [Address(evil, "a", "b")]),
        lambda: address_field("To", [Address("", evil, "b")]),
        lambda: address_field("To", [Address("", "a", evil)]),
        lambda: structured_field("Content-Type", evil),
    ]
    for write in writers:
        with pytest.raises(InjectionError) as caught:
            write()
        assert control not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "é", "x" * 77, "a\n"])
def test_field_names_are_plain(name: str) -> None:
    with pytest.raises(InjectionError):
        text_field(name, "x")


@given(lines(max_size=200).filter(lambda value: value and value == value.strip()))
def test_any_parameter_comes_back(value: str) -> None:
    field = structured_field("Content-Disposition", "attachment", parameter("filename", value))
    check_lines(field)
    assert email.message_from_bytes(field + b"\r\n").get_filename() == value


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("plain", "plain"),
        ("=?UTF-8?B?R3LDvMOf?= =?utf-8?q?e?=", "Grüße"),
        ("=?utf-8?b?ww==?= =?utf-8?b?vA==?=", "ü"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=BC?= x", "ü x"),
        ("a =?iso-8859-1*en?q?=FC?= b", "a ü b"),
        ("=?nonsense?q?x?=", "=?nonsense?q?x?="),
        ("=?utf-7?q?+ADw-?=", "=?utf-7?q?+ADw-?="),
        ("=?unicode_escape?q?=5Cx1b?=", "=?unicode_escape?q?=5Cx1b?="),
        ("=?rot13?q?uryyb?=", "=?rot13?q?uryyb?="),
        ("=?utf-8?b?!!!?=", ""),
        ("=?utf-8?q?a b?= c", "a b c"),
        ("folded\r\n and on", "folded and on"),
        (b"raw \xc3\xbc", "raw ü"),
        (b"raw \xfc", "raw ü"),
        ("raw \udcc3\udcbc", "raw ü"),
        (b"=?iso-8859-1?q?raw_\xfc?=", "raw ü"),
        ("=?iso-8859-1?q?raw_ü?= =?utf-8?q?=C3=BC?=", "raw üü"),
        ("=?utf-8?b?ü?=", "=?utf-8?b?ü?="),
        ("=?utf-8?q?=FF?=", "\ufffd"),
        ("", ""),
    ],
)
def test_reading_is_tolerant(raw: str | bytes, text: str) -> None:
    assert decode_header(raw) == text


@given(st.one_of(st.binary(), st.text(st.characters()), st.text(st.sampled_from("=?utf-8bq_ AB\n"))))
def test_reading_never_raises(raw: str | bytes) -> None:
    decode_header(raw).encode("utf-8")


@given(st.text(st.sampled_from("ab \t"), max_size=300))
def test_a_tab_comes_back_wherever_it_stands(value: str) -> None:
    field = text_field("X", value)
    check_lines(field)
    assert decode_header(compat(field)) == value
    assert by_stdlib(field) == value


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("a\r\n b", "a b"),
        ("a\n\tb", "a\tb"),
        ("a\r\n \r\n b\r\n", "a  b"),
        ("a\nb\n\nc\n", "a b c"),
        ("plain", "plain"),
        ("\n", ""),
    ],
)
def test_a_value_of_a_program_is_unfolded(value: str, line: str) -> None:
    assert unfolded(value) == line


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_made_visible_goes(value: str) -> None:
    text_field("X", made_visible(unfolded(value)))


def test_only_controls_are_made_visible() -> None:
    assert made_visible("\x1b[1mü\u200b\t\x85") == "^[[1mü\u200b\t<U+0085>"


@given(st.integers(1, 76), lines(max_size=200))
def test_an_encoded_word_fits_below_any_field_name(length: int, value: str) -> None:
    field = text_field("X" * length, value)
    check_lines(field)
    assert decode_header(field.partition(b":")[2].decode()).lstrip(" ") == value.lstrip(" ")


@given(st.integers(1, 60), st.lists(addresses(), min_size=1, max_size=4))
def test_names_of_any_length_keep_the_lines_short(length: int, written: list[Address]) -> None:
    check_lines(address_field("X" * length, written))


def test_the_first_of_several_encoded_words_leaves_room_for_the_name_of_its_field() -> None:
    name = "Ärztekammer für die Länder an der Küste und im Übrigen"
    first, *_ = address_field("Reply-To", [Address(name, "a", "b.example")]).split(b"\r\n")
    assert 60 < len(first) <= 76
    first, second, *_ = text_field("Subject", "ü" * 300).split(b"\r\n")
    assert 70 < len(first) <= len(second) <= 76
