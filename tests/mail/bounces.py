"""Delivery reports for tests."""

from __future__ import annotations


def dsn(
    *recipients: tuple[str, str],
    envelope_id: str = "item000001",
    message_id: str = "<1@example.org>",
    date: str = "Thu, 14 Jan 2026 08:00:00 +0000",
) -> bytes:
    """A report in the form of RFC 3464: (address, action) of each recipient."""
    groups = "".join(
        f"\nFinal-Recipient: rfc822; {address}\nAction: {action}\nStatus: 5.1.1\n"
        f"Remote-MTA: dns; mx.example\nDiagnostic-Code: smtp; 550 5.1.1 no such user\nLast-Attempt-Date: {date}\n"
        for address, action in recipients
    ) or (
        "\nOriginal-Recipient: rfc822;bob@example.net\nFinal-Recipient: RFC822; <robert@mx.example>\n"
        "Action: failed\nStatus: 5.1.1 (bad destination)\nRemote-MTA: dns; mx.example\n"
        f"Diagnostic-Code: smtp; 550-5.1.1 no such user,\n 550 5.1.1 sorry\nLast-Attempt-Date: {date}\n"
    )
    known = f"Original-Envelope-Id: {envelope_id}\n" if envelope_id else ""
    returned = f"Message-ID: {message_id}\n" if message_id else ""
    return (
        "From: MAILER-DAEMON@mx.example\nTo: ada@example.org\nSubject: Undelivered Mail Returned to Sender\n"
        f"Date: {date}\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nI am sorry.\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n{known}{groups}\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nFrom: ada@example.org\n{returned}Subject: Letter 1\n\n--b--\n"
    ).encode()


GLOBAL = rb"""From: MAILER-DAEMON@mx.example
Content-Type: multipart/report; report-type=global-delivery-status; boundary=b

--b
Content-Type: message/global-delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: utf-8; j\x{F6}rg@example.net
Action: failed
Status: 5.1.1

--b--
"""

QMAIL = b"""From: MAILER-DAEMON@mx.example
Subject: failure notice

Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<bob@example.net>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 no such user
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

Return-Path: <ada@example.org>
Message-ID: <1@example.org>
"""

EXIM = b"""From: Mail Delivery System <Mailer-Daemon@mx.example>
X-Failed-Recipients: bob@example.net
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  bob@example.net
    SMTP error from remote mail server after RCPT TO:<bob@example.net>:
    host mx.example.net [192.0.2.1]: 550 no such user

------ This is a copy of the message, including all the headers. ------

Message-ID: <1@example.org>
"""
