"""What strangers send is read in a time that grows with its length, not with the square of it.

One row for each function that looks at bytes from outside, with the input that would be worst for it. The least
``process_time`` of several runs at n is compared with runs at 2n until one is short enough: what else the machine does
can only make a figure larger. Machines differ, ratios do not.
"""

from __future__ import annotations

import contextlib
import gc
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

import pytest
from aiosmtplib.esmtp import parse_esmtp_extensions

from tuimail import log
from tuimail.accounts.discovery import autoconfig_xml, user_name, values, xml_tree
from tuimail.cache import fulltext_tokens
from tuimail.compose import (
    answer,
    csv_table,
    file_name,
    forward,
    letter_text,
    mailto,
    mime,
    resend,
    revise,
    text_file,
)
from tuimail.config.model import Account, Config, Identity, SubmissionCommand
from tuimail.demo import answers
from tuimail.engine import message_reader
from tuimail.errors import MessageError, StorageError, TuimailError
from tuimail.mail import (
    address,
    bounce,
    charset,
    confusables,
    domain,
    encoded_word,
    flags,
    flowed,
    html_text,
    indexed_text,
    invitation,
    list_headers,
    message_ref,
    message_text,
    mime_tree,
    own_addresses,
    part_text,
    pattern,
    plain_links,
    received_addresses,
    received_date,
    received_header,
    reply_header,
    reply_recipients,
    row_recipients,
    summary,
    text,
    thread_tree,
)
from tuimail.mail.content import InMemory
from tuimail.mail.mime_parameters import parse_parameters
from tuimail.mail.transfer_decoding import from_quoted_printable
from tuimail.mailboxes import folders, imap_answers, imap_fetch, imap_news, imap_wire, mbox, mbox_folder
from tuimail.submission.replies import GarbledReplyError, ReplyReader
from tuimail.ui.text import breaking, cells, selection
from tuimail.ui.text.graphemes import clusters

if TYPE_CHECKING:
    from collections.abc import Callable

RATIO = 2.5
"""2 for what is linear, 4 for a square."""
MEASURABLE = 0.004
"""Seconds; shorter runs are all noise."""
LARGEST = 1024 * 1024
"""Bytes a row goes up to while it is too quick to be measured."""
LONG_ENOUGH = 16.0
"""How many times as long as a million empty turns of a loop 1 MB may take: 0.2 s where a turn takes 12 ns. The slowest
rows take half of it; how work on memory compares with an empty loop differs from machine to machine."""


class Row(NamedTuple):
    """A function and its worst input."""

    name: str
    function: Callable[[Any], object]
    of: Callable[[int], Any]
    """An input of about so many bytes."""
    whole: bool = True
    """It parses, and 1 MB must be read within LONG_ENOUGH; else the callers bound what it is given."""


def _feed(data: bytes) -> None:
    with contextlib.suppress(imap_wire.ImapSyntaxError):
        list(imap_wire.ResponseReader().feed(data))


def _feed_in_drops(data: bytes) -> None:
    reader = imap_wire.ResponseReader()
    with contextlib.suppress(imap_wire.ImapSyntaxError):
        for at in range(0, len(data), 100):
            list(reader.feed(data[at : at + 100]))


def _parse(data: bytes) -> None:
    with contextlib.suppress(imap_wire.ImapSyntaxError):
        imap_wire.parse((data,))


def _list(data: bytes) -> None:
    with contextlib.suppress(imap_wire.ImapSyntaxError):
        mailboxes = folders.read_list([(data,)])
        folders.find_sent(mailboxes)


def _fetch(data: bytes) -> None:
    imap_fetch.read_fetch((data,))
    imap_news.NewsGatherer().take((data,))


def _search(data: bytes) -> None:
    with contextlib.suppress(imap_wire.ImapSyntaxError):
        imap_answers.read_search([(data,)])


def _selected(data: bytes) -> None:
    imap_news.NewsGatherer().take((data,))
    with contextlib.suppress(imap_wire.ImapSyntaxError):
        imap_answers.SelectAnswer().take((data,))


def _copied(data: bytes) -> None:
    imap_answers.read_copied(imap_wire.parse_status(data) or imap_wire.Status("OK"))


def _statuses(data: bytes) -> None:
    imap_answers.read_statuses([(data,)])


