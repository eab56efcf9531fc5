"""What was written is what the receiver's parser reads, and nothing else leaves."""

from __future__ import annotations

import email
import email.header
import email.policy
import email.utils
import getpass
import os
import platform
import re
from dataclasses import replace
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.compose.strategies import drafts
from tests.mail.strategies import CONTROLS
from tests.mail.test_flowed import kept
from tuimail.compose.attachment import attach
from tuimail.compose.build import build
from tuimail.compose.draft import Attachment, Draft
from tuimail.config.model import Identity
from tuimail.errors import AddressError, AttachmentError, InjectionError, MessageError
from tuimail.mail import flowed
from tuimail.mail.address import parse_addresses
from tuimail.mail.content import InMemory, whole
from tuimail.mail.envelope import EnvelopeRecipient, RecipientField
from tuimail.mail.header import decode_header

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

    from tuimail.mail.outgoing import OutgoingMessage

ADA = Identity("ada@example.org", "Ada Lovelace")
NOW = 1_795_461_720.25
ZONE = timezone(timedelta(hours=1))
WHOLE_LETTERS = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def frozen(draft: Draft, data: dict[Attachment, bytes] | None = None, identity: Identity = ADA) -> OutgoingMessage:
    if data is None:
        return build(draft, identity, "work", now=NOW, tz=ZONE)
    files = data
    return build(draft, identity, "work", now=NOW, tz=ZONE, read=lambda each: InMemory(files[each]))


def check_wire(content: bytes) -> None:
    bare = content.replace(b"\r\n", b"")
    assert b"\r" not in bare
    assert b"\n" not in bare
    assert content.endswith(b"\r\n")
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert not re.search(rb"(?im)^(resent-)?bcc:", content)
    assert not re.search(rb"(?im)^(user-agent|x-mailer):", content)


def leaves(message: Message) -> list[Message]:
    return [part for part in message.walk() if not part.is_multipart()]


def read_text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return flowed.decode(payload.decode("utf-8").replace("\r\n", "\n").removesuffix("\n"))


def specs(header: str | None) -> list[tuple[str, str]]:
    found = parse_addresses(re.sub(r"\r\n", "", header or ""))
    return [(decode_header(address.display_name), address.key) for address in found]


def typed(text: str) -> list[tuple[str, str]]:
    return [(address.display_name, address.key) for address in parse_addresses(text)]


@WHOLE_LETTERS
@given(drafts())
def test_the_receiver_reads_what_was_written(drawn: tuple[Draft, dict[Attachment, bytes]]) -> None:
    draft, data = drawn
    letter = frozen(draft, data)
    check_wire(whole(letter.content))
    message = email.message_from_bytes(whole(letter.content))
    raw = email.message_from_string(whole(letter.content).decode())
    assert not message.defects
    assert specs(raw["To"]) == typed(draft.to)
    assert specs(raw["Cc"]) == typed(draft.cc)
    assert specs(raw["Reply-To"]) == typed(draft.reply_to)
    assert decode_header(message["Subject"] or "") == draft.subject
    assert (
        str(email.header.make_header(email.header.decode_header(message["Subject"] or ""))).replace("\r\n", "")
        == draft.subject
    )
    assert (message["In-Reply-To"] or "") == draft.in_reply_to
    assert tuple((message["References"] or "").split()) == draft.references
    for name, value in draft.headers:
        assert decode_header(message[name]) == value
    assert message["Message-ID"] == letter.message_id
    text, *files = leaves(message)
    assert read_text(text) == kept(draft.body.rstrip("\n"))
    assert [(part.get_filename(), part.get_payload(decode=True)) for part in files] == [
        (attachment.name, data[attachment]) for attachment in draft.attachments
    ]
    assert [part.get_content_type() for part in files] == [each.content_type for each in draft.attachments]


@WHOLE_LETTERS
@given(drafts(ascii_local=True))
def test_the_modern_parser_reads_the_same(drawn: tuple[Draft, dict[Attachment, bytes]]) -> None:
    draft, data = drawn
    message: Any = email.message_from_bytes(whole(frozen(draft, data).content), policy=email.policy.default)
    try:
        recipients = [(each.display_name, each.addr_spec) for each in message["To"].addresses]
        subject = message["Subject"]
    except (IndexError, AttributeError):
        return  # known crashes of this parser
    assert len(recipients) == len(typed(draft.to))
    assert [spec.rpartition("@")[2].casefold() for _name, spec in recipients] == [
        key.rpartition("@")[2] for _name, key in typed(draft.to)
    ]
    if "\ufffd" not in draft.subject:
        assert (subject or "") == draft.subject


