"""The draft of a reply: to whom, as whom, in which thread, with which quote."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from tests.compose.answering import ADA, CONFIG, HOME, INFO, NOW, REF, frozen, mail, original
from tests.mail.raw_messages import corpus_messages
from tuimail.compose.answer import reply, sender_for
from tuimail.compose.draft_file import decode, encode
from tuimail.config.model import Config
from tuimail.errors import ConfigError
from tuimail.mail.answered_message import AnsweredMessage, AnswerKind
from tuimail.mail.message_ref import MessageRef
from tuimail.mail.mime_tree import read_tree
from tuimail.mail.reply_recipients import ReplyKind

LIST = {"From": "Kim <kim@x.example>", "To": "dev@lists.example", "List_Post": "<mailto:dev@lists.example>"}
MUNGED = {**LIST, "Reply_To": "dev@lists.example"}
OWN = {"From": "Ada <ada@work.example>", "To": "Bob <bob@x.example>", "Cc": "ada@home.example, eve@x.example"}
NAMED = {"From": "kim@x.example", "Mail_Followup_To": "dev@lists.example, ada@work.example, al@x.example"}


@pytest.mark.parametrize(
    ("kind", "fields", "to", "cc", "note"),
    [
        (ReplyKind.REPLY, {}, "Kim <kim@x.example>", "", ""),
        (ReplyKind.REPLY, {"Reply_To": "desk@x.example"}, "desk@x.example", "", ""),
        (ReplyKind.REPLY, MUNGED, "dev@lists.example", "", "all who read it"),
        (ReplyKind.AUTHOR, MUNGED, "Kim <kim@x.example>", "", "to the author"),
        (ReplyKind.REPLY, OWN, "Bob <bob@x.example>", "", "your own"),
        (ReplyKind.ALL, OWN, "Bob <bob@x.example>", "eve@x.example", "your own"),
        (ReplyKind.ALL, {"To": "ada+mill@work.example, bo@x.example", "Cc": "al@x.example, info@work.example"},
         "Kim <kim@x.example>, bo@x.example", "al@x.example", ""),
        (ReplyKind.ALL, {**NAMED, "Cc": "eve@x.example"}, "dev@lists.example, al@x.example", "", "Mail-Followup-To"),
        (ReplyKind.LIST, LIST, "dev@lists.example", "", ""),
        (ReplyKind.LIST, NAMED, "dev@lists.example, al@x.example", "", "Mail-Followup-To"),
        (ReplyKind.LIST, {"Cc": "Users <users@lists.example>"}, "Users <users@lists.example>", "", ""),
        (ReplyKind.LIST, {}, "", "", "no known mailing list"),
        (ReplyKind.REPLY, {"From": "Kim <kim@@x>"}, "Kim <kim@@x>", "", ""),
        (ReplyKind.ALL, {"Cc": "a..b@x.example, bo@x.example"}, "Kim <kim@x.example>", "a..b@x.example, bo@x.example",
         ""),
    ],
)  # fmt: skip
def test_to_whom_it_goes(kind: ReplyKind, fields: dict[str, str], to: str, cc: str, note: str) -> None:
    made = reply(mail(**fields), kind, CONFIG, lists={"users@lists.example"}, now=NOW)
    assert (made.draft.to, made.draft.cc, made.draft.bcc) == (to, cc, "")
    assert (note in made.note) if note else made.note == ""


@pytest.mark.parametrize(
    ("fields", "account", "identity"),
    [
        ({}, "work", ADA),
        ({"To": "INFO+x@work.example"}, "work", INFO),
        ({"To": "bob@x.example", "Cc": "info@work.example"}, "work", INFO),
        ({"To": "list@x.example", "Delivered_To": "info@work.example"}, "work", INFO),
        ({"To": "list@x.example", "X_Original_To": "info@work.example"}, "work", INFO),
        ({"To": "list@x.example"}, "work", ADA),
        # Another account's address, as of a message that was sent on to this one
        ({"To": "ada@home.example"}, "home", HOME),
        # Both: it lies with the account that is meant
        ({"To": "ada@home.example, info@work.example"}, "work", INFO),
        # Her own message is answered as whom it was written
        ({"From": "info@work.example", "To": "bob@x.example"}, "work", INFO),
    ],
)
def test_as_whom_it_is_written(fields: dict[str, str], account: str, identity: object) -> None:
    found = sender_for(mail(**fields), CONFIG)
    assert (found[0].name, found[1]) == (account, identity)


def test_a_message_for_nobody_known_is_answered_by_the_account_it_lies_in() -> None:
    unknown = original(b"To: list@x.example\n\n", MessageRef("home", "INBOX", "1"))
    assert sender_for(unknown, CONFIG)[1] is HOME
    assert sender_for(replace(unknown, ref=MessageRef("gone", "INBOX", "1")), CONFIG)[1] is ADA
    with pytest.raises(ConfigError, match="no account"):
        sender_for(unknown, Config())


def test_the_draft_as_a_whole() -> None:
    message = mail(
        "Dear Ada,\n> is the mill done?\nNo.\n-- \nKim\n",
        Subject="AW: =?utf-8?q?M=C3=BChle?=",
        Date="Mon, 23 Nov 2026 14:02:00 +0100",
        Message_ID="<3@x.example>",
        References="<1@x.example> <2@x.example>",
    )
    draft = reply(message, ReplyKind.REPLY, CONFIG, now=NOW, zone=ZoneInfo("Europe/Berlin")).draft
    assert draft.subject == "Re: Mühle"
    assert draft.in_reply_to == "<3@x.example>"
    assert draft.references == ("<1@x.example>", "<2@x.example>", "<3@x.example>")
    assert draft.answers == AnsweredMessage(REF, AnswerKind.REPLIED)
    assert (draft.account, draft.identity, draft.created_at, draft.verbatim) == ("work", ADA.address, NOW, False)
    assert draft.body == (
        "On Mon 23 Nov 2026 14:02 CET, Kim wrote:\n> Dear Ada,\n>> is the mill done?\n> No.\n\n\n-- \nAda\nAnalyst"
    )
    assert decode(encode(draft)) == draft
    letter = frozen(draft).decode()
    assert "In-Reply-To: <3@x.example>\r\n" in letter
    assert "References: <1@x.example> <2@x.example> <3@x.example>\r\n" in letter.replace("\r\n ", " ")


def test_quoted_paragraphs_flow_at_the_receiver() -> None:
    words = "word " * 40
    message = original(
        b"From: kim@x.example\nTo: info@work.example\nContent-Type: text/plain; format=flowed\n\n"
        + b"word word \n" * 20
        + b"end\n"
    )
    draft = reply(message, ReplyKind.REPLY, CONFIG, now=NOW).draft
    assert draft.body == f"kim@x.example wrote:\n> {words}end\n"
    again = read_tree(frozen(draft))
    assert again.parameters["format"] == "flowed"
    assert reply(original(again.raw), ReplyKind.REPLY, CONFIG, now=NOW).draft.body.split("\n")[2] == f">> {words}end"


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"Date": "yesterday"}, "Kim wrote:"),
        ({"Date": "Mon, 23 Nov 2026 14:02:00 +0000", "From": "<kim@x.example>"},
         "On Mon 23 Nov 2026 14:02 UTC, kim@x.example wrote:"),
        ({"From": ""}, "The author wrote:"),
        ({"From": "=?utf-8?b?S2ltG1sySgpFdmls?= <kim@x.example>"}, "Kim^[[2J Evil wrote:"),
    ],
)  # fmt: skip
def test_the_line_before_the_quote(fields: dict[str, str], line: str) -> None:
    draft = reply(mail(**fields), ReplyKind.REPLY, CONFIG, now=NOW, zone=UTC).draft
    assert draft.body.split("\n")[0] == line


def test_a_message_without_text_gets_no_line() -> None:
    message = original(b"From: kim@x.example\nTo: ada@work.example\nContent-Type: image/png; name=a.png\n\nx")
    assert reply(message, ReplyKind.REPLY, CONFIG, now=NOW).draft.body == "\n\n-- \nAda\nAnalyst"


def test_every_message_of_the_corpora_can_be_answered() -> None:
    for name, raw in corpus_messages():
        for kind in ReplyKind:
            draft = reply(original(raw), kind, CONFIG, now=NOW).draft
            assert draft.subject.startswith("Re:"), name
            assert decode(encode(draft)) == draft, name
        assert frozen(reply(original(raw), ReplyKind.ALL, CONFIG, now=NOW).draft), name
