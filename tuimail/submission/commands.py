"""The MAIL and RCPT commands with the parameters that the server supports. Pure."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tuimail.clock import rfc3339
from tuimail.mail.envelope import FAILURE_AND_DELAY
from tuimail.submission.failure import Failure, SubmissionError

if TYPE_CHECKING:
    from collections.abc import Collection

    from tuimail.mail.envelope import Notify
    from tuimail.submission.submitter import Letter
    from tuimail.submission.wire import Extensions

# An unambiguous addr-spec: no control characters, no angle brackets or spaces outside quotes.
_ADDRESS = re.compile(
    r"""(?:"(?:[^"\\\x00-\x1f\x7f\x85\u2028\u2029]|\\[\x20-\x7e])*"|[^\s"<>()\[\]\\,;:@\x00-\x1f\x7f\x85]+)"""
    r"""@(?:\[[0-9A-Za-z.:]+\]|[^\s"<>()\[\]\\,;:@\x00-\x1f\x7f\x85]+)"""
)


@dataclass(frozen=True, slots=True)
class MailLine:
    """The MAIL command."""

    line: str
    optional: tuple[str, ...]
    """Its optional parameters: "SIZE", "BODY", "DSN"; and "HOLDUNTIL", without which the letter is not submitted."""


def mail_command(
    letter: Letter, offer: Extensions, dropped: Collection[str] = (), now: float | None = None
) -> MailLine:
    """MAIL for ``letter`` with SIZE, BODY, SMTPUTF8 (only if needed) and DSN where offered and not ``dropped``.

    A letter that the server should hold until later gets HOLDUNTIL (RFC 4865) if that time is after ``now`` (seconds
    since the epoch; None: the current time).

    A letter with bytes above 127 is sent unchanged to the rare server without 8BITMIME: the stored bytes must not
    change, and such servers pass them on.

    Raises:
        SubmissionError: TOO_BIG, NO_SMTPUTF8, NO_FUTURE_RELEASE or BAD_SENDER, before anything is sent.
    """
    envelope = letter.envelope
    size = letter.content.size
    if offer.size_limit and size > offer.size_limit:
        raise SubmissionError(Failure.TOO_BIG)
    if envelope.smtputf8 and not offer.has("smtputf8"):
        raise SubmissionError(Failure.NO_SMTPUTF8)
    if envelope.sender and not sendable(envelope.sender, smtputf8=envelope.smtputf8):
        raise SubmissionError(Failure.BAD_SENDER)
    words = [f"MAIL FROM:<{envelope.sender}>"]
    optional = []
    if offer.has("size") and "SIZE" not in dropped:
        words.append(f"SIZE={size}")
        optional.append("SIZE")
    if envelope.eight_bit and offer.has("8bitmime") and "BODY" not in dropped:
        words.append("BODY=8BITMIME")
        optional.append("BODY")
    if envelope.smtputf8:
        words.append("SMTPUTF8")
    if offer.has("dsn") and "DSN" not in dropped:
        words += ["RET=HDRS", f"ENVID={xtext(letter.item_id)}"]
        optional.append("DSN")
    now = time.time() if now is None else now
    if envelope.hold_until is not None and envelope.hold_until > now:
        if "HOLDUNTIL" in dropped or not keeps_until(envelope.hold_until, offer, now):
            raise SubmissionError(Failure.NO_FUTURE_RELEASE)
        words.append(f"HOLDUNTIL={rfc3339(envelope.hold_until)}")
        optional.append("HOLDUNTIL")
    return MailLine(" ".join(words), tuple(optional))


def keeps_until(moment: float, offer: Extensions, now: float) -> bool:
    """Whether the server can hold a letter until ``moment``: "FUTURERELEASE max-interval max-datetime" (RFC 4865)."""
    limits = offer.keywords.get("futurerelease", "").split()
    if len(limits) < 2:
        return False
    interval, last = limits[:2]
    try:
        return 0 < moment - now <= int(interval) and moment <= datetime.fromisoformat(last.upper()).timestamp()
    except (ValueError, OverflowError):
        return False


def rcpt_command(address: str, *, smtputf8: bool, dsn: bool, notify: Collection[Notify] = FAILURE_AND_DELAY) -> str:
    """RCPT for ``address``, with NOTIFY and ORCPT (RFC 3461) if ``dsn``; an empty ``notify`` requests no report.

    Raises:
        SubmissionError: BAD_RECIPIENT.
    """
    if not sendable(address, smtputf8=smtputf8):
        raise SubmissionError(Failure.BAD_RECIPIENT)
    line = f"RCPT TO:<{address}>"
    if dsn:
        line += f" NOTIFY={','.join(each.upper() for each in notify) or 'NEVER'}"
        if address.isascii():
            line += f" ORCPT=rfc822;{xtext(address)}"
    return line


def xtext(text: str) -> str:
    """``text`` (ASCII) as xtext (RFC 3461 section 4)."""
    return "".join(char if "!" <= char <= "~" and char not in "+=" else f"+{ord(char):02X}" for char in text)


def sendable(address: str, *, smtputf8: bool) -> bool:
    """Whether ``address`` is valid and unambiguous in a command."""
    return (smtputf8 or address.isascii()) and _ADDRESS.fullmatch(address) is not None