@WHOLE_LETTERS
@given(drafts())
def test_the_envelope_serves_everybody_once_and_bcc_nowhere_else(drawn: tuple[Draft, dict[Attachment, bytes]]) -> None:
    draft, data = drawn
    letter = frozen(replace(draft, bcc=f"{draft.bcc}, hidden-canary@secret.example"), data)
    assert b"hidden-canary" not in whole(letter.content)
    assert b"secret.example" not in whole(letter.content)
    keys = [key for text in (draft.to, draft.cc, draft.bcc) for _name, key in typed(text)]
    addresses = parse_addresses(", ".join(letter.envelope.addresses))
    assert [address.key for address in addresses] == [*dict.fromkeys(keys), "hidden-canary@secret.example"]
    assert letter.envelope.smtputf8 or all(address.isascii() for address in letter.envelope.addresses)
    assert letter.envelope.eight_bit == (not whole(letter.content).isascii())
    assert whole(letter.content).isascii() or letter.envelope.smtputf8


EVIL = st.builds(lambda a, c, b: f"{a}{c}{b}", st.text(max_size=5), st.sampled_from(CONTROLS), st.text(max_size=5))


@given(EVIL.filter(lambda text: "\t" not in text))
def test_no_control_character_passes_through_any_header_field(evil: str) -> None:
    good = Draft(to="bob@example.net", subject="s", body="b")
    for draft in (
        replace(good, subject=evil),
        replace(good, to=f'"{evil}" <a@b>'),
        replace(good, cc=f'"{evil}" <a@b>'),
        replace(good, reply_to=f'"{evil}" <a@b>'),
        replace(good, in_reply_to=f"<{evil}@b>"),
        replace(good, references=(f"<{evil}@b>",)),
        replace(good, headers=(("X-Evil", evil),)),
        replace(good, headers=((f"X-{evil}", "x"),)),
        replace(good, attachments=(Attachment("/x", evil, "text/plain", 1),)),
        replace(good, attachments=(Attachment("/x", "x", "text/plain", 1, description=evil),)),
    ):
        with pytest.raises(MessageError):
            build(draft, ADA, "work", now=NOW, read=lambda _each: InMemory(b"x"))
    for identity in (Identity("ada@example.org", evil), Identity(f"{evil}@example.org"), Identity(f"a@{evil}")):
        with pytest.raises(MessageError):
            frozen(good, identity=identity)


@pytest.mark.parametrize("char", ["\0", "\x1b", "\r", "\x0b", "\x85", "\x9b", "\ud800"])
def test_a_control_character_in_the_text_is_named_with_its_line(char: str) -> None:
    with pytest.raises(MessageError, match="Line 2 of the text") as caught:
        frozen(Draft(to="a@b", body=f"fine\nnot{char}fine"))
    assert caught.value.field == "body"


def test_a_plain_letter_byte_for_byte() -> None:
    draft = Draft(to="Bob <bob@example.net>", cc="c@d.example", bcc="e@f.example", subject="Hello", body="Hi\n\n.\n")
    letter = build(draft, ADA, "work", now=NOW, tz=ZONE, message_id="<1@example.org>")
    assert whole(letter.content) == (
        b"Date: Mon, 23 Nov 2026 20:22:00 +0100\r\n"
        b"From: Ada Lovelace <ada@example.org>\r\n"
        b"To: Bob <bob@example.net>\r\n"
        b"Cc: c@d.example\r\n"
        b"Subject: Hello\r\n"
        b"Message-ID: <1@example.org>\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=us-ascii; format=flowed\r\n"
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"Hi\r\n\r\n.\r\n"
    )
    assert letter.envelope.sender == "ada@example.org"
    assert letter.envelope.recipients == (
        EnvelopeRecipient("bob@example.net", RecipientField.TO, "Bob"),
        EnvelopeRecipient("c@d.example", RecipientField.CC),
        EnvelopeRecipient("e@f.example", RecipientField.BCC),
    )
    assert not letter.envelope.smtputf8
    assert (letter.subject, letter.sender) == ("Hello", "Ada Lovelace <ada@example.org>")
    assert (letter.account, letter.identity) == ("work", "ada@example.org")


def test_smtputf8_only_when_a_local_part_needs_it() -> None:
    plain = frozen(Draft(to="Jürgen <j@bücher.example>", subject="Grüße", body="ü"))
    assert not plain.envelope.smtputf8
    assert not plain.envelope.eight_bit
    assert plain.envelope.addresses == ("j@xn--bcher-kva.example",)
    raw = frozen(Draft(to="жук@почта.example", subject="Grüße", body="ü"))
    assert raw.envelope.smtputf8
    assert raw.envelope.eight_bit
    assert "To: жук@xn--80a1acny.example\r\n".encode() in whole(raw.content)


