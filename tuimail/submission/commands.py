"""The commands of one transaction as text: MAIL and RCPT with the parameters both sides understand. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.submission.mishap import Mishap, WireError

if TYPE_CHECKING:
    from collections.abc import Collection

    from tuimail.submission.submitter import Letter
    from tuimail.submission.wire import Offer

# An addr-spec that cannot be mistaken for anything else: no control, no angle bracket or space outside quotes.
_ADDRESS = re.compile(
    r"""(?:"(?:[^"\\\x00-\x1f\x7f\x85\u2028\u2029]|\\[\x20-\x7e])*"|[^\s"<>()\[\]\\,;:@\x00-\x1f\x7f\x85]+)"""
    r"""@(?:\[[0-9A-Za-z.:]+\]|[^\s"<>()\[\]\\,;:@\x00-\x1f\x7f\x85]+)"""
)


@dataclass(frozen=True, slots=True)
class Mail:
    """The MAIL command."""

    line: str
    optional: tuple[str, ...]
    """Parameters in it that may be left out: "SIZE", "BODY", "DSN"."""


def mail_command(letter: Letter, offer: Offer, dropped: Collection[str] = ()) -> Mail:
    """MAIL for ``letter`` with SIZE, BODY, SMTPUTF8 (only if needed) and DSN where offered and not ``dropped``.

    A letter with bytes above 127 goes out as it is to the rare server without 8BITMIME: its bytes are frozen, and such
    servers pass them on.

    Raises:
        WireError: TOO_BIG, NO_SMTPUTF8 or BAD_SENDER; nothing needs to be sent to know.
    """
    envelope = letter.envelope
    size = letter.content.size
    if offer.size_limit and size > offer.size_limit:
        raise WireError(Mishap.TOO_BIG)
    if envelope.smtputf8 and not offer.has("smtputf8"):
        raise WireError(Mishap.NO_SMTPUTF8)
    if envelope.sender and not sendable(envelope.sender, smtputf8=envelope.smtputf8):
        raise WireError(Mishap.BAD_SENDER)
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
    return Mail(" ".join(words), tuple(optional))


def rcpt_command(address: str, *, smtputf8: bool, dsn: bool) -> str:
    """RCPT for ``address``, with NOTIFY and ORCPT (RFC 3461) when ``dsn``.

    Raises:
        WireError: BAD_RECIPIENT.
    """
    if not sendable(address, smtputf8=smtputf8):
        raise WireError(Mishap.BAD_RECIPIENT)
    line = f"RCPT TO:<{address}>"
    if dsn:
        line += " NOTIFY=FAILURE,DELAY"
        if address.isascii():
            line += f" ORCPT=rfc822;{xtext(address)}"
    return line


def xtext(text: str) -> str:
    """``text`` (ASCII) as xtext (RFC 3461 section 4)."""
    return "".join(char if "!" <= char <= "~" and char not in "+=" else f"+{ord(char):02X}" for char in text)


def sendable(address: str, *, smtputf8: bool) -> bool:
    """Whether ``address`` can be put into a command and will be read there as we mean it."""
    return (smtputf8 or address.isascii()) and _ADDRESS.fullmatch(address) is not None
