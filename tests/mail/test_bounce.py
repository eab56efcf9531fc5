"""Delivery reports as servers write them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpora import corpus
from tests.mail.bounces import EXIM, GLOBAL, QMAIL, dsn
from tuimail.mail.address import Address
from tuimail.mail.bounce import LONGEST, read_report
from tuimail.mail.dsn import DeliveryAction
from tuimail.mail.text import safe_line

NOW = 1_800_000_000.0


def test_a_standard_report_is_read_with_all_it_says() -> None:
    found = read_report(dsn(), NOW)
    assert found is not None
    assert (found.envelope_id, found.message_id) == ("item000001", "<1@example.org>")
    (one,) = found.recipients
    assert (one.address, one.original) == ("robert@mx.example", "bob@example.net")
    assert one.report.action is DeliveryAction.FAILED
    assert (one.report.status, one.report.text) == ("5.1.1", "550 5.1.1 no such user, sorry")
    assert one.report.mta == "mx.example"
    assert 0 < one.report.at <= NOW


def test_each_recipient_has_its_own_report() -> None:
    found = read_report(dsn(("a@x.example", "delayed"), ("b@x.example", "delivered"), ("c@x.example", "nonsense")), NOW)
    assert found is not None
    assert [(each.address, each.report.action.value) for each in found.recipients] == [
        ("a@x.example", "delayed"), ("b@x.example", "delivered"),
    ]  # fmt: skip


def test_a_report_about_an_international_address() -> None:
    found = read_report(GLOBAL, NOW)
    assert found is not None
    assert found.recipients[0].address == "jörg@example.net"


@pytest.mark.parametrize(
    ("domain", "wire"),
    [
        ("straße.example", "xn--strae-oqa.example"),
        ("STRAẞE.example", "xn--strae-oqa.example"),
        ("βόλος.example", "xn--nxasmm1c.example"),
        ("bücher。example", "xn--bcher-kva.example"),
        ("example.net.", "example.net"),
        ("xn--strae-oqa.example", "xn--strae-oqa.example"),
        ("-.example", "-.example"),
    ],
)
def test_domains_are_those_of_an_envelope(domain: str, wire: str) -> None:
    """By IDNA 2003 a bounce from straße.example would be looked for at strasse.example."""
    standard = read_report(dsn((f"bob@{domain}", "failed")), NOW)
    qmail = read_report(QMAIL.replace(b"bob@example.net", f"bob@{domain}".encode()), NOW)
    exim = read_report(EXIM.replace(b"bob@example.net", f"bob@{domain}".encode()), NOW)
    for found in (standard, qmail, exim):
        assert found is not None
        assert [each.address for each in found.recipients] == [f"bob@{wire}"]
    if not wire.startswith("-"):
        assert Address("", "bob", domain.removesuffix(".")).wire_spec() == f"bob@{wire}"


def test_the_bounce_of_qmail() -> None:
    found = read_report(QMAIL, NOW)
    assert found is not None
    assert found.message_id == "<1@example.org>"
    assert [(each.address, each.report.text, each.report.status) for each in found.recipients] == [
        ("bob@example.net", "550 5.1.1 no such user", "5.1.1")
    ]


def test_the_bounce_of_an_old_exim() -> None:
    found = read_report(EXIM, NOW)
    assert found is not None
    assert found.message_id == "<1@example.org>"
    assert found.recipients[0].address == "bob@example.net"
    assert (found.recipients[0].report.text, found.recipients[0].report.mta) == ("550 no such user", "mx.example.net")


@pytest.mark.parametrize(
    "raw",
    [b"", b"\0" * 100, b"Subject: hello\r\n\r\nMy bank bounced: 550 5.1.1\r\n", dsn().replace(b"Action", b"Axtion")],
)
def test_other_letters_are_no_reports(raw: bytes) -> None:
    assert read_report(raw, NOW) is None


def test_a_server_says_why_in_a_charset_of_its_own() -> None:
    kind = b"Content-Type: message/delivery-status"
    raw = dsn(("a@x.example", "failed")).replace(kind, kind + b"; charset=iso-8859-1")
    found = read_report(raw.replace(b"no such user", b"bo\xeete inconnue"), NOW)
    assert found is not None
    assert found.recipients[0].report.text == "550 5.1.1 boîte inconnue"


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Thu, 14 Jan 2026 08:00:00 +0100", 1_768_374_000),
        ("Thu, 14 Jan 2026 08:00:00 -0000", 1_768_377_600),
        ("14 Jan 26 08:00 EST", 1_768_395_600),
        ("soon", NOW),
    ],
)
def test_the_date_of_an_attempt_does_not_depend_on_this_machine(date: str, at: float) -> None:
    found = read_report(dsn(date=date), NOW)
    assert found is not None
    assert found.recipients[0].report.at == at


def test_failed_recipients_of_exim_may_be_folded_and_quoted() -> None:
    listed = b'bob@example.net,\n "a, b"@example.net'
    found = read_report(EXIM.replace(b"Recipients: bob@example.net", b"Recipients: " + listed), NOW)
    assert found is not None
    assert [each.address for each in found.recipients] == ["bob@example.net", '"a, b"@example.net']


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"])
def test_line_ends_of_any_kind(line_end: bytes) -> None:
    for raw in (dsn(), QMAIL, EXIM):
        assert read_report(raw.replace(b"\n", line_end), NOW) == read_report(raw, NOW)


def test_a_date_to_come_is_not_believed() -> None:
    found = read_report(dsn().replace(b"2026", b"2999"), NOW)
    assert found is not None
    assert found.recipients[0].report.at == NOW


def test_what_a_stranger_writes_cannot_steer_the_terminal() -> None:
    found = read_report(dsn().replace(b"no such user", b"\x1b]0;owned\x07 \x1b[2J"), NOW)
    assert found is not None
    report = found.recipients[0].report
    assert safe_line(report.text) == report.text


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/report; boundary=a\n\n" + b"--a\n" * 100_000,
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(5000)),
        b"Content-Type: message/rfc822\n\n" * 20_000,
        dsn() + b"x" * (2 * LONGEST),
        b"X-Failed-Recipients: " + b"a@b.c," * 90_000,
    ],
)
def test_a_hostile_report_is_read_within_bounds(raw: bytes) -> None:
    before = time.process_time()
    read_report(raw, NOW)
    assert time.process_time() - before < 1


@given(st.binary(max_size=300), st.integers(0, 3000), st.integers(0, 300))
def test_no_garbage_raises(junk: bytes, start: int, length: int) -> None:
    whole = dsn()
    found = read_report(whole[:start] + junk + whole[start + length :], NOW)
    assert found is None or all(safe_line(each.report.text) == each.report.text for each in found.recipients)


def test_real_bounces_are_read_as_what_they_are() -> None:
    folder = corpus("ruby-mail", "spec", "fixtures", "emails", "multipart_report_emails")
    read = {}
    for path in sorted(folder.glob("*.eml")):
        found = read_report(path.read_bytes(), NOW)
        assert found is not None, path.name
        read[path.stem] = (len(found.recipients), found.recipients[0].report.action.value, found.message_id[:10])
    assert read["multi_address_bounce1"] == (5, "failed", "<118707422")
    assert read["report_422"] == (1, "delayed", "<15655788.")
    assert read["report_530"] == (1, "failed", "<200712232")