def _mbox(data: bytes) -> None:
    """Read as the cache reads an mbox: every message, its name, its content."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        for message in mbox.messages(file):
            mbox_folder.digest_of(file, message)
            mbox_folder.read_message(file, message, LARGEST)


MBOX_FROM = b"From a@b.c Thu Jan  1 00:00:00 2026\n"
MBOX = [
    Row("an mbox without a message", _mbox, lambda n: b"a" * n),
    Row("an mbox of zeros", _mbox, lambda n: b"\0" * n),
    Row("an mbox of beginnings", _mbox, lambda n: MBOX_FROM * (n // 36), whole=False),
    Row("an mbox of headers", _mbox, lambda n: (MBOX_FROM + b"A: b\n") * (n // 41), whole=False),
    Row("an mbox of messages", _mbox, lambda n: (MBOX_FROM + b"A: b\n\nText\n\n") * (n // 48), whole=False),
    Row("an mbox of lengths", _mbox, lambda n: (MBOX_FROM + b"Content-Length: 4\n\nText\n") * (n // 60), whole=False),
    Row("a header in an mbox", _mbox, lambda n: MBOX_FROM + b"A: b\n" * (n // 5)),
    Row("one field in an mbox", _mbox, lambda n: MBOX_FROM + b"A: " + b"a" * n),
    Row("states in an mbox", _mbox, lambda n: MBOX_FROM + b"Status: RO\n" * (n // 11) + b"\n"),
    Row("a folded state in an mbox", _mbox, lambda n: MBOX_FROM + b"Status:" + b"\n " * (n // 2) + b"\n\n"),
    Row("blanks of a state in an mbox", _mbox, lambda n: MBOX_FROM + b"Status" + b" " * n + b"\n\n"),
    Row("empty lines in an mbox", _mbox, lambda n: MBOX_FROM + b"\n" * n),
    Row("returns in an mbox", _mbox, lambda n: MBOX_FROM + b"\n" + b"\r" * n),
    Row("quotes in an mbox", _mbox, lambda n: MBOX_FROM + b"\n" + b">" * n),
    Row("quoted beginnings in an mbox", _mbox, lambda n: MBOX_FROM + b"\n" + b">From a\n" * (n // 8)),
    Row(
        "what is nearly a beginning",
        _mbox,
        lambda n: MBOX_FROM + b"\n" + (b"From " + b"1:11 2000 a" * 40 + b"\n") * (n // 446),
        whole=False,
    ),
]
IMAP = [
    Row("a response code that is never closed", imap_wire.parse_status, lambda n: b"* OK [" + b"A" * n),
    Row("a response code of brackets", imap_wire.parse_status, lambda n: b"* OK [" + b"[" * n),
    Row("a response code of blanks", imap_wire.parse_status, lambda n: b"* OK [A" + b" " * n),
    Row("a tag without end", imap_wire.parse_status, lambda n: b"A" * n),
    Row("IMAP bytes without a line end", _feed_in_drops, lambda n: b"x" * n),
    Row("many empty literals", _feed, lambda n: b"* LIST " + b"{0}\r\n" * (n // 5)),
    Row("a long line, then many literals", _feed, lambda n: b"x" * (n // 2) + b"{0}\r\n" * (n // 10)),
    Row("braces without number", _feed, lambda n: b"* LIST " + b"{" * n + b"\r\n"),
    Row("numbers of literals", _feed, lambda n: b"* LIST " + b"{1" * (n // 2) + b"\r\n"),
    Row("a quote that is never closed", _parse, lambda n: b'* LIST "' + b"\\a" * (n // 2)),
    Row("blanks before a quote", _parse, lambda n: b"* LIST " + b" " * n + b'"'),
    Row("the names of mailboxes", _list, lambda n: b'* LIST () "/" "' + b"&A" * (n // 2) + b'"'),
    Row("shifts without end", _list, lambda n: b'* LIST () "/" "&' + b"A" * n + b'"'),
    Row("items of a message", _fetch, lambda n: b"* 1 FETCH (" + b"X " * (n // 2) + b")"),
    Row("flags of a message", _fetch, lambda n: b"* 1 FETCH (UID 7 FLAGS (" + b"a " * (n // 2) + b"))"),
    Row("sections without end", _fetch, lambda n: b"* 1 FETCH (" + b"BODY[ " * (n // 6) + b")"),
    Row("one section without end", _fetch, lambda n: b"* 1 FETCH (BODY[HEADER.FIELDS (" + b"x " * (n // 2)),
    Row("ends of sections", _fetch, lambda n: b"* 1 FETCH (BODY" + b"]<1" * (n // 3) + b")"),
    Row("a date without end", _fetch, lambda n: b'* 1 FETCH (INTERNALDATE "' + b" 1" * (n // 2) + b'")'),
    Row("numbers of a search", _search, lambda n: b"* SEARCH " + b"1 " * (n // 2)),
    Row("ranges of a search", _search, lambda n: b"* ESEARCH UID ALL " + b"1:2," * (n // 4) + b"1"),
    Row("items of a search", _search, lambda n: b"* ESEARCH " + b"ALL " * (n // 4)),
    Row("ranges that are gone", _selected, lambda n: b"* VANISHED (EARLIER) " + b"1," * (n // 2) + b"1"),
    Row("a range without end", _selected, lambda n: b"* VANISHED " + b"1:" * (n // 2)),
    Row("digits without end", _selected, lambda n: b"* " + b"1" * n + b" EXISTS"),
    Row("flags of a mailbox", _selected, lambda n: b"* OK [PERMANENTFLAGS (" + b"( " * (n // 2) + b")]"),
    Row("a number of a mailbox", _selected, lambda n: b"* OK [UIDNEXT " + b"1" * n + b"]"),
    Row("copied messages", _copied, lambda n: b"A OK [COPYUID 1 " + b"1," * (n // 4) + b" " + b"1," * (n // 4) + b"]"),
    Row("states of a mailbox", _statuses, lambda n: b"* STATUS a (" + b"MESSAGES 1 " * (n // 11) + b")"),
    Row("levels of a mailbox", _list, lambda n: b'* LIST () "/" "' + b"/" * n + b'"'),
]

NOW = 1_800_000_000.0


def _report(data: bytes) -> None:
    bounce.read_report(data, NOW)


REPORT = b'Content-Type: multipart/report; boundary="b"\n\n--b\nContent-Type: message/delivery-status\n'
RETURNED = b'Content-Type: multipart/report; boundary="b"\n\n--b\nContent-Type: message/rfc822\n\n'
QMAIL = b"Subject: x\n\nHi. This is the qmail-send program at mx.example.\n"
EXIM = b"X-Failed-Recipients: " + b"a@b.example," * 1000 + b"\n\n"
STATUS = REPORT + b"\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\n"


def _unquoted(data: bytes) -> None:
    """In pieces, as a letter is read from its file."""
    for _ in from_quoted_printable(data[start : start + 4096] for start in range(0, len(data), 4096)):
        pass


def _nested(size: int) -> bytes:
    return b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(size // 52))


# Each has to bear at least twice what a report is read of.
LETTERS = [
    Row("letters within letters", _report, lambda n: RETURNED + b"Content-Type: message/rfc822\n\n" * (n // 30)),
    Row("a returned letter with one long field", _report, lambda n: RETURNED + b"Subject: " + b"x " * (n // 2)),
    Row("a returned letter of commas", _report, lambda n: RETURNED + b"To: " + b",;" * (n // 2)),
    Row("a returned letter folded everywhere", _report, lambda n: RETURNED + b"To: a" + b"\n a" * (n // 3)),
    Row("a returned letter of fields", _report, lambda n: RETURNED + b"a:\n" * (n // 3)),
    Row("ids that never end", _report, lambda n: RETURNED + b"Message-ID: <\n" * (n // 14)),
    Row("blanks before an id", _report, lambda n: RETURNED + b"Message-ID:" + b" " * n),
    Row("one quoted-printable line", _unquoted, lambda n: b"=41b" * (n // 4)),
    Row("groups of a report", _report, lambda n: REPORT + b"\na: b\n" * (n // 6)),
    Row("blanks in a report", _report, lambda n: REPORT + b"\n " * (n // 2)),
    Row("blank lines of a report", _report, lambda n: REPORT + b"\n" + b"\n" + b" " * n),
    Row("words of a server", _report, lambda n: STATUS + b"Diagnostic-Code: smtp; 550-" + b"550- " * (n // 5)),
    Row("controls of a server", _report, lambda n: STATUS + b"Diagnostic-Code: smtp; " + b"\x01" * n),
    Row("a date of digits", _report, lambda n: STATUS + b"Last-Attempt-Date: " + b"1" * n),
    Row("an address of escapes", _report, lambda n: STATUS + b"Original-Recipient: utf-8; @" + b"\\x{1}" * (n // 5)),
    Row("recipients of qmail", _report, lambda n: QMAIL + b"<a@b>:\nno\n" * (n // 10)),
    Row("open brackets of qmail", _report, lambda n: QMAIL + b"<aaa" * (n // 4)),
    Row("greetings of qmail", _report, lambda n: b"a: b\n\n" + b"Hi. This is the a" * (n // 17)),
    Row(
        "international recipients",
        _report,
        lambda n: (
            QMAIL + b"".join("<a@{}{}.example>:\nno\n".format("\u00fc" * 30, each).encode() for each in range(n // 80))
        ),
        whole=False,
    ),
    Row("recipients of Exim", _report, lambda n: EXIM + b"  x@y\n    no\n" * (n // 14)),
    Row("blanks of Exim", _report, lambda n: EXIM + b"  " + b" \n" * (n // 2)),
    Row("failed recipients", _report, lambda n: b"X-Failed-Recipients: " + b"a@b.c," * (n // 6) + b"\n\nx"),
]


def _read(data: bytes) -> None:
    letter_text.letter_text(InMemory(data))


def _answer(data: bytes) -> None:
    for each in answers.plan_answers(data, ["mary@somerville.example"], "ada@analytical.example"):
        each.content(0.0)


def _revise(data: bytes) -> None:
    revise.draft_from_letter(InMemory(data), (), Path("/none"), account="", identity="", draft_id="d")


MIXED = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
UUENCODED = b"Content-Transfer-Encoding: x-uuencode\n\nbegin 6\n"
QUOTED = b"Content-Transfer-Encoding: quoted-printable\n\n"

# Such a letter is read on a thread of its own, for as long as it takes.
READ = [
    Row("a text to read", _read, lambda n: b"Subject: x\n\n" + b"a line of text\n" * (n // 15), whole=False),
    Row("empty lines to read", _read, lambda n: b"Subject: x\n\n" + b"\n" * n, whole=False),
    Row("dashes to read", _read, lambda n: b"Subject: x\n\n" + b"--\n" * (n // 3), whole=False),
    Row("one line to read", _read, lambda n: b"Subject: x\n\n" + b"a" * n),
    Row("escapes to read", _read, lambda n: QUOTED + b"=41=\n" * (n // 5), whole=False),
    Row(
        "flowed text to read",
        _read,
        lambda n: b"Content-Type: text/plain; format=flowed\n\n" + b"> a \n" * (n // 5),
        whole=False,
    ),
    Row("parts to read", _read, lambda n: MIXED + b"\na\n--b\n" * (n // 7), whole=False),
    Row("files to read", _read, lambda n: MIXED + b"Content-Type: a/b; name=c\n\na\n--b\n" * (n // 33), whole=False),
    Row(
        "a large file to read",
        _read,
        lambda n: MIXED + b"Content-Transfer-Encoding: base64\nContent-Type: a/b\n\n" + (b"A" * 76 + b"\n") * (n // 77),
    ),
    Row("a line to answer", _answer, lambda n: b"Subject: x\n\n" + b"a" * n, whole=False),
    Row("lines to answer", _answer, lambda n: b"Subject: x\n\n" + b"> a?\n" * (n // 5), whole=False),
    Row("a subject to answer", _answer, lambda n: b"Subject: " + b"re: " * (n // 4) + b"\n\na", whole=False),
    Row("a text to edit again", _revise, lambda n: b"Subject: x\n\n" + b"a line of text\n" * (n // 15), whole=False),
    Row("fields to edit again", _revise, lambda n: b"X: =?utf-8?q?a?=\n" * (n // 17)),
    Row("a field to edit again", _revise, lambda n: b"X: =?utf-8?q?a?=" + b"\n =?utf-8?q?a?=" * (n // 15)),
    Row("references to edit again", _revise, lambda n: b"References: " + b"<a@b> " * (n // 6)),
    Row("references that never end, to edit again", _revise, lambda n: b"References: " + b"<a" * (n // 2)),
    Row("parameters", parse_parameters, lambda n: b"a/b" + b";a=b" * (n // 4)),
    Row("blanks of a parameter", parse_parameters, lambda n: b"a/b;" + b" " * n),
    Row("blanks before a value", parse_parameters, lambda n: b"a/b" + b";a    " * (n // 6)),
    Row("open quotes of parameters", parse_parameters, lambda n: b"a/b" + b';a="\\' * (n // 5)),
    Row("escaped quotes of parameters", parse_parameters, lambda n: b"a/b" + b';a="' + b'\\";' * (n // 3)),
    Row("sections of a parameter", parse_parameters, lambda n: b"a/b" + b";a*1*=%41" * (n // 9)),
    Row("a long section", parse_parameters, lambda n: b"a/b;a*=utf-8''" + b"%41" * (n // 3)),
]


def _tree(data: bytes) -> None:
    for part in mime_tree.walk(mime_tree.read_tree(data, open_messages=True)):
        if not part.children and part.omitted is None:
            part_text.decoded_text(part)


def _people(data: bytes) -> None:
    received_addresses.received_addresses(data)


def _lists(data: bytes) -> None:
    list_headers.list_headers(received_header.read_header(data)).line()


def _nested_alike(size: int) -> bytes:
    """Multiparts whose boundaries begin each other, then lines that begin like all of them."""
    heads = (b'Content-Type: multipart/x; boundary="%s"\n\n--%s\n' % (b"a" * n, b"a" * n) for n in range(20, 0, -1))
    return b"".join(heads) + b"--aaaaaaaaaaaaaaaaaaaa x\n" * (size // 25)


RECEIVED = [
    Row("parts of a tree", _tree, lambda n: MIXED + b"\nx\n--b\n" * (n // 7)),
    Row("nothing between delimiters", _tree, lambda n: MIXED + b"--b\n" * (n // 4)),
    Row("levels of a tree", _tree, _nested),
    Row("messages of a tree", _tree, lambda n: b"Content-Type: message/rfc822\n\n" * (n // 30)),
    Row("boundaries that begin each other", _tree, _nested_alike),
    Row("lines that are almost delimiters", _tree, lambda n: MIXED + b"--b x\n" * (n // 6)),
    Row("blanks behind a delimiter", _tree, lambda n: MIXED + b"--b" + b" " * n + b"x"),
    Row("one long field", _tree, lambda n: b"Subject: " + b"a\n " * (n // 3)),
    Row("many fields", _tree, lambda n: b"a:\n" * (n // 3)),
    Row("names without a colon", _tree, lambda n: b"a" * n),
    Row("blanks before a colon", _tree, lambda n: b"a" + b" " * n),
    Row("carriage returns of a header", _tree, lambda n: b"a:" + b"\r " * (n // 2)),
    Row("separators of a mailbox", _tree, lambda n: b"From \n" * (n // 6)),
    Row("parameters of a part", _tree, lambda n: b"Content-Type: a/b" + b"; a*0*=x" * (n // 8) + b"\n\n"),
    Row("open quotes of a part", _tree, lambda n: b"Content-Type: a/b" + b';a="\\' * (n // 5) + b"\n\n"),
    Row("escapes of a part's name", _tree, lambda n: b"Content-Type: a/b;name*=utf-8''" + b"%41" * (n // 3)),
    Row("blanks of a part's parameter", _tree, lambda n: b"Content-Type: a/b;" + b" " * n + b"\n\n"),
    Row("blanks behind a part's type", _tree, lambda n: b"Content-Type: a/b" + b" " * n + b"\n\n"),
    Row("words behind a part's type", _tree, lambda n: b"Content-Type: a/b" + b" a" * (n // 2) + b"\n\n"),
    Row("names without a value", _tree, lambda n: b"Content-Type: a/b" + b";a " * (n // 3) + b"\n\n"),
    Row("base64 of a part", _tree, lambda n: b"Content-Transfer-Encoding: base64\n\n" + b"QUJD" * (n // 4)),
    Row("padding of a part", _tree, lambda n: b"Content-Transfer-Encoding: base64\n\n" + b"=" * n),
    Row("escapes of a part", _tree, lambda n: QUOTED + b"=41=\n" * (n // 5)),
    Row("uuencode of a part", _tree, lambda n: UUENCODED + b"!86)C\n" * (n // 6), whole=False),
    Row("blanks before uuencode", _tree, lambda n: UUENCODED[:-8] + b"\n" * n),
    Row("one line of uuencode", _tree, lambda n: UUENCODED + b"#" * n),
    Row("blanks behind delimiters", _tree, lambda n: b"Content-Type: multipart/x; boundary=a\n\n--a" + b" " * n),
    Row("parameters of a type", _tree, lambda n: b"Content-Type: multipart/x" + b'; a="' * (n // 5) + b"\n\n"),
    Row("carriage returns", _tree, lambda n: b"a: b" + b"\r" * n),
    Row("base64 without sense", _tree, lambda n: b"Content-Transfer-Encoding: base64\n\n" + b"=A" * (n // 2)),
    Row("escapes", _tree, lambda n: b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=0" * (n // 2)),
    Row("soft breaks", _tree, lambda n: b"Content-Transfer-Encoding: quoted-printable\n\n" + b"= \n" * (n // 3)),
    Row("bytes of no charset in a part", _tree, lambda n: b"\n" + b"\xff" * n, whole=False),
    Row("addresses received", _people, lambda n: b"A <a@b>, " * (n // 9)),
    Row("open quotes received", _people, lambda n: b'"' + b"\\a" * (n // 2)),
    Row("quotes and escapes received", _people, lambda n: b'"\\' * (n // 2)),
    Row("quotes received", _people, lambda n: b'"' * n, whole=False),
    Row("open brackets received", _people, lambda n: b"<" * n, whole=False),
    Row("brackets and quotes received", _people, lambda n: b'<"' * (n // 2), whole=False),
    Row("quotes in brackets received", _people, lambda n: b'<a"b' * (n // 4), whole=False),
    Row("square brackets received", _people, lambda n: b"[" * n, whole=False),
    Row("open parentheses received", _people, lambda n: b"(" * n, whole=False),
    Row("comments received", _people, lambda n: b"(" * (n // 2) + b")" * (n // 2), whole=False),
    Row("colons received", _people, lambda n: b"a:" * (n // 2), whole=False),
    Row("colons behind an address", _people, lambda n: b"a@" + b":" * n, whole=False),
    Row("semicolons received", _people, lambda n: b";" * n, whole=False),
    Row("openings of encoded words received", _people, lambda n: b"=?a?q?" * (n // 6), whole=False),
    Row("encoded words received", _people, lambda n: b"=?utf-8?q?a?= " * (n // 14), whole=False),
    Row("a name of blanks", _people, lambda n: b"a" + b" " * n + b"b"),
    Row("a date of digits received", received_date.received_date, lambda n: b"1" * n),
    Row("a date of blanks received", received_date.received_date, lambda n: b"1 Jan" + b" " * n),
    Row("a date of comments", received_date.received_date, lambda n: b"(" * n),
    Row("a long subject", summary.summary_of, lambda n: b"Subject: " + b"a " * (n // 2)),
    Row("prefixes of a subject", summary.base_subject, lambda n: "Re: [a] " * (n // 8)),
    Row("almost prefixes of a subject", summary.base_subject, lambda n: "[" + "re" * (n // 2)),
    Row("blanks of a subject", summary.base_subject, lambda n: "re" + " " * n + "["),
    Row("references of a row", summary.summary_of, lambda n: b"References: " + b"<a@b> " * (n // 6)),
    Row("references that never end", summary.summary_of, lambda n: b"References: " + b"<a" * (n // 2)),
    Row("recipients of a row", summary.summary_of, lambda n: b"To: " + b"A <a@b>, " * (n // 9)),
    Row("one recipient of a row", summary.summary_of, lambda n: b"To: " + b"a" * n),
    Row("fields of a row", summary.summary_of, lambda n: b"a:\n" * (n // 3)),
    Row("folds of a row", summary.summary_of, lambda n: b"To: a" + b"\n a" * (n // 3)),
    Row("an encoded subject", summary.summary_of, lambda n: b"Subject: " + b"=?utf-8?q?a?= " * (n // 14)),
    Row(
        "a type that may be a report",
        summary.summary_of,
        lambda n: b"Content-Type: multipart/report" + b";a" * (n // 2),
    ),
    Row("a list's id", summary.summary_of, lambda n: b"List-Id: " + b"<" * n),
    Row("flags of a row", flags.from_wire, lambda n: b"a " * (n // 2), whole=False),
    Row("links of a list", _lists, lambda n: b"List-Unsubscribe: " + b"<mailto:a@b>" * (n // 12)),
    Row("open links of a list", _lists, lambda n: b"List-Unsubscribe: " + b"<" * n),
    Row("names of charsets", lambda data: charset.codec_of(data.decode()), lambda n: b"-" * n),
]


def _page(data: bytes) -> None:
    html_text.html_text(data.decode())


def _broken(data: bytes) -> None:
    breaking.row_starts(data.decode(), 60)


def _word(text: str) -> None:
    selection.word_at(0, text, len(text) // 2)
    selection.character_at(0, text, len(text) - 1)


def _reader(data: bytes) -> None:
    message_reader.read_message(data)


def _found(data: bytes) -> None:
    plain_links.plain_links(data.decode())


def _message(data: bytes) -> None:
    message_text.message_text(mime_tree.read_tree(data))


def _excuses(size: int) -> bytes:
    alternative = b"Content-Type: multipart/alternative; boundary=b\n\n--b\n\n"
    return alternative + b"mail client " * (size // 24) + b"\n--b\nContent-Type: text/html\n\n" + b"<p>a" * (size // 8)


FLOWED = b"Content-Type: text/plain; format=flowed\n\n"
EVENT = "BEGIN:VEVENT\n"
OPEN_STYLE = b"<div style='display:none'>"

# A letter is read on a thread of its own, at most 1 MB of each part.
PAGES = [
    Row("open elements of a page", _page, lambda n: b"<div>" * (n // 5), whole=False),
    Row(
        "formats of a page",
        _page,
        lambda n: b"".join(b"<p><b a=%d>" % each for each in range(n // 12)),
        whole=False,
    ),
    Row("end tags of nothing", _page, lambda n: b"<i>" * (n // 8) + b"</b>" * (n // 8), whole=False),
    Row("end tags of tables", _page, lambda n: b"<table>" * (n // 16) + b"</table>" * (n // 16), whole=False),
    Row("tables of a page", _page, lambda n: b"<table><tr><td>" * (n // 15), whole=False),
    Row("end tags within cells", _page, lambda n: b"<div><table><td></div>" * (n // 22), whole=False),
    Row("lists of a page", _page, lambda n: b"<ul><li>" * (n // 8), whole=False),
    Row("links of a page", _page, lambda n: b"<a href=x>" * (n // 10), whole=False),
    Row(
        "links of many targets",
        _page,
        lambda n: b"".join(b"<a href=%d>x" % each for each in range(n // 15)),
        whole=False,
    ),
    Row("a link of hosts", _page, lambda n: b"<a href=http://x>" + b"a." * (n // 2) + b"</a>", whole=False),
    Row("quotes of a page", _page, lambda n: b"<blockquote>a" * (n // 13), whole=False),
    Row("hidden elements of a page", _page, lambda n: OPEN_STYLE * (n // len(OPEN_STYLE)), whole=False),
    Row("tags without end", _page, lambda n: b"<a " * (n // 3), whole=False),
    Row("tags that end only in quotes", _page, lambda n: b'<a ="x>" ' * (n // 10), whole=False),
    Row("open quotes of tags", _page, lambda n: b"<a b='" * (n // 6), whole=False),
    Row("one tag", _page, lambda n: b"<a" + b" b=c" * (n // 4) + b">", whole=False),
    Row("blanks of a tag", _page, lambda n: b"<a b=" + b" " * n),
    Row("slashes of a tag", _page, lambda n: b"<a href" + b"/" * n + b">", whole=False),
    Row("equal signs of a tag", _page, lambda n: b"<a style" + b"=" * n + b">", whole=False),
    Row("angles of a page", _page, lambda n: b"<" * n, whole=False),
    Row("comments of a page", _page, lambda n: b"<!--" * (n // 4)),
    Row("short comments of a page", _page, lambda n: b"<!>" * (n // 3), whole=False),
    Row("scripts of a page", _page, lambda n: b"<script>" * (n // 8)),
    Row("scripts that almost end", _page, lambda n: b"<script>" + b"</scrip" * (n // 7)),
    Row("scripts that end", _page, lambda n: b"<script></script>" * (n // 17), whole=False),
    Row("references of a page", _page, lambda n: b"&" * n, whole=False),
    Row("numbers of a page", _page, lambda n: b"&#" + b"1" * n),
    Row("short numbers of a page", _page, lambda n: b"&#27;" * (n // 5), whole=False),
    Row("styles of a page", _page, lambda n: b"<p style='" + b"font-size:" * (n // 10) + b"'>", whole=False),
    Row("lines of a page", _page, lambda n: b"<br>" * (n // 4), whole=False),
    Row("blanks of a page", _page, lambda n: b" " * n + b"a"),
    Row("lines of an invitation", invitation.read_invitation, lambda n: "BEGIN:VEVENT\n" * (n // 13)),
    Row("attendees of an invitation", invitation.read_invitation, lambda n: EVENT + "ATTENDEE;A=B:a@b\n" * (n // 17)),
    Row("folds of an invitation", invitation.read_invitation, lambda n: EVENT + "A:" + "\n " * (n // 2)),
    Row("parameters of an invitation", invitation.read_invitation, lambda n: EVENT + "A" + ';B="' * (n // 4)),
    Row("escapes of an invitation", invitation.read_invitation, lambda n: EVENT + "SUMMARY:" + "\\" * n),
    Row("a text to show", _message, lambda n: b"\n" + b"a line of text\n" * (n // 15), whole=False),
    Row("quotes to show", _message, lambda n: b"\n" + b"> " * (n // 2)),
    Row("quoted lines to show", _message, lambda n: b"\n" + b">\n" * (n // 2), whole=False),
    Row(
        "flowed lines to show",
        _message,
        lambda n: FLOWED + b"> a \n" * (n // 5),
        whole=False,
    ),
    Row("parts to show", _message, lambda n: MIXED + b"\nx\n--b\n" * (n // 7)),
    Row("levels to show", _message, _nested),
    Row("links to number", _reader, lambda n: b"\n" + b"http://a.b/c " * (n // 13), whole=False),
    Row("senders to show", _reader, lambda n: b"From: " + b"A <a@b>, " * (n // 9) + b"\n\n", whole=False),
    Row("quoted parts of names to show", _reader, lambda n: b"To: " + b'"a@' * (n // 3) + b"\n\n", whole=False),
    Row("a header to show", _reader, lambda n: b"a: =?utf-8?q?a?=\n" * (n // 17) + b"\n", whole=False),
    Row("a line to break", _broken, lambda n: b"a" * n),
    Row("words to break", _broken, lambda n: b"ab " * (n // 3), whole=False),
    Row("blanks to break", _broken, lambda n: b"a" + b" " * n, whole=False),
    Row("wide letters to break", _broken, lambda n: "漢".encode() * (n // 3), whole=False),
    Row("wide words to break", _broken, lambda n: "é ".encode() * (n // 3), whole=False),
    Row("marks to break", _broken, lambda n: b"a" + "\u0301".encode() * (n // 2), whole=False),
    Row("links in a line", _found, lambda n: b"http://a " * (n // 9)),
    Row("links without end", _found, lambda n: b"http://" + b"a" * n),
    Row("openings of links", _found, lambda n: b"http://" * (n // 7)),
    Row("brackets behind a link", _found, lambda n: (b"http://a" + b")" * 1900 + b" ") * (n // 1909 + 1), whole=False),
    Row("excuses for HTML", _message, _excuses, whole=False),
]


def _replies(data: bytes) -> None:
    with contextlib.suppress(GarbledReplyError):
        for raw in ReplyReader().feed(data):
            assert raw.reply.code


def _offer(lines: bytes) -> None:
    parse_esmtp_extensions(lines.decode("latin-1"))


def _typed(data: bytes) -> None:
    with contextlib.suppress(TuimailError):
        address.parse_addresses(data.decode())


def _link(data: bytes) -> None:
    with contextlib.suppress(TuimailError):
        mailto.parse_mailto(data.decode())


def _table(data: bytes) -> None:
    with contextlib.suppress(TuimailError):
        csv_table.read_csv(data, "people.csv")


def _domain(data: bytes) -> None:
    with contextlib.suppress(domain.DomainError):
        domain.ascii_domain(data.decode())


SMTP = [
    Row("a reply without a line end", _replies, lambda n: b"250 " + b"x" * n),
    Row("replies", _replies, lambda n: b"250 ok\r\n" * (n // 8), whole=False),
    Row("a reply of codes", _replies, lambda n: b"250 " + b"2.0.0 " * (n // 6) + b"\r\n"),
    Row("a reply of blanks", _replies, lambda n: b"250 5.1.1" + b" " * n + b"x\r\n"),
    Row("keywords of EHLO", _offer, lambda n: b"x\n" + b"a\n" * (n // 2), whole=False),
    Row("one keyword of EHLO", _offer, lambda n: b"x\nAUTH" + b" " * n + b"="),
    Row("mechanisms of EHLO", _offer, lambda n: b"x\nAUTH" + b" A" * (n // 2), whole=False),
]

TEXT = [
    Row("flags in clusters", lambda text: list(clusters(text)), lambda n: "\U0001f1e9" * (n // 4), whole=False),
    Row("marks in clusters", lambda text: list(clusters(text)), lambda n: "\u0301" * (n // 2), whole=False),
    Row("a word under the mouse", _word, lambda n: "(" * (n // 2) + "a" + ")" * (n // 2)),
    Row("flags under the mouse", _word, lambda n: "\U0001f1e9" * (n // 4), whole=False),
    Row("conjuncts in clusters", lambda text: list(clusters(text)), lambda n: "\u0915\u094d" * (n // 6), whole=False),
    Row("controls drawn", text.safe_line, lambda n: "\x1b" * n, whole=False),
    Row("hidden characters found", text.hidden, lambda n: "a\u202e" * n, whole=False),
    Row("JSON escaped", text.safe_json, lambda n: "\x9b" * n, whole=False),
    Row("domains of two scripts", confusables.plain_form, lambda n: "\u0430b." * n, whole=False),
    Row("joiners drawn", text.safe_line, lambda n: "\u200d" * n, whole=False),
    Row("lines drawn", text.safe_text, lambda n: "\t\n" * (n // 2), whole=False),
    Row("an encoded word that never ends", encoded_word.decode_header, lambda n: b"=?utf-8?q?" + b"=41" * (n // 3)),
    Row("openings of encoded words", encoded_word.decode_header, lambda n: b"=?" * (n // 2)),
    Row("languages of encoded words", encoded_word.decode_header, lambda n: b"=?a*" * (n // 4)),
    Row("charsets of encoded words", encoded_word.decode_header, lambda n: b"=?" + b"a" * n),
    Row("encoded words", encoded_word.decode_header, lambda n: b"=?utf-8?q?a?= " * (n // 14), whole=False),
    Row(
        "encoded words of many charsets",
        encoded_word.decode_header,
        lambda n: b"=?a?q?a?= =?b?b?a?= " * (n // 20),
        whole=False,
    ),
    Row("one long encoded word", encoded_word.decode_header, lambda n: b"=?utf-8?b?" + b"A" * n + b"?="),
    Row(
        "escapes in one word",
        encoded_word.decode_header,
        lambda n: b"=?utf-8?q?" + b"=41" * (n // 3) + b"?=",
        whole=False,
    ),
    Row("folds of a field", encoded_word.decode_header, lambda n: b"a\n " * (n // 3), whole=False),
    Row("line ends of a field", encoded_word.decode_header, lambda n: b"\r\n" * (n // 2)),
    Row("bytes beyond UTF-8", encoded_word.decode_header, lambda n: b"\xff" * n),
    Row("quote marks", flowed.decode, lambda n: ">" * n),
    Row("a flowing paragraph", flowed.decode, lambda n: "a \n" * (n // 3), whole=False),
    Row("words of a paragraph", flowed.encode, lambda n: "a " * (n // 2), whole=False),
    Row("a word without end", flowed.encode, lambda n: "a" * n),
    Row("spaces of a paragraph", flowed.encode, lambda n: "a" + " " * n + "b"),
    Row("addresses typed", _typed, lambda n: b"a@b.example, " * (n // 13), whole=False),
    Row("open parentheses", _typed, lambda n: b"(" * n, whole=False),
    Row("comments in comments", _typed, lambda n: b"(" * (n // 2) + b")" * (n // 2), whole=False),
    Row("open quotes", _typed, lambda n: b'"' + b"\\a" * (n // 2)),
    Row("open brackets", _typed, lambda n: b"[" * n),
    Row("words of a name", _typed, lambda n: b"a " * (n // 2) + b"<a@b.example>", whole=False),
    Row("dots of a name", _typed, lambda n: b"." * n + b"@b.example"),
    Row("a part before the @ without end", _typed, lambda n: b"a" * n + b"@b.example", whole=False),
    Row("groups", _typed, lambda n: b"a:" * (n // 2), whole=False),
    Row("invisible characters of a name", _typed, lambda n: b"\xe2\x80\x8b" * (n // 3) + b"<a@b.example>", whole=False),
    Row("white space around an address", _typed, lambda n: b"a@b.example" + b" \xc2\xa0" * (n // 3), whole=False),
    Row("comments of a name", _typed, lambda n: b"a (b) " * (n // 6) + b"<a@b.example>", whole=False),
    Row("links in brackets", _typed, lambda n: b"<mailto:a@b.example>," * (n // 21), whole=False),
    Row("flags of a file name", file_name.clean_name, lambda n: "\U0001f3f4\U000e0067" * (n // 8), whole=False),
    Row("joiners of a file name", file_name.clean_name, lambda n: "\u200d" * n, whole=False),
    Row("dots and blanks of a file name", file_name.stored_name, lambda n: ". " * (n // 2), whole=False),
    Row("a domain without end", _domain, lambda n: b"a" * n),
    Row("labels of a domain", _domain, lambda n: b"a." * (n // 2) + b"example"),
    Row("hyphens of a domain", _domain, lambda n: b"-" * n + b"a"),
    Row("an international domain", _domain, lambda n: b"\xc3\xbc" * (n // 2)),
    Row("international labels", _domain, lambda n: b"\xc3\xbc." * (n // 3) + b"example"),
    Row("A-labels", lambda data: domain.unicode_domain(data.decode()), lambda n: b"xn--" + b"a" * n),
    Row("an address literal", _domain, lambda n: b"[IPv6:" + b":" * n + b"]"),
    Row("bytes of no charset", text_file.decoded, lambda n: b"\xff" * n, whole=False),
    Row("two charsets by turns", text_file.decoded, lambda n: b"\xff\xc3\xbc" * (n // 3), whole=False),
    Row("line ends of a program", text_file.verbatim_lines, lambda n: "\r\n\r" * (n // 3)),
    Row("blanks in a program's text", mime.verbatim_part, lambda n: "a \n" * (n // 3), whole=False),
    Row("one line of a program", mime.verbatim_part, lambda n: "From " + " \t" * (n // 2), whole=False),
    Row("a link of escapes", _link, lambda n: b"mailto:" + b"%41" * (n // 3)),
    Row("a link of addresses", _link, lambda n: b"mailto:" + b"a@b," * (n // 4)),
    Row("a link of fields", _link, lambda n: b"mailto:a@b?" + b"x=&" * (n // 3)),
    Row("a link of bodies", _link, lambda n: b"mailto:a@b?" + b"body=a&" * (n // 7)),
    Row("columns of a table", _table, lambda n: b",".join(b"%d" % each for each in range(n // 6)), whole=False),
    Row("rows of a table", _table, lambda n: b"a,b\n" + b"1,2\n" * (n // 4), whole=False),
    Row("blank lines above a table", _table, lambda n: b"\n" * n, whole=False),
    Row("blanks above a table", _table, lambda n: b" \n" * (n // 2), whole=False),
    Row("names of a table in quotes", _table, lambda n: b'"a;""b",' * (n // 8), whole=False),
    Row("quotes within the names of a table", _table, lambda n: b'x"' * (n // 2), whole=False),
    Row("an open quote in the names of a table", _table, lambda n: b'a,"' + b'""\n' * (n // 3), whole=False),
    Row("lines of a cell", _table, lambda n: b'a\n"' + b"x\r\n" * (n // 3) + b'"\n', whole=False),
    Row("an open quote in a table", _table, lambda n: b'a,b\n"' + b"x\n" * (n // 2), whole=False),
    Row("cells of one row", _table, lambda n: b"a,b\n" + b"1," * (n // 2), whole=False),
    Row("a log entry without blanks", log.redact, lambda n: "a" * n),
    Row("a log entry of addresses", log.redact, lambda n: "a@" * (n // 2)),
    Row("a log entry of sign-ins", log.redact, lambda n: "AUTH " * (n // 5), whole=False),
    Row("a log entry of blanks", log.redact, lambda n: "LOGIN" + " " * n),
]

SCREEN = [
    Row("one long word on the screen", lambda data: cells.wrap(data.decode(), 72), lambda n: b"a" * n, whole=False),
    Row("words on the screen", lambda data: cells.wrap(data.decode(), 72), lambda n: b"ab " * (n // 3), whole=False),
]


def _pattern(text: str) -> None:
    with contextlib.suppress(TuimailError):
        pattern.parse(text, NOW)


# What is longer than a pattern may be is refused at once.
PATTERNS = [
    Row("words of a pattern", _pattern, lambda n: "a " * (n // 2)),
    Row("by turns and and or in a pattern", _pattern, lambda n: "~N | ~F ~D " * (n // 11)),
    Row("groups of a pattern", _pattern, lambda n: "(a)|" * (n // 4) + "b"),
    Row("open groups of a pattern", _pattern, lambda n: "(" * n),
    Row("slashes of a pattern", _pattern, lambda n: "/\\/" * (n // 3)),
    Row("regular expressions of a pattern", _pattern, lambda n: "/a/ " * (n // 4)),
]


def _asked(text: str) -> None:
    fulltext_tokens.match_query(text, whole=False)


def _indexed(data: bytes) -> None:
    indexed_text.indexed_text(b"Content-Type: text/html\n\n" + data)


def _indexed_files(data: bytes) -> None:
    indexed_text.indexed_text(b"Content-Type: multipart/mixed; boundary=b\n\n" + data)


class _Member(NamedTuple):
    id: int
    message_id: str
    refs: str
    date: float


def _thread(size: int, refs: Callable[[int], str]) -> list[_Member]:
    """Its References have about so many bytes."""
    return [_Member(each, f"m{each}", refs(each), -each) for each in range(size // 100)]


def _run(stem: str, start: int) -> str:
    return " ".join(f"{stem}{each}" for each in range(start, start + 20))


INDEXED = [
    Row("words for the index", fulltext_tokens.stored_text, lambda n: "ab " * (n // 3)),
    Row("a run for the index", fulltext_tokens.stored_text, lambda n: "会" * (n // 3)),
    Row("short runs for the index", fulltext_tokens.stored_text, lambda n: "会a" * (n // 4), whole=False),
    Row("marks for the index", fulltext_tokens.stored_text, lambda n: "e\u0301\u0323" * (n // 5)),
    Row("a question of marks", _asked, lambda n: "-" * n, whole=False),
    Row("a question of runs", _asked, lambda n: "会a" * (n // 4), whole=False),
    Row("a question of one word", _asked, lambda n: "a" * n, whole=False),
    Row("words of an indexed letter", indexed_text.indexed_text, lambda n: b"\n" + b"ab " * (n // 3)),
    Row("links of an indexed letter", _indexed, lambda n: b"<a href=http://x/y>z</a>" * (n // 24), whole=False),
    Row("people of an indexed letter", indexed_text.indexed_text, lambda n: b"To: " + b"a@b," * (n // 4) + b"\n\n"),
    Row("files of an indexed letter", _indexed_files, lambda n: b"--b\nContent-Type: a/b; name=c\n\n" * (n // 32)),
    Row("a row of people", row_recipients.row_recipients, lambda n: "a <b@c>\t" * (n // 8), whole=False),
    Row("a row of brackets", row_recipients.row_recipients, lambda n: " <" * (n // 2)),
]

THREADS = [
    Row(
        "a thread of one line", thread_tree.thread_lines, lambda n: _thread(n, lambda each: f"m{each - 1}"), whole=False
    ),
    Row(
        "a thread in a circle",
        thread_tree.thread_lines,
        lambda n: _thread(n, lambda each: f"m{each + 1} m0"),
        whole=False,
    ),
    Row(
        "a thread of backward references",
        thread_tree.thread_lines,
        lambda n: _thread(n, lambda each: _run("m", each)),
        whole=False,
    ),
    Row(
        "a thread of missing messages",
        thread_tree.thread_lines,
        lambda n: _thread(n, lambda each: _run("x", each)),
        whole=False,
    ),
    Row("references of one message", thread_tree.thread_lines, lambda n: [_Member(1, "a", "b " * (n // 2), 0)]),
]


def _answered(raw: bytes) -> None:
    fields = reply_recipients.answered_header(received_header.read_header(raw))
    for kind in reply_recipients.ReplyKind:
        reply_recipients.reply_recipients(fields, kind, own_addresses.OwnAddresses(["a@b.example"]))


REPLIES = [
    Row("recipients to answer", _answered, lambda n: b"From: a@c\nTo: " + b"a@b.example," * (n // 12), whole=False),
    Row("recipients that are none", _answered, lambda n: b"From: a@c\nCc: " + b"<a@@>," * (n // 6), whole=False),
    Row("a recipient without end", _answered, lambda n: b"From: a@c\nCc: <" + b"a@" * (n // 2), whole=False),
    Row("fields of recipients", _answered, lambda n: b"To: a@c\n" * (n // 8), whole=False),
    Row("links of a list", _answered, lambda n: b"From: a@c\nList-Post: " + b"<mailto:" * (n // 8)),
    Row("prefixes of a subject", reply_header.reply_subject, lambda n: "Re:" * (n // 3), whole=False),
    Row(
        "tags of a subject",
        reply_header.reply_subject,
        lambda n: "".join(f"Re:[{each}]" for each in range(n // 9)),
        whole=False,
    ),
    Row("open tags of a subject", reply_header.reply_subject, lambda n: "[" * n),
    Row("blanks of a subject", reply_header.reply_subject, lambda n: "Re" + " " * n + "x"),
    Row("open ids", lambda text: reply_header.reply_ids("<a@b>", text, text), lambda n: "<" * n),
    Row("ids to answer", lambda text: reply_header.reply_ids("<a@b>", text, ""), lambda n: "<a@b>" * (n // 5)),
]

ADDRESS = Identity("a@b.example", "A")
CONFIG = Config({"work": Account("work", (ADDRESS,), SubmissionCommand(("sendmail",)))})


def _original(data: bytes) -> answer.OriginalMessage:
    return answer.OriginalMessage(message_ref.MessageRef("work", "INBOX", "1"), mime_tree.read_tree(data))


def _draft(data: bytes) -> None:
    answer.reply(_original(data), reply_recipients.ReplyKind.ALL, CONFIG, now=NOW)


def _passed_on(data: bytes) -> None:
    with contextlib.suppress(StorageError):  # where there are files
        forward.forward(_original(data), CONFIG, Path("/none"), attached=False, draft_id="d", now=NOW)


def _anew(data: bytes) -> None:
    forward.edit_as_new(_original(data), CONFIG, Path("/none"), draft_id="d", now=NOW)


def _resent(data: bytes) -> None:
    with contextlib.suppress(MessageError):
        resend.resend(data, "a@b.example", ADDRESS, "work", now=NOW)


HTML = b"Content-Type: text/html\n\n"

# A message is answered on a thread of its own, and of its text no more is read than is shown.
ANSWERS = [
    Row("a text to quote", _draft, lambda n: b"\n" + b"a line of text\n" * (n // 15), whole=False),
    Row("marks to quote", _draft, lambda n: b"\n" + b"> " * (n // 2)),
    Row("marked lines to quote", _draft, lambda n: b"\n" + b">>> a\n" * (n // 6), whole=False),
    Row("empty lines to quote", _draft, lambda n: b"\n" + b"\n" * n, whole=False),
    Row("blanks to quote", _draft, lambda n: b"\n" + b" " * n + b"x"),
    Row("flowed lines to quote", _draft, lambda n: FLOWED + b">> a \n" * (n // 6), whole=False),
    Row("dashes to quote", _draft, lambda n: b"\n" + b"-- \n" * (n // 4), whole=False),
    Row("a page to quote", _draft, lambda n: HTML + b"<blockquote>a" * (n // 13), whole=False),
    Row("lines of a page to quote", _draft, lambda n: HTML + b"a line<br>\n" * (n // 11), whole=False),
    Row("cells of a page to quote", _draft, lambda n: HTML + b"<tr><td>a<td>b" * (n // 14), whole=False),
    Row("people to answer", _draft, lambda n: b"Cc: " + b"A <a@b.example>, " * (n // 17) + b"\n\n", whole=False),
    Row("a name before the quote", _draft, lambda n: b"From: " + b"a " * (n // 2) + b"<a@b>\n\nx"),
    Row("an encoded name before the quote", _draft, lambda n: b"From: " + b"=?utf-8?q?a?= " * (n // 14) + b"\n\nx"),
    Row("a subject to answer", _draft, lambda n: b"Subject: " + b"=?utf-8?q?a?= " * (n // 14)),
    Row("deliveries to answer", _draft, lambda n: b"Delivered-To: a@b\n" * (n // 18), whole=False),
    Row("parts to pass on", _passed_on, lambda n: MIXED + b"\nx\n--b\n" * (n // 7)),
    Row("a head to pass on", _passed_on, lambda n: b"To: " + b"=?utf-8?q?a?= <a@b>, " * (n // 21)),
    Row("prefixes to pass on", reply_header.forward_subject, lambda n: "Fwd:" * (n // 4), whole=False),
    Row("blanks before prefixes", reply_header.forward_subject, lambda n: "Fwd" + " " * n + "x"),
    Row("ends to pass on", reply_header.forward_subject, lambda n: " (fwd)" * (n // 6), whole=False),
    Row("a text to begin with", _anew, lambda n: b"\n" + b"a line of text\n" * (n // 15), whole=False),
    Row("a page to begin with", _anew, lambda n: HTML + b"<p>a" * (n // 4), whole=False),
    Row("fields to begin with", _anew, lambda n: b"Content-Type: text/html\n" + b"a:\n" * (n // 3)),
    Row("a text to resend", _resent, lambda n: b"Subject: x\n\n" + b"a\n" * (n // 2), whole=False),
    Row("blind people to resend to", _resent, lambda n: b"Bcc: a\n" * (n // 7), whole=False),
    Row("line ends to resend", _resent, lambda n: b"Subject: x\r\r" + b"\r" * n, whole=False),
]

_ADA = user_name.MailUser.of("ada@example.org")


def _settings(data: bytes) -> None:
    """Without the bounds of the parser, which would end most of these at once."""
    bounds = ("MOST_BYTES", "MOST_ELEMENTS", "MOST_ATTRIBUTES", "DEEPEST", "LONGEST_TEXT")
    with (
        mock.patch.dict(vars(xml_tree), dict.fromkeys(bounds, 1 << 40)),
        contextlib.suppress(values.DiscoveryError),
    ):
        autoconfig_xml.read_autoconfig(data, _ADA, origin=values.Origin.ISPDB, source="ISPDB")


def _user_name(template: str) -> None:
    with (
        mock.patch.object(user_name, "LONGEST", 1 << 40),
        contextlib.suppress(values.DiscoveryError),
    ):
        user_name.fill(template, _ADA)


def _provider(inner: bytes, n: int) -> bytes:
    pieces = inner * (n // len(inner))
    return b"<clientConfig><emailProvider>" + pieces + b"</emailProvider></clientConfig>"


DISCOVERY = [
    Row("settings of many servers", _settings, lambda n: _provider(b'<incomingServer type="imap"/>', n), whole=False),
    Row("settings of empty elements", _settings, lambda n: _provider(b"<a/>", n), whole=False),
    Row("deep settings", _settings, lambda n: b"<a>" * (n // 3), whole=False),
    Row("deep settings that end", _settings, lambda n: b"<a>" * (n // 7) + b"</a>" * (n // 7), whole=False),
    Row(
        "attributes of settings",
        _settings,
        lambda n: b"<a %s/>" % b" ".join(b'a%d=""' % k for k in range(n // 9)),
        whole=False,
    ),
    Row("a long text of settings", _settings, lambda n: b"<clientConfig>" + b"x" * n + b"</clientConfig>", whole=False),
    Row("texts of settings between comments", _settings, lambda n: _provider(b"x<!---->", n), whole=False),
    Row("references in settings", _settings, lambda n: _provider(b"&#65;", n), whole=False),
    Row("lines of settings", _settings, lambda n: _provider(b"x\n", n), whole=False),
    Row("a tag of settings that does not end", _settings, lambda n: b"<" + b"a" * n, whole=False),
    Row("a comment of settings that does not end", _settings, lambda n: b"<!--" + b"-" * n, whole=False),
    Row(
        "what enables access",
        _settings,
        lambda n: _provider(b"<enable><instruction>x</instruction></enable>", n),
        whole=False,
    ),
    Row("placeholders of a user name", _user_name, lambda n: "%EMAILADDRESS%" * (n // 14), whole=False),
    Row("percent signs of a user name", _user_name, lambda n: "%" * n, whole=False),
]

RULES = [
    *MBOX,
    *IMAP,
    *LETTERS,
    *READ,
    *RECEIVED,
    *PAGES,
    *SMTP,
    *TEXT,
    *SCREEN,
    *PATTERNS,
    *INDEXED,
    *THREADS,
    *REPLIES,
    *ANSWERS,
    *DISCOVERY,
]


@pytest.mark.parametrize("row", RULES, ids=lambda row: row.name.replace(" ", "-"))
def test_twice_the_length_takes_at_most_twice_the_time(row: Row) -> None:
    size = 4096
    while (took := _quickest(row, size)) < MEASURABLE and size < LARGEST:
        size *= 2
    assert size >= 65536 or took < 0.05, f"{size} bytes take {took:.3f} s"
    if took >= MEASURABLE and not any(_once(row, 2 * size) < RATIO * took for _ in range(8)):
        # One step may be out of a cache or into fresh pages, and costs a constant. Four steps tell it from a square:
        # 16 times as long takes 16 times the time, or 256 times.
        sixteen = min(_once(row, 16 * size) / took for _ in range(3))
        assert sixteen < 16**1.5, f"{16 * size} bytes take {sixteen:.1f} times as long as {size}"
    if row.whole:
        assert any(_once(row, LARGEST) < LONG_ENOUGH * _a_million_turns() for _ in range(9))


def _a_million_turns() -> float:
    """What the machine is worth at this moment, in seconds of process time."""
    start = time.process_time()
    for _ in range(1_000_000):
        pass
    return time.process_time() - start


def _quickest(row: Row, size: int) -> float:
    """The least of three runs, or of fewer if one was too short to be measured."""
    best = float("inf")
    for _ in range(3):
        best = min(best, _once(row, size))
        if best < MEASURABLE:
            break
    return best


def _once(row: Row, size: int) -> float:
    """Seconds of process time that a new input of this size takes."""
    given = row.of(size)
    gc.disable()
    try:
        start = time.process_time()
        row.function(given)
        return time.process_time() - start
    finally:
        gc.enable()
