"""Recognises the same letter frozen twice. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.mail.envelope import TROUBLE_ONLY
from tuimail.outbox.notation import dump, envelope_plain

if TYPE_CHECKING:
    from tuimail.mail.envelope import Envelope
    from tuimail.mail.outgoing import OutgoingMessage

_FRESH_FIELDS = re.compile(rb"(?im)^(?:date|message-id):[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n")
_BOUNDARY = re.compile(rb"(?i)\bboundary=(?:\"([^\"\r\n]{1,70})\"|([^\s;\"]{1,70}))")


def letter_digest(message: OutgoingMessage) -> str:
    """SHA-256 of what the user wrote and to whom: without Date, Message-ID and the random MIME boundaries.

    Only these differ when one draft is frozen twice (RFC 5322 section 3.6, RFC 2046 section 5.1.1).
    """
    head, _, body = message.content.partition(b"\r\n\r\n")
    head = _FRESH_FIELDS.sub(b"", head + b"\r\n")
    for number, found in enumerate(_BOUNDARY.findall(message.content)):
        boundary = found[0] or found[1]
        head = head.replace(boundary, b"boundary %d" % number)
        body = body.replace(boundary, b"boundary %d" % number)
    digest = hashlib.sha256(dump([message.account, envelope_plain(_addressed(message.envelope))]).encode())
    digest.update(b"\0" + head + b"\0" + body)
    return digest.hexdigest()


def _addressed(envelope: Envelope) -> Envelope:
    """Who it is from and for; how it is to travel makes no other letter of it."""
    return replace(envelope, notify=TROUBLE_ONLY, hold_until=None)
