"""To whom a reply goes: the right people, each once, never oneself, and nobody by a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mail.raw_messages import corpus_messages
from tests.mail.strategies import addresses, lines
from tuimail.errors import AddressError
from tuimail.mail.address import parse_addresses
from tuimail.mail.header import is_message_id
from tuimail.mail.own_addresses import OwnAddresses, mailbox_key
from tuimail.mail.received_addresses import ReceivedAddress, received_addresses
from tuimail.mail.received_header import read_header
from tuimail.mail.reply_header import reply_ids, reply_subject
from tuimail.mail.reply_recipients import (
    AnsweredHeader,
    ReplyKind,
    ReplyRecipients,
    answered_header,
    reply_identity,
    reply_recipients,
)

OWN = OwnAddresses(["me@home.example", "Me@Work.example", "info@work.example"])
LISTS = frozenset({"users@lists.example"})


def header(**fields: str) -> AnsweredHeader:
    raw = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in fields.items())
    return answered_header(read_header(raw.encode() + b"\n"))


def answer(kind: ReplyKind, **fields: str) -> tuple[str, str]:
    found = reply_recipients(header(**fields), kind, OWN, LISTS)
    return ", ".join(each.text for each in found.to), ", ".join(each.text for each in found.cc)


LIST = {"List_Post": "<mailto:dev@lists.example>"}


@pytest.mark.parametrize(
    ("kind", "fields", "to", "cc"),
    [
        (ReplyKind.REPLY, {"From": "Kim <kim@x>", "To": "me@home.example, bo@x"}, "Kim <kim@x>", ""),
        (ReplyKind.REPLY, {"From": "kim@x", "Reply_To": "Desk <desk@x>, k2@x"}, "Desk <desk@x>, k2@x", ""),
        (ReplyKind.REPLY, {"From": "kim@x", "Reply_To": "nobody:;"}, "kim@x", ""),
        (ReplyKind.REPLY, {"Sender": "kim@x"}, "kim@x", ""),
        (ReplyKind.REPLY, {"From": "kim@x", "Reply_To": "dev@lists.example", **LIST}, "dev@lists.example", ""),
        (ReplyKind.AUTHOR, {"From": "kim@x", "Reply_To": "Dev <DEV@lists.example>", **LIST}, "kim@x", ""),
        (ReplyKind.AUTHOR, {"From": "kim@x", "Reply_To": "dev@lists.example, k2@x", **LIST}, "k2@x", ""),
        (ReplyKind.AUTHOR, {"From": "kim@x", "Reply_To": "k2@x", **LIST}, "k2@x", ""),
        (ReplyKind.AUTHOR, {"From": "kim@x", "Reply_To": "k2@x"}, "k2@x", ""),
        # One's own message
        (ReplyKind.REPLY, {"From": "me@work.example", "To": "kim@x, me@home.example", "Cc": "bo@x"}, "kim@x", ""),
        (ReplyKind.REPLY, {"From": "me+a@work.example", "Reply_To": "k2@x", "To": "kim@x"}, "kim@x", ""),
        (ReplyKind.REPLY, {"From": "me@work.example", "To": "me@home.example"}, "me@home.example", ""),
        (ReplyKind.REPLY, {"From": "me@work.example"}, "me@work.example", ""),
        (ReplyKind.ALL, {"From": "me@work.example", "To": "kim@x", "Cc": "bo@x, info@work.example"}, "kim@x", "bo@x"),
        # All
        (
            ReplyKind.ALL,
            {"From": "Kim <kim@x>", "To": "me@home.example, Bo <bo@x>", "Cc": "Al <al@x>, ME+tag@HOME.example"},
            "Kim <kim@x>, Bo <bo@x>",
            "Al <al@x>",
        ),
        (ReplyKind.ALL, {"From": "kim@x", "Reply_To": "k2@x", "To": "bo@x", "Cc": "kim@x"}, "k2@x, bo@x", "kim@x"),
        (ReplyKind.ALL, {"From": "kim@x", "To": "Kim <kim@X>, bo@x", "Cc": "bo@x, bo@x, al@x"}, "kim@x, bo@x", "al@x"),
        (ReplyKind.ALL, {"From": "kim@bücher.example", "To": "kim@xn--bcher-kva.example"}, "kim@bücher.example", ""),
        (ReplyKind.ALL, {"From": "kim@x", "To": "undisclosed-recipients:;", "Bcc": "secret@x"}, "kim@x", ""),
        (ReplyKind.ALL, {"From": "kim@x", "Mail_Followup_To": "l@x, al@x, me@home.example"}, "l@x, al@x", ""),
        (ReplyKind.ALL, {"From": "me@work.example", "To": "me@home.example"}, "me@home.example", ""),
        (ReplyKind.ALL, {"From": "me@work.example", "To": "me@home.example", "Cc": "bo@x"}, "bo@x", ""),
        (ReplyKind.ALL, {"From": "kim@x", "To": "Team: bo@x, al@x;"}, "kim@x, bo@x, al@x", ""),
        # Lists
        (ReplyKind.LIST, {"From": "kim@x", "To": "bo@x", **LIST}, "dev@lists.example", ""),
        (ReplyKind.LIST, {"List_Post": "<https://x/>, < mailto:a%2Bb@l.example?subject=x>"}, "a+b@l.example", ""),
        (ReplyKind.LIST, {"From": "kim@x", "Mail_Followup_To": "dev@l, me@home.example"}, "dev@l", ""),
        (ReplyKind.LIST, {"To": "bo@x", "Cc": "U <Users@lists.example>"}, "U <Users@lists.example>", ""),
        (ReplyKind.LIST, {"From": "kim@x", "To": "bo@x"}, "", ""),
        (ReplyKind.LIST, {"From": "kim@x", "To": "users@lists.example", "List_Post": "NO (closed)"}, "", ""),
        # What mail/address refuses
        (ReplyKind.REPLY, {"From": "MAILER-DAEMON"}, "MAILER-DAEMON", ""),
        (ReplyKind.REPLY, {"From": "Kim <kim@@x>"}, "Kim <kim@@x>", ""),
        (ReplyKind.REPLY, {"From": "<kim@x, lee@x>"}, '"kim@x, lee@x"', ""),
        (ReplyKind.ALL, {"From": "kim@x", "To": "a..b@x, bo@x", "Cc": "a..b@x, c@x"}, "kim@x, a..b@x, bo@x", "c@x"),
        (ReplyKind.LIST, {"From": "kim@x", "List_Post": "<mailto:dev@>"}, "dev@", ""),
        (ReplyKind.REPLY, {"Subject": "x"}, "", ""),
    ],
)  # fmt: skip
def test_recipients(kind: ReplyKind, fields: dict[str, str], to: str, cc: str) -> None:
    assert answer(kind, **fields) == (to, cc)


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        (ReplyKind.REPLY, {"From": "kim@x"}, ""),
        (ReplyKind.ALL, {"From": "kim@x", "To": "bo@x"}, ""),
        (ReplyKind.REPLY, {"From": "kim@x", "Reply_To": "k2@x"}, ""),
        (ReplyKind.REPLY, {"From": "kim@x", "Reply_To": "dev@lists.example", **LIST}, "goes to all who read it"),
        (ReplyKind.AUTHOR, {"From": "kim@x", "Reply_To": "dev@lists.example", **LIST}, "goes to the author"),
        (ReplyKind.REPLY, {"From": "me@home.example", "To": "kim@x"}, "your own"),
        (ReplyKind.ALL, {"From": "kim@x", "Mail_Followup_To": "dev@l"}, "Mail-Followup-To"),
        (ReplyKind.LIST, {"From": "kim@x", "Mail_Followup_To": "dev@l"}, "Mail-Followup-To"),
        (ReplyKind.LIST, {"From": "kim@x"}, "no known mailing list"),
        (ReplyKind.LIST, {"From": "kim@x", "List_Post": "NO"}, "takes no messages"),
        (ReplyKind.REPLY, {"To": "me@home.example"}, "does not say who sent it"),
    ],
)
def test_what_is_not_as_usual_is_said(kind: ReplyKind, fields: dict[str, str], words: str) -> None:
    found = reply_recipients(header(**fields), kind, OWN, LISTS)
    assert (words in found.note) if words else found.note == ""


def test_an_address_that_is_refused_has_its_error() -> None:
    (found,) = reply_recipients(header(From="Kim <kim@@x>"), ReplyKind.REPLY, OWN).to
    assert found.address is None
    assert isinstance(found.error, AddressError)
    assert "two @" in str(found.error)


@pytest.mark.parametrize(
    ("fields", "identity"),
    [
        ({"To": "kim@x, ME@work.example"}, "Me@Work.example"),
        ({"To": "info@work.example, me@home.example"}, "info@work.example"),
        ({"To": "kim@x", "Cc": "me+tag@home.example", "Delivered_To": "info@work.example"}, "me@home.example"),
        ({"To": "dev@lists.example", "Delivered_To": "<info@work.example>"}, "info@work.example"),
        ({"To": "dev@lists.example", "X_Original_To": "info+x@work.example"}, "info@work.example"),
        ({"From": "me@home.example", "To": "info@work.example"}, "me@home.example"),
        ({"From": "kim@x", "To": "kim@x"}, "account@x"),
        ({}, "account@x"),
    ],
)
def test_the_identity_is_the_address_it_came_to(fields: dict[str, str], identity: str) -> None:
    assert reply_identity(header(**fields), OWN, "account@x") == identity


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("<mailto:dev@l>", "dev@l"),
        ("<MAILTO:%64ev@l?subject=a>", "dev@l"),
        ("mailto:dev@l", "dev@l"),
        ("<mailto:a%0Ab@l>", "a b@l"),
        ("<mailto:a@l,b@l>", '"a@l,b@l"'),
        ("<mailto:%ff@>", "\ufffd@"),
        ("NO", ""),
        ("", ""),
        ("<mailto:", ""),
        ("<https://l/>", ""),
    ],
)
def test_list_post(value: str, address: str) -> None:
    assert answer(ReplyKind.LIST, List_Post=value) == (address, "")


def check(found: ReplyRecipients) -> None:
    for field in (found.to, found.cc):
        text = ", ".join(each.text for each in field)
        valid = [each.address for each in field if each.address is not None]
        if len(valid) == len(field):
            assert list(parse_addresses(text)) == valid
        else:
            with pytest.raises(AddressError):
                parse_addresses(text)
        assert "\n" not in text
        assert len({each.key for each in field}) == len(field)
    assert not {each.key for each in found.to} & {each.key for each in found.cc}
    assert bool(found.to) or bool(found.note)


ODD = st.text(st.sampled_from('ab@x.,;:<>()[]"\\ \t\n\u200b\u2028\x00\x1bé\ud800'), max_size=12)
RECEIVED = st.one_of(
    st.builds(ReceivedAddress, st.one_of(ODD, lines(max_size=20)), ODD),
    st.builds(ReceivedAddress, ODD, addresses().map(lambda each: each.addr_spec)),
    addresses().map(lambda each: ReceivedAddress(each.display_name, each.wire_spec())),
)
PEOPLE = st.lists(RECEIVED, max_size=4).map(tuple)


@given(
    st.builds(AnsweredHeader, *[PEOPLE] * 5, ODD | st.just("mailto:a@b"), st.booleans(), PEOPLE, PEOPLE),
    st.sampled_from(ReplyKind),
)
def test_a_field_is_read_back_as_the_same_recipients_or_refused(fields: AnsweredHeader, kind: ReplyKind) -> None:
    found = reply_recipients(fields, kind, OwnAddresses(["a@b", "ab@x"]), frozenset({"a@x"}))
    check(found)
    senders = {each.address for each in fields.sender if each.address.isprintable() and each.address.strip()}
    assert kind is ReplyKind.LIST or bool(found.to) or not senders


@given(st.binary(max_size=200))
def test_any_header_can_be_answered(value: bytes) -> None:
    raw = b"From: " + value + b"\nTo: " + value + b"\nList-Post: <mailto:" + value + b">\n\n"
    fields = answered_header(read_header(raw))
    for kind in ReplyKind:
        check(reply_recipients(fields, kind, OWN, LISTS))
    assert reply_identity(fields, OWN, "x@y")


def test_every_message_of_the_corpora_can_be_answered() -> None:
    answered = 0
    for _, raw in corpus_messages():
        head = read_header(raw)
        fields = answered_header(head)
        for kind in ReplyKind:
            found = reply_recipients(fields, kind, OWN, LISTS)
            check(found)
            answered += bool(found.to) and kind is ReplyKind.REPLY
        ids = [head.value(name).decode("latin-1") for name in ("message-id", "references", "in-reply-to")]
        assert all(map(is_message_id, reply_ids(*ids).references))
        assert reply_subject(head.value("subject").decode("latin-1")).startswith("Re:")
    assert answered > 500


def test_the_reader_of_fields_fits() -> None:
    (found,) = received_addresses(b'"Doe, Kim" <kim@x>')
    (entry,) = reply_recipients(AnsweredHeader(sender=(found,)), ReplyKind.REPLY, OWN).to
    assert entry.text == '"Doe, Kim" <kim@x>'
    assert mailbox_key(found.address) == "kim@x"
