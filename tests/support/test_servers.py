"""The real servers do what the tests that lean on them believe."""

from __future__ import annotations

import imaplib
import smtplib
import ssl
from typing import TYPE_CHECKING

import pytest

from tests.support.dovecot import ODD_PASSWORD, ODD_USER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.dovecot import Dovecot
    from tests.support.postfix import Postfix

pytestmark = pytest.mark.real_servers

LETTER = (
    b"From: a@example.org\r\nTo: b@example.org\r\nSubject: hello\r\nDate: Mon, 23 Nov 2026 19:28:43 +0000\r\n"
    b"Message-ID: <1@example.org>\r\n\r\n.dot\r\nend\r\n"
)


@pytest.fixture
def submission(postfix: Postfix) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context(cafile=str(postfix.ca_file))
    client = smtplib.SMTP(postfix.host, postfix.submission, local_hostname="[127.0.0.1]", timeout=20)
    client.starttls(context=context)
    client.login(postfix.new_user(), postfix.password)
    yield client
    client.close()


def test_a_submitted_letter_arrives_in_the_maildir_byte_for_byte(postfix: Postfix, submission: smtplib.SMTP) -> None:
    reader = postfix.new_user("reader")
    assert submission.sendmail("ada@example.org", [reader], LETTER) == {}
    submission.quit()
    letters = postfix.dovecot.wait_for_letters(reader)
    assert len(letters) == 1, postfix.log()
    assert letters[0].endswith(LETTER)


def test_implicit_tls_is_offered_on_the_submissions_port(postfix: Postfix) -> None:
    context = ssl.create_default_context(cafile=str(postfix.ca_file))
    with smtplib.SMTP_SSL(postfix.host, postfix.submissions, context=context, timeout=20) as client:
        assert client.login(postfix.new_user(), postfix.password)[0] == 235


def test_a_wrong_password_is_refused(postfix: Postfix) -> None:
    context = ssl.create_default_context(cafile=str(postfix.ca_file))
    with smtplib.SMTP_SSL(postfix.host, postfix.submissions, context=context, timeout=20) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            client.login(postfix.new_user(), "wrong")
        assert caught.value.smtp_code == 535


@pytest.mark.parametrize(
    ("recipient", "code", "enhanced"),
    [("nobody@example.org", 550, b"5.1.1"), ("later@example.net", 450, b"4.2.0"), ("stuffed@a.test", 552, b"5.2.2")],
)
def test_recipients_refused_by_name(submission: smtplib.SMTP, recipient: str, code: int, enhanced: bytes) -> None:
    submission.mail("ada@example.org")
    reply, text = submission.rcpt(recipient)
    assert (reply, text.split()[0]) == (code, enhanced)


def test_content_refused_at_the_dot(submission: smtplib.SMTP, postfix: Postfix) -> None:
    with pytest.raises(smtplib.SMTPDataError) as caught:
        submission.sendmail("ada@example.org", [postfix.new_user()], LETTER.replace(b"hello", b"REFUSE-ME"))
    assert caught.value.smtp_code == 550


def test_the_twenty_first_recipient_is_too_many(submission: smtplib.SMTP) -> None:
    submission.mail("ada@example.org")
    codes = [submission.rcpt(f"person{number}@example.org")[0] for number in range(21)]
    assert codes == [250] * 20 + [452]


def test_dovecot_knows_names_that_need_quoting_and_users_without_room(dovecot: Dovecot) -> None:
    context = ssl.create_default_context(cafile=str(dovecot.ca_file))
    odd = imaplib.IMAP4_SSL(dovecot.host, dovecot.imaps, ssl_context=context, timeout=20)
    odd.authenticate("PLAIN", lambda _challenge: f"\0{ODD_USER}\0{ODD_PASSWORD}".encode())
    odd.logout()
    full = imaplib.IMAP4_SSL(dovecot.host, dovecot.imaps, ssl_context=context, timeout=20)
    full.login(dovecot.full_user(), dovecot.password)
    verdict, words = full.append("INBOX", "", "", LETTER)
    full.logout()
    assert verdict == "NO"
    assert b"OVERQUOTA" in words[0]
