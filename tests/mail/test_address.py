"""An address is understood in exactly one way or refused; nothing is dropped or altered silently."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpora import corpus
from tests.mail.strategies import addresses
from tuimail.errors import AddressError
from tuimail.mail.address import Address, parse_address, parse_addresses
from tuimail.mail.address_tokens import EDGES
from tuimail.mail.domain import unicode_domain

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize(
    ("typed", "specs"),
    [
        ("", []),
        (" , ;", []),
        ("a@b.example", ["a@b.example"]),
        ("a@b.example; c@d.example,", ["a@b.example", "c@d.example"]),
        ('"Lovelace, Ada" <ada@example.org>, bob@x.org', ["ada@example.org", "bob@x.org"]),
        ("Friends: a@b, C <c@d>;, e@f", ["a@b", "c@d", "e@f"]),
        ("undisclosed-recipients:;", []),
        ("ada@example.org <Ada@example.org>", ["Ada@example.org"]),
        ("<a@b>", ["a@b"]),
        ("a@[192.0.2.1], b@[IPv6:2001:db8::1]", ["a@[192.0.2.1]", "b@[IPv6:2001:db8::1]"]),
        ('"john smith"@example.org', ['"john smith"@example.org']),
        ("j@bücher.example", ["j@xn--bcher-kva.example"]),
        ("j@straße.example", ["j@xn--strae-oqa.example"]),
        ("жук@почта.example", ["жук@xn--80a1acny.example"]),
        *((f"{edge}a@b{edge},{edge}<{edge}c@d{edge}>{edge};{edge}", ["a@b", "c@d"]) for edge in EDGES),
        ("\u2028a@b\u2029", ["a@b"]),
        ("C \u200b <c@d>\u200b \u00a0, \ufeff", ["c@d"]),
        ("a@x.org<mailto:a@x.org>", ["a@x.org"]),
        ("A\u00a0B <MAILTO:a@x.org>; <mailto:c@d>, mailto:e@f", ["a@x.org", "c@d", "e@f"]),
    ],
)
def test_lists_as_people_type_them(typed: str, specs: list[str]) -> None:
    assert [address.wire_spec() for address in parse_addresses(typed)] == specs


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Ada Q. Lovelace <a@b>", "Ada Q. Lovelace"),
        ("Ada\t  Lovelace <a@b>", "Ada Lovelace"),
        (r'"Ada \"the\\ countess\"  L" <a@b>', r'Ada "the\ countess"  L'),
        ("a@b (Bob (the) Builder)", "Bob (the) Builder"),
        ("Grüße 你好 <a@b>", "Grüße 你好"),
        ("=?utf-8?q?x?= <a@b>", "=?utf-8?q?x?="),
        ("a@b", ""),
        ("Support (Billing) <a@b>", "Support (Billing)"),
        ("Support(Billing (EU)) Team <a@b>", "Support (Billing (EU)) Team"),
        ('"Doe, Jane" (Billing) <a@b>', "Doe, Jane (Billing)"),
        ("Bob <a@b> (work)", "Bob (work)"),
        ("Bob\u00a0<a@b>", "Bob"),
        ("\u200b\ufeff \u3000Bob\u00a0Doe\u2003\u200f<a@b>", "Bob\u00a0Doe"),
        ('"\u200bBob " <a@b>', "Bob"),
        ("a@b (\u00a0Bob\u200b)", "Bob"),
        ("Bob<mailto:a@b>", "Bob"),
        ("'a@b' <a@b>", "a@b"),
    ],
)
def test_names(typed: str, name: str) -> None:
    assert parse_address(typed).display_name == name


@pytest.mark.parametrize(
    ("typed", "position", "words"),
    [
        ("bob", 0, "the @ is missing"),
        ("a@b, bob", 5, "the @ is missing"),
        ("a@b c@d", 5, "two @"),
        ("a@@b", 2, "two @"),
        ("a@", 2, "nothing after the @"),
        ("@b", 0, "nothing before the @"),
        ("Bob <a@b", 4, "never closed by a >"),
        ("a@b> <c@d", 3, "without a < before it"),
        ("<a@b> x", 6, "text after the >"),
        ("<<a@b>>", 6, "text after the >"),
        ("x <>", 2, "no address between"),
        ("x <\u200b>", 2, "no address between"),
        ("x <mailto:>", 3, "the @ is missing"),
        ("bob\u00a0@b", 3, "invisible character"),
        ("a@b\u3000c@d", 5, "two @"),
        ("\u200b@b", 1, "nothing before the @"),
        ("x@y <a@b>", 1, "needs quotation marks"),
        ("jane doe@x", 5, "a space in the address"),
        ('"jane', 0, "quotation mark is never closed"),
        ("a@b (oops", 4, "parenthesis is never closed"),
        ("alice@x)bob@evil", 7, "closing parenthesis without"),
        ("a@[1.2.3.4", 2, "bracket is never closed"),
        ("a\\b@c", 1, "backslash"),
        ("a..b@c", 0, "dot too many"),
        (".a@c", 0, "dot too many"),
        ("a@b..c", 2, "has a dot too many"),
        ("a@b.", 2, "ends in a dot"),
        ("a@b_c", 2, 'holds "_"'),
        ("a@-b", 2, "hyphen"),
        ("a@1.2.3.4", 2, "in brackets"),
        ("a@[1.2.3]", 2, "not an IP address"),
        ("a@[IPv6:fe80::1%eth0]", 2, "not an IP address"),
        ("a@b:c", 3, "colon"),
        ("(only) , a@b", 0, "comment but no address"),
        ("a(x)b@c", 1, "comment may not stand inside"),
        ("a@(x)b", 2, "comment may not stand inside"),
        ('"a"b@c', 3, "one word"),
        ("<@a,@b:c@d>", 4, "two @"),
        ("a@b\nBcc: c@d", 3, "control character"),
        ("a@b\r\n c@d", 3, "control character"),
        ('"a\x00b" <a@b>', 2, "control character"),
        ("a\x0bb@c", 1, "control character"),
        ("A\x85B <a@b>", 1, "control character"),
        ("A\u2028B <a@b>", 1, "control character"),
        ("a@b (\x1b[2J)", 5, "control character"),
        ("pay\u200bpal@x", 3, "invisible character"),
        ("a@pay\u202epal.example", 2, "not a valid international domain"),
        ("a" * 65 + "@b", 0, "longer than 64"),
        ("a@" + "b" * 64, 2, "more than 63"),
        ("a@" + ".".join(["b" * 60] * 5), 2, "longer than 253"),
        ("a" * 60 + "@" + ".".join(["b" * 60] * 4), 0, "longer than 254"),
    ],
)
def test_a_fault_is_named_with_its_place(typed: str, position: int, words: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_addresses(typed, field="cc")
    assert words in str(caught.value)
    assert caught.value.position == position
    assert caught.value.field == "cc"
    assert str(caught.value).replace("\u00a0", " ").replace("\u3000", " ").isprintable()


def test_one_address_means_one() -> None:
    for typed in ("", "a@b, c@d"):
        with pytest.raises(AddressError):
            parse_address(typed)


def test_a_raw_local_part_has_no_ascii_form() -> None:
    address = parse_address("жук@example.org")
    assert address.needs_smtputf8
    with pytest.raises(AddressError, match="no ASCII form"):
        address.ascii_spec()


def test_two_spellings_of_one_mailbox_share_a_key() -> None:
    assert parse_address("A@Bücher.EXAMPLE").key == parse_address("A@xn--bcher-kva.example").key
    assert parse_address("A@b").key != parse_address("a@b").key


@pytest.mark.parametrize(
    ("encoded", "shown"),
    [
        ("xn--bcher-kva.example", "bücher.example"),
        ("example.org", "example.org"),
        ("xn--0.tld", "xn--0.tld"),
        ("[192.0.2.1]", "[192.0.2.1]"),
    ],
)
def test_international_domains_are_shown_as_people_read_them(encoded: str, shown: str) -> None:
    assert unicode_domain(encoded) == shown


@given(addresses())
def test_what_is_written_is_read_back(address: Address) -> None:
    assert parse_address(str(address)) == address


@given(st.lists(addresses(), max_size=6), st.sampled_from([", ", ";", " ,; "]))
def test_a_list_is_read_back_whole(wanted: list[Address], separator: str) -> None:
    assert parse_addresses(separator.join(map(str, wanted))) == tuple(wanted)


@given(st.text(st.sampled_from('ab.@<>,;:()[]"\\ \t\r\n\x00é')))
def test_any_text_is_addresses_or_an_error_never_another_exception(text: str) -> None:
    try:
        found = parse_addresses(text)
    except AddressError:
        return
    assert text.count("@") >= len(found)
    assert parse_addresses(", ".join(map(str, found))) == found


def test_many_recipients_take_time_in_proportion() -> None:
    assert len(parse_addresses(", ".join(f"Name {n} <user{n}@example.org>" for n in range(20_000)))) == 20_000
    assert parse_addresses(";" * 200_000) == ()
    with pytest.raises(AddressError):
        parse_addresses("(" * 200_000)


def isemail() -> Iterator[tuple[str, str]]:
    pictures = {0x2400 + code: code for code in range(32)} | {0x2421: 127}
    for test in ElementTree.parse(corpus("isemail", "test", "tests.xml")).iter("test"):
        yield (test.findtext("address") or "").translate(pictures), test.findtext("category") or ""


def test_isemail_agrees() -> None:
    allowed_since_rfc_6532 = {'"test\\©"@iana.org'}
    for text, category in isemail():
        if category in {"ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN"}:
            assert parse_address(text).domain, text
        elif category == "ISEMAIL_ERR" and text not in allowed_since_rfc_6532:
            with pytest.raises(AddressError):
                parse_address(text)


def test_the_international_addresses_are_accepted() -> None:
    table = json.loads(corpus("email-validator-addresses", "addresses.json").read_text())
    for kind in ("test_email_valid", "test_email_valid_intl_local_part", "test_email_valid_only_if_quoted_local_part"):
        for text in table[kind]:
            assert parse_address(text).domain, text