def test_the_same_mailbox_twice_is_served_once_in_the_first_field() -> None:
    draft = Draft(to="a@B.example", cc="A <a@b.example>", bcc="a@b.EXAMPLE, A@b.example")
    assert frozen(draft).envelope.recipients == (
        EnvelopeRecipient("a@B.example", RecipientField.TO),
        EnvelopeRecipient("A@b.example", RecipientField.BCC),
    )


def test_a_letter_to_hidden_recipients_only() -> None:
    letter = frozen(Draft(bcc="a@b.example"))
    assert b"\r\nTo: undisclosed-recipients:;\r\n" in whole(letter.content)
    assert letter.envelope.addresses == ("a@b.example",)


@pytest.mark.parametrize("to", ["", " , ", "undisclosed-recipients:;"])
def test_no_recipient_at_all(to: str) -> None:
    with pytest.raises(MessageError) as caught:
        frozen(Draft(to=to, subject="x"))
    assert caught.value.field == "to"


def test_a_bad_address_names_its_field() -> None:
    with pytest.raises(AddressError) as caught:
        frozen(Draft(to="a@b", cc="nobody"))
    assert caught.value.field == "cc"


@pytest.mark.parametrize("name", ["Bcc", "bcc", "From", "Resent-Bcc", "Content-Type", "Date", "Received"])
def test_reserved_fields_are_refused(name: str) -> None:
    with pytest.raises(InjectionError, match="cannot be set"):
        frozen(Draft(to="a@b", headers=((name, "x"),)))


def test_malformed_ids_of_others_are_left_out() -> None:
    letter = frozen(Draft(to="a@b", in_reply_to="no id", references=("<a b@c>", "<ok@d>", "<ü@x>")))
    message = email.message_from_bytes(whole(letter.content))
    assert message["In-Reply-To"] is None
    assert message["References"] == "<ok@d>"


def test_an_attachment_that_vanished_stops_the_freezing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")
    draft = Draft(to="a@b", attachments=(attach(tmp_path / "a.txt"),))
    (tmp_path / "a.txt").unlink()
    with pytest.raises(AttachmentError):
        frozen(draft)


MAIL = b"From: x@y.example\nSubject: inner\nBcc: theirs@z.example\n\nbody\n"


def test_a_clean_mail_goes_as_a_mail() -> None:
    attachment = Attachment("/m", "m.eml", "message/rfc822", len(MAIL))
    letter = frozen(Draft(to="a@b.example", attachments=(attachment,)), {attachment: MAIL})
    inner: Any = list(email.message_from_bytes(whole(letter.content)).walk())[2]
    assert inner.get_content_type() == "message/rfc822"
    assert inner.get_filename() == "m.eml"
    assert inner.get_payload()[0]["Subject"] == "inner"
    assert b"".join([b"\r\n\r\n", MAIL.replace(b"\n", b"\r\n"), b"\r\n--"]) in whole(letter.content)


@pytest.mark.parametrize(
    "data", [b"Subject: \xc3\xbc\n\nx", b"Subject: x\n\n" + b"y" * 999, b"Subject: \0\n", b"no mail\n", b""]
)
def test_any_other_mail_goes_byte_for_byte_as_a_file(data: bytes) -> None:
    attachment = Attachment("/m", "m.eml", "message/rfc822", len(data))
    letter = frozen(Draft(to="a@b", attachments=(attachment,)), {attachment: data})
    part = leaves(email.message_from_bytes(whole(letter.content)))[1]
    assert part.get_content_type() == "application/octet-stream"
    assert part.get_filename() == "m.eml"
    assert part.get_payload(decode=True) == data
    check_wire(whole(letter.content))


def test_nothing_of_the_machine_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "canary-folder"
    folder.mkdir()
    (folder / "x.txt").write_bytes(b"x")
    monkeypatch.setattr(platform, "node", lambda: "canary-host")
    monkeypatch.setenv("USER", "canary-user")
    letter = frozen(Draft(to="a@b.example", body="x", attachments=(attach(folder / "x.txt"),)))
    for leak in (b"canary", os.uname().nodename.encode(), getpass.getuser().encode() + b"@", b"ython", b"tuimail"):
        assert leak not in whole(letter.content)


def test_the_date_is_the_local_one(monkeypatch: pytest.MonkeyPatch) -> None:
    letter = build(Draft(to="a@b"), ADA, "work", now=NOW)
    assert email.utils.parsedate_to_datetime(
        email.message_from_bytes(whole(letter.content))["Date"]
    ).timestamp() == int(NOW)
