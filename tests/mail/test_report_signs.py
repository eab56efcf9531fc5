"""Which messages are looked at for a delivery report."""

from __future__ import annotations

import pytest

from tests.mail.bounces import EXIM, GLOBAL, QMAIL, dsn
from tuimail.mail.bounce import read_report
from tuimail.mail.report_signs import may_be_report
from tuimail.mail.summary import summary_of


@pytest.mark.parametrize("raw", [dsn(), GLOBAL, QMAIL, EXIM])
def test_every_report_that_can_be_read_is_looked_at(raw: bytes) -> None:
    assert read_report(raw, 0.0) is not None
    assert summary_of(raw).report


@pytest.mark.parametrize(
    ("kind", "sender", "subject", "wanted"),
    [
        (b"multipart/report; report-type=delivery-status", "anybody@example.org", "", True),
        (b"Multipart/Report", "anybody@example.org", "", True),
        (b"multipart/report; report-type=disposition-notification", "bob@example.net", "Read: Minutes", False),
        (b"multipart/report; report-type=feedback-report", "bob@example.net", "", False),
        (b"text/plain", "MAILER-DAEMON@mx.example", "failure notice", True),
        (b"", "mailer-daemon", "", True),
        (b"text/plain", "Postmaster@example.org", "Undeliverable: Minutes", True),
        (b"text/plain", "postmaster@example.org", "The new server", False),
        (b"text/plain", "bob@example.net", "Undeliverable: Minutes", False),
        (b"multipart/mixed", "", "", False),
    ],
)
def test_by_type_sender_and_subject(kind: bytes, sender: str, subject: str, wanted: bool) -> None:
    assert may_be_report(kind, sender, subject) is wanted
